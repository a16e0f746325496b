//! Where every asset is, and what changed since the last frame, in an order in which each tile of
//! any zoom is one range.
//!
//! The order is that of the quadkey at the finest zoom: the bits of column and row in turn, widest
//! first, so that a tile's assets, and its changes, lie side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use egret_shared::asset::AssetMark;
use egret_shared::channel::Tile;
use egret_shared::id::{AreaCode, FeedId};
use egret_shared::level::Level;
use egret_shared::place::Place;
use egret_shared::tile::TileSpot;
use egret_shared::time::TimeMs;

/// An asset's mark, and the area that it counts for.
pub(crate) type Placed = (AssetMark, Option<AreaCode>);

/// Where an asset is, and how; 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where, to the millimetre.
    pub(crate) place: Place,
    at: Option<TimeMs>,
    feed: u32,
    area: Option<u32>,
    /// The highest level among its open alerts.
    pub(crate) level: Level,
    /// Nothing new for longer than its feed promises.
    pub(crate) stale: bool,
    /// Whether it moves.
    pub(crate) moves: bool,
}

impl Row {
    /// The asset as `tile` shows it, which holds it.
    pub(crate) fn spot(&self, tile: Tile) -> TileSpot {
        TileSpot {
            place: tile.snap(self.place),
            at: self.at,
            level: self.level,
            stale: self.stale,
        }
    }
}

/// What became of one asset since the frame before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Which.
    pub(crate) handle: u32,
    /// Where it was.
    pub(crate) old: Option<Row>,
    /// Where it is.
    pub(crate) new: Option<Row>,
}

/// Where every asset is. Bounded by the city's assets, some 60 bytes each.
#[derive(Debug)]
pub(crate) struct TileIndex {
    moving_feeds: BTreeSet<FeedId>,
    feeds: Numbered<FeedId>,
    areas: Numbered<AreaCode>,
    /// By handle.
    rows: Vec<Option<Row>>,
    /// By quadkey, then handle.
    order: BTreeSet<(u32, u32)>,
    /// By handle.
    steps: Vec<Step>,
    /// Quadkeys before and after, each with its step; by quadkey.
    touched: Vec<(u32, u32)>,
}

impl TileIndex {
    /// An index of all assets; those of `moving_feeds` move.
    pub(crate) fn new(
        moving_feeds: BTreeSet<FeedId>,
        assets: impl Iterator<Item = Placed>,
    ) -> Self {
        let mut index = Self {
            moving_feeds,
            feeds: Numbered::default(),
            areas: Numbered::default(),
            rows: Vec::new(),
            order: BTreeSet::new(),
            steps: Vec::new(),
            touched: Vec::new(),
        };
        index.advance(assets.map(|placed| (placed.0.handle, Some(placed))));
        index.steps = Vec::new();
        index.touched = Vec::new();
        index
    }

    /// Takes in what `changed`, by rising handle, and forgets what changed before.
    pub(crate) fn advance(&mut self, changed: impl Iterator<Item = (u32, Option<Placed>)>) {
        self.steps.clear();
        self.touched.clear();
        for (handle, placed) in changed {
            let new = placed.map(|placed| self.row(&placed));
            let place = handle as usize;
            if place >= self.rows.len() {
                self.rows.resize(place + 1, None);
            }
            let Some(row) = self.rows.get_mut(place) else {
                continue;
            };
            let old = std::mem::replace(row, new);
            if old != new {
                self.note(Step { handle, old, new });
            }
        }
        self.touched.sort_unstable();
    }

    fn note(&mut self, step: Step) {
        let n = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        let key = |row: Option<Row>| row.map(|row| quadkey(row.place));
        let (old, new) = (key(step.old), key(step.new));
        self.touched.extend(new.map(|key| (key, n)));
        if old != new {
            self.touched.extend(old.map(|key| (key, n)));
            if let Some(old) = old {
                self.order.remove(&(old, step.handle));
            }
            self.order.extend(new.map(|new| (new, step.handle)));
        }
        self.steps.push(step);
    }

    fn row(&mut self, (mark, area): &Placed) -> Row {
        Row {
            place: Place::of(mark.spot.position),
            at: mark.spot.at,
            feed: self.feeds.number(&mark.feed),
            area: area.as_ref().map(|area| self.areas.number(area)),
            level: mark.spot.level,
            stale: mark.spot.stale,
            moves: self.moving_feeds.contains(&mark.feed),
        }
    }

    /// The assets in a tile, with their handles.
    pub(crate) fn in_tile(&self, tile: Tile) -> impl Iterator<Item = (u32, &Row)> {
        let keys = keys_of(tile);
        let range = (*keys.start(), 0)..=(*keys.end(), u32::MAX);
        self.order.range(range).filter_map(|(_, handle)| {
            let row = self.rows.get(*handle as usize)?.as_ref()?;
            Some((*handle, row))
        })
    }

    /// What became of assets that were in a tile or are there now, by handle.
    pub(crate) fn steps_in(&self, tile: Tile) -> impl Iterator<Item = &Step> {
        let keys = keys_of(tile);
        let first = self.touched.partition_point(|(key, _)| key < keys.start());
        let rest = self.touched.get(first..).unwrap_or_default();
        let n = rest.partition_point(|(key, _)| key <= keys.end());
        let mut steps: Vec<u32> = rest.iter().take(n).map(|(_, step)| *step).collect();
        // One that moved within the tile is there for both its places.
        steps.sort_unstable();
        steps.dedup();
        steps
            .into_iter()
            .filter_map(|step| self.steps.get(step as usize))
    }

    /// Feed and area of an asset.
    pub(crate) fn label(&self, row: &Row) -> (Option<&FeedId>, Option<&AreaCode>) {
        let area = row.area.and_then(|area| self.areas.name(area));
        (self.feeds.name(row.feed), area)
    }
}

/// Names by number, so that a row does not carry them.
#[derive(Debug)]
struct Numbered<T> {
    names: Vec<T>,
    numbers: BTreeMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            numbers: BTreeMap::new(),
        }
    }
}

impl<T: Clone + Ord> Numbered<T> {
    fn number(&mut self, name: &T) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.clone());
        self.numbers.insert(name.clone(), number);
        number
    }

    fn name(&self, number: u32) -> Option<&T> {
        self.names.get(number as usize)
    }
}

/// The bits of column and row at the finest zoom in turn, widest first.
fn quadkey(place: Place) -> u32 {
    key_of(Tile::at(Tile::Z_MAX, place))
}

fn key_of(tile: Tile) -> u32 {
    spread(tile.x) | (spread(tile.y) << 1)
}

/// The quadkeys within a tile.
fn keys_of(tile: Tile) -> RangeInclusive<u32> {
    let bits = 2 * u32::from(Tile::Z_MAX.saturating_sub(tile.z));
    let first = key_of(tile).checked_shl(bits).unwrap_or(0);
    let within = 1_u32.checked_shl(bits).map_or(u32::MAX, |n| n - 1);
    first..=first | within
}

/// Sixteen bits with room between them.
fn spread(bits: u32) -> u32 {
    let mut bits = bits & 0xffff;
    bits = (bits | (bits << 8)) & 0x00ff_00ff;
    bits = (bits | (bits << 4)) & 0x0f0f_0f0f;
    bits = (bits | (bits << 2)) & 0x3333_3333;
    (bits | (bits << 1)) & 0x5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_within_a_tile_are_those_of_its_places_at_every_zoom() {
        let place = Place {
            x: 3_556_000_000,
            y: 1_846_000_000,
        };
        for z in 0..=Tile::Z_MAX {
            let tile = Tile::at(z, place);
            assert!(keys_of(tile).contains(&quadkey(place)), "{z}");
            if let Some(next) = Tile::checked(z, tile.x + 1, tile.y) {
                assert!(!keys_of(next).contains(&quadkey(place)), "{z}");
            }
        }
        let whole = Tile { z: 0, x: 0, y: 0 };
        assert_eq!(keys_of(whole), 0..=u32::MAX);
    }
}
