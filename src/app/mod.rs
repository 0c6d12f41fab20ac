//! HEADLESS core, shared by the screen and the commands. Plain data, no futures.

pub mod action;
pub mod chord;
pub mod keymap;
