//! HEADLESS core, shared by the screen and the commands. Plain data, no futures: [`update`](update::update) takes a message and
//! the time, changes the [`World`](world::World) and answers with effects.

pub mod action;
pub mod chord;
pub mod delivery;
pub mod effect;
pub mod flow;
pub mod keymap;
pub mod msg;
pub mod notice;
pub mod record;
pub mod remember;
pub mod schedule;
pub mod sign;
pub mod signals;
#[cfg(test)]
pub(crate) mod testing;
pub mod update;
pub mod world;
