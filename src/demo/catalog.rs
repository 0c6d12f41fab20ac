//! The services of the simulated company: names, environments, traffic, and how their version numbers stand when the story begins.

use super::model::Rules;

/// The organisation that owns every repository.
pub(crate) const OWNER: &str = "acme";

/// An environment: its name, and the requests that it serves each second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnvSpec {
    pub(crate) name: &'static str,
    pub(crate) per_second: f64,
    pub(crate) rules: Rules,
}

/// A service.
#[derive(Debug)]
pub(crate) struct ServiceSpec {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) language: &'static str,
    pub(crate) environments: &'static [EnvSpec],
    /// The newest released version.
    pub(crate) latest: (u64, u64, u64),
    /// Hours since that was released.
    pub(crate) released_hours_ago: f64,
    /// The number of the newest pull request.
    pub(crate) pull_number: u64,
    /// Shares of all requests that fail, and the 95th percentile of the response time in milliseconds, when all is well.
    pub(crate) error_ratio: f64,
    pub(crate) p95_ms: f64,
    /// The next planned release: its name and in how many days.
    pub(crate) planned: Option<(&'static str, i64, &'static str)>,
    /// A release that is drafted but not published.
    pub(crate) draft: Option<&'static str>,
    /// Whether tags are annotated (objects of their own).
    pub(crate) annotated: bool,
    /// Check runs on each commit, and whether commit statuses are used too.
    pub(crate) checks: usize,
    pub(crate) statuses: bool,
}

const fn env(name: &'static str, per_second: f64) -> EnvSpec {
    EnvSpec {
        name,
        per_second,
        rules: Rules {
            reviewer: None,
            wait_min: None,
        },
    }
}

/// An environment that takes a deployment only after a review.
const fn reviewed(name: &'static str, per_second: f64, reviewer: usize) -> EnvSpec {
    let mut spec = env(name, per_second);
    spec.rules.reviewer = Some(reviewer);
    spec
}

/// An environment that lets every deployment wait.
const fn waited(name: &'static str, per_second: f64, minutes: u32) -> EnvSpec {
    let mut spec = env(name, per_second);
    spec.rules.wait_min = Some(minutes);
    spec
}

/// The service whose release the scenarios are about.
pub(crate) const STAR: &str = "checkout";

/// All services.
pub(crate) const SERVICES: [ServiceSpec; 6] = [
    ServiceSpec {
        name: STAR,
        description: "Basket, taxes and the last click",
        language: "Rust",
        environments: &[env("staging", 2.0), env("production", 36.0)],
        latest: (2, 15, 0),
        released_hours_ago: 0.7,
        pull_number: 4852,
        error_ratio: 0.0031,
        p95_ms: 190.0,
        planned: Some(("v2.16.0", 5, "Gift cards")),
        draft: None,
        annotated: true,
        checks: 42,
        statuses: true,
    },
    ServiceSpec {
        name: "payments",
        description: "Cards, invoices, refunds",
        language: "Java",
        environments: &[
            env("staging", 1.0),
            env("eu", 9.0),
            reviewed("production", 18.0, 1),
        ],
        latest: (3, 9, 2),
        released_hours_ago: 76.0,
        pull_number: 2210,
        error_ratio: 0.0012,
        p95_ms: 260.0,
        planned: Some(("v4.0.0", 3, "Major: new ledger format")),
        draft: Some("v4.0.0"),
        annotated: true,
        checks: 31,
        statuses: true,
    },
    ServiceSpec {
        name: "search",
        description: "Finds things",
        language: "Go",
        environments: &[
            env("staging", 3.0),
            env("canary", 4.0),
            env("production", 45.0),
        ],
        latest: (8, 0, 3),
        released_hours_ago: 125.0,
        pull_number: 1377,
        error_ratio: 0.002,
        p95_ms: 120.0,
        planned: Some(("v8.1.0", 0, "Needs checkout 2.15")),
        draft: Some("v8.1.0"),
        annotated: false,
        checks: 18,
        statuses: false,
    },
    ServiceSpec {
        name: "catalog",
        description: "Products and prices",
        language: "Kotlin",
        environments: &[env("staging", 2.0), waited("production", 60.0, 2)],
        latest: (1, 62, 0),
        released_hours_ago: 30.0,
        pull_number: 980,
        error_ratio: 0.0008,
        p95_ms: 90.0,
        planned: Some(("v1.63.0", 8, "Variants")),
        draft: None,
        annotated: false,
        checks: 12,
        statuses: true,
    },
    ServiceSpec {
        name: "accounts",
        description: "Who you are",
        language: "Rust",
        environments: &[env("staging", 1.0), env("production", 12.0)],
        latest: (5, 4, 1),
        released_hours_ago: 210.0,
        pull_number: 640,
        error_ratio: 0.0025,
        p95_ms: 150.0,
        planned: Some(("v5.5.0", 12, "Passkeys")),
        draft: None,
        annotated: true,
        checks: 22,
        statuses: true,
    },
    ServiceSpec {
        name: "web",
        description: "The shop itself",
        language: "TypeScript",
        environments: &[
            env("staging", 4.0),
            env("canary", 6.0),
            env("production", 90.0),
        ],
        latest: (12, 3, 0),
        released_hours_ago: 9.0,
        pull_number: 5120,
        error_ratio: 0.004,
        p95_ms: 320.0,
        planned: Some(("v12.4.0", 2, "Winter look")),
        draft: None,
        annotated: false,
        checks: 27,
        statuses: true,
    },
];

/// The service of that name.
pub(crate) fn service(name: &str) -> Option<&'static ServiceSpec> {
    SERVICES.iter().find(|s| s.name == name)
}
