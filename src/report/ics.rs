//! The calendar as iCalendar (RFC 5545), for the calendars that people already look at: one event for each dated entry, in UTC.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::{CalendarEntry, CalendarReport};
use crate::domain::calendar::EntryKind;
use crate::domain::text::Safe;

/// The longest line, in bytes, without its end (RFC 5545, 3.1).
const LINE: usize = 75;

/// The whole file; days are those of `zone`. Entries without a date are left out.
pub fn ics(report: &CalendarReport, zone: &TimeZone) -> String {
    let mut out = String::new();
    for text in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        concat!("PRODID:-//flightdeck//", env!("CARGO_PKG_VERSION"), "//EN"),
        "CALSCALE:GREGORIAN",
    ] {
        line(text, &mut out);
    }
    for entry in &report.entries {
        event(entry, report.now, zone, &mut out);
    }
    line("END:VCALENDAR", &mut out);
    out
}

fn event(e: &CalendarEntry, now: Timestamp, zone: &TimeZone, out: &mut String) {
    let Some(start) = e.start else {
        return;
    };
    let utc = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let rule = matches!(e.kind, EntryKind::Window | EntryKind::Freeze);
    let env = e.environment.as_deref().unwrap_or("all");
    let kind = kind(e.kind);
    let uid = format!(
        "{kind}-{}-{env}-{}-{}",
        e.service,
        e.title,
        start.as_second()
    );
    let title = match &e.environment {
        _ if rule => e.title.to_string(),
        Some(env) => format!("{} {} → {env}", e.service, e.title),
        None => format!("{} {}", e.service, e.title),
    };
    line("BEGIN:VEVENT", out);
    line(&format!("UID:{}@flightdeck", escaped(&uid)), out);
    line(&format!("DTSTAMP:{}", utc(now)), out);
    if e.all_day {
        let day = start.to_zoned(zone.clone()).strftime("%Y%m%d").to_string();
        line(&format!("DTSTART;VALUE=DATE:{day}"), out);
    } else {
        line(&format!("DTSTART:{}", utc(start)), out);
    }
    if let Some(end) = e.end {
        line(&format!("DTEND:{}", utc(end)), out);
    }
    line(&format!("SUMMARY:{}", escaped(&title)), out);
    line(&format!("CATEGORIES:{}", kind.to_uppercase()), out);
    let mut about: Vec<&str> = e.conflicts.iter().map(Safe::as_str).collect();
    about.extend(e.source.iter().map(Safe::as_str));
    if !about.is_empty() {
        line(&format!("DESCRIPTION:{}", escaped(&about.join("\n"))), out);
    }
    // A window or a freeze does not make anybody busy.
    let busy = if rule { "TRANSPARENT" } else { "OPAQUE" };
    line(&format!("TRANSP:{busy}"), out);
    line("END:VEVENT", out);
}

fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Milestone => "milestone",
        EntryKind::Release => "release",
        EntryKind::Deployment => "deployment",
        EntryKind::Plan => "plan",
        EntryKind::Window => "window",
        EntryKind::Freeze => "freeze",
    }
}

/// A text value: backslash, semicolon, comma and line breaks are escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line, folded before a character would pass the limit.
fn line(text: &str, out: &mut String) {
    let mut used = 0;
    for c in text.chars() {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        let _ = out.write_char(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::EntryState;

    fn entry(kind: EntryKind, title: &str) -> CalendarEntry {
        CalendarEntry {
            kind,
            title: Safe::new(title),
            service: "checkout".to_owned(),
            environment: Some("production".to_owned()),
            start: Some("2026-11-20T16:00:00Z".parse().unwrap()),
            end: Some("2026-11-23T08:00:00Z".parse().unwrap()),
            source: Some(Safe::new("config.toml:7")),
            conflicts: vec![],
            state: EntryState::Planned,
            all_day: false,
        }
    }

    fn file(entries: Vec<CalendarEntry>) -> String {
        let report = CalendarReport {
            schema: 1,
            now: "2026-11-20T12:00:00Z".parse().unwrap(),
            service: "checkout".to_owned(),
            environment: "production".to_owned(),
            open: true,
            reasons: vec![],
            until: None,
            entries,
            next_slots: vec![],
        };
        ics(&report, &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn an_event_has_what_calendars_need() {
        let text = file(vec![entry(EntryKind::Freeze, "weekend freeze")]);
        for wanted in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            "\r\nUID:freeze-checkout-production-weekend freeze-1795190400@flightdeck\r\n",
            "\r\nDTSTAMP:20261120T120000Z\r\nDTSTART:20261120T160000Z\r\nDTEND:20261123T080000Z\r\n",
            "\r\nSUMMARY:weekend freeze\r\n",
            "\r\nDESCRIPTION:config.toml:7\r\n",
            "END:VEVENT\r\nEND:VCALENDAR\r\n",
        ] {
            assert!(text.contains(wanted), "{wanted:?} in {text}");
        }
    }

    #[test]
    fn a_day_is_that_of_the_zone_and_what_has_no_date_is_left_out() {
        let mut due = entry(EntryKind::Milestone, "v3");
        due.start = Some("2026-11-23T23:00:00Z".parse().unwrap());
        (due.end, due.all_day) = (None, true);
        let mut open = entry(EntryKind::Release, "draft");
        open.start = None;
        let text = file(vec![due, open]);
        assert!(text.contains("DTSTART;VALUE=DATE:20261124\r\n"), "{text}");
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
    }

    #[test]
    fn texts_are_escaped_and_long_lines_folded_between_characters() {
        let title = format!("a,b;c\\d {}", "漢字🚀".repeat(40));
        let text = file(vec![entry(EntryKind::Plan, &title)]);
        assert!(text.lines().all(|l| l.trim_end_matches('\r').len() <= LINE));
        let unfolded = text.replace("\r\n ", "");
        let wanted = format!(
            "SUMMARY:checkout a\\,b\\;c\\\\d {} → production\r\n",
            "漢字🚀".repeat(40)
        );
        assert!(unfolded.contains(&wanted), "{unfolded}");
    }
}
