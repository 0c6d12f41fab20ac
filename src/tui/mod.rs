//! The screen: the Driver, input and the writer.

mod acting;
mod agenda;
mod choosing;
mod chrome;
pub mod clipboard;
pub mod decode;
mod draw;
pub mod encode;
pub mod gate;
pub mod input;
pub mod layout;
pub mod overlays;
pub mod paint;
pub mod panes;
mod plain;
mod pointing;
pub mod routing;
mod run;
pub mod screen;
mod signals;
pub mod styles;
mod tabs;
pub mod terminal;
pub mod views;
pub mod widgets;
mod wishes;
pub mod writer;

pub use run::{Cockpit, Options, TuiError, run};
