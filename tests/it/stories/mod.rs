//! Stories: Worlds as they come to be, by messages through `update`. A shop answers every question that the World asks, from
//! data that each story changes; writes are answered by hand.

mod calendar;
mod delivery;
mod holds;
mod record;
mod shop;
mod tales;

pub(crate) use delivery::*;
pub(crate) use holds::{held, held_running, held_unknown, old_run, too_old_run};
pub(crate) use record::*;
pub(crate) use shop::{Shop, target};
pub(crate) use tales::*;
