//! The values of the typed tree that are more than text or number.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::domain::calendar::recurrence::{BadRule, length};
use crate::domain::calendar::rule::End;

/// A positive length of time, written `90s`, `1h 30m`, `7d` (a day is 24 hours, a week 7 days).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub SignedDuration);

impl FromStr for Period {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let span: jiff::Span = text
            .parse()
            .map_err(|_| "not a length of time (a unit is needed)")?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err("months and years have no fixed length");
        }
        // Days and weeks of 24 hours: a period here measures, it does not follow a calendar.
        let whole = span
            .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
            .map_err(|_| "too long")?;
        if whole <= SignedDuration::ZERO {
            return Err("it must be more than nothing");
        }
        Ok(Self(whole))
    }
}

/// The base URL of a server: http or https, a host, no user, password, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
    /// Its host, with the port where one is written.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
    /// Whether it is this machine: then plain http shows a secret to nobody.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
    /// The text, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl FromStr for ServerUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "can't be read")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("is neither http nor https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds credentials: they belong into `token` or `auth`");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a `?` or `#` part: write only the base");
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("has no host");
        }
        Ok(Self(url))
    }
}

/// A value that is never shown: comparing is all that can be done without [`Hidden::secret`].
#[derive(Clone)]
pub struct Hidden(SecretString);

impl Hidden {
    /// The secret.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<hidden>")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(SecretString::from(String::deserialize(d)?)))
    }
}

/// An IANA time zone that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name, as written.
    pub name: String,
    /// Its rules.
    pub rules: jiff::tz::TimeZone,
}

impl FromStr for Zone {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        // Asked once for the check and once for the typed tree; reading one takes longer than drawing a frame.
        static KNOWN: Mutex<Vec<Zone>> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known.iter().find(|zone| zone.name == text) {
            return Ok(zone.clone());
        }
        let rules = match from_system(text) {
            Some(rules) => rules,
            None => jiff::tz::TimeZone::get(text).map_err(|_| "not a known time zone")?,
        };
        let zone = Self {
            name: text.to_owned(),
            rules,
        };
        known.push(zone.clone());
        Ok(zone)
    }
}

/// A zone by its exact name from the system's folder. jiff would read the same file, but lists all of the folder first, and the
/// first frame waits for this. None: let jiff look for it.
fn from_system(name: &str) -> Option<jiff::tz::TimeZone> {
    const FOLDER: &str = "/usr/share/zoneinfo";
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
    };
    // Elsewhere file names do not tell capitals; with TZDIR the folder is another one; jiff knows UTC without looking.
    if !cfg!(target_os = "linux")
        || std::env::var_os("TZDIR").is_some()
        || !name.contains('/')
        || !name.split('/').all(part)
    {
        return None;
    }
    let rules = std::fs::read(format!("{FOLDER}/{name}")).ok()?;
    jiff::tz::TimeZone::tzif(name, &rules).ok()
}

/// A time on the wall clock, without an offset: `2026-12-18T16:00`, or a day, which begins at midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(pub DateTime);

impl FromStr for LocalTime {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, &'static str> {
        // An offset would be read over silently: a wall clock has none.
        let plain = text
            .chars()
            .all(|c| c.is_ascii_digit() || "-:T".contains(c));
        let dashes = text.matches('-').count();
        if !plain || dashes != 2 {
            return Err("not a local time");
        }
        text.parse().map(Self).map_err(|_| "not a local time")
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M"))
    }
}

/// A point in time: an instant, or a time on the wall clock of the configured zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyTime {
    /// With an offset.
    Instant(Timestamp),
    /// Without.
    Local(LocalTime),
}

impl FromStr for AnyTime {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse()
            .map(Self::Local)
            .or_else(|_| text.parse().map(Self::Instant).map_err(|_| ()))
    }
}

/// The end of an occurrence: a time of day, or a length of time from its start.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleEnd(pub End);

impl FromStr for RuleEnd {
    type Err = BadRule;
    fn from_str(text: &str) -> Result<Self, BadRule> {
        if text.contains(':') {
            let time: Result<Time, _> = text.parse();
            return time.map(|time| Self(End::Clock(time))).map_err(|_| BadRule {
                what: format!("\"{text}\" is not a time of day"),
                hint: "write it from \"00:00\" to \"23:59\"; one at or before the start is the next day's"
                    .to_owned(),
            });
        }
        length(text).map(|span| Self(End::After(span.fieldwise())))
    }
}

/// Two times on the wall clock; the second is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// The first time.
    pub from: LocalTime,
    /// The first time after it.
    pub to: LocalTime,
}

macro_rules! from_text {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
from_text!(Period, ServerUrl, Zone, LocalTime, RuleEnd);

/// The value of a workflow input.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum InputValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text, with variables.
    Text(String),
}

/// One value, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// Several.
    More(Vec<String>),
    /// One.
    One(String),
}

impl OneOrMore {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}
