//! How long a change took, and in which stage: seven moments, six stages between them whose sum is exactly the lead time.
//!
//! A moment that is not known takes the time of the one before it, and the stage that ends there is "none"; then a running
//! maximum, capped at the end, puts them in order. What looks wrong is kept and flagged, never mended silently.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::flags::{Flag, Flags};
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// An author date that lies further before the opening is flagged `old`.
const OLD: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Clocks differ by that much without being called wrong.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// The moments in a change's life, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Its first commit was written.
    FirstCommit,
    /// It was opened for review.
    Opened,
    /// Somebody else looked at it.
    FirstReview,
    /// The first approval that still stood at the merge.
    Approved,
    /// It was merged.
    Merged,
    /// The first release that contains it.
    Released,
    /// The first deployment that contains it succeeded.
    Deployed,
}

impl Boundary {
    /// All, in order.
    pub const ALL: [Self; 7] = [
        Self::FirstCommit,
        Self::Opened,
        Self::FirstReview,
        Self::Approved,
        Self::Merged,
        Self::Released,
        Self::Deployed,
    ];

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstCommit => "first commit",
            Self::Opened => "opened",
            Self::FirstReview => "first review",
            Self::Approved => "approved",
            Self::Merged => "merged",
            Self::Released => "released",
            Self::Deployed => "deployed",
        }
    }
}

/// What lies between two moments; named by what one waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// First commit to opening.
    Coding,
    /// Opening to the first review.
    Pickup,
    /// First review to approval.
    Review,
    /// Approval to merge.
    MergeWait,
    /// Merge to release.
    ReleaseWait,
    /// Release to deployment.
    Deploy,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Coding,
        Self::Pickup,
        Self::Review,
        Self::MergeWait,
        Self::ReleaseWait,
        Self::Deploy,
    ];

    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::Pickup => "waiting for a review",
            Self::Review => "review",
            Self::MergeWait => "waiting for the merge",
            Self::ReleaseWait => "waiting for a release",
            Self::Deploy => "waiting for the deployment",
        }
    }
}

/// When something happened, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What says so: `author date of 9f3c1ab`, `deployment 4411`.
    pub source: Safe,
    /// Where to look.
    pub url: Option<Safe>,
}

/// The moments that are known of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments([Option<Moment>; 7]);

impl Moments {
    /// The moment at a boundary.
    pub fn get(&self, boundary: Boundary) -> Option<&Moment> {
        self.0.get(boundary as usize).and_then(Option::as_ref)
    }

    /// When it was.
    pub fn at(&self, boundary: Boundary) -> Option<Timestamp> {
        self.get(boundary).map(|m| m.at)
    }

    /// Sets or clears a moment.
    pub fn set(&mut self, boundary: Boundary, moment: Option<Moment>) {
        if let Some(slot) = self.0.get_mut(boundary as usize) {
            *slot = moment;
        }
    }

    /// With a moment.
    #[must_use]
    pub fn with(mut self, boundary: Boundary, at: Timestamp, source: &str) -> Self {
        let moment = Moment {
            at,
            source: Safe::new(source),
            url: None,
        };
        self.set(boundary, Some(moment));
        self
    }

    /// Those that are known, in the order of the boundaries.
    pub fn known(&self) -> impl Iterator<Item = (Boundary, &Moment)> {
        Boundary::ALL
            .into_iter()
            .filter_map(|b| self.get(b).map(|m| (b, m)))
    }
}

/// What the moments say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// When the clock began to run.
    pub start: Option<Timestamp>,
    /// From the start to the deployment; none: not deployed, or the end lies before the start (flag `negative`).
    pub lead: Option<SignedDuration>,
    /// The stages; none: that moment is not known (or not reached), and its time is part of the next stage.
    pub stages: [Option<SignedDuration>; 6],
    /// What was found odd.
    pub flags: Flags,
}

impl Measured {
    /// A stage.
    pub fn stage(&self, stage: Stage) -> Option<SignedDuration> {
        self.stages.get(stage as usize).copied().flatten()
    }

    /// The longest stage.
    pub fn biggest(&self) -> Option<(Stage, SignedDuration)> {
        let known = Stage::ALL
            .into_iter()
            .filter_map(|s| self.stage(s).map(|d| (s, d)));
        // The first of equals.
        known.fold(None, |best, next| match best {
            Some((_, d)) if d >= next.1 => best,
            _ => Some(next),
        })
    }
}

/// Measures a change up to a boundary: the deployment, or the release where nothing tells of deployments.
pub fn measure(moments: &Moments, end: Boundary, now: Now) -> Measured {
    measure_times(Boundary::ALL.map(|b| moments.at(b)), end, now)
}

/// The same from bare times, one for each boundary.
pub fn measure_times(times: [Option<Timestamp>; 7], end: Boundary, now: Now) -> Measured {
    let at = |b: Boundary| times.get(b as usize).copied().flatten();
    let mut out = Measured::default();
    let (wrote, opened) = (at(Boundary::FirstCommit), at(Boundary::Opened));
    if let (Some(wrote), Some(opened)) = (wrote, opened) {
        out.flags.put(Flag::Skew, wrote > opened);
        out.flags.put(Flag::Old, opened.duration_since(wrote) > OLD);
    }
    let future = |at: &Timestamp| at.duration_since(now.0) > SLACK;
    out.flags
        .put(Flag::Future, times.iter().flatten().any(future));
    let first = Boundary::ALL
        .into_iter()
        .find_map(|b| at(b).map(|at| (b, at)));
    // Laptops' clocks lie: writing can't begin after the opening.
    let start = match (wrote, opened) {
        (Some(w), Some(o)) => Some(w.min(o)),
        _ => first.map(|(_, at)| at),
    };
    out.start = start;
    let Some(start) = start else {
        return out;
    };
    let last = end as usize;
    let end = at(end);
    if let Some(end) = end {
        if end < start {
            out.flags.put(Flag::Negative, true);
            return out;
        }
        out.lead = Some(end.duration_since(start));
    }
    let mut before = start;
    let boundaries = Boundary::ALL.into_iter().take(last + 1).skip(1);
    for (stage, boundary) in Stage::ALL.into_iter().zip(boundaries) {
        let Some(found) = at(boundary) else { continue };
        let capped = end.map_or(found, |end| found.min(end)).max(before);
        // An opening before the first commit is what `skew` says.
        out.flags.put(
            Flag::Disordered,
            capped != found && boundary != Boundary::Opened,
        );
        // The time before the first moment is not known: its stage is none, not nothing.
        let begins = first.is_some_and(|(b, _)| b != boundary);
        if let Some(slot) = out.stages.get_mut(stage as usize).filter(|_| begins) {
            *slot = Some(capped.duration_since(before));
        }
        before = capped;
    }
    out
}
