//! Keys, mouse, pastes and the terminal's answers: a thread of its own reads the terminal, cuts the bytes into whole
//! sequences (`frame`), and gives each to `termina`'s parser. It can be paused (suspension, an editor) and stopped
//! by a pipe, and never blocks on a loop that is busy: then the bytes wait in the kernel.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::decode::{Decoder, InputEvent};

/// How long [`Input::pause`] waits for the thread to let go of the terminal.
const PAUSE_WITHIN: Duration = Duration::from_secs(1);
/// How soon a full channel is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(5);

/// What the pipe says to the thread.
const PAUSE: u8 = b'p';
const RESUME: u8 = b'r';

/// The handle of the input thread; dropping it stops the thread.
#[derive(Debug)]
pub struct Input {
    wake: OwnedFd,
    paused: std_mpsc::Receiver<()>,
}

impl Input {
    /// Starts reading `terminal`. When it is gone (hang-up), the last event is [`InputEvent::Closed`].
    pub fn spawn(terminal: OwnedFd, events: Sender<InputEvent>) -> io::Result<Self> {
        let (listen, wake) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (tell_paused, paused) = std_mpsc::channel();
        let reader = Reader {
            terminal,
            listen,
            events,
            tell_paused,
            decoder: Decoder::new(),
            waiting: VecDeque::new(),
            paused: false,
        };
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || reader.run())?;
        Ok(Self { wake, paused })
    }

    /// Stops reading, so that somebody else may; false when the thread did not confirm in time.
    pub fn pause(&self) -> bool {
        while self.paused.try_recv().is_ok() {}
        self.say(PAUSE) && self.paused.recv_timeout(PAUSE_WITHIN).is_ok()
    }

    /// Reads again.
    pub fn resume(&self) {
        self.say(RESUME);
    }

    fn say(&self, what: u8) -> bool {
        rustix::io::retry_on_intr(|| rustix::io::write(&self.wake, &[what])).is_ok()
    }
}

/// The thread's side.
struct Reader {
    terminal: OwnedFd,
    listen: OwnedFd,
    events: Sender<InputEvent>,
    tell_paused: std_mpsc::Sender<()>,
    decoder: Decoder,
    /// Events the channel had no room for; while there are any, the terminal is not read.
    waiting: VecDeque<InputEvent>,
    paused: bool,
}

impl Reader {
    fn run(mut self) {
        while self.step() {}
    }

    /// One wait and what came of it; false ends the thread.
    fn step(&mut self) -> bool {
        if !self.deliver() {
            return false;
        }
        let reads = !self.paused && self.waiting.is_empty();
        let timeout = if self.waiting.is_empty() {
            self.decoder
                .deadline()
                .map(|at| at.saturating_duration_since(Instant::now()))
        } else {
            Some(TRY_AGAIN)
        };
        let (said, readable) = match self.wait(reads, timeout) {
            Ok(ready) => ready,
            Err(Errno::INTR) => return true,
            Err(_) => return self.close(),
        };
        if said && !self.listen_to_handle() {
            return false;
        }
        if readable && !self.paused {
            return self.read();
        }
        let late = self.decoder.tick(Instant::now());
        self.waiting.extend(late);
        true
    }

    /// Waits for the pipe, and for the terminal when it is to be read.
    fn wait(&self, reads: bool, timeout: Option<Duration>) -> Result<(bool, bool), Errno> {
        let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
        let pipe = PollFd::new(&self.listen, PollFlags::IN);
        let mut only_pipe = [pipe.clone()];
        let mut both = [pipe, PollFd::new(&self.terminal, PollFlags::IN)];
        let fds: &mut [PollFd<'_>] = if reads { &mut both } else { &mut only_pipe };
        poll(fds, timeout.as_ref())?;
        let ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok((ready(0), ready(1)))
    }

    /// Reads what the handle said; false when it is gone.
    fn listen_to_handle(&mut self) -> bool {
        let mut said = [0u8; 16];
        match rustix::io::read(self.listen.as_fd(), &mut said) {
            Ok(0) => return false,
            Ok(n) => {
                for what in said.iter().take(n) {
                    self.paused = *what == PAUSE;
                    if self.paused && self.tell_paused.send(()).is_err() {
                        return false;
                    }
                }
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
        true
    }

    /// Reads the terminal once.
    fn read(&mut self) -> bool {
        let mut bytes = [0u8; 4096];
        match rustix::io::read(self.terminal.as_fd(), &mut bytes) {
            Ok(0) => self.close(),
            Ok(n) => {
                let events = self
                    .decoder
                    .feed(bytes.get(..n).unwrap_or_default(), Instant::now());
                self.waiting.extend(events);
                true
            }
            Err(Errno::INTR | Errno::AGAIN) => true,
            Err(_) => self.close(),
        }
    }

    /// Hands over what waits; false when nobody listens any more.
    fn deliver(&mut self) -> bool {
        while let Some(event) = self.waiting.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return true;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        true
    }

    /// The terminal is gone. The loop also learns it from the channel's end, should this not fit any more.
    fn close(&mut self) -> bool {
        self.waiting.push_back(InputEvent::Closed);
        self.deliver();
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::{Chord, Key};
    use tokio::sync::mpsc::channel;

    fn key(c: char) -> InputEvent {
        InputEvent::Key(Chord::plain(Key::Char(c)))
    }

    fn pipe() -> (OwnedFd, OwnedFd) {
        rustix::pipe::pipe().unwrap()
    }

    #[test]
    fn keys_arrive_and_the_end_is_told() {
        let (terminal, keyboard) = pipe();
        let (tx, mut rx) = channel(8);
        let _input = Input::spawn(terminal, tx).unwrap();
        rustix::io::write(&keyboard, b"ab\x1b").unwrap();
        assert_eq!(rx.blocking_recv(), Some(key('a')));
        assert_eq!(rx.blocking_recv(), Some(key('b')));
        // A lone ESC comes by itself, without a further byte.
        assert_eq!(
            rx.blocking_recv(),
            Some(InputEvent::Key(Chord::plain(Key::Esc)))
        );
        drop(keyboard);
        assert_eq!(rx.blocking_recv(), Some(InputEvent::Closed));
        assert_eq!(rx.blocking_recv(), None);
    }

    #[test]
    fn a_full_channel_loses_nothing() {
        let (terminal, keyboard) = pipe();
        let (tx, mut rx) = channel(1);
        let _input = Input::spawn(terminal, tx).unwrap();
        let text: String = ('a'..='z').cycle().take(500).collect();
        rustix::io::write(&keyboard, text.as_bytes()).unwrap();
        for c in text.chars() {
            assert_eq!(rx.blocking_recv(), Some(key(c)));
        }
    }

    #[test]
    fn paused_it_leaves_the_bytes_to_others() {
        let (terminal, keyboard) = pipe();
        let other = terminal.try_clone().unwrap();
        let (tx, mut rx) = channel(8);
        let input = Input::spawn(terminal, tx).unwrap();
        assert!(input.pause());
        rustix::io::write(&keyboard, b"x").unwrap();
        let mut byte = [0];
        assert_eq!(rustix::io::read(&other, &mut byte), Ok(1));
        assert_eq!(&byte, b"x");
        input.resume();
        rustix::io::write(&keyboard, b"y").unwrap();
        assert_eq!(rx.blocking_recv(), Some(key('y')));
        // Dropping the handle ends the thread, and with it the channel.
        drop(input);
        assert_eq!(rx.blocking_recv(), None);
    }
}
