//! The raster of an [`super::AreaIndex`]: which areas can hold a point of a cell.
//!
//! Coordinates are the wire's integers, 1e-7 degrees; a cell's side is a power of two of them, so
//! that finding a point's cell takes two subtractions and two shifts.

use geo::{Coord, LineString};

use super::{AreaIdx, AreaTree};
use egret_shared::position::Position;

/// An edge of an outline, its ends in ascending y. No ray to the east crosses an edge along a
/// parallel, but such an edge still parts the cells it lies in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) low: (i32, i32),
    pub(super) high: (i32, i32),
    /// Its easternmost x.
    pub(super) x_max: i32,
}

/// An area whose border crosses a cell, with those of its edges that cross the cell's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) area: AreaIdx,
    first: u32,
    end: u32,
}

/// What is known about the points of a cell.
pub(super) enum Cell<'a> {
    /// All lie in this area and none finer.
    Whole(AreaIdx),
    /// The first candidate that holds the point, or else `whole`.
    Crossed {
        candidates: &'a [Candidate],
        whole: Option<AreaIdx>,
    },
}

/// A cell: nothing, an area, or (with [`CROSSED`]) a number in `crossed`.
type Code = u32;
const OUTSIDE: Code = u32::MAX;
const CROSSED: Code = 1 << 31;

#[derive(Clone, Debug)]
struct Crossing {
    first: u32,
    end: u32,
    whole: Option<AreaIdx>,
}

/// Cells over the bounding box of all areas.
#[derive(Clone, Debug)]
pub(super) struct Raster {
    frame: Frame,
    codes: Vec<Code>,
    crossed: Vec<Crossing>,
    candidates: Vec<Candidate>,
    edges: Vec<Edge>,
}

/// Where the cells lie.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    west: i32,
    south: i32,
    shift: u32,
    n_columns: u32,
    n_rows: u32,
}

impl Frame {
    fn around(edges: &[Vec<Edge>], cells_max: u32) -> Self {
        let all = || edges.iter().flatten();
        let x_min = all().map(|edge| edge.low.0.min(edge.high.0)).min();
        let x_max = all().map(|edge| edge.x_max).max();
        let y_min = all().map(|edge| edge.low.1).min();
        let y_max = all().map(|edge| edge.high.1).max();
        let (Some(west), Some(east), Some(south), Some(north)) = (x_min, x_max, y_min, y_max)
        else {
            return Self::default();
        };
        let [width, height] = [east.abs_diff(west), north.abs_diff(south)];
        let mut shift = 0;
        while (width.max(height) >> shift) >= cells_max.max(1) {
            shift += 1;
        }
        Self {
            west,
            south,
            shift,
            n_columns: (width >> shift) + 1,
            n_rows: (height >> shift) + 1,
        }
    }

    /// Column and row of a point, if it lies within.
    #[inline]
    fn place(&self, x: i32, y: i32) -> Option<(u32, u32)> {
        // A point west or south of the frame wraps to a large number and fails the comparison.
        let column = x.wrapping_sub(self.west).cast_unsigned() >> self.shift;
        let row = y.wrapping_sub(self.south).cast_unsigned() >> self.shift;
        (column < self.n_columns && row < self.n_rows).then_some((column, row))
    }

    fn number(&self, column: u32, row: u32) -> usize {
        row as usize * self.n_columns as usize + column as usize
    }

    fn column(&self, x: i64) -> u32 {
        let cells = (x - i64::from(self.west)) >> self.shift;
        u32::try_from(cells.max(0))
            .unwrap_or(u32::MAX)
            .min(self.n_columns.saturating_sub(1))
    }

    fn row(&self, y: i32) -> u32 {
        (y.abs_diff(self.south) >> self.shift).min(self.n_rows.saturating_sub(1))
    }

    /// The y at which a row begins.
    fn south_of(&self, row: u32) -> i64 {
        i64::from(self.south) + (i64::from(row) << self.shift)
    }
}

impl Raster {
    pub(super) fn new(tree: &AreaTree, cells_max: u32) -> Self {
        let outlines: Vec<Vec<Edge>> = tree.iter().map(|area| edges_of(tree, area)).collect();
        let frame = Frame::around(&outlines, cells_max);
        let mut drafts = Drafts::new(frame);
        let mut areas: Vec<AreaIdx> = tree.iter().collect();
        areas.sort_by_key(|area| std::cmp::Reverse(tree.depth(*area)));
        for area in areas {
            if let Some(outline) = outlines.get(area.index()) {
                drafts.add(area, outline);
            }
        }
        drafts.finish()
    }

    #[inline]
    pub(super) fn cell(&self, x: i32, y: i32) -> Option<Cell<'_>> {
        let (column, row) = self.frame.place(x, y)?;
        let code = *self.codes.get(self.frame.number(column, row))?;
        if code == OUTSIDE {
            None
        } else if code < CROSSED {
            Some(Cell::Whole(AreaIdx(code)))
        } else {
            let crossing = self.crossed.get((code & !CROSSED) as usize)?;
            let candidates = self
                .candidates
                .get(crossing.first as usize..crossing.end as usize)?;
            Some(Cell::Crossed {
                candidates,
                whole: crossing.whole,
            })
        }
    }

    #[inline]
    pub(super) fn edges(&self, candidate: &Candidate) -> &[Edge] {
        self.edges
            .get(candidate.first as usize..candidate.end as usize)
            .unwrap_or(&[])
    }

    pub(super) fn cells(&self) -> (usize, usize) {
        (self.codes.len(), self.crossed.len())
    }

    pub(super) fn size_bytes(&self) -> usize {
        size_of_val(self.codes.as_slice())
            + size_of_val(self.crossed.as_slice())
            + size_of_val(self.candidates.as_slice())
            + size_of_val(self.edges.as_slice())
    }
}

/// A raster in the making: areas are added finest first.
struct Drafts {
    frame: Frame,
    /// The area that holds the whole of a cell, by cell.
    whole: Vec<Option<AreaIdx>>,
    /// Candidates with their cell.
    candidates: Vec<(usize, Candidate)>,
    edges: Vec<Edge>,
}

impl Drafts {
    fn new(frame: Frame) -> Self {
        let n_cells = frame.n_columns as usize * frame.n_rows as usize;
        Self {
            frame,
            whole: vec![None; n_cells],
            candidates: Vec::new(),
            edges: Vec::new(),
        }
    }

    fn add(&mut self, area: AreaIdx, outline: &[Edge]) {
        let mut by_row: Vec<Vec<Edge>> = vec![Vec::new(); self.frame.n_rows as usize];
        for edge in outline {
            for row in self.frame.row(edge.low.1)..=self.frame.row(edge.high.1) {
                if let Some(edges) = by_row.get_mut(row as usize) {
                    edges.push(*edge);
                }
            }
        }
        for (row, mut edges) in (0..).zip(by_row) {
            if !edges.is_empty() {
                // Easternmost first: a search stops at the first edge that ends west of its point.
                edges.sort_by_key(|edge| std::cmp::Reverse(edge.x_max));
                self.add_row(area, row, &edges);
            }
        }
    }

    fn add_row(&mut self, area: AreaIdx, row: u32, edges: &[Edge]) {
        let first = count(self.edges.len());
        self.edges.extend_from_slice(edges);
        let candidate = Candidate {
            area,
            first,
            end: count(self.edges.len()),
        };
        let mut crossed = vec![false; self.frame.n_columns as usize];
        for edge in edges {
            let (from, to) = self.columns(edge, row);
            let columns = crossed.get_mut(from as usize..=to as usize);
            columns.into_iter().flatten().for_each(|cell| *cell = true);
        }
        let mut inside = false;
        let mut inside_is_known = false;
        for (column, crossed) in (0..).zip(crossed) {
            let number = self.frame.number(column, row);
            let Some(whole) = self.whole.get_mut(number) else {
                continue;
            };
            if crossed {
                inside_is_known = false;
                if whole.is_none() {
                    self.candidates.push((number, candidate));
                }
                continue;
            }
            if !inside_is_known {
                inside = is_inside(edges, &self.frame, column, row);
                inside_is_known = true;
            }
            if inside {
                whole.get_or_insert(area);
            }
        }
    }

    /// The columns that `edge` touches within `row`, a step to spare on both sides.
    fn columns(&self, edge: &Edge, row: u32) -> (u32, u32) {
        if edge.low.1 == edge.high.1 {
            let west = i64::from(edge.low.0.min(edge.high.0));
            return (
                self.frame.column(west - 1),
                self.frame.column(i64::from(edge.x_max) + 1),
            );
        }
        let south = self.frame.south_of(row).max(i64::from(edge.low.1));
        let north = self.frame.south_of(row + 1).min(i64::from(edge.high.1));
        let at = |y: i64| {
            let [low_x, low_y] = [i128::from(edge.low.0), i128::from(edge.low.1)];
            let [high_x, high_y] = [i128::from(edge.high.0), i128::from(edge.high.1)];
            let x = low_x + (high_x - low_x) * (i128::from(y) - low_y) / (high_y - low_y);
            i64::try_from(x).unwrap_or_default()
        };
        let (a, b) = (at(south), at(north));
        (
            self.frame.column(a.min(b) - 1),
            self.frame.column(a.max(b) + 1),
        )
    }

    fn finish(mut self) -> Raster {
        // Stable: within a cell, finer areas stay before wider ones.
        self.candidates.sort_by_key(|(number, _)| *number);
        let code = |whole: &Option<AreaIdx>| whole.map_or(OUTSIDE, |area| area.0);
        let mut codes: Vec<Code> = self.whole.iter().map(code).collect();
        let mut crossed = Vec::new();
        let mut candidates = Vec::new();
        for group in self.candidates.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((number, _)) = group.first() else {
                continue;
            };
            let first = count(candidates.len());
            candidates.extend(group.iter().map(|(_, candidate)| *candidate));
            if let Some(code) = codes.get_mut(*number) {
                *code = CROSSED | count(crossed.len());
            }
            let whole = self.whole.get(*number).copied().flatten();
            crossed.push(Crossing {
                first,
                end: count(candidates.len()),
                whole,
            });
        }
        Raster {
            frame: self.frame,
            codes,
            crossed,
            candidates,
            edges: self.edges,
        }
    }
}

/// Whether the middle of a cell that no edge crosses lies inside.
fn is_inside(edges: &[Edge], frame: &Frame, column: u32, row: u32) -> bool {
    let half = 1_i64 << frame.shift >> 1;
    let x = i64::from(frame.west) + (i64::from(column) << frame.shift) + half;
    let y = frame.south_of(row) + half;
    let crosses = |edge: &&Edge| {
        let [low_x, low_y] = [i64::from(edge.low.0), i64::from(edge.low.1)];
        let [high_x, high_y] = [i64::from(edge.high.0), i64::from(edge.high.1)];
        let spans = y >= low_y && y < high_y;
        spans && (x - low_x) * (high_y - low_y) < (high_x - low_x) * (y - low_y)
    };
    edges.iter().filter(crosses).count() % 2 == 1
}

/// Counts of edges and cells stay far below 2^31: a raster has at most `cells_max`² cells.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(CROSSED - 1)
}

fn edges_of(tree: &AreaTree, area: AreaIdx) -> Vec<Edge> {
    let polygons = tree.polygon(area).into_iter().flatten();
    let rings =
        polygons.flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
    rings.flat_map(edges_of_ring).collect()
}

fn edges_of_ring(ring: &LineString<f64>) -> impl Iterator<Item = Edge> {
    let steps = |coord: Coord<f64>| {
        Position {
            lon: coord.x,
            lat: coord.y,
        }
        .to_steps()
    };
    ring.lines().filter_map(move |line| {
        let (a, b) = (steps(line.start), steps(line.end));
        let (low, high) = if a.1 <= b.1 { (a, b) } else { (b, a) };
        (low != high).then_some(Edge {
            low,
            high,
            x_max: low.0.max(high.0),
        })
    })
}
