//! The graph of commits while it is read: which parents are still to be found, and what a force push has left behind.
//!
//! The history of a new head is read until it meets the old one. What a merge brought in may be older than that, as may be
//! commits that were deployed from a branch: such lines are read by themselves, from their tips, until every parent is known.

use std::collections::{HashMap, HashSet};

use crate::domain::change::synced::CommitRow;
use crate::domain::ids::CommitSha;

/// A commit's id with those of its parents.
pub type Link = (CommitSha, Vec<CommitSha>);

/// The commits that are known, and the parents that are not.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    parents: HashMap<CommitSha, Vec<CommitSha>>,
    open: HashSet<CommitSha>,
    floor: HashSet<CommitSha>,
}

impl Walk {
    /// Over what is kept.
    pub fn new(kept: Vec<Link>) -> Self {
        let parents: HashMap<_, _> = kept.into_iter().collect();
        let open = parents.values().flatten();
        let open = open
            .filter(|p| !parents.contains_key(*p))
            .cloned()
            .collect();
        Self {
            parents,
            open,
            floor: HashSet::new(),
        }
    }

    /// The parents that are not known, in order.
    pub fn loose(&self) -> Vec<CommitSha> {
        let mut loose: Vec<_> = self.open.iter().cloned().collect();
        loose.sort();
        loose
    }

    /// Parents that need not be found.
    pub fn set_floor(&mut self, floor: &[CommitSha]) {
        self.floor = floor.iter().cloned().collect();
    }

    /// Takes in commits.
    pub fn add<'a>(&mut self, rows: impl IntoIterator<Item = &'a CommitRow>) {
        for row in rows {
            self.open.remove(&row.sha);
            let unknown = row
                .parents
                .iter()
                .filter(|p| !self.parents.contains_key(*p) && **p != row.sha);
            self.open.extend(unknown.cloned());
            self.parents.insert(row.sha.clone(), row.parents.clone());
        }
    }

    /// Whether a commit is known.
    pub fn knows(&self, sha: &CommitSha) -> bool {
        self.parents.contains_key(sha)
    }

    /// The parents that are to be found, in order.
    pub fn wanted(&self) -> Vec<CommitSha> {
        let mut wanted = self.loose();
        wanted.retain(|p| !self.floor.contains(p));
        wanted
    }

    /// Whether nothing is to be found any more.
    pub fn is_closed(&self) -> bool {
        self.open.iter().all(|p| self.floor.contains(p))
    }

    /// The known commits that none of these contains.
    pub fn left_behind<'a>(&self, tips: impl IntoIterator<Item = &'a CommitSha>) -> Vec<CommitSha> {
        let mut reached: HashSet<&CommitSha> = HashSet::new();
        let mut stack: Vec<&CommitSha> = tips.into_iter().collect();
        while let Some(sha) = stack.pop() {
            if let Some((known, parents)) = self.parents.get_key_value(sha)
                && reached.insert(known)
            {
                stack.extend(parents);
            }
        }
        let mut left: Vec<_> = self
            .parents
            .keys()
            .filter(|s| !reached.contains(s))
            .cloned()
            .collect();
        left.sort();
        left
    }
}
