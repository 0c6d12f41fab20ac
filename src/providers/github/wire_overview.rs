//! The parts of an overview as GraphQL gives them: deployments with statuses, releases, tags, milestones.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::wire::{address, each, nodes, number, raw, sha, text, time};
use super::wire_payload as payload;
use crate::domain::ids::CommitSha;
use crate::domain::release::{
    Deployment, DeploymentState, DeploymentStatus, Milestone, Release, Tag,
};
use crate::domain::text::Safe;

/// A deployment; none without its number, commit or date.
pub(super) fn deployment(item: &Value) -> Option<Deployment> {
    let statuses = nodes(item, "statuses").map_or(&[][..], Vec::as_slice);
    let mut statuses = each(statuses, status).0;
    // Newest first is what the page shows; it is nowhere promised. Within a second the further state is the newer one.
    statuses.sort_by_key(|s| std::cmp::Reverse((s.at, progress(&s.state))));
    let payload = item.get("payload").map(payload::decoded);
    let payload = payload.as_deref();
    Some(Deployment {
        id: number(item, "databaseId")?,
        sha: sha(item, "commitOid")?,
        git_ref: item.get("ref").and_then(|r| text(r, "name")),
        task: text(item, "task"),
        created_at: time(item, "createdAt")?,
        creator: item.get("creator").and_then(|c| text(c, "login")),
        correlation: payload.and_then(payload::correlation),
        rollout: payload.and_then(payload::rollout),
        statuses,
    })
}

/// How far a state is along a deployment's life.
fn progress(state: &DeploymentState) -> u8 {
    match state {
        DeploymentState::Queued | DeploymentState::Pending => 0,
        DeploymentState::Waiting => 1,
        DeploymentState::Other(_) | DeploymentState::InProgress => 2,
        DeploymentState::Success | DeploymentState::Failure | DeploymentState::Error => 3,
        DeploymentState::Inactive => 4,
    }
}

fn status(item: &Value) -> Option<DeploymentStatus> {
    let word = text(item, "state")?;
    let state = match word.as_str().to_ascii_uppercase().as_str() {
        "QUEUED" => DeploymentState::Queued,
        "PENDING" => DeploymentState::Pending,
        "IN_PROGRESS" => DeploymentState::InProgress,
        "WAITING" => DeploymentState::Waiting,
        "SUCCESS" => DeploymentState::Success,
        "FAILURE" => DeploymentState::Failure,
        "ERROR" => DeploymentState::Error,
        "INACTIVE" => DeploymentState::Inactive,
        _ => DeploymentState::Other(word),
    };
    Some(DeploymentStatus {
        state,
        at: time(item, "createdAt")?,
        log_url: address(item, "logUrl"),
        environment_url: address(item, "environmentUrl"),
        description: text(item, "description"),
    })
}

/// A release; none without a tag's name.
pub(super) fn release(item: &Value) -> Option<Release> {
    let flag = |key| item.get(key).and_then(Value::as_bool).unwrap_or(false);
    let draft = flag("isDraft");
    Some(Release {
        tag: text(item, "tagName").or_else(|| text(item, "name").filter(|_| draft))?,
        name: text(item, "name"),
        draft,
        prerelease: flag("isPrerelease"),
        published_at: time(item, "publishedAt").filter(|_| !draft),
        sha: item.get("tagCommit").and_then(|c| sha(c, "oid")),
        url: address(item, "url").unwrap_or_default(),
    })
}

/// A tag; an annotated one names a tag object, whose target is the commit.
pub(super) fn tag(item: &Value) -> Option<Tag> {
    let target = item.get("target")?;
    let commit: Option<CommitSha> = match target.get("target") {
        Some(inner) if !inner.is_null() => sha(inner, "oid"),
        _ => sha(target, "oid"),
    };
    Some(Tag {
        name: text(item, "name")?,
        sha: commit?,
    })
}

/// A milestone. Its due date is a day: the UTC date of the instant.
pub(super) fn milestone(item: &Value) -> Option<Milestone> {
    let percent = item.get("progressPercentage").and_then(Value::as_f64);
    Some(Milestone {
        number: number(item, "number")?,
        title: text(item, "title")?,
        due: time(item, "dueOn").map(|t| t.to_zoned(TimeZone::UTC).date()),
        url: address(item, "url").unwrap_or_default(),
        progress_percent: percent.and_then(percentage),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..100"
)]
fn percentage(p: f64) -> Option<u8> {
    p.is_finite().then(|| p.round().clamp(0.0, 100.0) as u8)
}

/// The default branch and its head; none in an empty repository.
pub(super) fn default_branch(repository: &Value) -> Option<(Safe, CommitSha)> {
    let branch = repository.get("defaultBranchRef")?;
    Some((text(branch, "name")?, sha(branch.get("target")?, "oid")?))
}

/// The name of an environment.
pub(super) fn environment(item: &Value) -> Option<Safe> {
    raw(item, "name").map(Safe::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_annotated_tag_is_followed() {
        let sha = "a".repeat(40);
        let annotated = json!({"name": "v1", "target": {"__typename": "Tag", "oid": "b".repeat(40), "target": {"oid": sha}}});
        assert_eq!(tag(&annotated).unwrap().sha.as_str(), sha);
        let light = json!({"name": "v1", "target": {"__typename": "Commit", "oid": sha}});
        assert_eq!(tag(&light).unwrap().sha.as_str(), sha);
    }

    #[test]
    fn a_due_date_is_the_utc_day() {
        let m = milestone(
            &json!({"number": 3, "title": "4.7", "dueOn": "2026-12-01T08:00:00Z", "progressPercentage": 33.4}),
        );
        let m = m.unwrap();
        assert_eq!(m.due.unwrap().to_string(), "2026-12-01");
        assert_eq!(m.progress_percent, Some(33));
    }
}
