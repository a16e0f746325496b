//! How often refusals, and looks of a page that stays open, are written down: the first of a kind from
//! an address and then one a minute, so that a flood of them neither fills the audit trail nor goes
//! unnoticed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use egret_shared::time::{Span, TimeMs};

/// One line for an address within this.
const EVERY: Span = Span(60_000);

/// How much of who and what tells refusals apart, in characters.
const WHAT_CHARS: usize = 100;

/// Refusals remembered; beyond, the oldest are forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// What has been refused, by address, person and path.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Known>);

type Known = BTreeMap<Key, Lately>;

/// From where, who, and what: one refusal hides no other.
type Key = (IpAddr, String);

#[derive(Clone, Copy, Debug)]
struct Lately {
    noted_at: TimeMs,
    n_unnoted: u64,
}

impl Refusals {
    /// Counts a refusal; if it is to be written down, how many there were since the last one that
    /// was. It then counts as written, though it may yet be left out.
    pub(crate) fn count(&self, network: IpAddr, what: &str, now: TimeMs) -> Option<u64> {
        let key = key(network, what);
        let mut lately = self.lock();
        let n_before = due(&mut lately, &key, now);
        if n_before.is_some() {
            note(&mut lately, key, now);
        }
        n_before
    }

    /// As [`Self::count`], of what must not be done before it is written down: until
    /// [`Self::written`] says that it is, everybody is to write it down.
    pub(crate) fn due(&self, network: IpAddr, what: &str, now: TimeMs) -> Option<u64> {
        due(&mut self.lock(), &key(network, what), now)
    }

    /// What was [`due`](Self::due) at `now` is written down.
    pub(crate) fn written(&self, network: IpAddr, what: &str, now: TimeMs) {
        note(&mut self.lock(), key(network, what), now);
    }

    /// The words for refusals that were not written down.
    pub(crate) fn detail(n_before: u64) -> String {
        match n_before {
            0 => String::new(),
            n => format!("and {n} more from there before"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing in here can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(network: IpAddr, what: &str) -> Key {
    (network, what.chars().take(WHAT_CHARS).collect())
}

/// Counts what `key` tells apart, or if it is to be written down, says how many there were since the last
/// one that was.
fn due(lately: &mut Known, key: &Key, now: TimeMs) -> Option<u64> {
    match lately.get_mut(key) {
        // A clock that was put back begins anew.
        Some(known) if (0..EVERY.ms()).contains(&now.since(known.noted_at).ms()) => {
            known.n_unnoted += 1;
            None
        }
        known => Some(known.map_or(0, |known| known.n_unnoted)),
    }
}

/// Remembers that what `key` tells apart was written down at `now`.
fn note(lately: &mut Known, key: Key, now: TimeMs) {
    if lately.len() >= ADDRESSES_MAX && !lately.contains_key(&key) {
        let oldest = lately.iter().min_by_key(|(_, lately)| lately.noted_at);
        let oldest = oldest.map(|(key, _)| key.clone());
        oldest.and_then(|oldest| lately.remove(&oldest));
    }
    let fresh = Lately {
        noted_at: now,
        n_unnoted: 0,
    };
    lately.insert(key, fresh);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_minute_that_says_how_many() {
        let refusals = Refusals::default();
        let here = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(refusals.count(here, "x", TimeMs(0)), Some(0));
        for ms in 1..=50 {
            assert_eq!(refusals.count(here, "x", TimeMs(ms)), None);
        }
        assert_eq!(refusals.count(here, "y", TimeMs(60)), Some(0));
        assert_eq!(refusals.count(here, "x", TimeMs(60_000)), Some(50));
        assert_eq!(Refusals::detail(50), "and 50 more from there before");
    }

    #[test]
    fn what_must_be_written_down_first_is_due_until_it_is() {
        let looks = Refusals::default();
        let here = IpAddr::from([10, 0, 0, 1]);
        // Two at once, and one whose line could not be written: none takes it for written.
        for _ in 0..3 {
            assert_eq!(looks.due(here, "x", TimeMs(0)), Some(0));
        }
        looks.written(here, "x", TimeMs(0));
        for ms in 1..=50 {
            assert_eq!(looks.due(here, "x", TimeMs(ms)), None);
        }
        for _ in 0..2 {
            assert_eq!(looks.due(here, "x", TimeMs(60_000)), Some(50));
        }
        looks.written(here, "x", TimeMs(60_000));
        assert_eq!(looks.due(here, "x", TimeMs(60_001)), None);
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
