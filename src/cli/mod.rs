//! The commands: arguments, and one file per command. Each runs the same Driver as the screen until its question is answered.

mod args;
mod ask;
mod calendar;
mod changes;
mod choose;
mod cockpit;
mod config;
mod config_trust;
mod demo;
mod doctor;
mod doctor_terminal;
mod dora;
mod drive;
mod failure;
mod found;
mod gates;
mod history;
mod init;
mod ledger;
mod location;
mod logging;
mod output;
mod print;
mod profile;
mod reference;
mod remote;
mod rollback;
mod setup;
mod sign;
mod status;
mod stop;
mod verdict;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Args, Command};
use failure::Failure;
use output::Output;

pub use reference::readme_table;

/// Runs the program with these arguments (the program's name first).
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let no_color = std::env::var("NO_COLOR").ok();
    let args = match Args::try_parse_from(&arguments) {
        Ok(args) => args,
        Err(error) => return not_understood(&error, &arguments, no_color.as_deref()),
    };
    let mut out = Output::new(args.common.json, no_color.as_deref());
    let answer = command(&args, &mut out);
    match (answer, out.broken()) {
        (Err(failure), _) | (Ok(_), Some(failure)) => {
            out.failure(&failure);
            failure.code()
        }
        (Ok(code), None) => ExitCode::from(code),
    }
}

fn command(args: &Args, out: &mut Output) -> Result<u8, Failure> {
    let common = &args.common;
    match &args.command {
        None => cockpit::run(common, &args.screen, out),
        Some(Command::Demo(args)) => demo::run(common, args, out),
        Some(Command::Status(args)) => status::run(common, args, out),
        Some(Command::Gates(args)) => gates::run(common, args, out),
        Some(Command::Sign(args)) => sign::run(common, args, out),
        Some(Command::Rollback(args)) => rollback::run(common, args, out),
        Some(Command::Verdict(args)) => verdict::run(common, args, out),
        Some(Command::Calendar(args)) => calendar::run(common, args, out),
        Some(Command::Doctor(args)) => doctor::run(common, args, out),
        Some(Command::Changes(args)) => changes::run(common, args, out),
        Some(Command::Where(args)) => location::run(common, args, out),
        Some(Command::Dora(args)) => dora::run(common, args, out),
        Some(Command::Ledger(args)) => ledger::run(common, args, out),
        Some(Command::Schema(args)) => print::schema(args, out),
        Some(Command::Completions(args)) => print::completions(args, out),
        Some(Command::Man) => print::man(out),
        Some(Command::Config(args)) => config::run(common, args, out),
    }
}

/// Help and version are answers; all else is wrong usage, as an object where JSON was asked for.
fn not_understood(error: &clap::Error, arguments: &[OsString], no_color: Option<&str>) -> ExitCode {
    let mut json = arguments.iter().take_while(|a| *a != "--");
    let out = Output::new(json.any(|a| a == "--json"), no_color);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // Help that nobody reads is no failure.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    if out.is_json() {
        out.failure(&usage(error));
    } else {
        drop(error.print());
    }
    ExitCode::from(2)
}

/// clap's words: the first line is the message, a tip is the hint.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or("wrong usage");
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let hint = lines.find_map(|l| l.strip_prefix("tip: "));
    Failure::usage(message).hint(hint.unwrap_or("`flightdeck --help` names the commands and flags"))
}
