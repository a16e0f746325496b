//! A tile that holds too many assets to be told one by one: how many are in each of its cells,
//! and the few with the worst alerts.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Instant;

use egret_shared::channel::Tile;
use egret_shared::level::Level;
use egret_shared::table::{Changed, Table};
use egret_shared::tile::{CELL_BITS, Cell, TileMark};

use super::Row;
use crate::limits::{CELLS_EVERY, SINGLES_MAX};

/// Cells of a tile.
const N_CELLS: usize = 1 << (2 * CELL_BITS);

/// What a cell counts.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    moving: u32,
    stale: u32,
    by_level: [u32; Level::ALL.len()],
}

/// A tile's cells, and who in it has an alert. 32 kB, and 16 bytes for each asset with an alert.
#[derive(Debug)]
pub(super) struct Counted {
    tile: Tile,
    cells: Vec<Counts>,
    /// Worst first, then by handle: the order in which they are told one by one.
    alerting: BTreeSet<(Reverse<Level>, u32)>,
    /// Whether one of those with an alert changed.
    alerting_changed: bool,
    /// Cells that changed since they were told.
    touched: BTreeSet<u16>,
    told_at: Instant,
}

impl Counted {
    /// The counts of these members.
    pub(super) fn of<'a>(
        tile: Tile,
        members: impl Iterator<Item = (u32, &'a Row)>,
        now: Instant,
    ) -> Self {
        let mut counted = Self {
            tile,
            cells: vec![Counts::default(); N_CELLS],
            alerting: BTreeSet::new(),
            alerting_changed: false,
            touched: BTreeSet::new(),
            told_at: now,
        };
        for (handle, row) in members {
            counted.moved(handle, None, Some(row));
        }
        counted.alerting_changed = false;
        counted.touched.clear();
        counted
    }

    /// An asset that was at `old` is at `new`.
    pub(super) fn moved(&mut self, handle: u32, old: Option<&Row>, new: Option<&Row>) {
        for (row, is_new) in [(old, false), (new, true)] {
            let Some(row) = row else {
                continue;
            };
            self.count(row, is_new);
            if row.level > Level::Normal {
                self.alerting_changed = true;
                let key = (Reverse(row.level), handle);
                if is_new {
                    self.alerting.insert(key);
                } else {
                    self.alerting.remove(&key);
                }
            }
        }
    }

    fn count(&mut self, row: &Row, is_new: bool) {
        let cell = self.tile.cell_of(row.place);
        let Some(counts) = self.cells.get_mut(usize::from(cell)) else {
            return;
        };
        let change = |count: &mut u32| {
            *count = if is_new {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        };
        if row.moves {
            change(&mut counts.moving);
        }
        if row.stale {
            change(&mut counts.stale);
        }
        if let Some(count) = counts.by_level.get_mut(row.level as usize) {
            change(count);
        }
        self.touched.insert(cell);
    }

    /// Whether those told one by one may be others than when this was asked before.
    pub(super) fn takes_singles(&mut self) -> bool {
        std::mem::take(&mut self.alerting_changed)
    }

    /// Those told one by one, the worst first, as `mark` knows them.
    pub(super) fn singles(&self, mark: impl Fn(u32) -> Option<TileMark>) -> Table<TileMark> {
        let worst = self.alerting.iter().take(SINGLES_MAX);
        worst.filter_map(|(_, handle)| mark(*handle)).collect()
    }

    /// All cells with an asset.
    pub(super) fn cells(&self) -> Table<Cell> {
        (0..).zip(&self.cells).filter_map(cell).collect()
    }

    /// What is different in the cells than in `held`; nothing before it is time.
    pub(super) fn take_cells(&mut self, held: &Table<Cell>, now: Instant) -> Changed<Cell> {
        let mut changed = Changed::default();
        if now.duration_since(self.told_at) < CELLS_EVERY {
            return changed;
        }
        for number in std::mem::take(&mut self.touched) {
            let counts = self.cells.get(usize::from(number));
            let new = counts.and_then(|counts| cell((number, counts)));
            match (held.get(&number), new) {
                (Some(_), None) => changed.gone.push(number),
                (old, Some(new)) if old != Some(&new) => changed.put.push(new),
                _ => {}
            }
            self.told_at = now;
        }
        changed
    }

    /// Whether cells changed that were not told yet.
    pub(super) fn is_due(&self) -> bool {
        !self.touched.is_empty()
    }
}

/// The cell, if anything is in it.
fn cell((number, counts): (u16, &Counts)) -> Option<Cell> {
    let count = counts.by_level.iter().sum();
    let normal = counts.by_level.first().copied().unwrap_or_default();
    let levels = Level::ALL.into_iter().zip(counts.by_level);
    let level = levels.rev().find(|(_, n)| *n > 0).map(|(level, _)| level);
    (count > 0).then_some(Cell {
        cell: number,
        count,
        moving: counts.moving,
        stale: counts.stale,
        alerting: count - normal,
        level: level.unwrap_or_default(),
    })
}
