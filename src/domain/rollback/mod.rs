//! The way back: [`plan`] computes it beforehand, a confirmation turns it into an [`ApprovedPlan`] that alone can make
//! [`orders`] to a remote system, and [`journal`] reads from the ledger what is still open.

pub mod answer;
pub mod journal;
pub mod orders;
pub mod plan;

pub use answer::{CancelAnswer, DispatchAnswer};
pub use journal::{Closing, IntentFacts, OpenIntent, Owner};
pub use orders::{ApprovedPlan, CancelOrder, Confirmation, DispatchOrder, Ids, NotConfirmed};
pub use plan::{CancelRun, PlanInput, Refusal, RollbackPlan, Way, WayKind};
