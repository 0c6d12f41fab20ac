//! The loop of the screen: signals, keys, the writer's word, the World's messages, the clock; and a frame when something that
//! is seen has changed. The first frame comes before all that, so that the caller can paint before it starts anything else.

use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{sleep, sleep_until, timeout};

use super::clipboard;
use super::decode::InputEvent;
use super::gate::{Draw, Why};
use super::input::Input;
use super::paint::Painter;
use super::routing::Intent;
use super::screen::{Browser, Look, Screen, render};
use super::signals::{Event, Signals};
use super::styles::Depth;
use super::terminal::{Modes, Suspended, Terminal, Tty};
use super::views::ViewId;
use super::writer::{LAST_FRAME, Writer};
use crate::app::keymap::Keymap;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::config::theme::Theme;
use crate::domain::units::Now;
use crate::runtime::Driver;

/// Events on their way from the terminal.
const EVENTS: usize = 64;
/// How long leaving waits for the answer of a write that is under way.
const LAST_WRITE: Duration = Duration::from_secs(2);
/// How long leaving waits until the last screen is on disk.
const LAST_SCREEN: Duration = Duration::from_millis(500);

/// Why the screen can't be shown, or ended.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// There is no terminal.
    #[error("there is no terminal to show the cockpit on: {0}; `flightdeck status` needs none")]
    NoTerminal(#[source] io::Error),
    /// The terminal refuses.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// How the screen is to look and behave.
#[derive(Debug, Clone)]
pub struct Options {
    pub look: Look,
    pub modes: Modes,
}

impl Options {
    /// For the process' own terminal, as its environment describes it: colours, whether a browser can be opened here.
    pub fn from_environment(theme: Theme, keymap: Keymap, mouse: bool, ascii: bool) -> Self {
        let var = |name: &str| std::env::var(name).ok();
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let no_color = var("NO_COLOR");
        let depth = Depth::detect(
            var("COLORTERM").as_deref(),
            var("TERM").as_deref(),
            no_color.as_deref(),
        );
        let remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
        let display = cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
        Self {
            look: Look {
                keymap,
                theme,
                depth,
                browser: match (remote, display) {
                    (true, _) => Browser::Remote,
                    (false, true) => Browser::Here,
                    (false, false) => Browser::Missing,
                },
                view: ViewId::default(),
                ascii,
                ids: Driver::ids,
            },
            modes: Modes { mouse },
        }
    }
}

/// Shows the cockpit until it is left. The terminal is given back on every way out.
///
/// # Errors
/// There is no terminal, or it failed.
pub async fn run(driver: Driver, options: Options) -> Result<(), TuiError> {
    Cockpit::first_paint(driver.world(), driver.now(), options)?
        .fly(driver)
        .await
}

/// The screen on its terminal.
#[derive(Debug)]
pub struct Cockpit {
    writer: Writer,
    written: UnboundedReceiver<Result<(), Errno>>,
    done: UnboundedSender<Result<(), Errno>>,
    painter: Painter,
    screen: Screen,
    /// Set by a signal that came before the loop listened.
    asked_to_leave: Arc<AtomicBool>,
    /// Last, so that it is given back after everything else has let go of it.
    terminal: Terminal,
}

/// What a turn of the loop leads to.
enum Turn {
    Stay,
    Suspend,
    Leave,
}

impl Cockpit {
    /// Takes the terminal and draws the World as it is, modes and frame in one write. Needs no runtime.
    /// A signal that asks to leave is heard from here on; [`Self::fly`] obeys it first thing.
    ///
    /// # Errors
    /// There is no terminal, or it failed.
    pub fn first_paint(world: &World, now: Now, options: Options) -> Result<Self, TuiError> {
        let asked_to_leave = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGHUP, SIGINT] {
            signal_hook::flag::register(signal, Arc::clone(&asked_to_leave))?;
        }
        let tty = Tty::open().map_err(TuiError::NoTerminal)?;
        let size = tty.size();
        let terminal = Terminal::enter(tty, options.modes).map_err(TuiError::NoTerminal)?;
        let (done, written) = mpsc::unbounded_channel();
        let writer = Writer::new(terminal.frames()?, terminal.muted(), done.clone());
        let mut cockpit = Self {
            writer,
            written,
            done,
            painter: Painter::new(terminal.opening()),
            screen: Screen::new(options.look, size),
            asked_to_leave,
            terminal,
        };
        cockpit.draw(world, now);
        Ok(cockpit)
    }

    /// Draws what is true now; sends nothing when the terminal shows it already.
    fn draw(&mut self, world: &World, now: Now) {
        self.screen.observe(world, now);
        let mut picture = Buffer::empty(self.screen.area());
        render(world, &self.screen, now, self.screen.area(), &mut picture);
        if let Some(frame) = self.painter.paint(picture, Instant::now())
            && self.writer.send(frame).is_err()
        {
            // The slot is never taken while the gate is open; should it be, the next frame must bring everything.
            self.painter.forget();
        }
    }

    /// Flies until it is left.
    ///
    /// # Errors
    /// The terminal failed.
    pub async fn fly(mut self, mut driver: Driver) -> Result<(), TuiError> {
        let mut signals = Signals::new()?;
        if self.asked_to_leave.load(Ordering::Acquire) {
            self.leave(&mut driver).await;
            return Ok(());
        }
        let (events_in, mut events) = mpsc::channel(EVENTS);
        let input = Input::spawn(self.terminal.tty().input.try_clone()?, events_in)?;
        // The terminal may have been resized before anybody listened.
        self.screen.resize(self.terminal.tty().size());
        let mut dirty = Some(Why::Data);
        loop {
            // What is seen may need more than is known: older rows of the ledger, changes.
            for msg in self.screen.wants(driver.world()) {
                driver.send(msg);
                dirty.get_or_insert(Why::Data);
            }
            let paced = self.draw_if_due(&mut dirty, &driver);
            let tick = Self::next_tick(&self.screen, &driver);
            let turn = tokio::select! {
                biased;
                signal = signals.next() => self.on_signal(signal, &mut dirty)?,
                event = events.recv() => match event {
                    Some(InputEvent::Closed) | None => Turn::Leave,
                    Some(event) => self.on_event(&event, &mut driver, &mut dirty),
                },
                written = self.written.recv() => match written {
                    Some(Ok(())) => {
                        self.painter.written();
                        Turn::Stay
                    }
                    Some(Err(_)) | None => Turn::Leave,
                },
                () = sleep_until(paced.unwrap_or_else(Instant::now).into()), if paced.is_some() => Turn::Stay,
                () = driver.next() => {
                    dirty.get_or_insert(Why::Data);
                    Turn::Stay
                }
                () = sleep(tick), if dirty.is_none() => {
                    dirty = Some(Why::Data);
                    Turn::Stay
                }
            };
            match turn {
                Turn::Stay => {}
                Turn::Suspend => {
                    self.suspend(&input, &mut signals, driver.now()).await?;
                    dirty = Some(Why::Person);
                }
                Turn::Leave => break,
            }
        }
        self.leave(&mut driver).await;
        Ok(())
    }

    /// Draws if something is to be drawn and the gate is open; else says until when to wait, if a time is known.
    fn draw_if_due(&mut self, dirty: &mut Option<Why>, driver: &Driver) -> Option<Instant> {
        let why = (*dirty)?;
        match self.painter.may_draw(why, Instant::now()) {
            Draw::Now => {
                *dirty = None;
                self.draw(driver.world(), driver.now());
                None
            }
            Draw::At(at) => Some(at),
            Draw::Wait => None,
        }
    }

    /// How long until the clock alone changes what is seen: the next second while seconds matter, else the next minute.
    fn next_tick(screen: &Screen, driver: &Driver) -> Duration {
        let now = driver.now();
        let speed = driver.clock().speed();
        let into = now.0.as_duration().as_secs_f64();
        let left = if screen.is_ticking(driver.world(), now) {
            // A stretched clock would ask for many frames a second: one is enough.
            if speed > 1.0 {
                1.0
            } else {
                (1.0 - into.rem_euclid(1.0)) / speed
            }
        } else {
            (60.0 - into.rem_euclid(60.0)) / speed
        };
        Duration::from_secs_f64(left.clamp(0.02, 3_600.0))
    }

    fn on_signal(&mut self, signal: Event, dirty: &mut Option<Why>) -> Result<Turn, TuiError> {
        Ok(match signal {
            Event::End => Turn::Leave,
            Event::Stop => Turn::Suspend,
            Event::Continued => {
                self.retake()?;
                *dirty = Some(Why::Person);
                Turn::Stay
            }
            Event::Resized => {
                let size = self.terminal.tty().size();
                let area = self.screen.area();
                if size != (area.width, area.height) {
                    self.screen.resize(size);
                    *dirty = Some(Why::Person);
                }
                Turn::Stay
            }
        })
    }

    fn on_event(
        &mut self,
        event: &InputEvent,
        driver: &mut Driver,
        dirty: &mut Option<Why>,
    ) -> Turn {
        if *event == InputEvent::Da1 {
            self.painter.answer(Instant::now());
            return Turn::Stay;
        }
        *dirty = Some(Why::Person);
        let now = driver.now();
        let mut turn = Turn::Stay;
        for intent in self.screen.on_input(event, driver.world(), now) {
            match intent {
                Intent::Send(msg) => driver.send(*msg),
                Intent::Copy(text) => self.copy(&text, now),
                Intent::Browse(url) => {
                    if !browse(&url) {
                        self.screen.say(
                            Severity::Warning,
                            format!("no browser could be started; copied: {url}"),
                            now,
                        );
                        self.copy(&url, now);
                    }
                }
                Intent::Repaint => self.painter.forget(),
                Intent::Suspend => turn = Turn::Suspend,
                Intent::Quit => turn = Turn::Leave,
            }
        }
        turn
    }

    fn copy(&mut self, text: &str, now: Now) {
        match clipboard::copy(text) {
            Some(bytes) => self.painter.send_along(&bytes),
            None => self
                .screen
                .say(Severity::Warning, "too long for the clipboard", now),
        }
    }

    /// Gives the terminal back and stops, until somebody wakes us up.
    async fn suspend(
        &mut self,
        input: &Input,
        signals: &mut Signals,
        now: Now,
    ) -> Result<(), TuiError> {
        input.pause();
        self.writer.finish(LAST_FRAME);
        match self.terminal.suspend()? {
            Suspended::NoShell => {
                self.screen.say(
                    Severity::Info,
                    "no shell waits above that could wake flightdeck up again",
                    now,
                );
            }
            Suspended::Stopping => {
                signals.continued.recv().await;
                self.retake()?;
            }
        }
        input.resume();
        Ok(())
    }

    /// After a stop: raw mode, all modes and all of the picture again, by a writer that knows the terminal is ours.
    fn retake(&mut self) -> Result<(), TuiError> {
        self.writer.finish(LAST_FRAME);
        self.terminal.resume()?;
        let (done, written) = mpsc::unbounded_channel();
        self.writer = Writer::new(self.terminal.frames()?, self.terminal.muted(), done.clone());
        (self.done, self.written) = (done, written);
        self.painter = Painter::new(self.terminal.opening());
        self.screen.resize(self.terminal.tty().size());
        Ok(())
    }

    /// Leaves: the terminal first, then the answer of a write that is under way, for a moment.
    async fn leave(&mut self, driver: &mut Driver) {
        self.writer.finish(LAST_FRAME);
        self.terminal.leave();
        let answered = async {
            while driver.is_writing() {
                driver.next().await;
            }
        };
        // What is not answered by then is found again by its correlation id.
        let _ = timeout(LAST_WRITE, answered).await;
        // The next start begins with this; the process would end before the store has written it.
        let _ = timeout(LAST_SCREEN, driver.remember()).await;
    }
}

/// Opens an address in a browser, never through a shell; false when none could be started.
fn browse(url: &str) -> bool {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let child = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    // Somebody has to take its end, or it stays as a zombie.
    std::thread::Builder::new()
        .name("browser".to_owned())
        .spawn(move || drop(child.wait()))
        .is_ok()
}
