use jiff::Timestamp;

use super::*;
use crate::domain::release::live::{KnownGood, Live, LiveSource};
use crate::domain::release::{Release, Tag};

fn sha(c: char) -> CommitSha {
    c.to_string().repeat(40).parse().unwrap()
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + s).unwrap()
}

fn release(tag: &str, c: char, published: Option<i64>) -> Release {
    Release {
        tag: Safe::new(tag),
        name: None,
        draft: published.is_none(),
        prerelease: false,
        published_at: published.map(at),
        sha: Some(sha(c)),
        url: Safe::default(),
    }
}

fn overview(tags: &[(&str, char)], releases: Vec<Release>) -> Overview {
    Overview {
        url: Safe::default(),
        default_branch: Some((Safe::new("main"), sha('f'))),
        environments: Vec::new(),
        releases,
        tags: tags
            .iter()
            .map(|(name, c)| Tag {
                name: Safe::new(name),
                sha: sha(*c),
            })
            .collect(),
        milestones: Vec::new(),
        deployments: Vec::new(),
    }
}

/// An environment where this commit is live, and that one was before.
fn state(live: char, before: char) -> EnvState {
    let what = |c| VersionRef {
        sha: sha(c),
        version: None,
    };
    EnvState {
        live: Some(Live {
            what: what(live),
            since: at(0),
            source: LiveSource::Deployments,
            deployment: 1,
            started_at: at(0),
            run: None,
            creator: None,
            url: None,
        }),
        known_good: vec![KnownGood {
            what: what(before),
            since: at(-9),
            until: at(0),
            run: None,
        }],
        ..EnvState::default()
    }
}

fn by(from: From, tags: &str, overview: &Overview, state: &EnvState) -> (String, String) {
    let releasing = Releasing {
        from,
        tags: tags.to_owned(),
    };
    let overview = releasing.arrange(overview.clone());
    let (what, how) = choose(&releasing, &overview, state, None).unwrap();
    (what.to_string(), how.to_string())
}

fn said(what: &str, how: &str) -> (String, String) {
    (what.to_owned(), how.to_owned())
}

#[test]
fn tags_releases_and_the_branch_are_three_ways() {
    let tags = [("v4", 'd'), ("v3", 'c'), ("v2", 'b'), ("v1", 'a')];
    let published = vec![release("v3", 'c', Some(3)), release("v2", 'b', Some(2))];
    let seen = overview(&tags, published);
    let live = state('b', 'a');
    let tag = "the newest tag, never live here";
    assert_eq!(by(From::Tags, "v*", &seen, &live), said("v4", tag));
    let newest = "the newest release, never live here";
    assert_eq!(by(From::Releases, "v*", &seen, &live), said("v3", newest));
    let head = "the head of main";
    let f = "f".repeat(7);
    assert_eq!(by(From::Branch, "v*", &seen, &live), said(&f, head));

    // Where the newest is live or was, the head is what comes next.
    let live = state('d', 'c');
    assert_eq!(by(From::Tags, "v*", &seen, &live), said(&f, head));
    assert_eq!(by(From::Releases, "v*", &seen, &live), said(&f, head));
}

#[test]
fn a_draft_comes_first_and_an_old_release_published_late_counts_as_new() {
    let tags = [("v3", 'c'), ("v2", 'b')];
    let drafted = overview(&tags, vec![release("v3", 'c', None)]);
    let live = state('b', 'a');
    for from in [From::Tags, From::Releases] {
        let draft = by(from, "v*", &drafted, &live);
        assert_eq!(draft, said("v3", "the newest draft release"));
    }
    let late = overview(
        &[],
        vec![release("v3", 'c', Some(3)), release("v2.1", 'e', Some(9))],
    );
    assert_eq!(by(From::Releases, "v*", &late, &state('c', 'b')).0, "v2.1");
}

#[test]
fn another_services_tags_are_no_candidates_and_give_no_names() {
    let tags = [("cart-v9", 'd'), ("cart-v8", 'c'), ("shop-v3", 'c')];
    let releases = vec![release("cart-v9", 'd', None)];
    let seen = overview(&tags, releases);
    let live = state('b', 'a');
    for from in [From::Tags, From::Releases] {
        let (what, how) = by(from, "shop-v*", &seen, &live);
        match from {
            From::Tags => assert_eq!(
                (what.as_str(), how.as_str()),
                ("shop-v3", "the newest tag, never live here")
            ),
            _ => assert_eq!(how, "the head of main: no release is like shop-v*"),
        }
    }
    let shop = Releasing {
        tags: "shop-v*".to_owned(),
        ..Releasing::default()
    };
    let name = |o: &Overview| o.version(&sha('c')).to_string();
    assert_eq!(name(&seen), "cart-v8");
    assert_eq!(name(&shop.arrange(seen.clone())), "shop-v3");
    // What is not the service's own still has its name.
    assert_eq!(shop.arrange(seen).version(&sha('d')).to_string(), "cart-v9");
}

#[test]
fn a_pattern_that_fits_nothing_is_said() {
    let seen = overview(&[("1.4", 'd')], Vec::new());
    let (_, how) = by(From::Tags, "v*", &seen, &state('b', 'a'));
    assert_eq!(how, "the head of main: no tag is like v*");
    let none = overview(&[], Vec::new());
    let (_, how) = by(From::Tags, "v*", &none, &state('b', 'a'));
    assert_eq!(how, "the head of main");
}
