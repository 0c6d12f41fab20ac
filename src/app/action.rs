//! The one table of actions. Behaviour, key line, help overlay, palette, configuration (`[ui.keys]`) and the README's
//! key table all derive from it; a new key is a new row here and nothing else.

use std::fmt::Write as _;

use super::keymap::Chord;

/// Where a key means something. `Pane` falls back to `Global`; a dialog or form sees only its own rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Everywhere on the screen outside dialogs and forms.
    Global,
    /// Inside the focused pane.
    Pane,
    /// An overlay without text fields: help, evidence, progress.
    Dialog,
    /// An overlay with text fields: characters type, so only chords that type nothing act.
    Form,
}

impl Context {
    /// The contexts a key can be pressed in.
    pub const ALL: [Self; 4] = [Self::Global, Self::Pane, Self::Dialog, Self::Form];

    /// The word used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Pane => "pane",
            Self::Dialog => "dialog",
            Self::Form => "form",
        }
    }
}

/// The headings of the help overlay and of the README's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Act,
    Look,
    Move,
    Choose,
    Form,
    Program,
}

impl Group {
    /// In the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Act,
        Self::Look,
        Self::Move,
        Self::Choose,
        Self::Form,
        Self::Program,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Act => "Act",
            Self::Look => "Look",
            Self::Move => "Move",
            Self::Choose => "Choose",
            Self::Form => "In a form",
            Self::Program => "Program",
        }
    }
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    pub id: ActionId,
    /// Kebab-case: the key in `[ui.keys]` and the name in the palette.
    pub name: &'static str,
    pub contexts: &'static [Context],
    pub group: Group,
    /// Default chords in the notation of the configuration; the first is the one shown.
    pub chords: &'static [&'static str],
    /// One sentence.
    pub doc: &'static str,
    /// Words on the key line; empty = never there.
    pub label: &'static str,
    /// Whether it can change something outside, so that it asks before.
    pub danger: bool,
}

/// Declares [`ActionId`] and its rows together, so that neither can exist without the other.
macro_rules! actions {
    ($($id:ident $name:literal [$($ctx:ident)*] $group:ident [$($chord:literal)*] $label:literal $danger:literal $doc:literal;)*) => {
        /// What a person can ask for by key, palette or mouse.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ActionId { $(#[doc = $doc] $id),* }

        impl ActionId {
            /// Every action, in the order of the table; the key line follows it.
            pub const ALL: &'static [Self] = &[$(Self::$id),*];

            /// The action's row.
            pub fn row(self) -> &'static Action {
                match self {
                    $(Self::$id => {
                        const ROW: Action = Action {
                            id: ActionId::$id, name: $name, contexts: &[$(Context::$ctx),*], group: Group::$group,
                            chords: &[$($chord),*], doc: $doc, label: $label, danger: $danger,
                        };
                        &ROW
                    })*
                }
            }
        }
    };
}

actions! {
//  id                  name                    contexts              group    chords                    key line     danger  meaning
    RollBack            "rollback"              [Pane]                Act      ["R"]                     "roll back"  true    "Plan a rollback of this service here and show it; nothing is sent before its name is typed.";
    Sign                "sign"                  [Pane]                Act      ["s"]                     "sign"       false   "Sign a manual gate of the candidate: gate, slot, reason; nothing is recorded before it is confirmed.";
    Open                "open"                  [Pane Dialog]         Look     ["enter"]                 "open"       false   "Open the selected row or pane into its evidence.";
    Back                "back"                  [Pane]                Look     ["esc"]                   ""           false   "Go back: leave the zoom, or the last opened thing.";
    NextPane            "next-pane"             [Global]              Move     ["tab"]                   "part"       false   "Focus the next pane, or show the next part: changes, queue, delivery metrics.";
    PreviousPane        "previous-pane"         [Global]              Move     ["shift-tab"]             ""           false   "Focus the previous pane, or show the previous part.";
    TimeRange           "time-range"            [Global]              Look     ["t"]                     "range"      false   "Take the next time range of the charts, or of the changes.";
    ShorterRange        "shorter-range"         [Global]              Look     ["+"]                     ""           false   "Look closer: a shorter time range.";
    LongerRange         "longer-range"          [Global]              Look     ["-"]                     ""           false   "Look further: a longer time range.";
    Zoom                "zoom"                  [Global]              Look     ["z"]                     "zoom"       false   "Zoom the focused pane to the whole screen, and back.";
    Freeze              "freeze"                [Global]              Look     ["f"]                     "freeze"     false   "Freeze the display, and let it run again; data keeps arriving behind it.";
    OpenInBrowser       "browser"               [Pane Dialog]         Look     ["o"]                     "browser"    false   "Open the page of the selected thing in a browser, or show its address over SSH.";
    Filter              "filter"                [Pane]                Look     ["/"]                     "filter"     false   "Show only the rows that hold some words.";
    NextMatch           "next-match"            [Pane]                Look     ["n"]                     ""           false   "Go to the next row that holds the filter's words.";
    PreviousMatch       "previous-match"        [Pane]                Look     ["N"]                     ""           false   "Go to the previous row that holds the filter's words.";
    Whose               "whose"                 [Pane]                Look     ["m"]                     "whose"      false   "Take the next of whose changes are seen: mine, the team's, the service's, all.";
    Bots                "bots"                  [Pane]                Look     ["b"]                     "bots"       false   "Count bots and changes that only make a release, or leave them out.";
    Copy                "copy"                  [Pane Dialog Form]    Look     ["y" "ctrl-y"]            "copy"       false   "Copy the selected thing, or the command that does the same as this dialog.";
    Refresh             "refresh"               [Global Dialog Form]  Look     ["f5" "ctrl-l"]           ""           false   "Ask all sources again and repaint the screen.";
    RefreshHint         "refresh-hint"          [Global]              Look     ["r"]                     ""           false   "Only a hint: r is not a key here, R rolls back and F5 refreshes.";
    Up                  "up"                    [Pane Dialog]         Move     ["up" "k"]                ""           false   "Move up by one row.";
    Down                "down"                  [Pane Dialog]         Move     ["down" "j"]              ""           false   "Move down by one row.";
    Left                "left"                  [Pane Dialog]         Move     ["left" "h"]              ""           false   "Move left.";
    Right               "right"                 [Pane Dialog]         Move     ["right" "l"]             ""           false   "Move right.";
    PageUp              "page-up"               [Pane Dialog]         Move     ["pageup" "ctrl-u"]       ""           false   "Move up by a page.";
    PageDown            "page-down"             [Pane Dialog]         Move     ["pagedown" "ctrl-d"]     ""           false   "Move down by a page.";
    Home                "home"                  [Pane Dialog]         Move     ["home" "g"]              ""           false   "Move to the first row.";
    End                 "end"                   [Pane Dialog]         Move     ["end" "G"]               ""           false   "Move to the last row.";
    ViewCockpit         "view-cockpit"          [Global]              Choose   ["1"]                     ""           false   "Show the cockpit.";
    ViewCalendar        "view-calendar"         [Global]              Choose   ["3"]                     ""           false   "Show the calendar: windows, freezes, releases and plans, day by day.";
    ViewGates           "view-gates"            [Global]              Choose   ["4"]                     ""           false   "Show the gates of the candidate with their evidence.";
    ViewDeploy          "view-deploy"           [Global]              Choose   ["5"]                     ""           false   "Show the deploy: its verdict, run, jobs and steps, and what was live before.";
    ViewChanges         "view-changes"          [Global]              Choose   ["6"]                     ""           false   "Show the changes: where each is, how long it took and why; what waits; the delivery metrics.";
    ViewLedger          "view-ledger"           [Global]              Choose   ["7"]                     ""           false   "Show the ledger: what people and flightdeck did, and whether the record holds.";
    PreviousService     "previous-service"      [Global]              Choose   ["["]                     ""           false   "Show the previous service.";
    NextService         "next-service"          [Global]              Choose   ["]"]                     "service"    false   "Show the next service.";
    PreviousEnvironment "previous-environment"  [Global]              Choose   ["{"]                     ""           false   "Show the previous environment of the service.";
    NextEnvironment     "next-environment"      [Global]              Choose   ["}"]                     "env"        false   "Show the next environment of the service.";
    Confirm             "confirm"               [Form]                Form     ["enter"]                 "confirm"    false   "Act on the focused field; on the last one, confirm the form.";
    NextField           "next-field"            [Form]                Form     ["tab"]                   "next"       false   "Go to the next field.";
    PreviousField       "previous-field"        [Form]                Form     ["shift-tab"]             ""           false   "Go to the previous field.";
    Cancel              "cancel"                [Form]                Form     ["esc" "ctrl-c"]          "cancel"     false   "Leave the form; nothing happens.";
    Close               "close"                 [Dialog]              Program  ["esc" "q" "ctrl-c"]      "close"      false   "Close the dialog.";
    Theme               "theme"                 [Global]              Program  ["T"]                     ""           false   "Take the next theme.";
    Suspend             "suspend"               [Global Dialog Form]  Program  ["ctrl-z"]                ""           false   "Suspend to the shell; fg comes back.";
    Help                "help"                  [Global Dialog Form]  Program  ["?" "f1"]                "help"       false   "Show every key that works here.";
    Quit                "quit"                  [Global]              Program  ["q" "ctrl-c"]            "quit"       false   "Leave flightdeck and give the terminal back.";
}

impl ActionId {
    /// The action with this kebab-case name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.row().name == name)
    }

    /// The known name nearest to `name`, when it is near enough to be meant.
    pub fn nearest_name(name: &str) -> Option<&'static str> {
        let wanted = name.to_lowercase().replace('_', "-");
        Self::ALL
            .iter()
            .map(|id| id.row().name)
            .map(|known| (strsim::jaro_winkler(&wanted, known), known))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known)
    }
}

/// The README's key table (Markdown): default chords, name for `[ui.keys]`, meaning; a heading row for each group.
pub fn readme_table() -> String {
    let mut out = String::from("| key | does | name in `[ui.keys]` |\n|---|---|---|\n");
    for group in Group::ALL {
        let _ = writeln!(out, "| **{}** | | |", group.title());
        for row in ActionId::ALL.iter().map(|id| id.row()) {
            if row.group != group {
                continue;
            }
            let keys: Vec<String> = row
                .chords
                .iter()
                .filter_map(|text| Chord::parse(text).ok())
                .map(|chord| format!("`{}`", chord.label()))
                .collect();
            let _ = writeln!(out, "| {} | {} | `{}` |", keys.join(" "), row.doc, row.name);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_row_is_whole() {
        let mut names = HashSet::new();
        for id in ActionId::ALL {
            let row = id.row();
            assert_eq!(row.id, *id);
            assert!(names.insert(row.name), "{} twice", row.name);
            assert!(
                row.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{} is not kebab-case",
                row.name
            );
            assert!(row.doc.ends_with('.') && row.doc.len() > 8, "{}", row.name);
            assert!(!row.contexts.is_empty() && !row.chords.is_empty());
            assert_eq!(ActionId::by_name(row.name), Some(*id));
        }
    }

    #[test]
    fn a_bare_r_is_never_dangerous() {
        for row in ActionId::ALL.iter().map(|id| id.row()) {
            if row.danger {
                for chord in row.chords {
                    assert!(!["r", "ctrl-d", "ctrl-k", "enter", "space"].contains(chord));
                }
            }
        }
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(ActionId::nearest_name("roll-back"), Some("rollback"));
        assert_eq!(ActionId::nearest_name("next_pane"), Some("next-pane"));
        assert_eq!(ActionId::nearest_name("xyzzy"), None);
    }

    #[test]
    fn the_readme_table_has_every_action() {
        let table = readme_table();
        for id in ActionId::ALL {
            let row = id.row();
            let line = table
                .lines()
                .find(|line| line.ends_with(&format!("`{}` |", row.name)));
            assert!(line.is_some_and(|l| l.contains(row.doc)), "{}", row.name);
        }
        assert!(table.contains("| `F5` `Ctrl-L` |"), "{table}");
    }
}
