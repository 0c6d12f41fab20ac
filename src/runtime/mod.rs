//! The Driver: owns the World, runs update, turns effects into tasks and answers into messages.

pub mod assemble;
pub mod clock;
pub mod driver;

pub use clock::Clock;
pub use driver::{Driver, Executor};
