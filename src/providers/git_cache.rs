//! Commits of a clone, kept between two looks. Commits never change, so nothing in the file is ever wrong; a file that is damaged
//! or of another format is not read, and is written anew.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::change::local::{Oid, Record};
use crate::domain::change::marks::Reverted;

/// The format; another one is not read.
const MAGIC: &[u8; 8] = b"fd-git-1";
/// A longer file is not ours.
const MOST: u64 = 1 << 30;

/// What was kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) commits: Vec<Record>,
    pub(super) authors: Vec<(String, String)>,
}

/// The file of a repository.
pub(super) fn file(folder: &Path, repository: &Path) -> PathBuf {
    let hash = Sha256::digest(repository.as_os_str().as_encoded_bytes());
    let mut name = String::new();
    for byte in hash.iter().take(10) {
        let _ = write!(name, "{byte:02x}");
    }
    folder.join(format!("git-{name}.cache"))
}

/// Reads what was kept; none: nothing, or nothing that can be trusted.
pub(super) fn load(file: &Path) -> Option<Kept> {
    if fs::metadata(file).ok()?.len() > MOST {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let (head, rest) = bytes.split_at_checked(16)?;
    let (magic, sum) = head.split_at_checked(8)?;
    if magic != MAGIC || sum != checksum(rest).to_le_bytes() {
        return None;
    }
    let mut cursor = Cursor(rest);
    let authors = cursor.list(|c| Some((c.text()?, c.text()?)))?;
    let commits = cursor.list(Cursor::record)?;
    let sound = cursor.0.is_empty()
        && commits
            .iter()
            .all(|c| usize::try_from(c.author).is_ok_and(|a| a < authors.len()));
    sound.then_some(Kept { commits, authors })
}

/// Keeps commits, whole or not at all.
pub(super) fn save(
    file: &Path,
    commits: &[Record],
    authors: &[(String, String)],
) -> io::Result<()> {
    let mut out = Vec::with_capacity(commits.len() * 120);
    number(&mut out, authors.len() as u64);
    for (name, email) in authors {
        text(&mut out, name);
        text(&mut out, email);
    }
    number(&mut out, commits.len() as u64);
    for commit in commits {
        record(&mut out, commit);
    }
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    // A temporary file is the user's alone, and so is what it becomes.
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(MAGIC)?;
    new.write_all(&checksum(&out).to_le_bytes())?;
    new.write_all(&out)?;
    new.persist(file)?;
    Ok(())
}

/// FNV-1a over words of eight bytes: it finds accidents, nothing more is needed of a cache in one's own folder.
fn checksum(bytes: &[u8]) -> u64 {
    let fold = |sum: u64, part: &[u8]| {
        let mut word = [0_u8; 8];
        for (to, from) in word.iter_mut().zip(part) {
            *to = *from;
        }
        (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3)
    };
    bytes
        .chunks(8)
        .fold(0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64, fold)
}

fn record(out: &mut Vec<u8>, commit: &Record) {
    out.extend(commit.oid.0);
    number(out, commit.parents.len() as u64);
    for parent in &commit.parents {
        out.extend(parent.0);
    }
    out.extend(commit.authored.to_le_bytes());
    out.extend(commit.committed.to_le_bytes());
    number(out, u64::from(commit.author));
    text(out, &commit.subject);
    text(out, commit.title.as_deref().unwrap_or_default());
    number(out, commit.reverts.len() as u64);
    for revert in &commit.reverts {
        match revert {
            Reverted::Commit(id) => {
                out.push(0);
                text(out, id);
            }
            Reverted::Number(n) => {
                out.push(1);
                number(out, *n);
            }
        }
    }
    out.push(u8::from(commit.picked));
}

fn number(out: &mut Vec<u8>, mut n: u64) {
    // Seven bits a byte, the lowest first.
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7f).unwrap_or(0) | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap_or(0));
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(n);
            }
        }
        None
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let n = usize::try_from(self.number()?).ok()?;
        // Whatever the number says, no more than there are bytes.
        let mut out = Vec::with_capacity(n.min(self.0.len() / 2));
        for _ in 0..n {
            out.push(one(self)?);
        }
        Some(out)
    }

    fn text(&mut self) -> Option<String> {
        let n = usize::try_from(self.number()?).ok()?;
        std::str::from_utf8(self.take(n)?).ok().map(str::to_owned)
    }

    fn oid(&mut self) -> Option<Oid> {
        self.take(20)?.try_into().ok().map(Oid)
    }

    fn seconds(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    fn record(&mut self) -> Option<Record> {
        Some(Record {
            oid: self.oid()?,
            parents: self.list(Self::oid)?,
            authored: self.seconds()?,
            committed: self.seconds()?,
            author: u32::try_from(self.number()?).ok()?,
            subject: self.text()?,
            title: self.text().map(|t| (!t.is_empty()).then_some(t))?,
            reverts: self.list(|c| {
                Some(match c.byte()? {
                    0 => Reverted::Commit(c.text()?),
                    _ => Reverted::Number(c.number()?),
                })
            })?,
            picked: self.byte()? != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), Path::new("/some/repo"));
        let commits = vec![
            Record {
                oid: Oid([7; 20]),
                parents: vec![Oid([8; 20]), Oid([9; 20])],
                authored: -5,
                committed: i64::MAX,
                author: 0,
                subject: "tax – naïve".to_owned(),
                title: Some("t".to_owned()),
                reverts: vec![
                    Reverted::Number(300),
                    Reverted::Commit("abcdef0".to_owned())
                ],
                picked: true,
            };
            3
        ];
        let authors = vec![("Maria".to_owned(), "m@acme.example".to_owned())];
        save(&path, &commits, &authors).unwrap();
        let kept = load(&path).unwrap();
        assert_eq!((kept.commits, kept.authors), (commits, authors));

        let good = fs::read(&path).unwrap();
        for at in [0, 9, 20, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(load(&path).is_none(), "byte {at}");
        }
        fs::write(&path, &good[..good.len() - 3]).unwrap();
        assert!(load(&path).is_none());
        assert!(load(&folder.path().join("none")).is_none());
    }
}
