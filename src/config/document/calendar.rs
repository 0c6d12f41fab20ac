//! The keys of the calendar, and those of the plan file.

use crate::config::schema::{Key, Keyed, Kind, Node};

/// `[calendar]`.
pub(super) const CALENDAR: &[Key] = &[
    Key::leaf(
        "plan",
        Kind::InRepo,
        "The file of planned releases: [releases.ID] with service, environment, version, at, kind. Relative to the repository's\n\
         root where its own file names it, else to the folder of the file that names it.",
    )
    .example("\".flightdeck/plan.toml\""),
    Key::new(
        "window",
        Node::Keyed(&WINDOWS),
        "When releases are allowed. Where any window concerns a target, it is open only inside one.",
    ),
    Key::new(
        "freeze",
        Node::Keyed(&FREEZES),
        "When nothing is released: a freeze beats every window.",
    ),
];

const RRULE: Key = Key::leaf(
    "rrule",
    Kind::Recurrence,
    "The days, by a rule of RFC 5545 (FREQ from YEARLY to HOURLY). It needs `start` and `end`.",
);
const START: Key = Key::leaf(
    "start",
    Kind::Local,
    "The first start: the time of day of all of them.",
);
const END: Key = Key::leaf(
    "end",
    Kind::End,
    "A time of day (at or before the start's: the next day's), or a length: days follow the clock, hours are exact.",
);
const DATES: Key = Key::leaf(
    "dates",
    Kind::List(&Kind::Stretch),
    "Single stretches, besides the rule or without one; `to` is not part of it.",
);
const TIMEZONE: Key = Key::leaf(
    "timezone",
    Kind::Zone,
    "The zone of its times. Left out: the one of the screen.",
)
.example("\"Europe/Berlin\"");
const SCOPE: Key = Key::new(
    "scope",
    Node::Table(&[
        Key::leaf("service", Kind::List(&Kind::Id), "These services.").example("[\"checkout\"]"),
        Key::leaf("env", Kind::List(&Kind::Id), "These environments.").example("[\"production\"]"),
        Key::leaf(
            "tags",
            Kind::List(&Kind::Text),
            "Services with one of these tags.",
        )
        .example("[\"tier-1\"]"),
    ]),
    "Whom it concerns; what is left out excludes nobody.",
);
const REASON: Key = Key::leaf("reason", Kind::Text, "Why.");

const WINDOWS: Keyed = Keyed {
    what: "window",
    examples: &["office"],
    more: "",
    built_in: &[],
    entry: Node::Table(&[
        RRULE.example("\"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\""),
        START.example("\"2026-01-01T09:00\""),
        END.example("\"17:00\""),
        DATES.example("[{ from = \"2026-11-28T10:00\", to = \"2026-11-28T14:00\" }]"),
        TIMEZONE,
        REASON.example("\"somebody is here\""),
        SCOPE,
    ]),
};

const FREEZES: Keyed = Keyed {
    what: "freeze",
    examples: &["weekend"],
    more: "",
    built_in: &[],
    entry: Node::Table(&[
        RRULE.example("\"FREQ=WEEKLY;BYDAY=FR\""),
        START.example("\"2026-01-02T16:00\""),
        END.example("\"2d16h\""),
        DATES.example("[{ from = \"2026-12-18T00:00\", to = \"2027-01-04T09:00\" }]"),
        TIMEZONE,
        REASON.example("\"nobody is here\""),
        Key::leaf("allow", Kind::List(&KIND), "Kinds of release that pass.")
            .example("[\"hotfix\"]"),
        Key::leaf("hard", Kind::Bool, "Marked as hard wherever it is shown.").default("false"),
        SCOPE,
    ]),
};

const KIND: Kind = Kind::Word(&["major", "minor", "patch", "hotfix"]);

/// The plan file.
pub(crate) const PLAN: Node = Node::Table(&[Key::new(
    "releases",
    Node::Keyed(&Keyed {
        what: "planned release",
        examples: &["next"],
        more: "",
        built_in: &[],
        entry: Node::Table(&[
            Key::leaf("service", Kind::Id, "What is released.")
                .required()
                .example("\"checkout\""),
            Key::leaf("environment", Kind::Id, "Where to.")
                .required()
                .example("\"production\""),
            Key::leaf("version", Kind::Text, "Which version.")
                .required()
                .example("\"v2.16.0\""),
            Key::leaf("at", Kind::AnyTime, "When.")
                .required()
                .example("\"2026-11-24T15:30\""),
            Key::leaf("kind", KIND, "Its kind, which a freeze may let pass.").example("\"minor\""),
        ]),
    }),
    "What is planned.",
)]);
