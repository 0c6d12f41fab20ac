//! The last screen on disk: a file beside the cache for each service, packed as JSON. That of the service that is looked at is read
//! before anything else runs, the others by the store's thread.

use std::path::Path;

use crate::app::remember::{Memory, memories};
use crate::app::world::World;
use crate::domain::ids::ServiceId;
use crate::store;

/// More than that is not kept of a service: reading it would hold up the first frame.
const MAX_BYTES: usize = 4 << 20;

/// What is worth keeping of a World: for each service the name of its file and what goes into it. The selected one comes first,
/// should there be no time for the others.
pub(super) fn keep(world: &World, profile_key: &str) -> Vec<(String, Memory)> {
    let selected = world.focus.as_ref().map(|target| &target.service);
    let mut all: Vec<_> = memories(world).collect();
    all.sort_by_key(|(service, _)| Some(*service) != selected);
    all.into_iter()
        .map(|(service, memory)| (name(profile_key, service), memory))
        .collect()
}

/// What goes into a file, as bytes. Takes milliseconds: not for the loop.
pub(super) fn pack(memory: &Memory) -> Option<Vec<u8>> {
    let bytes = serde_json::to_vec(memory).ok()?;
    (bytes.len() <= MAX_BYTES).then_some(bytes)
}

/// What was kept of these services. Another version's bytes are ignored.
pub(super) fn read<'a>(
    cache_dir: &Path,
    profile_key: &str,
    services: impl Iterator<Item = &'a ServiceId>,
) -> Vec<Memory> {
    services
        .filter_map(|id| store::read_last_screen(cache_dir, &name(profile_key, id)))
        .filter_map(|kept| serde_json::from_slice(&kept.bytes).ok())
        .collect()
}

fn name(profile_key: &str, service: &ServiceId) -> String {
    format!("{profile_key}|{service}")
}
