//! What follows from the synced past, kept so that every question is answered at once: each service's changes with their way
//! through its environments, and what waits there. All of it is derived: a print says from what, and another print derives it anew.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Statement, params};

use super::error::StoreError;
use super::history::{History, RepoKey};
use crate::domain::change::delivery::Delivered;
use crate::domain::change::flags::Flags;
use crate::domain::change::lead_time::{Boundary, Stage};
use crate::domain::change::listing::{Ask, Candidate, Figures, Listing, Tally, Whose};
use crate::domain::change::queue::Queue;
use crate::domain::ids::ServiceId;
use crate::domain::text::Safe;
use crate::domain::units::Now;

/// The tables.
pub(super) const TABLES: &str = "
ALTER TABLE repository ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE TABLE delivered_service (
  service TEXT PRIMARY KEY NOT NULL,
  print TEXT NOT NULL,
  queues TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE delivered (
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  moved INTEGER NOT NULL,
  ended INTEGER,
  lead INTEGER,
  coding INTEGER,
  pickup INTEGER,
  review INTEGER,
  merge_wait INTEGER,
  release_wait INTEGER,
  deploy INTEGER,
  flags INTEGER NOT NULL,
  author TEXT NOT NULL,
  labels TEXT NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (moved, service, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivered_of ON delivered (service, moved);
CREATE INDEX delivered_by ON delivered (author, moved);
CREATE TABLE delivered_body (
  service TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (service, id)
) STRICT, WITHOUT ROWID;
";

/// The reads, each on an index; a test holds them to it.
mod sql {
    macro_rules! listed {
        ($which:literal) => {
            concat!(
                "SELECT service, id, moved, ended, lead, coding, pickup, review, merge_wait, release_wait, deploy, flags,
                        author, labels, words
                 FROM delivered WHERE ",
                $which,
                " moved >= ?1 ORDER BY moved DESC"
            )
        };
    }
    pub(super) const ALL: &str = listed!("");
    pub(super) const SERVICE: &str = listed!("service = ?2 AND");
    pub(super) const AUTHOR: &str = listed!("author = ?2 AND");
    pub(super) const BODY: &str = "SELECT body FROM delivered_body WHERE service = ?1 AND id = ?2";
    pub(super) const PRINT: &str = "SELECT print FROM delivered_service WHERE service = ?1";
    pub(super) const QUEUES: &str = "SELECT queues FROM delivered_service WHERE service = ?1";
    pub(super) const KEPT: &str = "SELECT kept FROM repository WHERE source = ?1 AND slug = ?2";
}

/// A row that is to be listed: when it moved, its service, its id.
type Key = (i64, String, String);

impl History {
    /// A number that rises with whatever is kept of a repository.
    ///
    /// # Errors
    /// The disk's.
    pub fn kept(&self, repo: &RepoKey) -> Result<u64, StoreError> {
        let kept: Option<i64> = self
            .conn
            .prepare_cached(sql::KEPT)
            .and_then(|mut s| {
                s.query_row(params![repo.host, repo.slug.to_string()], |r| r.get(0))
                    .optional()
            })
            .map_err(|e| self.fail(&e))?;
        Ok(kept.and_then(|k| u64::try_from(k).ok()).unwrap_or(0))
    }

    /// From what a service's rows were derived; none: they never were.
    ///
    /// # Errors
    /// The disk's.
    pub fn print(&self, service: &ServiceId) -> Result<Option<String>, StoreError> {
        self.text(sql::PRINT, service)
    }

    /// What waits in a service's environments.
    ///
    /// # Errors
    /// The disk's.
    pub fn queues(&self, service: &ServiceId) -> Result<Vec<Queue>, StoreError> {
        let text = self.text(sql::QUEUES, service)?;
        Ok(text
            .and_then(|t| serde_json::from_str(&t).ok())
            .unwrap_or_default())
    }

    fn text(&self, query: &str, service: &ServiceId) -> Result<Option<String>, StoreError> {
        self.conn
            .prepare_cached(query)
            .and_then(|mut s| s.query_row([service.as_str()], |r| r.get(0)).optional())
            .map_err(|e| self.fail(&e))
    }

    /// Keeps what was derived of a service in place of what was there, whole or not at all.
    ///
    /// # Errors
    /// The disk's.
    pub fn put_service(
        &mut self,
        service: &ServiceId,
        print: &str,
        (rows, queues): (&[Delivered], &[Queue]),
        now: Now,
    ) -> Result<(), StoreError> {
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        clear(&tx, service.as_str()).map_err(fail)?;
        {
            let mut row = tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO delivered VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                )
                .map_err(fail)?;
            let mut body = tx
                .prepare_cached("INSERT OR REPLACE INTO delivered_body VALUES (?1, ?2, ?3)")
                .map_err(fail)?;
            for delivered in rows {
                put(&mut row, delivered, now).map_err(fail)?;
                let text = super::rows::json(delivered);
                body.execute(params![service.as_str(), delivered.id.as_str(), text])
                    .map_err(fail)?;
            }
        }
        tx.execute(
            "INSERT INTO delivered_service VALUES (?1, ?2, ?3)",
            params![service.as_str(), print, super::rows::json(&queues)],
        )
        .map_err(fail)?;
        tx.commit().map_err(fail)
    }

    /// Forgets services that are configured no longer.
    ///
    /// # Errors
    /// The disk's.
    pub fn keep_services(&mut self, configured: &[ServiceId]) -> Result<(), StoreError> {
        let gone: Vec<String> = self
            .conn
            .prepare_cached("SELECT service FROM delivered_service")
            .and_then(|mut s| {
                let names = s.query_map([], |r| r.get::<_, String>(0))?;
                names.collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(|e| self.fail(&e))?
            .into_iter()
            .filter(|name| !configured.iter().any(|c| c.as_str() == name))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let file = self.file.clone();
        let fail = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
        let tx = self.conn.transaction().map_err(fail)?;
        for service in &gone {
            clear(&tx, service).map_err(fail)?;
        }
        tx.commit().map_err(fail)
    }

    /// The changes of these services that a question is about and that moved since then: figures of all, `most` rows of what moved
    /// last.
    ///
    /// # Errors
    /// The disk's.
    pub fn listing(
        &self,
        ask: &Ask,
        among: &[&ServiceId],
        (from, most): (Timestamp, usize),
        now: Now,
    ) -> Result<Listing, StoreError> {
        let among: HashSet<&str> = among.iter().map(|s| s.as_str()).collect();
        let asked = (ask, &among);
        let mut tally = Tally::new(from, now, ask.bots);
        let mut keys: Vec<Key> = Vec::new();
        let since = tally.since().as_second();
        let mut look = |query: &str, of: Option<&str>| {
            let found = self.conn.prepare_cached(query).and_then(|mut s| match of {
                Some(of) => scan(&mut s, params![since, of], asked, &mut tally, &mut keys),
                None => scan(&mut s, params![since], asked, &mut tally, &mut keys),
            });
            found.map_err(|e| self.fail(&e))
        };
        match &ask.whose {
            Whose::All => look(sql::ALL, None)?,
            Whose::Service(service) => look(sql::SERVICE, Some(service.as_str()))?,
            Whose::People(people) => {
                for who in people {
                    look(sql::AUTHOR, Some(&who.as_str().to_lowercase()))?;
                }
            }
        }
        let mut listing = tally.listing();
        // Several people's rows are in the order of their people.
        keys.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, &a.2).cmp(&(&b.1, &b.2))));
        for (_, service, id) in keys.iter().take(most) {
            listing.rows.extend(self.delivered(service, id)?);
        }
        if let Whose::Service(service) = &ask.whose {
            listing.queues = self.queues(service)?;
        }
        Ok(listing)
    }

    /// A change of a service, by its id.
    ///
    /// # Errors
    /// The disk's.
    pub fn delivered(&self, service: &str, id: &str) -> Result<Option<Delivered>, StoreError> {
        let body: Option<String> = self
            .conn
            .prepare_cached(sql::BODY)
            .and_then(|mut s| s.query_row([service, id], |r| r.get(0)).optional())
            .map_err(|e| self.fail(&e))?;
        Ok(body.and_then(|b| serde_json::from_str(&b).ok()))
    }
}

fn clear(tx: &rusqlite::Transaction<'_>, service: &str) -> rusqlite::Result<()> {
    for query in [
        "DELETE FROM delivered WHERE service = ?1",
        "DELETE FROM delivered_body WHERE service = ?1",
        "DELETE FROM delivered_service WHERE service = ?1",
    ] {
        tx.execute(query, [service])?;
    }
    Ok(())
}

fn put(row: &mut Statement<'_>, delivered: &Delivered, now: Now) -> rusqlite::Result<()> {
    let measured = delivered.measured(now);
    let author = delivered.author.as_ref().map_or("", Safe::as_str);
    let author = author.to_lowercase();
    let labels: Vec<String> = delivered
        .labels
        .iter()
        .map(|l| l.as_str().to_lowercase())
        .collect();
    let words = format!(
        "{} {} {author} {} {}",
        delivered.id.as_str().to_lowercase(),
        delivered.title.as_str().to_lowercase(),
        labels.join(" "),
        delivered.service,
    );
    let stage = |s| measured.stage(s).map(|d| d.as_secs());
    row.execute(params![
        delivered.service.as_str(),
        delivered.id.as_str(),
        delivered.moved(now).as_second(),
        delivered
            .moments
            .at(Boundary::Deployed)
            .map(Timestamp::as_second),
        measured.lead.map(|d| d.as_secs()),
        stage(Stage::Coding),
        stage(Stage::Pickup),
        stage(Stage::Review),
        stage(Stage::MergeWait),
        stage(Stage::ReleaseWait),
        stage(Stage::Deploy),
        measured.flags.bits(),
        author,
        labels.join("\n"),
        words,
    ])?;
    Ok(())
}

/// Takes in what a query finds, and notes what is to be listed.
fn scan(
    statement: &mut Statement<'_>,
    params: impl rusqlite::Params,
    (ask, among): (&Ask, &HashSet<&str>),
    tally: &mut Tally,
    keys: &mut Vec<Key>,
) -> rusqlite::Result<()> {
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        let text = |i: usize| row.get_ref(i).and_then(|v| Ok(v.as_str()?));
        let candidate = Candidate {
            service: text(0)?,
            author: text(12)?,
            labels: text(13)?,
            words: text(14)?,
        };
        if !among.contains(candidate.service) {
            continue;
        }
        if !ask.words.is_empty() && !candidate.holds(&ask.words) {
            continue;
        }
        let second = |i: usize| row.get::<_, Option<i64>>(i);
        let moved: i64 = row.get(2)?;
        let at = |s: i64| Timestamp::from_second(s).unwrap_or(Timestamp::UNIX_EPOCH);
        let figures = Figures {
            ended: second(3)?.map(at),
            lead_s: second(4)?,
            stages_s: [
                second(5)?,
                second(6)?,
                second(7)?,
                second(8)?,
                second(9)?,
                second(10)?,
            ],
            flags: Flags::from_bits(row.get(11)?),
        };
        if tally.take(at(moved), &figures) {
            keys.push((moved, text(0)?.to_owned(), text(1)?.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::delivery::tests::delivered;

    fn asked(whose: Whose, words: &str) -> Ask {
        Ask {
            whose,
            days: 3_000,
            words: words.to_owned(),
            bots: false,
        }
    }

    fn now() -> Now {
        Now("2026-06-01T00:00:00Z".parse().unwrap())
    }

    fn ids(listing: &Listing) -> Vec<&str> {
        listing.rows.iter().map(|r| r.id.as_str()).collect()
    }

    #[test]
    fn what_was_derived_answers_by_service_author_and_words() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let shop: ServiceId = "shop".parse().unwrap();
        let mut rows = delivered(&[("a", 1.0), ("c", 8.0)], &[("a", 2.0), ("b", 9.0)]);
        rows[3].author = Some(Safe::new("Noor"));
        rows[2].labels = vec![Safe::new("Bug"), Safe::new("good first issue")];
        assert_eq!(history.print(&shop).unwrap(), None);
        history
            .put_service(&shop, "1", (&rows, &[]), now())
            .unwrap();
        // Twice is once.
        history
            .put_service(&shop, "2", (&rows, &[]), now())
            .unwrap();
        assert_eq!(history.print(&shop).unwrap().as_deref(), Some("2"));

        let look = |ask: Ask| {
            history
                .listing(&ask, &[&shop], (ask.from(now()), 1_000), now())
                .unwrap()
        };
        let all = look(asked(Whose::All, ""));
        assert_eq!(ids(&all), ["b", "c", "d", "a"], "what moved last first");
        assert_eq!((all.total, all.lead.n), (4, 1));
        assert_eq!((all.left_out.seed, all.left_out.open), (1, 2));
        assert_eq!(all.rows[0], rows[1], "as it was");
        let people = Whose::People(vec![Safe::new("NOOR"), Safe::new("nobody")]);
        assert_eq!(ids(&look(asked(people, ""))), ["d"]);
        assert_eq!(
            ids(&look(asked(Whose::Service(shop.clone()), "label:first"))),
            ["c"]
        );
        let other = Whose::Service("other".parse().unwrap());
        assert_eq!(look(asked(other, "")).total, 0);
        for whose in [Whose::All, Whose::People(vec![Safe::new("noor")])] {
            let ask = asked(whose, "");
            let span = (ask.from(now()), 1_000);
            let found = history.listing(&ask, &[], span, now()).unwrap();
            assert_eq!(found.total, 0, "not asked about this service");
        }
        let fresh = Ask {
            days: 1,
            ..asked(Whose::All, "")
        };
        assert_eq!(look(fresh).total, 0);

        history.keep_services(&[]).unwrap();
        assert_eq!(history.print(&shop).unwrap(), None);
        assert_eq!(
            history
                .listing(&asked(Whose::All, ""), &[&shop], (Timestamp::MIN, 1), now())
                .unwrap()
                .total,
            0
        );
    }

    #[test]
    fn a_commit_from_the_future_does_not_head_the_list() {
        let dir = tempfile::tempdir().unwrap();
        let mut history = History::open(dir.path()).unwrap();
        let shop: ServiceId = "shop".parse().unwrap();
        let mut rows = delivered(&[], &[("a", 2.0), ("b", 9.0), ("c", 10.0)]);
        let ahead = "2031-01-01T00:00:00Z".parse().unwrap();
        rows[1].moments = rows[1]
            .moments
            .clone()
            .with(Boundary::FirstCommit, ahead, "a laptop");
        history
            .put_service(&shop, "1", (&rows[..3], &[]), now())
            .unwrap();
        let ask = asked(Whose::All, "");
        let found = history
            .listing(&ask, &[&shop], (ask.from(now()), 10), now())
            .unwrap();
        assert_eq!(ids(&found), ["c", "b", "a"]);
        let day = history
            .listing(&ask, &[&shop], (now().0, 10), now())
            .unwrap();
        assert_eq!(day.total, 0);
    }

    #[test]
    fn every_read_goes_by_an_index() {
        let dir = tempfile::tempdir().unwrap();
        let history = History::open(dir.path()).unwrap();
        for query in [
            sql::ALL,
            sql::SERVICE,
            sql::AUTHOR,
            sql::BODY,
            sql::PRINT,
            sql::QUEUES,
            sql::KEPT,
        ] {
            history.assert_indexed(query);
        }
    }
}
