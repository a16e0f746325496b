//! A tile of the map: its assets, or cells that count them where they are too many to be told
//! apart, and how that changes.
//!
//! Positions are rounded to the tile's own grid ([`TileSpot::of`]) before anybody holds them, so
//! what a client has after many deltas equals a fresh snapshot to the bit. The binary form is
//! columns ([`wire`]); JSON has rows.

mod columns;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::asset::{AssetMark, AssetSpot};
use crate::channel::Tile;
use crate::id::{AssetId, FeedId};
use crate::level::Level;
use crate::place::Place;
use crate::table::{Changed, Keyed, Table};
use crate::time::TimeMs;

/// Bits of a position within its tile, each way.
///
/// A tile is drawn 512 to 1,024 CSS pixels wide, on the largest walls, where tiles are coarser
/// than the zoom, 4,096 of the screen's own: 16 bits are a sixteenth of those. On the ground the
/// error is half a step each way: 0.075 m at zoom 12, 4.7 mm at zoom 16, at the equator, where it
/// is greatest.
pub const PLACE_BITS: u8 = 16;

/// Cells along a tile's side, as a power of two: a cell is a tile five zooms finer, so cells nest
/// in tiles exactly, and a disc of 16 pixels or more finds room in each.
pub const CELL_BITS: u8 = 5;

/// What the map shows of an asset. The handle is introduced here and used alone afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileMark {
    /// The server's short name for the asset, valid within one generation.
    pub handle: u32,
    /// The feed it belongs to.
    pub feed: FeedId,
    /// Its id within the feed.
    pub asset: AssetId,
    /// Where it is and how it is.
    pub spot: TileSpot,
}

/// The changing part of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileSpot {
    /// Where, on the tile's grid. In JSON `[lon, lat]` in degrees.
    #[serde(rename = "position")]
    pub place: Place,
    /// When it was there; absent if only the register knows it.
    pub at: Option<TimeMs>,
    /// The highest level among its open alerts.
    pub level: Level,
    /// Nothing new for longer than its feed promises.
    pub stale: bool,
}

/// What stands in one cell of a tile that has too many assets to be told one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Row times 32 plus column, from the tile's north-west.
    pub cell: u16,
    /// Assets in it, those told one by one among them; never 0.
    pub count: u32,
    /// Of these, assets that move.
    pub moving: u32,
    /// Of these, assets that are silent for too long.
    pub stale: u32,
    /// Of these, assets with an open alert.
    pub alerting: u32,
    /// The highest level among them.
    pub level: Level,
}

/// What is in a tile.
///
/// Without cells, `assets` are all of its assets. With cells, these count all of them, and
/// `assets` are those with the worst alerts, told one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TileSnapshot {
    /// The tile.
    pub tile: Tile,
    /// Assets with a position in the tile.
    pub assets: Table<TileMark>,
    /// Cells with an asset, if they are too many.
    pub cells: Table<Cell>,
}

/// Changes within a tile. A handle stands in at most one of the first three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TileDelta {
    /// The tile.
    pub tile: Tile,
    /// Assets that came in.
    pub enter: Vec<TileMark>,
    /// Assets that stayed and changed, by handle.
    pub update: Vec<(u32, TileSpot)>,
    /// Handles of assets that went out.
    pub leave: Vec<u32>,
    /// Cells that count something else, and cells that are empty.
    pub cells: Changed<Cell>,
}

impl Keyed for TileMark {
    type Key = u32;

    fn key(&self) -> u32 {
        self.handle
    }
}

impl Keyed for Cell {
    type Key = u16;

    fn key(&self) -> u16 {
        self.cell
    }
}

impl Tile {
    /// `place` rounded to the tile's grid: the middle of its step. For places within the tile.
    pub fn snap(self, place: Place) -> Place {
        let bits = Self::Z_MAX.saturating_sub(self.z);
        let middle = |steps: u32| ((steps >> bits) << bits) | ((1 << bits) >> 1);
        Place {
            x: middle(place.x),
            y: middle(place.y),
        }
    }

    /// The number of the cell that holds `place`, which lies in the tile.
    pub fn cell_of(self, place: Place) -> u16 {
        let bits = 32 - u32::from(self.z) - u32::from(CELL_BITS);
        let along = |steps: u32| (steps >> bits) & ((1 << CELL_BITS) - 1);
        let cell = (along(place.y) << CELL_BITS) | along(place.x);
        u16::try_from(cell).unwrap_or(u16::MAX)
    }

    /// The middle of a cell.
    pub fn cell_middle(self, cell: u16) -> Place {
        let bits = 32 - u32::from(self.z) - u32::from(CELL_BITS);
        let (row, column) = (u32::from(cell >> CELL_BITS), u32::from(cell & 31));
        let middle = |tile: u32, along: u32| {
            let steps = (tile << CELL_BITS) | (along & 31);
            (steps << bits) | ((1 << bits) >> 1)
        };
        Place {
            x: middle(self.x, column),
            y: middle(self.y, row),
        }
    }
}

impl TileMark {
    /// The mark as `tile` shows it, which holds it.
    pub fn of(tile: Tile, mark: AssetMark) -> Self {
        Self {
            handle: mark.handle,
            spot: TileSpot::of(tile, &mark.spot),
            feed: mark.feed,
            asset: mark.asset,
        }
    }
}

impl TileSpot {
    /// The spot as `tile` shows it, which holds it.
    pub fn of(tile: Tile, spot: &AssetSpot) -> Self {
        Self {
            place: tile.snap(Place::of(spot.position)),
            at: spot.at,
            level: spot.level,
            stale: spot.stale,
        }
    }
}

impl TileSnapshot {
    /// Moves the tile forward by `delta`.
    pub fn apply(&mut self, delta: &TileDelta) {
        for handle in &delta.leave {
            self.assets.remove(handle);
        }
        for mark in &delta.enter {
            self.assets.insert(mark.clone());
        }
        self.assets
            .update(&delta.update, |mark, spot| mark.spot = *spot);
        self.cells.apply(&delta.cells);
    }

    /// What turns this state into `newer`, of the same tile.
    pub fn change_to(&self, newer: &Self) -> TileDelta {
        let mut delta = self.change_of_assets(newer);
        let is_new = |cell: &&Cell| self.cells.get(&cell.cell) != Some(cell);
        delta.cells.put = newer.cells.iter().filter(is_new).copied().collect();
        let is_gone = |cell: &&Cell| newer.cells.get(&cell.cell).is_none();
        let gone = self.cells.iter().filter(is_gone);
        delta.cells.gone = gone.map(Keyed::key).collect();
        delta
    }

    /// The part of [`Self::change_to`] that is about assets.
    pub fn change_of_assets(&self, newer: &Self) -> TileDelta {
        let mut delta = TileDelta {
            tile: newer.tile,
            ..TileDelta::default()
        };
        for mark in newer.assets.iter() {
            match self.assets.get(&mark.handle) {
                Some(held) if held.feed == mark.feed && held.asset == mark.asset => {
                    if held.spot != mark.spot {
                        delta.update.push((mark.handle, mark.spot));
                    }
                }
                _ => delta.enter.push(mark.clone()),
            }
        }
        let is_gone = |mark: &&TileMark| newer.assets.get(&mark.handle).is_none();
        let gone = self.assets.iter().filter(is_gone);
        delta.leave = gone.map(|mark| mark.handle).collect();
        delta
    }
}

impl TileDelta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.enter.is_empty()
            && self.update.is_empty()
            && self.leave.is_empty()
            && self.cells.is_empty()
    }

    /// This change followed by `later`, as one.
    pub fn merge(&mut self, later: &Self) {
        let entered = self.enter.drain(..).map(|mark| (mark.handle, mark));
        let mut enter: BTreeMap<u32, TileMark> = entered.collect();
        let mut update: BTreeMap<u32, TileSpot> = self.update.drain(..).collect();
        let mut leave: BTreeSet<u32> = self.leave.drain(..).collect();
        for handle in &later.leave {
            enter.remove(handle);
            update.remove(handle);
            leave.insert(*handle);
        }
        for mark in &later.enter {
            leave.remove(&mark.handle);
            update.remove(&mark.handle);
            enter.insert(mark.handle, mark.clone());
        }
        for (handle, spot) in &later.update {
            if let Some(mark) = enter.get_mut(handle) {
                mark.spot = *spot;
            } else {
                update.insert(*handle, *spot);
            }
        }
        self.enter = enter.into_values().collect();
        self.update = update.into_iter().collect();
        self.leave = leave.into_iter().collect();
        self.cells.merge(&later.cells);
    }
}

#[cfg(test)]
mod tests;
