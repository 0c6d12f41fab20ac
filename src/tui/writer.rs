//! The writer: one slot, so that a terminal that does not read never stops the loop. A frame is written at once as far as the
//! terminal takes it; what it does not take is left to a thread, which ends with the frame. When a frame is written, or failed,
//! a message says so. The thread is never joined: a stopped terminal (Ctrl-S) may hold it forever.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
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
    /// Whether [`Self::write`] may wait for the terminal: then only a thread may write.
    fn blocks(&self) -> bool;
    /// Writes some of `bytes` and says how many.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno>;
    /// Waits, for a while at most, until writing may go on.
    fn wait(&mut self) -> Result<(), Errno>;
}

impl Target for OwnedFd {
    fn blocks(&self) -> bool {
        !rustix::fs::fcntl_getfl(self).is_ok_and(|flags| flags.contains(OFlags::NONBLOCK))
    }

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
    loop {
        rest = write_now(target, rest, muted)?;
        if rest.is_empty() {
            return Ok(());
        }
        match target.wait() {
            Ok(()) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes what the target takes without waiting, and gives the rest back; nothing is left once `muted` is set.
fn write_now<'a>(
    target: &mut (impl Target + ?Sized),
    bytes: &'a [u8],
    muted: &AtomicBool,
) -> Result<&'a [u8], Errno> {
    let mut rest = bytes;
    while !rest.is_empty() {
        if muted.load(Ordering::Acquire) {
            return Ok(&[]);
        }
        match target.write(rest) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(rest),
            Err(error) => return Err(error),
        }
    }
    Ok(rest)
}

/// The slot: the target, while nothing is being written to it.
#[derive(Debug)]
struct Shared<T> {
    idle: Mutex<Option<T>>,
    changed: Condvar,
    muted: Arc<AtomicBool>,
    done: UnboundedSender<Result<(), Errno>>,
}

impl<T: Target> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frame is written, or failed: the slot is free again.
    fn finished(&self, target: T, result: Result<(), Errno>) {
        *self.lock() = Some(target);
        self.changed.notify_all();
        // Nobody listens any more when the screen is being left.
        let _ = self.done.send(result);
    }
}

/// The handle of the slot.
#[derive(Debug)]
pub struct Writer<T: Target = OwnedFd> {
    shared: Arc<Shared<T>>,
}

impl<T: Target> Writer<T> {
    /// A free slot. Each frame is answered by one message on `done`, an error when the terminal is gone.
    /// Once `muted` is set (the terminal's guard does, when it gives the terminal back) nothing more is written.
    pub fn new(
        target: T,
        muted: Arc<AtomicBool>,
        done: UnboundedSender<Result<(), Errno>>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                idle: Mutex::new(Some(target)),
                changed: Condvar::new(),
                muted,
                done,
            }),
        }
    }

    /// Takes a frame in; gives it back when the slot is taken.
    pub fn send(&self, frame: Vec<u8>) -> Result<(), Vec<u8>> {
        let Some(mut target) = self.shared.lock().take() else {
            return Err(frame);
        };
        let rest = if target.blocks() {
            Ok(frame.as_slice())
        } else {
            write_now(&mut target, &frame, &self.shared.muted)
        };
        match rest {
            Ok([]) => self.shared.finished(target, Ok(())),
            Ok(rest) => {
                let written = frame.len() - rest.len();
                self.leave_to_thread(target, frame, written);
            }
            Err(error) => self.shared.finished(target, Err(error)),
        }
        Ok(())
    }

    /// The rest of a frame, for as long as the terminal takes.
    fn leave_to_thread(&self, mut target: T, frame: Vec<u8>, written: usize) {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let started = thread.spawn(move || {
            let rest = frame.get(written..).unwrap_or_default();
            let result = write_frame(&mut target, rest, &shared.muted);
            shared.finished(target, result);
        });
        if started.is_err() {
            // Half a frame can't be taken back: the screen ends as if the terminal was gone.
            let _ = self.shared.done.send(Err(Errno::AGAIN));
        }
    }

    /// Whether a frame is still being written.
    pub fn is_busy(&self) -> bool {
        self.shared.lock().is_none()
    }

    /// Waits until the last frame is written, for `limit` at most; says whether it was.
    pub fn finish(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut idle = self.shared.lock();
        while idle.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(idle, left);
            idle = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
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
        fn blocks(&self) -> bool {
            false
        }
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
        fn blocks(&self) -> bool {
            true
        }
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
        let writer = Writer::new(Stepped { writes, go: steps }, Arc::default(), done);
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
        assert!(writer.finish(Duration::from_secs(10)));
        drop(writer);
        // No thread is left: its sender is gone.
        assert_eq!(dones.blocking_recv(), None);
    }

    /// Takes so many bytes at once, and the rest when it is waited for; notes which thread wrote.
    struct Narrow {
        takes: usize,
        by: mpsc::Sender<Option<String>>,
    }

    impl Target for Narrow {
        fn blocks(&self) -> bool {
            false
        }
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
            if self.takes == 0 {
                return Err(Errno::AGAIN);
            }
            let n = bytes.len().min(self.takes);
            self.takes -= n;
            let by = std::thread::current().name().map(str::to_owned);
            self.by.send(by).map_err(|_| Errno::PIPE)?;
            Ok(n)
        }
        fn wait(&mut self) -> Result<(), Errno> {
            self.takes = 100;
            Ok(())
        }
    }

    #[test]
    fn only_what_the_terminal_does_not_take_at_once_needs_a_thread() {
        let (by, writers) = mpsc::channel();
        let (done, mut dones) = unbounded_channel();
        let writer = Writer::new(Narrow { takes: 8, by }, Arc::default(), done);
        let me = std::thread::current().name().map(str::to_owned);
        assert_eq!(writer.send(b"small".to_vec()), Ok(()));
        assert!(!writer.is_busy());
        assert_eq!(dones.try_recv(), Ok(Ok(())));
        assert_eq!(writers.try_recv(), Ok(me.clone()));
        assert_eq!(writer.send(b"larger than that".to_vec()), Ok(()));
        assert_eq!(dones.blocking_recv(), Some(Ok(())));
        assert_eq!(writers.try_recv(), Ok(me));
        assert_eq!(writers.try_recv(), Ok(Some("writer".to_owned())));
    }
}
