//! The built program from outside: a sealed home, arguments in, words and exit codes out. Answers are held against their schemas.

mod calendar;
mod clone;
mod damage;
mod delivery;
mod delivery_killed;
mod doctor;
mod gates;
mod help;
mod init;
mod live;
mod offline;
mod online;
mod prompts;
mod rollback;
pub(crate) mod schema;
mod silence;
mod trust;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::flight::Flight;

/// A home of its own: no configuration, no token, nothing of the machine.
pub(crate) struct Home {
    keep: TempDir,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(keep.path().join("work")).unwrap();
        Self { keep }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    /// The environment of its commands.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        let command = self.command(&[]);
        let text = |s: &std::ffi::OsStr| s.to_str().unwrap().to_owned();
        let pairs = command.get_envs();
        pairs
            .map(|(name, value)| (text(name), text(value.unwrap())))
            .collect()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("USER", "tester")
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// A command on a pseudo-terminal of this size, with more in its environment.
    pub(crate) fn fly(&self, args: &[&str], more: &[(&str, &str)], size: (u16, u16)) -> Flight {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_flightdeck"));
        command.env_clear();
        for (name, value) in self.env() {
            command.env(name, value);
        }
        for (name, value) in more {
            command.env(name, value);
        }
        command.cwd(self.path("work"));
        command.args(args);
        Flight::of_command(command, size)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).spawn().unwrap())
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        Ran::of(child)
    }

    /// Everything that lies in this home, as bytes.
    pub(crate) fn all_bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.keep.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
                }
            }
        }
        found
    }
}

impl Ran {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The answer: one object on one line, of the shape of a schema.
    #[track_caller]
    pub(crate) fn json(&self, schema: &str) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        schema::checked(schema, self.out.trim())
    }

    /// The error object on stderr.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        schema::checked("error", self.err.trim())["error"].clone()
    }

    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// `flightdeck demo --serve`, running.
pub(crate) struct Served {
    child: Child,
    pub(crate) hello: Value,
    _out: BufReader<ChildStdout>,
}

impl Served {
    pub(crate) fn start(home: &Home, args: &[&str]) -> Self {
        let mut command = home.command(&[&["demo", "--serve"], args].concat());
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self {
            child,
            hello: schema::checked("demo", line.trim()),
            _out: out,
        }
    }

    pub(crate) fn config(&self) -> &str {
        self.hello["config"].as_str().unwrap()
    }

    pub(crate) fn token(&self) -> &str {
        self.hello["token"].as_str().unwrap()
    }

    /// Asks it to stop; returns the exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        signal(&self.child, Signal::TERM);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Already gone after `stop`.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Reads a child's standard output up to a line that holds `word`; what follows stays to be read.
pub(crate) fn read_until(out: &mut BufReader<impl Read>, word: &str) -> String {
    let mut all = String::new();
    while !all.contains(word) {
        let mut line = String::new();
        let n = out.read_line(&mut line).unwrap();
        assert!(n > 0, "ended without `{word}`: {all}");
        all.push_str(&line);
    }
    all
}

/// A configuration with one service whose sources are not there.
pub(crate) fn nowhere(home: &Home, more: &str) -> String {
    let token = home.write("token", "ghp_secret0123456789");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&token, mode).unwrap();
    let text = format!(
        "schema = 1\n[github.main]\napi = \"http://127.0.0.1:9\"\ntoken = {{ from = \"file\", path = \"{}\" }}\n\
         [services.checkout]\nrepo = \"acme/checkout\"\nenvironments = [\"staging\", \"production\"]\n\
         [services.checkout.env.staging]\n[services.checkout.env.production]\n{more}",
        token.display()
    );
    home.write("flightdeck.toml", &text).display().to_string()
}

/// A rollback section for it.
pub(crate) const WAY: &str = "[services.checkout.env.production.rollback]\nladder = [\"workflow\"]\n\
    [services.checkout.env.production.rollback.way]\nworkflow = { github_workflow = { file = \"rollback.yml\", ref = \"main\" } }\n";

pub(crate) fn recording(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/recordings")
        .join(name)
        .display()
        .to_string()
}
