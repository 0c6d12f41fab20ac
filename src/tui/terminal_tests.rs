//! The guard on a real pseudo-terminal. One test at a time: the taken terminal is one for the process.

use std::io::Read;
use std::sync::MutexGuard;

use portable_pty::{MasterPty, PtySize, native_pty_system};
use rustix::termios::LocalModes;

use super::*;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Rig {
    master: Box<dyn MasterPty + Send>,
    tty: Option<Tty>,
    probe: OwnedFd,
    _one: MutexGuard<'static, ()>,
}

fn rig(columns: u16, rows: u16) -> Rig {
    let one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let size = PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let name = pair.master.tty_name().unwrap();
    let open = || rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    Rig {
        tty: Some(Tty {
            input: open(),
            output: open(),
        }),
        probe: open(),
        master: pair.master,
        _one: one,
    }
}

impl Rig {
    fn is_raw(&self) -> bool {
        !tcgetattr(&self.probe)
            .unwrap()
            .local_modes
            .contains(LocalModes::ICANON | LocalModes::ECHO)
    }
    /// What was written to the terminal so far, up to the alternate screen's end.
    fn output(&self) -> Vec<u8> {
        let mut reader = self.master.try_clone_reader().unwrap();
        let mut seen = Vec::new();
        let mut chunk = [0; 256];
        while !seen.ends_with(b"\x1b[?1049l") {
            let n = reader.read(&mut chunk).unwrap();
            seen.extend_from_slice(&chunk[..n]);
        }
        seen
    }
}

#[test]
fn sizes_are_sane() {
    assert_eq!(sane_size((0, 0)), (80, 24));
    assert_eq!(sane_size((1, 1)), (1, 1));
    assert_eq!(sane_size((u16::MAX, u16::MAX)), (1000, 500));
    assert_eq!(rig(0, 0).tty.take().unwrap().size(), (80, 24));
    assert_eq!(rig(1, 1).tty.take().unwrap().size(), (1, 1));
}

#[test]
fn it_is_taken_and_given_back_exactly_once() {
    let mut rig = rig(80, 24);
    assert!(!rig.is_raw());
    let mut terminal = Terminal::enter(rig.tty.take().unwrap(), Modes { mouse: true }).unwrap();
    assert!(rig.is_raw());
    assert!(
        String::from_utf8(terminal.opening())
            .unwrap()
            .contains("\u{1b}[?1006h")
    );
    let muted = terminal.muted();
    terminal.leave();
    assert!(!rig.is_raw() && muted.load(Ordering::Acquire));
    assert!(!restore(), "there is nothing left to restore");
    drop(terminal);
    // Exactly one closing reached the terminal.
    assert_eq!(rig.output(), closing(Modes { mouse: true }));
}

#[test]
fn whatever_is_switched_on_is_switched_off() {
    for mouse in [false, true] {
        let on = String::from_utf8(opening(Modes { mouse })).unwrap();
        let off = String::from_utf8(closing(Modes { mouse })).unwrap();
        for mode in on.split('\u{1b}').filter(|m| m.ends_with('h')) {
            assert!(off.contains(&mode.replace('h', "l")), "{mode}");
        }
        assert!(on.contains("?25l") && off.contains("?25h"));
    }
}

#[test]
fn only_one_guard_at_a_time() {
    let mut rig = rig(80, 24);
    let tty = rig.tty.take().unwrap();
    let twin = Tty {
        input: tty.input.try_clone().unwrap(),
        output: tty.output.try_clone().unwrap(),
    };
    let terminal = Terminal::enter(tty, Modes::default()).unwrap();
    assert!(Terminal::enter(twin, Modes::default()).is_err());
    assert!(rig.is_raw());
    drop(terminal);
    assert!(!rig.is_raw());
}

#[test]
fn suspended_it_is_cooked_and_afterwards_raw_again() {
    let mut rig = rig(80, 24);
    let mut terminal = Terminal::enter(rig.tty.take().unwrap(), Modes::default()).unwrap();
    let before = terminal.muted();
    terminal.leave();
    assert!(!rig.is_raw());
    terminal.resume().unwrap();
    assert!(before.load(Ordering::Acquire), "the old writer is muted");
    assert!(rig.is_raw() && !terminal.muted().load(Ordering::Acquire));
    // Stopped from outside: the shell cooked it, SIGCONT's branch calls resume.
    tcsetattr(&rig.probe, OptionalActions::Now, &terminal.cooked).unwrap();
    terminal.resume().unwrap();
    assert!(rig.is_raw());
    drop(terminal);
    assert!(!rig.is_raw());
}

#[test]
fn a_terminal_that_does_not_read_is_given_back_all_the_same() {
    let mut rig = rig(80, 24);
    let terminal = Terminal::enter(rig.tty.take().unwrap(), Modes::default()).unwrap();
    // Fill the terminal's buffer until it takes no more.
    let name = rig.master.tty_name().unwrap();
    let full = rustix::fs::open(
        &name,
        OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY,
        Mode::empty(),
    )
    .unwrap();
    while rustix::io::write(&full, &[b'x'; 4096]).is_ok() {}
    drop(terminal);
    assert!(!rig.is_raw());
}
