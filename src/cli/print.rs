//! What the program says of itself for other programs: schemas of its answers, shell completions, the manual page.

use std::io;

use clap::CommandFactory as _;
use serde_json::{Value, json};

use super::args::{Args, Completions, Schema};
use super::failure::{Failure, GOOD};
use super::output::Output;
use crate::config::schema::nearest;
use crate::domain::fetched::FaultKind;
use crate::report::schemas;
use crate::report::verdict::SCHEMA;

/// The script for a shell.
pub(super) fn completions(args: &Completions, out: &mut Output) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "flightdeck", &mut text);
    said(text, out)
}

/// The manual page, with the commands' own pages after it.
pub(super) fn man(out: &mut Output) -> Result<u8, Failure> {
    let mut text = Vec::new();
    let mut command = Args::command();
    command.build();
    pages(&command, &mut text).map_err(|e| internal(&e))?;
    said(text, out)
}

/// A command's page and those of its commands, as far as they do something of their own.
fn pages(command: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)?;
    let below = command.get_subcommands().filter(|c| c.get_name() != "help");
    for sub in below {
        pages(sub, text)?;
    }
    Ok(())
}

/// The schema of an answer, or which there are.
pub(super) fn schema(args: &Schema, out: &mut Output) -> Result<u8, Failure> {
    let names: Vec<&str> = schemas::ALL.iter().map(|(name, _)| *name).collect();
    let Some(name) = &args.name else {
        if out.is_json() {
            out.json(&json!({ "schema": SCHEMA, "names": names }));
        } else {
            for name in names {
                out.line(name);
            }
        }
        return Ok(GOOD);
    };
    let Some((_, text)) = schemas::ALL.iter().find(|(n, _)| n == name) else {
        let near = nearest(name, names.iter().copied());
        let list = names.join(", ");
        return Err(
            Failure::new(FaultKind::NotFound, format!("there is no answer `{name}`")).hint(
                near.map_or_else(
                    || format!("there are: {list}"),
                    |near| format!("did you mean `{near}`? There are: {list}"),
                ),
            ),
        );
    };
    if out.is_json() {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        out.json(&value);
    } else {
        out.text(text);
    }
    Ok(GOOD)
}

fn said(text: Vec<u8>, out: &mut Output) -> Result<u8, Failure> {
    let text = String::from_utf8(text).map_err(|e| internal(&io::Error::other(e)))?;
    out.text(&text);
    Ok(GOOD)
}

fn internal(error: &io::Error) -> Failure {
    Failure::new(FaultKind::Internal, "the text can't be made").cause(error.to_string())
}
