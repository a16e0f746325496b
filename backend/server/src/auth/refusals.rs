//! How often refusals are written down: the first from an address and then one a minute, so that a
//! flood of them neither fills the audit trail nor goes unnoticed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use egret_shared::time::{Span, TimeMs};

/// One line for an address within this.
const EVERY: Span = Span(60_000);

/// Addresses remembered; beyond, the oldest are forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// What has been refused, by address.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<IpAddr, Lately>>);

#[derive(Clone, Copy, Debug)]
struct Lately {
    noted_at: TimeMs,
    n_unnoted: u64,
}

impl Refusals {
    /// Counts a refusal; if it is to be written down, how many there were since the last one that
    /// was.
    pub(crate) fn count(&self, address: IpAddr, now: TimeMs) -> Option<u64> {
        // Nothing in here can panic half-way.
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() >= ADDRESSES_MAX && !lately.contains_key(&address) {
            let oldest = lately.iter().min_by_key(|(_, lately)| lately.noted_at);
            let oldest = oldest.map(|(address, _)| *address);
            oldest.and_then(|oldest| lately.remove(&oldest));
        }
        let known = lately.get_mut(&address);
        match known {
            Some(known) if now.since(known.noted_at) < EVERY => {
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
        assert_eq!(refusals.count(here, TimeMs(0)), Some(0));
        for ms in 1..=50 {
            assert_eq!(refusals.count(here, TimeMs(ms)), None);
        }
        assert_eq!(
            refusals.count(IpAddr::from([10, 0, 0, 2]), TimeMs(60)),
            Some(0)
        );
        assert_eq!(refusals.count(here, TimeMs(60_000)), Some(50));
        assert_eq!(Refusals::detail(50), "and 50 more from there before");
    }

    #[test]
    fn memory_stays_bounded() {
        let refusals = Refusals::default();
        for n in 0..10_000_u32 {
            let address = IpAddr::from(n.to_be_bytes());
            refusals.count(address, TimeMs(n.into()));
        }
        assert!(refusals.0.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
