//! The cache: it keeps, it forgets, and it never fails.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flightdeck::store::{Cache, CacheKey, Limits, StoreWarning, read_last_screen};
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn key(uri: &str) -> CacheKey {
    CacheKey {
        host: "api.github.com".to_owned(),
        account: "ana".to_owned(),
        accept: "application/json".to_owned(),
        uri: uri.to_owned(),
    }
}

fn open(dir: &Path) -> Cache {
    let mut cache = Cache::open(dir, Limits::default());
    assert_eq!(cache.take_warnings(), []);
    cache
}

#[test]
fn an_answer_belongs_to_its_whole_key_and_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("cache");
    let mut cache = open(&dir);
    cache.put(&key("/a"), "W/\"1\"", b"old", at(0));
    cache.put(&key("/a"), "W/\"2\"", b"\x00body\xff", at(1));
    drop(cache);
    let mut cache = open(&dir);
    let got = cache.get(&key("/a"), at(2)).unwrap();
    assert_eq!(got.etag, "W/\"2\"");
    assert_eq!(got.body, b"\x00body\xff");
    assert_eq!(got.stored_at, at(1));
    for other in [
        CacheKey {
            host: "h".to_owned(),
            ..key("/a")
        },
        CacheKey {
            account: "eve".to_owned(),
            ..key("/a")
        },
        CacheKey {
            accept: "text/plain".to_owned(),
            ..key("/a")
        },
        key("/b"),
    ] {
        assert_eq!(cache.get(&other, at(2)), None);
    }
    cache.remove(&key("/a"));
    assert_eq!(cache.get(&key("/a"), at(3)), None);
    let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert!(!path.to_string_lossy().ends_with(".db"));
    }
}

#[test]
fn the_least_recently_used_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(
        dir.path(),
        Limits {
            bytes: 1_000_000,
            rows: 3,
        },
    );
    for (i, uri) in ["/a", "/b", "/c"].into_iter().enumerate() {
        cache.put(&key(uri), "e", b"x", at(i as i64));
    }
    assert!(cache.get(&key("/a"), at(100)).is_some(), "used again");
    cache.put(&key("/d"), "e", b"x", at(101));
    assert!(cache.get(&key("/b"), at(102)).is_none(), "the oldest use");
    for uri in ["/a", "/c", "/d"] {
        assert!(cache.get(&key(uri), at(102)).is_some(), "{uri}");
    }
}

#[test]
fn bodies_stay_within_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = Cache::open(
        dir.path(),
        Limits {
            bytes: 1_000,
            rows: 100,
        },
    );
    cache.put(&key("/huge"), "e", &[0; 501], at(0));
    assert!(
        cache.get(&key("/huge"), at(0)).is_none(),
        "more than half is not kept"
    );
    for i in 0..5 {
        cache.put(&key(&format!("/{i}")), "e", &[0; 400], at(i));
    }
    let left: Vec<_> = (0..5)
        .filter(|i| cache.get(&key(&format!("/{i}")), at(9)).is_some())
        .collect();
    assert_eq!(left, [3, 4]);
}

#[test]
fn a_damaged_cache_is_set_aside_and_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("responses.cache");
    fs::write(
        &file,
        "no database, but long enough to be looked at".repeat(50),
    )
    .unwrap();
    assert!(read_last_screen(dir.path(), "p").is_none());
    let mut cache = Cache::open(dir.path(), Limits::default());
    let warnings = cache.take_warnings();
    assert!(
        matches!(&warnings[..], [StoreWarning::CacheSetAside { to, .. }] if to.ends_with("responses.cache.broken")),
        "{warnings:?}"
    );
    cache.put(&key("/a"), "e", b"x", at(0));
    assert!(cache.get(&key("/a"), at(0)).is_some());
    let aside = fs::read(dir.path().join("responses.cache.broken")).unwrap();
    assert!(aside.starts_with(b"no database"));
}

#[test]
fn damage_found_later_begins_anew_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    for i in 0..50 {
        cache.put(&key(&format!("/{i}")), "e", &[7; 3_000], at(i));
    }
    drop(cache);
    let file = dir.path().join("responses.cache");
    let mut bytes = fs::read(&file).unwrap();
    for b in bytes.iter_mut().skip(4096) {
        *b = 0xee;
    }
    fs::write(&file, bytes).unwrap();
    let mut cache = Cache::open(dir.path(), Limits::default());
    assert_eq!(cache.get(&key("/1"), at(0)), None);
    let warnings = cache.take_warnings();
    assert!(
        matches!(warnings[..], [StoreWarning::CacheSetAside { .. }]),
        "{warnings:?}"
    );
    cache.put(&key("/1"), "e", b"x", at(0));
    assert!(cache.get(&key("/1"), at(0)).is_some());
}

#[test]
fn tables_that_are_not_ours_are_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let conn = rusqlite::Connection::open(dir.path().join("responses.cache")).unwrap();
    conn.execute_batch("CREATE TABLE other (x); PRAGMA user_version = 2;")
        .unwrap();
    drop(conn);
    let mut cache = open(dir.path());
    cache.put(&key("/a"), "e", b"x", at(0));
    assert!(matches!(
        cache.take_warnings()[..],
        [StoreWarning::CacheSetAside { .. }]
    ));
    cache.put(&key("/a"), "e", b"x", at(0));
    assert!(cache.get(&key("/a"), at(0)).is_some());
}

#[test]
fn a_newer_or_locked_cache_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let conn = rusqlite::Connection::open(dir.path().join("responses.cache")).unwrap();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut cache = open(dir.path());
    cache.put(&key("/a"), "e", b"x", at(0));
    assert_eq!(cache.get(&key("/a"), at(0)), None);
    assert!(matches!(
        cache.take_warnings()[..],
        [StoreWarning::CacheOff { .. }]
    ));
    conn.execute_batch("ROLLBACK").unwrap();
    cache.put(&key("/a"), "e", b"x", at(0));
    assert!(cache.get(&key("/a"), at(0)).is_some(), "it works again");
    drop(cache);

    conn.pragma_update(None, "user_version", 99).unwrap();
    let mut cache = Cache::open(dir.path(), Limits::default());
    assert!(!cache.is_on());
    assert!(matches!(
        cache.take_warnings()[..],
        [StoreWarning::CacheOff { .. }]
    ));
    cache.put(&key("/a"), "e", b"x", at(0));
    let kept: i64 = conn
        .query_row("SELECT count(*) FROM responses", [], |r| r.get(0))
        .unwrap();
    assert_eq!(kept, 1, "nothing was changed");
}

#[test]
fn a_folder_that_cannot_be_made_switches_the_cache_off() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let mut cache = Cache::open(&file.join("cache"), Limits::default());
    assert!(!cache.is_on());
    assert_eq!(cache.take_warnings().len(), 1);
    assert_eq!(cache.get(&key("/a"), at(0)), None);
}

#[test]
fn the_last_screen_is_read_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read_last_screen(dir.path(), "p"), None);
    assert!(
        !dir.path().join("responses.cache").exists(),
        "looking makes nothing"
    );
    let mut cache = open(dir.path());
    cache.save_screen("p", b"one", at(1));
    cache.save_screen("p", b"two", at(2));
    cache.save_screen("q", b"other", at(3));
    let screen = read_last_screen(dir.path(), "p").unwrap();
    assert_eq!(
        (screen.at, screen.bytes.as_slice()),
        (at(2), b"two".as_slice())
    );
    assert_eq!(read_last_screen(dir.path(), "none"), None);
    let folder = dir.path().join("screens");
    let files = || fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path());
    assert_eq!(
        files().count(),
        2,
        "a name has one, and nothing is left over"
    );
    // Of another format, cut, or another name's: as if there were none.
    for text in [
        "",
        "flightdeck-screen-1 2 p",
        "flightdeck-screen-0 2 p\ntwo",
        "flightdeck-screen-1 x p\ntwo",
        "flightdeck-screen-1 2 q\ntwo",
    ] {
        for file in files() {
            fs::write(file, text).unwrap();
        }
        assert_eq!(read_last_screen(dir.path(), "p"), None, "{text:?}");
    }
}

#[test]
fn the_oldest_screens_give_way() {
    let dir = tempfile::tempdir().unwrap();
    let mut cache = open(dir.path());
    for nth in 0..505 {
        cache.save_screen(&format!("service {nth}"), b"{}", at(nth));
    }
    let files = fs::read_dir(dir.path().join("screens")).unwrap();
    assert_eq!(files.count(), 500);
    assert!(read_last_screen(dir.path(), "service 504").is_some());
}
