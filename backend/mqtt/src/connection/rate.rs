//! How fast a client may send. Beyond its rate it is read from no faster, and nothing is dropped.
//!
//! Two buckets of tokens, each filled at its rate up to a second's worth. What has come is paid for
//! afterwards, so a bucket can be in debt by one message, or by one read; nothing more is taken until
//! that is paid.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

const NANOS: i128 = 1_000_000_000;

/// The buckets of one connection.
#[derive(Debug)]
pub(super) struct Rate {
    publishes: Bucket,
    bytes: Bucket,
}

#[derive(Debug)]
struct Bucket {
    /// Zero for no bound.
    per_second: u32,
    /// Tokens, in billionths. Below zero is debt.
    left: i128,
    filled_at: Instant,
}

impl Rate {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            publishes: Bucket::new(limits.publishes_per_second_max),
            bytes: Bucket::new(limits.bytes_per_second_max),
        }
    }

    /// A message has come.
    pub(super) fn publish(&mut self) {
        self.publishes.pay(1);
    }

    /// So many bytes have come.
    pub(super) fn read(&mut self, n_bytes: usize) {
        self.bytes.pay(n_bytes);
    }

    /// How much to read at once at most: no more than a second's worth, so that no debt is longer.
    pub(super) fn read_bytes_max(&self, wanted: usize) -> usize {
        match usize::try_from(self.bytes.per_second) {
            Ok(per_second) if per_second > 0 => wanted.min(per_second),
            Ok(_) | Err(_) => wanted,
        }
    }

    /// When more may be taken, if not now.
    pub(super) fn waits_until(&mut self) -> Option<Instant> {
        self.publishes.waits_until().max(self.bytes.waits_until())
    }
}

impl Bucket {
    fn new(per_second: u32) -> Self {
        Self {
            per_second,
            left: i128::from(per_second) * NANOS,
            filled_at: Instant::now(),
        }
    }

    fn pay(&mut self, n_tokens: usize) {
        if self.per_second > 0 {
            self.fill();
            self.left -= i128::try_from(n_tokens).unwrap_or(i128::MAX / NANOS) * NANOS;
        }
    }

    fn waits_until(&mut self) -> Option<Instant> {
        if self.per_second == 0 {
            return None;
        }
        self.fill();
        if self.left >= 0 {
            return None;
        }
        let per_second = i128::from(self.per_second);
        let nanos = (-self.left + per_second - 1) / per_second;
        let wait = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        Some(self.filled_at + wait)
    }

    fn fill(&mut self) {
        let now = Instant::now();
        let nanos = now.duration_since(self.filled_at).as_nanos();
        let per_second = i128::from(self.per_second);
        let gained = i128::try_from(nanos).unwrap_or(NANOS) * per_second;
        self.left = (self.left + gained).min(per_second * NANOS);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(publishes: u32, bytes: u32) -> Rate {
        Rate::new(&Limits {
            publishes_per_second_max: publishes,
            bytes_per_second_max: bytes,
            ..Limits::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_s_worth_may_come_at_once_and_the_rest_at_the_rate() {
        let mut rate = rate(10, 0);
        let started_at = Instant::now();
        for _ in 0..30 {
            if let Some(at) = rate.waits_until() {
                tokio::time::sleep_until(at).await;
            }
            rate.publish();
        }
        // Ten at once and one in debt, then nineteen tenths of a second.
        let took_ms = started_at.elapsed().as_millis();
        assert!((1_900..=1_930).contains(&took_ms), "{took_ms} ms");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_used_does_not_add_up() {
        let mut rate = rate(0, 100);
        tokio::time::sleep(Duration::from_hours(1)).await;
        rate.read(150);
        let until = rate.waits_until().expect("in debt");
        assert_eq!(until - Instant::now(), Duration::from_millis(500));
        assert_eq!(rate.read_bytes_max(4_096), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_bound_nothing_waits() {
        let mut rate = rate(0, 0);
        for _ in 0..1_000 {
            rate.publish();
            rate.read(usize::MAX);
        }
        assert_eq!(rate.waits_until(), None);
        assert_eq!(rate.read_bytes_max(4_096), 4_096);
    }
}
