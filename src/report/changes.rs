//! Changes with their lead time: the machine's shape of `flightdeck changes`, the same as CSV, and in aligned lines for people.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::csv::{number, row, text as csv_text};
use super::verdict::SCHEMA;
use crate::domain::change::delivery::{Delivered, Place};
use crate::domain::change::flags::{Flag, Flags};
use crate::domain::change::lead_time::{Boundary, Measured, Stage};
use crate::domain::change::listing::{LeftOut, Listing};
use crate::domain::change::stats::Spread;
use crate::domain::change::{Change, ChangeKind, Match};
use crate::domain::text::Safe;
use crate::domain::units::{Now, span};

/// So many changes are shown to people; machines get all.
pub const SHOWN: usize = 30;

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangesReport {
    /// Version of this shape.
    pub schema: u32,
    /// How lead time is counted here, in a sentence.
    pub definition: String,
    /// How long the changes that count took.
    pub summary: Spread,
    /// The same by stage, in order.
    pub stages: Vec<StageSpread>,
    /// How many changes are listed, but do not count, by reason.
    pub left_out: LeftOut,
    /// What one should know of the data.
    pub notes: Vec<String>,
    /// When the oldest of the sources was last read; none: a clone, which is as it is, or never.
    pub as_of: Option<Timestamp>,
    /// The changes, the newest first.
    pub changes: Vec<ChangeEntry>,
    /// How many there are, also where not all are listed.
    #[serde(skip)]
    pub total: usize,
}

/// A stage over all changes that count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageSpread {
    /// The stage.
    pub stage: Stage,
    /// How many have it.
    pub n: usize,
    /// The median.
    pub p50_s: Option<f64>,
    /// Nine of ten were not longer.
    pub p90_s: Option<f64>,
    /// Its part of the whole time, 0..1.
    pub share: Option<f64>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeEntry {
    /// `#4821`, or the commit's id.
    pub id: Safe,
    /// What it is.
    pub kind: ChangeKind,
    /// Its title.
    pub title: Safe,
    /// Who wrote it.
    pub author: Option<Safe>,
    /// Its page.
    pub url: Option<Safe>,
    /// The service.
    pub service: Option<String>,
    /// When its first commit was written.
    pub first_commit_at: Option<Timestamp>,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// The first release that contains it.
    pub released_in: Option<Safe>,
    /// When that was made.
    pub released_at: Option<Timestamp>,
    /// When the first deployment that contains it succeeded.
    pub deployed_at: Option<Timestamp>,
    /// Where to.
    pub environment: Option<String>,
    /// The furthest environment that runs it now; none: no one does, or it is not known.
    pub live_in: Option<String>,
    /// The environment that ran it and does not any longer.
    pub rolled_back_from: Option<String>,
    /// From its start to its end.
    pub lead_time_s: Option<f64>,
    /// Its stages.
    pub stages: Stages,
    /// What is odd or special about it.
    pub flags: Flags,
    /// How it was matched.
    #[serde(rename = "match")]
    pub matched: Match,
}

/// The stages of a change, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// First commit to opening.
    pub coding_s: Option<f64>,
    /// Opening to the first review.
    pub pickup_s: Option<f64>,
    /// First review to approval.
    pub review_s: Option<f64>,
    /// Approval to merge.
    pub merge_wait_s: Option<f64>,
    /// Merge to release.
    pub release_wait_s: Option<f64>,
    /// Release to deployment.
    pub deploy_s: Option<f64>,
}

fn seconds(d: SignedDuration) -> f64 {
    (d.as_secs_f64() * 1_000.0).round() / 1_000.0
}

impl ChangeEntry {
    /// The entry of a change; `released_in` is the release's name.
    pub fn of(change: &Change, measured: &Measured, released_in: Option<Safe>) -> Self {
        let at = |b| change.moments.at(b);
        Self {
            id: change.id.clone(),
            kind: change.kind,
            title: change.title.clone(),
            author: change.author.clone(),
            url: change.url.clone(),
            service: None,
            first_commit_at: at(Boundary::FirstCommit),
            opened_at: at(Boundary::Opened),
            merged_at: at(Boundary::Merged),
            released_in,
            released_at: at(Boundary::Released),
            deployed_at: at(Boundary::Deployed),
            environment: None,
            live_in: None,
            rolled_back_from: None,
            lead_time_s: measured.lead.map(seconds),
            stages: Stages::of(measured),
            flags: measured.flags.and(change.flags),
            matched: change.matched,
        }
    }
}

impl From<(&Delivered, &Measured)> for ChangeEntry {
    fn from((delivered, measured): (&Delivered, &Measured)) -> Self {
        let at = |b| delivered.moments.at(b);
        let last = delivered.rungs.last();
        let live = delivered.rungs.iter().rfind(|r| r.since.is_some());
        Self {
            id: delivered.id.clone(),
            kind: delivered.kind,
            title: delivered.title.clone(),
            author: delivered.author.clone(),
            url: delivered.url.clone(),
            service: Some(delivered.service.as_str().to_owned()),
            first_commit_at: at(Boundary::FirstCommit),
            opened_at: at(Boundary::Opened),
            merged_at: at(Boundary::Merged),
            released_in: delivered.released_in.clone(),
            released_at: at(Boundary::Released),
            deployed_at: at(Boundary::Deployed),
            environment: last.map(|r| r.env.as_str().to_owned()),
            live_in: live.map(|r| r.env.as_str().to_owned()),
            rolled_back_from: match delivered.place() {
                Place::Gone(rung) => Some(rung.env.as_str().to_owned()),
                _ => None,
            },
            lead_time_s: measured.lead.map(seconds),
            stages: Stages::of(measured),
            flags: measured.flags,
            matched: delivered.matched,
        }
    }
}

impl Stages {
    fn of(measured: &Measured) -> Self {
        let stage = |s| measured.stage(s).map(seconds);
        Self {
            coding_s: stage(Stage::Coding),
            pickup_s: stage(Stage::Pickup),
            review_s: stage(Stage::Review),
            merge_wait_s: stage(Stage::MergeWait),
            release_wait_s: stage(Stage::ReleaseWait),
            deploy_s: stage(Stage::Deploy),
        }
    }
}

/// What counts besides the changes of people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Bots and changes that only make a release, too.
    pub all: bool,
}

impl ChangesReport {
    /// The answer from what was measured of each change, in the order they are to be listed; `entry` puts the first `most` of
    /// them into words.
    pub fn of<T>(
        definition: &str,
        changes: impl Iterator<Item = (T, Measured)>,
        entry: impl Fn(&T, &Measured) -> Option<ChangeEntry>,
        (counted, most): (Counted, usize),
        notes: Vec<String>,
    ) -> Self {
        let mut left_out = LeftOut::default();
        let mut entries = Vec::new();
        let mut total = 0;
        let mut leads = Vec::new();
        let mut by_stage: [Vec<SignedDuration>; 6] = Default::default();
        for (change, measured) in changes {
            if let Some(n) = left_out.reason(measured.flags, measured.lead.is_some(), counted.all) {
                *n += 1;
            } else if let Some(lead) = measured.lead {
                leads.push(lead);
                for stage in Stage::ALL {
                    let list = by_stage.get_mut(stage as usize);
                    if let (Some(list), Some(d)) = (list, measured.stage(stage)) {
                        list.push(d);
                    }
                }
            }
            total += 1;
            if total <= most {
                entries.extend(entry(&change, &measured));
            }
        }
        let whole: f64 = leads.iter().map(SignedDuration::as_secs_f64).sum();
        let stages = Stage::ALL.into_iter().zip(by_stage).map(|(stage, took)| {
            let part: f64 = took.iter().map(SignedDuration::as_secs_f64).sum();
            let spread = Spread::of(took);
            StageSpread {
                stage,
                n: spread.n,
                p50_s: spread.p50_s,
                p90_s: spread.p90_s,
                share: (whole > 0.0).then(|| part / whole),
            }
        });
        Self {
            schema: SCHEMA,
            definition: definition.to_owned(),
            summary: Spread::of(leads),
            stages: stages.collect(),
            left_out,
            notes,
            as_of: None,
            changes: entries,
            total,
        }
    }

    /// The answer from what the store tells: its figures are of all changes, its rows are the ones to be listed.
    pub fn kept(definition: &str, listing: Listing, notes: Vec<String>, now: Now) -> Self {
        let whole: f64 = listing.stages.iter().map(|s| s.share).sum();
        let stages = listing.stages.iter().map(|s| StageSpread {
            stage: s.stage,
            n: s.spread.n,
            p50_s: s.spread.p50_s,
            p90_s: s.spread.p90_s,
            share: (whole > 0.0).then_some(s.share),
        });
        Self {
            schema: SCHEMA,
            definition: definition.to_owned(),
            summary: listing.lead,
            stages: stages.collect(),
            left_out: listing.left_out,
            notes,
            as_of: listing.as_of,
            total: listing.total,
            changes: listing
                .rows
                .into_iter()
                .map(|row| ChangeEntry::from((&row, &row.measured(now))))
                .collect(),
        }
    }

    /// As CSV (RFC 4180), one line a change.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "id,kind,title,author,url,service,environment,first_commit_at,opened_at,merged_at,released_in,released_at,deployed_at,\
             lead_time_s,coding_s,pickup_s,review_s,merge_wait_s,release_wait_s,deploy_s,flags,live_in,rolled_back_from\r\n",
        );
        let at = |t: Option<Timestamp>| t.map_or_else(String::new, |t| t.to_string());
        let safe = |t: Option<&Safe>| csv_text(t.map_or("", Safe::as_str));
        for c in &self.changes {
            let s = &c.stages;
            let flags: Vec<&str> = c.flags.iter().map(Flag::word).collect();
            row(
                &mut out,
                &[
                    csv_text(c.id.as_str()),
                    kind(c.kind).to_owned(),
                    csv_text(c.title.as_str()),
                    safe(c.author.as_ref()),
                    safe(c.url.as_ref()),
                    csv_text(c.service.as_deref().unwrap_or_default()),
                    csv_text(c.environment.as_deref().unwrap_or_default()),
                    at(c.first_commit_at),
                    at(c.opened_at),
                    at(c.merged_at),
                    safe(c.released_in.as_ref()),
                    at(c.released_at),
                    at(c.deployed_at),
                    number(c.lead_time_s),
                    number(s.coding_s),
                    number(s.pickup_s),
                    number(s.review_s),
                    number(s.merge_wait_s),
                    number(s.release_wait_s),
                    number(s.deploy_s),
                    flags.join(" "),
                    csv_text(c.live_in.as_deref().unwrap_or_default()),
                    csv_text(c.rolled_back_from.as_deref().unwrap_or_default()),
                ],
            );
        }
        out
    }
}

/// Seconds as people say them.
pub(super) fn long(s: f64) -> String {
    SignedDuration::try_from_secs_f64(s).map_or_else(|_| "–".to_owned(), span)
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::PullRequest => "pull_request",
        ChangeKind::Commit => "commit",
    }
}
