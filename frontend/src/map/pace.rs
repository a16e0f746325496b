//! How often frames are drawn on a machine that is too slow for them. Pure.
//!
//! Figures come before movement: where drawing keeps the page busy, so that it wakes up late, or the
//! graphics card, so that a frame is drawn long after it was asked for, frames become rarer until they
//! do not. What is new would only stand in the queue behind frames that show nothing new.

/// The longest time between two frames. Milliseconds.
const LONGEST_MS: f64 = 2_000.0;

/// The same as a multiple of the shortest wish of 40 ms.
const FACTOR_MAX: f64 = 50.0;

/// How much later than asked a page may wake up before it counts as busy. Milliseconds: a timer's
/// own fuzz and one frame of layout.
const LATE_MS: f64 = 25.0;

/// A browser's own frame, for which any drawing waits. Milliseconds.
const FRAME_MS: f64 = 17.0;

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

    /// A wait of `asked_ms` took `took_ms`, and the last frame began `lag_ms` after it was asked for.
    pub(super) fn slept(&mut self, asked_ms: i32, took_ms: f64, lag_ms: f64) {
        let is_late = took_ms - f64::from(asked_ms) > LATE_MS || lag_ms > LATE_MS + FRAME_MS;
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
            pace.slept(asked_ms, f64::from(asked_ms) + 80.0, 10.0);
        }
        assert_eq!(pace.wait_ms(100), 2_000);
        for _ in 0..200 {
            let asked_ms = pace.wait_ms(100);
            pace.slept(asked_ms, f64::from(asked_ms) + 2.0, 10.0);
        }
        assert_eq!(pace.wait_ms(100), 100);
    }
    #[test]
    fn frames_that_the_graphics_card_owes_make_those_that_follow_rarer() {
        let mut pace = Pace::default();
        // A card that takes 90 ms for a frame, of which 40 ms apart are too many.
        for _ in 0..200 {
            let asked_ms = pace.wait_ms(40);
            let queued_ms = (90.0 - f64::from(asked_ms)).max(0.0);
            pace.slept(asked_ms, f64::from(asked_ms), 8.0 + queued_ms);
        }
        let settled_ms = pace.wait_ms(40);
        assert!((45..=90).contains(&settled_ms), "{settled_ms} ms");
    }
}
