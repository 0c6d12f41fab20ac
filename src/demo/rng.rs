//! Random numbers that are pure functions of a seed and of what they are for. The same seed tells the same story, in whatever order the
//! questions come.

use super::num;

/// A small generator (splitmix64), good enough to colour a simulation.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A hash of a text (FNV-1a), to key a generator by a name.
pub(crate) fn key(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl Rng {
    /// A generator for one purpose.
    pub(crate) fn new(seed: u64, keys: &[u64]) -> Self {
        Self(
            keys.iter()
                .fold(mix(seed ^ GOLDEN), |h, k| mix(h.wrapping_add(GOLDEN) ^ *k)),
        )
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn int(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % (high.saturating_sub(low) + 1)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of the items, or the default for an empty list.
    pub(crate) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items
            .get(num::index(self.bits(), items.len()))
            .copied()
            .unwrap_or_default()
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit().max(1e-300), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// How many of `n` trials succeed, each with probability `p`.
    pub(crate) fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let size = n as f64;
        if size * p > 30.0 {
            let x = size * p + (size * p * (1.0 - p)).sqrt() * self.normal();
            return num::count(x.round()).min(n);
        }
        let odds = p / (1.0 - p);
        let mut mass = (size * (1.0 - p).ln()).exp();
        let (mut left, mut k) = (self.unit(), 0);
        while left > mass && k < n {
            left -= mass;
            mass *= odds * (n - k) as f64 / (k + 1) as f64;
            k += 1;
        }
        k
    }

    /// How many events happen when `mean` are expected.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 30.0 {
            return num::count((mean + mean.sqrt() * self.normal()).round());
        }
        let (mut mass, mut left, mut k) = ((-mean).exp(), self.unit(), 0_u64);
        while left > mass && k < 200 {
            left -= mass;
            k += 1;
            mass *= mean / k as f64;
        }
        k
    }

    /// Forty hexadecimal digits, as a commit's id.
    pub(crate) fn sha(&mut self) -> String {
        let mut text = format!(
            "{:016x}{:016x}{:016x}",
            self.bits(),
            self.bits(),
            self.bits()
        );
        text.truncate(40);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_right_mean() {
        let mut rng = Rng::new(1, &[2]);
        let mean =
            |draw: &mut dyn FnMut() -> u64| (0..4000).map(|_| draw() as f64).sum::<f64>() / 4000.0;
        let b = mean(&mut || rng.binomial(150, 0.02));
        assert!((b - 3.0).abs() < 0.15, "{b}");
        let b = mean(&mut || rng.binomial(150, 0.7));
        assert!((b - 105.0).abs() < 0.5, "{b}");
        let p = mean(&mut || rng.poisson(150.0));
        assert!((p - 150.0).abs() < 1.0, "{p}");
        let p = mean(&mut || rng.poisson(2.0));
        assert!((p - 2.0).abs() < 0.1, "{p}");
    }

    #[test]
    fn the_same_purpose_gives_the_same_numbers() {
        assert_eq!(Rng::new(7, &[1, 2]).bits(), Rng::new(7, &[1, 2]).bits());
        assert_ne!(Rng::new(7, &[1, 2]).bits(), Rng::new(7, &[2, 1]).bits());
        assert_eq!(Rng::new(7, &[1]).sha().len(), 40);
    }
}
