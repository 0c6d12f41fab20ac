//! Benchmarks: `cargo bench`. They measure; they assert nothing about time.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use divan::Bencher;
use flightdeck::config::theme::Theme;
use flightdeck::domain::signal::{Recording, Settings, downsample, judge};
use flightdeck::tui::encode::Encoder;
use flightdeck::tui::styles::{Depth, Styles};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

fn main() {
    divan::main();
}

/// An hour before and 30 minutes after a deploy, in bins of 15 s, slowly getting worse.
fn recording() -> String {
    let row = |t: i64, errors: i64| serde_json::json!({ "t": t, "requests": 300, "errors": errors, "latency_buckets": [150, 90, 45, 12, 3] });
    let baseline: Vec<_> = (-240..0)
        .map(|i| row(i * 15, i64::from(i % 3 == 0)))
        .collect();
    let after: Vec<_> = (0..120).map(|i| row(i * 15, 1 + i / 20)).collect();
    serde_json::json!({
        "version": 1, "mode": "before_after", "encoding": "intervals", "step_s": 15, "deploy_at": 0,
        "bounds_ms": [50, 100, 250, 500], "slo_latency_ms": 250, "baseline": baseline, "after": after
    })
    .to_string()
}

#[divan::bench]
fn verdict_of_30_minutes(bencher: Bencher<'_, '_>) {
    let recording = Recording::from_json(&recording()).expect("a good recording");
    bencher.bench(|| judge(&recording, &Settings::default()));
}

#[divan::bench]
fn recording_read(bencher: Bencher<'_, '_>) {
    let text = recording();
    bencher.bench(|| Recording::from_json(&text));
}

#[divan::bench]
fn downsample_100k_points(bencher: Bencher<'_, '_>) {
    let points: Vec<(i64, Option<f64>)> = (0..100_000)
        .map(|i| (i, Some((i as f64 * 0.01).sin())))
        .collect();
    bencher.bench(|| downsample::min_max(&points, 100));
}

#[divan::bench(args = [(80, 24), (120, 40), (200, 60)])]
fn encode_a_changed_frame(bencher: Bencher<'_, '_>, (width, height): (u16, u16)) {
    let area = Rect::new(0, 0, width, height);
    let before = Buffer::empty(area);
    let mut after = before.clone();
    for y in 0..height {
        after.set_stringn(
            0,
            y,
            "the quick brown fox jumps over the lazy dog ".repeat(5),
            usize::from(width),
            Style::new(),
        );
    }
    bencher.bench(|| Encoder::default().encode(Some(&before), &after));
}

#[divan::bench]
fn styles_of_a_theme(bencher: Bencher<'_, '_>) {
    let theme = Theme::choose("dark", None).expect("a built-in theme");
    bencher.bench(|| Styles::new(&theme, Depth::detect(Some("truecolor"), None, None)));
}
