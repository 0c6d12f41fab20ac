//! The signals that ask a command to leave: Ctrl-C and SIGTERM.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use crate::domain::fetched::FaultKind;

/// Listens from its making on, so that nothing is missed between two waits.
#[derive(Debug)]
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Starts to listen; call inside the async runtime.
    pub(super) fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|e| {
                Failure::new(FaultKind::Internal, "signals can't be listened to")
                    .cause(e.to_string())
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
