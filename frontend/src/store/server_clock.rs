//! The server's clock, as far as its messages tell. Pure.
//!
//! A wall's own clock may be wrong by minutes. Each message says when it was sent; the one that
//! travelled fastest gives the best guess of the difference, so the greatest of the newest few
//! counts.

use std::collections::VecDeque;

use egret_shared::time::TimeMs;

/// How many messages are remembered: half a minute of heartbeats, so that a clock that is set
/// right is believed soon.
const SAMPLES: usize = 32;

/// The difference between the server's clock and the browser's.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    ahead_ms: VecDeque<i64>,
}

impl ServerClock {
    /// The server said that it is `at`, when the browser's clock showed `local`.
    pub(crate) fn observe(&mut self, at: TimeMs, local: TimeMs) {
        if self.ahead_ms.len() == SAMPLES {
            self.ahead_ms.pop_front();
        }
        self.ahead_ms.push_back(at.since(local).ms());
    }

    /// The server's time when the browser's clock shows `local`.
    pub(crate) fn now(&self, local: TimeMs) -> TimeMs {
        let ahead_ms = self.ahead_ms.iter().copied().max().unwrap_or(0);
        TimeMs(local.0.saturating_add(ahead_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_message_sets_the_clock() {
        let mut clock = ServerClock::default();
        assert_eq!(clock.now(TimeMs(7)), TimeMs(7));
        clock.observe(TimeMs(10_000), TimeMs(1_300));
        clock.observe(TimeMs(11_000), TimeMs(2_020));
        clock.observe(TimeMs(12_000), TimeMs(3_500));
        assert_eq!(clock.now(TimeMs(4_000)), TimeMs(12_980));
    }

    #[test]
    fn a_clock_that_was_set_right_is_believed_after_a_while() {
        let mut clock = ServerClock::default();
        clock.observe(TimeMs(1_000_000), TimeMs(0));
        for second in 0..32 {
            clock.observe(TimeMs(second * 1_000), TimeMs(second * 1_000));
        }
        assert_eq!(clock.now(TimeMs(50_000)), TimeMs(50_000));
    }
}
