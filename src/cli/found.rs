//! No configuration: what a clone of a GitHub repository tells is enough to look. Nothing is written anywhere, and nothing can be
//! changed from here.

use super::args::{Common, Screen};
use super::failure::Failure;
use super::remote::{self, Remote};
use super::setup::{Machine, Setup};
use crate::app::msg::Msg;
use crate::app::notice::{Notice, Severity};
use crate::config::{Loaded, Origin, ServerUrl, init};
use crate::domain::fetched::{Fault, FaultKind};
use crate::domain::ids::RepoSlug;
use crate::domain::text::Safe;
use crate::runtime::query::survey::{SurveyAsk, survey};
use crate::runtime::{Clock, assemble, session};

/// Why nothing can be changed.
const READ_ONLY: &str = "read-only: there is no configuration, `flightdeck config init` writes one";

/// What a clone leads to.
#[derive(Debug, Clone)]
pub(super) struct Here {
    /// The repository.
    pub(super) repo: RepoSlug,
    /// The REST API of its host.
    pub(super) api: String,
    /// A metrics server that the environment names.
    pub(super) metrics: Option<ServerUrl>,
}

/// What the clone one stands in leads to; none: no clone, or one whose host is not known to be a GitHub.
pub(super) fn here(machine: &Machine, base: &Loaded) -> Option<Here> {
    let found = stand(machine, base)?;
    let api = api(machine, base, &found.host)?;
    Some(Here {
        repo: found.repo,
        api,
        metrics: metrics(machine),
    })
}

/// The remote of the clone one stands in.
pub(super) fn stand(machine: &Machine, base: &Loaded) -> Option<Remote> {
    remote::remote(base.repository.as_deref()?, machine.folders.home.as_deref())
}

/// The API to ask for a host: a configured one, else that of a host that is known.
pub(super) fn api(machine: &Machine, base: &Loaded, host: &str) -> Option<String> {
    if let Some(configured) = configured_api(base) {
        return Some(configured);
    }
    remote::is_github(host, &machine.env, machine.folders.home.as_deref())
        .then(|| remote::api(host))
}

/// The API that somebody wrote down.
pub(super) fn configured_api(base: &Loaded) -> Option<String> {
    let main = base.config.github.get("main")?;
    let written = base.origins.of("github.main.api")? != Origin::Default;
    written.then(|| main.api.as_str().to_owned())
}

/// The metrics server that the environment names.
pub(super) fn metrics(machine: &Machine) -> Option<ServerUrl> {
    machine.var("PROMETHEUS_URL")?.parse().ok()
}

impl Setup {
    /// A setup for what the clone leads to, before anything was asked; none: there is nothing to look at.
    pub(super) fn provisional(
        self,
        common: &Common,
        screen: &Screen,
    ) -> Result<Result<(Self, Here), Self>, Failure> {
        let Some(here) = here(&self.machine, &self.loaded).filter(|_| common.config.is_none())
        else {
            return Ok(Err(self));
        };
        let metrics = here.metrics.as_ref().map(ServerUrl::as_str);
        let text = init::provisional(&here.repo, &here.api, metrics);
        let loaded = self.machine.load_found(common, screen, Some(text))?;
        Ok(Ok((self.with_found(loaded, READ_ONLY), here)))
    }

    /// A setup for what the clone tells, asked now; none: there is nothing to look at.
    pub(super) fn surveyed(self, common: &Common) -> Result<Result<Self, Self>, Failure> {
        let (setup, here) = match self.provisional(common, &Screen::default())? {
            Ok(found) => found,
            Err(this) => return Ok(Err(this)),
        };
        let runtime = session::runtime().map_err(|e| {
            Failure::new(FaultKind::Internal, "the runtime can't be started").cause(e.to_string())
        })?;
        let clock = session::clock(&setup.loaded.config);
        let loaded = runtime.block_on(ask(
            setup.machine.clone(),
            common.clone(),
            Screen::default(),
            setup.loaded.clone(),
            here,
            clock,
        ))?;
        runtime.shutdown_background();
        Ok(Ok(setup.with_found(loaded, READ_ONLY)))
    }
}

/// Asks the repository and makes a configuration of the answer.
async fn ask(
    machine: Machine,
    common: Common,
    screen: Screen,
    base: Loaded,
    here: Here,
    clock: Clock,
) -> Result<Loaded, Failure> {
    let ask = SurveyAsk {
        repo: here.repo,
        metrics: here.metrics,
    };
    let found = survey(&base.config, &machine.env, &clock, &ask)
        .await
        .map_err(|fault| Failure::fault("github.main", &fault))?;
    machine.load_found(&common, &screen, Some(init::text(&found, &here.api)))
}

/// The question that a cockpit without a configuration asks behind its first picture.
pub(super) async fn later(
    machine: Machine,
    common: Common,
    screen: Screen,
    base: Loaded,
    here: Here,
    clock: Clock,
) -> Option<Msg> {
    let now = clock.clone();
    match ask(machine, common, screen, base, here, clock).await {
        Ok(loaded) => Some(Msg::Catalog(assemble::catalog(&loaded.config))),
        Err(failure) => {
            let body = failure.body();
            let fault = Fault {
                message: Safe::new(&body.message),
                hint: body.hint.as_deref().map(Safe::new),
                kind: body.kind,
                at: now.now().0,
                retry_at: None,
            };
            Some(Msg::Noticed(Notice {
                at: fault.at,
                severity: Severity::Error,
                title: fault.message,
                hint: fault.hint,
                source: Safe::new("github.main"),
            }))
        }
    }
}
