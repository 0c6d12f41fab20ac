//! Sign-offs: checked, written to the ledger, and their outcome kept for whoever waits for it.

use crate::app::effect::{Effect, Write};
use crate::app::msg::Written;
use crate::app::sign::{self, Signed, Signing};
use crate::app::world::World;
use crate::domain::gate::signoff;
use crate::domain::ids::Target;
use crate::domain::units::Now;

/// A person signs.
pub(super) fn sign(world: &mut World, target: &Target, signing: &Signing, now: Now) -> Vec<Effect> {
    let (signed, effects) = match sign::draft(world, target, signing, now) {
        Ok(draft) => {
            let write = Effect::Write {
                target: target.clone(),
                what: Write::Note(draft),
            };
            (Signed::Writing, vec![write])
        }
        Err(fault) => {
            world.notices.fault("gates", &fault);
            (Signed::Refused(fault), Vec::new())
        }
    };
    world.signed.insert(target.clone(), signed);
    effects
}

/// A row was written, or not: it may be the sign-off that is waited for.
pub(super) fn written(world: &mut World, target: &Target, written: &Written) {
    let Some(waiting) = world.signed.get_mut(target) else {
        return;
    };
    if *waiting != Signed::Writing {
        return;
    }
    match written {
        Written::Noted(Ok(row)) if row.kind == signoff::KIND => {
            *waiting = Signed::Recorded(Box::new(row.clone()));
        }
        Written::Noted(Err(fault)) => *waiting = Signed::Refused(fault.clone()),
        _ => {}
    }
}
