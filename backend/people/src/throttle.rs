//! Counts failed sign-ins, so that guessing takes years; in memory, bounded, with the clock passed
//! in.
//!
//! A try is counted before its password is looked at, and taken back if it was right: tries at the
//! same time cannot get around the count. A browser that has signed in before is counted by itself,
//! whatever others fail at from wherever.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;

use egret_shared::time::{Span, TimeMs};

use crate::limits::{
    ACCOUNT_FAILURES_MAX, ADDRESS_FAILURES_MAX, BUCKETS_MAX, KNOWN_FAILURES_MAX, REFUSED_EVERY,
    WINDOW,
};

/// Who tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trier {
    /// A browser that is not known to this account: account (as compared) and network.
    Stranger(String, IpAddr),
    /// One that is, by its cookie; or somebody signed in, by id.
    Known(String),
}

/// The counts of everybody's failures.
#[derive(Debug)]
pub(crate) struct Throttle {
    accounts: Buckets<(String, IpAddr)>,
    addresses: Buckets<IpAddr>,
    knowns: Buckets<String>,
    refused: Refusals,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            accounts: Buckets::new(ACCOUNT_FAILURES_MAX, BUCKETS_MAX),
            addresses: Buckets::new(ADDRESS_FAILURES_MAX, BUCKETS_MAX),
            knowns: Buckets::new(KNOWN_FAILURES_MAX, BUCKETS_MAX),
            refused: Refusals::default(),
        }
    }

    /// Counts a try; or says after how many seconds the next one is let through.
    pub(crate) fn begin(&mut self, trier: &Trier, now: TimeMs) -> Result<(), u64> {
        match trier {
            Trier::Stranger(account, network) => {
                let key = (account.clone(), *network);
                let wait = self
                    .accounts
                    .wait(&key, now)
                    .max(self.addresses.wait(network, now));
                if let Some(wait) = wait {
                    return Err(seconds(wait));
                }
                self.accounts.add(key, now);
                self.addresses.add(*network, now);
                self.refused.forget(*network);
            }
            Trier::Known(known) => {
                if let Some(wait) = self.knowns.wait(known, now) {
                    return Err(seconds(wait));
                }
                self.knowns.add(known.clone(), now);
            }
        }
        Ok(())
    }

    /// The try that began at `at` was right: it and the failures before it no longer count, except
    /// those of the address with other accounts.
    pub(crate) fn succeeded(&mut self, trier: &Trier, at: TimeMs) {
        match trier {
            Trier::Stranger(account, network) => {
                self.accounts.clear(&(account.clone(), *network));
                self.addresses.take_back(network, at);
            }
            Trier::Known(known) => self.knowns.clear(known),
        }
    }

    /// The try that began at `at` came to nothing through no fault of whoever tried.
    pub(crate) fn undone(&mut self, trier: &Trier, at: TimeMs) {
        match trier {
            Trier::Stranger(account, network) => {
                self.accounts.take_back(&(account.clone(), *network), at);
                self.addresses.take_back(network, at);
            }
            Trier::Known(known) => self.knowns.take_back(known, at),
        }
    }

    /// Counts a refusal of this sort that nobody's password stands behind; its number, if it is one
    /// to be written into the audit trail.
    pub(crate) fn refuse(&mut self, network: IpAddr, sort: &str, now: TimeMs) -> Option<u64> {
        self.refused.count(network, sort, now)
    }
}

/// A wait in whole seconds, at least one.
fn seconds(wait: Span) -> u64 {
    u64::try_from(wait.ms())
        .unwrap_or_default()
        .div_ceil(1_000)
        .max(1)
}

/// Whether `at` lies within the window around `now`. Threads read the clock before they come here,
/// so that `at` can be a little later.
fn counts(at: TimeMs, now: TimeMs) -> bool {
    now.since(at).ms().saturating_abs() < WINDOW.ms()
}

/// Times of failures by key; the key that failed longest ago makes room.
#[derive(Debug)]
struct Buckets<K> {
    failures_max: usize,
    by_key: Recent<K, VecDeque<TimeMs>>,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    fn new(failures_max: usize, keys_max: usize) -> Self {
        Self {
            failures_max,
            by_key: Recent::new(keys_max),
        }
    }

    /// How long until the oldest failure no longer counts, if there are too many.
    fn wait(&mut self, key: &K, now: TimeMs) -> Option<Span> {
        let times = self.by_key.get_mut(key)?;
        times.retain(|at| counts(*at, now));
        if times.len() < self.failures_max {
            return None;
        }
        times.front().map(|oldest| oldest.plus(WINDOW).since(now))
    }

    fn add(&mut self, key: K, now: TimeMs) {
        let times = self.by_key.touch(key);
        times.push_back(now);
        while times.len() > self.failures_max {
            times.pop_front();
        }
    }

    fn clear(&mut self, key: &K) {
        self.by_key.remove(key);
    }

    fn take_back(&mut self, key: &K, at: TimeMs) {
        let Some(times) = self.by_key.get_mut(key) else {
            return;
        };
        if let Some(place) = times.iter().rposition(|time| *time == at) {
            times.remove(place);
        }
        if times.is_empty() {
            self.by_key.remove(key);
        }
    }
}

/// How many tries were refused in a row, by network and sort.
#[derive(Debug)]
struct Refusals(Recent<IpAddr, Vec<(String, u64, TimeMs)>>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Recent::new(BUCKETS_MAX))
    }
}

impl Refusals {
    fn count(&mut self, network: IpAddr, sort: &str, now: TimeMs) -> Option<u64> {
        let sorts = self.0.touch(network);
        sorts.retain(|(_, _, at)| counts(*at, now));
        let Some((_, n_refused, at)) = sorts.iter_mut().find(|(known, _, _)| known == sort) else {
            sorts.push((sort.to_owned(), 1, now));
            return Some(1);
        };
        *n_refused += 1;
        *at = now;
        n_refused
            .is_multiple_of(REFUSED_EVERY)
            .then_some(*n_refused)
    }

    fn forget(&mut self, network: IpAddr) {
        if let Some(sorts) = self.0.get_mut(&network) {
            sorts.retain(|(sort, _, _)| sort != SIGN_IN);
        }
    }
}

/// The sort of refusal that a try which is let through ends.
pub(crate) const SIGN_IN: &str = "sign_in";

/// A bounded map; the key that was touched longest ago makes room.
#[derive(Debug)]
struct Recent<K, V> {
    keys_max: usize,
    by_key: HashMap<K, (u64, V)>,
    by_touch: BTreeMap<u64, K>,
    n_touches: u64,
}

impl<K: Clone + Eq + Hash, V: Default> Recent<K, V> {
    fn new(keys_max: usize) -> Self {
        Self {
            keys_max,
            by_key: HashMap::new(),
            by_touch: BTreeMap::new(),
            n_touches: 0,
        }
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.by_key.get_mut(key).map(|(_, value)| value)
    }

    /// The key's value, which is now the youngest.
    fn touch(&mut self, key: K) -> &mut V {
        self.n_touches += 1;
        let touch = self.n_touches;
        if let Some((before, _)) = self.by_key.get(&key) {
            self.by_touch.remove(before);
        } else if self.by_key.len() >= self.keys_max
            && let Some((_, oldest)) = self.by_touch.pop_first()
        {
            self.by_key.remove(&oldest);
        }
        self.by_touch.insert(touch, key.clone());
        let entry = self.by_key.entry(key).or_default();
        entry.0 = touch;
        &mut entry.1
    }

    fn remove(&mut self, key: &K) {
        if let Some((touch, _)) = self.by_key.remove(key) {
            self.by_touch.remove(&touch);
        }
    }
}

#[cfg(test)]
mod tests;
