//! What `flightdeck doctor` found: the machine's shape, and groups of lines with symbols and mends for people.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::text::counted;
use super::verdict::SCHEMA;
use crate::domain::text::Safe;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// It works, with something missing.
    Warning,
    /// Something that the configuration asks for will not work.
    Error,
}

impl Severity {
    fn symbol(self) -> &'static str {
        match self {
            Self::Ok => "✔",
            Self::Info => "·",
            Self::Warning => "!",
            Self::Error => "✖",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What: `github.main.token`. Stable; parts are joined by dots, the first one is its group.
    pub id: String,
    /// Nothing here fails what the configuration asks for; warnings are ok.
    pub ok: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub message: Safe,
    /// What to do; none: nothing.
    pub fix: Option<Safe>,
}

impl Check {
    /// A finding.
    pub fn new(id: impl Into<String>, severity: Severity, message: &str) -> Self {
        Self {
            id: id.into(),
            ok: severity != Severity::Error,
            severity,
            message: Safe::new(message),
            fix: None,
        }
    }

    /// As it should be.
    pub fn good(id: impl Into<String>, message: &str) -> Self {
        Self::new(id, Severity::Ok, message)
    }

    /// With what to do.
    #[must_use]
    pub fn fix(mut self, fix: &str) -> Self {
        self.fix = Some(Safe::new(fix));
        self
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// Version of this shape.
    pub schema: u32,
    /// Nothing fails.
    pub ok: bool,
    /// What was looked at, in groups.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// Of these checks, in their order.
    pub fn of(checks: Vec<Check>) -> Self {
        Self {
            schema: SCHEMA,
            ok: checks.iter().all(|check| check.ok),
            checks,
        }
    }

    /// For people: a heading for each group, a line for each check, its mend below.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut last = "";
        let mut service = "";
        for check in &self.checks {
            let (group, rest) = check.id.split_once('.').unwrap_or((&check.id, ""));
            if group != last {
                let gap = if last.is_empty() { "" } else { "\n" };
                let _ = writeln!(out, "{gap}{}", heading(group));
                last = group;
            }
            let of = rest.split('.').next().unwrap_or(rest);
            if group == "services" && of != service {
                service = of;
                let _ = writeln!(out, "  {}", self.well(of));
            }
            // What is well with a service is one line; a company has many.
            if group == "services" && check.severity == Severity::Ok {
                continue;
            }
            let name = if rest.is_empty() { group } else { rest };
            let _ = writeln!(
                out,
                "  {} {name}: {}",
                check.severity.symbol(),
                check.message
            );
            if let Some(fix) = &check.fix {
                let _ = writeln!(out, "      → {fix}");
            }
        }
        let count = |severity| {
            self.checks
                .iter()
                .filter(|c| c.severity == severity)
                .count()
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let _ = match (errors, warnings) {
            (0, 0) => writeln!(out, "\nall is well"),
            (0, n) => writeln!(out, "\nnothing fails, {}", counted(n, "warning")),
            (e, n) => writeln!(out, "\n{}, {}", counted(e, "error"), counted(n, "warning")),
        };
        out
    }

    /// How many of a service's checks are as they should be.
    fn well(&self, service: &str) -> String {
        let prefix = format!("services.{service}.");
        let all = self.checks.iter().filter(|c| c.id.starts_with(&prefix));
        let (n, well) = all.fold((0, 0), |(n, well), c| {
            (n + 1, well + usize::from(c.severity == Severity::Ok))
        });
        let symbol = if n == well {
            Severity::Ok
        } else {
            Severity::Info
        }
        .symbol();
        format!("{symbol} {service}: {well} of {} well", counted(n, "check"))
    }
}

fn heading(group: &str) -> &str {
    match group {
        "config" => "Configuration",
        "state" => "State on this machine",
        "github" => "GitHub",
        "metrics" => "Metrics",
        "services" => "Services",
        "gates" => "Gates",
        "terminal" => "Terminal",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_fail_and_each_finding_has_its_mend() {
        let report = DoctorReport::of(vec![
            Check::good("config", "1 file"),
            Check::new("github.main.token", Severity::Warning, "old\u{1b}[31m").fix("renew it"),
            Check::new("github.main.reach", Severity::Error, "gone"),
        ]);
        assert!(!report.ok);
        assert_eq!(
            report.text(),
            "Configuration\n  ✔ config: 1 file\n\nGitHub\n  ! main.token: old\n      → renew it\n  ✖ main.reach: gone\n\n\
             1 error, 1 warning\n"
        );
        assert!(DoctorReport::of(report.checks[..2].to_vec()).ok);
        let services = DoctorReport::of(vec![
            Check::good("services.shop.runs", "reading"),
            Check::new("services.shop.pulls", Severity::Info, "not asked"),
            Check::good("services.till.runs", "reading"),
        ]);
        assert_eq!(
            services.text(),
            "Services\n  · shop: 1 of 2 checks well\n  · shop.pulls: not asked\n  ✔ till: 1 of 1 check well\n\nall is well\n"
        );
    }
}
