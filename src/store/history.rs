//! The synced past of repositories: commits, merged pull requests, deployments, releases, incidents, and how far each source was
//! read. A page and its progress are kept in one transaction, so a sync that is killed goes on where it was.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;

use super::db;
use super::error::{StoreError, StoreWarning};
use super::rows::{known, put_progress, write};
use crate::domain::change::synced::{Batch, CommitRow, Progress, Snapshot, Source};
use crate::domain::ids::{CommitSha, RepoSlug};
use crate::domain::text::Safe;

/// The tables of the past; all of it can be fetched again. Their later columns are in `turns`.
pub(super) const TABLES: &str = "
CREATE TABLE repository (
  id INTEGER PRIMARY KEY NOT NULL,
  source TEXT NOT NULL,
  slug TEXT NOT NULL,
  UNIQUE (source, slug)
) STRICT;
CREATE TABLE history_commit (
  repository INTEGER NOT NULL REFERENCES repository (id),
  sha TEXT NOT NULL,
  parents TEXT NOT NULL,
  authored INTEGER NOT NULL,
  committed INTEGER NOT NULL,
  author TEXT,
  subject TEXT NOT NULL,
  reverts TEXT NOT NULL,
  PRIMARY KEY (repository, sha)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_pull (
  repository INTEGER NOT NULL REFERENCES repository (id),
  number INTEGER NOT NULL,
  merged INTEGER NOT NULL,
  merge_sha TEXT,
  author TEXT,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_pull_merged ON history_pull (repository, merged);
CREATE INDEX history_pull_sha ON history_pull (repository, merge_sha);
CREATE TABLE history_deployment (
  repository INTEGER NOT NULL REFERENCES repository (id),
  id INTEGER NOT NULL,
  environment TEXT NOT NULL,
  created INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_deployment_of ON history_deployment (repository, environment, created);
CREATE TABLE history_release (
  repository INTEGER NOT NULL REFERENCES repository (id),
  tag TEXT NOT NULL,
  published INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_incident (
  repository INTEGER NOT NULL REFERENCES repository (id),
  number INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_progress (
  repository INTEGER NOT NULL REFERENCES repository (id),
  source TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, source)
) STRICT, WITHOUT ROWID;
";

/// The reads, each on an index; a test holds them to it.
pub(super) mod sql {
    pub(in crate::store) const COMMITS: &str =
        "SELECT sha, parents, authored, committed, author, subject, reverts, pull
         FROM history_commit WHERE repository = ?1";
    pub(in crate::store) const KNOWS: &str =
        "SELECT 1 FROM history_commit WHERE repository = ?1 AND sha = ?2";
    pub(in crate::store) const PULLS: &str =
        "SELECT body FROM history_pull WHERE repository = ?1 AND merged >= ?2 ORDER BY merged";
    pub(in crate::store) const DEPLOYMENTS: &str =
        "SELECT body FROM history_deployment WHERE repository = ?1 ORDER BY environment, created";
    pub(in crate::store) const RELEASES: &str =
        "SELECT body FROM history_release WHERE repository = ?1";
    pub(in crate::store) const INCIDENTS: &str =
        "SELECT body FROM history_incident WHERE repository = ?1";
    pub(in crate::store) const PROGRESS: &str =
        "SELECT body FROM history_progress WHERE repository = ?1 AND source = ?2";
    pub(in crate::store) const TAG: &str =
        "SELECT 1 FROM history_release WHERE repository = ?1 AND tag = ?2";
    pub(in crate::store) const PULL: &str =
        "SELECT 1 FROM history_pull WHERE repository = ?1 AND number = ?2";
    pub(in crate::store) const BEGINS: &str =
        "SELECT 1 FROM history_commit WHERE repository = ?1 AND sha >= ?2 AND sha < ?3";
    pub(in crate::store) const TOUCHED: &str =
        "UPDATE repository SET kept = kept + 1 WHERE id = ?1";
    pub(in crate::store) const LINKS: &str =
        "SELECT sha, parents FROM history_commit WHERE repository = ?1";
    pub(in crate::store) const DEPLOYMENTS_SINCE: &str =
        "SELECT body FROM history_deployment WHERE repository = ?1 AND created >= ?2";
    pub(in crate::store) const REPOSITORY: &str =
        "SELECT id FROM repository WHERE source = ?1 AND slug = ?2";
}

/// Which repository: the same name may be another one at another host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoKey {
    /// The host's address.
    pub host: String,
    /// Owner and name.
    pub slug: RepoSlug,
}

/// A connection to the past in `flightdeck.db`.
#[derive(Debug)]
pub struct History {
    pub(super) conn: Connection,
    pub(super) file: PathBuf,
    warnings: Vec<StoreWarning>,
}

impl History {
    /// Opens it for reading and writing; makes folder and file if need be, brings an older file to this format after a copy.
    ///
    /// # Errors
    /// See [`StoreError`]; a file of a newer format is left untouched.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        let opened = db::open(state_dir, db::STEPS)?;
        Ok(Self {
            conn: opened.conn,
            file: opened.file,
            warnings: opened.warnings,
        })
    }

    /// What a person should know since the last call.
    pub fn take_warnings(&mut self) -> Vec<StoreWarning> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn fail(&self, e: &rusqlite::Error) -> StoreError {
        StoreError::from_sqlite(&self.file, e)
    }

    pub(super) fn id(&self, repo: &RepoKey) -> Result<Option<i64>, StoreError> {
        self.conn
            .prepare_cached(sql::REPOSITORY)
            .and_then(|mut s| {
                s.query_row(params![repo.host, repo.slug.to_string()], |r| r.get(0))
                    .optional()
            })
            .map_err(|e| self.fail(&e))
    }

    /// How far a source was read.
    ///
    /// # Errors
    /// The disk's.
    pub fn progress(&self, repo: &RepoKey, source: Source) -> Result<Progress, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(Progress::default());
        };
        let body: Option<String> = self
            .conn
            .prepare_cached(sql::PROGRESS)
            .and_then(|mut s| {
                s.query_row(params![id, source.word()], |r| r.get(0))
                    .optional()
            })
            .map_err(|e| self.fail(&e))?;
        // What can't be read is begun anew: rows that come again replace themselves.
        Ok(body
            .and_then(|b| serde_json::from_str(&b).ok())
            .unwrap_or_default())
    }

    /// Keeps a page and how far it brings its source, whole or not at all.
    ///
    /// # Errors
    /// The disk's.
    pub fn keep(
        &mut self,
        repo: &RepoKey,
        source: Source,
        batch: &Batch,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        let id = known(&tx, repo).map_err(fail)?;
        write(&tx, id, batch, progress.round).map_err(fail)?;
        if *batch != Batch::default() {
            tx.execute(sql::TOUCHED, [id]).map_err(fail)?;
        }
        put_progress(&tx, id, source, progress).map_err(fail)?;
        tx.commit().map_err(fail)
    }

    /// Forgets all of a source's rows and its progress: what it tells now is another story (a force push, a deleted release).
    ///
    /// # Errors
    /// The disk's.
    pub fn forget(&mut self, repo: &RepoKey, source: Source) -> Result<(), StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(());
        };
        let table = match source {
            Source::Commits => "DELETE FROM history_commit WHERE repository = ?1",
            Source::Pulls => "DELETE FROM history_pull WHERE repository = ?1",
            Source::Deployments => "DELETE FROM history_deployment WHERE repository = ?1",
            Source::Releases => "DELETE FROM history_release WHERE repository = ?1",
            Source::Incidents => "DELETE FROM history_incident WHERE repository = ?1",
        };
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        tx.execute(table, [id]).map_err(fail)?;
        tx.execute(sql::TOUCHED, [id]).map_err(fail)?;
        tx.execute(
            "DELETE FROM history_progress WHERE repository = ?1 AND source = ?2",
            params![id, source.word()],
        )
        .map_err(fail)?;
        tx.commit().map_err(fail)
    }

    /// Whether a commit is kept.
    ///
    /// # Errors
    /// The disk's.
    pub fn knows(&self, repo: &RepoKey, sha: &CommitSha) -> Result<bool, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(false);
        };
        self.conn
            .prepare_cached(sql::KNOWS)
            .and_then(|mut s| s.exists(params![id, sha.as_str()]))
            .map_err(|e| self.fail(&e))
    }

    /// Whether a repository has a tag of this name, this pull request, or a commit whose id begins so.
    ///
    /// # Errors
    /// The disk's.
    pub fn mentions(
        &self,
        repo: &RepoKey,
        name: &str,
        number: Option<u64>,
    ) -> Result<bool, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(false);
        };
        let number = number.and_then(|n| i64::try_from(n).ok());
        // Behind every id that begins so: `g` follows `f`.
        let (from, to) = (
            name.to_ascii_lowercase(),
            format!("{}g", name.to_ascii_lowercase()),
        );
        let has = |query: &str, values: &[&dyn rusqlite::ToSql]| {
            let found = self
                .conn
                .prepare_cached(query)
                .and_then(|mut s| s.exists(values));
            found.map_err(|e| self.fail(&e))
        };
        Ok(has(sql::TAG, &[&id, &name])?
            || (number.is_some() && has(sql::PULL, &[&id, &number])?)
            || (name.len() >= 7 && has(sql::BEGINS, &[&id, &from, &to])?))
    }

    /// When the oldest of a repository's sources was last read to its end; none: one that matters never was.
    ///
    /// # Errors
    /// The disk's.
    pub fn as_of(&self, repo: &RepoKey) -> Result<Option<jiff::Timestamp>, StoreError> {
        let mut as_of = Some(jiff::Timestamp::MAX);
        for source in Source::ALL {
            let at = self.progress(repo, source)?.at;
            // Without the right to read issues there are still changes.
            if at.is_some() || !matches!(source, Source::Incidents | Source::Releases) {
                as_of = as_of.zip(at).map(|(a, b)| a.min(b));
            }
        }
        Ok(as_of)
    }

    /// Everything that is kept of a repository.
    ///
    /// # Errors
    /// The disk's.
    pub fn snapshot(&self, repo: &RepoKey) -> Result<Snapshot, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(Snapshot::default());
        };
        let as_of = self.as_of(repo)?;
        let all = i64::MIN;
        let rows = Batch {
            commits: self.commits(id)?,
            pulls: self.bodies(sql::PULLS, params![id, all])?,
            deployments: self.bodies(sql::DEPLOYMENTS, params![id])?,
            releases: self.bodies(sql::RELEASES, params![id])?,
            incidents: self.bodies(sql::INCIDENTS, params![id])?,
        };
        let heads = self.progress(repo, Source::Commits)?.heads();
        Ok(Snapshot { rows, heads, as_of })
    }

    fn commits(&self, id: i64) -> Result<Vec<CommitRow>, StoreError> {
        let read = |r: &rusqlite::Row<'_>| {
            let text = |i: usize| r.get::<_, String>(i);
            Ok(commit(
                (&text(0)?, &text(1)?),
                (r.get(2)?, r.get(3)?),
                r.get::<_, Option<String>>(4)?.as_deref(),
                (&text(5)?, &text(6)?),
                r.get::<_, Option<i64>>(7)?,
            ))
        };
        let mut statement = self
            .conn
            .prepare_cached(sql::COMMITS)
            .map_err(|e| self.fail(&e))?;
        let found = statement.query_map([id], read).map_err(|e| self.fail(&e))?;
        let mut out = Vec::new();
        for row in found {
            out.extend(row.map_err(|e| self.fail(&e))?);
        }
        Ok(out)
    }

    /// Rows that are kept as JSON; one that can't be read is left out, the next sync brings it again.
    pub(super) fn bodies<T: DeserializeOwned>(
        &self,
        query: &str,
        params: impl rusqlite::Params,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.conn.prepare_cached(query).map_err(|e| self.fail(&e))?;
        let found = statement
            .query_map(params, |r| r.get::<_, String>(0))
            .map_err(|e| self.fail(&e))?;
        let mut out = Vec::new();
        for body in found {
            let body = body.map_err(|e| self.fail(&e))?;
            out.extend(serde_json::from_str(&body).ok());
        }
        Ok(out)
    }
}

fn commit(
    (sha, parents): (&str, &str),
    (authored, committed): (i64, i64),
    author: Option<&str>,
    (subject, reverts): (&str, &str),
    pull: Option<i64>,
) -> Option<CommitRow> {
    let at = |s| jiff::Timestamp::from_second(s).ok();
    Some(CommitRow {
        sha: sha.parse().ok()?,
        parents: parents
            .split_whitespace()
            .filter_map(|p| p.parse().ok())
            .collect(),
        authored: at(authored)?,
        committed: at(committed)?,
        author: author.map(Safe::new),
        subject: Safe::new(subject),
        reverts: serde_json::from_str(reverts).unwrap_or_default(),
        pull: pull.and_then(|n| u64::try_from(n).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::lead_time::{Boundary, Moments};
    use crate::domain::change::marks::Reverted;
    use crate::domain::change::synced::{DeploymentRow, IncidentRow, PullRow, ReleaseRow};
    use jiff::Timestamp;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + s).unwrap()
    }

    fn sha(n: u64) -> CommitSha {
        format!("{n:040x}").parse().unwrap()
    }

    fn page(n: u64) -> Batch {
        let i = i64::try_from(n).unwrap();
        Batch {
            commits: vec![CommitRow {
                sha: sha(n),
                parents: vec![sha(n + 1), sha(n + 2)],
                authored: at(i),
                committed: at(i + 1),
                author: None,
                subject: Safe::new("tax"),
                reverts: vec![Reverted::Number(7)],
                pull: Some(n),
            }],
            pulls: vec![PullRow {
                number: n,
                title: Safe::new("tax"),
                author: Some(Safe::new("maria")),
                url: None,
                branch: Safe::new("b"),
                labels: vec![Safe::new("bug")],
                moments: Moments::default().with(Boundary::Merged, at(i), "merge"),
                merged: at(i),
                merge: Some(sha(n)),
                commits: vec![sha(n)],
                reverts: Vec::new(),
                closes: vec![9],
                flags: 3,
                updated: at(i),
            }],
            deployments: vec![DeploymentRow {
                id: n,
                environment: Safe::new("production"),
                sha: sha(n),
                name: None,
                created: at(i),
                succeeded: None,
                failed: true,
                url: None,
            }],
            releases: vec![ReleaseRow {
                tag: Safe::new(&format!("v{n}")),
                sha: sha(n),
                published: at(i),
                prerelease: false,
                url: None,
            }],
            incidents: vec![IncidentRow {
                number: n,
                title: Safe::new("down"),
                opened: at(i),
                closed: None,
                shas: vec!["abcdef0".to_owned()],
                numbers: vec![n],
                versions: vec!["v1.2.3".to_owned()],
                url: None,
                updated: at(i),
            }],
        }
    }

    fn repo(name: &str) -> RepoKey {
        RepoKey {
            host: "https://api.github.com".to_owned(),
            slug: format!("acme/{name}").parse().unwrap(),
        }
    }

    #[test]
    fn pages_come_back_as_they_were_and_repositories_do_not_mix() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let (shop, other) = (repo("shop"), repo("other"));
        let reading = Progress {
            next: Some(Safe::new("Y3Vyc29y")),
            begun: Some(Safe::new("2026")),
            ..Progress::default()
        };
        history
            .keep(&shop, Source::Pulls, &page(1), &reading)
            .unwrap();
        history
            .keep(&other, Source::Pulls, &page(2), &Progress::default())
            .unwrap();
        // The same page again replaces itself.
        history
            .keep(&shop, Source::Pulls, &page(1), &reading)
            .unwrap();
        drop(history);

        let mut history = History::open(dir.path()).unwrap();
        assert_eq!(history.progress(&shop, Source::Pulls).unwrap(), reading);
        assert_eq!(
            history.progress(&shop, Source::Commits).unwrap(),
            Progress::default()
        );
        let kept = history.snapshot(&shop).unwrap();
        assert_eq!((kept.rows, kept.as_of), (page(1), None));
        assert!(history.knows(&shop, &sha(1)).unwrap() && !history.knows(&shop, &sha(2)).unwrap());
        assert_eq!(
            history.snapshot(&repo("none")).unwrap(),
            Snapshot::default()
        );

        for (source, hour) in Source::ALL.into_iter().zip(10..) {
            let done = Progress {
                at: Some(at(hour)),
                ..Progress::default()
            };
            history
                .keep(&shop, source, &Batch::default(), &done)
                .unwrap();
        }
        assert_eq!(
            history.snapshot(&shop).unwrap().as_of,
            Some(at(10)),
            "as old as the oldest source"
        );
        history.forget(&shop, Source::Commits).unwrap();
        let kept = history.snapshot(&shop).unwrap();
        assert!(kept.rows.commits.is_empty() && kept.rows.pulls.len() == 1 && kept.as_of.is_none());
        assert_eq!(history.snapshot(&other).unwrap().rows, page(2));
    }

    impl History {
        /// Panics unless a query finds its rows by an index, in the order it wants them.
        pub(in crate::store) fn assert_indexed(&self, query: &str) {
            let plan = format!("EXPLAIN QUERY PLAN {query}");
            let mut statement = self.conn.prepare(&plan).unwrap();
            let values = vec![1_i64; statement.parameter_count()];
            let plan: Vec<String> = statement
                .query_map(rusqlite::params_from_iter(values), |r| r.get(3))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let all = plan.join("; ");
            assert!(
                all.contains("SEARCH") && !all.contains("SCAN") && !all.contains("TEMP B-TREE"),
                "{query}: {all}"
            );
        }
    }

    #[test]
    fn every_read_goes_by_an_index() {
        let dir = tempfile::tempdir().unwrap();
        let history = History::open(dir.path()).unwrap();
        for query in [
            sql::COMMITS,
            sql::KNOWS,
            sql::PULLS,
            sql::DEPLOYMENTS,
            sql::RELEASES,
            sql::INCIDENTS,
            sql::PROGRESS,
            sql::REPOSITORY,
            sql::LINKS,
            sql::TAG,
            sql::PULL,
            sql::BEGINS,
            sql::DEPLOYMENTS_SINCE,
        ] {
            history.assert_indexed(query);
        }
    }

    #[test]
    fn a_page_that_can_not_be_kept_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        history
            .conn
            .execute_batch("DROP TABLE history_incident")
            .unwrap();
        assert!(
            history
                .keep(&repo("shop"), Source::Pulls, &page(1), &Progress::default())
                .is_err()
        );
        let n: i64 = history
            .conn
            .query_row("SELECT count(*) FROM history_pull", [], |r| r.get(0))
            .unwrap();
        assert_eq!(n, 0);
    }
}
