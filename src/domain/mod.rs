//! PURE: values in, verdicts out. No clock, no I/O, no async, no terminal. Tests are beside the code.

pub mod calendar;
pub mod catalog;
pub mod change;
pub mod fetched;
pub mod gate;
pub mod ids;
pub mod ledger;
pub mod observe;
pub mod release;
pub mod rollback;
pub mod signal;
pub mod survey;
pub mod text;
pub mod units;
pub mod yaml;
