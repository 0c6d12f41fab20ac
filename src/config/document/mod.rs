//! The one table of configuration keys: names, kinds, defaults, words. Everything that must know the keys reads this.
//! A part that has no implementation has no row here, so writing it is an error instead of a silent nothing.

mod calendar;
mod gates;
mod service;

use super::schema::{Key, Keyed, Kind, Node};

pub(crate) use calendar::PLAN;

const SHARE: Kind = Kind::Number {
    above: 0.0,
    up_to: 1.0,
    open: true,
};
const POSITIVE: Kind = Kind::Number {
    above: 0.0,
    up_to: 1000.0,
    open: false,
};

/// The whole configuration.
pub const ROOT: Node = Node::Table(&[
    Key::leaf(
        "schema",
        Kind::Version(1),
        "The version of this file's shape.",
    )
    .default("1"),
    Key::leaf(
        "timezone",
        Kind::Zone,
        "The one time zone on screen. Left out: the machine's.",
    )
    .example("\"Europe/Berlin\""),
    Key::new(
        "github",
        Node::Keyed(&GITHUB),
        "GitHub sources by name. `main` always exists: github.com with the token found by itself.",
    ),
    Key::new(
        "metrics",
        Node::Keyed(&METRICS),
        "Metrics servers by name: Prometheus, or what speaks its API (Mimir, Thanos, VictoriaMetrics).",
    ),
    Key::new("defaults", Node::Table(DEFAULTS), ""),
    Key::new(
        "services",
        Node::Keyed(&service::SERVICES),
        "What is released and runs. The id never changes, since the ledger refers to it.",
    ),
    Key::new("gates", Node::Keyed(&gates::GATES), gates::DOC),
    Key::new(
        "calendar",
        Node::Table(calendar::CALENDAR),
        "When releases may go.",
    ),
    Key::new(
        "changes",
        Node::Table(CHANGES),
        "What is read of the repositories' past: commits, pull requests, deployments, releases, incidents.",
    ),
    Key::new("ui", Node::Table(UI), "The screen."),
    Key::new("state", Node::Table(STATE), "What is kept on this machine.").guarded(),
    Key::new(
        "clock",
        Node::Table(CLOCK),
        "For simulators and replay: now = at + (real - real_at) * speed.",
    )
    .guarded(),
]);

const GITHUB: Keyed = Keyed {
    what: "GitHub source",
    examples: &["main"],
    more: "",
    built_in: &["main"],
    entry: Node::Table(&[
        Key::leaf(
            "api",
            Kind::Url,
            "The REST API. Enterprise: https://HOST/api/v3.",
        )
        .default("\"https://api.github.com\"")
        .guarded(),
        Key::leaf(
            "graphql",
            Kind::Url,
            "The GraphQL API, where it does not follow from `api`.",
        )
        .example("\"https://api.github.com/graphql\"")
        .guarded(),
        Key::new("token", Node::Token, TOKEN_DOC)
            .default("{ from = \"auto\" }")
            .guarded(),
        CA_FILE,
        Key::leaf(
            "budget",
            Kind::Number {
                above: 0.0,
                up_to: 1.0,
                open: false,
            },
            "The share of the hourly request limit to use; other tools share that limit.",
        )
        .default("0.5"),
    ]),
};

const TOKEN_DOC: &str = "A reference, never the token itself:
{ from = \"auto\" }  GH_TOKEN, GITHUB_TOKEN (Enterprise: GH_ENTERPRISE_TOKEN, GITHUB_ENTERPRISE_TOKEN), `gh auth token`,
                   gh's hosts.yml
{ from = \"env\", name = \"NAME\" }   { from = \"file\", path = \"~/token\" } (mode 0600)
{ from = \"command\", argv = [\"pass\", \"show\", \"github\"] } (no shell)
{ from = \"keyring\", service = \"flightdeck\", user = \"github.com\" } (these, where left out; in builds with `--features keyring`)";

const CA_FILE: Key = Key::leaf(
    "ca_file",
    Kind::File,
    "Certificates (PEM) to trust besides the system's; relative to this file.",
)
.example("\"/etc/ssl/corp.pem\"")
.guarded();

const METRICS: Keyed = Keyed {
    what: "metrics source",
    examples: &["prom"],
    more: "",
    built_in: &[],
    entry: Node::Table(&[
        Key::leaf("url", Kind::Url, "The base; /api/v1 is appended.")
            .example("\"https://prometheus.example/prometheus\"")
            .required()
            .guarded(),
        Key::new(
            "auth",
            Node::Choice(AUTH),
            "Exactly one of: { bearer = TOKEN }, { basic = { user = \"..\", password = TOKEN } }; TOKEN as for github.",
        )
        .example("{ bearer = { from = \"env\", name = \"PROM_TOKEN\" } }")
        .guarded(),
        Key::new(
            "headers",
            Node::Named { what: "header", kind: Kind::Header },
            "Headers sent with each request.",
        )
        .example("{ X-Scope-OrgID = \"acme\" }")
        .guarded(),
        CA_FILE,
        Key::leaf("scrape", Kind::Period, "The scrape interval. Left out: measured.")
            .example("\"15s\""),
    ]),
};

const AUTH: &[Key] = &[
    Key::new("bearer", Node::Token, "A bearer token."),
    Key::new(
        "basic",
        Node::Table(&[
            Key::leaf("user", Kind::Text, "The user.")
                .required()
                .example("\"flightdeck\""),
            Key::new("password", Node::Token, "The password.")
                .required()
                .example("{ from = \"env\", name = \"PASSWORD\" }"),
        ]),
        "User and password.",
    ),
];

const DEFAULTS: &[Key] = &[
    Key::new(
        "signals",
        Node::Table(&[
            Key::leaf("requests", Kind::Query, REQUESTS_DOC).default(
                r#"'sum(increase(http_requests_total{service="$service",env="$env"$track}[$bin]))'"#,
            ),
            Key::leaf("errors", Kind::Query, "Requests that failed.").default(
                r#"'sum(increase(http_requests_total{service="$service",env="$env",code=~"5.."$track}[$bin]))'"#,
            ),
            Key::new(
                "latency",
                Node::Table(&[
                    Key::leaf("buckets", Kind::Query, "Counts by `le`.").default(
                        r#"'sum by (le) (increase(http_request_duration_seconds_bucket{service="$service",env="$env"$track}[$bin]))'"#,
                    ),
                    UNIT.default("\"s\""),
                ]),
                "A histogram of how long requests took.",
            ),
        ]),
        "Queries for every service: counts, never ratios. A service may write its own.",
    ),
    Key::new("verdict", Node::Table(VERDICT), "How the verdict judges a deploy."),
    Key::new("slo", Node::Table(SLO), "What the services promise."),
];

const REQUESTS_DOC: &str = "Requests in a bin. Variables: $service, $env, $bin (length of a bin), $track (the canary's or the stable\n\
                            selector, else nothing) and the service's labels.";

/// The histogram's unit.
const UNIT: Key = Key::leaf("unit", Kind::Word(&["s", "ms"]), "The unit of `le`.");

/// Queries that a service may replace; none has a default, since the defaults above hold.
const OWN_SIGNALS: &[Key] = &[
    Key::leaf("requests", Kind::Query, "Requests in a bin.")
        .example(r#"'sum(increase(checkout_requests_total{env="$env"$track}[$bin]))'"#),
    Key::leaf("errors", Kind::Query, "Requests that failed.")
        .example(r#"'sum(increase(checkout_failures_total{env="$env"$track}[$bin]))'"#),
    Key::new(
        "latency",
        Node::Table(&[
            Key::leaf("buckets", Kind::Query, "Counts by `le`.")
                .required()
                .example(
                    r#"'sum by (le) (increase(checkout_seconds_bucket{env="$env"$track}[$bin]))'"#,
                ),
            UNIT.required().example("\"s\""),
        ]),
        "A histogram of how long requests took.",
    ),
];

const VERDICT: &[Key] = &[
    Key::leaf(
        "alpha",
        SHARE,
        "The chance of a false alarm for each deploy, all metrics and all looks together.",
    )
    .default("0.01"),
    Key::leaf(
        "s",
        SHARE,
        "The part of alpha spent on the baseline's own uncertainty.",
    )
    .default("0.3"),
    Key::leaf("rel", POSITIVE, "Errors: the tolerated relative rise.").default("0.25"),
    Key::leaf(
        "abs",
        SHARE,
        "Errors: the tolerated absolute rise, as a ratio.",
    )
    .default("0.001"),
    Key::leaf(
        "slowdown",
        POSITIVE,
        "Latency: the tolerated slowdown; 0.20 is 20 % slower.",
    )
    .default("0.20"),
    Key::leaf(
        "lat_abs",
        SHARE,
        "Latency: the tolerated absolute rise of the slow share.",
    )
    .default("0.005"),
    Key::leaf(
        "beta",
        SHARE,
        "The chance of saying healthy of a bad deploy.",
    )
    .default("0.05"),
    Key::leaf(
        "warm_up",
        Kind::Period,
        "How long after a deploy only gross failures count.",
    )
    .default("\"90s\""),
    Key::leaf(
        "horizon",
        Kind::Period,
        "How long after a deploy evidence is gathered.",
    )
    .default("\"30m\""),
];

const SLO: &[Key] = &[
    Key::new(
        "availability",
        Node::Table(&[
            Key::leaf("objective", SHARE, "The share of requests that succeed.")
                .required()
                .example("0.999"),
            Key::leaf("period", Kind::Period, "Over this time.")
                .required()
                .example("\"30d\""),
        ]),
        "",
    ),
    Key::new(
        "latency",
        Node::Table(&[
            Key::leaf(
                "objective",
                SHARE,
                "The share of requests that are fast enough.",
            )
            .required()
            .example("0.99"),
            Key::leaf("below", Kind::Period, "Fast enough is below this.")
                .required()
                .example("\"300ms\""),
            Key::leaf("period", Kind::Period, "Over this time.")
                .required()
                .example("\"30d\""),
        ]),
        "",
    ),
];

const CHANGES: &[Key] = &[
    Key::leaf("reach", Kind::Period, "How far back.").default("\"400d\""),
    Key::leaf(
        "incident_labels",
        Kind::List(&Kind::Text),
        "Issues with one of these labels are incidents.",
    )
    .default("[\"incident\"]"),
    Key::leaf(
        "hotfix_labels",
        Kind::List(&Kind::Text),
        "A pull request with one of these labels is a hotfix ...",
    )
    .default("[\"hotfix\"]"),
    Key::leaf(
        "hotfix_branches",
        Kind::List(&Kind::Text),
        "... as is one whose branch begins so ...",
    )
    .default("[\"hotfix/\"]"),
    Key::leaf(
        "hotfix_titles",
        Kind::List(&Kind::Text),
        "... or whose title does; capitals do not matter.",
    )
    .default("[\"hotfix:\", \"hotfix(\", \"hotfix \", \"[hotfix]\"]"),
];

const UI: &[Key] = &[
    Key::leaf("theme", Kind::Id, "The colours: dark, mono.").default("\"dark\""),
    Key::leaf(
        "mouse",
        Kind::Word(&["auto", "on", "off"]),
        "auto: off over SSH.",
    )
    .default("\"auto\""),
    Key::leaf(
        "service",
        Kind::Id,
        "The service shown first. Left out: the repository one stands in, else the first.",
    )
    .example("\"checkout\""),
    Key::leaf(
        "env",
        Kind::Id,
        "The environment shown first. Left out: the service's last.",
    )
    .example("\"production\""),
    Key::leaf("ascii", Kind::Bool, "Draw with ASCII only.").default("false"),
    Key::leaf("banner", Kind::AnyText, "A word for the title line.").default("\"\""),
    Key::new(
        "keys",
        Node::Named {
            what: "action",
            kind: Kind::Many(&Kind::Text),
        },
        "Own keys: action = chord, or a list of chords. `?` on the screen names the actions.",
    )
    .example("{ rollback = \"R\" }"),
];

const STATE: &[Key] = &[Key::leaf(
    "profile",
    Kind::Id,
    "The folder of the ledger and the caches; another name is another, empty ledger.",
)
.default("\"default\"")];

const CLOCK: &[Key] = &[
    Key::leaf("at", Kind::Moment, "This moment ...").example("\"2026-11-21T14:03:00Z\""),
    Key::leaf("real_at", Kind::Moment, "... was at this real moment.")
        .example("\"2026-11-21T14:03:00Z\""),
    Key::leaf(
        "speed",
        Kind::Number {
            above: 0.0,
            up_to: 100_000.0,
            open: false,
        },
        "Seconds for each real one.",
    )
    .default("1.0"),
];

#[cfg(test)]
mod tests;
