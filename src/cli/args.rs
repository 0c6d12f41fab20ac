//! The arguments: one struct for each command, one sentence for each flag.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::config::ServerUrl;
use crate::domain::calendar::rule::ReleaseKind;
use crate::domain::change::tiers::Year;
use crate::domain::ids::RepoSlug;

/// What the command line says.
#[derive(Debug, Parser)]
#[command(
    name = "flightdeck",
    version,
    about = "A terminal cockpit for software releases; without a command it opens",
    max_term_width = 100
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) screen: Screen,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// Use this configuration file instead of the user's and the project's
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The service; default: the one whose repository you stand in, else the first
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) service: Option<String>,
    /// The environment; default: the service's last
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) env: Option<String>,
    /// Answer as JSON, errors too
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Change nothing anywhere
    #[arg(long, global = true)]
    pub(super) read_only: bool,
}

/// How the screen looks.
#[derive(Debug, Clone, Default, ClapArgs)]
#[command(next_help_heading = "Screen")]
pub(super) struct Screen {
    /// The theme of the screen: dark, light, high-contrast or mono
    #[arg(long, value_name = "NAME")]
    pub(super) theme: Option<String>,
    /// The view to open: cockpit, calendar, gates, deploy, changes or ledger
    #[arg(long, value_name = "NAME")]
    pub(super) view: Option<String>,
}

/// The commands; without one the cockpit opens.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open the cockpit on a simulated company: no token, no network
    Demo(Demo),
    /// One line for each service and environment: what is live, what is being deployed, how it goes
    Status(Status),
    /// The go/no-go checklist of a candidate: each gate with its state and evidence
    Gates(Gates),
    /// Sign a manual gate for the candidate; recorded in the ledger
    Sign(Sign),
    /// Roll back to the last known good version, follow it, and verify it by the signals
    Rollback(Rollback),
    /// What the signals say of the deploy under way, or of a recorded one
    Verdict(Verdict),
    /// When releases may go: windows, freezes, releases and plans, and whether one may go now
    Calendar(Calendar),
    /// Look at the configuration, the tokens, every source and the way back; say how to mend what is wrong
    Doctor(Doctor),
    /// How long changes took from their first commit to their release, and in which stage
    Changes(Changes),
    /// Where a commit, pull request, tag or branch is: its first release, and the environments that run it
    Where(Where),
    /// The delivery metrics (DORA) of each service, with the list behind each number
    Dora(Dora),
    /// The record of what people and flightdeck did
    #[command(subcommand)]
    Ledger(Ledger),
    /// The configuration: write it, check it, show it, find it
    #[command(subcommand)]
    Config(Config),
    /// The JSON Schema of an answer
    Schema(Schema),
    /// A script that completes commands and flags, for a shell
    Completions(Completions),
    /// The manual page
    Man,
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub(super) struct Demo {
    /// What happens: bad-deploy, healthy, flaky-api or frozen
    #[arg(long, default_value = "bad-deploy", value_name = "NAME")]
    pub(super) scenario: String,
    /// Virtual seconds in a real second
    #[arg(long, default_value_t = 1.0, value_parser = speed, value_name = "FACTOR")]
    pub(super) speed: f64,
    /// Chooses names, numbers and noise
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(super) seed: u64,
    /// Only serve: print the addresses and a ready configuration, stay until stopped
    #[arg(long)]
    pub(super) serve: bool,
    /// Deploy that long after the start (virtual time); default: the deploy began 180 s before the start
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    pub(super) deploy_in: Option<Duration>,
    #[command(flatten)]
    pub(super) screen: Screen,
}

/// `status`.
#[derive(Debug, ClapArgs)]
pub(super) struct Status {
    /// Answer with what is known after that long
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// `gates`.
#[derive(Debug, ClapArgs)]
pub(super) struct Gates {
    /// The version or commit to look at; default: the one under way, else the newest tag or draft, else the branch's head
    #[arg(long, value_name = "VERSION")]
    pub(super) candidate: Option<String>,
    /// Answer with what is known after that long
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// `sign`.
#[derive(Debug, ClapArgs)]
pub(super) struct Sign {
    /// The gate
    #[arg(value_name = "GATE")]
    pub(super) gate: String,
    /// As what; needed where the gate has several slots
    #[arg(long, value_name = "SLOT")]
    pub(super) slot: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Say no instead of yes
    #[arg(long)]
    pub(super) no: bool,
    /// The version or commit you looked at: refused if the candidate has moved
    #[arg(long, value_name = "VERSION")]
    pub(super) candidate: Option<String>,
    /// Give up waiting for the sources after that long
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// `rollback`.
#[derive(Debug, ClapArgs)]
pub(super) struct Rollback {
    /// Show the plan, do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do it without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) yes: bool,
    /// Why; default: what the verdict says
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The version or commit to go back to; default: the last known good one
    #[arg(long, value_name = "VERSION")]
    pub(super) to: Option<String>,
    /// The way back by its name in the configuration; default: the first of the ladder that fits
    #[arg(long, value_name = "NAME")]
    pub(super) way: Option<String>,
    #[command(subcommand)]
    pub(super) open: Option<OpenRollback>,
}

/// What can be done with a rollback that is still open.
#[derive(Debug, Subcommand)]
pub(super) enum OpenRollback {
    /// Follow an open rollback to its end; nothing is sent again
    Resume,
    /// Close an open rollback by hand
    Resolve {
        /// Why it is closed
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// `verdict`.
#[derive(Debug, ClapArgs)]
pub(super) struct Verdict {
    /// Judge a recorded deploy: a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Answer with what is known after that long
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// `calendar`.
#[derive(Debug, ClapArgs)]
pub(super) struct Calendar {
    /// Only answer whether a release may go now, and why; exit 3 where it may not
    #[arg(long, conflicts_with_all = ["next", "ics", "from", "to"])]
    pub(super) can_deploy: bool,
    /// Only the next stretches in which a release and its watch fit
    #[arg(long, conflicts_with_all = ["ics", "from", "to"])]
    pub(super) next: bool,
    /// Write an iCalendar file to standard output
    #[arg(long, conflicts_with = "json")]
    pub(super) ics: bool,
    /// From this day or moment; default: two days ago
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
    /// Up to this day or moment; default: in two weeks
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<String>,
    /// The kind of the release, which a freeze may let pass
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<Kind>,
    /// Answer with what is known after that long
    #[arg(long, default_value = "20s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// The kind of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Breaks something
    Major,
    /// Adds something
    Minor,
    /// Mends something
    Patch,
    /// Mends what hurts now
    Hotfix,
}

impl From<Kind> for ReleaseKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Major => Self::Major,
            Kind::Minor => Self::Minor,
            Kind::Patch => Self::Patch,
            Kind::Hotfix => Self::Hotfix,
        }
    }
}

/// `doctor`.
#[derive(Debug, ClapArgs)]
pub(super) struct Doctor {
    /// Give each request that long
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "DURATION")]
    pub(super) timeout: Duration,
}

/// `changes`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, ClapArgs)]
pub(super) struct Changes {
    /// Read this local clone and its tags: no network, no token
    #[arg(long, value_name = "PATH")]
    pub(super) git: Option<PathBuf>,
    /// With --git, the tags that are releases, a glob such as v*
    #[arg(long, default_value = "*", value_name = "GLOB", requires = "git")]
    pub(super) tags: String,
    /// Only what happened since then: a day, a moment, or so long ago; default: 90d, with --git all
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Only your own
    #[arg(long)]
    pub(super) mine: bool,
    /// Only with these words: author:NAME, label:NAME, or plain ones
    #[arg(long, value_name = "WORDS", conflicts_with = "git")]
    pub(super) filter: Option<String>,
    /// Count bots and changes that only make a release, too
    #[arg(long)]
    pub(super) all: bool,
    /// Answer from what is kept; ask nobody
    #[arg(long, conflicts_with = "git")]
    pub(super) offline: bool,
    /// Answer as comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
}

/// `where`.
#[derive(Debug, ClapArgs)]
pub(super) struct Where {
    /// A commit, a tag, a branch, #NUMBER or the address of a pull request
    #[arg(value_name = "REF")]
    pub(super) name: String,
    /// Read this local clone and its tags: no network, no token
    #[arg(long, value_name = "PATH")]
    pub(super) git: Option<PathBuf>,
    /// With --git, the tags that are releases, a glob such as v*
    #[arg(long, default_value = "*", value_name = "GLOB", requires = "git")]
    pub(super) tags: String,
    /// Ask GitHub now (4 requests at most) instead of what is kept
    #[arg(long, conflicts_with = "git")]
    pub(super) now: bool,
    /// Answer from what is kept; ask nobody
    #[arg(long, conflicts_with_all = ["git", "now"])]
    pub(super) offline: bool,
}

/// `dora`.
#[derive(Debug, ClapArgs)]
pub(super) struct Dora {
    /// Over the last so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(7..=3650), value_name = "NUMBER")]
    pub(super) days: u32,
    /// The report whose tiers are shown: 2021, 2023, 2024 or 2025
    #[arg(long, default_value = "2024", value_parser = year, value_name = "YEAR")]
    pub(super) year: Year,
    /// Count bots and changes that only make a release, too
    #[arg(long)]
    pub(super) all: bool,
    /// Answer as comma-separated values
    #[arg(long)]
    pub(super) csv: bool,
    /// Answer from what is kept; ask nobody
    #[arg(long)]
    pub(super) offline: bool,
}

/// `ledger`.
#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// The rows, oldest first
    List {
        /// Only the newest so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Check that no row was changed, removed or inserted
    Verify,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Ask the repository and the metrics server, and write a configuration that works
    Init(Box<Init>),
    /// Say what is wrong, with its place
    Check,
    /// The effective configuration, with where each value comes from; secrets are hidden
    Show,
    /// The files that are read
    Path,
    /// Let the repository's own file name servers, run programs and arm writes; shows what it asks for, and asks back
    Trust(Trust),
    /// The JSON Schema of the configuration, for editors
    Schema,
}

/// `config trust`.
#[derive(Debug, ClapArgs)]
pub(super) struct Trust {
    /// The file, or a folder of its repository; default: the file of the repository you stand in
    #[arg(value_name = "PATH", conflicts_with = "list")]
    pub(super) path: Option<PathBuf>,
    /// Trust it without asking
    #[arg(long, conflicts_with_all = ["revoke", "list"])]
    pub(super) yes: bool,
    /// Trust it no longer
    #[arg(long, conflicts_with = "list")]
    pub(super) revoke: bool,
    /// Only list the trusted files
    #[arg(long)]
    pub(super) list: bool,
}

/// `config init`.
#[derive(Debug, ClapArgs)]
pub(super) struct Init {
    /// The repository; default: the remote of the clone you stand in
    #[arg(long, value_name = "OWNER/NAME")]
    pub(super) repo: Option<RepoSlug>,
    /// The REST API of its GitHub; default: by the remote's host
    #[arg(long, value_name = "URL")]
    pub(super) github: Option<ServerUrl>,
    /// A Prometheus to look into; default: `PROMETHEUS_URL`
    #[arg(long, value_name = "URL")]
    pub(super) metrics: Option<ServerUrl>,
    /// Write it without asking
    #[arg(long, conflicts_with = "print")]
    pub(super) yes: bool,
    /// Only print it
    #[arg(long)]
    pub(super) print: bool,
    /// Replace a configuration that is there; a copy of it is kept
    #[arg(long)]
    pub(super) force: bool,
}

/// `completions`.
#[derive(Debug, ClapArgs)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}

/// `schema`.
#[derive(Debug, ClapArgs)]
pub(super) struct Schema {
    /// Which answer; without a name the names are listed
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write for example 90s, 15m or 1h30m");
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(parsed).map_err(|_| wrong())
}

fn year(text: &str) -> Result<Year, String> {
    let known = || Year::ALL.into_iter();
    let found = known().find(|y| y.number().to_string() == text);
    found.ok_or_else(|| {
        let years: Vec<String> = known().map(|y| y.number().to_string()).collect();
        format!("tiers are known of {}", years.join(", "))
    })
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed > 0.0 && speed <= 1_000.0 => Ok(speed),
        _ => Err("a speed is a number above 0, up to 1000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert!(duration("-3s").is_err() && duration("soon").is_err());
        assert!(speed("0").is_err() && speed("inf").is_err() && speed("20").is_ok());
    }
}
