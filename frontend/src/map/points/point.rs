//! An asset, or a cell, as the layer knows it.

use egret_shared::level::Level;
use egret_shared::place::Place;

/// What kind of mark stands in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// An empty slot.
    None = 0,
    /// It stands.
    Fixed = 1,
    /// It moves.
    Moving = 2,
    /// Many, counted.
    Cell = 3,
}

/// An asset as the layer knows it; without its names, which are seldom asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) handle: u32,
    /// Its tile's number in the list of tiles.
    pub(super) tile: u16,
    pub(super) kind: Kind,
    pub(super) level: Level,
    pub(super) stale: bool,
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) begins_ms: f64,
    pub(super) ends_ms: f64,
}

impl Point {
    /// Where it is: between its two places, the short way round the world.
    pub(super) fn at(&self, now_ms: f64) -> Place {
        if now_ms >= self.ends_ms {
            return self.to;
        }
        let span = (self.ends_ms - self.begins_ms).max(1.0);
        let share = ((now_ms - self.begins_ms) / span).clamp(0.0, 1.0);
        let along = |from: u32, to: u32| {
            let way = f64::from(to.wrapping_sub(from).cast_signed()) * share;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a share of what an i32 holds"
            )]
            let way = way as i32;
            from.wrapping_add_signed(way)
        };
        Place {
            x: along(self.from.x, self.to.x),
            y: along(self.from.y, self.to.y),
        }
    }

    /// Whether it stands for an asset: neither an empty slot nor a cell.
    pub(super) fn is_asset(&self) -> bool {
        matches!(self.kind, Kind::Fixed | Kind::Moving)
    }
}

/// An empty slot.
pub(super) const NOBODY: Point = Point {
    handle: 0,
    tile: 0,
    kind: Kind::None,
    level: Level::Normal,
    stale: false,
    from: Place { x: 0, y: 0 },
    to: Place { x: 0, y: 0 },
    begins_ms: 0.0,
    ends_ms: 0.0,
};
