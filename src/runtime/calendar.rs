//! From the configuration to the calendar that the core works with. Pure.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::model::{Config, FreezeConfig, ScopeConfig, WindowConfig};
use crate::config::{AnyTime, Loaded, LocalTime, Origin, Place, PlannedConfig, RuleEnd, Stretch};
use crate::domain::calendar::Calendar;
use crate::domain::calendar::planned::Planned;
use crate::domain::calendar::recurrence::{Recurrence, instant};
use crate::domain::calendar::rule::{Repeats, Rule, RuleKind, Scope, Times};
use crate::domain::ids::Target;
use crate::domain::text::Safe;

/// The zone of the screen: the configured one, else the machine's.
pub(super) fn zone(config: &Config) -> TimeZone {
    config
        .timezone
        .as_ref()
        .map_or_else(TimeZone::system, |z| z.rules.clone())
}

/// The rules and plans that a configuration describes.
pub(super) fn calendar(loaded: &Loaded) -> Calendar {
    let config = &loaded.config.calendar;
    let zone = zone(&loaded.config);
    let windows = config.window.iter().map(|(id, window)| {
        let zone = window.timezone.as_ref().map_or(&zone, |z| &z.rules);
        self::window(loaded, id, window, zone)
    });
    let freezes = config.freeze.iter().map(|(id, freeze)| {
        let zone = freeze.timezone.as_ref().map_or(&zone, |z| &z.rules);
        self::freeze(loaded, id, freeze, zone)
    });
    Calendar {
        rules: windows.chain(freezes).collect(),
        plans: loaded
            .plan
            .iter()
            .filter_map(|plan| planned(loaded, plan, &zone))
            .collect(),
    }
}

fn window(loaded: &Loaded, id: &str, c: &WindowConfig, zone: &TimeZone) -> Rule {
    Rule {
        id: id.to_owned(),
        kind: RuleKind::Window,
        zone: zone.clone(),
        zone_name: zone_name(zone),
        times: times(c.rrule.as_deref(), c.start, c.end.as_ref(), &c.dates),
        scope: scope(&loaded.config, &c.scope),
        allow: Vec::new(),
        hard: false,
        reason: Safe::new(c.reason.as_deref().unwrap_or_default()),
        place: place(loaded, "window", id),
    }
}

fn freeze(loaded: &Loaded, id: &str, c: &FreezeConfig, zone: &TimeZone) -> Rule {
    Rule {
        id: id.to_owned(),
        kind: RuleKind::Freeze,
        zone: zone.clone(),
        zone_name: zone_name(zone),
        times: times(c.rrule.as_deref(), c.start, c.end.as_ref(), &c.dates),
        scope: scope(&loaded.config, &c.scope),
        allow: c.allow.clone(),
        hard: c.hard,
        reason: Safe::new(c.reason.as_deref().unwrap_or_default()),
        place: place(loaded, "freeze", id),
    }
}

fn zone_name(zone: &TimeZone) -> Safe {
    Safe::new(zone.iana_name().unwrap_or("the machine's zone"))
}

/// The loader has refused every rule that does not parse.
fn times(
    rrule: Option<&str>,
    start: Option<LocalTime>,
    end: Option<&RuleEnd>,
    dates: &[Stretch],
) -> Times {
    let repeats = rrule.zip(start).zip(end).and_then(|((rule, start), end)| {
        Some(Repeats {
            starts: Recurrence::parse(rule, start.0).ok()?,
            end: end.0.clone(),
        })
    });
    Times {
        repeats,
        dates: dates.iter().map(|s| (s.from.0, s.to.0)).collect(),
    }
}

fn scope(config: &Config, scope: &ScopeConfig) -> Scope {
    if *scope == ScopeConfig::default() {
        return Scope::default();
    }
    let mut targets = BTreeSet::new();
    for (id, service) in config.services.iter() {
        let named = scope.service.is_empty() || scope.service.contains(id);
        let tagged = scope.tags.is_empty() || service.tags.iter().any(|t| scope.tags.contains(t));
        if !(named && tagged) {
            continue;
        }
        let envs = service
            .environments
            .iter()
            .filter(|e| scope.env.is_empty() || scope.env.iter().any(|s| s == e.as_str()));
        if let Ok(service) = id.parse() {
            targets.extend(envs.map(|env| Target {
                service: Clone::clone(&service),
                env: env.clone(),
            }));
        }
    }
    let parts = [&scope.service, &scope.env, &scope.tags];
    let words: Vec<String> = parts
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| part.join(", "))
        .collect();
    Scope {
        targets: Some(targets),
        words: Safe::new(&words.join(" · ")),
    }
}

fn planned(loaded: &Loaded, plan: &PlannedConfig, zone: &TimeZone) -> Option<Planned> {
    let at: Timestamp = match plan.at {
        AnyTime::Instant(at) => at,
        AnyTime::Local(local) => instant(local.0, zone)?,
    };
    let place = match &plan.place {
        Place::File(source, _) => {
            let line = plan.place.line_column().map_or(0, |(line, _)| line);
            shown(loaded, &source.path, line)
        }
        _ => Safe::default(),
    };
    Some(Planned {
        id: plan.id.clone(),
        target: Target {
            service: plan.service.parse().ok()?,
            env: plan.environment.parse().ok()?,
        },
        version: Safe::new(&plan.version),
        at,
        kind: plan.kind,
        place,
    })
}

/// Where a rule was written: the line of what says when it is.
fn place(loaded: &Loaded, kind: &str, id: &str) -> Safe {
    let key = |name: &str| format!("calendar.{kind}.{id}.{name}");
    let origins = &loaded.origins;
    match origins
        .of(&key("rrule"))
        .or_else(|| origins.of(&key("dates")))
    {
        Some(Origin::File { path, line, .. }) => shown(loaded, &path, line),
        Some(Origin::Env(name) | Origin::Flag(name)) => Safe::new(&name),
        Some(Origin::Default) | None => Safe::default(),
    }
}

/// `file:line`; files of the repository from its root.
fn shown(loaded: &Loaded, path: &Path, line: usize) -> Safe {
    let short = loaded
        .repository
        .as_deref()
        .and_then(|root| path.strip_prefix(root).ok())
        .unwrap_or(path);
    Safe::new(&format!("{}:{line}", short.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Folders, Sources};
    use crate::domain::calendar::decision::{Question, decide};

    const TOML: &str = r#"
timezone = "Europe/Berlin"
[services.checkout]
repo = "acme/checkout"
tags = ["tier-1"]
environments = ["staging", "production"]
[services.checkout.env.staging]
[services.checkout.env.production]
[services.search]
repo = "acme/search"
environments = ["production"]
[services.search.env.production]
[calendar]
plan = "plan.toml"
[calendar.window.office]
rrule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
start = "2026-01-01T09:00"
end = "17:00"
scope = { env = ["production"] }
[calendar.freeze.weekend]
rrule = "FREQ=WEEKLY;BYDAY=FR"
start = "2026-01-02T16:00"
end = "2d16h"
allow = ["hotfix"]
reason = "nobody is here"
scope = { tags = ["tier-1"] }
[calendar.freeze.year-end]
dates = [{ from = "2026-12-18T00:00", to = "2027-01-04T09:00" }]
timezone = "America/New_York"
"#;

    fn loaded() -> (tempfile::TempDir, Loaded) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, TOML).unwrap();
        let plan = "[releases.next]\nservice = \"search\"\nenvironment = \"production\"\nversion = \"v8\"\nat = \"2026-12-20T10:00\"\n";
        std::fs::write(folder.path().join("plan.toml"), plan).unwrap();
        let at = |name: &str| folder.path().join(name);
        let folders = Folders {
            home: None,
            config: at("c"),
            state: at("s"),
            cache: at("x"),
        };
        let loaded = config::load(&Sources {
            config_flag: Some(file),
            ..Sources::new(folder.path(), folders)
        });
        (folder, loaded.unwrap())
    }

    fn target(service: &str, env: &str) -> Target {
        Target {
            service: service.parse().unwrap(),
            env: env.parse().unwrap(),
        }
    }

    #[test]
    fn rules_become_decisions_with_their_place() {
        let (_keep, loaded) = loaded();
        let calendar = calendar(&loaded);
        let ask = |service, env, at: &str| {
            let target = target(service, env);
            let question = Question {
                target: &target,
                kind: None,
            };
            decide(&calendar.rules, &question, at.parse().unwrap())
        };
        // Friday 15:59 and 16:00 in Berlin; the freeze is only for services of the first tier.
        assert!(ask("checkout", "production", "2026-11-20T14:59:59Z").open());
        let frozen = ask("checkout", "production", "2026-11-20T15:00:00Z");
        assert_eq!(frozen.sentence().as_str(), "freeze weekend: nobody is here");
        assert!(
            frozen.reasons[0]
                .source
                .as_str()
                .ends_with("config.toml:21")
        );
        assert_eq!(frozen.until, Some("2026-11-23T08:00:00Z".parse().unwrap()));
        assert!(ask("search", "production", "2026-11-20T15:00:00Z").open());
        assert!(!ask("search", "production", "2026-11-20T16:00:00Z").open());
        // Staging has no window, so it is open at night, but it freezes with its service.
        assert!(ask("checkout", "staging", "2026-11-19T23:00:00Z").open());
        assert!(!ask("checkout", "staging", "2026-11-21T12:00:00Z").open());
        // A rule's own zone: midnight in New York is five in the morning in London.
        assert!(ask("checkout", "staging", "2026-12-18T04:59:59Z").open());
        assert!(!ask("checkout", "staging", "2026-12-18T05:00:00Z").open());
    }

    #[test]
    fn a_plan_is_read_in_the_zone_of_the_screen_and_meets_the_freeze() {
        let (_keep, loaded) = loaded();
        let calendar = calendar(&loaded);
        let plan = &calendar.plans[0];
        assert_eq!(plan.at, "2026-12-20T09:00:00Z".parse().unwrap());
        assert!(plan.place.as_str().ends_with("plan.toml:1"));
        let conflicts = plan.conflicts(&calendar.rules);
        assert_eq!(conflicts[0].as_str(), "freeze year-end");
    }
}
