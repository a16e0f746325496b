//! What is in each subscribed tile, and what changed there.
//!
//! The [`TileIndex`] is brought up to date once a frame and knows which changes touch which tile,
//! so a tile costs its own changes, not the city's. A tile that holds too many assets is told as
//! cells that count them ([`Counted`]): then its bytes are bounded, however large the city grows
//! ([decision 12](../../../../docs/decisions/0012-tiles.md)).

mod counted;
mod index;

use std::time::Instant;

use egret_shared::asset::AssetMark;
use egret_shared::channel::Tile;
use egret_shared::delta::Delta;
use egret_shared::id::{AreaCode, FeedId};
use egret_shared::snapshot::Snapshot;
use egret_shared::table::Table;
use egret_shared::tile::{TileDelta, TileMark, TileSnapshot};

use crate::limits::{COUNTED_ABOVE, COUNTED_Z_MAX, SINGLE_BELOW};
use counted::Counted;
pub(crate) use index::{Placed, Row, TileIndex};

/// The city as views of tiles read it: where everything is, and who is behind a handle.
pub(crate) struct Sources<'a> {
    /// Where everything is.
    pub(crate) index: &'a TileIndex,
    /// The mark with a handle.
    pub(crate) mark: &'a dyn Fn(u32) -> Option<AssetMark>,
    /// Whether an asset of a feed, counted for an area, may be seen.
    pub(crate) sees: &'a dyn Fn(&FeedId, Option<&AreaCode>) -> bool,
}

/// One subscribed tile, as its clients know it.
#[derive(Debug)]
pub(crate) struct TileView {
    tile: Tile,
    /// Assets in it that may be seen.
    n_members: usize,
    /// While they are too many to be told one by one.
    counted: Option<Box<Counted>>,
}

impl Sources<'_> {
    fn sees(&self, row: &Row) -> bool {
        let (feed, area) = self.index.label(row);
        feed.is_some_and(|feed| (self.sees)(feed, area))
    }

    fn mark_in(&self, tile: Tile, handle: u32) -> Option<TileMark> {
        (self.mark)(handle).map(|mark| TileMark::of(tile, mark))
    }
}

impl TileView {
    /// A tile, and its first snapshot.
    pub(crate) fn open(tile: Tile, from: &Sources<'_>, now: Instant) -> (Self, TileSnapshot) {
        let members = from.index.in_tile(tile);
        let mut view = Self {
            tile,
            n_members: members.filter(|(_, row)| from.sees(row)).count(),
            counted: None,
        };
        view.choose(from, now);
        let snapshot = view.snapshot(from);
        (view, snapshot)
    }

    /// What turns `held`, which its clients hold, into what is there since the index was brought
    /// up to date; nothing if that is the same.
    pub(crate) fn news(
        &mut self,
        held: &Snapshot,
        from: &Sources<'_>,
        now: Instant,
    ) -> Option<Delta> {
        let Snapshot::Tile(held) = held else {
            return None;
        };
        let delta = self.delta(held, from, now);
        (!delta.is_empty()).then_some(Delta::Tile(delta))
    }

    fn delta(&mut self, held: &TileSnapshot, from: &Sources<'_>, now: Instant) -> TileDelta {
        let mut delta = TileDelta {
            tile: self.tile,
            ..TileDelta::default()
        };
        for step in from.index.steps_in(self.tile) {
            let inside = |row: &&Row| self.tile.holds(row.place) && from.sees(row);
            let old = step.old.as_ref().filter(inside);
            let new = step.new.as_ref().filter(inside);
            self.n_members += usize::from(new.is_some());
            self.n_members -= usize::from(old.is_some());
            if let Some(counted) = &mut self.counted {
                counted.moved(step.handle, old, new);
            } else {
                self.tell(step.handle, new, held, from, &mut delta);
            }
        }
        if self.choose(from, now) {
            return held.change_to(&self.snapshot(from));
        }
        if let Some(counted) = &mut self.counted {
            if counted.takes_singles() {
                let newer = TileSnapshot {
                    tile: self.tile,
                    assets: counted.singles(|handle| from.mark_in(self.tile, handle)),
                    cells: Table::default(),
                };
                delta = held.change_of_assets(&newer);
            }
            delta.cells = counted.take_cells(&held.cells, now);
        }
        delta
    }

    /// Tells of one asset that is now at `new`, or no longer here.
    fn tell(
        &self,
        handle: u32,
        new: Option<&Row>,
        held: &TileSnapshot,
        from: &Sources<'_>,
        delta: &mut TileDelta,
    ) {
        match (held.assets.get(&handle), new) {
            (Some(mark), Some(row)) => {
                let spot = row.spot(self.tile);
                if mark.spot != spot {
                    delta.update.push((handle, spot));
                }
            }
            (None, Some(_)) => delta.enter.extend(from.mark_in(self.tile, handle)),
            (Some(_), None) => delta.leave.push(handle),
            (None, None) => {}
        }
    }

    /// Chooses between assets and cells; whether that is a change. Between the two limits it stays
    /// as it is, so that a tile near them does not flip to and fro.
    fn choose(&mut self, from: &Sources<'_>, now: Instant) -> bool {
        let is_counted = self.counted.is_some();
        if is_counted && self.n_members < SINGLE_BELOW {
            self.counted = None;
        } else if !is_counted && self.n_members > COUNTED_ABOVE && self.tile.z <= COUNTED_Z_MAX {
            let members = from.index.in_tile(self.tile);
            let seen = members.filter(|(_, row)| from.sees(row));
            self.counted = Some(Box::new(Counted::of(self.tile, seen, now)));
        }
        is_counted != self.counted.is_some()
    }

    fn snapshot(&self, from: &Sources<'_>) -> TileSnapshot {
        let mark = |handle| from.mark_in(self.tile, handle);
        match &self.counted {
            Some(counted) => TileSnapshot {
                tile: self.tile,
                assets: counted.singles(mark),
                cells: counted.cells(),
            },
            None => TileSnapshot {
                tile: self.tile,
                assets: from
                    .index
                    .in_tile(self.tile)
                    .filter(|(_, row)| from.sees(row))
                    .filter_map(|(handle, _)| mark(handle))
                    .collect(),
                cells: Table::default(),
            },
        }
    }

    /// Whether it has something to tell that waits for its time.
    pub(crate) fn is_due(&self) -> bool {
        self.counted
            .as_ref()
            .is_some_and(|counted| counted.is_due())
    }
}

#[cfg(test)]
mod tests;
