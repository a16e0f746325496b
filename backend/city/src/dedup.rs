//! Who was here before: identities of messages over a day, bounded in number.
//!
//! An identity is 58 bits of XXH3 over its parts; a new one meets one of 7 million by chance once
//! in 40 thousand million messages. They belong to stretches of city time, an hour or a sixteenth
//! of the bound each, and the oldest stretch is forgotten at once, by a bit; its slots are found
//! and freed bit by bit. Many small tables, so that none grows with a jerk.

mod shard;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use shard::{Shard, TAG_MAX, Tags, held};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::limits::{
    IDENTITIES_MAX, IDENTITY_KEPT_MS, IDENTITY_STRETCH_MAX, IDENTITY_TABLES_PER_TICK,
};

/// A message's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// How many tables share the identities: a table then holds 28,672 at most, and its growth takes
/// less than a millisecond.
const TABLES: usize = 256;

const HOUR_MS: i64 = 3_600_000;

/// Identities that came in the same stretch of time, and are forgotten together.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    tag: u8,
    hour: i64,
    len: usize,
    /// Sum of its identities, so that the state's hash need not read them all.
    digest: u64,
}

/// Identities seen within the horizon.
#[derive(Clone, Debug)]
pub(crate) struct Dedup {
    tables: Vec<Shard>,
    /// Oldest first.
    stretches: VecDeque<Stretch>,
    /// Tags of `stretches`.
    kept: Tags,
    /// Tags of forgotten stretches that slots may still bear.
    left: Tags,
    /// Those among `left` that the round of cleaning under way frees, and the next table.
    cleaning: (Tags, usize),
}

impl Default for Dedup {
    fn default() -> Self {
        Self {
            tables: vec![Shard::default(); TABLES],
            stretches: VecDeque::new(),
            kept: Tags::default(),
            left: Tags::default(),
            cleaning: (Tags::default(), 0),
        }
    }
}

impl Dedup {
    /// Remembers `identity` as of `now` (milliseconds); whether it is new.
    pub(crate) fn insert(&mut self, identity: Identity, now_ms: i64) -> bool {
        let tag = self.stretch_at(now_ms.div_euclid(HOUR_MS));
        let kept = self.kept;
        let new = match self.table(identity.0) {
            Some(table) => table.insert(identity.0, tag, kept),
            None => true,
        };
        if new && let Some(last) = self.stretches.back_mut() {
            last.len += 1;
            last.digest = last.digest.wrapping_add(held(identity.0));
        }
        new
    }

    /// Forgets what is past its time, and frees some of the slots of what was forgotten.
    pub(crate) fn expire(&mut self, now_ms: i64) {
        let expired = (now_ms - IDENTITY_KEPT_MS).div_euclid(HOUR_MS);
        while self
            .stretches
            .front()
            .is_some_and(|first| first.hour < expired)
        {
            self.forget_oldest();
        }
        self.clean(IDENTITY_TABLES_PER_TICK);
    }

    /// What of this the state's hash takes in.
    pub(crate) fn fingerprint(&self) -> (u64, u64) {
        let digests = self.stretches.iter().map(|stretch| stretch.digest);
        (self.len() as u64, digests.fold(0, u64::wrapping_add))
    }

    fn len(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.len).sum()
    }

    fn table(&mut self, id: u64) -> Option<&mut Shard> {
        self.tables.get_mut((id >> 56) as usize % TABLES)
    }

    /// The tag of the stretch that takes in what comes in `hour`.
    fn stretch_at(&mut self, hour: i64) -> u8 {
        let goes_on = |last: &&Stretch| last.hour == hour && last.len < IDENTITY_STRETCH_MAX;
        if let Some(last) = self.stretches.back().filter(goes_on) {
            return last.tag;
        }
        if self.len() + IDENTITY_STRETCH_MAX > IDENTITIES_MAX {
            self.forget_oldest();
        }
        self.begin(hour)
    }

    fn begin(&mut self, hour: i64) -> u8 {
        let before = self.stretches.back().map_or(0, |last| last.tag);
        // There are more tags than stretches, so that a free one is near.
        let mut tag = before;
        loop {
            tag = tag % TAG_MAX + 1;
            if !self.kept.has(tag) || tag == before {
                break;
            }
        }
        if self.left.has(tag) {
            self.clean(TABLES * 2);
        }
        self.kept.insert(tag);
        self.stretches.push_back(Stretch {
            tag,
            hour,
            len: 0,
            digest: 0,
        });
        tag
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.stretches.pop_front() {
            self.kept.remove(oldest.tag);
            self.left.insert(oldest.tag);
        }
    }

    /// Frees forgotten slots in the next `n_tables` tables. Two rounds free every tag there is.
    fn clean(&mut self, n_tables: usize) {
        for _ in 0..n_tables {
            let (tags, next) = &mut self.cleaning;
            if *next == 0 {
                *tags = self.left;
            }
            if tags.0 == 0 {
                return;
            }
            if let Some(table) = self.tables.get_mut(*next) {
                table.put_in_order(self.kept, false);
            }
            *next += 1;
            if *next == TABLES {
                self.left.0 &= !tags.0;
                *next = 0;
            }
        }
    }
}

/// A stretch in a checkpoint.
#[derive(Serialize, Deserialize)]
struct Written {
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

impl Serialize for Dedup {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut by_tag: Vec<Vec<u64>> = vec![Vec::new(); usize::from(TAG_MAX) + 1];
        for table in &self.tables {
            for (tag, id) in table.iter(self.kept) {
                if let Some(ids) = by_tag.get_mut(usize::from(tag)) {
                    ids.push(id);
                }
            }
        }
        // The same identities are the same bytes, wherever growth and cleaning have put them.
        for ids in &mut by_tag {
            ids.sort_unstable();
        }
        let written = |stretch: &Stretch| Written {
            hour: stretch.hour,
            ids: by_tag
                .get_mut(usize::from(stretch.tag))
                .map(std::mem::take)
                .unwrap_or_default(),
        };
        serializer.collect_seq(self.stretches.iter().map(written))
    }
}

impl<'de> Deserialize<'de> for Dedup {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut dedup = Self::default();
        for written in Vec::<Written>::deserialize(deserializer)? {
            let tag = dedup.begin(written.hour);
            let kept = dedup.kept;
            for id in &written.ids {
                if let Some(table) = dedup.table(*id) {
                    table.insert(*id, tag, kept);
                }
            }
            if let Some(last) = dedup.stretches.back_mut() {
                last.len = written.ids.len();
                last.digest = written.ids.iter().fold(0, |sum, id| sum.wrapping_add(*id));
            }
        }
        Ok(dedup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn in_a_flood_the_oldest_stretch_goes_and_the_newest_is_remembered() {
        let mut dedup = Dedup::default();
        let n = i64::try_from(IDENTITIES_MAX).unwrap() + 1_000;
        for number in 0..n {
            dedup.insert(identity(number), 5);
        }
        assert!(dedup.len() <= IDENTITIES_MAX);
        assert!(dedup.len() > IDENTITIES_MAX - 2 * IDENTITY_STRETCH_MAX);
        assert!(!dedup.insert(identity(n - 1), 6));
        assert!(dedup.insert(identity(0), 6));
    }

    #[test]
    fn weeks_of_stretches_leave_no_slots_behind() {
        let mut dedup = Dedup::default();
        let mut most = 0;
        for hour in 0..24 * 14 {
            for n in 0..500 {
                assert!(dedup.insert(identity(hour * 1_000 + n), hour * HOUR_MS));
            }
            // Far fewer ticks than an hour has: what cleaning leaves is done when a tag comes again.
            dedup.expire(hour * HOUR_MS);
            most = most.max(dedup.tables.iter().map(Shard::n_slots).sum());
        }
        assert_eq!(dedup.len(), 25 * 500);
        assert!(most < 3 * 25 * 500, "{most} slots");
    }
}
