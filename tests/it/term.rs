//! The terminal is given back, whatever ends the program: this test's binary starts itself again inside a
//! pseudo-terminal, takes the screen there, and ends in different ways.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::tui::decode::InputEvent;
use flightdeck::tui::gate::QUESTION;
use flightdeck::tui::input::Input;
use flightdeck::tui::paint::Painter;
use flightdeck::tui::terminal::{Modes, Suspended, Terminal, Tty, install_panic_hook};
use flightdeck::tui::writer::{Writer, write_frame};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use tokio::signal::unix::SignalKind;

/// Says to the child how to end.
const HOW: &str = "TERM_TEST_ENDS_BY";

/// The child: not a test by itself.
#[test]
#[ignore = "started by the other tests inside a pseudo-terminal"]
fn child() {
    let Ok(how) = std::env::var(HOW) else { return };
    install_panic_hook();
    let tty = Tty::open().unwrap();
    let terminal = Terminal::enter(tty, Modes { mouse: true }).unwrap();
    let (done, mut written) = tokio::sync::mpsc::unbounded_channel();
    let writer = Writer::new(terminal.frames().unwrap(), terminal.muted(), done);
    let mut first = terminal.opening();
    first.extend_from_slice(b"\x1b[2J\x1b[Hthe cockpit");
    writer.send(first).unwrap();
    assert_eq!(written.blocking_recv(), Some(Ok(())));
    match how.as_str() {
        "panic" => panic!("the cockpit broke"),
        "task" => {
            // A task's panic must neither end the screen nor write over it.
            let task = std::thread::Builder::new()
                .name("task".into())
                .spawn(|| panic!("a task broke"));
            assert!(task.unwrap().join().is_err());
            writer.send(b"\x1b[2;1Hstill flying".to_vec()).unwrap();
            assert_eq!(written.blocking_recv(), Some(Ok(())));
        }
        "suspend" => {
            let mut terminal = terminal;
            assert!(writer.finish(PATIENCE));
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let continued = SignalKind::from_raw(Signal::CONT.as_raw());
                let mut continued = tokio::signal::unix::signal(continued).unwrap();
                assert_eq!(terminal.suspend().unwrap(), Suspended::Stopping);
                continued.recv().await.unwrap();
            });
            terminal.resume().unwrap();
            let mut again = terminal.opening();
            again.extend_from_slice(b"\x1b[2J\x1b[Hback again");
            write_frame(
                &mut terminal.tty().output.try_clone().unwrap(),
                &again,
                &terminal.muted(),
            )
            .unwrap();
            return;
        }
        "keys" => {
            let (events, mut happened) = tokio::sync::mpsc::channel(8);
            let _input = Input::spawn(terminal.tty().input.try_clone().unwrap(), events).unwrap();
            let (columns, rows) = terminal.tty().size();
            let mut picture = Buffer::empty(Rect::new(0, 0, columns, rows));
            let mut painter = Painter::default();
            for y in 0..rows {
                picture.set_string(0, y, "x".repeat(columns.into()), Style::new());
            }
            writer
                .send(painter.paint(picture.clone(), Instant::now()).unwrap())
                .unwrap();
            assert_eq!(happened.blocking_recv(), Some(InputEvent::Da1));
            painter.answer(Instant::now());
            let Some(InputEvent::Key(key)) = happened.blocking_recv() else {
                panic!("no key")
            };
            assert_eq!(written.blocking_recv(), Some(Ok(())));
            painter.written();
            picture.set_string(0, 1, format!("answered {}", key.label()), Style::new());
            writer
                .send(painter.paint(picture, Instant::now()).unwrap())
                .unwrap();
        }
        "no-shell" => {
            let mut terminal = terminal;
            assert_eq!(terminal.suspend().unwrap(), Suspended::NoShell);
            return;
        }
        _ => {}
    }
    assert!(writer.finish(PATIENCE));
    drop(terminal);
}

/// The end of a child.
struct Ended {
    success: bool,
    output: Vec<u8>,
    cooked: bool,
}

/// Runs the child directly in the pseudo-terminal, as `ssh host flightdeck` would.
fn run(how: &str) -> Ended {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(CHILD);
    run_command(command, how)
}

/// For a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the child alone.
const CHILD: [&str; 4] = ["--exact", "term::child", "--ignored", "--nocapture"];

fn run_command(mut command: CommandBuilder, how: &str) -> Ended {
    let size = PtySize {
        rows: 24,
        cols: 80,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    command.env(HOW, how);
    command.env("RUST_BACKTRACE", "0");
    let mut child = pair.slave.spawn_command(command).unwrap();
    // Held until the settings were looked at: they are reset when the last one closes.
    let probe = rustix::fs::open(
        pair.master.tty_name().unwrap(),
        OFlags::RDWR | OFlags::NOCTTY,
        Mode::empty(),
    )
    .unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut keyboard = pair.master.take_writer().unwrap();
    let reading = std::thread::spawn(move || {
        let (mut output, mut chunk, mut asked) = (Vec::new(), [0; 4096], 0);
        // The end of a pseudo-terminal is an error on Linux.
        while let Ok(n @ 1..) = reader.read(&mut chunk) {
            output.extend_from_slice(&chunk[..n]);
            let questions = output
                .windows(QUESTION.len())
                .filter(|w| *w == QUESTION)
                .count();
            for _ in asked..questions {
                // A terminal's answer, and a person who presses a key.
                keyboard.write_all(b"\x1b[?62;22cR").unwrap();
            }
            asked = questions;
        }
        output
    });
    let killer = Arc::new(std::sync::Mutex::new(child.clone_killer()));
    let (finished, watch) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if watch.recv_timeout(Duration::from_mins(1)).is_err() {
            killer.lock().unwrap().kill().unwrap();
        }
    });
    let success = child.wait().unwrap().success();
    finished.send(()).unwrap();
    watchdog.join().unwrap();
    let modes = tcgetattr(&probe).unwrap().local_modes;
    drop(probe);
    Ended {
        success,
        output: reading.join().unwrap(),
        cooked: modes.contains(LocalModes::ICANON | LocalModes::ECHO),
    }
}

/// Everything that was switched on is off, and the normal screen is back.
fn assert_given_back(ended: &Ended) -> vt100::Parser {
    let size = |n: u16| std::num::NonZeroU16::new(n).unwrap();
    let mut emulator = vt100::Parser::new(size(24), size(80), 0);
    emulator.process(&ended.output);
    let screen = emulator.screen();
    assert!(ended.cooked, "raw mode stayed");
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    let text = String::from_utf8_lossy(&ended.output);
    assert_eq!(
        text.matches("\u{1b}[?1049l").count(),
        1,
        "given back once: {text}"
    );
    assert!(text.contains("the cockpit"), "{text}");
    emulator
}

#[test]
fn on_return() {
    let ended = run("return");
    assert!(ended.success);
    let emulator = assert_given_back(&ended);
    assert!(!emulator.screen().contents().contains("the cockpit"));
}

#[test]
fn on_panic_with_the_message_on_the_normal_screen() {
    let ended = run("panic");
    assert!(!ended.success);
    let emulator = assert_given_back(&ended);
    assert!(
        emulator.screen().contents().contains("the cockpit broke"),
        "{}",
        emulator.screen().contents()
    );
}

#[test]
fn a_tasks_panic_leaves_the_screen_alone() {
    let ended = run("task");
    assert!(ended.success);
    assert_given_back(&ended);
    let text = String::from_utf8_lossy(&ended.output);
    assert!(
        text.contains("still flying") && !text.contains("a task broke"),
        "{text}"
    );
}

#[test]
fn suspended_the_shell_has_the_terminal_and_afterwards_we_have_it_again() {
    // A shell with job control, as a person's: the stopped job gives it the terminal, fg continues the job.
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "'{}' {}; stty -a | tr ';' '\\n' | grep -w icanon; echo the shell has it; fg >/dev/null",
        exe.display(),
        CHILD.join(" ")
    );
    let mut command = CommandBuilder::new("sh");
    command.args(["-m", "-c", &script]);
    let ended = run_command(command, "suspend");
    let text = String::from_utf8_lossy(&ended.output).into_owned();
    assert!(ended.success && ended.cooked, "{text}");
    let place = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("no {what:?} in {text}"))
    };
    let left = place("\u{1b}[?1049l");
    assert!(
        place("the cockpit") < left && left < place("the shell has it"),
        "{text}"
    );
    assert!(place("the shell has it") < place("back again"), "{text}");
    // The shell found the terminal as it was: lines are edited and echoed.
    assert!(
        text.contains("isig icanon") && !text.contains("-icanon"),
        "{text}"
    );
    let again = text.split_once("the shell has it").unwrap().1;
    assert!(
        again.contains("\u{1b}[?1049h") && again.contains("\u{1b}[?1049l"),
        "{text}"
    );
}

#[test]
fn without_a_shell_above_it_does_not_go_to_sleep() {
    let ended = run("no-shell");
    assert!(ended.success);
    assert_given_back(&ended);
}

#[test]
fn frames_questions_and_keys_over_a_real_terminal() {
    let ended = run("keys");
    let text = String::from_utf8_lossy(&ended.output).into_owned();
    assert!(ended.success, "{text}");
    assert_given_back(&ended);
    // The second frame is small: it asks nothing and is not synchronized.
    assert!(
        text.contains("answered R") && text.matches("\u{1b}[c").count() == 1,
        "{text}"
    );
}
