//! How fast a channel may send, and how long it waits after failures.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::limits::{BACKOFF_FIRST, BACKOFF_MAX};

/// The span that receivers count in, with what clocks and networks add.
const MINUTE: Duration = Duration::from_secs(61);

/// At most so many messages within any minute.
pub(crate) struct Pace {
    per_minute: usize,
    sent: VecDeque<Instant>,
}

impl Pace {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            per_minute: usize::try_from(per_minute).unwrap_or(usize::MAX).max(1),
            sent: VecDeque::new(),
        }
    }

    /// Counts messages that were sent so long ago, the longest first.
    pub(crate) fn remember(&mut self, ago: &[Duration]) {
        let now = Instant::now();
        self.sent
            .extend(ago.iter().filter_map(|ago| now.checked_sub(*ago)));
    }

    /// Waits until one more may be sent.
    pub(crate) async fn ready(&mut self) {
        let n_over = (self.sent.len() + 1).saturating_sub(self.per_minute);
        if let Some(at) = n_over.checked_sub(1).and_then(|index| self.sent.get(index)) {
            sleep_until(*at + MINUTE).await;
        }
        while self.sent.len() >= self.per_minute {
            self.sent.pop_front();
        }
    }

    /// One is sent now.
    pub(crate) fn sent(&mut self) {
        self.sent.push_back(Instant::now());
    }
}

/// Waits that double.
#[derive(Default)]
pub(crate) struct Backoff {
    n_failed: u32,
}

impl Backoff {
    /// The wait after one more failure.
    pub(crate) fn next(&mut self) -> Duration {
        self.n_failed = self.n_failed.saturating_add(1);
        Self::after(self.n_failed)
    }

    /// Failures in a row.
    pub(crate) fn n_failed(&self) -> u32 {
        self.n_failed
    }

    /// The wait after so many failures: with up to a quarter more by chance, so that what failed at
    /// the same time does not come again at the same time.
    pub(crate) fn after(n_failed: u32) -> Duration {
        let doublings = n_failed.saturating_sub(1).min(16);
        let wait = BACKOFF_FIRST
            .saturating_mul(1 << doublings)
            .min(BACKOFF_MAX);
        wait + wait.mul_f64(f64::from(chance()) / f64::from(u16::MAX) / 4.0)
    }
}

/// A number by chance; without chance, nothing is added.
fn chance() -> u16 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u16::from_le_bytes(bytes),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_with_a_quarter_of_jitter() {
        let within = |n_failed, least: Duration| {
            let wait = Backoff::after(n_failed);
            assert!(
                wait >= least && wait <= least.mul_f64(1.25),
                "{n_failed}: {wait:?}"
            );
        };
        within(1, BACKOFF_FIRST);
        within(2, 2 * BACKOFF_FIRST);
        within(5, 16 * BACKOFF_FIRST);
        within(20, BACKOFF_MAX);
        within(u32::MAX, BACKOFF_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_messages_than_the_pace_allows() {
        let mut pace = Pace::new(20);
        let mut sent = Vec::new();
        for _ in 0..100 {
            pace.ready().await;
            pace.sent();
            sent.push(Instant::now());
        }
        for (n, at) in sent.iter().enumerate() {
            let within = sent
                .iter()
                .skip(n)
                .take_while(|other| **other - *at < Duration::from_mins(1));
            assert!(within.count() <= 20);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_before_a_restart_counts() {
        let start = Instant::now();
        let mut pace = Pace::new(2);
        tokio::time::advance(Duration::from_mins(2)).await;
        pace.remember(&[Duration::from_secs(50), Duration::from_secs(10)]);
        pace.ready().await;
        assert_eq!(start.elapsed(), Duration::from_secs(120 + 11));
    }
}
