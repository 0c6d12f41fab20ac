//! The `flightdeck` program: hooks, then the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Without the hooks a panic only reads worse.
    drop(color_eyre::install());
    flightdeck::cli::run(std::env::args_os())
}
