//! Opening `flightdeck.db`: its journal, its format and the steps from older formats, a copy before each such step.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use tempfile::TempDir;

use super::error::{StoreError, StoreWarning};
use super::head::{self, Head, PATIENCE, Recorded};
use super::{holders, paths};

/// The steps from format to format. Only ever append: each is in files that people have.
pub(super) const STEPS: &[&str] = &[
    FIRST,
    super::history::TABLES,
    super::turns::COLUMNS,
    super::delivered::TABLES,
];

const FIRST: &str = "
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY NOT NULL,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  who_verified INTEGER NOT NULL CHECK (who_verified IN (0, 1)),
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  body TEXT NOT NULL,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER ledger_appends_only BEFORE INSERT ON ledger
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger only takes its next row'); END;
CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_never_forgets BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TABLE trust (
  path TEXT PRIMARY KEY NOT NULL,
  sha256 TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;
";

/// An opened database.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) file: PathBuf,
    pub(super) warnings: Vec<StoreWarning>,
    /// The folder of the copy that is read, if it is one; removed when dropped.
    pub(super) copy: Option<TempDir>,
}

/// Opens the database for reading and writing; makes it, or brings it to the newest format.
pub(super) fn open(state_dir: &Path, steps: &[&'static str]) -> Result<Opened, StoreError> {
    paths::private_dir(state_dir)?;
    let file = paths::database(state_dir);
    if fs::metadata(&file).is_ok_and(|m| m.len() > 0) {
        // Looked at without the right to write: a newer file is left exactly as it is.
        let look = connect_read_only(&file)?;
        refuse_newer(&look, &file, steps)?;
    }
    paths::private_file(&file)?;
    let err = |e: rusqlite::Error| StoreError::from_sqlite(&file, &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(&file, flags).map_err(err)?;
    conn.busy_timeout(PATIENCE).map_err(err)?;
    let network = holders::network(state_dir);
    let wanted = if network.is_some() { "delete" } else { "wal" };

    let mut mode = journal(&conn).map_err(err)?;
    let headless = head::read(state_dir) == Recorded::Missing;
    if headless || mode != wanted || version(&conn).map_err(err)? != known(steps) {
        // Two processes may come here at once: one makes the database, the other finds it made.
        let guard = head::lock(state_dir)?;
        if journal(&conn).map_err(err)? != wanted {
            conn.pragma_update_and_check(None, "journal_mode", wanted, |r| r.get::<_, String>(0))
                .map_err(err)?;
        }
        mode = journal(&conn).map_err(err)?;
        bring_up(&mut conn, &file, steps)?;
        begin_head(&conn, state_dir, &file)?;
        drop(guard);
    }
    // In WAL, NORMAL does not sync at commit. Without WAL, only EXTRA makes the end of the journal itself last.
    let sync = if mode == "wal" { "FULL" } else { "EXTRA" };
    conn.pragma_update(None, "synchronous", sync).map_err(err)?;
    conn.pragma_update(None, "fullfsync", true).map_err(err)?;
    conn.set_transaction_behavior(TransactionBehavior::Immediate);

    let mut warnings = Vec::new();
    if let Some(kind) = network {
        warnings.push(StoreWarning::NetworkDisk {
            file: file.clone(),
            kind,
        });
    }
    if mode != wanted {
        warnings.push(StoreWarning::OtherJournal {
            file: file.clone(),
            mode,
        });
    }
    Ok(Opened {
        conn,
        file,
        warnings,
        copy: None,
    })
}

/// Opens the database for reading only: no format step, no repair. None: nothing was recorded yet.
pub(super) fn open_read_only(
    state_dir: &Path,
    steps: &[&'static str],
) -> Result<Option<Opened>, StoreError> {
    let file = paths::database(state_dir);
    if !fs::metadata(&file).is_ok_and(|m| m.len() > 0) {
        return match (head::read(state_dir), fs::metadata(state_dir)) {
            (
                Recorded::Head(Head {
                    seq: rows @ 1.., ..
                }),
                _,
            ) => Err(StoreError::Gone { file, rows }),
            (_, Ok(meta)) if !meta.is_dir() => Err(StoreError::NotADirectory {
                path: state_dir.to_owned(),
            }),
            _ => Ok(None),
        };
    }
    let in_place = connect_read_only(&file).and_then(|conn| {
        refuse_newer(&conn, &file, steps)?;
        Ok(conn)
    });
    match in_place {
        // Another process is just making it: no table yet, and no row was ever recorded.
        Ok(conn) if is_being_made(&conn) && recorded_rows(state_dir) == 0 => Ok(None),
        Ok(conn) => Ok(Some(Opened {
            conn,
            file,
            warnings: Vec::new(),
            copy: None,
        })),
        // A database in WAL needs its shared memory, which can't be made in a folder that can't be written.
        Err(StoreError::Permission { .. } | StoreError::Io { .. }) => {
            from_copy(&file, steps).map(Some)
        }
        Err(e) => Err(e),
    }
}

/// Whether the file has a header, but nothing in it yet.
fn is_being_made(conn: &Connection) -> bool {
    let version = conn.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0));
    let tables = conn.query_row("SELECT count(*) FROM sqlite_master", [], |r| {
        r.get::<_, i64>(0)
    });
    matches!((version, tables), (Ok(0), Ok(0)))
}

/// How many rows the head says there are.
fn recorded_rows(state_dir: &Path) -> u64 {
    match head::read(state_dir) {
        Recorded::Head(head) => head.seq,
        _ => 0,
    }
}

/// Reads a copy: the database and its log, in a folder of its own.
fn from_copy(file: &Path, steps: &[&'static str]) -> Result<Opened, StoreError> {
    let io = |e: std::io::Error| StoreError::from_io(file, &e);
    let folder = tempfile::Builder::new()
        .prefix("flightdeck-")
        .tempdir()
        .map_err(io)?;
    let copy = paths::database(folder.path());
    fs::copy(file, &copy).map_err(io)?;
    let log = paths::beside(file, "-wal");
    if log.exists() {
        fs::copy(&log, paths::beside(&copy, "-wal")).map_err(io)?;
    }
    let conn = connect_read_only(&copy)?;
    refuse_newer(&conn, file, steps)?;
    Ok(Opened {
        conn,
        file: file.to_owned(),
        warnings: vec![StoreWarning::ReadFromCopy {
            file: file.to_owned(),
        }],
        copy: Some(folder),
    })
}

fn connect_read_only(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags)
        .and_then(|conn| {
            // Nothing can be written here. It makes SQLite read what is left of a file whose end was cut off.
            conn.pragma_update(None, "writable_schema", true)?;
            conn.busy_timeout(PATIENCE).map(|()| conn)
        })
        .map_err(|e| StoreError::from_sqlite(file, &e))
}

fn refuse_newer(conn: &Connection, file: &Path, steps: &[&str]) -> Result<(), StoreError> {
    let found = version(conn).map_err(|e| StoreError::from_sqlite(file, &e))?;
    if found > known(steps) {
        return Err(StoreError::Newer {
            file: file.to_owned(),
            found,
            known: known(steps),
        });
    }
    Ok(())
}

/// Runs the missing steps, after a copy of what is there.
fn bring_up(conn: &mut Connection, file: &Path, steps: &[&'static str]) -> Result<(), StoreError> {
    let found = version(conn).map_err(|e| StoreError::from_sqlite(file, &e))?;
    if found > known(steps) {
        return refuse_newer(conn, file, steps);
    }
    if found == known(steps) {
        return Ok(());
    }
    if found > 0 {
        back_up(conn, file, found)?;
    }
    conn.set_transaction_behavior(TransactionBehavior::Immediate);
    let migrations = Migrations::new(steps.iter().map(|sql| M::up(sql)).collect());
    migrations.to_latest(conn).map_err(|e| match e {
        rusqlite_migration::Error::RusqliteError { err, .. } => StoreError::from_sqlite(file, &err),
        other => StoreError::Damaged {
            file: file.to_owned(),
            said: other.to_string(),
        },
    })
}

/// Copies the database as it is, with what is still in its log, to `flightdeck.db.bak-vN`.
fn back_up(conn: &Connection, file: &Path, version: i64) -> Result<(), StoreError> {
    let to = paths::beside(file, &format!(".bak-v{version}"));
    let new = paths::beside(&to, ".new");
    let io = |e: std::io::Error| StoreError::from_io(&to, &e);
    if new.exists() {
        fs::remove_file(&new).map_err(io)?;
    }
    paths::private_file(&new)?;
    let Some(name) = new.to_str() else {
        return Err(StoreError::PathText { path: new });
    };
    conn.execute("VACUUM INTO ?1", [name])
        .map_err(|e| StoreError::from_sqlite(&to, &e))?;
    fs::File::open(&new)
        .and_then(|f| f.sync_all())
        .map_err(io)?;
    fs::rename(&new, &to).map_err(io)?;
    if let Some(dir) = to.parent() {
        paths::sync_dir(dir).map_err(io)?;
    }
    Ok(())
}

/// Begins the record of the head with an empty ledger. Later its absence says that someone removed it.
fn begin_head(conn: &Connection, state_dir: &Path, file: &Path) -> Result<(), StoreError> {
    if head::read(state_dir) != Recorded::Missing {
        return Ok(());
    }
    let empty: bool = conn
        .query_row("SELECT NOT EXISTS (SELECT 1 FROM ledger)", [], |r| r.get(0))
        .map_err(|e| StoreError::from_sqlite(file, &e))?;
    if empty {
        head::write(state_dir, &Head::empty())
            .map_err(|e| StoreError::from_io(&paths::head(state_dir), &e))?;
    }
    Ok(())
}

fn journal(conn: &Connection) -> rusqlite::Result<String> {
    conn.pragma_query_value(None, "journal_mode", |r| r.get(0))
}

fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |r| r.get(0))
}

fn known(steps: &[&str]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_older_format_is_copied_then_brought_up() {
        let dir = tempfile::tempdir().unwrap();
        let old = open(dir.path(), STEPS).unwrap();
        old.conn
            .execute("INSERT INTO trust VALUES ('/p', 'abc', 'then')", [])
            .unwrap();
        drop(old);
        let mut steps = STEPS.to_vec();
        steps.push("CREATE TABLE added (x INTEGER) STRICT; DELETE FROM trust;");

        let new = open(dir.path(), &steps).unwrap();
        assert_eq!(version(&new.conn).unwrap(), known(&steps));
        new.conn
            .execute("INSERT INTO added VALUES (1)", [])
            .unwrap();

        let backup = dir
            .path()
            .join(format!("flightdeck.db.bak-v{}", STEPS.len()));
        let copy = connect_read_only(&backup).unwrap();
        assert_eq!(version(&copy).unwrap(), known(STEPS));
        let kept: String = copy
            .query_row("SELECT sha256 FROM trust", [], |r| r.get(0))
            .unwrap();
        assert_eq!(kept, "abc");
        let databases = names(dir.path())
            .into_iter()
            .filter(|n| [".db", ".sqlite"].iter().any(|end| n.ends_with(end)))
            .count();
        assert_eq!(databases, 1, "one database for those who look for it");
        drop(new);
        assert!(matches!(
            open(dir.path(), STEPS).unwrap_err(),
            StoreError::Newer { .. }
        ));
    }

    #[test]
    fn a_failing_step_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), STEPS).unwrap());
        let mut steps = STEPS.to_vec();
        steps.push("CREATE TABLE half (x INTEGER); CREATE TABLE ledger (again INTEGER);");
        assert!(open(dir.path(), &steps).is_err());
        let back = open(dir.path(), STEPS).unwrap();
        let half: i64 = back
            .conn
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE name = 'half'",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(half, 0);
    }

    #[test]
    fn the_ledger_connection_syncs_each_commit() {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(dir.path(), STEPS).unwrap();
        let sync: i64 = opened
            .conn
            .pragma_query_value(None, "synchronous", |r| r.get(0))
            .unwrap();
        let mode = journal(&opened.conn).unwrap();
        // FULL is 2, EXTRA is 3 (network disks).
        assert_eq!(sync, if mode == "wal" { 2 } else { 3 });
    }

    #[test]
    fn a_copy_shows_what_is_still_in_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let live = open(dir.path(), STEPS).unwrap();
        live.conn
            .execute("INSERT INTO trust VALUES ('/p', 'abc', 'then')", [])
            .unwrap();
        let copy = from_copy(&live.file, STEPS).unwrap();
        let seen: i64 = copy
            .conn
            .query_row("SELECT count(*) FROM trust", [], |r| r.get(0))
            .unwrap();
        assert_eq!(seen, 1);
        let folder = copy.copy.as_ref().unwrap().path().to_owned();
        drop(copy);
        assert!(!folder.exists(), "the copy does not stay");
    }
}
