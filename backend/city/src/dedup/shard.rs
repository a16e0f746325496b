//! A table of identities in which each knows the stretch of time it came in: eight bytes each.
//!
//! Open addressing with linear probing. A slot whose stretch has been forgotten counts as free for
//! a new identity, and is passed over when one is looked for, until the table is next put in order.

/// How many of an identity's lowest bits give way to the tag of its stretch.
const TAG_BITS: u32 = 6;

/// Highest tag; 0 is no stretch, so that an empty slot is 0.
pub(super) const TAG_MAX: u8 = (1 << TAG_BITS) - 1;

const TAG_MASK: u64 = (1 << TAG_BITS) - 1;

/// Slots of a table that holds something.
const LEN_LEAST: usize = 16;

/// The stretches that are remembered, one bit for each tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags(pub(super) u64);

impl Tags {
    pub(super) fn has(self, tag: u8) -> bool {
        self.0 >> tag & 1 == 1
    }

    pub(super) fn insert(&mut self, tag: u8) {
        self.0 |= 1 << tag;
    }

    pub(super) fn remove(&mut self, tag: u8) {
        self.0 &= !(1 << tag);
    }
}

/// The part of an identity that a slot can hold.
pub(super) fn held(id: u64) -> u64 {
    id & !TAG_MASK
}

fn tag_of(slot: u64) -> u8 {
    u8::try_from(slot & TAG_MASK).unwrap_or_default()
}

/// A table of identities.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    slots: Vec<u64>,
    /// Slots that are not empty, forgotten ones among them.
    used: usize,
}

impl Shard {
    /// Remembers `id` under `tag`, unless it is there under one of `kept`; whether it is new.
    pub(super) fn insert(&mut self, id: u64, tag: u8, kept: Tags) -> bool {
        if (self.used + 1) * 8 > self.slots.len() * 7 {
            self.put_in_order(kept, true);
        }
        let mut free = None;
        let (before, from_home) = self.slots.split_at(home(id, self.slots.len()));
        let wrapped = before.iter().enumerate();
        let straight = (before.len()..).zip(from_home);
        for (at, slot) in straight.chain(wrapped) {
            if held(*slot) == held(id) && kept.has(tag_of(*slot)) {
                return false;
            }
            if *slot == 0 {
                self.used += usize::from(free.is_none());
                free = free.or(Some(at));
                break;
            }
            if free.is_none() && !kept.has(tag_of(*slot)) {
                free = Some(at);
            }
        }
        if let Some(slot) = free.and_then(|at| self.slots.get_mut(at)) {
            *slot = held(id) | u64::from(tag);
        }
        true
    }

    /// Every slot once, from where `id` belongs.
    fn probe(&self, id: u64) -> impl Iterator<Item = usize> + use<> {
        let len = self.slots.len();
        let first = home(id, len);
        (first..len).chain(0..first)
    }

    /// Drops what is not under `kept`; with `room`, also makes room for more.
    pub(super) fn put_in_order(&mut self, kept: Tags, room: bool) {
        let alive = |slot: &&u64| **slot != 0 && kept.has(tag_of(**slot));
        let n_alive = self.slots.iter().filter(alive).count();
        // Half again as large, not twice: the tables are most of what the fold holds.
        let is_full = room && n_alive * 8 >= self.slots.len() * 5;
        let len = if is_full {
            LEN_LEAST.max(self.slots.len() / 2 * 3)
        } else {
            self.slots.len()
        };
        let before = std::mem::replace(&mut self.slots, vec![0; len]);
        self.used = n_alive;
        for slot in before.iter().filter(alive) {
            let free = self.probe(*slot).find(|at| self.slots.get(*at) == Some(&0));
            if let Some(place) = free.and_then(|at| self.slots.get_mut(at)) {
                *place = *slot;
            }
        }
    }

    /// How many slots there are.
    #[cfg(test)]
    pub(super) fn n_slots(&self) -> usize {
        self.slots.len()
    }

    /// What is held under `kept`: tag and identity.
    pub(super) fn iter(&self, kept: Tags) -> impl Iterator<Item = (u8, u64)> + '_ {
        let held = self.slots.iter().map(|slot| (tag_of(*slot), held(*slot)));
        held.filter(move |(tag, _)| kept.has(*tag))
    }
}

/// Where `id` belongs among `len` slots: its middle bits, for the highest chose the table.
fn home(id: u64, len: usize) -> usize {
    let bits = id >> 24 & u64::from(u32::MAX);
    usize::try_from((bits * len as u64) >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Identities that all belong into the same few slots.
    fn crowded(n: u64) -> u64 {
        n << TAG_BITS
    }

    #[test]
    fn what_is_in_is_found_however_crowded() {
        let mut shard = Shard::default();
        let mut kept = Tags::default();
        kept.insert(1);
        for n in 1..500 {
            assert!(shard.insert(crowded(n), 1, kept));
        }
        for n in 1..500 {
            assert!(!shard.insert(crowded(n), 1, kept));
        }
        assert_eq!(shard.iter(kept).count(), 499);
    }

    #[test]
    fn a_forgotten_slot_hides_nothing_behind_it_and_is_used_again() {
        let mut shard = Shard::default();
        let mut kept = Tags(0b110);
        for n in 1..10 {
            shard.insert(crowded(n), if n % 2 == 0 { 1 } else { 2 }, kept);
        }
        kept.remove(1);
        let before = shard.used;
        for n in 1..10 {
            assert_eq!(shard.insert(crowded(n), 2, kept), n % 2 == 0, "{n}");
        }
        assert_eq!(shard.used, before);
    }

    #[test]
    fn a_table_in_order_holds_only_what_is_kept() {
        let mut shard = Shard::default();
        let mut kept = Tags(0b110);
        for n in 1..1_000 {
            shard.insert(crowded(n), if n % 3 == 0 { 1 } else { 2 }, kept);
        }
        kept.remove(2);
        shard.put_in_order(kept, false);
        assert_eq!(shard.used, 333);
        assert!(!shard.insert(crowded(3), 1, kept));
        assert!(shard.insert(crowded(4), 1, kept));
    }
}
