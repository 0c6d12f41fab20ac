//! What an untrusted project file may not do: redirect a token, name a server, start something, read outside of the repository.
//! A file is trusted by its path and its contents together, so one that changes is untrusted again. What a key would do in
//! words: [`words`].

#[path = "trust_words.rs"]
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::diagnostic::Diagnostics;
use super::document::ROOT;
use super::file::{self, Read};
use super::paths::project;
use super::schema::Node;
use super::strict::Strict;
use super::tree::{Layer, Place, Table, Value, dotted, find, remove};

/// A key of a project file that has no effect until the user trusts the file.
#[derive(Debug, Clone)]
pub struct Withheld {
    /// The key's path.
    pub key: String,
    /// Where it is written.
    pub place: Place,
    /// What it would do, in words; nothing secret, and harmless on a terminal.
    pub what: String,
}

/// A project's own file: what trust is about.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// Where it really lies (links resolved).
    pub path: PathBuf,
    /// SHA-256 of its contents, in hex.
    pub sha256: String,
    /// Whether the user trusts exactly these contents.
    pub trusted: bool,
    /// What it needs trust for, with the place of each key.
    pub asks: Vec<Withheld>,
}

/// Asks whether a file is trusted: the profile, the file's real path, the SHA-256 of its contents.
pub type TrustCheck = Arc<dyn Fn(&str, &Path, &str) -> bool + Send + Sync>;

/// Reads a project's file for a person who is to decide about it. `None`: there is none.
///
/// # Errors
/// It can't be read or understood; what can't be understood can't be judged.
pub fn inspect(path: &Path, home: Option<&Path>) -> Result<Option<ProjectFile>, Diagnostics> {
    match file::read(path, Layer::Project) {
        Read::Missing => Ok(None),
        Read::Broken(found) => Err(Diagnostics(found)),
        Read::Parsed(source, mut table) => {
            let base = path.parent().unwrap_or(Path::new("."));
            let mut strict = Strict::new(base, home);
            strict.table(&ROOT, &mut table, &mut Vec::new());
            source.masks.get_or_init(|| strict.masks);
            if !strict.faults.is_empty() {
                return Err(Diagnostics(strict.faults));
            }
            let root = project(base).root;
            Ok(Some(ProjectFile {
                path: real(path),
                sha256: sha256(source.text.as_bytes()),
                trusted: false,
                asks: asks(&table, root.as_deref()),
            }))
        }
    }
}

/// The path without links; as it is where that can't be told.
pub(crate) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Whether a path that exists leads out of a folder, by a link.
pub(crate) fn leads_out(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => !path.starts_with(folder),
        // What is not there is not read.
        _ => false,
    }
}

/// A file that lies outside of the repository: nothing of it holds before it is trusted.
pub(crate) fn whole(path: &Path) -> Withheld {
    Withheld {
        key: ".flightdeck/config.toml".to_owned(),
        place: Place::Default,
        what: format!(
            "is a link out of the repository, to {}",
            words::safe(&path.display().to_string())
        ),
    }
}

/// The SHA-256 of bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits = digits.iter().flat_map(|b| [b >> 4, b & 15]);
    digits
        .filter_map(|d| char::from_digit(u32::from(d), 16))
        .collect()
}

/// Every key of a project's tree that needs trust. `root`: the repository's folder, where a plan file must lie.
pub(crate) fn asks(layer: &Table, root: Option<&Path>) -> Vec<Withheld> {
    let mut found = Vec::new();
    guarded(&ROOT, layer, &mut Vec::new(), &mut |path, place, value| {
        found.push(Withheld {
            key: dotted(path),
            place: place.clone(),
            what: words::of(path, value),
        });
    });
    let plan = find(layer, &["calendar", "plan"]);
    if let (Some(item), Some(root)) = (plan, root)
        && let Value::Text(name) = &item.value
        && leads_out(&root.join(name), root)
    {
        found.push(Withheld {
            key: "calendar.plan".to_owned(),
            place: item.key.clone(),
            what: format!("reads {}, outside of the repository", words::safe(name)),
        });
    }
    found
}

/// Takes every key that needs trust out of a project's tree, and names what it takes. `own` are the other layers: a metrics source
/// that loses its `url` goes whole, with the references to it, unless one of them has that source; and a service for which one of
/// them arms a write is theirs alone, since a project could else point that write at another repository.
pub(crate) fn withhold(layer: &mut Table, root: &Path, own: &[&Table]) -> Vec<Withheld> {
    let mut withheld = Vec::new();
    for (name, place) in armed(layer, own) {
        remove(layer, &["services".to_owned(), name.clone()]);
        withheld.push(Withheld {
            key: dotted(&["services".to_owned(), name]),
            place,
            what: "changes a service that your own file has armed".to_owned(),
        });
    }
    let mut paths = Vec::new();
    guarded(&ROOT, layer, &mut Vec::new(), &mut |path, _, _| {
        paths.push(path.to_vec());
    });
    withheld.extend(asks(layer, Some(root)));
    if withheld.iter().any(|w| w.key == "calendar.plan") {
        paths.push(vec!["calendar".to_owned(), "plan".to_owned()]);
    }
    let elsewhere = |name: &str| {
        own.iter()
            .any(|other| find(other, &["metrics", name, "url"]).is_some())
    };
    for path in &paths {
        remove(layer, path);
        if let [metrics, name, url] = path.as_slice()
            && metrics == "metrics"
            && url == "url"
            && !elsewhere(name)
        {
            remove(layer, &["metrics".to_owned(), name.clone()]);
            drop_references(layer, name);
        }
        // A gate without its kind is none; it is named, and stands in the checklist as one that can't be told.
        if let [gates, id, _] = path.as_slice()
            && gates == "gates"
        {
            remove(layer, &["gates".to_owned(), id.clone()]);
        }
    }
    withheld
}

/// The services of this layer for which another one has a key that needs trust.
fn armed(layer: &Table, own: &[&Table]) -> Vec<(String, Place)> {
    let services = |table: &Table| match find(table, &["services"]).map(|item| item.value.clone()) {
        Some(Value::Table(services)) => services,
        _ => Table::new(),
    };
    let theirs: Vec<Table> = own.iter().map(|table| services(table)).collect();
    let is_armed = |name: &str| {
        theirs.iter().any(|table| {
            let one: Table = table.iter().filter(|(n, _)| n == name).cloned().collect();
            let mut found = false;
            if let Some((node, _)) = ROOT.child("services") {
                guarded(&node, &one, &mut Vec::new(), &mut |_, _, _| found = true);
            }
            found
        })
    };
    services(layer)
        .into_iter()
        .filter(|(name, _)| is_armed(name))
        .map(|(name, item)| (name, item.key))
        .collect()
}

fn guarded(
    node: &Node,
    table: &Table,
    path: &mut Vec<String>,
    found: &mut dyn FnMut(&[String], &Place, &Value),
) {
    for (name, item) in table {
        let Some((child, key)) = node.child(name) else {
            continue;
        };
        path.push(name.clone());
        if key.is_some_and(|key| key.guarded) {
            found(path, &item.key, &item.value);
        } else if let Value::Table(inner) = &item.value {
            guarded(&child, inner, path, found);
        }
        path.pop();
    }
}

/// Services of this layer that name a metrics source which is gone: they have none for now.
fn drop_references(layer: &mut Table, source: &str) {
    let services = layer.iter_mut().find(|(name, _)| name == "services");
    let Some((_, Value::Table(services))) = services.map(|(name, item)| (name, &mut item.value))
    else {
        return;
    };
    for (_, service) in services {
        if let Value::Table(keys) = &mut service.value {
            keys.retain(|(name, item)| {
                !(name == "metrics" && matches!(&item.value, Value::Text(text) if text == source))
            });
        }
    }
}
