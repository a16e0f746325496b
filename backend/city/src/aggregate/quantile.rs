//! A quantile by DDSketch: within 1 % of the value, mergeable, and the same in any order.
//!
//! Values are counted in buckets whose bounds grow by a constant factor. The crates that do the
//! same keep dense arrays and lose the order of arrival or the exact zero; here a slice of ten
//! readings takes ten pairs.
//!
//! # Source
//! Masson, Rim, Lee: DDSketch, VLDB 2019; logarithmic mapping, section 2.1.

use serde::{Deserialize, Serialize};

use super::{Accumulate, Contribution};

/// Relative accuracy of a quantile.
const ACCURACY: f64 = 0.01;

/// Growth of the buckets' bounds.
const GAMMA: f64 = (1.0 + ACCURACY) / (1.0 - ACCURACY);

/// Smaller values count as zero: no unit of `properties.toml` resolves a billionth.
const LEAST: f64 = 1e-9;

/// A quantile of the contributions.
///
/// Buckets are numbered by the logarithm of the value's size, those of negative values by its
/// negative below zero's, so that order of buckets is order of values. At most 4,100 buckets lie
/// between 1e-9 and 1e9 on both sides; values beyond share the outermost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantile {
    q: f64,
    n: u64,
    /// Bucket and how many values it holds, rising.
    buckets: Vec<(i16, u32)>,
}

/// Number of the bucket of [`LEAST`], made 1 so that 0 is for zero.
const LEAST_BUCKET: f64 = -1_036.0;

/// The outermost bucket: values of 1e9 and beyond.
const LAST_BUCKET: f64 = 2_074.0;

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to LAST_BUCKET before"
)]
fn bucket_of(v: f64) -> i16 {
    if v.abs() < LEAST {
        return 0;
    }
    let by_size = (v.abs().ln() / GAMMA.ln()).ceil() - LEAST_BUCKET + 1.0;
    let bucket = by_size.clamp(1.0, LAST_BUCKET) as i16;
    if v < 0.0 { -bucket } else { bucket }
}

fn value_of(bucket: i16) -> f64 {
    if bucket == 0 {
        return 0.0;
    }
    let power = f64::from(bucket.abs()) + LEAST_BUCKET - 1.0;
    let size = 2.0 * (power * GAMMA.ln()).exp() / (GAMMA + 1.0);
    if bucket < 0 { -size } else { size }
}

impl Quantile {
    /// An empty sketch for quantile `q`, 0 to 1.
    pub(crate) fn new(q: f64) -> Self {
        Self {
            q,
            n: 0,
            buckets: Vec::new(),
        }
    }

    fn count(&mut self, bucket: i16, n: u32) {
        match self
            .buckets
            .binary_search_by_key(&bucket, |(number, _)| *number)
        {
            Ok(at) => {
                if let Some((_, count)) = self.buckets.get_mut(at) {
                    *count += n;
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, n)),
        }
        self.n += u64::from(n);
    }
}

impl Accumulate for Quantile {
    fn add(&mut self, one: &Contribution) {
        self.count(bucket_of(one.v), 1);
    }

    fn merge(&mut self, later: &Self) {
        for (bucket, n) in &later.buckets {
            self.count(*bucket, *n);
        }
    }

    fn value(&self) -> Option<f64> {
        let rank = self.q * self.n.saturating_sub(1) as f64;
        let mut below = 0.0;
        let reached = |(_, n): &&(i16, u32)| {
            below += f64::from(*n);
            below > rank
        };
        self.buckets
            .iter()
            .find(reached)
            .map(|(bucket, _)| value_of(*bucket))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_within_one_percent_of_the_exact_one(
            mut values in prop::collection::vec(-1e6_f64..1e6, 1..200),
            q in 0.0_f64..=1.0,
        ) {
            let mut sketch = Quantile::new(q);
            for v in &values {
                sketch.add(&Contribution::plain(0, *v));
            }
            values.sort_by(f64::total_cmp);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
            let exact = values[(q * (values.len() - 1) as f64).floor() as usize];
            let found = sketch.value().unwrap();
            prop_assert!((found - exact).abs() <= exact.abs() * 0.010_001 + LEAST, "{found} for {exact}");
        }
    }

    #[test]
    fn the_least_value_has_the_first_bucket_and_zero_its_own() {
        assert_eq!(bucket_of(LEAST), 1);
        assert_eq!(bucket_of(0.0), 0);
        assert_eq!(bucket_of(-1e300), -2_074);
        assert!(bucket_of(-2.0) < bucket_of(-1.0) && bucket_of(-1.0) < 0);
    }
}
