//! Pictures of the chart, what a tick costs, and sizes and values from anywhere.

use proptest::prelude::*;
use ratatui::style::Color;

use super::super::tests::{assert_stays_inside, picture, styles};
use super::window::Window;
use super::*;
use crate::config::theme::Theme;
use crate::tui::encode::Encoder;
use crate::tui::styles::Depth;

/// 2025-11-21 14:03 in Berlin.
const NOW: i64 = 1_763_730_180;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// Errors in percent, a point every ten seconds: quiet, then rising from the deploy five minutes ago; a gap in between.
fn errors(until: i64) -> Vec<(i64, Option<f64>)> {
    let deploy = NOW - 300;
    (0..400)
        .map(|i| NOW - 3_000 + i * 10)
        .take_while(|at| *at <= until)
        .map(|at| {
            let noise = (at / 10 * 7919 % 13) as f64 / 100.0;
            let rise = ((at - deploy) as f64 / 60.0).max(0.0) * 0.4;
            let gap = (NOW - 1_200..NOW - 1_050).contains(&at);
            (at, (!gap).then_some(0.25 + noise + rise))
        })
        .collect()
}

fn with_chart<T>(
    points: &[(i64, Option<f64>)],
    window: (i64, i64),
    ascii: bool,
    f: impl FnOnce(&Chart<'_>) -> T,
) -> T {
    let levels = [Level {
        value: 1.0,
        label: "slo".into(),
        role: Role::ChartThreshold,
    }];
    let marker = Marker {
        at: NOW - 300,
        label: "v2.15.0".into(),
    };
    f(&Chart {
        points,
        window,
        levels: &levels,
        marker: Some(&marker),
        zone: &berlin(),
        label: &|v| format!("{v}"),
        role: Role::ChartMain,
        ascii,
    })
}

fn draw(w: u16, h: u16, ascii: bool) -> String {
    let window = Window::new(1_800).at(NOW);
    with_chart(&errors(NOW), window, ascii, |chart| {
        picture(w, h, |area, buffer| chart.render(area, buffer, &styles()))
    })
}

#[test]
fn pictures() {
    for (w, h) in [(60, 8), (30, 6), (100, 20), (10, 3)] {
        insta::assert_snapshot!(format!("chart__errors__{w}x{h}"), draw(w, h, false));
    }
    let ascii = draw(60, 8, true);
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!("chart__errors_ascii__60x8", ascii);
}

#[test]
fn mono_uses_no_colour() {
    let mono = Styles::new(&Theme::built_in("mono").unwrap(), Depth::None);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 8));
    let window = Window::new(1_800).at(NOW);
    with_chart(&errors(NOW), window, false, |chart| {
        chart.render(buffer.area, &mut buffer, &mono);
    });
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    // The curve is told from the levels by more than its shape.
    assert!(
        buffer
            .content
            .iter()
            .any(|cell| cell.modifier.contains(ratatui::style::Modifier::BOLD))
    );
}

#[test]
fn without_data_or_room_it_says_so() {
    let window = Window::new(1_800).at(NOW);
    let draw = |points: &[(i64, Option<f64>)], w, h| {
        with_chart(points, window, false, |chart| {
            picture(w, h, |a, b| chart.render(a, b, &styles()))
        })
    };
    assert_eq!(
        draw(&[], 20, 3).lines().nth(1),
        Some("      no data       ")
    );
    assert_eq!(draw(&[(NOW, None)], 9, 1), " no data \n");
    assert_eq!(draw(&errors(NOW), 4, 1), "no …\n");
    assert_eq!(draw(&[(NOW - 1_000_000, Some(1.0))], 9, 1), " no data \n");
}

#[test]
fn a_gap_stays_a_gap() {
    let plot = (100u16, 10u16);
    let window = (NOW - 1_800, NOW);
    let axis = Axis::new([1.0], 10);
    let dots = Dots::draw(&errors(NOW), window, &axis, plot);
    let column = |at: i64| u16::try_from((at - window.0) * 100 / 1_800).unwrap();
    for c in column(NOW - 1_190)..column(NOW - 1_060) {
        assert!((0..plot.1).all(|row| dots.is_empty(c, row)), "column {c}");
    }
    let c = column(NOW - 1_300);
    assert!((0..plot.1).any(|row| !dots.is_empty(c, row)));
}

#[test]
fn a_tick_costs_tens_of_bytes() {
    let mut window = Window::new(1_800);
    let mut shown = None;
    let (mut encoder, mut bytes, mut ticks) = (Encoder::new(), 0, 0);
    for now in (NOW..NOW + 300).step_by(10) {
        let mut next = Buffer::empty(Rect::new(0, 0, 60, 8));
        with_chart(&errors(now), window.at(now), false, |chart| {
            chart.render(next.area, &mut next, &styles());
        });
        let cost = encoder.encode(shown.as_ref(), &next).len();
        if shown.is_some() {
            (bytes, ticks) = (bytes + cost, ticks + 1);
        }
        shown = Some(next);
    }
    assert!(bytes / ticks <= 48, "{} bytes a tick", bytes / ticks);
}

#[test]
fn a_hundred_thousand_points_keep_their_spike() {
    let mut points: Vec<(i64, Option<f64>)> = (0..100_000)
        .map(|i| (NOW - 100_000 + i, Some(0.1)))
        .collect();
    points[50_000].1 = Some(9.0);
    let dots = Dots::draw(
        &points,
        (NOW - 100_000, NOW),
        &Axis::new([9.0], 10),
        (50, 10),
    );
    assert!((0..50).any(|c| !dots.is_empty(c, 1)), "the spike is seen");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn any_size_and_any_values(
        w in 1u16..300, h in 1u16..100, range in 0i64..1_000_000,
        values in prop::collection::vec((any::<i32>(), prop::option::of(any::<f64>())), 0..40),
        level in any::<f64>(), at in any::<i64>(), label in super::super::tests::hostile(),
    ) {
        let mut points: Vec<(i64, Option<f64>)> = values.into_iter().map(|(t, v)| (NOW - i64::from(t).abs() % 4_000, v)).collect();
        points.sort_by_key(|p| p.0);
        let levels = [Level { value: level, label: label.clone(), role: Role::ChartBaseline }];
        let marker = Marker { at: if at % 2 == 0 { NOW - 100 } else { at }, label: label.clone() };
        let zone = berlin();
        let chart = Chart {
            points: &points, window: Window::new(range).at(NOW), levels: &levels, marker: Some(&marker), zone: &zone,
            label: &|v| format!("{v}{label}"), role: Role::Bad, ascii: false,
        };
        assert_stays_inside(w, h, |area, buffer| chart.render(area, buffer, &styles()));
    }
}
