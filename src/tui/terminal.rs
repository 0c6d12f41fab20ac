//! The terminal, taken and given back. One guard restores it exactly once, whatever ends the program: return, error,
//! panic, a signal's branch in the loop. The modes are not sent here: they travel before the first frame, in its write.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::queue;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

/// How long giving back may wait for a terminal that does not read.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The two ends of the terminal. Both are usually the same device.
#[derive(Debug)]
pub struct Tty {
    pub input: OwnedFd,
    pub output: OwnedFd,
}

impl Tty {
    /// Standard input and output where they are terminals, else the controlling terminal.
    /// Fails when there is none: the caller names the commands that need no terminal.
    pub fn open() -> io::Result<Self> {
        let controlling = || {
            rustix::fs::open(
                "/dev/tty",
                OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOCTTY,
                Mode::empty(),
            )
        };
        let (stdin, stdout) = (rustix::stdio::stdin(), rustix::stdio::stdout());
        let input = if isatty(stdin) {
            stdin.try_clone_to_owned()?
        } else {
            controlling()?
        };
        let output = if isatty(stdout) {
            stdout.try_clone_to_owned()?
        } else {
            controlling()?
        };
        Ok(Self { input, output })
    }

    /// Columns and rows; see [`sane_size`].
    pub fn size(&self) -> (u16, u16) {
        let size = tcgetwinsize(&self.output).map_or((0, 0), |s| (s.ws_col, s.ws_row));
        sane_size(size)
    }
}

/// A size one can draw on: serial lines and some tools report 0x0, which means unknown (80x24); absurd sizes are cut.
pub fn sane_size((columns, rows): (u16, u16)) -> (u16, u16) {
    let columns = if columns == 0 { 80 } else { columns.min(1000) };
    let rows = if rows == 0 { 24 } else { rows.min(500) };
    (columns, rows)
}

/// Asks the terminal for its background colour; the answer is an event. Send it after the first frame.
pub const ASK_BACKGROUND: &[u8] = b"\x1b]11;?\x1b\\";

/// What is switched on beside raw mode and the alternate screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes {
    /// Clicks and the wheel; the terminal's own selection then needs Shift.
    pub mouse: bool,
}

/// The bytes that take the screen: alternate screen, hidden cursor, bracketed paste, focus reports, mouse if wanted.
pub fn opening(modes: Modes) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into memory can't fail.
    drop(queue!(
        out,
        EnterAlternateScreen,
        Hide,
        EnableBracketedPaste,
        EnableFocusChange
    ));
    if modes.mouse {
        // Not crossterm's capture: that reports every movement, too, and each report crosses the link.
        out.extend_from_slice(b"\x1b[?1000h\x1b[?1006h");
    }
    out
}

/// The bytes that give the screen back. CAN first: a frame may have been cut inside an escape sequence.
pub fn closing(modes: Modes) -> Vec<u8> {
    let mut out = b"\x18\x1b[?2026l\x1b[m".to_vec();
    if modes.mouse {
        out.extend_from_slice(b"\x1b[?1006l\x1b[?1000l");
    }
    drop(queue!(
        out,
        DisableFocusChange,
        DisableBracketedPaste,
        Show,
        LeaveAlternateScreen
    ));
    out
}

/// What is needed to give the terminal back from anywhere.
#[derive(Debug)]
struct Restore {
    output: OwnedFd,
    cooked: Termios,
    closing: Vec<u8>,
    muted: Arc<AtomicBool>,
    /// The thread that runs the screen: only its panics end the program.
    owner: ThreadId,
}

/// The terminal that is taken now, if any. Who takes the value out restores; nobody can do it twice.
static TAKEN: Mutex<Option<Restore>> = Mutex::new(None);

/// Takes the value out and restores; false when there was nothing to do.
fn restore() -> bool {
    restore_if(|_| true)
}

/// Restores if the taken terminal is the one that is meant.
fn restore_if(meant: impl Fn(&Restore) -> bool) -> bool {
    let taken = TAKEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take_if(|r| meant(r));
    let Some(r) = taken else { return false };
    r.muted.store(true, Ordering::Release);
    write_last(&r.output, &r.closing);
    // "Now" and not "drain": a stopped terminal would never drain.
    let _ = tcsetattr(&r.output, OptionalActions::Now, &r.cooked);
    true
}

/// Another description of the same terminal, that need not block: the one we were given is shared with the shell.
fn own_description(output: &OwnedFd) -> Result<OwnedFd, Errno> {
    let name = rustix::termios::ttyname(output, Vec::new())?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(name, flags, Mode::empty())
}

/// Writes as much as the terminal takes within [`LAST_WORDS`].
fn write_last(output: &OwnedFd, bytes: &[u8]) {
    let own = own_description(output);
    let fd = own.as_ref().unwrap_or(output);
    let until = Instant::now() + LAST_WORDS;
    let mut rest = bytes;
    while !rest.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else {
            return;
        };
        let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::OUT)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return,
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return,
        }
        match rustix::io::write(fd, rest) {
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => return,
        }
        if left.is_zero() {
            return;
        }
    }
}

/// Puts a hook before the current one (install color-eyre's first). A panic of the screen's thread gives the terminal
/// back and then reports as before; a panic elsewhere, while the screen is up, goes to the log and not over the screen.
pub fn install_panic_hook() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let owner = TAKEN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|r| r.owner);
        match owner {
            Some(owner) if owner != std::thread::current().id() => {
                tracing::error!(panic = %info, "a task panicked");
            }
            Some(_) => {
                restore();
                report(info);
            }
            None => report(info),
        }
    }));
}

/// How a wish to be suspended ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspended {
    /// The terminal is given back and the stop is sent. It may take a moment to arrive, so wait for SIGCONT (a stream
    /// made beforehand), then call [`Terminal::resume`].
    Stopping,
    /// No shell waits above that could wake it up again: nothing was done.
    NoShell,
}

/// The guard: while it lives, the terminal is ours.
#[derive(Debug)]
pub struct Terminal {
    tty: Tty,
    modes: Modes,
    cooked: Termios,
    muted: Arc<AtomicBool>,
}

impl Terminal {
    /// Switches to raw mode and takes the terminal. The screen's modes follow with the first frame: [`Self::opening`].
    /// Fails when the terminal is already taken or is none.
    pub fn enter(tty: Tty, modes: Modes) -> io::Result<Self> {
        let cooked = tcgetattr(&tty.output)?;
        let mut terminal = Self {
            tty,
            modes,
            cooked,
            muted: Arc::default(),
        };
        terminal.take()?;
        Ok(terminal)
    }

    /// The bytes for [`super::paint::Painter::new`].
    pub fn opening(&self) -> Vec<u8> {
        opening(self.modes)
    }

    /// The terminal's two ends and its size.
    pub fn tty(&self) -> &Tty {
        &self.tty
    }

    /// Where frames go: it does not block where the terminal can be opened once more.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn frames(&self) -> io::Result<OwnedFd> {
        own_description(&self.tty.output).or_else(|_| self.tty.output.try_clone())
    }

    /// Set when the terminal is given back; the writer looks at it. A writer made before a suspension must be replaced
    /// by one with the new flag.
    pub fn muted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.muted)
    }

    /// Gives the terminal back; a second call does nothing. Let the writer finish first, for 200 ms at most.
    pub fn leave(&mut self) {
        restore_if(|r| Arc::ptr_eq(&r.muted, &self.muted));
    }

    /// Gives the terminal back and stops this job like Ctrl-Z in a shell, also when something like `cargo run` stands
    /// between (SIGSTOP to the process group; not SIGTSTP, which the loop handles). Pause the input thread before.
    pub fn suspend(&mut self) -> io::Result<Suspended> {
        if !can_suspend() {
            return Ok(Suspended::NoShell);
        }
        self.leave();
        rustix::process::kill_current_process_group(Signal::STOP)?;
        Ok(Suspended::Stopping)
    }

    /// After SIGCONT, whether [`Self::suspend`] or somebody outside had stopped us (a shell may have changed the
    /// terminal then). Everything must be drawn again, opening first, by a writer with the new [`Self::muted`].
    pub fn resume(&mut self) -> io::Result<()> {
        let taken = TAKEN
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        if taken { self.raw() } else { self.take() }
    }

    /// Registers the way back, then switches to raw mode.
    fn take(&mut self) -> io::Result<()> {
        let output = self.tty.output.try_clone()?;
        let mut slot = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_some() {
            return Err(io::Error::other("the terminal is already taken"));
        }
        self.raw()?;
        self.muted = Arc::default();
        *slot = Some(Restore {
            output,
            cooked: self.cooked.clone(),
            closing: closing(self.modes),
            muted: Arc::clone(&self.muted),
            owner: std::thread::current().id(),
        });
        Ok(())
    }

    fn raw(&self) -> io::Result<()> {
        let mut raw = self.cooked.clone();
        raw.make_raw();
        Ok(tcsetattr(&self.tty.output, OptionalActions::Now, &raw)?)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Whether a shell with job control waits above: then our job has a process group of its own, other than the session's
/// first. `ssh -t host flightdeck` and a multiplexer's own window have none, and would sleep forever.
fn can_suspend() -> bool {
    rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp())
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
