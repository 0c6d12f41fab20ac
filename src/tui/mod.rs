//! The screen: the Driver, input and the writer.

pub mod clipboard;
pub mod decode;
pub mod encode;
pub mod gate;
pub mod input;
pub mod paint;
pub mod styles;
pub mod terminal;
pub mod widgets;
pub mod writer;
