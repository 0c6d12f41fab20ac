//! The house's walls: who may know whom. Reads every file under `src/`, strips comments and strings, and fails on an import that
//! the table forbids, on a file that grew too long, and on files that hold what only one place may hold.

#![expect(
    clippy::string_slice,
    clippy::maybe_infinite_iter,
    reason = "sources are searched as text: offsets of matches are boundaries"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The longest a file may be, in lines.
const MAX_LINES: usize = 600;

/// A room: the rooms it may import, and the crates it never sees.
struct Room {
    name: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
}

const PURE: &[&str] = &[
    "tokio",
    "reqwest",
    "octocrab",
    "rusqlite",
    "ratatui",
    "crossterm",
    "termina",
    "axum",
    "std::env",
    "std::fs",
    "std::net",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant::now",
];

const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        may: &[],
        never: PURE,
    },
    Room {
        name: "app",
        may: &["domain"],
        never: PURE,
    },
    Room {
        name: "report",
        may: &["domain", "app"],
        never: &[
            "tokio",
            "reqwest",
            "octocrab",
            "rusqlite",
            "ratatui",
            "crossterm",
            "termina",
            "std::net",
        ],
    },
    Room {
        name: "config",
        may: &[
            "domain",
            "app::action",
            "app::keymap",
            "app::chord",
            "providers::github::settings",
            "providers::http_json::settings",
            "providers::prometheus::settings",
        ],
        never: &[
            "tokio",
            "reqwest",
            "octocrab",
            "rusqlite",
            "ratatui",
            "crossterm",
            "termina",
        ],
    },
    Room {
        name: "providers",
        may: &["domain"],
        never: &["rusqlite", "ratatui", "crossterm", "termina"],
    },
    Room {
        name: "store",
        may: &["domain"],
        never: &[
            "tokio",
            "reqwest",
            "octocrab",
            "ratatui",
            "crossterm",
            "termina",
        ],
    },
    Room {
        name: "runtime",
        may: &["app", "domain", "report", "providers", "store", "config"],
        never: &["ratatui", "crossterm", "termina", "rusqlite"],
    },
    Room {
        name: "tui",
        may: &["domain", "app", "config", "report", "runtime"],
        never: &["reqwest", "octocrab", "rusqlite", "axum"],
    },
    Room {
        name: "cli",
        may: &["app", "domain", "config", "report", "runtime"],
        never: &[
            "ratatui",
            "crossterm",
            "termina",
            "reqwest",
            "octocrab",
            "rusqlite",
            "axum",
        ],
    },
    Room {
        name: "demo",
        may: &["domain::ids", "domain::units"],
        never: &[
            "ratatui",
            "crossterm",
            "termina",
            "rusqlite",
            "octocrab",
            "Timestamp::now",
            "SystemTime",
        ],
    },
];

/// A file with a wider door than its room.
const DOORS: &[(&str, &[&str])] = &[
    ("cli/demo.rs", &["demo"]),
    ("cli/cockpit.rs", &["tui"]),
    ("runtime/clock.rs", &[]),
];

/// A crate that one file alone may name.
const ALONE: &[(&str, &str)] = &[
    // What our expansion of rules is held against, and the types that it takes; all else tells the time with jiff.
    ("rrule", "domain/calendar/expansion_tests.rs"),
    ("chrono", "domain/calendar/expansion_tests.rs"),
    ("yaml_rust2", "domain/yaml.rs"),
    ("gix", "providers/git.rs"),
];

/// Removes comments and the contents of strings and characters, so that words in them are no imports.
fn code_of(text: &str) -> String {
    let bytes: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    let at = |i: usize| bytes.get(i).copied().unwrap_or('\0');
    while i < bytes.len() {
        match (at(i), at(i + 1)) {
            ('/', '/') => {
                while i < bytes.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            ('/', '*') => {
                i += 2;
                while i < bytes.len() && !(at(i) == '*' && at(i + 1) == '/') {
                    i += 1;
                }
                i += 2;
            }
            ('r', '"' | '#') if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let hashes = (i + 1..).take_while(|j| at(*j) == '#').count();
                if at(i + 1 + hashes) == '"' {
                    let close: String = std::iter::once('"')
                        .chain(std::iter::repeat_n('#', hashes))
                        .collect();
                    i += hashes + 2;
                    while i < bytes.len()
                        && !bytes[i..].iter().collect::<String>().starts_with(&close)
                        && i + 1 < bytes.len()
                    {
                        i += 1;
                        if bytes[i..].iter().take(close.len()).collect::<String>() == close {
                            break;
                        }
                    }
                    i += close.len();
                } else {
                    out.push('r');
                    i += 1;
                }
            }
            ('"', _) => {
                i += 1;
                while i < bytes.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
                out.push_str("\"\"");
            }
            // A character, not a lifetime.
            ('\'', '\\') => {
                i += 2;
                while i < bytes.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            (c, _) => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

/// The paths below `crate::` that a file names, `use crate::{a::b, c}` taken apart.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::") {
        let before = rest[..at].chars().next_back();
        rest = &rest[at + "crate::".len()..];
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && c == ',') {
                    found.push(item.trim().to_owned());
                    item.clear();
                    if depth == 0 {
                        break;
                    }
                } else {
                    item.push(c);
                }
            }
        } else {
            found.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
                    .collect(),
            );
        }
    }
    found.retain(|f| !f.is_empty());
    found
}

/// Whether the code names a crate (or a path): `crate::x::tokio` or a field of that name is not the crate; `tokio::` and
/// `use tokio` are.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let boundary = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        boundary(before)
            && boundary(after)
            && (word.contains("::") || after == Some(':') || after == Some(';'))
    })
}

/// What is wrong with a file of a room; `path` is relative to `src/`.
fn violations(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!(
            "{path} has {lines} lines, more than {MAX_LINES}: a second idea moved in"
        ));
    }
    let Some(room) = ROOMS
        .iter()
        .find(|r| path.starts_with(&format!("{}/", r.name)))
    else {
        return wrong;
    };
    let code = code_of(text);
    let door: &[&str] = DOORS
        .iter()
        .find(|(p, _)| *p == path)
        .map_or(&[], |(_, rooms)| rooms);
    for import in imports(&code) {
        let first = import.split("::").next().unwrap_or_default();
        let is_room = ROOMS.iter().any(|r| r.name == first);
        let allowed = first == room.name
            || room
                .may
                .iter()
                .chain(door)
                .any(|m| import == *m || import.starts_with(&format!("{m}::")) || *m == first)
            || !is_room;
        if !allowed {
            wrong.push(format!(
                "{path} imports crate::{import}: {} may not know that",
                room.name
            ));
        }
    }
    if code.contains("super::super::super") {
        wrong.push(format!(
            "{path} climbs over three walls with super::super::super"
        ));
    }
    for word in room.never {
        if names(&code, word) {
            wrong.push(format!("{path} names {word}: {} never sees it", room.name));
        }
    }
    for (word, only) in ALONE {
        // A field may have the crate's name; a path into it is the crate.
        let named = code.match_indices(&format!("{word}::")).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
        });
        if *only != path && named {
            wrong.push(format!("{path} names {word}: only {only} may"));
        }
    }
    wrong
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn every_file_keeps_to_its_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 50, "the sources were not found");
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file
                .strip_prefix(&src)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            violations(&path, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn main_is_thin() {
    let main =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(
        main.lines().count() <= 40,
        "main.rs only installs hooks, parses, runs, and maps the end to an exit code"
    );
}

/// Each wall has a file that breaks it; the test would be blind if one of these passed.
#[test]
fn each_wall_is_guarded() {
    let broken: BTreeMap<&str, &str> = [
        ("domain/x.rs", "use crate::app::world::World;"),
        ("domain/y.rs", "fn f() { tokio::spawn(async {}); }"),
        ("app/x.rs", "use crate::{domain::ids, store::Ledger};"),
        ("app/y.rs", "fn f() { let t = jiff::Timestamp::now(); }"),
        ("domain/calendar/rule.rs", "use rrule::RRule;"),
        ("report/x.rs", "use crate::tui::run;"),
        ("config/x.rs", "use crate::app::world::World;"),
        ("config/y.rs", "use reqwest::Client;"),
        ("providers/x.rs", "use crate::config::Config;"),
        ("store/x.rs", "use crate::providers::error::ProviderError;"),
        ("runtime/x.rs", "use crate::tui::screen::Screen;"),
        ("tui/x.rs", "use crate::store::Ledger;"),
        ("cli/x.rs", "use crate::tui::run;"),
        ("cli/y.rs", "use ratatui::Frame;"),
        ("demo/x.rs", "use crate::domain::signal::Judge;"),
        ("demo/y.rs", "use crate::config::Config;"),
    ]
    .into();
    for (path, text) in broken {
        assert!(
            !violations(path, text).is_empty(),
            "{path} should be refused: {text}"
        );
    }
    let long = "//\n".repeat(MAX_LINES + 1);
    assert!(!violations("domain/long.rs", &long).is_empty());
}

#[test]
fn words_in_comments_and_strings_are_no_imports() {
    let text = "// use crate::tui::run;\n/* reqwest::get */\nconst A: &str = \"use crate::store::x; tokio::spawn\";\nconst B: char = '\"';\n";
    assert_eq!(violations("domain/x.rs", text), Vec::<String>::new());
    assert!(violations("cli/demo.rs", "use crate::demo::start;").is_empty());
}
