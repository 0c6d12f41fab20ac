//! Files that are generated from the code: the committed ones are equal to it. `UPDATE=1` rewrites them.

use std::path::Path;

use flightdeck::config::{self, Folders, Sources};

pub(crate) fn holds(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "{name} is not what the code says: run with UPDATE=1"
    );
}

#[test]
fn the_example_configuration_is_current() {
    holds("config.example.toml", &config::example());
}

/// Uncomments every setting and every table of the example.
fn uncommented() -> String {
    config::example()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n")
}

fn load(text: &str) -> Result<config::Loaded, config::Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::create_dir(folder.path().join(".flightdeck")).unwrap();
    std::fs::write(folder.path().join(".flightdeck/plan.toml"), "").unwrap();
    let folders = Folders {
        home: None,
        config: folder.path().join("c"),
        state: folder.path().join("s"),
        cache: folder.path().join("x"),
    };
    config::load(&Sources {
        config_flag: Some(file),
        ..Sources::new(folder.path(), folders)
    })
}

#[test]
fn the_example_holds_as_it_is_and_with_every_line_uncommented() {
    assert!(!load(&config::example()).unwrap().is_configured());
    let loaded = load(&uncommented()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(loaded.is_configured());
    assert!(loaded.warnings.is_empty());
}

#[test]
fn the_example_has_every_key_once() {
    // Whatever table and key the strict check knows stands in the example: loading it leaves no key without a file's origin.
    let loaded = load(&uncommented()).unwrap();
    let missing: Vec<String> = loaded
        .origins
        .all()
        .iter()
        .filter(|key| key.origin == config::Origin::Default)
        .map(|key| key.path.join("."))
        // Entries that only illustrate an order or a reference are not complete.
        .filter(|key| {
            !key.starts_with("services.payments.")
                && !key.starts_with("services.checkout.env.staging.")
        })
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// The part of the README between `<!-- NAME: ... -->` and `<!-- /NAME -->` is what the code says.
fn readme_section(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(&format!("<!-- {name}:")).unwrap();
    let (marker, rest) = rest.split_once('\n').unwrap();
    let (_, after) = rest.split_once(&format!("<!-- /{name} -->")).unwrap();
    let whole = format!(
        "{before}<!-- {name}:{marker}\n\n{}\n\n<!-- /{name} -->{after}",
        expected.trim()
    );
    holds("README.md", &whole);
}

#[test]
fn the_keys_of_the_readme_are_current() {
    readme_section("keys", &flightdeck::app::action::readme_table());
}

#[test]
fn the_commands_of_the_readme_are_current() {
    readme_section("commands", &flightdeck::cli::readme_table());
}

#[test]
fn the_configuration_in_the_readme_loads() {
    let readme = include_str!("../../README.md");
    let examples: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect();
    let loaded = load(&examples.concat()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(loaded.is_configured());
    assert!(!loaded.config.gates.is_empty());
}
