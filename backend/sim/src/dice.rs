//! Chance that can be repeated: one small generator per thing that needs it.
//!
//! SplitMix64: eight bytes of state, so that every asset has its own stream and adding one asset
//! does not change what the others do. The sequence is part of this crate, not of a library's
//! version: the same seed gives the same city for as long as this file stays as it is.
//!
//! # Source
//! Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.

use std::f64::consts::TAU;

/// One stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of thing number `index` of kind `kind` under `seed`.
    pub(crate) fn new(seed: u64, kind: &str, index: u64) -> Self {
        let mut state = mix(seed ^ 0x9E37_79B9_7F4A_7C15);
        for byte in kind.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self {
            state: mix(state ^ index.wrapping_mul(0xD6E8_FEB8_6659_FD93)),
        }
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// Evenly from 0 (included) to 1 (excluded).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// The normal distribution with mean 0 and deviation 1 (Box–Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (TAU * self.unit()).cos()
    }

    /// How often something happens that happens `mean` times on average; for small means.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean.clamp(0.0, 500.0)).exp();
        let (mut n_events, mut product) = (0, self.unit());
        while product > limit {
            n_events += 1;
            product *= self.unit();
        }
        n_events
    }

    /// One of `choices`, evenly.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let n_choices = u64::try_from(choices.len()).ok().filter(|n| *n > 0)?;
        let index = usize::try_from(self.bits() % n_choices).ok()?;
        choices.get(index)
    }

    /// One of `choices`, each as likely as its weight.
    pub(crate) fn weighted<'a, T>(&mut self, choices: &'a [(T, f64)]) -> Option<&'a T> {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        let hit = choices.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        hit.or(choices.last()).map(|(choice, _)| choice)
    }
}

/// Stirs 64 bits so that every one of them depends on every other.
pub(crate) fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_another_differs() {
        let rolls = |seed, index| {
            let mut dice = Dice::new(seed, "bus", index);
            [dice.bits(), dice.bits(), dice.bits()]
        };
        assert_eq!(rolls(1, 2), rolls(1, 2));
        assert_ne!(rolls(1, 2), rolls(1, 3));
        assert_ne!(rolls(1, 2), rolls(2, 2));
    }

    #[test]
    fn the_distributions_have_their_means_and_spread() {
        let mut dice = Dice::new(7, "test", 0);
        let n = 20_000;
        let mean = |sum: f64| sum / f64::from(n);
        let normals: Vec<f64> = (0..n).map(|_| dice.normal()).collect();
        assert!(mean(normals.iter().sum()).abs() < 0.03);
        assert!((mean(normals.iter().map(|v| v * v).sum()) - 1.0).abs() < 0.05);
        let events: f64 = (0..n).map(|_| f64::from(dice.poisson(0.7))).sum();
        assert!((mean(events) - 0.7).abs() < 0.03);
        let heavy = (0..n).filter(|_| dice.weighted(&[(true, 3.0), (false, 1.0)]) == Some(&true));
        assert!((mean(heavy.count() as f64) - 0.75).abs() < 0.02);
    }
}
