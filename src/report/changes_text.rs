//! Changes in aligned lines for people.

use std::fmt::Write as _;

use super::changes::{ChangeEntry, ChangesReport, SHOWN, long};
use super::text::{counted, table};
use crate::domain::change::ChangeKind;
use crate::domain::change::flags::Flag;
use crate::domain::change::listing::LeftOut;
use crate::domain::change::stats::Spread;
use crate::domain::text::Safe;
use crate::domain::units::thousands;

/// A title is cut after so many characters.
const TITLE: usize = 44;

impl ChangesReport {
    /// For people: the summary, the stages, the newest changes.
    pub fn plain(&self) -> String {
        let mut out = headline(&self.summary, &self.left_out);
        let stages: Vec<String> = self
            .stages
            .iter()
            .filter_map(|s| Some((s, s.p50_s?)))
            .map(|(s, p50)| {
                let share = s.share.map_or(0.0, |x| x * 100.0);
                format!("{} {} ({share:.0} %)", s.stage.label(), long(p50))
            })
            .collect();
        if !stages.is_empty() {
            let _ = writeln!(out, "median by stage: {}", stages.join(" · "));
        }
        let _ = writeln!(out, "{}", self.definition);
        for note in &self.notes {
            let _ = writeln!(out, "note: {note}");
        }
        out.push('\n');
        let shown = || self.changes.iter().take(SHOWN);
        // A number is one change in each repository.
        let several = shown()
            .zip(shown().skip(1))
            .any(|(a, b)| a.service != b.service);
        let rows: Vec<Vec<String>> = shown().map(|c| line(c, several)).collect();
        out.push_str(&table(&rows));
        if let Some(more @ 1..) = self.total.checked_sub(SHOWN) {
            let more = thousands(more as u64);
            let _ = writeln!(out, "… and {more} more: --csv or --json lists them all");
        }
        out
    }
}

fn headline(summary: &Spread, left: &LeftOut) -> String {
    let mut out = format!("lead time of {}", counted(summary.n, "change"));
    for (name, value) in [
        ("p50", summary.p50_s),
        ("p75", summary.p75_s),
        ("p90", summary.p90_s),
    ] {
        if let Some(s) = value {
            let _ = write!(out, "  {name} {}", long(s));
        }
    }
    let reasons: Vec<String> = left
        .reasons()
        .into_iter()
        .map(|(n, why)| format!("{} {why}", thousands(n as u64)))
        .collect();
    if !reasons.is_empty() {
        let _ = write!(out, "  (not counted: {})", reasons.join(", "));
    }
    out.push('\n');
    out
}

fn line(c: &ChangeEntry, several: bool) -> Vec<String> {
    let id = c.id.as_str();
    let id = if c.kind == ChangeKind::Commit {
        id.chars().take(7).collect()
    } else {
        id.to_owned()
    };
    let whole = c.title.as_str();
    let mut title: String = whole.chars().take(TITLE).collect();
    if title.len() < whole.len() {
        title.push('…');
    }
    let place = match (&c.rolled_back_from, &c.live_in, &c.released_in) {
        (Some(env), _, _) => format!("rolled back from {env}"),
        (_, Some(env), _) => format!("live {env}"),
        (_, _, Some(tag)) => format!("in {tag}"),
        _ => "in no release".to_owned(),
    };
    let odd: Vec<&str> = c.flags.iter().map(Flag::word).collect();
    let service = several.then(|| c.service.clone().unwrap_or_default());
    let rest = [
        title,
        c.author.as_ref().map_or("–", Safe::as_str).to_owned(),
        place,
        c.lead_time_s.map_or_else(|| "…".to_owned(), long),
        odd.join(" "),
    ];
    [id].into_iter().chain(service).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::delivery::tests::delivered;
    use crate::domain::units::Now;

    fn entries(staging: &[(&str, f64)], production: &[(&str, f64)]) -> Vec<ChangeEntry> {
        let rows = delivered(staging, production);
        let now = Now("2100-01-01T00:00:00Z".parse().unwrap());
        let measured = rows.iter().map(|r| r.measured(now));
        let pairs = rows.iter().zip(measured);
        pairs.map(|(r, m)| ChangeEntry::from((r, &m))).collect()
    }

    #[test]
    fn what_was_rolled_back_is_not_live_and_staging_is_not_production() {
        let rows = entries(
            &[("a", 1.0), ("d", 4.0)],
            &[("a", 2.0), ("c", 5.0), ("b", 6.0)],
        );
        let places: Vec<String> = rows.iter().map(|c| line(c, false)[3].clone()).collect();
        assert_eq!(
            places,
            [
                "live production",
                "live production",
                "rolled back from production",
                "live staging"
            ]
        );
        let told = |c: &ChangeEntry| (c.live_in.clone(), c.rolled_back_from.clone());
        let env = |name: &str| Some(name.to_owned());
        assert_eq!(told(&rows[2]), (env("staging"), env("production")));
        assert_eq!(told(&rows[3]), (env("staging"), None));
        assert!(rows[2].deployed_at.is_some(), "it was there once");
        assert_eq!(line(&rows[2], true)[1], rows[2].service.clone().unwrap());
    }
}
