//! A ready configuration of the cockpit for this company.

use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::catalog::{OWNER, SERVICES, STAR};
use super::{Demo, Scenario};

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend([format!("\\u{:04X}", u32::from(c))]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

const SIGNALS: &str = r#"
[defaults.signals]
requests = 'sum(increase(http_requests_total{service="$service",env="$env"$track}[$bin]))'
errors = 'sum(increase(http_requests_total{service="$service",env="$env",code=~"5.."$track}[$bin]))'
latency = { buckets = 'sum by (le) (increase(http_request_duration_seconds_bucket{service="$service",env="$env"$track}[$bin]))', unit = "s" }

[defaults.slo]
availability = { objective = 0.995, period = "30d" }
latency = { objective = 0.95, below = "300ms", period = "30d" }
"#;

/// When the company releases to production.
const CALENDAR: &str = r#"
[calendar.window.office]
rrule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
start = "2026-01-01T09:00"
end = "17:00"
scope = { env = ["production"] }

[calendar.freeze.weekend]
rrule = "FREQ=WEEKLY;BYDAY=FR"
start = "2026-01-02T16:30"
end = "2d16h30m"
allow = ["hotfix"]
reason = "nobody is here"
scope = { env = ["production"] }

[calendar.freeze.year-end]
rrule = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=18"
start = "2026-12-18T00:00"
end = "17d9h"
hard = true
reason = "the year's end"
scope = { env = ["production"] }
"#;

/// The zone of the company's office.
const ZONE: &str = "Europe/Berlin";

/// A calendar in whose worst days the story takes place: a freeze since yesterday, for five days more; the office's hours come back
/// after it. Until then only who is on call releases: what the freeze lets pass.
fn frozen(now: Timestamp) -> String {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone).datetime().date();
    let day = |days: i32, hour: i8| {
        let date = today.checked_add(days.days()).unwrap_or(today);
        date.at(hour, 0, 0, 0)
    };
    let text = |at: DateTime| at.strftime("%Y-%m-%dT%H:%M").to_string();
    let (from, to, back) = (text(day(-1, 0)), text(day(5, 9)), text(day(5, 9)));
    format!(
        r#"
[calendar.freeze.peak-days]
dates = [{{ from = "{from}", to = "{to}" }}]
allow = ["hotfix"]
reason = "the busiest days of the year"
scope = {{ env = ["production"] }}

[calendar.window.office]
rrule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
start = "{back}"
end = "17:00"
scope = {{ env = ["production"] }}

[calendar.window.on-call]
dates = [{{ from = "{from}", to = "{to}" }}]
reason = "for what can't wait"
scope = {{ env = ["production"] }}

[gates]
ci = {{ stage = "test", checks = {{ blocking = true }} }}
way-back = {{ stage = "prepare", rollback_plan = {{}} }}
window = {{ stage = "deploy", window = {{}} }}
"#
    )
}

/// The configuration file's text; the token is read from the file at `token_file`.
pub(crate) fn toml(demo: &Demo, token_file: &Path) -> String {
    let token = quoted(&token_file.to_string_lossy());
    let calendar = match demo.scenario {
        Scenario::Frozen => frozen(demo.clock.at),
        _ => CALENDAR.to_owned(),
    };
    let mut out = format!(
        "# The demo's company. Everything here is simulated.\nschema = 1\ntimezone = \"{ZONE}\"\n\n\
         [clock]\nat = \"{}\"\nreal_at = \"{}\"\nspeed = {:?}\n\n\
         [github.main]\napi = \"{}\"\ngraphql = \"{}\"\ntoken = {{ from = \"file\", path = {token} }}\n\n\
         [metrics.prom]\nurl = \"{}\"\n{SIGNALS}\n\
         {calendar}\n[ui]\nbanner = \"DEMO\"\nservice = \"{STAR}\"\n",
        demo.clock.at,
        demo.clock.real_at,
        demo.clock.speed,
        demo.github_url,
        demo.graphql_url,
        demo.prometheus_url,
    );
    for spec in &SERVICES {
        let name = spec.name;
        let envs: Vec<String> = spec
            .environments
            .iter()
            .map(|e| format!("\"{}\"", e.name))
            .collect();
        out.extend([format!(
            "\n[services.{name}]\nrepo = \"{OWNER}/{name}\"\ngithub = \"main\"\nmetrics = \"prom\"\nenvironments = [{}]\n\
             release = {{ tags = \"v*\", from = \"tags\" }}\nirreversible = [\"db/migrations/**\"]\n\
             roles = {{ accountable = \"li\", responsible = [\"maria\"] }}\n",
            envs.join(", "),
        )]);
        if name == "search" {
            out.extend([format!("needs = [\"{STAR}\"]\n")]);
        }
        for env in spec.environments {
            let production = env.name == "production";
            let env = env.name;
            out.extend([format!("\n[services.{name}.env.{env}]\n")]);
            if !production {
                out.push_str("confirm = \"key\"\n");
                continue;
            }
            // The star shows both ways back: its workflow, and the old run once more.
            let (ladder, rerun) = if name == STAR {
                (
                    "\"workflow\", \"old-run\"",
                    "old-run = { github_rerun = { max_age = \"30d\" } }\n",
                )
            } else {
                ("\"workflow\"", "")
            };
            out.extend([format!(
                "live = [\"deployments\"]\n\
                 deploy = {{ workflow = \"deploy.yml\", ref = \"main\", inputs = {{ version = \"$to_version\", sha = \"$to_sha\", cockpit_id = \"$correlation_id\" }} }}\n\
                 canary = {{ jobs = \"canary {{weight}} %\", track = ',track=\"canary\"', stable = ',track=\"stable\"' }}\n\
                 bake = \"30m\"\nconfirm = \"service-name\"\nverify_within = \"15m\"\n\n\
                 [services.{name}.env.{env}.rollback]\nladder = [{ladder}]\n\n\
                 [services.{name}.env.{env}.rollback.way]\n\
                 workflow = {{ github_workflow = {{ file = \"rollback.yml\", ref = \"main\", inputs = {{ sha = \"$to_sha\", cockpit_id = \"$correlation_id\" }} }} }}\n{rerun}",
            )]);
        }
    }
    out
}
