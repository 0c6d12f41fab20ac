//! A shop with three services: what GitHub, the metrics source and the ledger answer about it.

use std::collections::BTreeMap;

use flightdeck::app::effect::{Effect, EffectKey, Fetch, Write};
use flightdeck::app::msg::{Answer, Msg};
use flightdeck::app::update::update;
use flightdeck::app::world::{Scope, Start, Who, World};
use flightdeck::domain::calendar::Calendar;
use flightdeck::domain::catalog::{
    Catalog, Confirm, Environment, LatencyTemplate, Service, SignalTemplates,
};
use flightdeck::domain::fetched::{Fault, FaultKind};
use flightdeck::domain::ids::{CommitSha, Target};
use flightdeck::domain::ledger::{Chain, Draft, Older, Row};
use flightdeck::domain::observe::{Budget, MetricsClock, SignalBatch};
use flightdeck::domain::release::{
    Change, CheckItem, CheckState, Checks, CommitLine, Comparison, ComparisonStatus, Conclusion,
    Deployment, DeploymentState, DeploymentStatus, Job, Milestone, Overview, Release, Run, RunId,
    RunStatus, RunView, Step, Tag,
};
use flightdeck::domain::rollback::holds::{HoldFacts, Pending};
use flightdeck::domain::rollback::{Way, WayKind};
use flightdeck::domain::signal::{Bin, Settings};
use flightdeck::domain::text::Safe;
use flightdeck::domain::units::Now;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment of the day of the story, Friday 21 November 2025, in UTC.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2025-11-21T{time}Z").parse().unwrap()
}

pub(crate) fn fault(message: &str, kind: FaultKind, when: Timestamp) -> Fault {
    Fault {
        message: Safe::new(message),
        hint: None,
        kind,
        at: when,
        retry_at: None,
    }
}

/// A text as nobody wants it.
pub(crate) fn hostile() -> String {
    format!(
        "\u{1b}[31mred\u{1b}]0;title\u{7} \u{202e}bidi 漢字🚀👩\u{200d}👩\u{200d}👧 e\u{301}{}\n",
        "very long ".repeat(400)
    )
}

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

/// The shop.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) now: Now,
    pub(crate) overviews: BTreeMap<String, Result<Overview, Fault>>,
    pub(crate) run: Option<Result<RunView, Fault>>,
    pub(crate) checks: Option<Result<Checks, Fault>>,
    pub(crate) comparison: Option<Result<Comparison, Fault>>,
    /// What would hold a rollback's run.
    pub(crate) holds: HoldFacts,
    /// What the rollback's run waits for.
    pub(crate) pending: Vec<Pending>,
    /// The run that deployed what is live.
    pub(crate) old_run: Option<RunView>,
    /// Errors in ten thousand and the typical latency in ms, by the moment.
    pub(crate) traffic: fn(Timestamp) -> (u64, f64),
    pub(crate) metrics_fault: Option<Fault>,
    pub(crate) rows: Vec<Row>,
    /// Rows before those, which the program itself does not read.
    pub(crate) older: Vec<Row>,
    /// What looking at the chain finds; none: all is well.
    pub(crate) chain: Option<Chain>,
    /// What is kept of the past.
    pub(crate) past: super::delivery::Past,
    /// Writes that wait for an answer.
    pub(crate) writes: Vec<(Target, Write)>,
}

impl Shop {
    /// The shop with a configuration, before anything was asked.
    pub(crate) fn open(now: &str, change: impl FnOnce(&mut Start)) -> Self {
        let mut start = Start {
            catalog: Catalog {
                services: vec![
                    service("checkout", true),
                    service("search", true),
                    service("payments", false),
                ],
            },
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            banner: Safe::default(),
            read_only: None,
            withheld: Vec::new(),
            calendar: Calendar::default(),
            verdict: Settings::default(),
            scope: Scope::Focus,
            focus: Some(target("checkout", "production")),
            follow_intents: true,
            min_poll: SignedDuration::from_millis(250),
            who: Who {
                name: Safe::new("maria"),
                verified: true,
            },
        };
        change(&mut start);
        let mut overviews = BTreeMap::new();
        for name in ["checkout", "search", "payments"] {
            overviews.insert(name.to_owned(), Ok(overview(name)));
        }
        Self {
            world: World::new(start),
            now: Now(at(now)),
            overviews,
            run: Some(Ok(run(991, at("12:58:00")))),
            checks: Some(Ok(checks())),
            comparison: Some(Ok(comparison())),
            holds: super::holds::free(),
            pending: Vec::new(),
            old_run: None,
            traffic: |t| match t {
                t if t > at("13:01:20") => (233, 1.0),
                t if t > at("12:59:10") => (233, 0.0),
                _ => (31, 0.0),
            },
            metrics_fault: None,
            rows: Vec::new(),
            older: Vec::new(),
            chain: None,
            past: super::delivery::Past::default(),
            writes: Vec::new(),
        }
    }

    /// A message, with all questions that follow answered.
    pub(crate) fn tell(&mut self, msg: Msg) {
        let mut effects = update(&mut self.world, msg, self.now);
        for _ in 0..400 {
            if effects.is_empty() {
                return;
            }
            let effect = effects.remove(0);
            match effect {
                Effect::Fetch {
                    key,
                    generation,
                    what,
                } => {
                    if let Some(answer) = self.answer(&key, &what) {
                        let msg = Msg::Answer {
                            key,
                            generation,
                            answer,
                        };
                        effects.extend(update(&mut self.world, msg, self.now));
                    }
                }
                Effect::Write { target, what } => self.writes.push((target, what)),
                Effect::Cancel(_) => {}
            }
        }
        panic!("the World never comes to rest");
    }

    /// Time passes, in steps of five seconds.
    pub(crate) fn pass(&mut self, seconds: i64) {
        for _ in 0..(seconds / 5).max(1) {
            self.now = Now(self.now.0 + SignedDuration::from_secs(seconds.min(5)));
            self.tell(Msg::Tick);
        }
    }

    /// A row is written to the ledger.
    pub(crate) fn record(&mut self, draft: &Draft) -> Row {
        let row = Row {
            seq: (self.older.len() + self.rows.len()) as u64 + 1,
            at: draft.at,
            kind: draft.kind.clone(),
            who: draft.who.clone(),
            who_verified: draft.who_verified,
            service: draft.service.clone(),
            environment: draft.environment.clone(),
            body: draft.body.clone(),
            prev: String::new(),
            hash: String::new(),
        };
        self.rows.push(row.clone());
        row
    }

    fn answer(&self, key: &EffectKey, what: &Fetch) -> Option<Answer> {
        Some(match (key, what) {
            (EffectKey::Login(_), _) => Answer::Login(Ok(Some(Safe::new("maria")))),
            (_, Fetch::Overview { asks, .. }) => Answer::Overview(
                asks.iter()
                    .map(|a| {
                        (
                            a.service.clone(),
                            self.overviews[a.service.as_str()].clone(),
                        )
                    })
                    .collect(),
            ),
            (EffectKey::Run(..) | EffectKey::FlowRun(..) | EffectKey::FlowCancelled(..), _) => {
                Answer::Run(self.run.clone()?)
            }
            (EffectKey::OldRun(..) | EffectKey::FlowRerun(..), _) => {
                Answer::Run(Ok(self.old_run.clone()?))
            }
            (_, Fetch::Holds { .. }) => Answer::Holds(Ok(self.holds.clone())),
            (_, Fetch::Pending { .. }) => Answer::Pending(Ok(self.pending.clone())),
            (EffectKey::Checks(_, wanted), _) => {
                Answer::Checks(self.checks.clone()?.map(|c| Checks {
                    sha: wanted.clone(),
                    ..c
                }))
            }
            (EffectKey::Compare(_, base, head), _) => {
                Answer::Compare(self.comparison.clone()?.map(|c| Comparison {
                    base: base.clone(),
                    head: head.clone(),
                    ..c
                }))
            }
            (EffectKey::Ledger, _) => Answer::Ledger(Ok(self.rows.clone())),
            (_, Fetch::OlderRows { before }) => Answer::OlderRows(Ok(Older {
                rows: self
                    .older
                    .iter()
                    .filter(|r| r.seq < *before)
                    .cloned()
                    .collect(),
                unreadable: Vec::new(),
            })),
            (_, Fetch::Chain) => Answer::Chain(Ok(self.chain.clone().unwrap_or(Chain {
                ok: true,
                rows: (self.older.len() + self.rows.len()) as u64,
                broken_at: None,
                reason: None,
            }))),
            (_, Fetch::Clock { .. } | Fetch::Signals { .. }) if self.metrics_fault.is_some() => {
                let fault = self.metrics_fault.clone()?;
                if matches!(what, Fetch::Clock { .. }) {
                    Answer::Clock(Err(fault))
                } else {
                    Answer::Signals(Err(fault))
                }
            }
            (_, Fetch::Reading { .. }) => Answer::Reading(self.past.reading.clone()?),
            (_, Fetch::Listing { ask, .. }) => Answer::Listing(self.past.listing(ask, self.now)),
            (_, Fetch::Sheet { target, days, .. }) => {
                Answer::Sheet(self.past.sheet(target, *days, self.now))
            }
            (_, Fetch::Clock { .. }) => Answer::Clock(Ok(MetricsClock {
                offset_s: 0.0,
                scrape_s: 5,
            })),
            (_, Fetch::Signals { query, .. }) => {
                let width = i64::from(query.bin_s);
                let bins = (query.from_s..query.to_s).step_by(query.bin_s as usize);
                Answer::Signals(Ok(SignalBatch {
                    anchor: query.anchor,
                    bin_s: query.bin_s,
                    bounds_ms: BOUNDS.to_vec(),
                    bins: bins.map(|t| self.bin(query.anchor, t, width)).collect(),
                    asked: (query.from_s, query.to_s),
                    warnings: Vec::new(),
                }))
            }
            _ => return None,
        })
    }

    /// The traffic of an interval: the same for the same moment.
    fn bin(&self, anchor: Timestamp, t: i64, width: i64) -> Bin {
        let moment = anchor + SignedDuration::from_secs(t + width / 2);
        let (bad, slow) = (self.traffic)(moment);
        let noise = (moment.as_second() / width)
            .wrapping_mul(7919)
            .rem_euclid(13)
            .unsigned_abs();
        let n = 24 * width.unsigned_abs() + noise;
        let x = (n * bad + noise * 150 + 4_000) / 10_000;
        let shares = if slow > 0.5 {
            [10, 26, 30, 22, 9, 3, 0, 0]
        } else {
            [22, 44, 28, 4, 1, 1, 0, 0]
        };
        let mut h: Vec<u64> = shares.iter().map(|s| n * s / 100).collect();
        let rest = n - h.iter().sum::<u64>();
        h[1] += rest;
        Bin { t, n, x, h }
    }
}

const BOUNDS: [f64; 7] = [50.0, 100.0, 200.0, 300.0, 500.0, 1_000.0, 2_500.0];

pub(crate) fn target(service: &str, env: &str) -> Target {
    Target {
        service: service.parse().unwrap(),
        env: env.parse().unwrap(),
    }
}

fn service(name: &str, measured: bool) -> Service {
    let environment = |env: &str, ways: Vec<Way>| {
        Environment {
        id: env.parse().unwrap(),
        github_environment: env.to_owned(),
        signals: measured.then(|| SignalTemplates {
            requests: format!("sum(increase(http_requests_total{{service=\"{name}\",env=\"{env}\"}}[$bin]))"),
            errors: format!("sum(increase(http_requests_total{{service=\"{name}\",env=\"{env}\",code=~\"5..\"}}[$bin]))"),
            latency: Some(LatencyTemplate {
                buckets: format!("sum by (le) (increase(http_request_duration_seconds_bucket{{service=\"{name}\",env=\"{env}\"}}[$bin]))"),
                ms_per_unit: 1_000.0,
            }),
            slo_latency_ms: Some(300.0),
            scrape_s: Some(5),
        }),
        bake: SignedDuration::from_mins(30),
        ladder: flightdeck::domain::release::ladder::Ladder::default(),
        verify_within: SignedDuration::from_mins(15),
        confirm: Confirm::ServiceName,
        ways,
        gates: vec![],
    }
    };
    let way = Way {
        id: "workflow".to_owned(),
        kind: WayKind::Workflow {
            file: "rollback.yml".to_owned(),
            git_ref: "main".to_owned(),
            inputs: vec![
                ("sha".to_owned(), "$to_sha".to_owned()),
                ("cockpit_id".to_owned(), "$correlation_id".to_owned()),
            ],
        },
    };
    Service {
        id: name.parse().unwrap(),
        repo: format!("acme/{name}").parse().unwrap(),
        source: "github".to_owned(),
        metrics: measured.then(|| "prom".to_owned()),
        environments: vec![
            environment("staging", Vec::new()),
            environment("production", vec![way]),
        ],
        irreversible: vec!["db/migrations/**".to_owned()],
        accountable: Some(Safe::new("li")),
        people: vec![Safe::new("li"), Safe::new("noor")],
        runbook: None,
        releasing: flightdeck::domain::release::candidate::Releasing::default(),
    }
}

/// A deployment: its states, oldest first, a second apart unless the last one says when.
pub(crate) fn deployment(
    id: u64,
    c: char,
    created: &str,
    states: &[DeploymentState],
) -> Deployment {
    let created: Timestamp = created.parse().unwrap();
    let mut statuses: Vec<DeploymentStatus> = states
        .iter()
        .zip(1..)
        .map(|(state, i)| DeploymentStatus {
            state: state.clone(),
            at: created + SignedDuration::from_secs(i * 20),
            log_url: Some(Safe::new(&format!(
                "https://github.com/acme/checkout/actions/runs/{id}/job/1"
            ))),
            environment_url: None,
            description: None,
        })
        .collect();
    statuses.reverse();
    Deployment {
        id,
        sha: sha(c),
        git_ref: Some(Safe::new("main")),
        task: None,
        created_at: created,
        creator: Some(Safe::new("maria")),
        correlation: None,
        rollout: None,
        statuses,
    }
}

fn overview(name: &str) -> Overview {
    use DeploymentState::{InProgress, Inactive, Success};
    let day = |d: &str, t: &str| format!("2025-11-{d}T{t}:00Z");
    let releases: &[(&str, char, &str)] = match name {
        "checkout" => &[
            ("v2.15.0", 'c', "2025-11-21T12:40:00Z"),
            ("v2.14.0", 'b', "2025-11-15T09:00:00Z"),
            ("v2.13.2", 'a', "2025-11-04T09:00:00Z"),
        ],
        "search" => &[("v8.0.4", '5', "2025-11-19T13:00:00Z")],
        _ => &[("v3.9.1", '7', "2025-11-18T08:00:00Z")],
    };
    let production = match name {
        "checkout" => vec![
            deployment(991, 'c', &day("21", "12:58"), &[InProgress]),
            deployment(960, 'b', &day("15", "09:20"), &[InProgress, Success]),
            deployment(901, 'a', &day("04", "10:05"), &[Success, Inactive]),
        ],
        "search" => vec![deployment(977, '5', &day("20", "14:10"), &[Success])],
        _ => vec![deployment(970, '7', &day("18", "09:30"), &[Success])],
    };
    let milestones: &[(u64, &str, &str)] = match name {
        "search" => &[(4, "v8.1.0", "2025-11-21")],
        "payments" => &[(9, "v4.0.0", "2025-11-24")],
        _ => &[(12, "v2.16.0 holiday freeze", "2025-11-27")],
    };
    Overview {
        url: Safe::new(&format!("https://github.com/acme/{name}")),
        default_branch: Some((Safe::new("main"), sha('e'))),
        environments: vec![Safe::new("staging"), Safe::new("production")],
        releases: releases
            .iter()
            .map(|(tag, c, when)| Release {
                tag: Safe::new(tag),
                name: None,
                draft: false,
                prerelease: false,
                published_at: Some(when.parse().unwrap()),
                sha: Some(sha(*c)),
                url: Safe::new(&format!(
                    "https://github.com/acme/{name}/releases/tag/{tag}"
                )),
            })
            .collect(),
        tags: releases
            .iter()
            .map(|(tag, c, _)| Tag {
                name: Safe::new(tag),
                sha: sha(*c),
            })
            .collect(),
        milestones: milestones
            .iter()
            .map(|(number, title, due)| Milestone {
                number: *number,
                title: Safe::new(title),
                due: Some(due.parse().unwrap()),
                url: Safe::new(&format!(
                    "https://github.com/acme/{name}/milestone/{number}"
                )),
                progress_percent: Some(60),
            })
            .collect(),
        deployments: vec![
            (
                "staging".parse().unwrap(),
                vec![deployment(988, 'c', &day("21", "12:10"), &[Success])],
            ),
            ("production".parse().unwrap(), production),
        ],
    }
}

/// The deploy's run: three jobs done, the canary under way.
pub(crate) fn run(id: u64, start: Timestamp) -> RunView {
    let mut clock = start;
    let mut job = |n: u64, name: &str, took: Option<i64>, state: RunStatus| {
        let started =
            matches!(state, RunStatus::Completed | RunStatus::InProgress).then_some(clock);
        if let Some(took) = took {
            clock += SignedDuration::from_secs(took);
        }
        Job {
            id: n,
            name: Safe::new(name),
            conclusion: (state == RunStatus::Completed).then_some(Conclusion::Success),
            status: state,
            started_at: started,
            completed_at: took.map(|_| clock),
            url: Some(Safe::new(&format!(
                "https://github.com/acme/checkout/actions/runs/{id}/job/{n}"
            ))),
            steps: vec![Step {
                name: Safe::new("Set up"),
                status: RunStatus::Completed,
                conclusion: Some(Conclusion::Success),
                started_at: None,
                completed_at: None,
            }],
        }
    };
    let jobs = vec![
        job(1, "build", Some(70), RunStatus::Completed),
        job(2, "test", Some(81), RunStatus::Completed),
        job(3, "staging", Some(60), RunStatus::Completed),
        job(4, "canary 25 %", None, RunStatus::InProgress),
        job(5, "50 %", None, RunStatus::Queued),
        job(6, "100 %", None, RunStatus::Queued),
    ];
    RunView {
        run: Run {
            id: RunId(id),
            title: Safe::new("Deploy v2.15.0 to production"),
            name: Some(Safe::new("deploy")),
            path: Some(Safe::new(".github/workflows/deploy.yml")),
            attempt: 1,
            sha: Some(sha('c')),
            status: RunStatus::InProgress,
            conclusion: None,
            created_at: start,
            started_at: Some(start),
            updated_at: None,
            url: Safe::new(&format!(
                "https://github.com/acme/checkout/actions/runs/{id}"
            )),
            actor: Some(Safe::new("maria")),
        },
        jobs,
    }
}

fn checks() -> Checks {
    let item =
        |name: &str, app: Option<&str>, state: CheckState, summary: &str, when: &str| CheckItem {
            name: Safe::new(name),
            app: app.map(Safe::new),
            state,
            summary: Some(Safe::new(summary)),
            at: Some(at(when)),
            url: Some(Safe::new("https://github.com/acme/checkout/runs/1")),
        };
    let mut items: Vec<CheckItem> = (0..42)
        .map(|i| {
            item(
                &format!("test {i}"),
                Some("Actions"),
                CheckState::Passed,
                "",
                "12:51:00",
            )
        })
        .collect();
    items.push(item(
        "coverage",
        None,
        CheckState::Passed,
        "84.2 % ≥ 80 %",
        "12:51:30",
    ));
    items.push(item(
        "security/scan",
        None,
        CheckState::Passed,
        "0 critical, 2 high (≤ 5)",
        "11:40:00",
    ));
    items.push(item(
        "license",
        None,
        CheckState::Failed,
        "1 dependency without a license: left-pad",
        "12:50:00",
    ));
    Checks {
        sha: sha('c'),
        items,
        missing: Vec::new(),
    }
}

fn comparison() -> Comparison {
    let titles = [
        "new tax engine",
        "retry budget",
        "rounding of totals",
        "faster cart",
        "typo in the footer",
    ];
    let changes: Vec<Change> = (0..12)
        .map(|i| Change {
            number: Some(4_821 + 9 * i),
            title: Safe::new(titles[usize::try_from(i).unwrap() % titles.len()]),
            author: Some(Safe::new(
                ["noor", "li", "sam", "ana", "kim"][usize::try_from(i).unwrap() % 5],
            )),
            url: None,
        })
        .collect();
    Comparison {
        base: sha('b'),
        head: sha('c'),
        status: ComparisonStatus::Ahead,
        ahead_by: 12,
        behind_by: 0,
        commits: vec![CommitLine {
            sha: sha('c'),
            title: Safe::new("new tax engine"),
            author: None,
            authored_at: None,
        }],
        changes,
        files: vec![
            Safe::new("src/tax.rs"),
            Safe::new("db/migrations/0042_tax.sql"),
        ],
        partial: false,
    }
}

/// What is left of GitHub's limits.
pub(crate) fn budget() -> Msg {
    Msg::Budget(
        "github".to_owned(),
        Budget {
            limit: Some(5_000),
            remaining: Some(4_812),
            ..Budget::default()
        },
    )
}
