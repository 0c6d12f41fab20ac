//! The first configuration, written from a survey: it works as it stands, and says in comments what each part is for, what was
//! found, and what could not be read with the permission that it takes. Pure: findings in, TOML text out.

mod gates;
mod service;

use std::fmt::Write as _;

use crate::domain::survey::Survey;

/// The API of github.com, which need not be written.
pub const GITHUB: &str = "https://api.github.com";

const HEAD: &str = "\
#:schema ./config.schema.json
# Written by `flightdeck config init` from what the repository tells. It works as it stands, and every line may be changed.
# `flightdeck config check` finds mistakes. `flightdeck config schema > .flightdeck/config.schema.json` makes the file that
# the first line names: editors then complete and explain the keys.
schema = 1
";

/// The text of a configuration for what was found behind `api`.
pub fn text(survey: &Survey, api: &str) -> String {
    let mut out = HEAD.to_owned();
    missing(survey, &mut out);
    if api.trim_end_matches('/') != GITHUB {
        let _ = write!(out, "\n[github.main]\napi = {}\n", quoted(api));
    }
    metrics(survey, &mut out);
    let ways = service::write(survey, &mut out);
    gates::write(&survey.repo, &ways, &mut out);
    out.push_str(REST);
    out
}

/// What a session starts from before the repository has answered: one service with one environment.
pub fn provisional(
    repo: &crate::domain::ids::RepoSlug,
    api: &str,
    metrics: Option<&str>,
) -> String {
    let id = service::id(repo);
    let mut out = format!(
        "schema = 1\n[github.main]\napi = {}\n[services.{id}]\nrepo = {}\nenvironments = [\"production\"]\nrelease = {{ tags = \"*\" }}\n",
        quoted(api),
        quoted(&repo.to_string())
    );
    if let Some(url) = metrics {
        let _ = write!(out, "[metrics.prom]\nurl = {}\n", quoted(url));
    }
    out
}

const REST: &str = r#"
# When releases may go. Without any rule they always may; `flightdeck calendar --can-deploy` answers scripts.
#[calendar.freeze.weekend]
#rrule = "FREQ=WEEKLY;BYDAY=FR"
#start = "2026-01-02T16:00"
#end = "2d16h"
#reason = "nobody is here"
"#;

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A query as TOML writes it: without escapes where that is possible.
fn literal(text: &str) -> String {
    if text.contains(['\'', '\n']) {
        quoted(text)
    } else {
        format!("'{text}'")
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(quoted).collect();
    format!("[{}]", items.join(", "))
}

/// What was said by others, on one line of a comment.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn missing(survey: &Survey, out: &mut String) {
    if survey.repo.missing.is_empty() {
        return;
    }
    out.push_str("\n# Could not be read with this token; what depends on it is advisory below, or left out:\n");
    for missing in &survey.repo.missing {
        let why = one_line(missing.why.as_str());
        let _ = writeln!(
            out,
            "# - {}: needs the permission \"{}\" ({why})",
            missing.what, missing.permission
        );
    }
}

fn metrics(survey: &Survey, out: &mut String) {
    let Some(facts) = &survey.metrics else {
        out.push_str(
            "\n# Signals, and with them the verdict on a deploy: `flightdeck config init --force --metrics URL` looks into a Prometheus.\n\
             #[metrics.prom]\n#url = \"https://prometheus.example\"\n",
        );
        return;
    };
    let why = facts.why.as_ref().map(|w| one_line(w.as_str()));
    let Some(signals) = &facts.signals else {
        let _ = write!(
            out,
            "\n# No queries fit: {}.\n# Write your own, then set `metrics = \"prom\"` at the service.\n[metrics.prom]\nurl = {}\n\
             #[defaults.signals]\n\
             #requests = 'sum(increase(REQUESTS{{service=\"$service\",env=\"$env\"$track}}[$bin]))'\n\
             #errors = 'sum(increase(REQUESTS{{service=\"$service\",env=\"$env\",code=~\"5..\"$track}}[$bin]))'\n",
            why.unwrap_or_else(|| "nothing was found".to_owned()),
            quoted(&facts.url)
        );
        return;
    };
    let _ = write!(out, "\n[metrics.prom]\nurl = {}\n\n", quoted(&facts.url));
    let _ = writeln!(out, "# Found: {}. {}", signals.family, now(signals, survey));
    let others: Vec<&str> = facts
        .seen
        .iter()
        .copied()
        .filter(|s| *s != signals.family)
        .collect();
    if !others.is_empty() {
        let _ = writeln!(out, "# Also there: {}.", others.join(", "));
    }
    let queries = &signals.queries;
    let _ = write!(
        out,
        "# $track is the canary's or the stable selector where an environment has them, else nothing.\n\
         [defaults.signals]\nrequests = {}\nerrors = {}\n",
        literal(&queries.requests),
        literal(&queries.errors)
    );
    match &queries.latency {
        Some((buckets, unit)) => {
            let _ = writeln!(
                out,
                "latency = {{ buckets = {}, unit = \"{unit}\" }}",
                literal(buckets)
            );
        }
        None => out.push_str("# There is no histogram of durations, so latency is not judged.\n"),
    }
}

/// What the queries give now.
fn now(signals: &crate::domain::survey::SignalFacts, survey: &Survey) -> String {
    let (chosen, _) = crate::domain::survey::choice::environments(&survey.repo);
    let env = chosen.last().map_or("", |c| c.id.as_str());
    match (signals.per_second, signals.failing) {
        (Some(rate), Some(failing)) => format!(
            "Now in {env}: {rate:.1} requests a second, {:.2} % of them fail.",
            failing * 100.0
        ),
        _ => format!("There is no request in {env} right now."),
    }
}

#[cfg(test)]
mod tests;
