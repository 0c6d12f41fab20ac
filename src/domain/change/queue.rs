//! What is merged and waits for a deployment: for each environment the changes that it does not run, how long they have waited,
//! and how far one could go without shipping something that a later change takes back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::Delivered;
use super::lead_time::Boundary;
use super::stream::Stream;
use crate::domain::ids::EnvId;
use crate::domain::text::Safe;

/// So many are kept by name; the count is of all.
pub const MOST: usize = 200;

/// What waits for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The environment.
    pub env: EnvId,
    /// What runs there: its name, and since when; none: nothing is known to run there.
    pub live: Option<(Safe, Timestamp)>,
    /// What waits, the oldest merge first, [`MOST`] at most.
    pub waiting: Vec<Waiting>,
    /// How many wait.
    pub total: usize,
    /// The first in the list up to which all can go: nothing in this range is taken back by a later one. None: nothing waits, or
    /// every range holds something that is taken back.
    pub first_stop: Option<usize>,
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its id.
    pub id: Safe,
    /// Its title.
    pub title: Safe,
    /// Who wrote it.
    pub author: Option<Safe>,
    /// Since when: its merge.
    pub since: Option<Timestamp>,
    /// The change further back in the queue that takes it back.
    pub reverted_by: Option<Safe>,
    /// Going exactly up to here is safe.
    pub safe_stop: bool,
}

/// The queue of an environment (its position in the rows' rungs); `rows` are all changes of the service, as the stream knows them.
pub fn of(rows: &[Delivered], place: usize, env: &EnvId, stream: &Stream) -> Queue {
    let live = stream.deployments.last().map(|d| {
        let short = || Safe::new(d.sha.short());
        (d.version.clone().unwrap_or_else(short), d.at)
    });
    let waits = |row: &Delivered| {
        let rung = row.rungs.get(place);
        rung.is_some_and(|r| r.contained == Some(false))
    };
    let mut found: Vec<usize> = (0..rows.len())
        .filter(|i| rows.get(*i).is_some_and(waits))
        .collect();
    let merged = |i: &usize| rows.get(*i).and_then(|r| r.moments.at(Boundary::Merged));
    found.sort_by_key(merged);

    // For each in the queue, the latest one that takes it back.
    let mut taken: Vec<Option<usize>> = vec![None; found.len()];
    for (later, change) in found.iter().enumerate() {
        let takes = stream.reverts.get(*change).map_or(&[][..], Vec::as_slice);
        for what in takes {
            let at = found.iter().take(later).position(|c| c == what);
            if let Some(slot) = at.and_then(|a| taken.get_mut(a)) {
                *slot = Some(later);
            }
        }
    }
    // A range that ends before a revert ships what is known to be wrong.
    let mut open_until = 0;
    let mut waiting = Vec::new();
    let mut first_stop = None;
    for (i, change) in found.iter().enumerate() {
        let by = taken.get(i).copied().flatten();
        open_until = open_until.max(by.unwrap_or(0));
        let safe_stop = i >= open_until;
        if safe_stop && first_stop.is_none() {
            first_stop = Some(i);
        }
        if i < MOST {
            waiting.extend(rows.get(*change).map(|row| {
                Waiting {
                    id: row.id.clone(),
                    title: row.title.clone(),
                    author: row.author.clone(),
                    since: row.moments.at(Boundary::Merged),
                    reverted_by: by
                        .and_then(|b| found.get(b))
                        .and_then(|c| rows.get(*c))
                        .map(|r| r.id.clone()),
                    safe_stop,
                }
            }));
        }
    }
    Queue {
        env: env.clone(),
        live,
        waiting,
        total: found.len(),
        first_stop,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ancestry::tests::graph;
    use super::super::delivery;
    use super::super::marks::Reverted;
    use super::super::repository::Repository;
    use super::super::stream;
    use super::super::vectors::{at, commit, deploy};
    use super::*;

    /// Changes on one line; `reverts` are pairs of (revert, what it takes back); `live` is what runs.
    fn queue(line: &str, reverts: &[(&str, &str)], live: Option<&str>) -> Queue {
        let text: Vec<String> = line
            .split(' ')
            .zip(std::iter::once("").chain(line.split(' ')))
            .map(|(c, p)| {
                if p.is_empty() {
                    c.to_owned()
                } else {
                    format!("{c}<{p}")
                }
            })
            .collect();
        let text = text.join(" ");
        let (g, n) = graph(&text);
        let mut changes = Vec::new();
        for (name, h) in line.split(' ').zip(0_u8..) {
            let mut change = commit(name, n(name), f64::from(h));
            let merged = at(f64::from(h) + 0.5);
            change.moments = change.moments.with(Boundary::Merged, merged, "merge");
            for (_, what) in reverts.iter().filter(|(by, _)| *by == name) {
                let sha = format!("{:040x}", u64::from(n(what).0) + 1);
                change.reverts.push(Reverted::Commit(sha));
            }
            changes.push(change);
        }
        let attempts: Vec<_> = live.iter().map(|l| deploy(n(l), 100.0)).collect();
        let stream = stream::read(&g, &attempts, &changes);
        let env: EnvId = "production".parse().unwrap();
        let mut repository = Repository::default();
        repository.graph = g;
        repository.changes = changes;
        let rows = delivery::of(
            &"shop".parse().unwrap(),
            &repository,
            &[(env.clone(), stream.clone())],
        );
        of(&rows, 0, &env, &stream)
    }

    fn ids(q: &Queue) -> Vec<&str> {
        q.waiting.iter().map(|w| w.id.as_str()).collect()
    }

    #[test]
    fn what_is_merged_and_not_live_waits_the_oldest_first() {
        let q = queue("a b c d", &[], Some("b"));
        assert_eq!((ids(&q), q.total), (vec!["c", "d"], 2));
        assert_eq!(q.waiting[0].since, Some(at(2.5)));
        assert_eq!(q.first_stop, Some(0), "the very first may go");
        assert!(q.live.is_some());
        let none = queue("a b", &[], Some("b"));
        assert_eq!((none.total, none.first_stop), (0, None));
        assert_eq!(queue("a b", &[], None).total, 2, "nothing runs there yet");
    }

    #[test]
    fn no_safe_stop_lies_between_a_change_and_what_takes_it_back() {
        // c is taken back by e: a b | c d e | f
        let q = queue("a b c d e f", &[("e", "c")], Some("a"));
        let stops: Vec<(&str, bool)> = q
            .waiting
            .iter()
            .map(|w| (w.id.as_str(), w.safe_stop))
            .collect();
        assert_eq!(
            stops,
            [
                ("b", true),
                ("c", false),
                ("d", false),
                ("e", true),
                ("f", true)
            ]
        );
        assert_eq!(
            q.waiting[1].reverted_by.as_ref().map(Safe::as_str),
            Some("e")
        );
        assert_eq!(q.first_stop, Some(0));
        // The first waiting one is taken back: the first safe stop is the revert itself.
        let q = queue("a b c d", &[("d", "b")], Some("a"));
        assert_eq!(q.first_stop, Some(2));
        // What was taken back is live already: the revert can go at once.
        assert_eq!(queue("a b c", &[("c", "a")], Some("a")).first_stop, Some(0));
    }
}
