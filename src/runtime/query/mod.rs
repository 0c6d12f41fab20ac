//! One-shot questions of the commands, without a Driver.

pub mod doctor;
pub mod git;
pub mod ledger;
pub mod survey;
pub mod trust;
