//! Who was here before: identities of messages over a day, bounded in number.
//!
//! An identity is 64 bits of XXH3 over its parts; a new one meets one of 7 million by chance once
//! in 2.6 million million messages. They lie in hours of city time, so that the oldest can be forgotten without
//! looking at the rest, and spread over many small tables, so that none grows with a jerk.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::limits::{IDENTITIES_FORGOTTEN_PER_TICK, IDENTITIES_MAX, IDENTITY_KEPT_MS};

/// A message's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(u64);

impl Identity {
    /// The identity that begins with a number: a feed's index, or a kind of identity.
    pub(crate) fn start(n: u64) -> Self {
        Self(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// This identity with one more part. Parts cannot run together.
    pub(crate) fn with(self, part: &[u8]) -> Self {
        Self(xxh3_64_with_seed(part, self.0))
    }

    /// This identity with a number as one more part.
    pub(crate) fn with_number(self, n: i64) -> Self {
        self.with(&n.to_le_bytes())
    }
}

/// Identities are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

type Table = HashSet<u64, BuildHasherDefault<AsIs>>;

/// How many tables share the identities: a table then holds 28,672 at most, and its growth takes
/// less than a millisecond.
const TABLES: usize = 256;

/// An hour's identities in the order in which they came.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Hour {
    hour: i64,
    #[serde(with = "whole_words")]
    ids: Vec<u64>,
}

/// Identities as plain bytes: they are evenly spread, so that a compact number would be longer,
/// and take many times as long to write.
mod whole_words {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(ids: &[u64], serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        serializer.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(words: D) -> Result<Vec<u64>, D::Error> {
        words.deserialize_bytes(Words)
    }

    struct Words;

    impl de::Visitor<'_> for Words {
        type Value = Vec<u64>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("eight bytes for each identity")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u64>, E> {
            let (words, rest) = bytes.as_chunks::<8>();
            let whole = rest
                .is_empty()
                .then(|| words.iter().map(|word| u64::from_le_bytes(*word)));
            whole
                .map(Iterator::collect)
                .ok_or_else(|| E::invalid_length(bytes.len(), &self))
        }
    }
}

/// Identities seen within the horizon.
#[derive(Clone, Debug)]
pub(crate) struct Dedup {
    tables: Vec<Table>,
    hours: VecDeque<Hour>,
    len: usize,
    /// Sum of all identities kept, so that the state's hash need not read them all.
    digest: u64,
}

impl Default for Dedup {
    fn default() -> Self {
        Self {
            tables: vec![Table::default(); TABLES],
            hours: VecDeque::new(),
            len: 0,
            digest: 0,
        }
    }
}

impl Dedup {
    /// Remembers `identity` as of `now` (milliseconds); whether it is new.
    pub(crate) fn insert(&mut self, identity: Identity, now_ms: i64) -> bool {
        let new = match self.table(identity.0) {
            Some(table) => table.insert(identity.0),
            None => return true,
        };
        if !new {
            return false;
        }
        let hour = now_ms.div_euclid(3_600_000);
        if self.hours.back().is_none_or(|last| last.hour != hour) {
            self.hours.push_back(Hour {
                hour,
                ids: Vec::new(),
            });
        }
        if let Some(last) = self.hours.back_mut() {
            last.ids.push(identity.0);
        }
        self.len += 1;
        self.digest = self.digest.wrapping_add(identity.0);
        if self.len > IDENTITIES_MAX {
            self.forget_one();
        }
        true
    }

    /// Forgets some of what is past its time.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        let expired = (now_ms - IDENTITY_KEPT_MS).div_euclid(3_600_000);
        for _ in 0..IDENTITIES_FORGOTTEN_PER_TICK {
            if self.hours.front().is_none_or(|first| first.hour >= expired) {
                return;
            }
            self.forget_one();
        }
    }

    /// What of this the state's hash takes in.
    pub(crate) fn fingerprint(&self) -> (u64, u64) {
        (self.len as u64, self.digest)
    }

    fn table(&mut self, id: u64) -> Option<&mut Table> {
        // hashbrown itself uses the lowest and the highest bits.
        self.tables.get_mut((id >> 40) as usize % TABLES)
    }

    fn forget_one(&mut self) {
        let Some(first) = self.hours.front_mut() else {
            return;
        };
        let id = first.ids.pop();
        if first.ids.is_empty() {
            self.hours.pop_front();
        }
        let Some(id) = id else { return };
        if let Some(table) = self.table(id) {
            table.remove(&id);
        }
        self.len -= 1;
        self.digest = self.digest.wrapping_sub(id);
    }
}

impl Serialize for Dedup {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.hours)
    }
}

impl<'de> Deserialize<'de> for Dedup {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut dedup = Self {
            hours: VecDeque::deserialize(deserializer)?,
            ..Self::default()
        };
        let hours = std::mem::take(&mut dedup.hours);
        for id in hours.iter().flat_map(|hour| &hour.ids) {
            dedup.len += 1;
            dedup.digest = dedup.digest.wrapping_add(*id);
            if let Some(table) = dedup.table(*id) {
                table.insert(*id);
            }
        }
        dedup.hours = hours;
        Ok(dedup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn identity(n: i64) -> Identity {
        Identity::start(1).with(b"M-1").with_number(n)
    }

    #[test]
    fn the_same_message_is_new_once() {
        let mut dedup = Dedup::default();
        assert!(dedup.insert(identity(1), 0));
        assert!(!dedup.insert(identity(1), 5));
        assert!(dedup.insert(identity(2), 5));
    }

    #[test]
    fn an_identity_is_forgotten_after_a_day_and_leaves_no_trace() {
        let mut dedup = Dedup::default();
        dedup.insert(identity(1), 0);
        dedup.expire(24 * HOUR_MS);
        assert!(!dedup.insert(identity(1), 24 * HOUR_MS));
        dedup.expire(26 * HOUR_MS);
        assert_eq!(dedup.fingerprint(), Dedup::default().fingerprint());
        assert!(dedup.insert(identity(1), 26 * HOUR_MS));
    }

    #[test]
    fn parts_do_not_run_together() {
        let start = Identity::start(1);
        assert_ne!(start.with(b"ab").with(b"c"), start.with(b"a").with(b"bc"));
    }

    #[test]
    fn a_checkpoint_keeps_what_was_seen() {
        let mut dedup = Dedup::default();
        for n in 0..1_000 {
            dedup.insert(identity(n), n * 60_000);
        }
        let bytes = postcard::to_stdvec(&dedup).unwrap();
        let mut restored: Dedup = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(restored.fingerprint(), dedup.fingerprint());
        assert!(!restored.insert(identity(999), 0));
    }
}
