//! The screen: the Driver, input and the writer.

pub mod encode;
pub mod gate;
pub mod styles;
