//! What holds for every history: stages telescope, each change ships first exactly once, a rollback ships nothing new.

use proptest::prelude::*;

use super::ancestry::{Graph, Node, first_containing, first_of};
use super::lead_time::{Boundary, Moments, Stage, measure};
use super::stream::{self, Kind};
use super::vectors::{at, commit, deploy};
use crate::domain::units::Now;

/// A history: each commit with one to three parents among those before it, octopuses included.
fn history(most: usize) -> impl Strategy<Value = Graph> {
    prop::collection::vec(
        prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        1..most,
    )
    .prop_map(|parents| {
        let mut pairs = Vec::new();
        for (child, parents) in parents.iter().enumerate().skip(1) {
            for p in parents {
                pairs.push((node(child), node(p.index(child))));
            }
        }
        Graph::new(parents.len(), &pairs)
    })
}

fn node(place: usize) -> Node {
    Node(u32::try_from(place).unwrap())
}

fn moments() -> impl Strategy<Value = Moments> {
    prop::collection::vec(prop::option::of(0_u32..5_000), 7).prop_map(|hours| {
        Boundary::ALL
            .into_iter()
            .zip(hours)
            .filter_map(|(b, h)| Some((b, f64::from(h?))))
            .fold(Moments::default(), |m, (b, h)| m.with(b, at(h), "t"))
    })
}

proptest! {
    #[test]
    fn stages_telescope(moments in moments()) {
        let m = measure(&moments, Boundary::Deployed, Now(at(9_000.0)));
        let sum: jiff::SignedDuration = Stage::ALL.into_iter().filter_map(|s| m.stage(s)).sum();
        for stage in Stage::ALL {
            prop_assert!(m.stage(stage).is_none_or(|d| !d.is_negative()));
        }
        if let Some(lead) = m.lead {
            prop_assert_eq!(sum, lead);
            prop_assert_eq!(lead, moments.at(Boundary::Deployed).unwrap().duration_since(m.start.unwrap()));
        }
    }

    #[test]
    fn the_first_stop_is_the_one_that_contains_it(g in history(40), stops in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let stops: Vec<Node> = stops.iter().map(|s| node(s.index(g.len()))).collect();
        let first = first_containing(&g, stops.iter().copied().map(Some));
        for place in 0..g.len() {
            let slow = stops.iter().position(|s| g.contains(*s, node(place)));
            prop_assert_eq!(first_of(&first, node(place)), slow);
        }
    }

    #[test]
    fn each_change_ships_first_once_and_a_rollback_ships_nothing(g in history(30), stops in prop::collection::vec(any::<prop::sample::Index>(), 1..10)) {
        let changes: Vec<_> = (0..g.len()).map(|p| commit(&format!("c{p}"), node(p), 0.0)).collect();
        let attempts: Vec<_> = stops.iter().zip(1_u8..).map(|(s, h)| deploy(node(s.index(g.len())), f64::from(h))).collect();
        let s = stream::read(&g, &attempts, &changes);
        let mut times = vec![0; changes.len()];
        for (place, d) in s.deployments.iter().enumerate() {
            let back = s.deployments[..place].last().is_some_and(|before| before.sha != d.sha
                && g.contains(before.node.unwrap(), d.node.unwrap()));
            prop_assert_eq!(back, d.kind == Kind::Rollback && d.new.is_empty() && back);
            prop_assert!(!(d.redeploy || back) || d.new.is_empty());
            for c in &d.new {
                times[*c] += 1;
                prop_assert!(g.contains(d.node.unwrap(), changes[*c].commits[0]));
                prop_assert_eq!(s.shipped[*c], Some(place));
            }
        }
        for (c, n) in times.into_iter().enumerate() {
            let ever = s.deployments.iter().any(|d| g.contains(d.node.unwrap(), node(c)));
            prop_assert_eq!(n, usize::from(ever));
        }
    }
}
