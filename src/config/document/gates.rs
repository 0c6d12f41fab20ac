//! The keys of `[gates]`: each entry is one gate, the one sub-table in it is its kind.

use crate::config::schema::{Key, Keyed, Kind, Node};

/// What stands before the table in the example file.
pub(super) const DOC: &str = "What a candidate has to meet, by name; the one sub-table in each is its kind. Without this table its checks and statuses\n\
                              are looked at as they are.";

/// `[gates]`.
pub(super) const GATES: Keyed = Keyed {
    what: "gate",
    examples: &["ci", "review", "way-back", "window", "coverage", "uat"],
    more: "security = { stage = \"test\", http = { get = \"https://scan.example/$service?version=$version\", path = \"$.findings[?@.severity=='critical']\", reduce = \"count\", at_most = 0 } }\n\
           product = { stage = \"prepare\", required = false, manual = { slots = [\"@li\"] }, when = { kind = [\"minor\", \"major\"], env = [\"production\"] }, valid_for = \"7d\" }",
    built_in: &[],
    entry: Node::Choice(&[
        Key::leaf(
            "stage",
            Kind::Word(&["plan", "test", "prepare", "deploy"]),
            "when it is looked at: plan, test, prepare or deploy; the order on screen.",
        )
        .beside()
        .required()
        .example("\"test\""),
        Key::leaf(
            "required",
            Kind::Bool,
            "false: advisory, it is shown and holds nothing up.",
        )
        .beside()
        .example("true"),
        Key::leaf(
            "valid_for",
            Kind::Period,
            "evidence older than that no longer counts. Left out: it does not age.",
        )
        .beside()
        .example("\"24h\""),
        Key::new(
            "when",
            Node::Table(&[
                Key::leaf(
                    "kind",
                    Kind::List(&Kind::Word(&["major", "minor", "patch"])),
                    "The kinds of release that it is asked for, told from the version's numbers.",
                )
                .example("[\"minor\", \"major\"]"),
                Key::leaf("env", Kind::List(&Kind::Id), "The environments that it is asked for.")
                    .example("[\"production\"]"),
            ]),
            "it is asked only then. A release whose kind can't be told is asked everything.",
        )
        .beside()
        .example("{ kind = [\"minor\", \"major\"], env = [\"production\"] }"),
        Key::new(
            "checks",
            Node::Table(&[
                Key::leaf("require", PATTERNS, "Each must have reported; all that match must pass."),
                Key::leaf("allow", PATTERNS, "These may fail."),
                Key::leaf("hide", PATTERNS, "These are not looked at."),
                Key::leaf(
                    "blocking",
                    Kind::Bool,
                    "Whether checks that no list names must pass as well. Left out: true.",
                ),
            ]),
            "The candidate's check runs and commit statuses, by name or pattern. `require`: each must have reported, all that match\n\
             must pass. `allow`: may fail. `hide`: not looked at. `blocking = false`: what no list names may fail as well.",
        )
        .example("{ require = [\"build\", \"test*\"], allow = [\"lint\"], hide = [\"flightdeck/*\"], blocking = true }"),
        Key::new(
            "approvals",
            Node::Table(&[Key::leaf(
                "min",
                Kind::Whole(1, 20),
                "So many people besides its author approved each pull request.",
            )
            .required()
            .example("1")]),
            "Each pull request that the candidate brings was approved by so many people besides its author.",
        )
        .example("{ min = 1 }"),
        Key::new(
            "rollback_plan",
            Node::Table(&[]),
            "There is a way back, and it is known where to.",
        )
        .example("{}"),
        Key::new(
            "window",
            Node::Table(&[]),
            "The calendar lets a release go: inside a window where there are any, outside every freeze.",
        )
        .example("{}"),
        Key::new(
            "http",
            Node::Table(&[
                Key::leaf(
                    "get",
                    Kind::Address,
                    "The address. Variables: $service, $env, $sha, $version.",
                )
                .required()
                .example("\"https://ci.example/coverage/$sha\""),
                Key::leaf("path", Kind::JsonPath, "Where the value stands in the JSON (RFC 9535).")
                    .required()
                    .example("\"$.totals.percent\""),
                Key::leaf(
                    "reduce",
                    Kind::Word(&["first", "count", "sum", "max"]),
                    "How several values become one. Left out: first.",
                ),
                Key::leaf("at_least", Kind::Real, "Not less."),
                Key::leaf("at_most", Kind::Real, "Not more."),
                Key::leaf("equals", Kind::Plain, "Exactly this."),
                Key::leaf("unit", Kind::Text, "The unit, to show."),
            ]),
            "A value of a JSON answer, by JSONPath (RFC 9535), reduced (first, count, sum, max) and held against at_least, at_most or\n\
             equals. Nothing secret is sent. Variables in `get`: $service, $env, $sha, $version.",
        )
        .guarded()
        .example("{ get = \"https://ci.example/coverage/$sha\", path = \"$.totals.percent\", reduce = \"first\", at_least = 80, unit = \"%\" }"),
        Key::new(
            "manual",
            Node::Table(&[
                Key::leaf(
                    "slots",
                    Kind::List(&Kind::Text),
                    "Who signs: @login, @org/team, or a word. Left out: one sign-off by anybody.",
                ),
                Key::leaf(
                    "bar_authors",
                    Kind::Bool,
                    "Whether who wrote the changes may not sign. Left out: false.",
                ),
            ]),
            "People sign (`s`, `flightdeck sign`), for exactly this commit; kept in the ledger. A slot is @login (that person), @org/team (any\n\
             proven login; membership is not asked) or a word (anybody). `bar_authors`: who wrote the changes may not sign.",
        )
        .example("{ slots = [\"@acme/qa\", \"@noor\"], bar_authors = true }"),
    ]),
};

const PATTERNS: Kind = Kind::List(&Kind::Text);
