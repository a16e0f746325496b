//! How long to wait before connecting again: doubling from 0.2 s to 30 s, with jitter, so that many
//! nodes do not return to a restarted broker in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The pause to come.
#[derive(Debug)]
pub(super) struct Backoff {
    pause: Duration,
    jitter: RandomState,
    n_pauses: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            pause: PAUSE_MIN,
            jitter: RandomState::new(),
            n_pauses: 0,
        }
    }
}

impl Backoff {
    /// The next pause, between one half and the whole of its step, after a connection that lasted so
    /// long. One that outlasted the pause to come was worth making: the steps begin anew, so that a
    /// line that breaks every minute is not away for half of it.
    pub(super) fn next_pause(&mut self, lasted: Duration) -> Duration {
        if lasted > self.pause {
            self.pause = PAUSE_MIN;
        }
        let step = self.pause;
        self.pause = (step * 2).min(PAUSE_MAX);
        self.n_pauses += 1;
        let share = self.jitter.hash_one(self.n_pauses) % 1_000;
        let jitter = step * (share as u32) / 2_000;
        step / 2 + jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_begin_anew_after_a_good_connection() {
        let mut backoff = Backoff::default();
        let mut step = PAUSE_MIN;
        for _ in 0..20 {
            let pause = backoff.next_pause(Duration::ZERO);
            assert!(pause >= step / 2 && pause < step, "{pause:?} of {step:?}");
            step = (step * 2).min(PAUSE_MAX);
        }
        assert!(backoff.next_pause(Duration::from_mins(5)) < PAUSE_MIN);
    }
}
