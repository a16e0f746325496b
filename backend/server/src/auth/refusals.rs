//! How often refusals are written down: the first of a kind from an address and then one a minute, so that a
//! flood of them neither fills the audit trail nor goes unnoticed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use egret_shared::time::{Span, TimeMs};

/// One line for an address within this.
const EVERY: Span = Span(60_000);

/// How much of who and what tells refusals apart, in characters.
const WHAT_CHARS: usize = 100;

/// Refusals remembered; beyond, the oldest are forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// What has been refused, by address, person and path.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<Key, Lately>>);

/// From where, who, and what: one refusal hides no other.
type Key = (IpAddr, String);

#[derive(Clone, Copy, Debug)]
struct Lately {
    noted_at: TimeMs,
    n_unnoted: u64,
}

impl Refusals {
    /// Counts a refusal; if it is to be written down, how many there were since the last one that
    /// was.
    pub(crate) fn count(&self, network: IpAddr, what: &str, now: TimeMs) -> Option<u64> {
        let what: String = what.chars().take(WHAT_CHARS).collect();
        let address = (network, what);
        // Nothing in here can panic half-way.
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= ADDRESSES_MAX && !lately.contains_key(&address) {
            let oldest = lately.iter().min_by_key(|(_, lately)| lately.noted_at);
            let oldest = oldest.map(|(address, _)| address.clone());
            oldest.and_then(|oldest| lately.remove(&oldest));
        }
        let known = lately.get_mut(&address);
        match known {
            // A clock that was put back begins anew.
            Some(known) if (0..EVERY.ms()).contains(&now.since(known.noted_at).ms()) => {
                known.n_unnoted += 1;
                None
            }
            known => {
                let n_before = known.map_or(0, |known| known.n_unnoted);
                let fresh = Lately {
                    noted_at: now,
                    n_unnoted: 0,
                };
                lately.insert(address, fresh);
                Some(n_before)
            }
        }
    }

    /// Forgets that something was written down, which could not be: the next counts as the first.
    pub(crate) fn forget(&self, network: IpAddr, what: &str) {
        let what: String = what.chars().take(WHAT_CHARS).collect();
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lately.remove(&(network, what));
    }

    /// The words for refusals that were not written down.
    pub(crate) fn detail(n_before: u64) -> String {
        match n_before {
            0 => String::new(),
            n => format!("and {n} more from there before"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_minute_that_says_how_many() {
        let refusals = Refusals::default();
        let here = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(refusals.count(here, "x", TimeMs(0)), Some(0));
        refusals.forget(here, "x");
        assert_eq!(refusals.count(here, "x", TimeMs(0)), Some(0));
        for ms in 1..=50 {
            assert_eq!(refusals.count(here, "x", TimeMs(ms)), None);
        }
        assert_eq!(refusals.count(here, "y", TimeMs(60)), Some(0));
        assert_eq!(refusals.count(here, "x", TimeMs(60_000)), Some(50));
        assert_eq!(Refusals::detail(50), "and 50 more from there before");
    }

    #[test]
    fn memory_stays_bounded() {
        let refusals = Refusals::default();
        for n in 0..10_000_u32 {
            let address = IpAddr::from(n.to_be_bytes());
            refusals.count(address, "x", TimeMs(n.into()));
        }
        assert!(refusals.0.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
