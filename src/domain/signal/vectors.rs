//! The vectors of the method, one test each: 1e-4 on logarithms, 1e-6 on ratios.

use super::baseline::{Baseline, Tolerance, Trial, block_dispersion, dispersion};
use super::evidence::{
    Acquittal, Look, Mixture, Sample, Stage, canary_likelihood, likelihood, share,
};
use super::judge::{Judge, Mode};
use super::latency::share_slower_than;
use super::maths::{log_add_exp, normal_quantile, odds_times, wilson_upper};
use super::series::{Bin, quantile};
use super::settings::Settings;
use super::verdict::{Counts, VerdictState, Word};
use super::wording::{Line, Name};

const LOG: f64 = 1e-4;
const RATIO: f64 = 1e-6;

#[track_caller]
fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "got {got}, want {want}");
}

fn trials(bins: impl IntoIterator<Item = (u64, u64)>) -> Vec<Trial> {
    bins.into_iter()
        .zip(0..)
        .map(|((n, x), slot)| Trial { slot, n, x })
        .collect()
}

fn errors(x: u64, n: u64, phi: f64) -> Baseline {
    Baseline::from_counts(x, n, phi, Tolerance::Errors, 0.5, &Settings::default())
}

/// `ln E` after each bin, with weights as after an empty warm-up.
fn ln_e(base: &Baseline, bins: &[(u64, u64)]) -> Vec<f64> {
    let settings = Settings::default();
    let mut mixture = Mixture::new(&settings);
    bins.iter()
        .map(|(n, x)| {
            let look = Look::Before {
                sample: Sample::new(*x, *n),
                g: base.g,
            };
            mixture.look(look, Stage::Open, base.phi, &settings);
            mixture.ln_e()
        })
        .collect()
}

#[track_caller]
fn all_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        close(*got, *want, LOG);
    }
}

#[test]
fn v1_wilson() {
    let z = normal_quantile(1.0 - 0.01 * 0.3 * 0.5);
    close(z, 2.967_738, RATIO);
    close(wilson_upper(31.0, 10_000.0, z), 0.005_243, RATIO);
    close(wilson_upper(0.0, 3_600.0, z), 0.002_441, RATIO);
    close(wilson_upper(2.0, 400.0, z), 0.030_528, RATIO);
}

#[test]
fn v2_odds_times() {
    close(odds_times(0.004, 2.0), 0.007_968_13, RATIO);
    close(odds_times(0.5, 3.0), 0.75, RATIO);
    close(odds_times(0.98, 50.0), 0.999_592, RATIO);
}

#[test]
fn v3_likelihood() {
    close(
        likelihood(Sample::new(6, 150), 0.012, 0.004, 1.0),
        5.430_377,
        LOG,
    );
    close(
        likelihood(Sample::new(0, 150), 0.012, 0.004, 1.0),
        -1.209_684,
        LOG,
    );
    close(
        likelihood(Sample::new(10, 10), 0.5, 0.1, 1.0),
        16.094_379,
        LOG,
    );
    // Capped: a mixture of one size that starts with 0.4 holds ln 0.4 + 4.
    let settings = Settings {
        multipliers: vec![9.0],
        ..Settings::default()
    };
    let mut mixture = Mixture::new(&settings);
    let look = Look::Before {
        sample: Sample::new(10, 10),
        g: 0.1,
    };
    close(look.worse(9.0, 1.0), 16.094_379, LOG);
    mixture.look(look, Stage::Open, 1.0, &settings);
    close(
        mixture.ln_e(),
        log_add_exp(0.4f64.ln() + 4.0, 0.6f64.ln()),
        LOG,
    );
}

#[test]
fn v4_dispersion() {
    let even = trials([(100, 1); 16]);
    close(dispersion(&even), 1.0, RATIO);
    let one_burst = trials([(100, 0); 15].into_iter().chain([(100, 16)]));
    close(block_dispersion(&one_burst, 1).unwrap(), 16.161_616, RATIO);
    let alternating = trials([(100, 0), (100, 2)].into_iter().cycle().take(16));
    close(block_dispersion(&alternating, 1).unwrap(), 1.077_441, RATIO);
}

#[test]
fn v4b_slow_drift() {
    let drift = trials([(100, 0); 16].into_iter().chain([(100, 4); 16]));
    close(block_dispersion(&drift, 1).unwrap(), 2.106_649, RATIO);
    close(block_dispersion(&drift, 4).unwrap(), 9.329_446, RATIO);
    assert_eq!(block_dispersion(&drift, 16), None);
    close(dispersion(&drift), 9.329_446, RATIO);
}

#[test]
fn v5_latency_shares_and_quantiles() {
    let bounds = [50.0, 100.0, 250.0, 500.0];
    let counts = [500, 300, 150, 40, 10];
    let slower = |y| share_slower_than(&bounds, &counts, y, 0.2).unwrap();
    close(slower(250.0 / 1.2), 0.066_957, RATIO);
    close(slower(500.0 / 1.2), 0.015_354, RATIO);
    for (q, ms) in [(0.5, 50.0), (0.95, 250.0), (0.99, 500.0)] {
        close(quantile(&bounds, &counts, q).unwrap().ms, ms, RATIO);
    }
}

#[test]
fn v6_a_clear_regression() {
    let base = errors(31, 10_000, 1.0);
    close(base.upper, 0.005_243, RATIO);
    close(base.g, 0.005_243, RATIO);
    let want = [2.1932, 5.9554, 9.8892, 13.8594, 17.8450, 21.8379];
    all_close(&ln_e(&base, &[(300, 7); 6]), &want);
}

#[test]
fn v6b_convicted_with_the_second_bin() {
    let base = errors(31, 10_000, 1.0);
    let overall: Vec<f64> = ln_e(&base, &[(300, 7); 3])
        .iter()
        .map(|e| log_add_exp(0.5f64.ln() + e, 0.5f64.ln()))
        .collect();
    all_close(&overall, &[1.6058, 5.2649, 9.1961]);
    let limit = Settings::default().limit();
    close(limit, 4.9618, LOG);
    assert_eq!(overall.iter().position(|e| *e >= limit), Some(1));
    let line = Line {
        name: Name::Errors,
        before: Counts { x: 31, n: 10_000 },
        after: Counts { x: 14, n: 600 },
        since_warm_up: true,
        tolerated: base.g,
        phi: 1.0,
        sure_after_s: Some(30),
    };
    assert_eq!(line.sentence(), V6B_TEXT);
}

const V6B_TEXT: &str = "errors 0.31% -> 2.33% (x7.5), 600 requests since warm-up, confident after 30 s; tolerated 0.52%";

/// V6b through the whole judge: a histogram that is known before the deploy only, so that latency stays at E = 1.
#[test]
fn v6b_through_the_judge() {
    let mut baseline: Vec<Bin> = (0..40)
        .map(|i| Bin::new(-600 + i * 15, 250, u64::from(i != 0 && i % 4 != 0)))
        .collect();
    baseline[1].x += 1;
    assert_eq!(baseline.iter().map(|b| b.x).sum::<u64>(), 31);
    baseline[0].h = vec![100, 140, 8, 2];
    let bounds = [100.0, 250.0, 500.0];
    let mut judge = Judge::new(
        Mode::BeforeAfter,
        &baseline,
        &bounds,
        None,
        Settings::default(),
    );
    let mut seen = Vec::new();
    for i in 0..3 {
        judge.push(&Bin::new(90 + i * 15, 300, 7));
        seen.push(judge.verdict());
    }
    all_close(
        &seen.iter().map(|v| v.log_e).collect::<Vec<_>>(),
        &[1.6058, 5.2649, 9.1961],
    );
    assert_eq!(seen[0].first_degraded_at_s, None);
    let verdict = &seen[1];
    assert_eq!(
        (verdict.state, verdict.word),
        (VerdictState::Degraded, Word::Degraded)
    );
    assert_eq!(verdict.first_degraded_at_s, Some(120));
    assert!(verdict.advise_rollback);
    assert_eq!(verdict.evidence[0].text, V6B_TEXT);
    assert_eq!(verdict.summary, format!("{V6B_TEXT}; thin baseline"));
    assert_eq!(
        verdict.short,
        "errors 0.31 % → 2.33 % (×7.5), 600 requests, sure after 30 s"
    );
    // 14 failures where 1.86 were usual.
    assert_eq!(verdict.extra_failures, 12);
    // Later bins change the evidence of now, not the sentence of the conviction.
    assert_eq!(seen[2].summary, verdict.summary);
    close(seen[2].evidence[0].log_e, 9.8892, LOG);
    assert_eq!(seen[2].evidence[0].after, Counts { x: 21, n: 900 });
}

#[test]
fn v7_no_change() {
    let base = errors(31, 10_000, 1.0);
    let want = [-0.3277, -0.3880, -0.4240, -0.4500, -0.4706, -0.4879];
    all_close(&ln_e(&base, &[(300, 1); 6]), &want);
}

#[test]
fn v8_a_clean_baseline() {
    let base = errors(0, 3_600, 1.0);
    let bins = [1, 2, 0, 3, 2, 2].map(|x| (60, x));
    all_close(
        &ln_e(&base, &bins),
        &[0.2280, 2.1292, 1.2913, 4.7681, 7.6844, 10.7407],
    );
}

#[test]
fn v9_a_bursty_baseline() {
    let base = errors(31, 10_000, 8.0);
    close(base.upper, 0.012_383, RATIO);
    close(base.g, 0.012_383, RATIO);
    let want = [-0.1258, -0.1160, -0.0934, -0.0633, -0.0278, 0.0124];
    all_close(&ln_e(&base, &[(300, 7); 6]), &want);
}

#[test]
fn v10_a_late_change() {
    let base = errors(31, 10_000, 1.0);
    let mut bins = vec![(300, 1); 20];
    bins.extend([(300, 7); 4]);
    let got = ln_e(&base, &bins);
    all_close(
        &got[18..],
        &[-0.6318, -0.6411, -0.4258, 1.7169, 5.5049, 9.4542],
    );
}

#[test]
fn v11_a_blip_never_convicts() {
    let base = errors(31, 10_000, 1.0);
    let bins = [(300, 60), (300, 1), (300, 1), (300, 1)];
    all_close(&ln_e(&base, &bins), &[3.1108, 1.9715, 1.6180, 1.3659]);
}

#[test]
fn v12_canary() {
    close(share(200.0, 1_800.0, 1.25), 0.121_951, RATIO);
    close(share(200.0, 1_800.0, 1.25 * 3.0), 0.294_118, RATIO);
    let (canary, stable) = (Sample::new(6, 200), Sample::new(9, 1_800));
    close(
        canary_likelihood(canary, stable, 1.25 * 3.0, 1.25, 1.0),
        3.317_870,
        LOG,
    );
    // In the test itself the canary's dispersion of 1.5 divides it.
    let look = Look::Beside {
        canary,
        stable,
        ratio: 1.25,
    };
    close(look.worse(3.0, 1.5), 3.317_870 / 1.5, LOG);
}

#[test]
fn v13_requests_needed() {
    let base = errors(31, 10_000, 1.0);
    close(base.p, 0.003_150, RATIO);
    close(base.tol, 0.004_150, RATIO);
    close(base.harm, 0.008_265, RATIO);
    let needed = Acquittal::default().requests_needed(base.p, base.harm, 1.0, &Settings::default());
    close(needed.round(), 1_433.0, 1e-9);
}

fn clean_baseline() -> Vec<Bin> {
    (1..=240).rev().map(|i| Bin::new(-15 * i, 45, 0)).collect()
}

#[test]
fn v14_an_outage_is_seen_inside_the_warm_up() {
    let histogram: Vec<Bin> = clean_baseline()
        .into_iter()
        .map(|b| Bin {
            h: vec![40, 4, 1],
            ..b
        })
        .collect();
    for (baseline, bounds) in [(clean_baseline(), vec![]), (histogram, vec![100.0, 250.0])] {
        let mut judge = Judge::new(
            Mode::BeforeAfter,
            &baseline,
            &bounds,
            None,
            Settings::default(),
        );
        for i in 0..6 {
            judge.push(&Bin::new(i * 15, 45, 45));
            let degraded = judge.verdict().state == VerdictState::Degraded;
            assert_eq!(degraded, i >= 2, "after {} s", (i + 1) * 15);
        }
        let verdict = judge.verdict();
        assert_eq!(verdict.first_degraded_at_s, Some(45));
        assert!(
            verdict.summary.starts_with(
                "errors 0 of 10,800 -> 100%, 135 requests since the deploy, confident after 45 s; tolerated 10%"
            ),
            "{}",
            verdict.summary
        );
    }
}

#[test]
fn v15_recovery_sums() {
    let settings = Settings::default();
    let base = errors(31, 10_000, 1.0);
    let mut acquittal = Acquittal::default();
    let look = Look::Before {
        sample: Sample::new(1, 300),
        g: base.g,
    };
    let claims = [base.ratio().unwrap().max(base.harm / 5.0), base.harm / 2.0];
    for bin in 1..=6 {
        acquittal.look(look, claims, base.harm, 1.0, false, &settings);
        match bin {
            1 => {
                close(acquittal.f[0], 0.572_550, LOG);
                close(acquittal.f[1], 0.550_190, LOG);
            }
            5 => close(acquittal.ln_f(), 16.5836f64.ln(), LOG),
            6 => close(acquittal.ln_f(), 29.0921f64.ln(), LOG),
            _ => {}
        }
        assert_eq!(acquittal.is_clear(&settings), bin == 6);
    }
}

/// V15 through the judge: six clean bins after the rollback's own warm-up, and no sooner than 180 s after it.
#[test]
fn v15_through_the_judge() {
    let baseline: Vec<Bin> = (0..100)
        .map(|i| Bin::new(-1_500 + i * 15, 100, u64::from(i % 3 == 1 && i > 5)))
        .collect();
    assert_eq!(baseline.iter().map(|b| b.x).sum::<u64>(), 31);
    let mut judge = Judge::new(Mode::BeforeAfter, &baseline, &[], None, Settings::default());
    for i in 0..20 {
        judge.push(&Bin::new(i * 15, 300, 7));
    }
    assert_eq!(judge.verdict().state, VerdictState::Degraded);
    judge.rollback_succeeded(300);
    for i in 20..40 {
        judge.push(&Bin::new(i * 15, 300, 1));
        let verdict = judge.verdict();
        assert!(!verdict.advise_rollback);
        let recovered = verdict.state == VerdictState::Recovered;
        assert_eq!(recovered, (i + 1) * 15 >= 480, "after {} s", (i + 1) * 15);
    }
    let verdict = judge.verdict();
    assert_eq!(verdict.recovered_at_s, Some(480));
    assert_eq!(verdict.word, Word::Degraded);
    assert!(
        verdict
            .summary
            .starts_with("recovered after 480 s; was degraded at ")
    );
}
