//! Sets of small numbers: a plain bit set, one that knows its members in order of arrival, and the
//! set of assets that stand behind a number.

use serde::{Deserialize, Serialize};

/// A growing set of bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bits(Vec<u64>);

/// The word and the mask of `bit`.
fn place(bit: u32) -> (usize, u64) {
    ((bit / 64) as usize, 1 << (bit % 64))
}

impl Bits {
    /// Whether `bit` is in.
    pub(crate) fn has(&self, bit: u32) -> bool {
        let (word, mask) = place(bit);
        self.0.get(word).is_some_and(|bits| bits & mask != 0)
    }

    /// Puts `bit` in; whether it is new.
    pub(crate) fn insert(&mut self, bit: u32) -> bool {
        let (word, mask) = place(bit);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let Some(bits) = self.0.get_mut(word) else {
            return false;
        };
        let new = *bits & mask == 0;
        *bits |= mask;
        new
    }

    /// Takes `bit` out; whether it was in.
    pub(crate) fn remove(&mut self, bit: u32) -> bool {
        let (word, mask) = place(bit);
        let Some(bits) = self.0.get_mut(word) else {
            return false;
        };
        let old = *bits & mask != 0;
        *bits &= !mask;
        old
    }

    /// All members, rising.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.0).flat_map(|(word, bits)| {
            let mut rest = *bits;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(word * 64 + bit)
            })
        })
    }

    /// How many members there are.
    pub(crate) fn len(&self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }

    fn merge(&mut self, other: &[u64]) {
        if other.len() > self.0.len() {
            self.0.resize(other.len(), 0);
        }
        for (bits, more) in self.0.iter_mut().zip(other) {
            *bits |= more;
        }
    }
}

/// A set that is filled quickly and emptied at once: bits to ask, a list to go through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marked {
    bits: Bits,
    list: Vec<u32>,
}

impl Marked {
    /// Puts `n` in; whether it is new.
    pub(crate) fn insert(&mut self, n: u32) -> bool {
        let new = self.bits.insert(n);
        if new {
            self.list.push(n);
        }
        new
    }

    /// Whether `n` is in.
    pub(crate) fn has(&self, n: u32) -> bool {
        self.bits.has(n)
    }

    /// Whether nothing is in.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes all members out, rising.
    pub(crate) fn take(&mut self) -> Vec<u32> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_unstable();
        for n in &list {
            self.bits.remove(*n);
        }
        list
    }

    /// The set with these members.
    pub(crate) fn from_bits(bits: Bits) -> Self {
        let list = bits.iter().collect();
        Self { bits, list }
    }
}

impl Serialize for Marked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Emptied words at the end are no difference.
        let used = self.bits.0.iter().rposition(|bits| *bits != 0);
        let words = self.bits.0.get(..used.map_or(0, |last| last + 1));
        words.unwrap_or_default().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bits::deserialize(deserializer).map(Self::from_bits)
    }
}

/// How many assets fit in a [`Sources`] before it turns into bits.
///
/// Six make the variant as large as the bits' own header, and most slices of a small area hold
/// no more.
const FEW: usize = 6;

/// The assets that stand behind a number, by their index within the feed. Exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Sources {
    /// At most [`FEW`], rising; the rest of the array is zero.
    Few(u8, [u32; FEW]),
    /// More.
    Many(Bits),
}

impl Default for Sources {
    fn default() -> Self {
        Self::Few(0, [0; FEW])
    }
}

impl Sources {
    /// Puts `asset` in.
    pub(crate) fn insert(&mut self, asset: u32) {
        match self {
            Self::Many(bits) => {
                bits.insert(asset);
            }
            Self::Few(n, few) => {
                let at = few.iter().take(usize::from(*n)).take_while(|x| **x < asset);
                let at = at.count();
                let known = at < usize::from(*n) && few.get(at) == Some(&asset);
                if known {
                    return;
                }
                if usize::from(*n) == FEW {
                    let mut bits = Bits::default();
                    for one in *few {
                        bits.insert(one);
                    }
                    bits.insert(asset);
                    *self = Self::Many(bits);
                } else if let Some(rest) = few.get_mut(at..=usize::from(*n)) {
                    rest.rotate_right(1);
                    if let Some(first) = rest.first_mut() {
                        *first = asset;
                    }
                    *n += 1;
                }
            }
        }
    }

    /// Puts all of `other` in.
    pub(crate) fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(n, few) => {
                for asset in few.iter().take(usize::from(*n)) {
                    self.insert(*asset);
                }
            }
            Self::Many(more) => {
                if let Self::Few(n, few) = self {
                    let mut bits = more.clone();
                    for asset in few.iter().take(usize::from(*n)) {
                        bits.insert(*asset);
                    }
                    *self = Self::Many(bits);
                } else if let Self::Many(bits) = self {
                    bits.merge(&more.0);
                }
            }
        }
    }

    /// Puts `asset` in if it is not, and out if it is.
    pub(crate) fn toggle(&mut self, asset: u32) {
        match self {
            Self::Many(bits) => {
                if !bits.insert(asset) {
                    bits.remove(asset);
                }
            }
            Self::Few(n, few) => {
                let known = few.iter().take(usize::from(*n)).position(|x| *x == asset);
                let Some(at) = known else {
                    return self.insert(asset);
                };
                if let Some(rest) = few.get_mut(at..usize::from(*n)) {
                    rest.rotate_left(1);
                    if let Some(last) = rest.last_mut() {
                        *last = 0;
                    }
                    *n -= 1;
                }
            }
        }
    }

    /// What is in one of both only, rising.
    pub(crate) fn difference(&self, other: &Self) -> Vec<u32> {
        if let (Self::Many(bits), Self::Many(more)) = (self, other) {
            let (mut either, less) = if bits.0.len() < more.0.len() {
                (more.clone(), bits)
            } else {
                (bits.clone(), more)
            };
            for (bits, less) in either.0.iter_mut().zip(&less.0) {
                *bits ^= less;
            }
            return either.iter().collect();
        }
        let mut either: Vec<u32> = self.iter().chain(other.iter()).collect();
        either.sort_unstable();
        either
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() == 1)
            .flatten()
            .copied()
            .collect()
    }

    /// All of them, rising.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let (few, many) = match self {
            Self::Few(n, few) => (few.get(..usize::from(*n)), None),
            Self::Many(bits) => (None, Some(bits)),
        };
        let few = few.into_iter().flatten().copied();
        few.chain(many.into_iter().flat_map(Bits::iter))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Few(n, _) => u32::from(*n),
            Self::Many(bits) => bits.len(),
        }
    }

    /// How many there are in either of the two.
    pub(crate) fn len_with(&self, other: &Self) -> u32 {
        match (self, other) {
            (Self::Many(bits), Self::Many(more)) => {
                let (longer, shorter) = if bits.0.len() < more.0.len() {
                    (more, bits)
                } else {
                    (bits, more)
                };
                let more_of = |(at, bits): (usize, &u64)| {
                    (bits | shorter.0.get(at).unwrap_or(&0)).count_ones()
                };
                longer.0.iter().enumerate().map(more_of).sum()
            }
            (Self::Many(bits), Self::Few(n, few)) | (Self::Few(n, few), Self::Many(bits)) => {
                let few = few.iter().take(usize::from(*n));
                let new = few.filter(|asset| !bits.has(**asset)).count();
                bits.len() + u32::try_from(new).unwrap_or_default()
            }
            (Self::Few(..), Self::Few(..)) => {
                let mut both = self.clone();
                both.merge(other);
                both.len()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sources_are_counted_exactly_in_any_order(
            left in prop::collection::vec(0_u32..300, 0..40),
            right in prop::collection::vec(0_u32..300, 0..40),
        ) {
            let set = |assets: &[u32]| {
                let mut sources = Sources::default();
                for asset in assets {
                    sources.insert(*asset);
                }
                sources
            };
            let mut merged = set(&left);
            merged.merge(&set(&right));
            let both: std::collections::BTreeSet<u32> =
                left.iter().chain(&right).copied().collect();
            prop_assert_eq!(merged.len() as usize, both.len());
            prop_assert_eq!(set(&left).len_with(&set(&right)), merged.len());
            prop_assert_eq!(set(&right).len_with(&set(&left)), merged.len());
        }

        #[test]
        fn toggling_the_difference_turns_one_set_into_the_other(
            left in prop::collection::btree_set(0_u32..200, 0..20),
            right in prop::collection::btree_set(0_u32..200, 0..20),
        ) {
            let set = |assets: &std::collections::BTreeSet<u32>| {
                let mut sources = Sources::default();
                for asset in assets {
                    sources.insert(*asset);
                }
                sources
            };
            let mut turned = set(&left);
            for asset in turned.difference(&set(&right)) {
                turned.toggle(asset);
            }
            prop_assert!(turned.iter().eq(right.iter().copied()));
            prop_assert_eq!(turned.len() as usize, right.len());
        }

        #[test]
        fn what_is_marked_comes_out_once_and_rising(marks in prop::collection::vec(0_u32..200, 0..60)) {
            let mut marked = Marked::default();
            for n in &marks {
                marked.insert(*n);
            }
            let expected: Vec<u32> = marks.iter().copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(marked.take(), expected);
            prop_assert!(marked.take().is_empty());
        }
    }
}
