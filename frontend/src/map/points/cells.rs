//! Discs for cells: where a tile has too many assets to be told one by one, a disc's area says how
//! many stand in its cell.

use std::collections::BTreeMap;

use egret_shared::channel::Tile;
use egret_shared::level::Level;
use egret_shared::place::Place;
use egret_shared::table::{Changed, Table};
use egret_shared::tile::{CELL_BITS, Cell};

use super::Counts;

/// The smallest disc, as a share of the largest's radius: one asset among thousands is seen.
const LEAST: f64 = 0.16;

/// A cell as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Disc {
    pub(super) middle: Place,
    /// In sides of the square.
    pub(super) radius: f64,
    pub(super) level: Level,
    /// Whether more than half of it is silent.
    pub(super) is_stale: bool,
}

/// The cells of all followed tiles, and the slots of their discs.
#[derive(Debug, Default)]
pub(super) struct Cells {
    tiles: BTreeMap<Tile, Table<Cell>>,
    slots: Vec<u32>,
}

impl Cells {
    /// Takes a tile's full state.
    pub(super) fn reset(&mut self, tile: Tile, cells: &Table<Cell>) {
        if cells.is_empty() {
            self.tiles.remove(&tile);
        } else {
            self.tiles.insert(tile, cells.clone());
        }
    }

    /// Takes a tile's changes.
    pub(super) fn advance(&mut self, tile: Tile, changed: &Changed<Cell>) {
        let cells = self.tiles.entry(tile).or_default();
        cells.apply(changed);
        if cells.is_empty() {
            self.tiles.remove(&tile);
        }
    }

    /// Whether a tile's assets are counted in cells.
    pub(super) fn count(&self, tile: Tile) -> bool {
        self.tiles.contains_key(&tile)
    }

    /// How many assets they count.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for cell in self.tiles.values().flat_map(Table::iter) {
            counts.cells += 1;
            counts.moving += cell.moving as usize;
            counts.fixed += cell.count.saturating_sub(cell.moving) as usize;
            counts.alerting += cell.alerting as usize;
            counts.stale += cell.stale as usize;
        }
        counts
    }

    /// All discs. The fullest cell's disc fills its cell, up to the next power of two, so that
    /// sizes do not flicker; others' areas are as their counts.
    pub(super) fn discs(&self) -> Vec<Disc> {
        let all = self.tiles.values().flat_map(Table::iter);
        let most = all.map(|cell| cell.count).max().unwrap_or(1);
        let most = f64::from(most.checked_next_power_of_two().unwrap_or(u32::MAX));
        let disc = |tile: Tile, cell: &Cell| {
            let half_cell = 0.5 / f64::from(1_u32 << (u32::from(tile.z) + u32::from(CELL_BITS)));
            Disc {
                middle: tile.cell_middle(cell.cell),
                radius: half_cell * (f64::from(cell.count) / most).sqrt().max(LEAST),
                level: cell.level,
                is_stale: cell.stale > cell.count / 2,
            }
        };
        let tiles = self.tiles.iter();
        tiles
            .flat_map(|(tile, cells)| cells.iter().map(|cell| disc(*tile, cell)))
            .collect()
    }

    /// The slots that it holds.
    pub(super) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// Gives up the slots beyond `n`.
    pub(super) fn spare(&mut self, n: usize) -> Vec<u32> {
        self.slots.split_off(n.min(self.slots.len()))
    }

    /// Holds one more slot.
    pub(super) fn own(&mut self, slot: u32) {
        self.slots.push(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(cell: u16, count: u32) -> Cell {
        Cell {
            cell,
            count,
            moving: 0,
            stale: 0,
            alerting: 0,
            level: Level::Normal,
        }
    }

    #[test]
    fn a_discs_area_grows_with_its_count_and_none_leaves_its_cell() {
        let tile = Tile {
            z: 9,
            x: 423,
            y: 219,
        };
        let mut cells = Cells::default();
        let table = [cell(0, 64), cell(1, 16), cell(2, 1)].into_iter().collect();
        cells.reset(tile, &table);
        let discs = cells.discs();
        let radius = |n: usize| discs[n].radius;
        assert!((radius(0) / radius(1) - 2.0).abs() < 1e-9);
        assert!(radius(2) > 0.0 && radius(2) < radius(1));
        let apart = discs[1].middle.offset_from(discs[0].middle).0;
        assert!(radius(0) * 2.0 <= apart + 1e-9);
        assert_eq!(cells.counts().fixed, 81);
    }
}
