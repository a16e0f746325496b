//! How fast somebody may ask: a bucket of tokens for each account, and for each address of those
//! who are nobody yet.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use egret_people::Principal;
use egret_shared::time::TimeMs;

/// Buckets remembered; beyond, those that are full again are forgotten first, then all.
const BUCKETS_MAX: usize = 16_384;

/// Whose bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// Somebody who is signed in, by kind and id.
    Account(String),
    /// Nobody yet.
    Address(IpAddr),
    /// Somebody on the way to the single sign-on, which remembers no more than a thousand.
    SignOn(IpAddr),
}

impl Whose {
    /// Somebody who is signed in.
    pub(crate) fn of(principal: &Principal) -> Self {
        Self::Account(format!("{}:{}", principal.kind.as_str(), principal.id))
    }

    /// Requests a second in the long run, and at once.
    const fn rate(&self) -> (f64, f64) {
        match self {
            // A screen asks for some thirty things when it opens; a department's system sends
            // hundreds of messages a second, a thousand elements each.
            Self::Account(_) => (500.0, 2_000.0),
            // A page has some twenty files, and a few walls may share an address.
            Self::Address(_) => (20.0, 400.0),
            Self::SignOn(_) => (0.2, 20.0),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: TimeMs,
}

/// Everybody's bucket.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<BTreeMap<Whose, Bucket>>);

impl Pace {
    /// Takes a token; without one, after how many whole seconds there will be one.
    ///
    /// # Errors
    /// The seconds, at least 1.
    pub(crate) fn ask(&self, whose: Whose, now: TimeMs) -> Result<(), u64> {
        let (rate, burst) = whose.rate();
        // Nothing in here can panic half-way.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&whose) {
            buckets.retain(|whose, bucket| {
                let (rate, burst) = whose.rate();
                bucket.filled(rate, burst, now) < burst
            });
            if buckets.len() >= BUCKETS_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(whose).or_insert(Bucket {
            tokens: burst,
            at: now,
        });
        bucket.tokens = bucket.filled(rate, burst, now);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err(1);
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

impl Bucket {
    fn filled(&self, rate: f64, burst: f64, now: TimeMs) -> f64 {
        // A clock that was set back fills nothing.
        let passed_ms = now.since(self.at).ms().max(0);
        (self.tokens + rate * passed_ms as f64 / 1_000.0).min(burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let pace = Pace::default();
        let here = || Whose::Address(IpAddr::from([10, 0, 0, 1]));
        let asked = (0..500).filter(|_| pace.ask(here(), TimeMs(0)).is_ok());
        assert_eq!(asked.count(), 400);
        assert_eq!(pace.ask(here(), TimeMs(0)), Err(1));
        let asked = (0..500).filter(|_| pace.ask(here(), TimeMs(1_000)).is_ok());
        assert_eq!(asked.count(), 20);
        let account = Whose::Account("user:1".to_owned());
        assert_eq!(pace.ask(account, TimeMs(0)), Ok(()), "by itself");
    }

    #[test]
    fn memory_stays_bounded() {
        let pace = Pace::default();
        for n in 0..40_000_u32 {
            let whose = Whose::Address(IpAddr::from(n.to_be_bytes()));
            assert!(pace.ask(whose, TimeMs(i64::from(n))).is_ok());
        }
        assert!(pace.0.lock().unwrap().len() <= BUCKETS_MAX);
    }
}
