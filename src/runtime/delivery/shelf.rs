//! What the store answers of changes: derived from the synced past when that has changed, read from there else. Blocking: for a
//! thread that may wait.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::config::Config;
use crate::domain::change::dora::{self, Counting, Sheet, Window};
use crate::domain::change::listing::{Ask, Listing, Whose};
use crate::domain::change::marks::Words;
use crate::domain::change::origin::{self, Kept};
use crate::domain::change::repository::Repository;
use crate::domain::change::sync::Terms;
use crate::domain::change::tiers::Year;
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::{ServiceId, Target};
use crate::domain::rollback::journal::{self, Closed};
use crate::domain::text::Safe;
use crate::domain::units::Now;
use crate::runtime::{assemble, sync};
use crate::store::{History, Ledger, RepoKey, StoreError};

/// Part of the print: rows that another program version derived are derived anew.
const FORMAT: u32 = 5;

/// The kept past of the configured services.
#[derive(Debug, Clone)]
pub struct Shelf {
    services: Vec<Kept>,
    /// All services of the configuration, of which those may be some.
    configured: Vec<Kept>,
    hosts: Vec<(String, String)>,
    state_dir: PathBuf,
    zone: jiff::tz::TimeZone,
    words: Words,
    terms: Terms,
}

impl Shelf {
    /// The past of these services, kept in this folder.
    pub fn new(config: &Config, services: Vec<Kept>, state_dir: PathBuf) -> Self {
        let hosts = config.github.iter();
        let configured = assemble::catalog(config);
        Self {
            services,
            configured: configured.services.iter().map(Kept::from).collect(),
            hosts: hosts
                .map(|(name, github)| (name.clone(), github.api.as_str().to_owned()))
                .collect(),
            state_dir,
            zone: crate::runtime::calendar::zone(config),
            words: sync::words(config),
            terms: sync::terms(config),
        }
    }

    /// The same store for other services.
    #[must_use]
    pub(in crate::runtime) fn of(&self, services: Vec<Kept>) -> Self {
        Self {
            services,
            ..self.clone()
        }
    }

    /// The services.
    pub fn services(&self) -> &[Kept] {
        &self.services
    }

    /// The address of a GitHub source.
    pub fn host(&self, source: &str) -> String {
        let host = self.hosts.iter().find(|(name, _)| name == source);
        host.map(|(_, api)| api.clone()).unwrap_or_default()
    }

    /// How much of the past is kept.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where it is kept.
    pub fn folder(&self) -> &std::path::Path {
        &self.state_dir
    }

    /// Which repository a service is of.
    pub fn key(&self, service: &Kept) -> RepoKey {
        RepoKey {
            host: self.host(&service.source),
            slug: service.repo.clone(),
        }
    }

    /// Opens the store, with each of these services derived from what is kept now.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn open<'a>(
        &self,
        services: impl Iterator<Item = &'a Kept>,
        now: Now,
    ) -> Result<History, Fault> {
        let err = |e: StoreError| e.to_fault(now);
        let mut history = History::open(&self.state_dir).map_err(err)?;
        // Services of one repository stand together: its past is read once for them.
        let mut stale: Vec<&Kept> = Vec::new();
        for service in services {
            let print = self.print(&history, service).map_err(err)?;
            if history.print(&service.service).map_err(err)?.as_deref() != Some(print.as_str()) {
                stale.push(service);
            }
        }
        stale.sort_by(|a, b| (&a.source, &a.repo).cmp(&(&b.source, &b.repo)));
        let mut read: Option<(RepoKey, Repository)> = None;
        for service in stale {
            let key = self.key(service);
            let print = self.print(&history, service).map_err(err)?;
            let repository = match read.take() {
                Some((of, repository)) if of == key => repository,
                _ => self.repository(&history, &key).map_err(err)?,
            };
            let (rows, queues) =
                origin::derive(&service.service, &repository, &service.environments);
            history
                .put_service(&service.service, &print, (&rows, &queues), now)
                .map_err(err)?;
            read = Some((key, repository));
        }
        Ok(history)
    }

    /// Derives anew what has changed, and forgets services that are configured no longer.
    ///
    /// # Errors
    /// The disk's.
    pub fn refresh(&self, now: Now) -> Result<(), Fault> {
        let mut history = self.open(self.services.iter(), now)?;
        let ids: Vec<ServiceId> = self.services.iter().map(|s| s.service.clone()).collect();
        history.keep_services(&ids).map_err(|e| e.to_fault(now))
    }

    /// A repository's past, connected.
    pub(super) fn repository(
        &self,
        history: &History,
        key: &RepoKey,
    ) -> Result<Repository, StoreError> {
        let snapshot = history.snapshot(key)?;
        Ok(Repository::with_words(
            snapshot,
            &self.words,
            &self.ends(key),
        ))
    }

    /// The names of the environments in which a repository's services end: of all its services, whichever are asked for, so that
    /// what follows from its past is the same for each question.
    fn ends(&self, key: &RepoKey) -> Vec<String> {
        let all = self.configured.iter().chain(&self.services);
        let of = all.filter(|s| self.key(s) == *key);
        let ends = of.filter_map(|s| s.environments.last().map(|(_, name)| name.clone()));
        let mut ends: Vec<String> = ends.collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Whether anything was ever read of a repository.
    pub fn is_kept(&self, key: &RepoKey, now: Now) -> bool {
        let history = History::open(&self.state_dir).map_err(|e| e.to_fault(now));
        history.is_ok_and(|h| h.kept(key).is_ok_and(|n| n > 0))
    }

    /// From what a service's rows follow.
    fn print(&self, history: &History, service: &Kept) -> Result<String, StoreError> {
        let key = self.key(service);
        let environments: Vec<String> = service
            .environments
            .iter()
            .map(|(env, name)| format!("{env}={name}"))
            .collect();
        let kept = history.kept(&key)?;
        Ok(format!(
            "{FORMAT}|{}|{}|{kept}|{}|{:?}|{:?}",
            key.host,
            key.slug,
            environments.join("|"),
            self.words,
            self.ends(&key),
        ))
    }

    fn service(&self, id: &ServiceId, now: Now) -> Result<&Kept, Fault> {
        let found = self.services.iter().find(|s| s.service == *id);
        found.ok_or_else(|| Fault {
            message: Safe::new(&format!("there is no service `{id}`")),
            hint: None,
            kind: FaultKind::NotFound,
            at: now.0,
            retry_at: None,
        })
    }

    /// Changes that moved since then, so many at most.
    ///
    /// # Errors
    /// The disk's; a service that is not configured.
    pub fn listing(&self, ask: &Ask, span: (Timestamp, usize), now: Now) -> Result<Listing, Fault> {
        let err = |e: StoreError| e.to_fault(now);
        let chosen: Vec<&Kept> = match &ask.whose {
            Whose::Service(id) => vec![self.service(id, now)?],
            Whose::People(_) | Whose::All => self.services.iter().collect(),
        };
        let history = self.open(chosen.iter().copied(), now)?;
        let among: Vec<&ServiceId> = chosen.iter().map(|s| &s.service).collect();
        let mut listing = history.listing(ask, &among, span, now).map_err(err)?;
        listing.as_of = self.as_of(&history, &chosen).map_err(err)?;
        Ok(listing)
    }

    /// When the oldest of the sources was last read; none: one never was.
    pub(super) fn as_of(
        &self,
        history: &History,
        services: &[&Kept],
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut oldest: Option<Option<Timestamp>> = None;
        for service in services {
            let at = history.as_of(&self.key(service))?;
            oldest = Some(match oldest {
                Some(before) => before.zip(at).map(|(a, b)| a.min(b)),
                None => at,
            });
        }
        Ok(oldest.flatten())
    }

    /// The delivery metrics of a target over the last so many days.
    ///
    /// # Errors
    /// The disk's; a target that is not configured.
    pub fn sheet(
        &self,
        target: &Target,
        (days, year, counting): (u32, Year, Counting),
        now: Now,
    ) -> Result<Sheet, Fault> {
        let err = |e: StoreError| e.to_fault(now);
        let service = self.service(&target.service, now)?;
        let history = History::open(&self.state_dir).map_err(err)?;
        let key = self.key(service);
        let as_of = history.as_of(&key).map_err(err)?;
        let repository = self.repository(&history, &key).map_err(err)?;
        let environments = &service.environments;
        let place = environments
            .iter()
            .position(|(env, _)| *env == target.env)
            .unwrap_or(environments.len());
        let closed = self.closed(now)?;
        let (stream, origin) = origin::stream(
            &repository,
            &service.service,
            (environments, place),
            &closed,
        );
        let window = Window::last(days, now, self.zone.clone());
        let dora = dora::compute(
            &stream,
            &repository.changes,
            &repository.incidents,
            &window,
            (year, counting),
        );
        Ok(Sheet {
            dora,
            stream,
            changes: repository.changes,
            incidents: repository.incidents,
            source: Safe::new(origin.label()),
            as_of,
        })
    }

    /// The rollbacks that the ledger has closed.
    pub(super) fn closed(&self, now: Now) -> Result<Vec<Closed>, Fault> {
        let ledger = Ledger::open_read_only(&self.state_dir).map_err(|e| e.to_fault(now))?;
        let Some(ledger) = ledger else {
            return Ok(Vec::new());
        };
        let listing = ledger.listing(0, usize::MAX).map_err(|e| e.to_fault(now))?;
        Ok(journal::read(&listing.rows).1)
    }
}
