//! How a remote system answered a write. A lost answer is not a failure: whether the write arrived must be looked up.

use serde::{Deserialize, Serialize};

use crate::domain::fetched::Fault;
use crate::domain::release::RunId;
use crate::domain::text::Safe;

/// The answer to a dispatch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DispatchAnswer {
    /// It was accepted; the run is named where the server tells it (`return_run_details`).
    Accepted {
        /// The run.
        run: Option<RunId>,
        /// Its page.
        url: Option<Safe>,
    },
    /// It was refused: nothing was started.
    Rejected(Fault),
    /// No usable answer (timeout, reset, 5xx): it may or may not have started.
    Lost(Fault),
}

/// The answer to a cancel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CancelAnswer {
    /// It was accepted; the run ends some time later.
    Accepted,
    /// The run had ended already.
    AlreadyEnded,
    /// It was refused.
    Rejected(Fault),
    /// No usable answer. Cancelling is idempotent by run, so it may be sent again.
    Lost(Fault),
}
