//! The weather of scenario `flaky-api`: spells in which GitHub or Prometheus fail, each spell in its own way. A pure function of the
//! seed, the virtual time and the request, so that a story told again meets the same trouble at the same moments.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::faults::{Fault, Mode, When};
use super::num;
use super::rng::{self, Rng};

/// A spell lasts that long, in virtual seconds.
const SPELL_S: i64 = 20;
/// Every so many spells one is calm for sure, so that nobody waits for ever.
const BREATH: i64 = 3;

/// Which server the weather is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sky {
    GitHub,
    Prometheus,
}

/// What kind of trouble a spell brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// 500, 502, 503, as an API says it.
    Server,
    /// 429 with `Retry-After`.
    Limit,
    /// The connection is closed without an answer.
    Reset,
    /// Half of the JSON, as if it were whole.
    Torn,
    /// Nothing is said, for long.
    Silence,
    /// 403 for asking too fast; without a word about it a monitor's proxy says 429.
    Secondary,
    /// A page for people, with a good status.
    Page,
    /// A gateway's page, with a bad one.
    Gateway,
    /// The body breaks off.
    Cut,
}

const ALL: [Trouble; 9] = [
    Trouble::Server,
    Trouble::Limit,
    Trouble::Reset,
    Trouble::Torn,
    Trouble::Silence,
    Trouble::Secondary,
    Trouble::Page,
    Trouble::Gateway,
    Trouble::Cut,
];

/// In these words GitHub says that somebody asks too fast.
const TOO_FAST: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

/// The weather of a company.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    seed: u64,
    start: Timestamp,
    silence: Duration,
}

impl Weather {
    /// The weather from `start` on; silent servers stay silent for `silence` of real time.
    pub(crate) fn new(seed: u64, start: Timestamp, silence: Duration) -> Self {
        Self {
            seed,
            start,
            silence,
        }
    }

    /// How a request at `now` fails; none: it does not.
    pub(crate) fn fault(
        &self,
        sky: Sky,
        method: &str,
        path: &str,
        now: Timestamp,
    ) -> Option<Fault> {
        let spell = now.duration_since(self.start).as_secs().div_euclid(SPELL_S);
        let trouble = self.trouble(sky, spell)?;
        let keys = [
            sky.key(),
            spell.unsigned_abs(),
            rng::key(method),
            rng::key(path),
        ];
        let mut rng = Rng::new(self.seed, &keys);
        let write = sky == Sky::GitHub && method != "GET" && path != "/graphql";
        rng.chance(if write { 0.5 } else { 0.85 })
            .then(|| self.made(trouble, sky, write, &mut rng))
    }

    /// What a spell brings. All kinds come in turn, each server's own way through them; the first spell is calm.
    fn trouble(&self, sky: Sky, spell: i64) -> Option<Trouble> {
        let calm = spell < 1 || spell % BREATH == 0;
        if calm || Rng::new(self.seed, &[sky.key(), spell.unsigned_abs()]).chance(0.2) {
            return None;
        }
        let mut way = Rng::new(self.seed, &[sky.key()]);
        // Both without a common factor with the number of kinds.
        let stride: u64 = way.pick(&[1, 2, 4, 5, 7]);
        let place = way.bits() / 2 + stride * (spell - spell / BREATH - 1).unsigned_abs();
        ALL.get(num::index(place, ALL.len())).copied()
    }

    fn made(&self, trouble: Trouble, sky: Sky, write: bool, rng: &mut Rng) -> Fault {
        let mut fault = Fault {
            path_prefix: String::new(),
            method: None,
            mode: Mode::Status,
            times: 1,
            // A read has no effect to lose.
            when: if write && rng.chance(0.5) {
                When::After
            } else {
                When::Before
            },
            status: None,
            delay_ms: 0,
            body: None,
            headers: BTreeMap::new(),
        };
        let wait = rng.int(8, 25).to_string();
        match trouble {
            Trouble::Server => {
                fault.status = Some(rng.pick(&[500, 502, 503]));
                fault.body = (sky == Sky::Prometheus).then(|| "upstream unavailable\n".to_owned());
            }
            Trouble::Limit | Trouble::Secondary => {
                let secondary = trouble == Trouble::Secondary && sky == Sky::GitHub;
                fault.when = When::Before;
                fault.status = Some(if secondary { 403 } else { 429 });
                fault.body = Some(match sky {
                    Sky::GitHub => serde_json::json!({ "message": TOO_FAST, "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api" }).to_string(),
                    Sky::Prometheus => "too many requests\n".to_owned(),
                });
                fault.headers.insert("retry-after".to_owned(), wait);
                if sky == Sky::GitHub {
                    let left = ("x-ratelimit-remaining".to_owned(), "4321".to_owned());
                    fault.headers.extend([left]);
                }
            }
            Trouble::Reset => fault.mode = Mode::Reset,
            Trouble::Torn => {
                fault.mode = Mode::Torn;
                fault.when = When::After;
            }
            Trouble::Silence => {
                fault.mode = Mode::Silence;
                fault.delay_ms = u64::try_from(self.silence.as_millis()).unwrap_or(u64::MAX);
            }
            Trouble::Page => fault.mode = Mode::Html,
            Trouble::Gateway => {
                fault.mode = Mode::Html;
                fault.status = Some(rng.pick(&[502, 503, 504]));
            }
            Trouble::Cut => fault.mode = Mode::Cut,
        }
        fault
    }
}

impl Sky {
    fn key(self) -> u64 {
        rng::key(match self {
            Self::GitHub => "weather of github",
            Self::Prometheus => "weather of prometheus",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weather(seed: u64) -> Weather {
        Weather::new(seed, Timestamp::UNIX_EPOCH, Duration::from_secs(1))
    }

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(s).unwrap()
    }

    fn told(seed: u64, sky: Sky, method: &str, path: &str) -> Vec<Option<Fault>> {
        (0..1_800)
            .map(|s| weather(seed).fault(sky, method, path, at(s)))
            .collect()
    }

    #[test]
    fn the_same_seed_has_the_same_weather_and_another_another() {
        let path = "/api/v1/query_range";
        let one = told(1, Sky::Prometheus, "POST", path);
        assert_eq!(one, told(1, Sky::Prometheus, "POST", path));
        assert_ne!(one, told(2, Sky::Prometheus, "POST", path));
    }

    #[test]
    fn every_kind_of_trouble_comes_and_between_them_it_is_calm() {
        for seed in 1..20 {
            for sky in [Sky::GitHub, Sky::Prometheus] {
                let all: Vec<_> = (0..90).map(|n| weather(seed).trouble(sky, n)).collect();
                for kind in ALL {
                    assert!(all.contains(&Some(kind)), "{seed} {sky:?}: no {kind:?}");
                }
                assert_eq!(all[0], None, "the first picture comes");
                let longest = all.split(Option::is_none).map(<[_]>::len).max();
                assert!(longest < Some(3), "{seed} {sky:?}: {longest:?}");
            }
        }
    }

    #[test]
    fn a_limit_refuses_and_never_takes_effect() {
        let path = "/repos/acme/checkout/actions/workflows/rollback.yml/dispatches";
        let all = (1..40).flat_map(|seed| told(seed, Sky::GitHub, "POST", path));
        let (mut limits, mut lost) = (0, 0);
        for fault in all.flatten() {
            if matches!(fault.status, Some(403 | 429)) {
                limits += 1;
                assert_eq!(fault.when, When::Before);
                assert!(fault.headers.contains_key("retry-after"));
            } else {
                lost += u32::from(fault.when == When::After);
            }
        }
        assert!(limits > 0 && lost > 0, "{limits} {lost}");
    }
}
