//! When a feed is fetched next. Pure: chance comes in as numbers from 0 to 1.

use std::time::Duration;

use crate::limits::{BACKOFF_FIRST, BACKOFF_MAX, FIRST_WITHIN, JITTER, REST_AFTER};

/// The schedule of one feed.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    every: Duration,
    n_failed: u32,
}

impl Schedule {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, n_failed: 0 }
    }

    /// The wait before the first fetch.
    pub(crate) fn first(&self, chance: f64) -> Duration {
        self.every.min(FIRST_WITHIN).mul_f64(chance)
    }

    /// The wait after a fetch that took `took` and went well: from beginning to beginning it is the
    /// interval, a little less or more.
    pub(crate) fn after_success(&mut self, took: Duration, chance: f64) -> Duration {
        self.n_failed = 0;
        let every = self.every.mul_f64(1.0 + JITTER * (2.0 * chance - 1.0));
        // Who answers slowly is not asked without a pause.
        every.saturating_sub(took).max(every / 4)
    }

    /// The wait after a fetch that left something over.
    pub(crate) fn after_a_part(&mut self, chance: f64) -> Duration {
        self.n_failed = 0;
        REST_AFTER.min(self.every).mul_f64(1.0 + chance)
    }

    /// The wait after a fetch that failed: it doubles, with up to half more by chance, and is no
    /// shorter than what the server `asked` for.
    pub(crate) fn after_failure(&mut self, asked: Option<Duration>, chance: f64) -> Duration {
        self.n_failed = self.n_failed.saturating_add(1);
        let doublings = self.n_failed.saturating_sub(1).min(16);
        let first = self.every.min(BACKOFF_FIRST);
        let most = self.every.max(BACKOFF_MAX);
        let wait = first.saturating_mul(1 << doublings).min(most);
        wait.max(asked.unwrap_or_default())
            .mul_f64(1.0 + chance / 2.0)
    }

    /// Failures in a row.
    pub(crate) fn n_failed(&self) -> u32 {
        self.n_failed
    }
}

/// A number from 0 to 1 by chance; without chance, the middle.
pub(crate) fn chance() -> f64 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(seconds: u64) -> Schedule {
        Schedule::new(Duration::from_secs(seconds))
    }

    #[test]
    fn first_fetches_are_spread_over_the_beginning() {
        assert_eq!(every(3_600).first(0.0), Duration::ZERO);
        assert_eq!(every(3_600).first(1.0), FIRST_WITHIN);
        assert_eq!(every(6).first(0.5), Duration::from_secs(3));
    }

    #[test]
    fn the_interval_is_from_beginning_to_beginning_a_little_less_or_more() {
        let mut schedule = every(100);
        let took = Duration::from_secs(10);
        assert_eq!(schedule.after_success(took, 0.5), Duration::from_secs(90));
        assert_eq!(schedule.after_success(took, 0.0), Duration::from_secs(85));
        assert_eq!(schedule.after_success(took, 1.0), Duration::from_secs(95));
        let slow = Duration::from_secs(99);
        assert_eq!(schedule.after_success(slow, 0.5), Duration::from_secs(25));
    }

    #[test]
    fn waits_after_failures_double_up_to_a_bound_and_begin_anew_after_success() {
        let mut schedule = every(30);
        let wait = |schedule: &mut Schedule| schedule.after_failure(None, 0.0).as_secs();
        let waits: Vec<u64> = (0..7).map(|_| wait(&mut schedule)).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(schedule.n_failed(), 7);
        let _ = schedule.after_success(Duration::ZERO, 0.5);
        assert_eq!(wait(&mut schedule), 10);
        assert_eq!(schedule.after_failure(None, 1.0), Duration::from_secs(30));
        let mut rare = every(3_600);
        let longest = (0..20).map(|_| wait(&mut rare)).max();
        assert_eq!(longest, Some(3_600));
    }

    #[test]
    fn what_the_server_asks_for_is_the_least() {
        let mut schedule = every(30);
        let hour = Duration::from_hours(1);
        assert_eq!(schedule.after_failure(Some(hour), 0.0), hour);
        let short = Some(Duration::from_secs(1));
        assert_eq!(schedule.after_failure(short, 0.0), Duration::from_secs(20));
    }
}
