//! PURE: values in, verdicts out. No clock, no I/O, no async, no terminal. Tests are beside the code.

pub mod fetched;
pub mod ids;
pub mod signal;
pub mod text;
pub mod units;
