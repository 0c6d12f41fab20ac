//! Which action a chord means in a context: the table's defaults, changed by the configuration's `[ui.keys]`.
//! Conflicts are found when the map is made, never when a key is pressed.

use std::collections::HashMap;

use super::action::ActionId;
pub use super::action::{Context, Group};
pub use super::chord::{Chord, ChordError, Key};

/// What is wrong with an override; the message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("no action is called `{name}`{}", nearest.map(|n| format!("; the nearest is `{n}`")).unwrap_or_default())]
    UnknownAction {
        name: String,
        nearest: Option<&'static str>,
    },
    #[error("{action}: {source}")]
    BadChord {
        action: &'static str,
        source: ChordError,
    },
    #[error("`{chord}` means both `{first}` and `{second}` in the {} context: give one of them another key", context.name())]
    Conflict {
        context: Context,
        chord: Chord,
        first: &'static str,
        second: &'static str,
    },
    #[error(
        "`{chord}` would type into the form instead of doing `{action}`: take a key like `f2` or `ctrl-s`"
    )]
    Types { action: &'static str, chord: Chord },
}

impl KeymapError {
    /// The name of the override this is about, to find its place in the file.
    pub fn action_name(&self) -> &str {
        match self {
            Self::UnknownAction { name, .. } => name,
            Self::BadChord { action, .. } | Self::Types { action, .. } => action,
            Self::Conflict { second, .. } => second,
        }
    }
}

/// Chords to actions and back, for every context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    of_action: HashMap<ActionId, Vec<Chord>>,
    resolved: HashMap<(Context, Chord), ActionId>,
}

impl Default for Keymap {
    fn default() -> Self {
        let (map, _) = Self::build(&[]);
        map
    }
}

impl Keymap {
    /// The table's defaults with the chords of the named actions replaced; an empty list unbinds an action.
    /// Every problem is reported at once.
    pub fn with_overrides(overrides: &[(&str, Vec<String>)]) -> Result<Self, Vec<KeymapError>> {
        let (map, errors) = Self::build(overrides);
        if errors.is_empty() {
            Ok(map)
        } else {
            Err(errors)
        }
    }

    /// The action of a chord. In a pane the global actions work too; in a form, what types a character is never an action.
    pub fn resolve(&self, context: Context, chord: &Chord) -> Option<ActionId> {
        self.resolved.get(&(context, *chord)).copied()
    }

    /// The chords of an action, the one to show first.
    pub fn chords_of(&self, action: ActionId) -> &[Chord] {
        self.of_action.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The chord to show for an action where it is used: in a form the first that types nothing.
    pub fn shown(&self, context: Context, action: ActionId) -> Option<&Chord> {
        self.chords_of(action)
            .iter()
            .find(|chord| self.resolve(context, chord) == Some(action))
    }

    /// The key line of a context: action, key to show, words; in the order of the table.
    pub fn key_line(&self, context: Context) -> Vec<(ActionId, String, &'static str)> {
        let labelled = ActionId::ALL.iter().filter(|id| !id.row().label.is_empty());
        labelled
            .filter_map(|id| Some((*id, self.shown(context, *id)?.label(), id.row().label)))
            .collect()
    }

    /// The help of a context: every group with the actions that work there, each with all its keys and its sentence.
    pub fn help(&self, context: Context) -> Vec<(Group, Vec<(String, &'static str)>)> {
        let rows = |group| {
            let of_group = ActionId::ALL
                .iter()
                .filter(move |id| id.row().group == group);
            of_group
                .filter_map(|id| {
                    let works = |chord: &&Chord| self.resolve(context, chord) == Some(*id);
                    let keys: Vec<String> = self
                        .chords_of(*id)
                        .iter()
                        .filter(works)
                        .map(Chord::label)
                        .collect();
                    (!keys.is_empty()).then(|| (keys.join(" "), id.row().doc))
                })
                .collect::<Vec<_>>()
        };
        Group::ALL
            .into_iter()
            .map(|group| (group, rows(group)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect()
    }

    fn build(overrides: &[(&str, Vec<String>)]) -> (Self, Vec<KeymapError>) {
        let mut errors = Vec::new();
        let mut of_action = HashMap::new();
        for id in ActionId::ALL {
            let chords = id.row().chords.iter();
            of_action.insert(*id, chords.filter_map(|c| Chord::parse(c).ok()).collect());
        }
        for (name, texts) in overrides {
            let Some(id) = ActionId::by_name(name) else {
                errors.push(KeymapError::UnknownAction {
                    name: (*name).to_owned(),
                    nearest: ActionId::nearest_name(name),
                });
                continue;
            };
            let mut chords = Vec::new();
            for text in texts {
                match Chord::parse(text) {
                    Err(source) => errors.push(KeymapError::BadChord {
                        action: id.row().name,
                        source,
                    }),
                    Ok(chord)
                        if id.row().contexts == [Context::Form] && chord.typed().is_some() =>
                    {
                        errors.push(KeymapError::Types {
                            action: id.row().name,
                            chord,
                        });
                    }
                    Ok(chord) if !chords.contains(&chord) => chords.push(chord),
                    Ok(_) => {}
                }
            }
            of_action.insert(id, chords);
        }
        let resolved = resolve_all(&of_action, &mut errors);
        (
            Self {
                of_action,
                resolved,
            },
            errors,
        )
    }
}

/// The answer for every context and chord; a second action for the same is a conflict.
fn resolve_all(
    of_action: &HashMap<ActionId, Vec<Chord>>,
    errors: &mut Vec<KeymapError>,
) -> HashMap<(Context, Chord), ActionId> {
    let mut resolved: HashMap<(Context, Chord), ActionId> = HashMap::new();
    for context in Context::ALL {
        for id in ActionId::ALL {
            let contexts = id.row().contexts;
            let here = contexts.contains(&context)
                || (context == Context::Pane && contexts.contains(&Context::Global));
            if !here {
                continue;
            }
            for chord in of_action.get(id).into_iter().flatten() {
                if context == Context::Form && chord.typed().is_some() {
                    continue;
                }
                let first = *resolved.entry((context, *chord)).or_insert(*id);
                let known = errors.iter().any(|e| {
                    matches!(e, KeymapError::Conflict { chord: c, first: f, second: s, .. }
                        if c == chord && *f == first.row().name && *s == id.row().name)
                });
                if first != *id && !known {
                    errors.push(KeymapError::Conflict {
                        context,
                        chord: *chord,
                        first: first.row().name,
                        second: id.row().name,
                    });
                }
            }
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        Chord::parse(text).unwrap()
    }

    fn with(action: &str, chords: &[&str]) -> Result<Keymap, Vec<KeymapError>> {
        Keymap::with_overrides(&[(action, chords.iter().map(|&c| c.to_owned()).collect())])
    }

    #[test]
    fn the_defaults_parse_and_do_not_conflict() {
        let map = Keymap::with_overrides(&[]).unwrap();
        for id in ActionId::ALL {
            assert_eq!(map.chords_of(*id).len(), id.row().chords.len(), "{id:?}");
        }
    }

    #[test]
    fn contexts_decide() {
        let map = Keymap::default();
        let at = |context, text| map.resolve(context, &chord(text));
        assert_eq!(at(Context::Pane, "R"), Some(ActionId::RollBack));
        assert_eq!(at(Context::Global, "R"), None);
        assert_eq!(at(Context::Pane, "r"), Some(ActionId::RefreshHint));
        assert_eq!(at(Context::Pane, "q"), Some(ActionId::Quit));
        assert_eq!(at(Context::Dialog, "q"), Some(ActionId::Close));
        assert_eq!(at(Context::Dialog, "R"), None);
        assert_eq!(at(Context::Pane, "tab"), Some(ActionId::NextPane));
        assert_eq!(at(Context::Form, "tab"), Some(ActionId::NextField));
        assert_eq!(at(Context::Pane, "ctrl-d"), Some(ActionId::PageDown));
    }

    #[test]
    fn in_a_form_characters_only_type() {
        let map = Keymap::default();
        for c in ' '..='~' {
            assert_eq!(
                map.resolve(Context::Form, &Chord::plain(Key::Char(c))),
                None,
                "{c}"
            );
        }
        assert_eq!(
            map.resolve(Context::Form, &chord("ctrl-y")),
            Some(ActionId::Copy)
        );
        assert_eq!(map.shown(Context::Form, ActionId::Help), Some(&chord("f1")));
        assert_eq!(map.shown(Context::Pane, ActionId::Help), Some(&chord("?")));
    }

    #[test]
    fn key_line_and_help_follow_the_map() {
        let map = with("rollback", &["f9"]).unwrap();
        let line: Vec<String> = map
            .key_line(Context::Pane)
            .iter()
            .map(|(_, key, words)| format!("{key} {words}"))
            .collect();
        assert_eq!(line.first().map(String::as_str), Some("F9 roll back"));
        assert_eq!(line.last().map(String::as_str), Some("q quit"));
        let form = map.key_line(Context::Form);
        assert!(
            form.iter()
                .any(|(id, key, _)| *id == ActionId::Copy && key == "Ctrl-Y")
        );
        assert!(!form.iter().any(|(id, ..)| *id == ActionId::Quit));
        let help = map.help(Context::Pane);
        assert!(help.iter().any(|(g, rows)| *g == Group::Move
            && rows.contains(&("↑ k".to_owned(), ActionId::Up.row().doc))));
        assert!(!help.iter().any(|(g, _)| *g == Group::Form));
    }

    #[test]
    fn an_override_replaces_and_frees() {
        let map = with("zoom", &["Z", "f2", "f2"]).unwrap();
        assert_eq!(
            map.resolve(Context::Pane, &chord("Z")),
            Some(ActionId::Zoom)
        );
        assert_eq!(map.resolve(Context::Pane, &chord("z")), None);
        assert_eq!(map.chords_of(ActionId::Zoom), [chord("Z"), chord("f2")]);
        assert_eq!(with("theme", &[]).unwrap().chords_of(ActionId::Theme), []);
    }

    #[test]
    fn each_mistake_says_what_to_write() {
        let text =
            |r: Result<Keymap, Vec<KeymapError>>| r.unwrap_err().first().unwrap().to_string();
        assert_eq!(
            text(with("zom", &["z"])),
            "no action is called `zom`; the nearest is `zoom`"
        );
        assert!(text(with("zoom", &["hyper-z"])).contains("`hyper-z` is no key: write one like"));
        assert_eq!(
            text(with("zoom", &["f"])),
            "`f` means both `zoom` and `freeze` in the global context: give one of them another key"
        );
        assert!(text(with("up", &["t"])).contains("in the pane context"));
        assert!(text(with("confirm", &["x"])).contains("would type into the form"));
        let all = Keymap::with_overrides(&[
            ("nope", vec![]),
            ("zoom", vec!["??".into()]),
            ("freeze", vec!["t".into()]),
        ]);
        assert_eq!(all.unwrap_err().len(), 3);
    }
}
