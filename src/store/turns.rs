//! What a sync reads and writes of the past. Each of its turns is one transaction, and lands only on the progress that it was
//! planned on: two processes that sync the same repository take turns instead of undoing each other's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::error::StoreError;
use super::history::{History, RepoKey, sql};
use super::rows::{known, put_progress, signed, write};
use crate::domain::change::sync::beside::Anchor;
use crate::domain::change::sync::reading::Turn;
use crate::domain::change::sync::walk::Link;
use crate::domain::change::synced::{Batch, DeploymentRow, Progress, ReleaseRow, Source};

/// A commit's pull request, and which round of a whole reading met a row last.
pub(super) const COLUMNS: &str = "
ALTER TABLE history_commit ADD COLUMN pull INTEGER;
ALTER TABLE history_pull ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history_deployment ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history_release ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
ALTER TABLE history_incident ADD COLUMN round INTEGER NOT NULL DEFAULT 0;
";

/// How far a repository was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Of each source that was ever read.
    pub progress: BTreeMap<Source, Progress>,
    /// The beginning of the oldest deployment that has not ended.
    pub open: Option<Timestamp>,
}

impl History {
    /// How far a repository was read; deployments that began before `since` count as ended.
    ///
    /// # Errors
    /// The disk's.
    pub fn standing(&self, repo: &RepoKey, since: Timestamp) -> Result<Standing, StoreError> {
        let mut standing = Standing::default();
        for source in Source::ALL {
            let progress = self.progress(repo, source)?;
            standing.progress.insert(source, progress);
        }
        let Some(id) = self.id(repo)? else {
            return Ok(standing);
        };
        let since = params![id, since.as_second()];
        let rows: Vec<DeploymentRow> = self.bodies(sql::DEPLOYMENTS_SINCE, since)?;
        let open = rows.iter().filter(|d| d.is_open()).map(|d| d.created);
        standing.open = open.min();
        Ok(standing)
    }

    /// The commits that are kept, each with its parents.
    ///
    /// # Errors
    /// The disk's.
    pub fn links(&self, repo: &RepoKey) -> Result<Vec<Link>, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(Vec::new());
        };
        let mut statement = self
            .conn
            .prepare_cached(sql::LINKS)
            .map_err(|e| self.fail(&e))?;
        let text = |r: &rusqlite::Row<'_>| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?));
        let found = statement.query_map([id], text).map_err(|e| self.fail(&e))?;
        let mut out = Vec::new();
        for row in found {
            let (sha, parents) = row.map_err(|e| self.fail(&e))?;
            let parents = parents.split_whitespace().filter_map(|p| p.parse().ok());
            out.extend(sha.parse().ok().map(|sha| (sha, parents.collect())));
        }
        Ok(out)
    }

    /// The commits that were deployed or released since then, and when.
    ///
    /// # Errors
    /// The disk's.
    pub fn anchors(&self, repo: &RepoKey, since: Timestamp) -> Result<Vec<Anchor>, StoreError> {
        let Some(id) = self.id(repo)? else {
            return Ok(Vec::new());
        };
        let from = params![id, since.as_second()];
        let deployed: Vec<DeploymentRow> = self.bodies(sql::DEPLOYMENTS_SINCE, from)?;
        let released: Vec<ReleaseRow> = self.bodies(sql::RELEASES, params![id])?;
        let released = released.into_iter().filter(|r| r.published >= since);
        let mut anchors: Vec<Anchor> = deployed.into_iter().map(|d| (d.sha, d.created)).collect();
        anchors.extend(released.map(|r| (r.sha, r.published)));
        Ok(anchors)
    }

    /// Keeps a turn, whole or not at all, and gives the progress that is kept now. None: another process has brought the source
    /// further since the turn was planned; nothing is kept, and what is due has to be planned anew.
    ///
    /// # Errors
    /// The disk's.
    pub fn turn(&mut self, repo: &RepoKey, turn: &Turn) -> Result<Option<Progress>, StoreError> {
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        let id = known(&tx, repo).map_err(fail)?;
        if stored(&tx, id, turn.source).map_err(fail)? != turn.from {
            return Ok(None);
        }
        let to = apply(&tx, id, turn).map_err(fail)?;
        tx.commit().map_err(fail)?;
        Ok(Some(to))
    }

    /// Notes that nothing is newer at a source than what is kept of it, where no other process has brought it further meanwhile.
    /// Gives the progress that is kept now.
    ///
    /// # Errors
    /// The disk's.
    pub fn confirm(
        &mut self,
        repo: &RepoKey,
        quiet: &[(Source, Progress)],
        at: Timestamp,
    ) -> Result<Vec<(Source, Progress)>, StoreError> {
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        let id = known(&tx, repo).map_err(fail)?;
        let mut kept = Vec::with_capacity(quiet.len());
        for (source, from) in quiet {
            if stored(&tx, id, *source).map_err(fail)? == *from {
                let to = Progress {
                    at: Some(at),
                    ..from.clone()
                };
                put_progress(&tx, id, *source, &to).map_err(fail)?;
                kept.push((*source, to));
            }
        }
        tx.commit().map_err(fail)?;
        Ok(kept)
    }
}

fn stored(tx: &Transaction<'_>, id: i64, source: Source) -> rusqlite::Result<Progress> {
    let body: Option<String> = tx
        .query_row(sql::PROGRESS, params![id, source.word()], |r| r.get(0))
        .optional()?;
    Ok(body
        .and_then(|b| serde_json::from_str(&b).ok())
        .unwrap_or_default())
}

fn apply(tx: &Transaction<'_>, id: i64, turn: &Turn) -> rusqlite::Result<Progress> {
    let mut to = turn.to.clone();
    write(tx, id, &turn.batch, to.round)?;
    let mut touched = turn.batch != Batch::default();
    let mut drop =
        tx.prepare_cached("DELETE FROM history_commit WHERE repository = ?1 AND sha = ?2")?;
    for sha in &turn.gone {
        touched |= drop.execute(params![id, sha.as_str()])? > 0;
    }
    let counted = match turn.source {
        Source::Commits => None,
        Source::Pulls => Some("history_pull"),
        Source::Deployments => Some("history_deployment"),
        Source::Releases => Some("history_release"),
        Source::Incidents => Some("history_incident"),
    };
    if let Some(table) = counted.filter(|_| turn.ended) {
        if turn.sweep {
            let unmet = format!("DELETE FROM {table} WHERE repository = ?1 AND round < ?2");
            touched |= tx.execute(&unmet, params![id, signed(to.round)])? > 0;
        }
        let count = format!("SELECT count(*) FROM {table} WHERE repository = ?1");
        let rows: i64 = tx.query_row(&count, [id], |r| r.get(0))?;
        to.settle(u64::try_from(rows).unwrap_or_default(), turn.sweep);
    }
    if touched {
        tx.execute(sql::TOUCHED, [id])?;
    }
    put_progress(tx, id, turn.source, &to)?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::synced::{CommitRow, IncidentRow};
    use crate::domain::ids::CommitSha;
    use crate::domain::text::Safe;
    use crate::store::db;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + s).unwrap()
    }

    fn repo() -> RepoKey {
        RepoKey {
            host: "https://api.github.com".to_owned(),
            slug: "acme/shop".parse().unwrap(),
        }
    }

    fn sha(n: u64) -> CommitSha {
        format!("{n:040x}").parse().unwrap()
    }

    fn commit(n: u64, parents: &[u64]) -> CommitRow {
        CommitRow {
            sha: sha(n),
            parents: parents.iter().map(|p| sha(*p)).collect(),
            authored: at(0),
            committed: at(0),
            author: None,
            subject: Safe::new("tax"),
            reverts: Vec::new(),
            pull: Some(n),
        }
    }

    fn incident(number: u64) -> IncidentRow {
        IncidentRow {
            number,
            title: Safe::new("down"),
            opened: at(0),
            closed: None,
            shas: Vec::new(),
            numbers: Vec::new(),
            versions: Vec::new(),
            url: None,
            updated: at(0),
        }
    }

    fn turn(source: Source, from: &Progress, to: &Progress) -> Turn {
        Turn {
            source,
            from: from.clone(),
            batch: Batch::default(),
            to: to.clone(),
            ended: true,
            sweep: false,
            gone: Vec::new(),
        }
    }

    #[test]
    fn what_is_confirmed_is_as_old_as_the_last_look() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let read = Progress {
            done: Some(Safe::new("a")),
            at: Some(at(0)),
            ..Progress::default()
        };
        for source in Source::ALL {
            let first = turn(source, &Progress::default(), &read);
            history.turn(&repo(), &first).unwrap();
        }
        assert_eq!(history.as_of(&repo()).unwrap(), Some(at(0)));
        let kept = |h: &History| h.standing(&repo(), at(0)).unwrap().progress;
        let quiet: Vec<_> = kept(&history).into_iter().collect();
        let ahead = Progress {
            next: Some(Safe::new("b")),
            ..kept(&history)[&Source::Pulls].clone()
        };
        let faster = turn(Source::Pulls, &kept(&history)[&Source::Pulls], &ahead);
        history.turn(&repo(), &faster).unwrap();
        let noted = history.confirm(&repo(), &quiet, at(60)).unwrap();
        assert_eq!(noted.len(), Source::ALL.len() - 1);
        assert_eq!(kept(&history)[&Source::Commits].at, Some(at(60)));
        assert_eq!(
            history.as_of(&repo()).unwrap(),
            Some(at(0)),
            "what another process reads is not confirmed"
        );
    }

    #[test]
    fn a_turn_lands_only_where_it_was_planned() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let zero = Progress::default();
        let one = Progress {
            next: Some(Safe::new("a")),
            ..zero.clone()
        };
        let mut first = turn(Source::Commits, &zero, &one);
        first.batch.commits = vec![commit(3, &[2]), commit(2, &[1])];
        assert_eq!(history.turn(&repo(), &first).unwrap(), Some(one.clone()));
        let late = Turn {
            gone: vec![sha(3), sha(2)],
            ..first
        };
        assert_eq!(
            history.turn(&repo(), &late).unwrap(),
            None,
            "another was there before"
        );
        assert_eq!(history.links(&repo()).unwrap().len(), 2);
        let mut next = turn(Source::Commits, &one, &zero);
        next.gone = vec![sha(3)];
        history.turn(&repo(), &next).unwrap().unwrap();
        assert_eq!(history.links(&repo()).unwrap(), [(sha(2), vec![sha(1)])]);
    }

    #[test]
    fn a_whole_reading_forgets_what_it_did_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let of = |round, count| Progress {
            round,
            done: Some(Safe::new(&format!("- {count}"))),
            ..Progress::default()
        };
        let mut turns = turn(Source::Incidents, &Progress::default(), &of(1, 3));
        turns.batch.incidents = vec![incident(1), incident(2), incident(3)];
        turns.sweep = true;
        let kept = history.turn(&repo(), &turns).unwrap().unwrap();
        assert_eq!((kept.surplus, kept.doubt), (0, false));
        // The host counts one less, and only one row came again.
        let mut turns = turn(Source::Incidents, &kept, &of(1, 2));
        turns.batch.incidents = vec![incident(3)];
        let kept = history.turn(&repo(), &turns).unwrap().unwrap();
        assert!(kept.doubt);
        let mut turns = turn(Source::Incidents, &kept, &of(2, 2));
        turns.batch.incidents = vec![incident(1), incident(3)];
        turns.sweep = true;
        let kept = history.turn(&repo(), &turns).unwrap().unwrap();
        assert_eq!((kept.surplus, kept.doubt), (0, false));
        let rows = history.snapshot(&repo()).unwrap().rows.incidents;
        assert_eq!(rows.iter().map(|i| i.number).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_full_disk_keeps_nothing_of_a_turn() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let one = Progress {
            next: Some(Safe::new("a")),
            ..Progress::default()
        };
        let first = turn(Source::Commits, &Progress::default(), &one);
        history.turn(&repo(), &first).unwrap().unwrap();
        let pages: i64 = history
            .conn
            .pragma_query_value(None, "page_count", |r| r.get(0))
            .unwrap();
        let limit = |history: &History, n: i64| {
            let set = history
                .conn
                .pragma_update_and_check(None, "max_page_count", n, |_| Ok(()));
            set.unwrap();
        };
        limit(&history, pages);
        let mut large = turn(Source::Commits, &one, &Progress::default());
        large.batch.commits = (1..2_000).map(|n| commit(n, &[n + 1])).collect();
        let error = history.turn(&repo(), &large).unwrap_err();
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        assert!(error.hint().is_some());
        assert!(history.links(&repo()).unwrap().is_empty());
        assert_eq!(history.progress(&repo(), Source::Commits).unwrap(), one);
        // There is space again: the same page is kept.
        limit(&history, 1_000_000);
        history.turn(&repo(), &large).unwrap().unwrap();
        assert_eq!(history.links(&repo()).unwrap().len(), 1_999);
    }

    #[test]
    fn a_store_of_the_format_before_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let old = db::open(dir.path(), db::STEPS.get(..2).unwrap()).unwrap();
        let hash = sha(2).as_str().to_owned();
        old.conn
            .execute_batch(&format!(
                "INSERT INTO repository VALUES (1, 'https://api.github.com', 'acme/shop');
                 INSERT INTO history_commit VALUES (1, '{hash}', '', 5, 6, NULL, 'tax', '[]');
                 INSERT INTO history_progress VALUES (1, 'commits', '{{\"done\":\"x\",\"begun\":null,\"next\":null,\"at\":null}}');"
            ))
            .unwrap();
        drop(old);
        let history = History::open(dir.path()).unwrap();
        let rows = history.snapshot(&repo()).unwrap().rows.commits;
        assert_eq!((rows.len(), rows[0].pull), (1, None));
        let progress = history.progress(&repo(), Source::Commits).unwrap();
        assert_eq!(progress.done, Some(Safe::new("x")));
        assert!(dir.path().join("flightdeck.db.bak-v2").exists());
    }
}
