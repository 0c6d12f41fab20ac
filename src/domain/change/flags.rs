//! What is odd or special about a change, as words that machines and people read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A commit's author date lies after the opening: coding counts as nothing.
    Skew,
    /// The first commit was written more than 180 days before the opening.
    Old,
    /// A moment lies in the future.
    Future,
    /// The end lies before the start: not counted.
    Negative,
    /// The moments are not in their order; they were put in order.
    Disordered,
    /// A bot wrote it.
    Bot,
    /// It only makes a release.
    ReleasePr,
    /// It takes a change back.
    Revert,
    /// It mends what hurts now.
    Hotfix,
    /// It closes an incident.
    IncidentFix,
    /// A copy of a change on another branch.
    CherryPick,
    /// Its history was rewritten: the commits from before count, too.
    ForcePushed,
    /// It has no commits or none that are known.
    NoCommits,
    /// Not all of its commits could be read.
    Truncated,
    /// It was in the first deployment or release known: when it went live is not known.
    Seed,
    /// It was in a deployment that shares no known history with those before it: it may have been live before.
    Afresh,
}

impl Flag {
    /// All.
    pub const ALL: [Self; 16] = [
        Self::Skew,
        Self::Old,
        Self::Future,
        Self::Negative,
        Self::Disordered,
        Self::Bot,
        Self::ReleasePr,
        Self::Revert,
        Self::Hotfix,
        Self::IncidentFix,
        Self::CherryPick,
        Self::ForcePushed,
        Self::NoCommits,
        Self::Truncated,
        Self::Seed,
        Self::Afresh,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skew => "skew",
            Self::Old => "old",
            Self::Future => "future",
            Self::Negative => "negative",
            Self::Disordered => "disordered",
            Self::Bot => "bot",
            Self::ReleasePr => "release_pr",
            Self::Revert => "revert",
            Self::Hotfix => "hotfix",
            Self::IncidentFix => "incident_fix",
            Self::CherryPick => "cherry_pick",
            Self::ForcePushed => "force_pushed",
            Self::NoCommits => "no_commits",
            Self::Truncated => "truncated",
            Self::Seed => "seed",
            Self::Afresh => "afresh",
        }
    }
}

/// A set of flags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// Adds a flag where it holds.
    pub fn put(&mut self, flag: Flag, holds: bool) {
        if holds {
            self.0 |= 1 << (flag as u32);
        }
    }

    /// Whether a flag is set.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & (1 << (flag as u32)) != 0
    }

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags that are set.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |f| self.has(*f))
    }

    /// As a number, to be kept.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// From a number that was kept; bits without a meaning are dropped.
    pub fn from_bits(bits: u32) -> Self {
        let all = Flag::ALL.iter().fold(0, |all, f| all | 1 << (*f as u32));
        Self(bits & all)
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut flags = Self::default();
        for flag in Vec::<Flag>::deserialize(d)? {
            flags.put(flag, true);
        }
        Ok(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_kept_as_bits_and_told_as_words() {
        let mut flags = Flags::default();
        flags.put(Flag::Seed, true);
        flags.put(Flag::Bot, true);
        flags.put(Flag::Old, false);
        let text = serde_json::to_string(&flags).unwrap();
        assert_eq!(text, r#"["bot","seed"]"#);
        assert_eq!(Flags::from_bits(flags.bits() | 1 << 31), flags);
        for flag in Flag::ALL {
            let word = serde_json::to_value(flag).unwrap();
            assert_eq!(word, flag.word());
        }
    }
}
