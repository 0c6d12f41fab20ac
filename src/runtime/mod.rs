//! The Driver: owns the World, runs update, turns effects into tasks and answers into messages. [`session`] builds it from a
//! configuration; [`query`] answers the commands that need no Driver;
//! [`sync`] brings the local history of repositories up to date.

pub mod assemble;
mod cache;
mod calendar;
pub mod clock;
pub mod delivery;
mod disk;
pub mod driver;
mod executor;
mod gates;
mod make;
pub mod query;
mod record;
mod remember;
pub mod session;
mod sources;
pub mod sync;
mod writes;

pub use clock::Clock;
pub use driver::{Driver, Executor};
