//! Which deployment or release contains a commit first. Pure, on a commit graph whose commits are numbers: what git calls
//! `rev-list SHA --not EARLIER...` for every stop at once, each commit visited a single time.

/// A commit in a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

impl Node {
    fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Commits with their parents, the first parent first. Commits that are not there (a shallow clone's edge) are simply missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Where each commit's parents begin; one more than there are commits.
    starts: Vec<u32>,
    parents: Vec<Node>,
}

impl Graph {
    /// A graph of so many commits from `(child, parent)` pairs. The pairs of one child keep their order; a pair that names a
    /// commit outside of the graph is left out.
    pub fn new(commits: usize, pairs: &[(Node, Node)]) -> Self {
        let known = |n: Node| n.place() < commits;
        let mut starts = vec![0_u32; commits + 1];
        for (child, parent) in pairs {
            if known(*parent)
                && let Some(count) = starts.get_mut(child.place() + 1)
            {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut parents = vec![Node(0); usize::try_from(sum).unwrap_or(0)];
        for (child, parent) in pairs.iter().filter(|(c, p)| known(*c) && known(*p)) {
            if let Some(at) = next.get_mut(child.place()) {
                if let Some(slot) = parents.get_mut(usize::try_from(*at).unwrap_or(usize::MAX)) {
                    *slot = *parent;
                }
                *at += 1;
            }
        }
        Self { starts, parents }
    }

    /// How many commits there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parents of a commit.
    pub fn parents(&self, of: Node) -> &[Node] {
        let bound = |i: usize| {
            self.starts
                .get(i)
                .and_then(|s| usize::try_from(*s).ok())
                .unwrap_or(usize::MAX)
        };
        self.parents
            .get(bound(of.place())..bound(of.place().saturating_add(1)))
            .unwrap_or(&[])
    }

    /// The way from the beginning to `head` over first parents: what the main branch pointed to, oldest first.
    pub fn trunk(&self, head: Node) -> Vec<Node> {
        let mut seen = vec![false; self.len()];
        let mut way = Vec::new();
        let mut at = Some(head);
        while let Some(node) = at {
            match seen.get_mut(node.place()) {
                Some(seen) if !*seen => *seen = true,
                _ => break,
            }
            way.push(node);
            at = self.parents(node).first().copied();
        }
        way.reverse();
        way
    }

    /// These commits and all their ancestors.
    pub fn reachable(&self, tips: impl IntoIterator<Item = Node>) -> Reachable {
        let mut reached = Reachable(vec![0; self.len().div_ceil(64)]);
        let known = |n: &Node| n.place() < self.len();
        let mut open: Vec<Node> = tips.into_iter().filter(known).collect();
        while let Some(node) = open.pop() {
            if reached.add(node) {
                open.extend_from_slice(self.parents(node));
            }
        }
        reached
    }

    /// Whether `what` is `of` or one of its ancestors.
    pub fn contains(&self, of: Node, what: Node) -> bool {
        let mut seen = vec![false; self.len()];
        let mut open = vec![of];
        while let Some(node) = open.pop() {
            if node == what {
                return true;
            }
            if let Some(seen) = seen.get_mut(node.place())
                && !*seen
            {
                *seen = true;
                open.extend_from_slice(self.parents(node));
            }
        }
        false
    }
}

/// What is reachable from some commits, a bit for each commit of the graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reachable(Vec<u64>);

impl Reachable {
    /// Whether a commit is.
    pub fn has(&self, node: Node) -> bool {
        let word = self.0.get(node.place() / 64);
        word.is_some_and(|w| w & (1 << (node.place() % 64)) != 0)
    }

    /// How large it is.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }

    /// Adds a commit; whether it is new.
    fn add(&mut self, node: Node) -> bool {
        let new = !self.has(node);
        match self.0.get_mut(node.place() / 64) {
            Some(word) if new => *word |= 1 << (node.place() % 64),
            _ => return false,
        }
        true
    }
}

/// For each commit the position of the first of these stops that contains it. A stop on a commit that is not known contains
/// nothing; a stop on a commit that an earlier one contains brings nothing new.
pub fn first_containing(
    graph: &Graph,
    stops: impl IntoIterator<Item = Option<Node>>,
) -> Vec<Option<u32>> {
    first_and_apart(graph, stops).0
}

/// [`first_containing`], and of each stop whether it stands apart: its commit is known, and shares no history with a stop before it.
pub fn first_and_apart(
    graph: &Graph,
    stops: impl IntoIterator<Item = Option<Node>>,
) -> (Vec<Option<u32>>, Vec<bool>) {
    let mut first: Vec<Option<u32>> = vec![None; graph.len()];
    let mut apart = Vec::new();
    let mut open = Vec::new();
    for (position, stop) in (0_u32..).zip(stops) {
        open.extend(stop);
        let (mut new, mut met) = (false, false);
        while let Some(node) = open.pop() {
            match first.get_mut(node.place()) {
                Some(slot @ None) => {
                    *slot = Some(position);
                    new = true;
                    open.extend_from_slice(graph.parents(node));
                }
                Some(Some(by)) => met |= *by != position,
                None => {}
            }
        }
        apart.push(new && !met);
    }
    (first, apart)
}

/// The answer of [`first_containing`] for one commit.
pub fn first_of(first: &[Option<u32>], node: Node) -> Option<usize> {
    let position = first.get(node.place()).copied().flatten()?;
    usize::try_from(position).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A graph from words: `a b<a c<b,x`.
    pub(crate) fn graph(text: &str) -> (Graph, impl Fn(&str) -> Node) {
        let names: Vec<String> = text
            .split_whitespace()
            .map(|w| w.split('<').next().unwrap().to_owned())
            .collect();
        let of = move |name: &str| {
            let place = names.iter().position(|n| n == name);
            Node(u32::try_from(place.unwrap()).unwrap())
        };
        let mut pairs = Vec::new();
        for word in text.split_whitespace() {
            if let Some((child, parents)) = word.split_once('<') {
                pairs.extend(parents.split(',').map(|p| (of(child), of(p))));
            }
        }
        (Graph::new(text.split_whitespace().count(), &pairs), of)
    }

    #[test]
    fn each_commit_belongs_to_the_first_stop_that_contains_it() {
        // a - b - m - d, with x on a branch merged by m; y hangs off the trunk.
        let (g, n) = graph("a b<a x<a m<b,x d<m y<b");
        let first = first_containing(&g, ["b", "y", "d", "b"].map(|s| Some(n(s))));
        let of = |name: &str| first_of(&first, n(name));
        assert_eq!(
            ["a", "b", "x", "m", "d", "y"].map(of),
            [Some(0), Some(0), Some(2), Some(2), Some(2), Some(1)]
        );
        assert_eq!(
            first_of(&first_containing(&g, [None, Some(n("a"))]), n("a")),
            Some(1)
        );
        assert!(first_containing(&g, []).iter().all(Option::is_none));
    }

    #[test]
    fn the_trunk_follows_first_parents_and_octopuses_keep_their_order() {
        let (g, n) = graph("a b<a x<a y<a z<a o<b,x,y,z");
        assert_eq!(g.trunk(n("o")), ["a", "b", "o"].map(&n));
        assert_eq!(g.parents(n("o")), ["b", "x", "y", "z"].map(&n));
        assert!(g.contains(n("o"), n("z")) && !g.contains(n("b"), n("x")));
    }

    #[test]
    fn a_stop_that_shares_no_history_with_those_before_stands_apart() {
        // r - s was written anew after b; o is a merge of both.
        let (g, n) = graph("a b<a d<b r s<r o<s,d");
        let apart = |stops: &[Option<&str>]| {
            let stops = stops.iter().map(|s| s.map(&n));
            first_and_apart(&g, stops).1
        };
        assert_eq!(
            apart(&[Some("b"), Some("s"), Some("d"), Some("o"), Some("s")]),
            [true, true, false, false, false]
        );
        assert_eq!(
            apart(&[None, Some("b"), None, Some("d")]),
            [false, true, false, false]
        );
    }

    #[test]
    fn what_is_reachable_takes_a_bit_for_each_commit() {
        let line: Vec<_> = (1..200).map(|n| (Node(n), Node(n - 1))).collect();
        let g = Graph::new(200, &line);
        let reached = g.reachable([Node(70), Node(3), Node(900)]);
        let found: Vec<u32> = (0..1_000).filter(|n| reached.has(Node(*n))).collect();
        assert_eq!(found, (0..=70).collect::<Vec<_>>());
        assert_eq!(reached.bytes(), 32);
    }

    #[test]
    fn nonsense_does_no_harm() {
        // A circle, a commit that is not there, an empty graph.
        let circle = Graph::new(
            2,
            &[
                (Node(0), Node(1)),
                (Node(1), Node(0)),
                (Node(1), Node(9)),
                (Node(7), Node(0)),
            ],
        );
        assert_eq!(circle.trunk(Node(0)), [Node(1), Node(0)]);
        assert!(!circle.contains(Node(0), Node(5)));
        assert_eq!(
            first_containing(&circle, [Some(Node(9)), Some(Node(1))]),
            [Some(1), Some(1)]
        );
        assert!(
            circle.reachable([Node(0)]).has(Node(1)) && !circle.reachable([Node(9)]).has(Node(9))
        );
        assert!(Graph::default().is_empty() && Graph::default().parents(Node(3)).is_empty());
    }
}
