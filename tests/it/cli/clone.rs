//! `flightdeck changes --git` and `where --git` on clones made by git itself: what the program says of releases is what
//! `git tag --contains` says, in odd histories, too.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Home, Ran};

/// A repository in a home.
struct Repo<'a> {
    home: &'a Home,
    name: &'static str,
}

impl<'a> Repo<'a> {
    /// An empty one.
    fn new(home: &'a Home, name: &'static str) -> Self {
        let repo = Self { home, name };
        std::fs::create_dir_all(repo.path()).unwrap();
        repo.git(&["init", "-q", "-b", "main"], 0);
        repo.git(&["config", "user.email", "maria@acme.example"], 0);
        repo
    }

    fn path(&self) -> std::path::PathBuf {
        self.home.path(self.name)
    }

    /// Runs git at a second since 1970.
    fn git(&self, args: &[&str], at: i64) -> String {
        let date = format!("@{at} +0000");
        let out = self.command(args, &date, &date).output().unwrap();
        assert!(
            out.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn command(&self, args: &[&str], authored: &str, committed: &str) -> Command {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Maria")
            .env("GIT_AUTHOR_EMAIL", "maria@acme.example")
            .env("GIT_COMMITTER_NAME", "Maria")
            .env("GIT_COMMITTER_EMAIL", "maria@acme.example")
            .env("GIT_AUTHOR_DATE", authored)
            .env("GIT_COMMITTER_DATE", committed);
        command
    }

    /// A commit, and its id.
    fn commit(&self, message: &str, at: i64) -> String {
        self.git(&["commit", "-q", "--allow-empty", "-m", message], at);
        self.git(&["rev-parse", "HEAD"], at)
    }

    fn tag(&self, name: &str, at: i64) {
        self.git(&["tag", "-a", "-m", name, name], at);
    }

    /// What git calls the first tag that contains a commit.
    fn first_by_git(&self, sha: &str) -> Option<String> {
        let out = self.git(
            &[
                "tag",
                "--contains",
                sha,
                "--sort=creatordate",
                "--format=%(refname:strip=2)",
            ],
            0,
        );
        out.lines().next().map(str::to_owned)
    }

    fn changes(&self, more: &[&str]) -> Value {
        let path = self.path().display().to_string();
        let args = [&["changes", "--json", "--git", &path], more].concat();
        self.home.run(&args).ended(0).json("changes")
    }

    fn locate(&self, name: &str) -> Ran {
        let path = self.path().display().to_string();
        self.home.run(&["where", name, "--json", "--git", &path])
    }
}

fn find<'a>(json: &'a Value, title: &str) -> &'a Value {
    let all = json["changes"].as_array().unwrap();
    let found = all.iter().find(|c| c["title"] == title);
    found.unwrap_or_else(|| panic!("no `{title}`: {json}"))
}

fn flags(change: &Value) -> Vec<&str> {
    let flags = change["flags"].as_array().unwrap();
    flags.iter().map(|f| f.as_str().unwrap()).collect()
}

const HOUR: i64 = 3_600;
const START: i64 = 1_700_000_000;

fn at(hours: i64) -> i64 {
    START + hours * HOUR
}

#[test]
fn a_change_takes_from_its_author_date_to_the_first_tag() {
    let home = Home::new();
    let repo = Repo::new(&home, "shop");
    repo.commit("begin", at(0));
    repo.tag("v1.0.0", at(1));
    let tax = repo.commit("tax rounding", at(2));
    repo.commit("retry budget", at(5));
    // A lightweight tag has its commit's date.
    repo.git(&["tag", "v1.1.0"], at(6));
    repo.tag("v1.2.0", at(50));
    let loose = repo.commit("typo", at(60));

    let json = repo.changes(&[]);
    let change = find(&json, "tax rounding");
    assert_eq!(change["released_in"], "v1.1.0");
    assert_eq!(change["lead_time_s"], 3.0 * 3600.0);
    assert_eq!(change["stages"]["release_wait_s"], 3.0 * 3600.0);
    assert_eq!(flags(find(&json, "begin")), ["seed"]);
    assert_eq!(find(&json, "typo")["released_in"], Value::Null);
    assert_eq!(
        (&json["summary"]["n"], &json["left_out"]["open"]),
        (&2.into(), &1.into())
    );
    assert!(
        json["notes"][0]
            .as_str()
            .unwrap()
            .starts_with("1 of 3 tags"),
        "{json}"
    );

    let there = repo.locate(&tax).ended(0).json("where");
    assert_eq!(there["first_release"]["tag"], "v1.1.0");
    assert_eq!(there["first_release"]["at"], "2023-11-15T03:13:20Z");
    let not = repo.locate(loose.get(..9).unwrap()).ended(4).json("where");
    assert_eq!(not["sha"], loose);
    assert!(not["waiting_for"].as_str().unwrap().contains("no tag"));
    assert_eq!(
        repo.locate("v1.2.0").ended(0).json("where")["first_release"]["tag"],
        "v1.1.0"
    );
    assert_eq!(repo.locate("main").ended(4).json("where")["sha"], loose);

    // For people and for spreadsheets; since when; by whom; which tags.
    let path = repo.path().display().to_string();
    let text = home.run(&["changes", "--git", &path]).ended(0).out;
    assert!(
        text.starts_with("lead time of 2 changes  p50 1h 30m"),
        "{text}"
    );
    let csv = home.run(&["changes", "--csv", "--git", &path]).ended(0).out;
    assert_eq!(csv.lines().count(), 5);
    assert!(csv.contains("tax rounding,Maria,"), "{csv}");
    assert_eq!(
        repo.changes(&["--since", "2023-11-15T03:00:00Z"])["changes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        repo.changes(&["--mine"])["changes"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    repo.git(&["config", "user.email", "li@acme.example"], 0);
    assert_eq!(
        repo.changes(&["--mine"])["changes"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        find(&repo.changes(&["--tags", "v1.2*"]), "tax rounding")["released_in"],
        "v1.2.0"
    );
}

#[test]
fn odd_histories_are_read_as_they_are() {
    let home = Home::new();
    let repo = Repo::new(&home, "odd");
    repo.commit("begin", at(0));
    repo.tag("v1", at(1));
    for (branch, hour) in [("x", 2), ("y", 3), ("z", 4)] {
        repo.git(&["checkout", "-q", "-b", branch, "v1"], 0);
        repo.commit(&format!("work {branch}"), at(hour));
    }
    // A tag off the trunk; an octopus; a bot; a clock ahead; a copy; a merged pull request.
    let off = repo.commit("off the trunk", at(5));
    repo.tag("v1-off", at(6));
    repo.git(&["checkout", "-q", "main"], 0);
    repo.git(&["merge", "-q", "-m", "octopus", "x", "y", "z~1"], at(8));
    let bot = [
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "bump",
        "--author",
        "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    ];
    repo.git(&bot, at(9));
    let future = "@4000000000 +0000";
    let ahead = ["commit", "-q", "--allow-empty", "-m", "clock ahead"];
    assert!(
        repo.command(&ahead, future, &format!("@{} +0000", at(10)))
            .status()
            .unwrap()
            .success()
    );
    repo.commit(
        "copy\n\n(cherry picked from commit 0123456789abcdef0123456789abcdef01234567)",
        at(11),
    );
    repo.git(&["checkout", "-q", "-b", "feature"], 0);
    repo.commit("first half", at(12));
    repo.commit("second half", at(13));
    repo.git(&["checkout", "-q", "main"], 0);
    repo.git(
        &[
            "merge",
            "-q",
            "--no-ff",
            "-m",
            "Merge pull request #12 from acme/feature\n\nnew address form",
            "feature",
        ],
        at(20),
    );
    repo.tag("v2", at(22));
    // A tag of a tag, and one of a file: the first counts, the second is none.
    repo.git(&["tag", "-a", "-m", "again", "v2-again", "v2"], at(30));
    repo.git(&["config", "user.name", "x"], 0);
    let blob = repo.path().join("note");
    std::fs::write(&blob, "x").unwrap();
    let id = repo.git(&["hash-object", "-w", "note"], 0);
    repo.git(&["tag", "a-file", &id], 0);

    let json = repo.changes(&[]);
    assert_eq!(find(&json, "work x")["released_in"], "v2");
    assert_eq!(find(&json, "work z")["released_in"], "v1-off");
    assert_eq!(find(&json, "off the trunk")["released_in"], "v1-off");
    assert_eq!(flags(find(&json, "bump")), ["bot"]);
    assert_eq!(flags(find(&json, "clock ahead")), ["future", "negative"]);
    assert_eq!(find(&json, "clock ahead")["lead_time_s"], Value::Null);
    assert_eq!(flags(find(&json, "copy")), ["cherry_pick"]);
    let pull = find(&json, "new address form");
    assert_eq!(
        (&pull["id"], &pull["lead_time_s"]),
        (&"#12".into(), &(10.0 * 3600.0).into())
    );
    assert_eq!(pull["match"]["method"], "merge_message");
    assert!(
        !json.to_string().contains("first half"),
        "its commits are no changes by themselves"
    );
    assert_eq!(json["left_out"]["negative"], 1);
    assert_eq!(
        repo.locate("#12").ended(0).json("where")["first_release"]["tag"],
        "v2"
    );
    assert_eq!(
        repo.locate("12").ended(0).json("where")["sha"],
        repo.locate("#12").json("where")["sha"]
    );
    repo.locate("13").ended(2);
    assert_eq!(
        repo.locate(&off).ended(0).json("where")["first_release"]["tag"],
        "v1-off"
    );
    assert_eq!(
        repo.locate("feature").ended(0).json("where")["first_release"]["tag"],
        "v2"
    );

    // Rewritten: what nothing reaches any more is no change; the second look has everything of the first in its cache.
    repo.git(&["reset", "-q", "--hard", "v1"], 0);
    repo.commit("anew", at(40));
    let json = repo.changes(&["--tags", "v1"]);
    let titles: Vec<&str> = json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["anew", "begin"]);
}

#[test]
fn clones_that_lack_something_say_so() {
    let home = Home::new();
    let repo = Repo::new(&home, "whole");
    let path = repo.path().display().to_string();
    // Nothing committed.
    let empty = repo.changes(&[]);
    assert_eq!(empty["changes"].as_array().unwrap().len(), 0);
    for n in 0..6 {
        repo.commit(&format!("step {n}"), at(n));
    }
    // No tags.
    let json = repo.changes(&[]);
    assert_eq!(
        (&json["left_out"]["open"], &json["summary"]["n"]),
        (&6.into(), &0.into())
    );
    assert!(
        json["notes"][0].as_str().unwrap().contains("no tags"),
        "{json}"
    );
    repo.locate("HEAD~2").ended(4);
    repo.tag("v1", at(9));
    // Shallow: what is there is told, and nothing of it is kept for later.
    let from = format!("file://{path}");
    repo.git(&["clone", "-q", "--depth", "2", &from, "../shallow"], 0);
    let shallow = Repo {
        home: &home,
        name: "shallow",
    };
    let json = shallow.changes(&[]);
    assert_eq!(json["changes"].as_array().unwrap().len(), 2);
    assert!(
        json["notes"][0].as_str().unwrap().contains("shallow"),
        "{json}"
    );
    shallow.git(&["fetch", "-q", "--unshallow"], 0);
    assert_eq!(shallow.changes(&[])["changes"].as_array().unwrap().len(), 6);

    let ran = repo.locate("nothing-like-it").ended(2);
    let hint = ran.error();
    assert_eq!(hint["kind"], "not_found");
    repo.locate("@{-1}").ended(2);
    let nowhere = home.path("work").display().to_string();
    let ran = home.run(&["changes", "--git", &nowhere]).ended(2);
    assert!(ran.err.contains("is no git repository"), "{ran:?}");
    // A damaged cache is read anew.
    let caches = || {
        let all = std::fs::read_dir(home.path("cache/flightdeck")).unwrap();
        all.map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "cache"))
    };
    assert!(caches().count() > 0);
    caches().for_each(|p| std::fs::write(p, "nonsense").unwrap());
    assert_eq!(repo.changes(&[])["changes"].as_array().unwrap().len(), 6);
}

/// A history of so many commits with merges, octopuses and tags of both kinds, from a seed.
fn random_history(path: &Path, commits: u64, tags: u64, seed: u64) {
    let mut state = seed;
    let mut roll = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut text = String::new();
    for n in 1..=commits {
        let at = START.unsigned_abs() + n * 600;
        let parents: Vec<u64> = if n == 1 {
            vec![]
        } else {
            let width = [1, 1, 1, 1, 1, 1, 2, 2, 3][usize::try_from(roll(9)).unwrap()];
            let mut parents: Vec<u64> = (0..width).map(|_| n - 1 - roll((n - 1).min(12))).collect();
            parents.sort_unstable_by(|a, b| b.cmp(a));
            parents.dedup();
            parents
        };
        // Every other branch name, so that some tips stay off the trunk.
        writeln!(text, "commit refs/heads/b{}\nmark :{n}", n % 3).unwrap();
        writeln!(
            text,
            "author P{} <p{}@acme.example> {} +0000",
            n % 7,
            n % 7,
            at - roll(90_000)
        )
        .unwrap();
        writeln!(
            text,
            "committer C <c@acme.example> {at} +0000\ndata 4\nc{:03}",
            n % 1000
        )
        .unwrap();
        for (i, parent) in parents.iter().enumerate() {
            writeln!(text, "{} :{parent}", if i == 0 { "from" } else { "merge" }).unwrap();
        }
        text.push('\n');
    }
    for t in 0..tags {
        let on = 1 + roll(commits);
        if t % 3 == 0 {
            writeln!(text, "reset refs/tags/v{t}\nfrom :{on}\n").unwrap();
        } else {
            let at = START.unsigned_abs() + on * 600 + roll(50_000);
            writeln!(
                text,
                "tag v{t}\nfrom :{on}\ntagger T <t@acme.example> {at} +0000\ndata 1\nx"
            )
            .unwrap();
        }
    }
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_first_release_is_what_git_says_for_every_commit() {
    for seed in [1, 2] {
        let home = Home::new();
        let repo = Repo::new(&home, "random");
        random_history(&repo.path(), 120, 14, seed);
        repo.git(&["symbolic-ref", "HEAD", "refs/heads/b0"], 0);
        // Commits are changes by themselves here, merges are not: all of them are asked for by `where` of a sample.
        let json = repo.changes(&["--all"]);
        let mut seen = 0;
        for change in json["changes"].as_array().unwrap() {
            let sha = change["id"].as_str().unwrap();
            let tag = change["released_in"].as_str().map(str::to_owned);
            assert_eq!(tag, repo.first_by_git(sha), "{sha} of seed {seed}");
            let stages = change["stages"].as_object().unwrap();
            let sum: f64 = stages.values().filter_map(Value::as_f64).sum();
            if let Some(lead) = change["lead_time_s"].as_f64() {
                assert!((sum - lead).abs() < 1e-6, "{change}");
                seen += 1;
            }
        }
        assert!(seen > 30, "{seen}");
        let merges = repo.git(&["rev-list", "--merges", "--max-count=6", "HEAD"], 0);
        for sha in merges.lines() {
            let expected = repo.first_by_git(sha);
            let ran = repo
                .locate(sha)
                .ended(if expected.is_some() { 0 } else { 4 });
            let json = ran.json("where");
            assert_eq!(
                json["first_release"]["tag"].as_str().map(str::to_owned),
                expected
            );
        }
    }
}
