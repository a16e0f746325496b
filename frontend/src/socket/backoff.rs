//! How long to wait before the next try. Pure: the caller throws the dice.

/// The first wait, milliseconds.
const FIRST_MS: f64 = 200.0;

/// The longest wait, milliseconds: the right value is to be on the wall within 2 s of the
/// server's return, and a probe a second is nothing to a server even from a hundred walls.
const LONGEST_MS: f64 = 1_000.0;

/// Waits that double, each shortened by chance so that walls don't knock in step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    tries: u32,
    longest_ms: f64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST_MS)
    }
}

impl Backoff {
    /// Waits that grow up to so many milliseconds.
    pub(crate) fn up_to(longest_ms: f64) -> Self {
        Self {
            tries: 0,
            longest_ms,
        }
    }

    /// The next wait, in milliseconds; `dice` in 0..1.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a wait is at most `longest_ms`, a few seconds"
    )]
    pub(crate) fn next_ms(&mut self, dice: f64) -> i32 {
        let doubled = FIRST_MS * f64::from(1_u32 << self.tries.min(8));
        self.tries = self.tries.saturating_add(1);
        (doubled.min(self.longest_ms) * (0.5 + 0.5 * dice)) as i32
    }

    /// A connection was good: the next failure begins anew.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<i32> = (0..6).map(|_| backoff.next_ms(1.0)).collect();
        assert_eq!(waits, [200, 400, 800, 1_000, 1_000, 1_000]);
        backoff.reset();
        assert_eq!(backoff.next_ms(0.0), 100);
    }
}
