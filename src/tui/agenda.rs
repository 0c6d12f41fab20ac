//! What the sources tell for the calendar: the entries of all services that are worth a row.

use crate::app::world::World;
use crate::domain::calendar::{Entry, EntryKind, EntryState};

/// The entries of all services, in no order; windows, freezes and plans are not among them.
pub(super) fn told(world: &World) -> Vec<Entry> {
    let here = world.focus.as_ref().map(|t| &t.env);
    let mut all = Vec::new();
    for (id, slice) in &world.services {
        let last = world
            .catalog
            .service(id)
            .and_then(|s| s.last_environment())
            .map(|e| &e.id);
        let deployed = slice
            .entries
            .iter()
            .any(|e| e.kind == EntryKind::Deployment);
        let told = |e: &&Entry| match (e.kind, &e.env) {
            // Of an environment nobody looks at, only what matters: the one selected and each service's last.
            (EntryKind::Deployment, env) => env.as_ref() == here || env.as_ref() == last,
            // A published release is told by its deployments, where there are any.
            (EntryKind::Release, _) => e.state != EntryState::Done || !deployed,
            _ => true,
        };
        all.extend(slice.entries.iter().filter(told).cloned());
    }
    all
}
