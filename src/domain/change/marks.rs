//! What titles, branches, labels and messages say about a change: that a bot wrote it, that it only makes a release, that it is a
//! hotfix, what it takes back, that it is a copy.

use serde::{Deserialize, Serialize};

use super::flags::{Flag, Flags};

/// What a change takes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reverted {
    /// A commit, by the beginning of its id (7 digits at least).
    Commit(String),
    /// A pull request.
    Number(u64),
}

/// The words by which special changes are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// A label that makes a hotfix.
    pub hotfix_labels: Vec<String>,
    /// The beginning of a hotfix's branch.
    pub hotfix_branches: Vec<String>,
    /// The beginning of a hotfix's title, in lower case.
    pub hotfix_titles: Vec<String>,
}

impl Words {
    /// Words that make nothing special.
    pub fn none() -> Self {
        Self {
            hotfix_labels: Vec::new(),
            hotfix_branches: Vec::new(),
            hotfix_titles: Vec::new(),
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        Self {
            hotfix_labels: list(&["hotfix"]),
            hotfix_branches: list(&["hotfix/"]),
            hotfix_titles: list(&["hotfix:", "hotfix(", "hotfix ", "[hotfix]"]),
        }
    }
}

/// What is known of a change besides its moments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// Its title or subject.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Its branch.
    pub branch: &'a str,
    /// Its labels.
    pub labels: &'a [String],
    /// Who wrote it: a login, or a name.
    pub author: &'a str,
    /// The host calls the author a bot.
    pub is_bot: bool,
}

/// The flags that follow.
pub fn flags(signs: &Signs<'_>, words: &Words) -> Flags {
    let mut flags = Flags::default();
    let title = signs.title.trim().to_lowercase();
    let has = |list: &[String], what: &str| list.iter().any(|w| what.starts_with(w.as_str()));
    let labelled = |want: &[String]| {
        let mut labels = signs.labels.iter();
        labels.any(|l| want.iter().any(|w| w.eq_ignore_ascii_case(l)))
    };
    flags.put(Flag::Bot, signs.is_bot || is_bot(signs.author));
    flags.put(
        Flag::Hotfix,
        labelled(&words.hotfix_labels)
            || has(&words.hotfix_branches, signs.branch)
            || has(&words.hotfix_titles, &title),
    );
    flags.put(Flag::ReleasePr, is_release(&title, signs.branch));
    flags.put(
        Flag::Revert,
        !reverts(signs.title, signs.body).is_empty() || title.starts_with("revert \""),
    );
    flags.put(Flag::CherryPick, picked_from(signs.body).is_some());
    flags
}

/// Whether a login or name is a bot's.
pub fn is_bot(author: &str) -> bool {
    let name = author.trim().to_lowercase();
    name.ends_with("[bot]")
        || name.ends_with("-bot")
        || matches!(
            name.as_str(),
            "dependabot"
                | "renovate"
                | "github-actions"
                | "web-flow"
                | "dependabot-preview"
                | "greenkeeper"
        )
}

/// Whether a change only makes a release: `chore: release 1.2.3`, `Release v1.2.3`, or the branch of a release tool.
fn is_release(title: &str, branch: &str) -> bool {
    const BRANCHES: [&str; 3] = ["release-please--", "release-plz-", "changeset-release/"];
    if BRANCHES.iter().any(|b| branch.starts_with(b)) {
        return true;
    }
    let rest = title
        .strip_prefix("chore: ")
        .or_else(|| {
            title
                .split_once("): ")
                .filter(|(a, _)| a.starts_with("chore("))
                .map(|(_, b)| b)
        })
        .unwrap_or(title);
    let Some(rest) = rest.strip_prefix("release ") else {
        return false;
    };
    let mut words = rest.split_whitespace();
    let version = |w: &str| {
        let w = w.trim_start_matches('v');
        w.starts_with(|c: char| c.is_ascii_digit()) && w.contains('.')
    };
    // A few words at most: "release the lock when idle" is none.
    words.any(version) && rest.split_whitespace().count() <= 4
}

/// What a message takes back: `This reverts commit SHA`, `Reverts owner/name#12`.
pub fn reverts(title: &str, body: &str) -> Vec<Reverted> {
    let mut found = Vec::new();
    for (_, rest) in positions(body, "This reverts commit ") {
        let id: String = rest
            .chars()
            .take_while(char::is_ascii_hexdigit)
            .take(64)
            .collect();
        if id.len() >= 7 {
            found.push(Reverted::Commit(id.to_lowercase()));
        }
    }
    for (before, rest) in positions(body, "Reverts ") {
        if !(before.is_empty() || before.ends_with('\n')) {
            continue;
        }
        let word = rest.split_whitespace().next().unwrap_or_default();
        if let Some(n) = word.rsplit_once('#').and_then(|(_, n)| number(n)) {
            found.push(Reverted::Number(n));
        }
    }
    // The title's own number is its own; the quoted one is the other's: `Revert "tax (#12)" (#13)`.
    if found.is_empty()
        && let Some(inner) = title.trim().strip_prefix("Revert \"")
        && let Some((quoted, _)) = inner.rsplit_once('"')
        && let Some(n) = trailing_number(quoted)
    {
        found.push(Reverted::Number(n));
    }
    found.dedup();
    found
}

/// The number at the end of a subject: `tax (#12)`.
pub fn trailing_number(subject: &str) -> Option<u64> {
    let inner = subject.trim_end().strip_suffix(')')?;
    let (_, digits) = inner.rsplit_once("(#")?;
    number(digits)
}

/// The number in a merge commit's subject: `Merge pull request #12 from owner/branch`.
pub fn merged_number(subject: &str) -> Option<(u64, &str)> {
    let rest = subject.strip_prefix("Merge pull request #")?;
    let (digits, rest) = rest.split_once(' ')?;
    let branch = rest.strip_prefix("from ").unwrap_or_default();
    Some((number(digits)?, branch))
}

/// Where a cherry-pick comes from: `(cherry picked from commit SHA)`.
pub fn picked_from(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("(cherry picked from commit ")?;
    let (id, _) = rest.split_once(')')?;
    let right = matches!(id.len(), 7..=64) && id.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| id.to_lowercase())
}

/// What a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Commits, by the beginnings of their ids.
    pub shas: Vec<String>,
    /// Pull requests or issues: `#12`, `acme/shop#12`, `.../pull/12`.
    pub numbers: Vec<u64>,
    /// Versions, with or without a `v`: `v2.14.0`.
    pub versions: Vec<String>,
}

/// What a text names: commits (7 hexadecimal digits at least, letters and digits among them), numbers, versions.
pub fn named(text: &str) -> Named {
    let mut named = Named::default();
    let apart = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '#' | '.' | '-' | '+' | '_'));
    for word in text.split(apart) {
        let word = word.trim_matches(['.', '-', '_']);
        if let Some(n) = word.rsplit_once('#').and_then(|(_, n)| number(n)) {
            named.numbers.push(n);
        } else if is_commit(word) {
            named.shas.push(word.to_lowercase());
        } else if is_version(word) {
            named.versions.push(word.to_owned());
        }
    }
    let pages = positions(text, "/pull/").chain(positions(text, "/issues/"));
    named
        .numbers
        .extend(pages.filter_map(|(_, rest)| number(rest)));
    let commits = positions(text, "/commit/");
    let hex = |rest: &str| -> String { rest.chars().take_while(char::is_ascii_hexdigit).collect() };
    let linked = commits
        .map(|(_, rest)| hex(rest))
        .filter(|id| matches!(id.len(), 7..=64));
    named.shas.extend(linked.map(|id| id.to_lowercase()));
    named.shas.sort();
    named.shas.dedup();
    named.numbers.sort_unstable();
    named.numbers.dedup();
    named.versions.sort();
    named.versions.dedup();
    named
}

/// Whether a word can only be a commit's id: a number or a word that happens to be hexadecimal is none.
fn is_commit(word: &str) -> bool {
    matches!(word.len(), 7..=64)
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a word is a version: three numbers, or two after a `v`, and what follows a `-` or `+`.
fn is_version(word: &str) -> bool {
    let bare = word.strip_prefix(['v', 'V']);
    let core = bare
        .unwrap_or(word)
        .split(['-', '+'])
        .next()
        .unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let least = if bare.is_some() { 2 } else { 3 };
    (least..=4).contains(&parts.len())
        && parts
            .iter()
            .all(|p| !p.is_empty() && p.len() <= 9 && p.bytes().all(|b| b.is_ascii_digit()))
}

fn number(text: &str) -> Option<u64> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// What stands before and after each place of a word.
fn positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(word).filter_map(move |(at, _)| {
        let (before, rest) = text.split_at_checked(at)?;
        Some((before, rest.strip_prefix(word)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverts_are_read_from_messages() {
        let sha = "9f3c1ab".to_owned() + &"0".repeat(33);
        let body = format!("This reverts commit {sha}.\n\nReverts acme/shop#12");
        assert_eq!(
            reverts("Revert \"x\"", &body),
            [Reverted::Commit(sha), Reverted::Number(12)]
        );
        assert_eq!(
            reverts("Revert \"tax (#12)\" (#13)", ""),
            [Reverted::Number(12)]
        );
        assert!(reverts("Reverting habits", "It Reverts acme/shop#12 once").is_empty());
        assert!(reverts("x", "This reverts commit abc").is_empty());
    }

    #[test]
    fn bots_releases_and_hotfixes_are_known_by_their_signs() {
        let of = |signs: Signs<'_>| flags(&signs, &Words::default());
        let title = |title| {
            of(Signs {
                title,
                ..Signs::default()
            })
        };
        assert!(title("chore(main): release 1.2.3").has(Flag::ReleasePr));
        assert!(title("Release v2.0.0").has(Flag::ReleasePr));
        assert!(!title("release the lock when idle for 2.5 seconds").has(Flag::ReleasePr));
        assert!(
            title("Hotfix: tax").has(Flag::Hotfix) && !title("hotfixes are bad").has(Flag::Hotfix)
        );
        let labels = ["HotFix".to_owned()];
        assert!(
            of(Signs {
                labels: &labels,
                ..Signs::default()
            })
            .has(Flag::Hotfix)
        );
        assert!(
            of(Signs {
                branch: "hotfix/tax",
                ..Signs::default()
            })
            .has(Flag::Hotfix)
        );
        assert!(is_bot("dependabot[bot]") && is_bot("Renovate") && !is_bot("talbot"));
        let body = "fix\n\n(cherry picked from commit 9f3c1ab)";
        assert_eq!(picked_from(body).as_deref(), Some("9f3c1ab"));
    }

    #[test]
    fn a_text_names_commits_numbers_and_versions() {
        let text = "Since v2.14.0 (and 2.15.0-rc.1), #4821 or acme/shop#12; see https://github.com/acme/shop/pull/4830, \
                    https://github.com/acme/shop/commit/00000000ab and 9F3C1AB. Not 1234567, defaced, 10.5, 3.";
        let found = named(text);
        assert_eq!(found.shas, ["00000000ab", "9f3c1ab"]);
        assert_eq!(found.numbers, [12, 4821, 4830]);
        assert_eq!(found.versions, ["2.15.0-rc.1", "v2.14.0"]);
        assert_eq!(named("checkout is slow"), Named::default());
    }

    #[test]
    fn numbers_in_subjects() {
        assert_eq!(trailing_number("tax (#12)"), Some(12));
        assert_eq!(trailing_number("tax (12)"), None);
        assert_eq!(
            merged_number("Merge pull request #7 from acme/fix-it"),
            Some((7, "acme/fix-it"))
        );
        assert_eq!(merged_number("Merge branch 'main'"), None);
    }
}
