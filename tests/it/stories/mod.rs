//! Stories: Worlds as they come to be, by messages through `update`. A shop answers every question that the World asks, from
//! data that each story changes; writes are answered by hand.

mod shop;
mod tales;

pub use shop::{Shop, at, fault, hostile};
pub use tales::*;
