//! What would hold a rollback's run before it starts: an environment's reviewers, wait timer, branches and custom rules, and
//! other runs of the same workflow. Read beforehand, said before it matters; what can't be read is said to be not known.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::{Way, WayKind};
use super::rerun::Rerun;
use crate::domain::fetched::{Fault, FaultKind, Fetched};
use crate::domain::release::{RunId, RunStatus};
use crate::domain::text::Safe;
use crate::domain::units::{Now, age};

/// What was read older than that is shown with its age.
const OLD_S: i64 = 180;
/// So many runs and names are named one by one.
const NAMED: usize = 3;

/// Who may review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reviewer {
    /// A person's login.
    Person(Safe),
    /// A team, as `org/slug`.
    Team(Safe),
    /// Somebody whose name the answer did not tell; a review is needed all the same.
    Unnamed,
}

impl std::fmt::Display for Reviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(name) | Self::Team(name) => write!(f, "@{name}"),
            Self::Unnamed => f.write_str("somebody"),
        }
    }
}

/// Which branches and tags an environment takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Branches {
    /// All.
    #[default]
    Any,
    /// Those with branch protection.
    Protected,
    /// Those that match one of these patterns.
    Named(Vec<Safe>),
}

/// An environment's protection rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// One of these must approve; empty: nobody has to.
    pub reviewers: Vec<Reviewer>,
    /// Whoever started the run may not approve it.
    pub bars_self: bool,
    /// A wait before every deployment, in minutes.
    pub wait_min: Option<u64>,
    /// Which branches it takes.
    pub branches: Branches,
    /// Apps whose custom rules must agree.
    pub apps: Vec<Safe>,
    /// Where the rules are shown.
    pub url: Option<Safe>,
}

/// A run that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// The run.
    pub run: RunId,
    /// Where it is.
    pub status: RunStatus,
    /// Its page.
    pub url: Safe,
}

/// A part that was read, or why it was not.
pub type Part<T> = Result<T, Fault>;

/// What was read of all that may hold a run.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldFacts {
    /// The environment's rules.
    pub protection: Part<Protection>,
    /// The runs of each workflow file that have not ended.
    pub busy: Vec<(String, Part<Vec<Busy>>)>,
}

/// An environment's gate that a run waits at now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The environment.
    pub environment: Safe,
    /// Who may approve.
    pub reviewers: Vec<Reviewer>,
    /// Whether the token's person may.
    pub may_approve: bool,
    /// When its wait is over; none: there is none.
    pub wait_until: Option<Timestamp>,
}

/// A kind of obstacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Somebody must review.
    Review,
    /// A timer.
    Wait,
    /// The branch may be refused.
    Branch,
    /// An app must agree.
    App,
    /// Another run is in the way.
    Busy,
    /// It could not be read.
    Unknown,
}

/// Something that would hold the run, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What kind.
    pub kind: HoldKind,
    /// The sentence.
    pub text: Safe,
    /// Where to look.
    pub url: Option<Safe>,
}

/// What a plan would do, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The environment's name at GitHub.
    pub environment: &'a str,
    /// What was read.
    pub facts: &'a Fetched<HoldFacts>,
    /// The way that is taken.
    pub way: &'a Way,
    /// The run that is repeated.
    pub rerun: Option<&'a Rerun>,
    /// The run that is cancelled first: it is out of the way by then.
    pub cancel: Option<RunId>,
    /// Who would start the run.
    pub who: Option<&'a Safe>,
    /// The time.
    pub now: Now,
}

/// The workflow files whose runs may be in the way of these ways back.
pub fn files(ways: &[Way], old_run: Option<&Safe>) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for way in ways {
        let file = match &way.kind {
            WayKind::Workflow { file, .. } => Some(file.clone()),
            WayKind::Rerun { .. } => old_run.map(ToString::to_string),
            WayKind::Cancel => None,
        };
        files.extend(file.filter(|f| !files.contains(f)));
    }
    files
}

/// All that would hold the run.
pub fn told(ask: &Ask<'_>) -> Vec<Hold> {
    let Some(facts) = ask.facts.value() else {
        let why = match ask.facts.fault() {
            Some(fault) => not_known(fault),
            None => "still being read".to_owned(),
        };
        let text = format!(
            "what holds a run in {} is not known: {why}",
            ask.environment
        );
        return vec![hold(HoldKind::Unknown, &text, None)];
    };
    let mut out = Vec::new();
    match &facts.protection {
        Ok(rules) => protection(ask, rules, &mut out),
        Err(fault) => {
            let text = format!(
                "the rules of {} are not known: {}",
                ask.environment,
                not_known(fault)
            );
            out.push(hold(HoldKind::Unknown, &text, None));
        }
    }
    busy(ask, facts, &mut out);
    let old = ask.facts.at().map(|at| ask.now.since(at));
    if let Some(old) = old.filter(|old| old.as_secs() > OLD_S && ask.facts.fault().is_some()) {
        let text = format!(
            "what holds a run was read {} ago, and can't be read now",
            age(old)
        );
        out.push(hold(HoldKind::Unknown, &text, None));
    }
    out
}

fn hold(kind: HoldKind, text: &str, url: Option<&Safe>) -> Hold {
    Hold {
        kind,
        text: Safe::new(text),
        url: url.cloned(),
    }
}

/// Why a part could not be read; a missing permission by its name.
fn not_known(fault: &Fault) -> String {
    match (fault.kind, &fault.hint) {
        (FaultKind::Forbidden, Some(hint)) => hint.to_string(),
        (FaultKind::Forbidden | FaultKind::NotFound, _) => {
            "the token does not see them (needs Actions: read)".to_owned()
        }
        _ => fault.message.to_string(),
    }
}

fn protection(ask: &Ask<'_>, rules: &Protection, out: &mut Vec<Hold>) {
    let env = ask.environment;
    if let Some(text) = review(env, rules, ask.who) {
        out.push(hold(HoldKind::Review, &text, rules.url.as_ref()));
    }
    if let Some(minutes) = rules.wait_min.filter(|m| *m > 0) {
        let text = format!("waits {minutes} min before it starts in {env}");
        out.push(hold(HoldKind::Wait, &text, rules.url.as_ref()));
    }
    for app in &rules.apps {
        let text = format!("the app {app} must agree before it starts in {env}");
        out.push(hold(HoldKind::App, &text, rules.url.as_ref()));
    }
    let WayKind::Workflow { git_ref, .. } = &ask.way.kind else {
        return;
    };
    let name = git_ref
        .strip_prefix("refs/heads/")
        .or_else(|| git_ref.strip_prefix("refs/tags/"))
        .unwrap_or(git_ref);
    let text = match &rules.branches {
        Branches::Any => return,
        Branches::Protected => {
            format!("{env} takes protected branches only: {name} must be one")
        }
        Branches::Named(patterns)
            if patterns
                .iter()
                .any(|p| fast_glob::glob_match(p.as_str(), name)) =>
        {
            return;
        }
        Branches::Named(patterns) => format!(
            "{env} takes only {}: a run on {name} is refused",
            list(patterns.iter().map(ToString::to_string))
        ),
    };
    out.push(hold(HoldKind::Branch, &text, rules.url.as_ref()));
}

/// Who must review, and whether that can be whoever starts it.
fn review(env: &str, rules: &Protection, who: Option<&Safe>) -> Option<String> {
    if rules.reviewers.is_empty() {
        return None;
    }
    let me = |r: &Reviewer| matches!((r, who), (Reviewer::Person(p), Some(w)) if p == w);
    let by = list(rules.reviewers.iter().map(ToString::to_string));
    let own = match (rules.bars_self, rules.reviewers.iter().any(me)) {
        (true, true) if rules.reviewers.len() == 1 => {
            ", and you can't approve your own run: somebody else has to start it"
        }
        (true, _) => ", you can't approve your own run",
        (false, true) => ", which you may give yourself",
        (false, false) => "",
    };
    Some(format!("needs a review by {by} for {env}{own}"))
}

fn busy(ask: &Ask<'_>, facts: &HoldFacts, out: &mut Vec<Hold>) {
    let file = match (&ask.way.kind, ask.rerun) {
        (WayKind::Workflow { file, .. }, _) => file.clone(),
        (
            WayKind::Rerun { .. },
            Some(Rerun {
                file: Some(file), ..
            }),
        ) => file.to_string(),
        _ => return,
    };
    let part = facts.busy.iter().find(|(f, _)| *f == file).map(|(_, p)| p);
    match part {
        None => out.push(hold(
            HoldKind::Unknown,
            &format!("the runs of {file} are still being read"),
            None,
        )),
        Some(Err(fault)) => out.push(hold(
            HoldKind::Unknown,
            &format!("whether {file} is busy is not known: {}", not_known(fault)),
            None,
        )),
        Some(Ok(runs)) => {
            let mut in_the_way = runs.iter().filter(|r| Some(r.run) != ask.cancel);
            let Some(first) = in_the_way.next() else {
                return;
            };
            let more = in_the_way.count();
            let more = if more > 0 {
                format!(" (and {more} more)")
            } else {
                String::new()
            };
            let text = format!(
                "run {} of {file} {}{more}: yours may queue behind it",
                first.run,
                status(&first.status)
            );
            out.push(hold(HoldKind::Busy, &text, Some(&first.url)));
        }
    }
}

fn status(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::InProgress => "is in progress",
        RunStatus::Waiting => "waits for a review or a timer",
        RunStatus::Pending => "is held by its concurrency group",
        _ => "is queued",
    }
}

/// The first obstacle in two words, for a line with little room; none: nothing is known to be in the way.
pub fn brief(holds: &[Hold]) -> Option<&'static str> {
    holds.iter().find_map(|hold| match hold.kind {
        HoldKind::Review => Some("needs a review"),
        HoldKind::Wait => Some("waits for a timer"),
        HoldKind::Branch => Some("may be refused"),
        HoldKind::App => Some("needs an app's consent"),
        HoldKind::Busy => Some("may queue"),
        HoldKind::Unknown => None,
    })
}

/// Why a run waits now, and who can let it go.
pub fn waits_for(pending: &[Pending], now: Now) -> Option<String> {
    let words: Vec<String> = pending
        .iter()
        .map(|p| {
            let review = (!p.reviewers.is_empty()).then(|| {
                let own = if p.may_approve {
                    "you may approve it"
                } else {
                    "you can't approve it"
                };
                format!(
                    "for a review by {}: {own}",
                    list(p.reviewers.iter().map(ToString::to_string))
                )
            });
            let left = p.wait_until.map(|until| until.duration_since(now.0));
            let timer = left
                .filter(jiff::SignedDuration::is_positive)
                .map(|left| format!("{} for the timer", crate::domain::units::span(left)));
            let parts: Vec<String> = timer.into_iter().chain(review).collect();
            if parts.is_empty() {
                format!("for a rule of {}", p.environment)
            } else {
                format!("{} ({})", parts.join(", "), p.environment)
            }
        })
        .collect();
    (!words.is_empty()).then(|| format!("waits {}", words.join("; ")))
}

/// `a`, `a or b`, `a, b or c`, `a, b, c or 2 more`.
fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    if names.len() > NAMED + 1 {
        let more = names.len() - NAMED;
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    match names.pop() {
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} or {last}", names.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "holds_tests.rs"]
mod tests;
