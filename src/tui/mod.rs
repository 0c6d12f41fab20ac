//! The screen: the Driver, input and the writer.

mod chrome;
pub mod clipboard;
pub mod decode;
pub mod encode;
pub mod gate;
pub mod input;
pub mod layout;
pub mod overlays;
pub mod paint;
pub mod panes;
mod plain;
pub mod routing;
mod run;
pub mod screen;
mod signals;
pub mod styles;
pub mod terminal;
pub mod widgets;
mod wishes;
pub mod writer;

pub use run::{Cockpit, Options, TuiError, run};
