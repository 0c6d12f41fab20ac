//! The chain and its head: what verifies, and what does not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flightdeck::domain::fetched::FaultKind;
use flightdeck::domain::ledger::{self, Draft, Fields};
use flightdeck::domain::units::Now;
use flightdeck::store::{Ledger, StoreError, StoreWarning, Verification};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{draft, ledger_of, vandal};

fn verify(dir: &Path) -> Verification {
    Ledger::open_read_only(dir)
        .unwrap()
        .unwrap()
        .verify()
        .unwrap()
}

fn good(rows: u64) -> Verification {
    Verification {
        ok: true,
        rows,
        broken_at: None,
        reason: None,
    }
}

#[test]
fn rows_come_back_as_they_went_in_and_verify() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.verify().unwrap(), good(0));
    let body = json!({"z": [1, null, true, {"b": "ü\u{0}\"", "a": -5}], "a": {}});
    let first = ledger.append(&draft(body.clone())).unwrap();
    let second = ledger.append(&draft(json!({}))).unwrap();
    assert_eq!((first.seq, second.seq), (1, 2));
    assert_eq!(first.prev, ledger::GENESIS);
    assert_eq!(second.prev, first.hash);
    assert_eq!(first.body, body);
    drop(ledger);

    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.rows(0, 10).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(ledger.rows(1, 10).unwrap(), std::slice::from_ref(&second));
    assert_eq!(ledger.rows(0, 1).unwrap(), [first]);
    assert_eq!(ledger.recent(1).unwrap(), [second]);
    assert_eq!(ledger.recent(100).unwrap().len(), 2);
    assert_eq!(ledger.verify().unwrap(), good(2));
}

#[test]
fn a_number_that_is_no_integer_is_refused_and_leaves_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 1);
    let e = ledger.append(&draft(json!({"ratio": 0.5}))).unwrap_err();
    assert!(matches!(&e, StoreError::NotCanonical(n) if n.place == "$.ratio"));
    assert_eq!(ledger.verify().unwrap(), good(1));
    ledger.append(&draft(json!({}))).unwrap();
}

#[test]
fn the_table_itself_takes_only_next_rows() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 2));
    let conn = rusqlite::Connection::open(dir.path().join("flightdeck.db")).unwrap();
    for sql in [
        "UPDATE ledger SET who = 'eve'",
        "DELETE FROM ledger WHERE seq = 2",
        "INSERT OR REPLACE INTO ledger SELECT 1, at, kind, 'eve', who_verified, service, environment, body, prev, hash FROM ledger WHERE seq = 1",
        "INSERT INTO ledger SELECT 9, at, kind, who, who_verified, service, environment, body, prev, hash FROM ledger WHERE seq = 1",
    ] {
        let e = conn.execute(sql, []).unwrap_err();
        assert!(e.to_string().contains("ledger"), "{sql}: {e}");
    }
    assert_eq!(verify(dir.path()), good(2));
}

#[test]
fn a_changed_row_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 5));
    vandal(dir.path())
        .execute(
            "UPDATE ledger SET body = replace(body, '2', '3') WHERE seq = 3",
            [],
        )
        .unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.rows, found.broken_at), (false, 2, Some(3)));
}

#[test]
fn a_removed_row_is_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 5));
    vandal(dir.path())
        .execute("DELETE FROM ledger WHERE seq = 3", [])
        .unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.broken_at), (false, Some(3)));
    assert!(found.reason.unwrap().contains("missing"));
}

#[test]
fn a_cut_tail_is_seen_and_stays_seen() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 5));
    vandal(dir.path())
        .execute("DELETE FROM ledger WHERE seq > 3", [])
        .unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.rows, found.broken_at), (false, 3, Some(4)));

    // Later rows do not cover it up, not even past the number of the lost ones.
    let mut ledger = Ledger::open(dir.path()).unwrap();
    for i in 0..4 {
        ledger.append(&draft(json!({ "later": i }))).unwrap();
    }
    assert!(matches!(
        ledger.take_warnings().first(),
        Some(StoreWarning::HeadDiffers { .. })
    ));
    let found = ledger.verify().unwrap();
    assert_eq!((found.ok, found.broken_at), (false, Some(5)));
}

#[test]
fn a_chain_computed_anew_does_not_fit_the_head() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 1));
    let conn = vandal(dir.path());
    let fields = Fields {
        kind: "note.made",
        who: "eve",
        who_verified: true,
        service: "checkout",
        environment: "production",
        body: "{}",
    };
    let hash = ledger::hash(ledger::GENESIS, 1, "2026-07-01T14:02:03Z", &fields);
    conn.execute(
        "UPDATE ledger SET at = '2026-07-01T14:02:03Z', who = 'eve', body = '{}', hash = ?1",
        [hash],
    )
    .unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.broken_at), (false, Some(1)));
}

#[test]
fn a_head_behind_after_a_crash_is_sound_and_moves_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 2));
    let head = dir.path().join("ledger.head");
    let old = fs::read(&head).unwrap();
    drop(ledger_of(dir.path(), 2));
    fs::write(&head, &old).unwrap();
    assert_eq!(verify(dir.path()), good(4));
    drop(ledger_of(dir.path(), 1));
    assert_eq!(verify(dir.path()), good(5));
    assert!(fs::read_to_string(&head).unwrap().contains("\"seq\":5"));
}

#[test]
fn a_set_up_that_was_killed_before_the_head_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 0));
    fs::remove_file(dir.path().join("ledger.head")).unwrap();
    drop(ledger_of(dir.path(), 2));
    assert_eq!(verify(dir.path()), good(2));
}

#[test]
fn without_its_head_a_ledger_is_not_vouched_for() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 2));
    let head = dir.path().join("ledger.head");
    fs::write(&head, "not json").unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.rows, found.broken_at), (false, 2, None));
    fs::remove_file(&head).unwrap();
    let found = verify(dir.path());
    assert_eq!((found.ok, found.rows, found.broken_at), (false, 2, None));
    assert!(found.reason.unwrap().contains("missing"));
}

#[test]
fn a_vanished_database_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Ledger::open_read_only(dir.path()).unwrap().is_none());
    assert!(
        Ledger::open_read_only(&dir.path().join("no"))
            .unwrap()
            .is_none()
    );
    drop(ledger_of(dir.path(), 2));
    fs::remove_file(dir.path().join("flightdeck.db")).unwrap();
    assert!(matches!(
        Ledger::open_read_only(dir.path()).unwrap_err(),
        StoreError::Gone { rows: 2, .. }
    ));
    let anew = Ledger::open(dir.path()).unwrap();
    assert_eq!(anew.verify().unwrap().broken_at, Some(1));
}

#[test]
fn a_damaged_file_is_named_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flightdeck.db");
    fs::write(
        &file,
        "this is no database at all, it only looks long enough".repeat(100),
    )
    .unwrap();
    let before = fs::read(&file).unwrap();
    let e = Ledger::open(dir.path()).unwrap_err();
    assert!(matches!(e, StoreError::Damaged { .. }), "{e:?}");
    let e = Ledger::open_read_only(dir.path()).unwrap_err();
    assert!(matches!(e, StoreError::Damaged { .. }), "{e:?}");
    assert!(e.to_string().contains("flightdeck.db") && e.hint().is_some());
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn of_a_half_damaged_file_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 3);
    for i in 0..40 {
        ledger
            .append(&draft(json!({"i": i, "long": "x".repeat(1_000)})))
            .unwrap();
    }
    drop(ledger);
    let file = dir.path().join("flightdeck.db");
    let mut bytes = fs::read(&file).unwrap();
    // The last leaf of the table loses its page header.
    let page = bytes.len() / 4096 - 1;
    bytes[page * 4096..page * 4096 + 100].fill(0xee);
    fs::write(&file, &bytes).unwrap();
    let ledger = Ledger::open_read_only(dir.path()).unwrap().unwrap();
    let found = ledger.verify().unwrap();
    let broken = found.broken_at.unwrap();
    assert!(!found.ok && broken > 3, "{found:?}");
    let listing = ledger.listing(0, 1_000).unwrap();
    assert_eq!(listing.rows.len() as u64, broken - 1);
    assert_eq!(listing.unreadable.len(), 1);
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn rows_that_mean_nothing_are_passed_over_in_a_listing_only() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 3));
    vandal(dir.path())
        .execute("UPDATE ledger SET body = 'not json' WHERE seq = 2", [])
        .unwrap();
    let ledger = Ledger::open_read_only(dir.path()).unwrap().unwrap();
    let listing = ledger.listing(0, 10).unwrap();
    assert_eq!(
        listing.rows.iter().map(|r| r.seq).collect::<Vec<_>>(),
        [1, 3]
    );
    assert_eq!(listing.unreadable[0].0, 2);
    assert!(matches!(
        ledger.rows(0, 10).unwrap_err(),
        StoreError::BadRow { seq: 2, .. }
    ));
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(ledger_of(dir.path(), 1));
    let file = dir.path().join("flightdeck.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = fs::read(&file).unwrap();
    for e in [
        Ledger::open(dir.path()).unwrap_err(),
        Ledger::open_read_only(dir.path()).unwrap_err(),
    ] {
        assert!(matches!(e, StoreError::Newer { found: 99, .. }), "{e:?}");
        let fault = e.to_fault(Now("2026-07-01T00:00:00Z".parse().unwrap()));
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.message.as_str().contains("newer flightdeck"));
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn files_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("a/state");
    let ledger = ledger_of(&state, 1);
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 3, "database, head, lock");
    drop(ledger);

    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let db = state.join("flightdeck.db");
    fs::set_permissions(&db, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Ledger::open(&state).unwrap());
    assert_eq!((mode(&state), mode(&db)), (0o700, 0o600));
}

#[test]
fn a_file_in_the_folders_place_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    fs::write(&state, "").unwrap();
    for path in [state.clone(), state.join("below")] {
        let e = Ledger::open(&path).unwrap_err();
        assert!(matches!(e, StoreError::NotADirectory { .. }), "{e:?}");
        assert!(e.hint().is_some());
    }
}

#[test]
fn trust_is_in_a_path_with_its_contents() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger_of(dir.path(), 0);
    let (path, at) = (
        Path::new("/repo/.flightdeck/config.toml"),
        "2026-07-01T00:00:00Z",
    );
    let at = at.parse().unwrap();
    assert!(!ledger.is_trusted(path, "aa").unwrap());
    ledger.trust(path, "aa", at).unwrap();
    assert!(ledger.is_trusted(path, "aa").unwrap());
    assert!(!ledger.is_trusted(path, "bb").unwrap());
    assert!(!ledger.is_trusted(Path::new("/other"), "aa").unwrap());
    ledger.trust(path, "bb", at).unwrap();
    assert!(
        !ledger.is_trusted(path, "aa").unwrap(),
        "the old contents no longer are"
    );
    let reader = Ledger::open_read_only(dir.path()).unwrap().unwrap();
    assert!(reader.is_trusted(path, "bb").unwrap());
    assert!(ledger.distrust(path).unwrap());
    assert!(!ledger.distrust(path).unwrap());
    assert!(!reader.is_trusted(path, "bb").unwrap());
}

fn any_body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    });
    prop::collection::hash_map(any::<String>(), value, 0..4)
        .prop_map(|m| Value::Object(m.into_iter().collect()))
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let seconds = -60_000_000_000_i64..200_000_000_000;
    (
        any::<String>(),
        any::<String>(),
        any::<bool>(),
        "[a-z0-9-]{1,20}",
        any_body(),
        seconds,
        0..1_000_000_000_i32,
    )
        .prop_map(|(kind, who, who_verified, id, body, s, ns)| Draft {
            at: jiff::Timestamp::new(s, if s < 0 { -ns } else { ns }).unwrap(),
            kind,
            who,
            who_verified,
            service: id.parse().unwrap(),
            environment: id.parse().unwrap(),
            body,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is appended reads back the same and verifies; any one byte changed in any stored text is found at its row.
    #[test]
    fn any_rows_verify_and_any_changed_byte_is_found(
        drafts in prop::collection::vec(any_draft(), 1..6),
        row in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1_u8..=255,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        let rows: Vec<_> = drafts.iter().map(|d| ledger.append(d).unwrap()).collect();
        let count = rows.len() as u64;
        prop_assert_eq!(ledger.rows(0, 100).unwrap(), rows);
        prop_assert_eq!(ledger.verify().unwrap(), good(count));

        let conn = vandal(dir.path());
        let seq = row.index(drafts.len()) as i64 + 1;
        for column in ["at", "kind", "who", "service", "environment", "body", "prev", "hash"] {
            let text: Vec<u8> = conn
                .query_row(&format!("SELECT CAST({column} AS BLOB) FROM ledger WHERE seq = ?1"), [seq], |r| r.get(0))
                .unwrap();
            if text.is_empty() {
                continue;
            }
            let write = |bytes: &[u8]| {
                let sql = format!("UPDATE ledger SET {column} = CAST(?1 AS TEXT) WHERE seq = ?2");
                conn.execute(&sql, rusqlite::params![bytes, seq]).unwrap();
            };
            let mut changed = text.clone();
            changed[place.index(text.len())] ^= flip;
            write(&changed);
            let found = ledger.verify().unwrap();
            prop_assert_eq!((found.ok, found.broken_at), (false, Some(seq as u64)), "{}", column);
            write(&text);
        }
        prop_assert_eq!(ledger.verify().unwrap(), good(count));
    }
}

#[test]
fn a_database_that_is_just_being_made_holds_nothing_yet() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("flightdeck.db");
    let conn = rusqlite::Connection::open(file).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    assert!(Ledger::open_read_only(dir.path()).unwrap().is_none());
}
