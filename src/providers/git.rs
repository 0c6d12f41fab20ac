//! A local clone, read by library: no network, no `git` program. The only file that names gix.
//!
//! Commits never change, so what was read once is kept by `git_cache` and only new commits are read from the packs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice as _};
use gix::objs::{CommitRef, FindExt as _, Kind};
use jiff::Timestamp;

use super::git_cache;
use crate::domain::change::ancestry::Node;
use crate::domain::change::local::{History, Oid, Record, Tag};
use crate::domain::change::marks;
use crate::domain::fetched::FaultKind;
use crate::domain::text::Safe;

/// The longest subject that is kept, in characters.
const SUBJECT: usize = 200;
/// Who wrote a message may fill it with anything: so much of it is searched for what it takes back.
const BODY: usize = 16 * 1024;

/// Why a clone can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no repository at the path.
    #[error("{} is no git repository: {why}", .path.display())]
    NotARepository {
        /// The path.
        path: PathBuf,
        /// What the library says.
        why: String,
    },
    /// A name that the repository does not know.
    #[error("`{name}` is no commit, tag or branch of {}", .path.display())]
    NoSuchRef {
        /// The name.
        name: String,
        /// The repository.
        path: PathBuf,
    },
    /// Something in it can't be read.
    #[error("{} can't be read: {why}", .path.display())]
    Unreadable {
        /// The repository.
        path: PathBuf,
        /// What the library says.
        why: String,
    },
}

impl GitError {
    /// The kind, in the words of the machine contract.
    pub fn kind(&self) -> FaultKind {
        match self {
            Self::NotARepository { .. } | Self::NoSuchRef { .. } => FaultKind::NotFound,
            Self::Unreadable { .. } => FaultKind::Internal,
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotARepository { .. } => "give the path of a clone with `--git`",
            Self::NoSuchRef { .. } => {
                "`git fetch --tags` may bring it; a shortened id needs to be unique"
            }
            Self::Unreadable { .. } => "`git fsck` says what is damaged",
        }
    }
}

/// A clone.
pub struct Clone {
    repo: gix::Repository,
    path: PathBuf,
}

impl std::fmt::Debug for Clone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clone")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Clone {
    /// Opens the clone that a path lies in.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let repo = gix::discover(path).map_err(|e| GitError::NotARepository {
            path: path.to_owned(),
            why: words(&e),
        })?;
        Ok(Self {
            repo,
            path: path.to_owned(),
        })
    }

    /// The file of the clone's kept commits in a cache folder.
    pub fn cache_file(&self, folder: &Path) -> PathBuf {
        let of = self.repo.common_dir();
        let of = of.canonicalize().unwrap_or_else(|_| of.to_owned());
        git_cache::file(folder, &of)
    }

    /// The commit that a name stands for.
    ///
    /// # Errors
    /// The name is not known, or stands for something else.
    pub fn resolve(&self, name: &str) -> Result<Oid, GitError> {
        let unknown = || GitError::NoSuchRef {
            name: name.chars().filter(|c| !c.is_control()).take(80).collect(),
            path: self.path.clone(),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(unknown());
        }
        let id = self
            .repo
            .rev_parse_single(BStr::new(name.as_bytes()))
            .map_err(|_| unknown())?;
        let commit = id
            .object()
            .ok()
            .and_then(|o| o.peel_to_kind(Kind::Commit).ok())
            .ok_or_else(unknown)?;
        oid(commit.id).ok_or_else(unknown)
    }

    /// Reads the commits that are reachable from what is checked out, from the tags that `takes` lets pass, and from `more`.
    ///
    /// # Errors
    /// The repository is damaged.
    pub fn history(
        &self,
        takes: &dyn Fn(&str) -> bool,
        more: &[Oid],
        cache: Option<&Path>,
    ) -> Result<History, GitError> {
        let broken = |why: String| GitError::Unreadable {
            path: self.path.clone(),
            why,
        };
        let shallow = self.repo.is_shallow().map_err(|e| broken(words(&e)))?;
        // In a shallow clone parents are missing that may come later: nothing of it is kept.
        let cache = cache.filter(|_| !shallow);
        let mut read = Reader::new(&self.repo, shallow, cache.and_then(git_cache::load));
        let known = read.commits.len();

        let head = self.repo.head_id().ok().map(gix::Id::detach);
        let tags = self.tags(takes).map_err(broken)?;
        let mut tips: Vec<ObjectId> = tags.iter().map(|t| t.target).collect();
        tips.extend(head);
        tips.extend(more.iter().map(|o| ObjectId::Sha1(o.0)));
        read.walk(tips).map_err(broken)?;
        if let Some(file) = cache.filter(|_| read.commits.len() > known) {
            // Without the cache the next look takes longer, and that is all.
            drop(git_cache::save(file, &read.commits, &read.authors));
        }

        let place = |id: ObjectId| read.places.get(&oid(id)?).copied();
        let found = tags.into_iter().filter_map(|raw| {
            let node = place(raw.target)?;
            let commit = read.commits.get(usize::try_from(node.0).ok()?)?;
            Some(Tag {
                name: Safe::new(&raw.name),
                node,
                at: Timestamp::from_second(raw.tagged.unwrap_or(commit.committed)).ok()?,
                annotated: raw.tagged.is_some(),
            })
        });
        let history = History {
            tags: found.collect(),
            head: head.and_then(place),
            shallow,
            me: self.me(),
            authors: Vec::new(),
            commits: Vec::new(),
            graph: crate::domain::change::ancestry::Graph::default(),
        };
        let authors = self.people(read.authors);
        Ok(History {
            authors,
            commits: read.commits,
            ..history
        }
        .connected())
    }

    /// The address in the clone's settings.
    fn me(&self) -> Option<String> {
        let config = self.repo.config_snapshot();
        config
            .string("user.email")
            .map(|m| m.to_str_lossy().into_owned())
    }

    /// People under the names that the repository's mailmap gives them.
    fn people(&self, raw: Vec<(String, String)>) -> Vec<(String, String)> {
        let map = self.repo.open_mailmap();
        raw.into_iter()
            .map(|(name, email)| {
                let signature = gix::actor::SignatureRef {
                    name: BStr::new(name.as_bytes()),
                    email: BStr::new(email.as_bytes()),
                    time: "0 +0000",
                };
                let Some(better) = map.try_resolve_ref(signature) else {
                    return (name, email);
                };
                let text = |b: Option<&BStr>, old: &str| {
                    b.map_or_else(|| old.to_owned(), |b| b.to_str_lossy().into_owned())
                };
                (text(better.name, &name), text(better.email, &email))
            })
            .collect()
    }

    fn tags(&self, takes: &dyn Fn(&str) -> bool) -> Result<Vec<RawTag>, String> {
        let platform = self.repo.references().map_err(|e| words(&e))?;
        let mut found = Vec::new();
        for reference in platform.tags().map_err(|e| words(&e))?.flatten() {
            let name = reference.name().shorten().to_str_lossy().into_owned();
            let Some(id) = reference
                .try_id()
                .map(gix::Id::detach)
                .filter(|_| takes(&name))
            else {
                continue;
            };
            if let Some((target, tagged)) = self.peel(id) {
                found.push(RawTag {
                    name,
                    target,
                    tagged,
                });
            }
        }
        Ok(found)
    }

    /// The commit behind a tag, and the outermost tagger's date; none: it names a file, a folder, or nothing that is there.
    fn peel(&self, mut id: ObjectId) -> Option<(ObjectId, Option<i64>)> {
        let mut tagged = None;
        let mut buffer = Vec::new();
        // Tags of tags are rare, endless ones are impossible by their hashes.
        for _ in 0..32 {
            let object = self.repo.objects.find(&id, &mut buffer).ok()?;
            match object.kind {
                Kind::Commit => return Some((id, tagged)),
                Kind::Tag => {
                    let tag =
                        gix::objs::TagRef::from_bytes(object.data, gix::hash::Kind::Sha1).ok()?;
                    let by = tag.tagger().ok().flatten();
                    tagged = tagged.or_else(|| by.map(|t| t.seconds()));
                    id = tag.target();
                }
                _ => return None,
            }
        }
        None
    }
}

struct RawTag {
    name: String,
    target: ObjectId,
    tagged: Option<i64>,
}

/// Reads commits that are not known yet.
struct Reader<'a> {
    repo: &'a gix::Repository,
    shallow: bool,
    commits: Vec<Record>,
    places: HashMap<Oid, Node>,
    authors: Vec<(String, String)>,
    people: HashMap<(String, String), u32>,
}

impl<'a> Reader<'a> {
    fn new(repo: &'a gix::Repository, shallow: bool, kept: Option<git_cache::Kept>) -> Self {
        let kept = kept.unwrap_or_default();
        let places = (0_u32..)
            .zip(&kept.commits)
            .map(|(n, c)| (c.oid, Node(n)))
            .collect();
        let people = kept.authors.iter().cloned().zip(0_u32..).collect();
        Self {
            repo,
            shallow,
            commits: kept.commits,
            places,
            authors: kept.authors,
            people,
        }
    }

    /// Whatever is kept has its parents kept, too: the walk ends there.
    fn walk(&mut self, mut open: Vec<ObjectId>) -> Result<(), String> {
        let mut buffer = Vec::new();
        while let Some(id) = open.pop() {
            let Some(key) = oid(id).filter(|k| !self.places.contains_key(k)) else {
                continue;
            };
            let object = match self.repo.objects.find(&id, &mut buffer) {
                Ok(object) => object,
                // The edge of a shallow clone.
                Err(_) if self.shallow => continue,
                Err(e) => return Err(format!("commit {id}: {}", words(&e))),
            };
            if object.kind != Kind::Commit {
                continue;
            }
            let commit = CommitRef::from_bytes(object.data, gix::hash::Kind::Sha1)
                .map_err(|e| format!("commit {id}: {}", words(&e)))?;
            let record = self.record(key, &commit);
            let place = u32::try_from(self.commits.len()).map_err(|e| e.to_string())?;
            open.extend(record.parents.iter().map(|p| ObjectId::Sha1(p.0)));
            self.commits.push(record);
            self.places.insert(key, Node(place));
        }
        Ok(())
    }

    fn record(&mut self, key: Oid, commit: &CommitRef<'_>) -> Record {
        let author = commit.author().ok();
        let committed = commit.committer().map_or(0, |c| c.seconds());
        let who = author.map_or_else(Default::default, |a| {
            let a = a.trim();
            (
                a.name.to_str_lossy().into_owned(),
                a.email.to_str_lossy().into_owned(),
            )
        });
        let next = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        let number = *self.people.entry(who).or_insert_with_key(|who| {
            self.authors.push(who.clone());
            next
        });
        let message = commit.message.to_str_lossy();
        let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
        let subject: String = subject.trim().chars().take(SUBJECT).collect();
        let cut = body
            .char_indices()
            .nth(BODY)
            .map_or(body.len(), |(at, _)| at);
        let body = body.split_at_checked(cut).map_or("", |(b, _)| b);
        let title = marks::merged_number(&subject)
            .and_then(|_| body.lines().map(str::trim).find(|l| !l.is_empty()))
            .map(|l| l.chars().take(SUBJECT).collect());
        Record {
            oid: key,
            parents: commit.parents().filter_map(oid).collect(),
            authored: author.map_or(committed, |a| a.seconds()),
            committed,
            author: number,
            reverts: marks::reverts(&subject, body),
            picked: marks::picked_from(body).is_some(),
            subject,
            title,
        }
    }
}

fn oid(id: ObjectId) -> Option<Oid> {
    id.as_bytes().try_into().ok().map(Oid)
}

/// The library's words on one line, without its causes' repetitions.
fn words(error: &impl std::fmt::Display) -> String {
    Safe::new(&error.to_string()).as_str().to_owned()
}
