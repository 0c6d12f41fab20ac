//! The words for what the figures are made of: stages, flags, kinds of deployment, reasons of a failure, how a change was matched.

use super::failures::{Reason, RecoveredBy};
use super::flags::Flag;
use super::lead_time::Stage;
use super::stream::Kind;
use super::{Confidence, Method};

impl Stage {
    /// A short word whose first letter no other stage has, for bars.
    pub fn short(self) -> &'static str {
        match self {
            Self::Coding => "code",
            Self::Pickup => "pickup",
            Self::Review => "review",
            Self::MergeWait => "merge",
            Self::ReleaseWait => "wait",
            Self::Deploy => "deploy",
        }
    }

    /// Whether nobody works on the change in it.
    pub fn is_wait(self) -> bool {
        !matches!(self, Self::Coding | Self::Review)
    }
}

impl Flag {
    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::ReleasePr => "release",
            Self::IncidentFix => "incident fix",
            Self::CherryPick => "cherry-pick",
            Self::ForcePushed => "force-pushed",
            Self::NoCommits => "no commits",
            other => other.word(),
        }
    }

    /// What it says of a change.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Skew => "a commit's author date lies after the opening: coding counts as nothing",
            Self::Old => "its first commit was written more than 180 days before the opening",
            Self::Future => "a moment lies in the future: some clock is wrong",
            Self::Negative => "it ends before it begins, so it does not count",
            Self::Disordered => "its moments were not in their order; they were put in order",
            Self::Bot => "a bot wrote it; bots do not count unless they are asked for",
            Self::ReleasePr => "it only makes a release, so it does not count",
            Self::Revert => "it takes a change back",
            Self::Hotfix => "it mends what hurts now",
            Self::IncidentFix => "it closes an incident",
            Self::CherryPick => "a copy of a change on another branch, with a clock of its own",
            Self::ForcePushed => "its branch was rewritten; the commits from before count, too",
            Self::NoCommits => "none of its commits is known",
            Self::Truncated => "not all of its commits could be read",
            Self::Seed => {
                "it was in the first deployment that is known: when it went live is not known, so it does not count"
            }
            Self::Afresh => {
                "the deployment that brought it shares no known history with those before it: it may have been live before, so it does not count"
            }
        }
    }

    /// Whether it casts doubt on the figures of a change.
    pub fn is_doubt(self) -> bool {
        matches!(
            self,
            Self::Skew
                | Self::Old
                | Self::Future
                | Self::Negative
                | Self::Disordered
                | Self::NoCommits
                | Self::Truncated
                | Self::Seed
                | Self::Afresh
        )
    }
}

impl Kind {
    /// The word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Rollback => "rollback",
            Self::Hotfix => "hotfix",
            Self::Revert => "revert",
            Self::IncidentFix => "incident fix",
        }
    }
}

impl Reason {
    /// In words, after "failed: ".
    pub fn words(&self) -> String {
        match self {
            Self::RolledBack(by) => format!("rolled back by deployment {by}"),
            Self::Reverted(change, by) => {
                format!("its change {change} was reverted in deployment {by}")
            }
            Self::Hotfixed(by) => format!("hotfix in deployment {by}"),
            Self::Incident(number) => format!("incident #{number}"),
            Self::Marked => "marked by a person".to_owned(),
        }
    }
}

impl RecoveredBy {
    /// What tells of the recovery.
    pub fn label(self) -> &'static str {
        match self {
            Self::Deployment => "the deployment that removed it",
            Self::Ledger => "the signals, verified after the rollback",
            Self::Incident => "the incident's closing",
        }
    }
}

impl Method {
    /// How commits were found to belong to a change.
    pub fn label(self) -> &'static str {
        match self {
            Self::MergeCommit => "the pull request names its merge commit",
            Self::Association => "the host links the commit to the pull request",
            Self::MergeMessage => "the merge commit's message names the pull request",
            Self::Commit => "the commit stands for itself",
        }
    }
}

impl Confidence {
    /// How sure that is.
    pub fn label(self) -> &'static str {
        match self {
            Self::Exact => "exact: recorded by the source",
            Self::Derived => "derived from what is recorded",
            Self::Approximate => "approximate: a date stands for the moment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_stage_has_a_letter_of_its_own() {
        let letters: HashSet<_> = Stage::ALL
            .iter()
            .map(|s| s.short().chars().next())
            .collect();
        assert_eq!(letters.len(), Stage::ALL.len());
    }
}
