//! One-shot questions of the commands, without a Driver.

pub mod git;
pub mod ledger;
