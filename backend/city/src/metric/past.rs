//! A cell's past as bytes: what no live window needs any more, but a late reading may revise.
//!
//! Two hours of minutes for each of some thousand cells would be 40 MB as [`Pane`]s; here a minute
//! of a mean takes about 20 bytes. Panes stand with the newest first. Each tells which sources the
//! one before it (in time, so after it in the bytes) had other than itself: mostly the same assets
//! speak every minute, so that this is next to nothing. So the oldest panes are dropped by cutting
//! off the end, new ones come to the front, and nothing in between is touched.
//!
//! ```text
//! pane      = latest - start · length of sums · flags and sums (postcard) · [step to the older]
//! step      = gap between the two · length of the older slice, 0 if the same · toggled sources
//! toggled   = bytes × 2 · distances between them     (few)
//!           | bytes × 2 + 1 · a bit for each asset   (many)
//! ```
//! All numbers are LEB128.

mod bytes;

use serde::{Deserialize, Serialize};

use super::pane::Pane;
use crate::bits::Sources;
use crate::window::Slice;
use bytes::{Reader, put};

/// Room for bytes is a multiple of this: a quarter of an hour of a mean.
const ROOM: usize = 256;

/// Panes of a cell, compact, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Past {
    /// The newest pane's slice and sources; from there the bytes lead back.
    newest: Option<(Slice, Sources)>,
    /// End of the oldest pane.
    oldest_end_ms: i64,
    bytes: Vec<u8>,
}

impl Past {
    /// The past that consists of `panes`, which are in the order of time and do not overlap.
    #[cfg(test)]
    fn of(panes: &[Pane]) -> Self {
        let mut past = Self::default();
        past.append(panes);
        past
    }

    /// Where it ends; `None` if nothing is in it.
    pub(crate) fn until_ms(&self) -> Option<i64> {
        self.newest.as_ref().map(|(slice, _)| slice.end_ms)
    }

    /// Adds `panes`, which are in the order of time, all after what is in it.
    pub(crate) fn append(&mut self, panes: &[Pane]) {
        let Some(last) = panes.last() else { return };
        if let (Some(first), None) = (panes.first(), &self.newest) {
            self.oldest_end_ms = first.slice.end_ms;
        }
        let before = self.newest.replace((last.slice, last.sources.clone()));
        let mut front = Vec::new();
        for (at, pane) in panes.iter().enumerate().rev() {
            write_pane(&mut front, pane);
            let older = at.checked_sub(1).and_then(|at| panes.get(at));
            let older = older.map(|pane| (&pane.slice, &pane.sources));
            if let Some((slice, sources)) = older.or(before.as_ref().map(|(a, b)| (a, b))) {
                write_step(&mut front, pane, *slice, sources);
            }
        }
        self.put_in_front(&front);
    }

    /// Room is taken in steps of [`ROOM`]: with a new place of another size each minute, the
    /// allocator would come to hold three times what is in use.
    fn put_in_front(&mut self, front: &[u8]) {
        let n_bytes = front.len() + self.bytes.len();
        if n_bytes > self.bytes.capacity() || n_bytes + 4 * ROOM < self.bytes.capacity() {
            let mut bytes = Vec::with_capacity(n_bytes.div_ceil(ROOM) * ROOM);
            bytes.extend_from_slice(front);
            bytes.append(&mut self.bytes);
            self.bytes = bytes;
        } else {
            self.bytes.splice(..0, front.iter().copied());
        }
    }

    /// Drops panes that ended before `before_ms`.
    pub(crate) fn prune(&mut self, before_ms: i64) {
        if self.newest.is_none() || self.oldest_end_ms >= before_ms {
            return;
        }
        let mut walk = self.walk();
        let mut kept = None;
        while walk.slice.end_ms >= before_ms {
            walk.skip_pane();
            kept = Some((walk.at(), walk.slice.end_ms));
            if walk.step().is_none() {
                break;
            }
        }
        match kept {
            Some((n_bytes, end_ms)) => {
                self.bytes.truncate(n_bytes);
                self.oldest_end_ms = end_ms;
            }
            None => *self = Self::default(),
        }
    }

    /// Calls `each` with every pane that begins within `window`, the newest first.
    pub(crate) fn each_in(&self, window: Slice, mut each: impl FnMut(Pane)) {
        if self
            .until_ms()
            .is_none_or(|end_ms| end_ms <= window.start_ms)
        {
            return;
        }
        let mut walk = self.walk();
        while walk.slice.start_ms >= window.start_ms {
            if walk.slice.start_ms < window.end_ms {
                walk.pane().into_iter().for_each(&mut each);
            } else {
                walk.skip_pane();
            }
            if walk.step().is_none() {
                return;
            }
        }
    }

    /// Takes all panes out, in the order of time.
    pub(crate) fn take(&mut self) -> Vec<Pane> {
        let mut panes = Vec::new();
        let always = Slice {
            start_ms: i64::MIN,
            end_ms: i64::MAX,
        };
        self.each_in(always, |pane| panes.push(pane));
        *self = Self::default();
        panes.reverse();
        panes
    }

    /// How many bytes it takes beside itself.
    #[cfg(test)]
    pub(crate) fn n_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    fn walk(&self) -> Walk<'_> {
        let (slice, sources) = self.newest.clone().unwrap_or_default();
        Walk {
            reader: Reader(&self.bytes),
            n_bytes: self.bytes.len(),
            slice,
            sources,
        }
    }
}

/// A way back through the panes, standing before the one of `slice`.
struct Walk<'a> {
    reader: Reader<'a>,
    n_bytes: usize,
    slice: Slice,
    sources: Sources,
}

impl Walk<'_> {
    /// How far it has come.
    fn at(&self) -> usize {
        self.n_bytes - self.reader.0.len()
    }

    /// The pane it stands before, which it passes.
    fn pane(&mut self) -> Option<Pane> {
        let latest_ms = self
            .slice
            .start_ms
            .checked_add_unsigned(self.reader.number()?)?;
        let (flags, taken) = postcard::from_bytes(self.reader.sized()?).ok()?;
        Some(Pane {
            slice: self.slice,
            taken,
            sources: self.sources.clone(),
            latest_ms,
            flags,
            noted: false,
        })
    }

    fn skip_pane(&mut self) {
        self.reader.number();
        self.reader.sized();
    }

    /// Goes on to the older pane; `None` after the oldest.
    fn step(&mut self) -> Option<()> {
        let gap_ms = self.reader.number()?;
        let length_ms = match self.reader.number()? {
            0 => self.slice.length_ms(),
            length_ms => i64::try_from(length_ms).ok()?,
        };
        let end_ms = self.slice.start_ms.checked_sub_unsigned(gap_ms)?;
        self.slice = Slice {
            start_ms: end_ms.checked_sub(length_ms)?,
            end_ms,
        };
        self.reader.toggled(|asset| self.sources.toggle(asset))
    }
}

fn write_pane(bytes: &mut Vec<u8>, pane: &Pane) {
    put(bytes, between(pane.slice.start_ms, pane.latest_ms));
    // Writing numbers into memory cannot fail.
    let taken = postcard::to_stdvec(&(pane.flags, &pane.taken)).unwrap_or_default();
    put(bytes, taken.len() as u64);
    bytes.extend_from_slice(&taken);
}

fn write_step(bytes: &mut Vec<u8>, newer: &Pane, older: Slice, sources: &Sources) {
    put(bytes, between(older.end_ms, newer.slice.start_ms));
    let same = older.length_ms() == newer.slice.length_ms();
    put(
        bytes,
        if same {
            0
        } else {
            between(older.start_ms, older.end_ms)
        },
    );
    bytes::put_toggled(bytes, &newer.sources.difference(sources));
}

fn between(from_ms: i64, until_ms: i64) -> u64 {
    until_ms.saturating_sub(from_ms).max(0).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use egret_shared::flags::Flags;
    use proptest::prelude::*;

    use super::*;
    use crate::aggregate::{Accumulate, Contribution, How};

    const MINUTE_MS: i64 = 60_000;

    fn pane(minute: i64, how: How, assets: &[u32]) -> Pane {
        let slice = Slice {
            start_ms: minute * MINUTE_MS,
            end_ms: (minute + 1) * MINUTE_MS,
        };
        let mut pane = Pane::new(slice, how);
        for asset in assets {
            let at_ms = slice.start_ms + i64::from(*asset) % MINUTE_MS;
            pane.taken
                .add(&Contribution::plain(at_ms, f64::from(*asset) / 7.0));
            pane.sources.insert(*asset);
            pane.latest_ms = pane.latest_ms.max(at_ms);
        }
        pane.flags = if assets.len().is_multiple_of(3) {
            Flags::JUMP
        } else {
            Flags::NONE
        };
        pane
    }

    /// Minutes with something in them, and who spoke.
    fn minutes() -> impl Strategy<Value = Vec<(i64, Vec<u32>)>> {
        let assets = prop_oneof![
            3 => prop::collection::vec(0_u32..40, 1..8),
            1 => prop::collection::vec(0_u32..3_000, 1..400),
            1 => Just((0..500).collect::<Vec<u32>>()),
        ];
        prop::collection::vec((1_i64..4, assets), 0..40).prop_map(|steps| {
            let mut minute = 29_000_000;
            let mut on = |step: i64| {
                minute += step;
                minute
            };
            steps
                .into_iter()
                .map(|(step, assets)| (on(step), assets))
                .collect()
        })
    }

    proptest! {
        #[test]
        fn a_past_gives_back_what_was_put_in(
            minutes in minutes(),
            cut in 0_usize..40,
            dropped in 0_usize..50,
        ) {
            let panes: Vec<Pane> = minutes
                .iter()
                .map(|(minute, assets)| pane(*minute, How::Mean, assets))
                .collect();
            let (first, rest) = panes.split_at(cut.min(panes.len()));
            let mut past = Past::of(first);
            past.append(rest);
            let before_ms = panes.get(dropped).map_or(i64::MIN, |pane| pane.slice.end_ms);
            past.prune(before_ms);
            let kept: Vec<&Pane> = panes.iter().filter(|pane| pane.slice.end_ms >= before_ms).collect();
            let back = past.take();
            prop_assert_eq!(back.len(), kept.len());
            for (back, kept) in back.iter().zip(kept) {
                prop_assert_eq!(back.slice, kept.slice);
                prop_assert_eq!(&back.taken, &kept.taken);
                prop_assert_eq!((back.latest_ms, back.flags), (kept.latest_ms, kept.flags));
                let members = |sources: &Sources| sources.iter().collect::<Vec<u32>>();
                prop_assert_eq!(members(&back.sources), members(&kept.sources));
            }
        }
    }

    #[test]
    fn two_hours_of_a_mean_of_six_assets_take_less_than_four_kilobytes() {
        let panes: Vec<Pane> = (0..120)
            .map(|minute| pane(29_000_000 + minute, How::Mean, &[3, 17, 40, 41, 90, 200]))
            .collect();
        let past = Past::of(&panes);
        assert!(past.n_bytes() < 4_000, "{}", past.n_bytes());
    }
}
