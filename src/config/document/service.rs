//! The keys of a service, its environments and their ways back.

use super::OWN_SIGNALS;
use crate::config::schema::{Key, Keyed, Kind, Node};

/// `[services.ID]`.
pub(super) const SERVICES: Keyed = Keyed {
    what: "service",
    examples: &["checkout"],
    more: "[services.payments]\nrepo = \"acme/payments\"\nenvironments = [\"production\"]\n[services.payments.env.production]",
    built_in: &[],
    entry: Node::Table(&[
        Key::leaf("repo", Kind::Repo, "The repository.")
            .required()
            .example("\"acme/checkout\""),
        Key::leaf(
            "path",
            Kind::InRepo,
            "Its folder there. Left out: the whole repository.",
        )
        .example("\"services/checkout\""),
        Key::leaf("github", Kind::Id, "The GitHub source.").default("\"main\""),
        Key::leaf(
            "metrics",
            Kind::Id,
            "The metrics source. Left out: no signals, so no verdict.",
        )
        .example("\"prom\""),
        Key::leaf("tags", Kind::List(&Kind::Text), "Words to find it by.")
            .example("[\"shop\", \"tier-1\"]"),
        Key::leaf(
            "environments",
            Kind::List(&Kind::Id),
            "Its environments in the order a release goes through them; each may have a table below.",
        )
        .required()
        .example("[\"staging\", \"production\"]"),
        Key::new(
            "labels",
            Node::Named {
                what: "label",
                kind: Kind::Text,
            },
            "Variables for queries: $name. `service` and `env` may be overridden.",
        )
        .example("{ service = \"checkout\" }"),
        Key::leaf(
            "needs",
            Kind::List(&Kind::Id),
            "Services that must be released before it.",
        )
        .example("[\"payments\"]"),
        Key::leaf(
            "irreversible",
            Kind::List(&Kind::InRepo),
            "Files whose change a rollback does not undo.",
        )
        .example("[\"db/migrations/**\"]"),
        Key::leaf("runbook", Kind::Link, "Where to read what to do.")
            .example("\"https://wiki.example/checkout\""),
        Key::new(
            "release",
            Node::Table(&[
                Key::leaf(
                    "tags",
                    Kind::Text,
                    "The pattern of its version tags; other tags and releases make no candidate.",
                )
                .default("\"v*\""),
                Key::leaf(
                    "from",
                    Kind::Word(&["tags", "releases", "branch"]),
                    "What makes a candidate: the newest tag or draft release (`tags`), the newest release, drafts too (`releases`), or the\n\
                     default branch's head (`branch`). Where the first two were live already, the head is what comes next.",
                )
                .default("\"tags\""),
            ]),
            "",
        ),
        Key::new(
            "roles",
            Node::Table(&[
                Key::leaf("accountable", Kind::Text, "Who gives the GO.").example("\"li\""),
                Key::leaf("responsible", Kind::List(&Kind::Text), "Who does it.")
                    .example("[\"maria\"]"),
                Key::leaf("consulted", Kind::List(&Kind::Text), "Who is asked.")
                    .example("[\"@acme/qa\"]"),
                Key::leaf("informed", Kind::List(&Kind::Text), "Who is told.")
                    .example("[\"@acme/support\"]"),
            ]),
            "Logins, or teams as @org/team.",
        ),
        Key::new(
            "signals",
            Node::Table(OWN_SIGNALS),
            "Its own queries, in place of those under [defaults.signals].",
        ),
        Key::new("env", Node::Keyed(&ENVS), "Where it runs."),
    ]),
};

const ENVS: Keyed = Keyed {
    what: "environment",
    examples: &["production"],
    more: "[services.checkout.env.staging]\nconfirm = \"key\"",
    built_in: &[],
    entry: Node::Table(&[
        Key::leaf(
            "github_environment",
            Kind::Text,
            "Its name at GitHub. Left out: its id.",
        )
        .example("\"production\""),
        Key::leaf(
            "live",
            Kind::List(&Kind::Word(&["deployments", "runs", "probe", "releases"])),
            "How what is live is known, best first; the first that has data tells, and the screen says which: GitHub's deployments,\n\
             the runs of the workflow in `deploy`, the `probe`, the newest release (approximate).",
        )
        .default("[\"deployments\"]"),
        Key::leaf("bake", Kind::Period, "How long a deploy is watched.").default("\"30m\""),
        Key::leaf(
            "confirm",
            Kind::Word(&["service-name", "key"]),
            "What confirms a rollback: the service's name typed, or a key.",
        )
        .default("\"service-name\""),
        Key::leaf(
            "verify_within",
            Kind::Period,
            "How long a rollback may take to show in what is live and in the signals.",
        )
        .default("\"15m\""),
        Key::new(
            "probe",
            Node::Table(&[
                Key::leaf("url", Kind::Link, "The address; it is asked without credentials.")
                    .required()
                    .example("\"https://checkout.example/healthz\""),
                Key::leaf(
                    "version",
                    Kind::VersionAt,
                    "A JSONPath (RFC 9535), `header NAME`, or `text` for the whole answer.",
                )
                .required()
                .example("\"$.version\""),
            ]),
            "Where the service says which version or commit it runs. Where that is not what is recorded, the screen shows drift.",
        )
        .guarded(),
        Key::new("deploy", Node::Table(DEPLOY), "The workflow that deploys.").guarded(),
        Key::new(
            "canary",
            Node::Table(&[
                Key::leaf(
                    "jobs",
                    Kind::Jobs,
                    "The jobs of the steps; {weight} stands for the percentage.",
                )
                .example("\"canary {weight} %\""),
                Key::leaf("track", Kind::AnyText, "What $track is for the canary.")
                    .example("',track=\"canary\"'"),
                Key::leaf("stable", Kind::AnyText, "What $track is for the rest.")
                    .example("',track=\"stable\"'"),
            ]),
            "A rollout in steps.",
        ),
        Key::new(
            "rollback",
            Node::Table(ROLLBACK),
            "No such table: no rollback here.",
        )
        .guarded(),
    ]),
};

const REF_DOC: &str = "The branch or tag that it runs on (never a commit).";
const INPUTS_DOC: &str = "The workflow's inputs. Variables: $service, $env, $to_sha, $to_version, $from_sha, $from_version, $correlation_id.\n\
                          An input that takes $correlation_id, shown in the workflow's `run-name`, lets a lost answer be found again.";

const DEPLOY: &[Key] = &[
    Key::leaf("workflow", Kind::Workflow, "Its file in .github/workflows.")
        .required()
        .example("\"deploy.yml\""),
    Key::leaf("ref", Kind::Template, REF_DOC)
        .required()
        .example("\"main\""),
    Key::new(
        "inputs",
        Node::Named {
            what: "workflow input",
            kind: Kind::Input,
        },
        INPUTS_DOC,
    )
    .example("{ version = \"$to_version\", sha = \"$to_sha\" }"),
];

const ROLLBACK: &[Key] = &[
    Key::leaf(
        "ladder",
        Kind::List(&Kind::Id),
        "Which ways are tried, in order; `R` preselects the first that reaches the target, and says why an earlier one does not.",
    )
    .required()
    .example("[\"stop\", \"old-run\", \"workflow\"]"),
    Key::new(
        "way",
        Node::Keyed(&WAYS),
        "The ways back by name; the one sub-table in each is its kind.",
    ),
];

const WAYS: Keyed = Keyed {
    what: "way back",
    examples: &["stop", "old-run", "workflow"],
    more: "",
    built_in: &[],
    entry: Node::Choice(&[
        Key::new(
            "github_cancel",
            Node::Table(&[]),
            "Cancels the run of the deploy that is still under way.",
        )
        .example("{}"),
        Key::new(
            "github_rerun",
            Node::Table(&[Key::leaf(
                "max_age",
                Kind::Period,
                "Runs older than that are left alone. GitHub repeats a run for 30 days after its first attempt, so that is the most.",
            )
            .default("\"30d\"")]),
            "Repeats the run that once deployed the target: all of it, with its workflow file and inputs of then and the secrets of today.\n\
             It needs no workflow of its own, but only works while GitHub repeats the run: 30 days, 50 times, not while it is under way.",
        )
        .example("{ max_age = \"30d\" }"),
        Key::new(
            "github_workflow",
            Node::Table(&[
                Key::leaf("file", Kind::Workflow, "Its file in .github/workflows.").required().example("\"rollback.yml\""),
                Key::leaf("ref", Kind::Template, REF_DOC).required().example("\"main\""),
                Key::new(
                    "inputs",
                    Node::Named { what: "workflow input", kind: Kind::Input },
                    INPUTS_DOC,
                ),
            ]),
            "Starts a workflow that puts the target back. `inputs` as for deploy.",
        )
        .example("{ file = \"rollback.yml\", ref = \"main\", inputs = { sha = \"$to_sha\", cockpit_id = \"$correlation_id\" } }"),
    ]),
};
