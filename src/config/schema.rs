//! What a configuration may hold, as data: keys, their kinds, defaults, examples and words. [`super::document`] fills it in.
//!
//! The one description drives the strict check of every layer, the built-in layer, environment variables and flags, trust,
//! `config show` and `config.example.toml`. A test holds the typed tree ([`super::model`]) against it.

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What stands behind it.
    pub node: Node,
    /// One to three sentences for the example file; line breaks are kept.
    pub doc: &'static str,
    /// The built-in value, as TOML.
    pub default: Option<&'static str>,
    /// The value in the example file, as TOML, where the default would say little.
    pub example: Option<&'static str>,
    /// Must be there once all layers are merged.
    pub required: bool,
    /// A project's own file can't set it before the user has trusted that file.
    pub guarded: bool,
    /// In a [`Node::Choice`]: stands beside the kind instead of being one.
    pub beside: bool,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Node {
    /// A value (or a list of values).
    Leaf(Kind),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table of entries by id (`[a-z0-9-]+`), each of the same shape.
    Keyed(&'static Keyed),
    /// A table from free names to values; one layer overrides one name.
    Named {
        /// What a name is, in words.
        what: &'static str,
        /// The kind of each value.
        kind: Kind,
    },
    /// A table with exactly one of these keys, its kind (keys that are `beside` do not count). A higher layer replaces it whole.
    Choice(&'static [Key]),
    /// A reference to a secret. A higher layer replaces it whole.
    Token,
}

/// Entries by id.
#[derive(Debug, Clone, Copy)]
pub struct Keyed {
    /// What an entry is, in words: `service`.
    pub what: &'static str,
    /// The shape of each entry.
    pub entry: Node,
    /// The ids in the example file: the first shows all keys (of a [`Node::Choice`]: each shows one kind, in order).
    pub examples: &'static [&'static str],
    /// Further entries for the example file, as TOML lines.
    pub more: &'static str,
    /// Ids that exist without being written, with all defaults.
    pub built_in: &'static [&'static str],
}

/// The kind of a value: what is accepted, and what is said when it is not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// Text that may be empty.
    AnyText,
    /// Text sent as an HTTP header's value; hidden wherever it would be shown.
    Header,
    /// `true` or `false`.
    Bool,
    /// A number above the first and up to the second (below it, where the third says so).
    Number {
        /// Lower bound, excluded.
        above: f64,
        /// Upper bound.
        up_to: f64,
        /// The upper bound itself is not allowed.
        open: bool,
    },
    /// Exactly this whole number: the version of the shape.
    Version(i64),
    /// A positive length of time: `90s`, `30m`, `7d`.
    Period,
    /// An IANA time zone.
    Zone,
    /// A point in time, RFC 3339.
    Moment,
    /// The base URL of a server.
    Url,
    /// A link for people.
    Link,
    /// `owner/name`.
    Repo,
    /// A folder or pattern inside the repository.
    InRepo,
    /// A file on this machine; relative to the file that names it, `~/` is the home folder.
    File,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An id.
    Id,
    /// The name of an environment variable.
    Variable,
    /// A workflow's file name.
    Workflow,
    /// Text with variables of a remote write (see [`WRITE_VARIABLES`]).
    Template,
    /// The value of a workflow input: text with variables, a number, `true` or `false`.
    Input,
    /// A query with variables (see [`QUERY_VARIABLES`]) and the service's labels.
    Query,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// Any number.
    Real,
    /// A number, a text, `true` or `false`.
    Plain,
    /// An address that may have a query, with variables (see [`GATE_VARIABLES`]).
    Address,
    /// A `JSONPath` (RFC 9535).
    JsonPath,
    /// Where a version stands in an answer: a `JSONPath`, `header NAME` or `text`.
    VersionAt,
    /// The name of a canary's job, with `{weight}` where the percentage stands.
    Jobs,
    /// A time on the wall clock, without an offset.
    Local,
    /// A point in time: with an offset, or on the wall clock of the configured zone.
    AnyTime,
    /// A stretch of wall-clock time: `{ from = "..", to = ".." }`.
    Stretch,
    /// A recurrence rule of RFC 5545.
    Recurrence,
    /// The end of an occurrence: a time of day, or a length of time.
    End,
    /// A list, in order, no entry twice.
    List(&'static Kind),
    /// One value or a list of them.
    Many(&'static Kind),
}

/// Variables that stand for something in a query.
pub const QUERY_VARIABLES: &[&str] = &["service", "env", "bin", "track"];
/// Variables that stand for something in the address of an `http` gate.
pub const GATE_VARIABLES: &[&str] = &["service", "env", "sha", "version"];
/// Variables that stand for something in what is sent to start a workflow.
pub const WRITE_VARIABLES: &[&str] = &[
    "service",
    "env",
    "to_sha",
    "to_version",
    "from_sha",
    "from_version",
    "correlation_id",
];

impl Key {
    /// A key that may be left out.
    pub const fn new(name: &'static str, node: Node, doc: &'static str) -> Self {
        Self {
            name,
            node,
            doc,
            default: None,
            example: None,
            required: false,
            guarded: false,
            beside: false,
        }
    }
    /// A value that may be left out.
    pub const fn leaf(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self::new(name, Node::Leaf(kind), doc)
    }
    /// With a built-in value.
    #[must_use]
    pub const fn default(mut self, toml: &'static str) -> Self {
        self.default = Some(toml);
        self
    }
    /// With a value for the example file.
    #[must_use]
    pub const fn example(mut self, toml: &'static str) -> Self {
        self.example = Some(toml);
        self
    }
    /// It must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
    /// Stands beside the kind of a choice.
    #[must_use]
    pub const fn beside(mut self) -> Self {
        self.beside = true;
        self
    }
    /// Withheld from an untrusted project file.
    #[must_use]
    pub const fn guarded(mut self) -> Self {
        self.guarded = true;
        self
    }
}

impl Node {
    /// The keys of a table or a choice; none for the rest.
    pub fn keys(&self) -> &'static [Key] {
        match self {
            Self::Table(keys) | Self::Choice(keys) => keys,
            _ => &[],
        }
    }

    /// Whether a higher layer replaces it as a whole.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Leaf(_) | Self::Choice(_) | Self::Token)
    }

    /// What stands behind `name` in this node, and the key that says so (entries of keyed tables have none).
    pub fn child(&self, name: &str) -> Option<(Node, Option<&'static Key>)> {
        match self {
            Self::Table(keys) | Self::Choice(keys) => keys
                .iter()
                .find(|key| key.name == name)
                .map(|key| (key.node, Some(key))),
            Self::Keyed(keyed) => Some((keyed.entry, None)),
            Self::Named { kind, .. } => Some((Node::Leaf(*kind), None)),
            Self::Leaf(_) | Self::Token => None,
        }
    }
}

/// The known word nearest to `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, _)| *score > 0.72)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The forms of a reference to a secret: the word behind `from`, and the keys that belong to it.
pub const TOKEN_FORMS: &[(&str, &[Key])] = &[
    ("auto", &[]),
    (
        "env",
        &[Key::leaf("name", Kind::Variable, "The variable.")
            .required()
            .example("\"GH_TOKEN\"")],
    ),
    (
        "file",
        &[Key::leaf("path", Kind::File, "The file, mode 0600.")
            .required()
            .example("\"~/token\"")],
    ),
    (
        "keyring",
        &[
            Key::leaf(
                "service",
                Kind::Text,
                "The entry's service. Left out: flightdeck.",
            )
            .example("\"flightdeck\""),
            Key::leaf("user", Kind::Text, "The entry's user. Left out: the host.")
                .example("\"github.com\""),
        ],
    ),
    (
        "command",
        &[Key::leaf(
            "argv",
            Kind::List(&Kind::Text),
            "The program and its arguments; no shell.",
        )
        .required()
        .example("[\"pass\", \"show\", \"github\"]")],
    ),
];
