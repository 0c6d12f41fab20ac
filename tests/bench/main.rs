//! Benchmarks: `cargo bench`. They measure; they assert nothing about time.

#![expect(
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use divan::Bencher;
use flightdeck::config::theme::Theme;
use flightdeck::domain::change::listing::{Ask, Whose};
use flightdeck::domain::signal::{Recording, Settings, downsample, judge};
use flightdeck::domain::units::Now;
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

/// 200 services with 500 changes each, in a store on disk.
fn shelf() -> (tempfile::TempDir, flightdeck::runtime::delivery::Shelf, Now) {
    use flightdeck::domain::change::lead_time::{Boundary, Moments};
    use flightdeck::domain::change::origin::Kept;
    use flightdeck::domain::change::synced::{
        Batch, CommitRow, DeploymentRow, Progress, PullRow, Source,
    };
    use flightdeck::domain::text::Safe;
    use flightdeck::store::{History, RepoKey};

    let now: jiff::Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
    let ago = |hours: i64| now - jiff::SignedDuration::from_hours(hours);
    let folder = tempfile::tempdir().expect("a folder");
    let mut history = History::open(folder.path()).expect("a store");
    let mut services = Vec::new();
    for s in 0..200_u64 {
        let sha = |n: u64| format!("{s:08x}{n:032x}").parse().expect("an id");
        let key = RepoKey {
            host: "https://api.github.com".to_owned(),
            slug: format!("acme/service-{s}").parse().expect("a name"),
        };
        let mut batch = Batch::default();
        for n in 0..500_u64 {
            let hours = i64::try_from((500 - n) * 17).expect("small");
            batch.commits.push(CommitRow {
                sha: sha(n),
                parents: n.checked_sub(1).map(sha).into_iter().collect(),
                authored: ago(hours + 30),
                committed: ago(hours),
                author: Some(Safe::new("maria")),
                subject: Safe::new("new tax engine"),
                reverts: Vec::new(),
                pull: Some(n + 1),
            });
            let moments = Moments::default()
                .with(Boundary::FirstCommit, ago(hours + 30), "author date")
                .with(Boundary::Opened, ago(hours + 20), "opened")
                .with(Boundary::Approved, ago(hours + 2), "approval")
                .with(Boundary::Merged, ago(hours), "merge");
            batch.pulls.push(PullRow {
                number: n + 1,
                title: Safe::new("new tax engine for the second half of the year"),
                author: Some(Safe::new(if n % 3 == 0 { "maria" } else { "noor" })),
                url: Some(Safe::new("https://github.com/acme/service/pull/1")),
                branch: Safe::new("tax"),
                labels: vec![Safe::new("feature")],
                moments,
                merged: ago(hours),
                merge: Some(sha(n)),
                commits: Vec::new(),
                reverts: Vec::new(),
                closes: Vec::new(),
                flags: 0,
                updated: ago(hours),
            });
            if n % 5 == 0 {
                batch.deployments.push(DeploymentRow {
                    id: n,
                    environment: Safe::new("production"),
                    sha: sha(n),
                    name: None,
                    created: ago(hours - 3),
                    succeeded: Some(ago(hours - 4)),
                    failed: false,
                    url: None,
                });
            }
        }
        let progress = Progress {
            at: Some(now),
            ..Progress::default()
        };
        for source in Source::ALL {
            let rows = if source == Source::Commits {
                std::mem::take(&mut batch)
            } else {
                Batch::default()
            };
            history.keep(&key, source, &rows, &progress).expect("kept");
        }
        services.push(Kept {
            service: format!("service-{s}").parse().expect("an id"),
            source: "main".to_owned(),
            repo: key.slug,
            environments: vec![(
                "production".parse().expect("an id"),
                "production".to_owned(),
            )],
        });
    }
    drop(history);
    let home = folder.path().display().to_string();
    let env = std::iter::once(("HOME".to_owned(), home)).collect();
    let folders = flightdeck::config::Folders::new(&env).expect("a home");
    let sources = flightdeck::config::Sources::new(folder.path(), folders);
    let config = flightdeck::config::load(&sources)
        .expect("the defaults")
        .config;
    let shelf =
        flightdeck::runtime::delivery::Shelf::new(&config, services, folder.path().to_owned());
    let now = Now(now);
    shelf.refresh(now).expect("derived");
    (folder, shelf, now)
}

#[divan::bench(args = [7, 30, 365], sample_count = 20)]
fn changes_of_200_services(bencher: Bencher<'_, '_>, days: u32) {
    let (_folder, shelf, now) = shelf();
    let ask = Ask {
        whose: Whose::All,
        days,
        words: String::new(),
        bots: false,
    };
    bencher.bench_local(|| {
        shelf
            .listing(&ask, (ask.from(now), 1_000), now)
            .expect("an answer")
    });
}

#[divan::bench(sample_count = 20)]
fn where_among_200_services(bencher: Bencher<'_, '_>) {
    let (_folder, shelf, now) = shelf();
    let services: Vec<_> = shelf.services().iter().skip(100).take(1).collect();
    let wanted = flightdeck::runtime::delivery::Wanted {
        name: "#77",
        env: None,
        home: None,
    };
    bencher.bench_local(|| shelf.locate(&wanted, &services, now).expect("an answer"));
}

#[divan::bench(sample_count = 20)]
fn metrics_of_a_service(bencher: Bencher<'_, '_>) {
    use flightdeck::domain::change::dora::Counting;
    use flightdeck::domain::change::tiers::Year;
    let (_folder, shelf, now) = shelf();
    let target = flightdeck::domain::ids::Target {
        service: "service-7".parse().expect("an id"),
        env: "production".parse().expect("an id"),
    };
    let how = (90, Year::default(), Counting::default());
    bencher.bench_local(|| shelf.sheet(&target, how, now).expect("an answer"));
}
