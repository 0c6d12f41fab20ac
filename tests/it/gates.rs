//! Gates by example: every file of `tests/scenarios/gate` is one kind; each case configures the gate as a user would, gives the
//! facts, and says what the checklist shows.

use std::collections::BTreeMap;
use std::path::Path;

use flightdeck::config::{self, Folders, Sources};
use flightdeck::domain::calendar::decision::{Question, decide};
use flightdeck::domain::calendar::rule::{Rule, RuleKind, Scope, Times};
use flightdeck::domain::fetched::{Fault, FaultKind, Fetched};
use flightdeck::domain::gate::evaluate::{Facts, rows};
use flightdeck::domain::gate::http::{Measured, Reading};
use flightdeck::domain::gate::rollback_plan::WayBack;
use flightdeck::domain::gate::signoff::{Answer, Body, SignOff};
use flightdeck::domain::gate::spec::GateSpec;
use flightdeck::domain::ids::{CommitSha, Target};
use flightdeck::domain::release::{
    Approvals, CheckItem, CheckState, Checks, PullReviews, VersionRef,
};
use flightdeck::domain::rollback::{Refusal, Way, WayKind};
use flightdeck::domain::text::Safe;
use flightdeck::domain::units::Now;
use flightdeck::runtime::assemble;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    gate: String,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    gate: Option<String>,
    version: Option<String>,
    base: Option<String>,
    of: Option<char>,
    read_ago_s: Option<i64>,
    failing: Option<String>,
    checks: Option<Vec<Check>>,
    missing: Option<String>,
    pulls: Option<Vec<Pull>>,
    #[serde(default)]
    direct: u32,
    #[serde(default)]
    partial: bool,
    reading: Option<Measured>,
    signoffs: Option<Vec<Sign>>,
    ways: Option<bool>,
    live: Option<char>,
    plan: Option<String>,
    freeze: Option<bool>,
    state: String,
    summary: Option<String>,
    value: Option<String>,
    rule: Option<String>,
    source: Option<String>,
    owner: Option<String>,
    at_ago_s: Option<i64>,
    valid_in_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    name: String,
    state: CheckState,
    ago_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    number: u64,
    author: String,
    approved_by: Vec<Safe>,
    #[serde(default)]
    changes_requested_by: Vec<Safe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    who: String,
    slot: Option<String>,
    ago_s: i64,
    answer: Option<Answer>,
    reason: Option<Safe>,
    of: Option<char>,
    version: Option<Safe>,
    verified: Option<bool>,
}

const NOW_S: i64 = 1_764_000_000;

fn ago(s: i64) -> Timestamp {
    Timestamp::from_second(NOW_S - s).unwrap()
}

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

/// The gate as configured, for production.
fn configured(gate: &str) -> Vec<GateSpec> {
    let text = format!(
        "[services.checkout]\nrepo = \"acme/checkout\"\nenvironments = [\"staging\", \"production\"]\n[services.checkout.env]\nstaging = {{}}\nproduction = {{}}\n[gates]\ng = {gate}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, text).unwrap();
    let folders = Folders {
        home: None,
        config: folder.path().join("c"),
        state: folder.path().join("s"),
        cache: folder.path().join("x"),
    };
    let loaded = config::load(&Sources {
        config_flag: Some(file),
        ..Sources::new(folder.path(), folders)
    })
    .unwrap_or_else(|faults| panic!("{faults}"));
    let mut catalog = assemble::catalog(&loaded.config);
    catalog.services[0].environments.remove(1).gates
}

fn fetched<T>(case: &Case, value: Option<T>) -> Fetched<T> {
    let fault = case.failing.as_ref().map(|message| Fault {
        message: Safe::new(message),
        hint: None,
        kind: FaultKind::Unreachable,
        at: ago(1),
        retry_at: None,
    });
    let at = ago(case.read_ago_s.unwrap_or(5));
    match (value, fault) {
        (None, None) => Fetched::Never,
        (None, Some(fault)) => Fetched::Failed { fault },
        (Some(value), None) => Fetched::Fresh { value, at },
        (Some(value), fault) => Fetched::Stale { value, at, fault },
    }
}

fn version(c: char, name: &str) -> VersionRef {
    VersionRef {
        sha: sha(c),
        version: (!name.is_empty()).then(|| Safe::new(name)),
    }
}

/// An office window around now, and a freeze in it if one is wanted.
fn rules(frozen: bool) -> Vec<Rule> {
    let rule = |id: &str, kind, around_s: i64| {
        let local = |s| ago(s).to_zoned(TimeZone::UTC).datetime();
        Rule {
            id: id.to_owned(),
            kind,
            zone: TimeZone::UTC,
            zone_name: Safe::new("UTC"),
            times: Times {
                repeats: None,
                dates: vec![(local(around_s), local(-around_s))],
            },
            scope: Scope::default(),
            allow: vec![],
            hard: false,
            reason: Safe::new(id),
            place: Safe::new("config.toml:7"),
        }
    };
    let mut rules = vec![rule("office", RuleKind::Window, 7_200)];
    if frozen {
        rules.push(rule("year end", RuleKind::Freeze, 600));
    }
    rules
}

fn holds(file: &str, scenario: &Scenario, case: &Case) {
    let what = format!("{file}: {}", case.name);
    let specs = configured(case.gate.as_ref().unwrap_or(&scenario.gate));
    let candidate = version('c', case.version.as_deref().unwrap_or("v2.15.0"));
    let base = (case.base.as_deref() != Some("")).then(|| version('b', "v2.14.0"));
    let of = sha(case.of.unwrap_or('c'));
    let checks = fetched(
        case,
        case.checks.as_ref().map(|items| Checks {
            sha: of.clone(),
            items: items
                .iter()
                .map(|c| CheckItem {
                    name: Safe::new(&c.name),
                    app: Some(Safe::new("ci")),
                    state: c.state,
                    summary: None,
                    at: Some(ago(c.ago_s.unwrap_or(60))),
                    url: None,
                })
                .collect(),
            missing: case.missing.iter().map(|m| Safe::new(m)).collect(),
        }),
    );
    let approvals = fetched(
        case,
        case.pulls.as_ref().map(|pulls| Approvals {
            base: sha('b'),
            head: of.clone(),
            authors: pulls.iter().map(|p| Safe::new(&p.author)).collect(),
            pulls: pulls
                .iter()
                .map(|p| PullReviews {
                    number: p.number,
                    title: Safe::new("a change"),
                    author: Some(Safe::new(&p.author)),
                    url: None,
                    approved_by: p.approved_by.clone(),
                    changes_requested_by: p.changes_requested_by.clone(),
                    reviewed_at: Some(ago(3600)),
                })
                .collect(),
            direct: case.direct,
            partial: case.partial,
        }),
    );
    let reading = fetched(
        case,
        case.reading.clone().map(|value| Reading {
            value,
            from: Safe::new("https://ci.example"),
        }),
    );
    let readings = BTreeMap::from([("g".to_owned(), reading)]);
    let signoffs: Vec<SignOff> = case
        .signoffs
        .iter()
        .flatten()
        .zip(1..)
        .map(|(s, seq)| SignOff {
            seq,
            at: ago(s.ago_s),
            who: Safe::new(&s.who),
            verified: s.verified.unwrap_or(true),
            body: Body {
                gate: "g".to_owned(),
                slot: s.slot.clone(),
                sha: sha(s.of.unwrap_or('c')),
                version: s.version.clone(),
                answer: s.answer.unwrap_or(Answer::Yes),
                reason: s.reason.clone(),
            },
        })
        .collect();
    let ways = [Way {
        id: "workflow".to_owned(),
        kind: WayKind::Workflow {
            file: "rollback.yml".to_owned(),
            git_ref: "main".to_owned(),
            inputs: vec![],
        },
    }];
    let target = Target {
        service: "checkout".parse().unwrap(),
        env: "production".parse().unwrap(),
    };
    let plan = case.plan.as_deref().map(|word| {
        Err(match word {
            "no-target" => Refusal::NoTarget(target.clone()),
            "not-configured" => Refusal::NotConfigured(target.clone()),
            "unknown" => Refusal::Unknown(target.clone(), "cut off".to_owned()),
            other => panic!("{what}: no such plan: {other}"),
        })
    });
    let live = case.live.map(|c| version(c, "v2.15.0"));
    let decision = case.freeze.map(|frozen| {
        let question = Question {
            target: &target,
            kind: None,
        };
        decide(&rules(frozen), &question, ago(0))
    });
    let overview = fetched(case, plan.is_some().then_some(()));
    let rows = rows(
        &specs,
        &Facts {
            now: Now(ago(0)),
            candidate: &candidate,
            base: base.as_ref(),
            checks: &checks,
            approvals: &approvals,
            readings: &readings,
            signoffs: match &case.failing {
                Some(why) => Err(why),
                None => Ok(&signoffs),
            },
            way_back: WayBack {
                ways: if case.ways == Some(false) { &[] } else { &ways },
                live: live.as_ref().or(base.as_ref()),
                plan: plan.as_ref(),
                seen_at: overview.at(),
                fault: overview.fault(),
            },
            window: decision.as_ref(),
            stale_after: SignedDuration::from_mins(30),
        },
    );
    let Some(row) = rows.first() else {
        assert_eq!(case.state, "not asked", "{what}");
        return;
    };
    let word = serde_json::to_value(row.state).unwrap();
    assert_eq!(word, case.state.as_str(), "{what}: {}", row.summary);
    let text = |given: Option<&Safe>| given.map(ToString::to_string);
    for (name, wanted, given) in [
        ("summary", &case.summary, text(Some(&row.summary))),
        ("value", &case.value, text(row.evidence.value.as_ref())),
        ("rule", &case.rule, text(row.evidence.rule.as_ref())),
        ("source", &case.source, text(row.evidence.source.as_ref())),
        ("owner", &case.owner, text(row.owner.as_ref())),
    ] {
        if wanted.is_some() {
            assert_eq!(*wanted, given, "{what}: {name}");
        }
    }
    if let Some(s) = case.at_ago_s {
        assert_eq!(row.evidence.at, Some(ago(s)), "{what}: at");
    }
    if let Some(s) = case.valid_in_s {
        assert_eq!(
            row.evidence.valid_until,
            Some(ago(-s)),
            "{what}: valid until"
        );
    }
}

#[test]
fn every_scenario_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/gate");
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario: Scenario = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(
            scenario.about.starts_with(&name),
            "{name} says what it is about"
        );
        for case in &scenario.case {
            holds(&name, &scenario, case);
        }
        kinds.push(name);
    }
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "approvals",
            "checks",
            "http",
            "manual",
            "rollback_plan",
            "window"
        ],
        "each kind has its scenarios"
    );
}
