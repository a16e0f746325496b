//! Where a point lies: the finest area that holds it, exact to the wire's 1e-7 degrees.
//!
//! A raster over the city knows most answers by cell. In a cell that a border crosses, the point
//! is tested against the borders' edges in that row of cells, in whole numbers, so that there is
//! no rounding: a point on a border that two areas share, vertex by vertex, lies in exactly one.
//! `docs/decisions/0003-area-index.md` has the forces and the figures.

use egret_shared::position::Position;

use super::raster::{Candidate, Cell, Edge, Raster};
use super::{AreaIdx, AreaTree};

/// Most cells along the longer side of the city: 0.4 MB of cells for Xiamen, small enough to stay
/// in a core's cache; a border crosses 6 % of them. Twice as many were measured to be slower.
pub const CELLS_MAX: u32 = 512;

/// Answers where points lie. Built once per package; shared and read only.
#[derive(Clone, Debug)]
pub struct AreaIndex {
    raster: Raster,
}

impl AreaIndex {
    /// The index of `tree`.
    pub fn new(tree: &AreaTree) -> Self {
        Self::with_cells(tree, CELLS_MAX)
    }

    /// The index of `tree` with at most `cells_max` cells a side; for measuring.
    pub fn with_cells(tree: &AreaTree, cells_max: u32) -> Self {
        Self {
            raster: Raster::new(tree, cells_max),
        }
    }

    /// The finest area that holds `position`; `None` outside the city.
    ///
    /// A point on a border belongs to the area east or north of it. In a gap between two
    /// subdistricts it belongs to their district; where two overlap, to the first in the file.
    pub fn locate(&self, position: Position) -> Option<AreaIdx> {
        let (x, y) = position.to_steps();
        match self.raster.cell(x, y)? {
            Cell::Whole(area) => Some(area),
            Cell::Crossed { candidates, whole } => candidates
                .iter()
                .find(|candidate| self.holds(candidate, x, y))
                .map(|candidate| candidate.area)
                .or(whole),
        }
    }

    /// Even-odd rule with a ray to the east.
    fn holds(&self, candidate: &Candidate, x: i32, y: i32) -> bool {
        let edges = self.raster.edges(candidate);
        let ahead = edges.iter().take_while(|edge| edge.x_max > x);
        ahead.filter(|edge| edge.is_crossed_from(x, y)).count() % 2 == 1
    }

    /// How many cells there are, and how many of them a border crosses.
    pub fn cells(&self) -> (usize, usize) {
        self.raster.cells()
    }

    /// What the index takes.
    ///
    /// # Units
    /// Bytes.
    pub fn size_bytes(&self) -> usize {
        self.raster.size_bytes()
    }
}

impl Edge {
    /// Whether the ray from (x, y) to the east crosses this edge.
    ///
    /// Half-open: the lower end belongs to the edge, the upper does not, so that a ray through a
    /// vertex counts once. The ends are in a fixed order, so that both neighbours compute the same.
    #[inline]
    fn is_crossed_from(&self, x: i32, y: i32) -> bool {
        if y < self.low.1 || y >= self.high.1 {
            return false;
        }
        let [x, y] = [i64::from(x), i64::from(y)];
        let [low_x, low_y] = [i64::from(self.low.0), i64::from(self.low.1)];
        let [high_x, high_y] = [i64::from(self.high.0), i64::from(self.high.1)];
        // Both products stay below 3.6e9 x 1.8e9 steps, which an i64 holds.
        (x - low_x) * (high_y - low_y) < (high_x - low_x) * (y - low_y)
    }
}

#[cfg(test)]
mod tests;
