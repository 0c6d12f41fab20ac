//! The signals that mean something to the screen.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What signals mean here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    End,
    Stop,
    Continued,
    Resized,
}

pub(super) struct Signals {
    terminate: Stream,
    hang_up: Stream,
    interrupt: Stream,
    stop: Stream,
    pub(super) continued: Stream,
    resized: Stream,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
            continued: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
            resized: signal(SignalKind::window_change())?,
        })
    }

    pub(super) async fn next(&mut self) -> Event {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Event::End,
            _ = self.hang_up.recv() => Event::End,
            _ = self.interrupt.recv() => Event::End,
            _ = self.stop.recv() => Event::Stop,
            _ = self.continued.recv() => Event::Continued,
            _ = self.resized.recv() => Event::Resized,
        }
    }
}
