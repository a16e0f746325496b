//! How often frames are drawn on a machine that is too slow for them. Pure.
//!
//! Figures come before movement: where drawing keeps the page busy, so that it wakes up late,
//! frames become rarer until it does not.

/// The longest time between two frames. Milliseconds.
const LONGEST_MS: f64 = 2_000.0;

/// The same as a multiple of the shortest wish of 40 ms.
const FACTOR_MAX: f64 = 50.0;

/// How much later than asked a page may wake up before it counts as busy. Milliseconds: a timer's
/// own fuzz and one frame of layout.
const LATE_MS: f64 = 25.0;

/// The time between frames, as a multiple of what is wished for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    factor: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { factor: 1.0 }
    }
}

impl Pace {
    /// How long to wait when `wished_ms` would be best. Milliseconds.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a wait is at most LONGEST_MS"
    )]
    pub(super) fn wait_ms(self, wished_ms: i32) -> i32 {
        (f64::from(wished_ms) * self.factor).min(LONGEST_MS) as i32
    }

    /// A wait of `asked_ms` took `took_ms`.
    pub(super) fn slept(&mut self, asked_ms: i32, took_ms: f64) {
        let is_late = took_ms - f64::from(asked_ms) > LATE_MS;
        let factor = self.factor * if is_late { 1.5 } else { 0.95 };
        self.factor = factor.clamp(1.0, FACTOR_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_page_draws_rarely_and_recovers() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait_ms(100), 100);
        for _ in 0..20 {
            let asked_ms = pace.wait_ms(100);
            pace.slept(asked_ms, f64::from(asked_ms) + 80.0);
        }
        assert_eq!(pace.wait_ms(100), 2_000);
        for _ in 0..200 {
            let asked_ms = pace.wait_ms(100);
            pace.slept(asked_ms, f64::from(asked_ms) + 2.0);
        }
        assert_eq!(pace.wait_ms(100), 100);
    }
}
