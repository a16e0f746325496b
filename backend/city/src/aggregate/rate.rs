//! The contributions' sum for each so long a time: vehicles per hour, calls per day.
//!
//! A slice keeps the sum; the length of the window is known only where the number is read.

use serde::{Deserialize, Serialize};

use super::exact::Additive;
use super::{Accumulate, Contribution};

/// Shorter windows count as so long, milliseconds: the first call of a day at six seconds past
/// midnight is not six hundred an hour.
const SHORTEST_MS: i64 = 60_000;

/// The sum of which a rate is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rate {
    sum: Additive,
}

impl Accumulate for Rate {
    fn add(&mut self, one: &Contribution) {
        self.sum.add(one.v);
    }

    fn merge(&mut self, later: &Self) {
        self.sum.merge(later.sum);
    }

    fn value(&self) -> Option<f64> {
        self.sum.value()
    }
}

/// How much of `sum`, gathered in `length_ms`, comes to each `per_ms`.
pub(super) fn rate(sum: f64, per_ms: i64, length_ms: i64) -> f64 {
    sum * (per_ms as f64 / length_ms.max(SHORTEST_MS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_sum_for_each_span_of_the_window() {
        let hour_ms = 3_600_000;
        for (sum, length_ms, expected) in [
            (10.0, 300_000, 120.0),
            (48.0, 24 * hour_ms, 2.0),
            (1.0, 6_000, 60.0),
            (0.0, 0, 0.0),
        ] {
            let found = rate(sum, hour_ms, length_ms);
            assert!((found - expected).abs() < 1e-9, "{found}");
        }
    }
}
