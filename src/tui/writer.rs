//! The writer: a thread with one slot, so that a terminal that does not read never stops the loop. One frame is
//! written by one loop of `write(2)`; when it is done, or failed, a message says so. The thread is never joined: a
//! stopped terminal (Ctrl-S) may hold it forever.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc::UnboundedSender;

/// How long leaving waits for the last frame.
pub const LAST_FRAME: Duration = Duration::from_millis(200);

/// How often a blocked non-blocking write looks whether it should give up.
const LOOK_AGAIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Where frames go.
pub trait Target: Send + 'static {
    /// Writes some of `bytes` and says how many.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno>;
    /// Waits, for a while at most, until writing may go on.
    fn wait(&mut self) -> Result<(), Errno>;
}

impl Target for OwnedFd {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        rustix::io::write(self.as_fd(), bytes)
    }

    fn wait(&mut self) -> Result<(), Errno> {
        let mut fds = [PollFd::new(self, PollFlags::OUT)];
        poll(&mut fds, Some(&LOOK_AGAIN)).map(|_| ())
    }
}

/// Writes all of `bytes`, through interruptions, short writes and full buffers; stops early when `muted` is set.
pub fn write_frame(
    target: &mut impl Target,
    bytes: &[u8],
    muted: &AtomicBool,
) -> Result<(), Errno> {
    let mut rest = bytes;
    while !rest.is_empty() && !muted.load(Ordering::Acquire) {
        match target.write(rest) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => match target.wait() {
                Ok(()) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[derive(Debug, Default)]
struct State {
    frame: Option<Vec<u8>>,
    /// From the moment a frame is taken in until it is written.
    busy: bool,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    muted: Arc<AtomicBool>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle of the writer's thread. Dropping it lets the thread end by itself.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    /// Starts the thread. Each frame is answered by one message on `done`, an error when the terminal is gone.
    /// Once `muted` is set (the terminal's guard does, when it gives the terminal back) nothing more is written.
    pub fn spawn(
        mut target: impl Target,
        muted: Arc<AtomicBool>,
        done: UnboundedSender<Result<(), Errno>>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            muted,
        });
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                while let Some(frame) = next(&of_thread) {
                    let result = write_frame(&mut target, &frame, &of_thread.muted);
                    of_thread.lock().busy = false;
                    of_thread.changed.notify_all();
                    if done.send(result).is_err() {
                        break;
                    }
                }
            })?;
        Ok(Self { shared })
    }

    /// Takes a frame in; gives it back when the slot is taken.
    pub fn send(&self, frame: Vec<u8>) -> Result<(), Vec<u8>> {
        let mut state = self.shared.lock();
        if state.busy || state.closed {
            return Err(frame);
        }
        state.busy = true;
        state.frame = Some(frame);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Whether a frame is still being written.
    pub fn is_busy(&self) -> bool {
        self.shared.lock().busy
    }

    /// Waits until the last frame is written, for `limit` at most; says whether it was.
    pub fn finish(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut state = self.shared.lock();
        while state.busy {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

/// The next frame; `None` when the handle is gone.
fn next(shared: &Shared) -> Option<Vec<u8>> {
    let mut state = shared.lock();
    loop {
        if let Some(frame) = state.frame.take() {
            return Some(frame);
        }
        if state.closed {
            return None;
        }
        state = shared
            .changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::mpsc;
    use tokio::sync::mpsc::unbounded_channel;

    /// Answers writes from a script, and keeps what was written.
    struct Scripted {
        answers: VecDeque<Result<usize, Errno>>,
        written: Vec<u8>,
        waits: usize,
    }

    impl Target for Scripted {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
            let answer = self.answers.pop_front().unwrap_or(Ok(bytes.len()));
            if let Ok(n) = answer {
                self.written.extend_from_slice(&bytes[..n]);
            }
            answer
        }
        fn wait(&mut self) -> Result<(), Errno> {
            self.waits += 1;
            if self.waits == 1 {
                Err(Errno::INTR)
            } else {
                Ok(())
            }
        }
    }

    fn scripted(answers: &[Result<usize, Errno>]) -> Scripted {
        Scripted {
            answers: answers.iter().copied().collect(),
            written: Vec::new(),
            waits: 0,
        }
    }

    #[test]
    fn a_frame_survives_interruptions_short_writes_and_full_buffers() {
        let mut target = scripted(&[
            Err(Errno::INTR),
            Ok(2),
            Err(Errno::AGAIN),
            Err(Errno::AGAIN),
            Ok(3),
        ]);
        write_frame(&mut target, b"hello world", &AtomicBool::new(false)).unwrap();
        assert_eq!(target.written, b"hello world");
        assert_eq!(target.waits, 2);
    }

    #[test]
    fn a_terminal_that_is_gone_is_an_error() {
        for answer in [Err(Errno::IO), Ok(0)] {
            let mut target = scripted(&[Ok(1), answer]);
            assert_eq!(
                write_frame(&mut target, b"abc", &AtomicBool::new(false)),
                Err(Errno::IO)
            );
        }
    }

    #[test]
    fn once_muted_nothing_more_is_written() {
        let mut target = scripted(&[]);
        write_frame(&mut target, b"abc", &AtomicBool::new(true)).unwrap();
        assert_eq!(target.written, b"");
    }

    /// Hands each write to the test and goes on when the test says so.
    struct Stepped {
        writes: mpsc::Sender<Vec<u8>>,
        go: mpsc::Receiver<()>,
    }

    impl Target for Stepped {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
            self.writes.send(bytes.to_vec()).map_err(|_| Errno::PIPE)?;
            self.go.recv().map_err(|_| Errno::PIPE)?;
            Ok(bytes.len())
        }
        fn wait(&mut self) -> Result<(), Errno> {
            Ok(())
        }
    }

    #[test]
    fn one_slot_one_write_one_message() {
        let (writes, written) = mpsc::channel();
        let (go, steps) = mpsc::channel();
        let (done, mut dones) = unbounded_channel();
        let writer = Writer::spawn(Stepped { writes, go: steps }, Arc::default(), done).unwrap();
        assert_eq!(writer.send(b"one".to_vec()), Ok(()));
        assert_eq!(written.recv().unwrap(), b"one");
        assert!(writer.is_busy());
        assert_eq!(writer.send(b"two".to_vec()), Err(b"two".to_vec()));
        // Stuck in the write: leaving does not wait for it.
        assert!(!writer.finish(Duration::from_millis(10)));
        go.send(()).unwrap();
        assert_eq!(dones.blocking_recv(), Some(Ok(())));
        assert!(writer.finish(Duration::from_secs(10)));
        assert_eq!(writer.send(b"two".to_vec()), Ok(()));
        assert_eq!(written.recv().unwrap(), b"two");
        drop(go);
        assert_eq!(dones.blocking_recv(), Some(Err(Errno::PIPE)));
        drop(writer);
        // The thread ends by itself: its sender goes away.
        assert_eq!(dones.blocking_recv(), None);
    }
}
