//! The people of the simulated company, and what their pull requests are about.

/// Somebody who writes, reviews or deploys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) login: &'static str,
    pub(crate) name: &'static str,
}

/// Everybody; index 0 is who owns the demo's token.
pub(crate) const PEOPLE: [Person; 12] = [
    Person {
        login: "maria",
        name: "María Ortega",
    },
    Person {
        login: "li",
        name: "Li Wei",
    },
    Person {
        login: "noor",
        name: "Noor Haddad",
    },
    Person {
        login: "jonas",
        name: "Jonas Brandt",
    },
    Person {
        login: "priya",
        name: "Priya Raman",
    },
    Person {
        login: "tomasz",
        name: "Tomasz Zieliński",
    },
    Person {
        login: "aiko",
        name: "Aiko 田中",
    },
    Person {
        login: "samuel",
        name: "Samuel Osei",
    },
    Person {
        login: "freya",
        name: "Freya Lindqvist",
    },
    Person {
        login: "mateo",
        name: "Mateo Silva",
    },
    Person {
        login: "ines",
        name: "Inès Moreau",
    },
    Person {
        login: "renovate-bot",
        name: "Renovate",
    },
];

/// The person at an index; the first for an index out of range.
pub(crate) fn person(index: usize) -> Person {
    PEOPLE.get(index).copied().unwrap_or(PEOPLE[0])
}

/// What pull requests say they do.
pub(crate) const TITLES: [&str; 44] = [
    "retry idempotent calls once",
    "drop the legacy session table",
    "faster cold start",
    "fix rounding in totals",
    "trace ids in every log line",
    "bump tokio to the current release",
    "cache the country list",
    "remove the unused feature flag",
    "limit the size of uploads",
    "new address form",
    "typo",
    "split the worker from the web process",
    "add a health check that looks at the queue",
    "sort results by relevance",
    "timeouts on all outgoing calls",
    "accessibility of the dialog",
    "use the shared currency type",
    "handle an empty basket",
    "batch the price lookups",
    "translate error messages",
    "graceful shutdown",
    "fewer allocations in the hot path",
    "document the public API",
    "connection pool metrics",
    "honour Retry-After",
    "backfill missing invoices",
    "dark mode for the admin pages",
    "test for leap years",
    "move images to the CDN",
    "stricter content security policy",
    "rename customer to account",
    "fix flaky browser test",
    "show the delivery date",
    "compress responses",
    "second factor for staff",
    "rate limit the login",
    "paginate the order list",
    "reindex in the background",
    "remove the last of jQuery",
    "prefetch the next page",
    "audit log of permission changes",
    "idempotency keys on payments",
    "smaller container image",
    "warm the caches after a deploy",
];

/// The twelve changes of the release that goes wrong, by five people: title, author, and the files they touch.
pub(crate) const BAD_RELEASE: [(&str, usize, &[&str]); 12] = [
    (
        "new tax engine",
        3,
        &[
            "src/tax/engine.rs",
            "src/tax/rates.rs",
            "db/migrations/0042_tax.sql",
        ],
    ),
    ("tax rates by postcode", 3, &["src/tax/rates.rs"]),
    (
        "show tax before the last step",
        4,
        &["web/basket.ts", "src/basket.rs"],
    ),
    (
        "retry budget",
        0,
        &["src/client/retry.rs", "config/limits.toml"],
    ),
    ("tax rounding", 5, &["src/tax/rounding.rs"]),
    ("basket: keep items for 30 days", 4, &["src/basket.rs"]),
    ("less logging on the hot path", 0, &["src/log.rs"]),
    ("faster address lookup", 6, &["src/address.rs"]),
    (
        "bump rustls to the current release",
        6,
        &["Cargo.lock", "Cargo.toml"],
    ),
    ("voucher codes are case-insensitive", 5, &["src/voucher.rs"]),
    (
        "timeouts on the tax service",
        3,
        &["src/client/tax.rs", "config/limits.toml"],
    ),
    ("typo", 4, &["README.md"]),
];

/// A title that tries to take over a terminal: an escape sequence, a title change, a bell, and a right-to-left override.
pub(crate) const HOSTILE_TITLE: &str = "fix \u{1b}[31mcolours\u{1b}[0m \u{1b}]0;owned\u{7} and \u{202e}txt.exe\u{202c} \u{2066}names\u{2069}";

/// A title of more than 300 characters, some of them wide.
pub(crate) fn long_title() -> String {
    format!(
        "translate everything: {}",
        "übersetzen 翻訳 traduire ".repeat(14)
    )
}
