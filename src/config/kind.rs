//! Checks a single value against its kind, and says what to write instead.

use jiff::civil::Date;

use super::diagnostic::quoted;
use super::schema::{GATE_VARIABLES, Kind, QUERY_VARIABLES, WRITE_VARIABLES, nearest};
use super::tree::{Table, Value, find};
use super::values::{AnyTime, LocalTime, Period, RuleEnd, ServerUrl, Zone};
use crate::domain::calendar::recurrence::{BadRule, Recurrence};
use crate::domain::ids::{EnvId, RepoSlug};
use crate::domain::release::ladder::VersionAt;
use crate::providers::http_json::settings::check_path;

/// What is wrong with a value, and what to write instead.
pub(crate) type Fault = (String, String);

fn fault<T>(message: impl Into<String>, hint: impl Into<String>) -> Result<T, Fault> {
    Err((message.into(), hint.into()))
}

/// What a value of this kind looks like, with an example.
pub(crate) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Text | Kind::AnyText | Kind::Header | Kind::Template => "a text in quotes".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Number { above, up_to, open } => format!(
            "a number above {above} and {} {up_to}",
            if *open { "below" } else { "up to" }
        ),
        Kind::Version(version) => format!("{version}"),
        Kind::Period => "a length of time such as \"90s\", \"30m\", \"4h\", \"7d\"".to_owned(),
        Kind::Zone => "an IANA time zone such as \"Europe/Berlin\"".to_owned(),
        Kind::Moment => "a moment with its offset such as \"2026-11-21T14:03:00Z\"".to_owned(),
        Kind::Url => "a URL such as \"https://host.example/base\"".to_owned(),
        Kind::Link => "a link such as \"https://wiki.example/page\"".to_owned(),
        Kind::Repo => "a repository as \"owner/name\"".to_owned(),
        Kind::InRepo => "a path inside the repository such as \"services/checkout\"".to_owned(),
        Kind::File => "the path of a file".to_owned(),
        Kind::Word(words) => one_of(words),
        Kind::Id => "an id of lower-case letters, digits and `-`".to_owned(),
        Kind::Variable => "the name of an environment variable such as \"GH_TOKEN\"".to_owned(),
        Kind::Workflow => "the name of a workflow file such as \"deploy.yml\"".to_owned(),
        Kind::Input => "a text, a number, true or false".to_owned(),
        Kind::Query => "a query in quotes".to_owned(),
        Kind::Whole(from, to) => format!("a whole number from {from} to {to}"),
        Kind::Real => "a number".to_owned(),
        Kind::Plain => "a number, a text, true or false".to_owned(),
        Kind::Address => "an address such as \"https://ci.example/coverage/$sha\"".to_owned(),
        Kind::VersionAt => {
            "a JSONPath such as \"$.version\", \"header X-Version\" or \"text\"".to_owned()
        }
        Kind::JsonPath => "a JSONPath such as \"$.totals.percent\"".to_owned(),
        Kind::Jobs => "a text with {weight} in it such as \"canary {weight} %\"".to_owned(),
        Kind::Local => "a local time such as \"2026-12-18T16:00\"".to_owned(),
        Kind::AnyTime => {
            "a time such as \"2026-11-24T15:30\" or \"2026-11-24T14:30:00Z\"".to_owned()
        }
        Kind::Stretch => "{ from = \"2026-12-18T00:00\", to = \"2027-01-04T09:00\" }".to_owned(),
        Kind::Recurrence => "a rule such as \"FREQ=WEEKLY;BYDAY=MO,TU\"".to_owned(),
        Kind::End => "a local time such as \"17:00\" or a length such as \"8h\"".to_owned(),
        Kind::List(inner) => format!("a list: [..], each entry {}", expected(inner)),
        Kind::Many(inner) => format!("{}, or a list of such", expected(inner)),
    }
}

fn one_of(words: &[&str]) -> String {
    let all: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match all.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}", all.join(", ")),
    }
}

/// Checks a value that is not a list.
pub(crate) fn check(kind: &Kind, value: &Value) -> Result<(), Fault> {
    let wrong = || {
        fault(
            format!("{} does not belong here", value.what()),
            format!("write {}", expected(kind)),
        )
    };
    match (kind, value) {
        (Kind::Input | Kind::Real | Kind::Plain, Value::Float(n)) if !n.is_finite() => wrong(),
        (Kind::Bool, Value::Bool(_))
        | (Kind::Real, Value::Integer(_) | Value::Float(_))
        | (Kind::Input | Kind::Plain, Value::Bool(_) | Value::Integer(_) | Value::Float(_)) => {
            Ok(())
        }
        (Kind::Whole(from, to), Value::Integer(n)) if (from..=to).contains(&n) => Ok(()),
        (Kind::Whole(..), Value::Integer(n)) => fault(
            format!("{n} is out of range"),
            format!("write {}", expected(kind)),
        ),
        (Kind::Number { .. }, Value::Integer(n)) => number(kind, *n as f64),
        (Kind::Number { .. }, Value::Float(n)) => number(kind, *n),
        (Kind::Version(known), Value::Integer(n)) if n == known => Ok(()),
        (Kind::Version(known), Value::Integer(n)) => fault(
            format!("version {n} of the configuration is not known"),
            format!("write {known}; if the file was made for a newer flightdeck, use that one"),
        ),
        (Kind::Moment, Value::Moment(text)) => moment(text),
        (Kind::Stretch, Value::Table(entries)) => stretch(entries),
        (
            Kind::Bool
            | Kind::Number { .. }
            | Kind::Whole(..)
            | Kind::Real
            | Kind::Version(_)
            | Kind::List(_)
            | Kind::Many(_)
            | Kind::Stretch,
            _,
        ) => wrong(),
        (Kind::Local | Kind::AnyTime | Kind::End, Value::Moment(text)) | (_, Value::Text(text)) => {
            check_text(kind, text)
        }
        _ => wrong(),
    }
}

fn number(kind: &Kind, n: f64) -> Result<(), Fault> {
    match kind {
        Kind::Number { above, up_to, open }
            if !(n.is_finite() && n > *above && (n < *up_to || (!open && n <= *up_to))) =>
        {
            fault(
                format!("{n} is out of range"),
                format!("write {}", expected(kind)),
            )
        }
        _ => Ok(()),
    }
}

fn moment(text: &str) -> Result<(), Fault> {
    match text.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(()),
        Err(_) => fault(
            format!("{} is not a moment", quoted(text)),
            format!("write {}", expected(&Kind::Moment)),
        ),
    }
}

fn check_text(kind: &Kind, text: &str) -> Result<(), Fault> {
    let bad = |what: &str| {
        fault(
            format!("{} is not {what}", quoted(text)),
            format!("write {}", expected(kind)),
        )
    };
    if !matches!(kind, Kind::AnyText | Kind::Input) && text.trim().is_empty() {
        return fault(
            "this is empty",
            format!("write {}, or leave the key out", expected(kind)),
        );
    }
    if text
        .chars()
        .any(|c| c.is_control() && !(c == '\n' && matches!(kind, Kind::Query | Kind::Input)))
    {
        return fault(
            "this holds a control character",
            "write it without line breaks, tabs and escapes",
        );
    }
    match kind {
        Kind::Header if !text.bytes().all(|b| (0x20..0x7f).contains(&b)) => {
            fault("a header's value is not visible ASCII", "write it in ASCII")
        }
        Kind::Period => match text.parse::<Period>() {
            Ok(_) => Ok(()),
            Err(why) => fault(
                format!("{}: {why}", quoted(text)),
                format!("write {}", expected(kind)),
            ),
        },
        Kind::Zone if text.parse::<Zone>().is_err() => zone(text),
        Kind::Moment => moment(text),
        Kind::Url => match text.parse::<ServerUrl>() {
            Ok(_) => Ok(()),
            Err(why) => fault(
                format!("this URL {why}"),
                format!("write {}", expected(kind)),
            ),
        },
        Kind::Link => match url::Url::parse(text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.username().is_empty()
                    && url.password().is_none() =>
            {
                Ok(())
            }
            _ => bad("a link to a page"),
        },
        Kind::Repo if text.parse::<RepoSlug>().is_err() => bad("a repository"),
        Kind::InRepo if !in_repository(text) => fault(
            format!("{} is not inside the repository", quoted(text)),
            "write a path relative to the repository's root, without `..`",
        ),
        Kind::Word(words) if !words.contains(&text) => fault(
            format!("{} is not known here", quoted(text)),
            match nearest(text, words.iter().copied()) {
                Some(near) if words.len() > 1 => {
                    format!("did you mean \"{near}\"? Write {}", one_of(words))
                }
                _ => format!("write {}", one_of(words)),
            },
        ),
        Kind::Id if text.parse::<EnvId>().is_err() => bad("an id"),
        // What stands here instead is often the token itself, so it is not repeated.
        Kind::Variable if !variable(text) => fault(
            "this is not the name of an environment variable",
            format!(
                "write {}; the token itself belongs into that variable",
                expected(kind)
            ),
        ),
        Kind::Workflow if !workflow(text) => fault(
            format!("{} is not the name of a workflow file", quoted(text)),
            "write only the file's name in .github/workflows, ending in .yml or .yaml",
        ),
        Kind::Template | Kind::Input => variables(text, |name| WRITE_VARIABLES.contains(&name))
            .map_or(Ok(()), |name| {
                unknown_variable(name, WRITE_VARIABLES.iter().copied())
            }),
        Kind::Address => address(text, kind),
        Kind::VersionAt if !text.starts_with('$') => match VersionAt::read(text) {
            Some(_) => Ok(()),
            None => bad("a place of a version"),
        },
        Kind::VersionAt | Kind::JsonPath => check_path(text).or_else(|why| {
            fault(
                format!("{} is not a JSONPath: {why}", quoted(text)),
                format!("write {}", expected(kind)),
            )
        }),
        Kind::Local if text.parse::<LocalTime>().is_err() => bad("a local time"),
        Kind::AnyTime if text.parse::<AnyTime>().is_err() => bad("a point in time"),
        Kind::End => text.parse::<RuleEnd>().map(|_| ()).map_err(told),
        Kind::Recurrence => Recurrence::parse(text, Date::constant(2026, 1, 1).at(0, 0, 0, 0))
            .map(|_| ())
            .map_err(told),
        Kind::Jobs if text.matches("{weight}").count() != 1 => {
            bad("a text with {weight} in it once")
        }
        _ => Ok(()),
    }
}

/// The address of an `http` gate: variables may stand anywhere but in the host.
fn address(text: &str, kind: &Kind) -> Result<(), Fault> {
    if let Some(name) = variables(text, |name| GATE_VARIABLES.contains(&name)) {
        return unknown_variable(name, GATE_VARIABLES.iter().copied());
    }
    let host_end = text.find("://").and_then(|start| {
        let rest = text.get(start + 3..)?;
        Some(start + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len()))
    });
    let origin = host_end.and_then(|end| text.get(..end)).unwrap_or(text);
    let what = match url::Url::parse(origin) {
        _ if origin.contains('$') => "has a variable in its host",
        Err(_) => "can't be read",
        Ok(url) if !matches!(url.scheme(), "http" | "https") => "is neither http nor https",
        Ok(url) if !url.username().is_empty() || url.password().is_some() => "holds credentials",
        Ok(url) if url.host_str().is_none_or(str::is_empty) => "has no host",
        Ok(_) if text.contains('#') => "has a `#` part, which is never sent",
        Ok(_) => return Ok(()),
    };
    fault(
        format!("this address {what}"),
        format!("write {}", expected(kind)),
    )
}

fn told(bad: BadRule) -> Fault {
    (bad.what, bad.hint)
}

/// A stretch holds `from` and `to`, the one before the other.
fn stretch(entries: &Table) -> Result<(), Fault> {
    let hint = || format!("write {}", expected(&Kind::Stretch));
    if let Some((name, _)) = entries
        .iter()
        .find(|(name, _)| !["from", "to"].contains(&name.as_str()))
    {
        return fault(
            format!("unknown key {} in a stretch of time", quoted(name)),
            hint(),
        );
    }
    let end = |name: &str| -> Result<LocalTime, Fault> {
        match find(entries, &[name]).map(|item| &item.value) {
            Some(Value::Text(text) | Value::Moment(text)) => text
                .parse()
                .or_else(|_: &str| fault(format!("{} is not a local time", quoted(text)), hint())),
            Some(other) => fault(format!("`{name}` is {}", other.what()), hint()),
            None => fault(format!("this lacks `{name}`"), hint()),
        }
    };
    let (from, to) = (end("from")?, end("to")?);
    if from >= to {
        return fault(
            format!("the end {to} is not after the start {from}"),
            "write `from` before `to`; `to` itself is not part of it",
        );
    }
    Ok(())
}

fn zone(text: &str) -> Result<(), Fault> {
    let known: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    let hint = match nearest(text, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("write {}", expected(&Kind::Zone)),
    };
    fault(format!("{} is not a known time zone", quoted(text)), hint)
}

fn in_repository(text: &str) -> bool {
    !text.starts_with(['/', '\\', '~'])
        && !text.split(['/', '\\']).any(|part| part == "..")
        && !text.contains(':')
}

fn variable(text: &str) -> bool {
    let token = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !token.iter().any(|prefix| text.starts_with(prefix))
}

fn workflow(text: &str) -> bool {
    let stem = text
        .strip_suffix(".yml")
        .or_else(|| text.strip_suffix(".yaml"));
    stem.is_some_and(|stem| !stem.is_empty()) && !text.contains(['/', '\\', '?', '#', '%', ' '])
}

/// The error for a variable that means nothing.
pub(crate) fn unknown_variable<'a, T>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<T, Fault> {
    let all: Vec<String> = known.clone().map(|name| format!("${name}")).collect();
    let list = all.join(", ");
    fault(
        format!("the variable ${name} means nothing here"),
        match nearest(name, known) {
            Some(near) => format!("did you mean ${near}? Known: {list}"),
            None => format!("known: {list}"),
        },
    )
}

/// The first variable (`$name`) of a template that is not known. A `$` before anything but a lower-case letter is text.
pub(crate) fn variables(text: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    text.split('$').skip(1).find_map(|rest| {
        let end = rest
            .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
            .unwrap_or(rest.len());
        let name = rest.get(..end)?;
        (name.starts_with(|c: char| c.is_ascii_lowercase()) && !known(name)).then_some(name)
    })
}

/// The variables every query knows, and a service's labels.
pub(crate) fn query_variables(labels: &[String]) -> impl Iterator<Item = &str> + Clone {
    QUERY_VARIABLES
        .iter()
        .copied()
        .chain(labels.iter().map(String::as_str))
}
