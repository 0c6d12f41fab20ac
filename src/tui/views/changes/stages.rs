//! What the figures say of all changes: how long each stage takes and its part of the whole, what does not count and why, week by
//! week, and from where all this was read.

use jiff::SignedDuration;
use ratatui::text::{Line, Span};

use super::super::View;
use super::{told, words};
use crate::config::theme::Role;
use crate::domain::change::lead_time::Stage;
use crate::domain::change::listing::{Listing, StageFigures};
use crate::domain::units::age;
use crate::tui::overlays::evidence::freshness;
use crate::tui::overlays::scroll::{heading, pair};
use crate::tui::widgets::{bars, text};

/// The columns of a stage's name in full.
const NAME: usize = 26;
/// From this width on each share has a bar.
const WITH_BARS: usize = 70;

/// The stage that takes the largest part.
fn biggest(found: &Listing) -> Option<&StageFigures> {
    let counted = found.stages.iter().filter(|s| s.share > 0.0);
    counted.max_by(|a, b| a.share.total_cmp(&b.share))
}

/// What stands below the rows, two lines or three: the biggest wait with the medians, and what does not count.
pub(super) fn saying(view: &View<'_>, found: &Listing, width: usize) -> Vec<Line<'static>> {
    let last = view.line(text::truncate(&not_counted(found), width), Role::Muted);
    let Some(stage) = biggest(found) else {
        let none = view.line("no figures: none of these has arrived yet", Role::Muted);
        return vec![none, last];
    };
    let named = format!("{}: ", words::biggest(stage.stage));
    let role = if stage.stage.is_wait() {
        Role::Warn
    } else {
        Role::Text
    };
    let told = format!("{} {}", stage.stage.label(), words::share(stage.share));
    let mut first = vec![view.span(named, Role::Muted), view.span(told, role)];
    let used: usize = first.iter().map(|s| text::width(&s.content)).sum();
    let medians = medians(found, width.saturating_sub(used + 3));
    if !medians.is_empty() {
        first.push(view.span(format!("   {medians}"), Role::Muted));
        return vec![Line::from(first), last];
    }
    let second = self::medians(found, width);
    let second = (!second.is_empty()).then(|| view.line(second, Role::Muted));
    [Some(Line::from(first)), second, Some(last)]
        .into_iter()
        .flatten()
        .collect()
}

/// The median of every stage in at most so many columns, by word or by letter; empty where that is too little.
fn medians(found: &Listing, width: usize) -> String {
    let known = found.stages.iter().filter(|s| s.spread.n > 0);
    let known = known.filter_map(|s| {
        let seconds = s.spread.p50_s?;
        let long = SignedDuration::try_from_secs_f64(seconds).ok()?;
        let long = if long.as_secs() < 2 {
            "0s".to_owned()
        } else {
            age(long)
        };
        Some((s.stage.short(), long))
    });
    let known: Vec<(&str, String)> = known.collect();
    let told = |short: bool| {
        let each = known.iter().map(|(word, long)| {
            let word = if short {
                word.get(..1).unwrap_or_default()
            } else {
                word
            };
            format!("{word} {long}")
        });
        format!("median: {}", each.collect::<Vec<_>>().join(" · "))
    };
    let forms = [told(false), told(true)];
    let fits = forms.into_iter().find(|f| text::width(f) <= width);
    fits.unwrap_or_default()
}

/// `12 of 53 do not count: 8 on their way, 2 by bots`, and that more are there than listed.
fn not_counted(found: &Listing) -> String {
    let reasons = found.left_out.reasons();
    let n: usize = reasons.iter().map(|(n, _)| n).sum();
    let each = reasons.iter().map(|(n, why)| match reasons.len() {
        1 => (*why).to_owned(),
        _ => format!("{} {why}", words::count(*n)),
    });
    let told: Vec<String> = each.collect();
    let mut out = if n == 0 {
        "none of these is left out".to_owned()
    } else {
        let of = words::count(found.total);
        let do_not = if n == 1 { "does not" } else { "do not" };
        format!(
            "{} of {of} {do_not} count: {}",
            words::count(n),
            told.join(", ")
        )
    };
    if found.rows.len() < found.total {
        out = format!(
            "the last {} are listed · {out}",
            words::count(found.rows.len())
        );
    }
    out
}

/// What stands beside the rows.
pub(super) fn beside(view: &View<'_>, found: &Listing, width: usize) -> Vec<Line<'static>> {
    let mut out = table(view, found, width);
    out.push(Line::default());
    out.push(heading(view, "Week by week"));
    out.extend(weeks(view, found, width));
    out.push(Line::default());
    out.push(heading(view, "Counted"));
    let lead = &found.lead;
    let n = words::counted(lead.n, "change");
    let arrived = format!("{n} reached the last environment in this time");
    out.extend(pair(view, "of", &arrived, Role::Text, width));
    let spread = format!(
        "p50 {} · p75 {} · p90 {}",
        words::took(lead.p50_s),
        words::took(lead.p75_s),
        words::took(lead.p90_s)
    );
    out.extend(pair(view, "lead time", &spread, Role::Text, width));
    for (n, why) in found.left_out.reasons() {
        let told = format!("{} {why}", words::count(n));
        out.extend(pair(view, "not counted", &told, Role::Text, width));
    }
    out.push(Line::default());
    out.push(heading(view, "Read"));
    out.extend(read(view, width));
    out
}

/// A row for each stage: its letter, what it is, half and nine tenths of the changes, its share.
fn table(view: &View<'_>, found: &Listing, width: usize) -> Vec<Line<'static>> {
    let name = NAME.min(width.saturating_sub(34));
    let head = format!(
        "  {}{:>9}{:>9}{:>7}",
        text::pad("stage", name + 7),
        "p50",
        "p90",
        "share"
    );
    let mut out = vec![view.line(head, Role::Muted)];
    let loudest = biggest(found).map(|s| s.stage);
    for figures in &found.stages {
        let stage = figures.stage;
        let (role, fill) = words::look(stage);
        let loud = if loudest == Some(stage) && stage.is_wait() {
            Role::Warn
        } else {
            Role::Text
        };
        let mut spans = vec![
            view.span(format!("  {:<7}", stage.short()), role),
            view.span(text::pad(stage.label(), name), loud),
            view.span(
                format!(
                    "{:>9}{:>9}",
                    words::took(figures.spread.p50_s),
                    words::took(figures.spread.p90_s)
                ),
                Role::Text,
            ),
            view.span(format!("{:>7}", words::share(figures.share)), loud),
        ];
        if width >= WITH_BARS {
            spans.push(Span::raw("  "));
            spans.push(view.span(share_bar(figures.share, width - 65, fill), role));
        }
        out.push(Line::from(spans));
    }
    out
}

/// A share of so many columns, in the fill of its stage.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the screen's columns"
)]
fn share_bar(share: f64, columns: usize, fill: char) -> String {
    let long = (share.clamp(0.0, 1.0) * columns.min(30) as f64).round() as usize;
    let least = usize::from(share > 0.0);
    std::iter::repeat_n(fill, long.max(least)).collect()
}

/// The median lead time of each of the last weeks.
fn weeks(view: &View<'_>, found: &Listing, width: usize) -> Vec<Line<'static>> {
    let weeks = found.weeks.len().max(1);
    let wide = (width.saturating_sub(4) / weeks).clamp(1, 3);
    let highest = found.weeks.iter().flatten().copied().fold(0.0, f64::max);
    let mut out: Vec<Line<'static>> = bars::bars(&found.weeks, 2, wide)
        .into_iter()
        .map(|row| view.line(format!("  {row}"), Role::ChartMain))
        .collect();
    let legend = if highest > 0.0 {
        format!(
            "  median lead time of the last {weeks} weeks, {} at most",
            words::took(Some(highest))
        )
    } else {
        format!("  nothing arrived in the last {weeks} weeks")
    };
    out.push(view.line(text::truncate(&legend, width), Role::Muted));
    out
}

/// From where, how old, what is under way, what could not be read.
pub(in crate::tui) fn read(view: &View<'_>, width: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for (source, reading) in &view.world.delivery.readings {
        out.extend(freshness(view, source, &reading.done, width));
        if let Some(under_way) = &reading.progress {
            let told = told::progress(under_way);
            out.extend(pair(view, "", &told, Role::Info, width));
        }
        let Some(done) = reading.done.value() else {
            continue;
        };
        let told = format!(
            "the last reading looked at {} repositories, {} had news, {} requests",
            words::count(done.repositories),
            words::count(done.changed),
            done.requests
        );
        out.extend(pair(view, "", &told, Role::Muted, width));
        for (repo, fault) in &done.faults {
            let told = format!("▲ {repo}: {}", fault.message);
            out.extend(pair(view, "", &told, Role::Warn, width));
        }
        if let Some(at) = done.paused_until.filter(|at| *at > view.now.0) {
            let told = format!(
                "▲ the limits are nearly used up: read on at {}",
                view.moment(at)
            );
            out.extend(pair(view, "", &told, Role::Warn, width));
        }
    }
    if out.is_empty() {
        out.push(view.line("  nothing was read yet", Role::Muted));
    }
    out
}

/// A stage in words that hold its short one, as a row of a receipt.
pub(in crate::tui) fn named(stage: Stage) -> String {
    match stage {
        Stage::Pickup => format!("{}: {}", stage.short(), stage.label()),
        other => other.label().to_owned(),
    }
}
