//! `flightdeck demo`: starts the simulated company and opens the cockpit on it, or only serves it. The company is reached over
//! HTTP like any other; nothing but a configuration file leads to it.

use jiff::{SignedDuration, Timestamp};

use super::args::{Common, Demo as Args};
use super::cockpit;
use super::failure::{Failure, GOOD};
use super::output::Output;
use super::profile::Profile;
use super::setup::{Machine, Setup};
use super::stop::Stop;
use crate::demo::{self, Demo, RealClock, Scenario};
use crate::domain::fetched::FaultKind;
use crate::report::demo::DemoReport;
use crate::report::verdict::SCHEMA;
use crate::runtime::{Clock, session};

/// Runs it.
pub(super) fn run(common: &Common, args: &Args, out: &mut Output) -> Result<u8, Failure> {
    let machine = Machine::read()?;
    let start = now();
    let demo = company(args, start)?;
    let profile = Profile::make(&machine.folders, start, std::process::id())
        .map_err(|e| internal("the demo's folder can't be made", &e))?;
    let config = written(&demo, &profile)
        .map_err(|e| internal("the demo's configuration can't be written", &e))?;
    let answer = if args.serve {
        serve(&demo, config, out)
    } else {
        let common = Common {
            config: Some(config.into()),
            ..common.clone()
        };
        Setup::on(machine, &common, &args.screen)
            .and_then(|setup| cockpit::open(&setup, &common, &args.screen))
    };
    demo.stop();
    drop(profile);
    answer
}

fn company(args: &Args, start: Timestamp) -> Result<Demo, Failure> {
    let scenario: Scenario = args.scenario.parse().map_err(|e: demo::UnknownScenario| {
        Failure::usage(e.to_string()).hint("choose one with --scenario")
    })?;
    let deploy_in = args.deploy_in.map(SignedDuration::try_from).transpose();
    let clock = demo::Clock {
        at: start,
        real_at: start,
        speed: args.speed,
    };
    let options = demo::Options {
        scenario,
        seed: args.seed,
        deploy_in: deploy_in.map_err(|_| Failure::usage("--deploy-in is too long"))?,
        ..demo::Options::new(clock, RealClock::new(now))
    };
    demo::start(options).map_err(|e| internal("the simulated company can't be started", &e))
}

/// The machine's time, in whole milliseconds, as it stands in the configuration too.
fn now() -> Timestamp {
    let now = Clock::real().now().0;
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Writes token and configuration; returns the configuration's path.
fn written(demo: &Demo, profile: &Profile) -> std::io::Result<String> {
    let token = profile.write("token", &demo.token)?;
    let config = format!(
        "{}\n[state]\nprofile = \"{}\"\n",
        demo.config_toml(&token),
        profile.name
    );
    let path = profile.write("config.toml", &config)?;
    Ok(path.display().to_string())
}

/// Says where everything is, and stays until somebody asks to leave.
fn serve(demo: &Demo, config: String, out: &mut Output) -> Result<u8, Failure> {
    let runtime = session::runtime().map_err(|e| internal("the runtime can't be started", &e))?;
    runtime.block_on(async {
        // First listen, then speak: who reads the line may stop the demo at once.
        let mut stop = Stop::new()?;
        out.json(&DemoReport {
            schema: SCHEMA,
            github_url: demo.github_url.clone(),
            graphql_url: demo.graphql_url.clone(),
            prometheus_url: demo.prometheus_url.clone(),
            metrics_url: demo.metrics_url.clone(),
            config,
            token: demo.token.clone(),
            scenario: demo.scenario.name().to_owned(),
            seed: demo.seed,
            now: demo.now,
        });
        stop.asked().await;
        Ok(GOOD)
    })
}

fn internal(what: &str, error: &std::io::Error) -> Failure {
    Failure::new(FaultKind::Internal, what).cause(error.to_string())
}
