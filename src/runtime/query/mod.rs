//! One-shot questions of the commands, without a Driver.

pub mod ledger;
pub mod survey;
