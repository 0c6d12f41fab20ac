//! What an untrusted project file may not do: redirect a token, name a server, start something. Pure.

use super::document::ROOT;
use super::schema::Node;
use super::tree::{Place, Table, Value, dotted, remove};

/// A key of a project file that has no effect until the user trusts the file.
#[derive(Debug, Clone)]
pub struct Withheld {
    /// The key's path.
    pub key: String,
    /// Where it is written.
    pub place: Place,
}

/// Takes every guarded key out of a project's tree and names it. A metrics source that loses its `url` goes whole, with the
/// references to it, unless `elsewhere` says that another layer has that source.
pub(crate) fn withhold(layer: &mut Table, elsewhere: impl Fn(&str) -> bool) -> Vec<Withheld> {
    let mut withheld = Vec::new();
    let mut paths = Vec::new();
    guarded(&ROOT, layer, &mut Vec::new(), &mut |path, place| {
        withheld.push(Withheld {
            key: dotted(path),
            place: place.clone(),
        });
        paths.push(path.to_vec());
    });
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
    }
    withheld
}

fn guarded(
    node: &Node,
    table: &Table,
    path: &mut Vec<String>,
    found: &mut dyn FnMut(&[String], &Place),
) {
    for (name, item) in table {
        let Some((child, key)) = node.child(name) else {
            continue;
        };
        path.push(name.clone());
        if key.is_some_and(|key| key.guarded) {
            found(path, &item.key);
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
