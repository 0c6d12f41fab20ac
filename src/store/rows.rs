//! How the rows of the past, and how far they were read, are written.

use rusqlite::{Transaction, params};
use serde::Serialize;

use super::history::{RepoKey, sql};
use crate::domain::change::synced::{Batch, Progress, Source};
use crate::domain::ids::CommitSha;
use crate::domain::text::Safe;

/// Keeps how far a source was read.
pub(super) fn put_progress(
    tx: &Transaction<'_>,
    id: i64,
    source: Source,
    progress: &Progress,
) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO history_progress VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body",
        params![id, source.word(), json(progress)],
    )?;
    Ok(())
}

/// The repository's number; it gets one if it has none.
pub(super) fn known(tx: &Transaction<'_>, repo: &RepoKey) -> rusqlite::Result<i64> {
    let slug = repo.slug.to_string();
    tx.execute(
        "INSERT INTO repository (source, slug) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![repo.host, slug],
    )?;
    tx.query_row(sql::REPOSITORY, params![repo.host, slug], |r| r.get(0))
}

/// Writes rows that a reading of this round has met.
pub(super) fn write(
    tx: &Transaction<'_>,
    id: i64,
    batch: &Batch,
    round: u64,
) -> rusqlite::Result<()> {
    let round = signed(round);
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO history_commit
         (repository, sha, parents, authored, committed, author, subject, reverts, pull)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for c in &batch.commits {
        let parents: Vec<&str> = c.parents.iter().map(CommitSha::as_str).collect();
        put.execute(params![
            id,
            c.sha.as_str(),
            parents.join(" "),
            c.authored.as_second(),
            c.committed.as_second(),
            c.author.as_ref().map(Safe::as_str),
            c.subject.as_str(),
            json(&c.reverts),
            c.pull.map(signed),
        ])?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO history_pull (repository, number, merged, merge_sha, author, body, round)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for p in &batch.pulls {
        put.execute(params![
            id,
            signed(p.number),
            p.merged.as_second(),
            p.merge.as_ref().map(CommitSha::as_str),
            p.author.as_ref().map(Safe::as_str),
            json(p),
            round,
        ])?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO history_deployment (repository, id, environment, created, body, round)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for d in &batch.deployments {
        let at = d.created.as_second();
        put.execute(params![
            id,
            signed(d.id),
            d.environment.as_str(),
            at,
            json(d),
            round,
        ])?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO history_release (repository, tag, published, body, round)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for r in &batch.releases {
        put.execute(params![
            id,
            r.tag.as_str(),
            r.published.as_second(),
            json(r),
            round,
        ])?;
    }
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO history_incident (repository, number, opened, body, round)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for i in &batch.incidents {
        put.execute(params![
            id,
            signed(i.number),
            i.opened.as_second(),
            json(i),
            round,
        ])?;
    }
    Ok(())
}

pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Our own types have no key that JSON could refuse.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
