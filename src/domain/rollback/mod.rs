//! The way back: [`plan`] computes it beforehand, a confirmation turns it into an [`ApprovedPlan`] that alone can make
//! [`orders`] to a remote system, and [`journal`] reads from the ledger what is still open. [`rerun`] and [`holds`] know the limits of
//! repeating an old run, and what would hold a run before it starts.

pub mod answer;
pub mod holds;
pub mod journal;
pub mod orders;
pub mod plan;
mod refusal;
pub mod rerun;
pub mod ways;

pub use answer::{CancelAnswer, DispatchAnswer};
pub use journal::{Closing, IntentFacts, OpenIntent, Owner};
pub use orders::{
    ApprovedPlan, CancelOrder, Confirmation, DispatchOrder, Ids, NotConfirmed, RerunOrder,
};
pub use plan::{CancelRun, PlanInput, Refusal, RollbackPlan, Way, WayKind};
