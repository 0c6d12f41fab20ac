//! The table of commands for the README, from the same declarations that parse them.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::args::Args;

/// Every command with what it does, as a Markdown table.
pub fn readme_table() -> String {
    let mut out = String::from("| command | does |\n|---|---|\n");
    out.push_str("| `flightdeck` | Opens the cockpit |\n");
    rows(&Args::command(), "flightdeck", &mut out);
    out
}

fn rows(command: &Command, path: &str, out: &mut String) {
    for sub in command
        .get_subcommands()
        .filter(|c| !c.is_hide_set() && c.get_name() != "help")
    {
        let path = format!("{path} {}", sub.get_name());
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let flags: Vec<String> = sub
            .get_arguments()
            .filter(|a| !a.is_global_set() && !a.is_hide_set())
            .filter_map(|a| a.get_long())
            .filter(|long| !matches!(*long, "help" | "version"))
            .map(|long| format!("`--{long}`"))
            .collect();
        let with = if flags.is_empty() {
            String::new()
        } else {
            format!(" ({})", flags.join(", "))
        };
        let groups_only = sub.is_subcommand_required_set() && flags.is_empty();
        if !groups_only {
            let _ = writeln!(out, "| `{path}` | {about}{with} |");
        }
        rows(sub, &path, out);
    }
}
