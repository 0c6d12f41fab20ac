//! The gates where none are configured: what GitHub's checks and commit statuses give by themselves. The check runs rolled up into one gate, each that
//! failed or runs as a row of its own, and every commit status (coverage, security scanners, ...) as a gate by its context.

use super::{Evidence, GateRow, GateState, Stage};
use crate::domain::release::{CheckItem, CheckState, Checks};
use crate::domain::text::Safe;

/// Rows for single failing or running checks; more are counted in the roll-up.
const MAX_SINGLE_ROWS: usize = 20;

/// The gates of a candidate's checks.
pub fn gates(checks: &Checks) -> Vec<GateRow> {
    let (runs, statuses): (Vec<&CheckItem>, Vec<&CheckItem>) =
        checks.items.iter().partition(|i| i.app.is_some());
    let mut rows = vec![roll_up(&runs, checks)];
    let mut single: Vec<&&CheckItem> = runs.iter().filter(|i| !passed(i.state)).collect();
    single.sort_by_key(|i| i.state);
    // Singles only say which: the roll-up decides, so they are not required once more.
    rows.extend(
        single
            .into_iter()
            .take(MAX_SINGLE_ROWS)
            .map(|item| row(item, false)),
    );
    rows.extend(statuses.into_iter().map(|item| row(item, true)));
    rows
}

fn passed(state: CheckState) -> bool {
    matches!(state, CheckState::Passed | CheckState::Skipped)
}

fn gate_state(state: CheckState) -> GateState {
    match state {
        CheckState::Failed => GateState::Fail,
        CheckState::Running => GateState::Pending,
        CheckState::Unknown => GateState::Unknown,
        CheckState::Passed | CheckState::Skipped => GateState::Pass,
    }
}

fn row(item: &CheckItem, required: bool) -> GateRow {
    let word = match item.state {
        CheckState::Failed => "failed",
        CheckState::Running => "under way",
        CheckState::Unknown => "in an unknown state",
        CheckState::Passed => "passed",
        CheckState::Skipped => "skipped",
    };
    GateRow {
        id: item.name.clone(),
        kind: Safe::new(if item.app.is_some() {
            "check"
        } else {
            "status"
        }),
        stage: Stage::Test,
        state: gate_state(item.state),
        required,
        summary: item
            .summary
            .clone()
            .filter(|s| !s.is_empty())
            .unwrap_or_else(|| Safe::new(word)),
        evidence: Evidence {
            at: item.at,
            value: Some(Safe::new(word)),
            rule: Some(Safe::new("it passes")),
            source: Some(
                item.app
                    .clone()
                    .unwrap_or_else(|| Safe::new("commit status")),
            ),
            url: item.url.clone(),
            valid_until: None,
        },
        owner: None,
    }
}

fn roll_up(runs: &[&CheckItem], checks: &Checks) -> GateRow {
    let count = |state: CheckState| runs.iter().filter(|i| i.state == state).count();
    let (failed, running, unknown) = (
        count(CheckState::Failed),
        count(CheckState::Running),
        count(CheckState::Unknown),
    );
    let total = runs.len();
    let plural = if total == 1 { "check" } else { "checks" };
    let (state, summary) = if failed > 0 {
        (
            GateState::Fail,
            format!("{failed} of {total} {plural} failed"),
        )
    } else if let Some(missing) = checks.missing.first() {
        (GateState::Unknown, missing.to_string())
    } else if running > 0 {
        (
            GateState::Pending,
            format!("{running} of {total} {plural} under way"),
        )
    } else if unknown > 0 {
        (
            GateState::Unknown,
            format!("{unknown} of {total} {plural} in an unknown state"),
        )
    } else if total == 0 {
        (GateState::Pending, "no check has reported yet".to_owned())
    } else {
        (GateState::Pass, format!("{total} {plural} green"))
    };
    GateRow {
        id: Safe::new("ci"),
        kind: Safe::new("checks"),
        stage: Stage::Test,
        state,
        required: true,
        summary: Safe::new(&summary),
        evidence: Evidence {
            at: runs.iter().filter_map(|i| i.at).max(),
            value: Some(Safe::new(&format!(
                "{} of {total} green",
                total - failed - running - unknown
            ))),
            rule: Some(Safe::new("every check passes, and there is one")),
            source: Some(Safe::new("GitHub checks")),
            url: None,
            valid_until: None,
        },
        owner: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::{Checklist, Outcome};
    use crate::domain::release::VersionRef;

    fn item(name: &str, app: bool, state: CheckState) -> CheckItem {
        CheckItem {
            name: Safe::new(name),
            app: app.then(|| Safe::new("github-actions")),
            state,
            summary: None,
            at: None,
            url: None,
        }
    }

    fn outcome(items: Vec<CheckItem>, missing: Vec<Safe>) -> (Outcome, Vec<GateRow>) {
        let sha: crate::domain::ids::CommitSha = "a".repeat(40).parse().unwrap();
        let rows = gates(&Checks {
            sha: sha.clone(),
            items,
            missing,
        });
        let list = Checklist {
            candidate: VersionRef { sha, version: None },
            chosen: Safe::new("test"),
            gates: rows.clone(),
        };
        (list.outcome(), rows)
    }

    #[test]
    fn an_empty_list_is_never_green() {
        assert_eq!(outcome(vec![], vec![]).0, Outcome::Pending);
    }

    #[test]
    fn a_failed_one_is_no_go_and_is_named() {
        let (out, rows) = outcome(
            vec![
                item("build", true, CheckState::Passed),
                item("e2e", true, CheckState::Failed),
            ],
            vec![],
        );
        assert_eq!(out, Outcome::NoGo);
        assert_eq!(rows[1].id.as_str(), "e2e");
    }

    #[test]
    fn a_status_is_a_gate_by_itself() {
        let items = vec![
            item("build", true, CheckState::Passed),
            item("codecov/project", false, CheckState::Failed),
        ];
        assert_eq!(outcome(items, vec![]).0, Outcome::NoGo);
    }

    #[test]
    fn what_cannot_be_read_is_unknown_not_green() {
        let items = vec![item("build", true, CheckState::Passed)];
        assert_eq!(
            outcome(items, vec![Safe::new("no permission")]).0,
            Outcome::Pending
        );
    }
}
