//! The whole screen on a real pseudo-terminal: this test's binary starts itself again there, flies a story's World, and the
//! parent presses keys, resizes, sends signals, and looks at what an emulator shows.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flightdeck::app::effect::Effect;
use flightdeck::app::keymap::Keymap;
use flightdeck::app::world::World;
use flightdeck::config::theme::Theme;
use flightdeck::domain::units::Now;
use flightdeck::runtime::{Clock, Driver, Executor};
use flightdeck::tui::terminal::install_panic_hook;
use flightdeck::tui::{Cockpit, Options};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::stories;

/// Says to the child which story it flies.
const STORY: &str = "FLIGHT_TEST_STORY";
const CHILD: [&str; 4] = ["--exact", "flight::child", "--ignored", "--nocapture"];
/// For a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers nothing: the World stays as it is.
#[derive(Debug)]
struct Nobody;

impl Executor for Nobody {
    fn execute(&mut self, _: Effect) {}
    fn remember(&mut self, _: &World, _: Now) {}
    fn is_writing(&self) -> bool {
        false
    }
}

/// The child: not a test by itself.
#[test]
#[ignore = "started by the other tests inside a pseudo-terminal"]
fn child() {
    let Ok(story) = std::env::var(STORY) else {
        return;
    };
    let shop = match story.as_str() {
        "rollback" => stories::rollback_running(),
        _ => stories::bad_deploy(),
    };
    install_panic_hook();
    let options = Options::from_environment(
        Theme::built_in("dark").unwrap(),
        Keymap::default(),
        true,
        false,
    );
    // Painted before there is any runtime.
    let cockpit = Cockpit::first_paint(&shop.world, shop.now, options).unwrap();
    if story == "early" {
        kill_process(rustix::process::getpid(), Signal::TERM).unwrap();
    }
    let (clock, _hand) = Clock::manual(shop.now.0);
    let (_answers, inbox) = tokio::sync::mpsc::channel(8);
    let driver = Driver::new(shop.world, clock, inbox, Box::new(Nobody));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(cockpit.fly(driver)).unwrap();
}

fn size((columns, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn emulator((columns, rows): (u16, u16)) -> vt100::Parser {
    let size = |n: u16| std::num::NonZeroU16::new(n).unwrap();
    vt100::Parser::new(size(rows), size(columns), 0)
}

/// A pseudo-terminal that stays open.
pub(crate) struct Terminal(OwnedFd);

impl Terminal {
    /// Whether lines are edited and echoed, as a shell wants it.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&self.0).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }
}

/// A child in flight.
pub(crate) struct Flight {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Arc<Mutex<Option<Box<dyn Write + Send>>>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<(vt100::Parser, Vec<u8>)>>,
}

impl Flight {
    fn of(story: &str, at: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(CHILD);
        Self::start(command, story, at)
    }

    fn start(mut command: CommandBuilder, story: &str, at: (u16, u16)) -> Self {
        command.env(STORY, story);
        Self::of_command(command, at)
    }

    /// Starts any command on a pseudo-terminal of this size.
    pub(crate) fn of_command(mut command: CommandBuilder, at: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(size(at)).unwrap();
        command.env("RUST_BACKTRACE", "0");
        command.env("TERM", "xterm-256color");
        command.env("SSH_CONNECTION", "here there");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = Arc::new(Mutex::new(Some(pair.master.take_writer().unwrap())));
        let seen = Arc::new(Mutex::new((emulator(at), Vec::new())));
        let (of_thread, answers) = (Arc::clone(&seen), Arc::clone(&keyboard));
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            let mut tail = Vec::new();
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                let bytes = &chunk[..n];
                {
                    let mut seen = of_thread.lock().unwrap();
                    seen.0.process(bytes);
                    seen.1.extend_from_slice(bytes);
                }
                // A terminal answers the gate's question.
                for byte in bytes {
                    tail.push(*byte);
                    if tail.ends_with(b"\x1b[c")
                        && let Some(keyboard) = answers.lock().unwrap().as_mut()
                    {
                        keyboard.write_all(b"\x1b[?62;22c").unwrap();
                    }
                }
                tail.drain(..tail.len().saturating_sub(2));
            }
        });
        Self {
            master: Some(pair.master),
            keyboard,
            child,
            seen,
        }
    }

    pub(crate) fn shown(&self) -> String {
        self.seen.lock().unwrap().0.screen().contents()
    }

    /// Waits until the screen is as wanted.
    pub(crate) fn wait(&self, what: &str, is: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is(&self.shown()) {
            assert!(Instant::now() < until, "no {what} in:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(text, |shown| shown.contains(text));
    }

    pub(crate) fn press(&self, keys: &[u8]) {
        let mut keyboard = self.keyboard.lock().unwrap();
        keyboard.as_mut().unwrap().write_all(keys).unwrap();
    }

    fn resize(&self, to: (u16, u16)) {
        let parser = emulator(to);
        let mut seen = self.seen.lock().unwrap();
        let alternate = seen.0.screen().alternate_screen();
        seen.0 = parser;
        if alternate {
            seen.0.process(b"\x1b[?1049h");
        }
        drop(seen);
        self.master.as_ref().unwrap().resize(size(to)).unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The terminal itself, to look at after the child's end. Its settings are reset when the last one closes it, so this comes first.
    pub(crate) fn terminal(&self) -> Terminal {
        let name = self.master.as_ref().unwrap().tty_name().unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        Terminal(rustix::fs::open(name, flags, Mode::empty()).unwrap())
    }

    /// Waits for the child's end; says whether it ended well.
    pub(crate) fn ended(&mut self) -> bool {
        self.end() == Some(0)
    }

    /// Waits for the child's end; gives its exit code, none after a signal.
    pub(crate) fn end(&mut self) -> Option<u32> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.signal().is_none().then(|| status.exit_code());
            }
            if Instant::now() > until {
                self.child.kill().unwrap();
                panic!("it does not end:\n{}", self.shown());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many bytes were written to the terminal so far.
    pub(crate) fn bytes(&self) -> usize {
        self.seen.lock().unwrap().1.len()
    }

    /// Everything that was written to the terminal so far.
    pub(crate) fn output(&self) -> Vec<u8> {
        self.seen.lock().unwrap().1.clone()
    }

    /// The process that was started.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn assert_given_back(&self) {
        self.wait("the normal screen", |_| {
            !self
                .seen
                .lock()
                .is_ok_and(|s| s.0.screen().alternate_screen())
        });
        let seen = self.seen.lock().unwrap();
        let screen = seen.0.screen();
        assert!(!screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }
}

#[test]
fn it_paints_at_once_takes_keys_and_resizes_and_gives_the_terminal_back() {
    let mut flight = Flight::of("bad", (80, 24));
    flight.wait_for("▼ DEGRADED");
    flight.press(b"R");
    flight.wait_for("to roll back:");
    flight.press(b"chec");
    flight.wait_for("to roll back: chec");
    flight.press(b"\x1b");
    flight.wait("a closed form", |shown| !shown.contains("to roll back:"));
    flight.resize((120, 40));
    flight.wait_for("Calendar ─");
    flight.press(b"y");
    flight.wait_for("copied: flightdeck rollback");
    flight.press(b"q");
    assert!(flight.ended());
    flight.assert_given_back();
    let output = flight.output();
    let text = String::from_utf8_lossy(&output);
    let first = text.find("DEGRADED").unwrap();
    assert!(text.find("\u{1b}[?1049h").unwrap() < first);
    assert!(text.contains("\u{1b}]52;c;"), "nothing was copied");
}

#[test]
fn signals_end_it_and_the_terminal_is_given_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut flight = Flight::of("bad", (80, 24));
        flight.wait_for("q quit");
        // The handlers are there once keys are answered.
        flight.press(b"?");
        flight.wait_for("Keys");
        flight.signal(signal);
        assert!(flight.ended(), "{signal:?}");
        flight.assert_given_back();
    }
}

#[test]
fn a_signal_before_the_loop_listens_is_obeyed_too() {
    let mut flight = Flight::of("early", (80, 24));
    assert!(flight.ended());
    flight.assert_given_back();
    let output = flight.output();
    assert!(
        String::from_utf8_lossy(&output).contains("\u{1b}[?1049h"),
        "it was taken"
    );
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_picture() {
    let mut flight = Flight::of("bad", (80, 24));
    flight.wait_for("q quit");
    for to in [
        (1, 1),
        (300, 90),
        (2, 50),
        (59, 15),
        (200, 1),
        (60, 16),
        (1, 1),
        (120, 40),
    ] {
        flight.resize(to);
    }
    flight.wait("a whole picture", |shown| {
        shown.contains("Calendar ─") && shown.contains("▼ DEGRADED") && shown.contains("q quit")
    });
    flight.press(b"q");
    assert!(flight.ended());
    flight.assert_given_back();
}

#[test]
fn leaving_during_a_rollback_is_asked_once_more() {
    let mut flight = Flight::of("rollback", (80, 24));
    flight.wait_for("rollback  ");
    flight.press(b"q");
    flight.wait_for("What was sent goes on");
    flight.press(b"\r");
    assert!(flight.ended());
    flight.assert_given_back();
}

#[test]
fn a_hang_up_ends_it() {
    let mut flight = Flight::of("bad", (80, 24));
    flight.wait_for("q quit");
    flight.keyboard.lock().unwrap().take();
    flight.master.take();
    // The reader's thread holds the last end of the terminal until the child is told.
    flight.signal(Signal::HUP);
    flight.ended();
}

#[test]
fn suspended_and_continued_by_a_shell() {
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "'{}' {}; echo the shell has it; read line; fg >/dev/null",
        exe.display(),
        CHILD.join(" ")
    );
    let mut command = CommandBuilder::new("sh");
    command.args(["-m", "-c", &script]);
    let mut flight = Flight::start(command, "bad", (80, 24));
    flight.wait_for("q quit");
    flight.press(b"\x1a");
    flight.wait_for("the shell has it");
    flight.press(b"\n");
    flight.wait("the picture again", |shown| {
        shown.contains("▼ DEGRADED") && shown.contains("q quit")
    });
    flight.press(b"q");
    assert!(flight.ended());
    flight.assert_given_back();
}
