//! What the asset layer knows of each asset: a byte-exact record for the graphics card, and the
//! list of records that changed since the last upload. Pure.
//!
//! A record lies in its slot for as long as the asset is followed, so an update touches 28 bytes.
//! The vertex shader finds the asset's place between two positions; nothing is written while an
//! asset merely moves on. Memory is bounded by the assets in the followed tiles at their most.
//! One concept, and the last third of the file is its tests; so it stays whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use egret_shared::asset::{AssetMark, AssetSpot};
use egret_shared::channel::Tile;
use egret_shared::delta::TileDelta;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::level::Level;
use egret_shared::snapshot::TileSnapshot;

use crate::map::camera::{Camera, Mercator};

/// Bytes of a record: two positions of two `f32`, two times of `f32`, four bytes of looks.
pub(super) const STRIDE: usize = 28;

/// Where the looks begin in a record.
pub(super) const LOOK_OFFSET: i32 = 24;

/// How long an asset takes to its new position: as long as the last took to come, within these.
/// Milliseconds.
const GLIDE_MS: (f64, f64) = (500.0, 12_000.0);

/// After how long the origin of times is set anew. Milliseconds: an `f32` tells milliseconds
/// apart up to about four hours.
const REBASE_MS: f64 = 3_600_000.0;

/// Changed slots this near to one another are uploaded as one range: a call costs more than the
/// few hundred bytes between.
const NEAR_SLOTS: usize = 16;

/// What kind of mark an asset has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// An empty slot.
    None = 0,
    /// It stands.
    Fixed = 1,
    /// It moves.
    Moving = 2,
}

/// An asset as the layer knows it.
#[derive(Clone, Debug)]
struct Point {
    slot: usize,
    tile: Tile,
    feed: FeedId,
    asset: AssetId,
    kind: Kind,
    level: Level,
    stale: bool,
    from: Mercator,
    to: Mercator,
    begins_ms: f64,
    ends_ms: f64,
}

impl Point {
    fn at(&self, now_ms: f64) -> Mercator {
        let span = (self.ends_ms - self.begins_ms).max(1.0);
        let t = ((now_ms - self.begins_ms) / span).clamp(0.0, 1.0);
        Mercator {
            x: self.from.x + (self.to.x - self.from.x) * t,
            y: self.from.y + (self.to.y - self.from.y) * t,
        }
    }
}

/// How many assets of which kind are on the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Vehicles.
    pub(crate) moving: usize,
    /// Fixed assets.
    pub(crate) fixed: usize,
    /// Assets with an open alert.
    pub(crate) alerting: usize,
    /// Assets that are silent for too long.
    pub(crate) stale: usize,
}

/// What has to go to the graphics card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Upload {
    /// Everything: the buffer grew, or its times changed.
    All,
    /// These bytes.
    Ranges(Vec<Range<usize>>),
}

/// All assets in the followed tiles.
#[derive(Debug)]
pub(super) struct Points {
    moving_feeds: BTreeSet<FeedId>,
    origin: Mercator,
    epoch_ms: f64,
    points: BTreeMap<u32, Point>,
    free: Vec<usize>,
    bytes: Vec<u8>,
    dirty: BTreeSet<usize>,
    all_dirty: bool,
}

impl Points {
    /// None yet. `origin` is near all of them, so that an `f32` holds the rest to the millimetre.
    pub(super) fn new(moving_feeds: BTreeSet<FeedId>, origin: Mercator, now_ms: f64) -> Self {
        Self {
            moving_feeds,
            origin,
            epoch_ms: now_ms,
            points: BTreeMap::new(),
            free: Vec::new(),
            bytes: Vec::new(),
            dirty: BTreeSet::new(),
            all_dirty: true,
        }
    }

    /// Where positions in records are counted from.
    pub(super) fn origin(&self) -> Mercator {
        self.origin
    }

    /// All records.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes a tile's full state.
    pub(super) fn reset(&mut self, tile: Tile, snapshot: &TileSnapshot, now_ms: f64) {
        let of_tile = |(handle, point): (&u32, &Point)| (point.tile == tile).then_some(*handle);
        let held: BTreeSet<u32> = self.points.iter().filter_map(of_tile).collect();
        let here: BTreeSet<u32> = snapshot.assets.iter().map(|mark| mark.handle).collect();
        for handle in held.difference(&here) {
            self.remove(*handle, tile);
        }
        for mark in snapshot.assets.iter() {
            self.enter(tile, mark, now_ms);
        }
    }

    /// Takes a tile's changes.
    pub(super) fn advance(&mut self, tile: Tile, delta: &TileDelta, now_ms: f64) {
        for handle in &delta.leave {
            self.remove(*handle, tile);
        }
        for mark in &delta.enter {
            self.enter(tile, mark, now_ms);
        }
        for (handle, spot) in &delta.update {
            self.update(*handle, spot, now_ms);
        }
    }

    /// Lets a tile go.
    pub(super) fn forget(&mut self, tile: Tile) {
        self.reset(tile, &TileSnapshot::default(), 0.0);
    }

    fn enter(&mut self, tile: Tile, mark: &AssetMark, now_ms: f64) {
        // Handles are unique within a generation: another asset behind one is a new server's.
        let known = self.points.get_mut(&mark.handle);
        if let Some(point) =
            known.filter(|point| point.feed == mark.feed && point.asset == mark.asset)
        {
            point.tile = tile;
            self.update(mark.handle, &mark.spot, now_ms);
            return;
        }
        let slot = match self.points.remove(&mark.handle) {
            Some(point) => point.slot,
            None => self.free.pop().unwrap_or_else(|| self.grow()),
        };
        let place = Mercator::of(mark.spot.position);
        let moves = self.moving_feeds.contains(&mark.feed);
        let point = Point {
            slot,
            tile,
            feed: mark.feed.clone(),
            asset: mark.asset.clone(),
            kind: if moves { Kind::Moving } else { Kind::Fixed },
            level: mark.spot.level,
            stale: mark.spot.stale,
            from: place,
            to: place,
            begins_ms: now_ms,
            ends_ms: now_ms,
        };
        self.write(&point);
        self.points.insert(mark.handle, point);
    }

    fn update(&mut self, handle: u32, spot: &AssetSpot, now_ms: f64) {
        let Some(point) = self.points.get_mut(&handle) else {
            return;
        };
        let to = Mercator::of(spot.position);
        if to != point.to {
            let glide_ms = (now_ms - point.begins_ms).clamp(GLIDE_MS.0, GLIDE_MS.1);
            point.from = point.at(now_ms);
            point.to = to;
            point.begins_ms = now_ms;
            point.ends_ms = now_ms + glide_ms;
        }
        point.level = spot.level;
        point.stale = spot.stale;
        let point = point.clone();
        self.write(&point);
    }

    /// An asset that went from one followed tile to another is not taken away by the first.
    fn remove(&mut self, handle: u32, tile: Tile) {
        let is_there = self
            .points
            .get(&handle)
            .is_some_and(|point| point.tile == tile);
        if let Some(mut point) = is_there.then(|| self.points.remove(&handle)).flatten() {
            point.kind = Kind::None;
            self.write(&point);
            self.free.push(point.slot);
        }
    }

    fn grow(&mut self) -> usize {
        let slot = self.bytes.len() / STRIDE;
        self.bytes.resize(self.bytes.len() + STRIDE, 0);
        self.all_dirty = true;
        slot
    }

    fn write(&mut self, point: &Point) {
        let record = record(point, self.origin, self.epoch_ms);
        let from = point.slot * STRIDE;
        if let Some(bytes) = self.bytes.get_mut(from..from + STRIDE) {
            bytes.copy_from_slice(&record);
            self.dirty.insert(point.slot);
        }
    }

    /// What changed since it was last asked, and the time in records for `now_ms`.
    pub(super) fn take_upload(&mut self, now_ms: f64) -> (Upload, f32) {
        if now_ms - self.epoch_ms > REBASE_MS {
            self.rebase(now_ms);
        }
        let dirty = std::mem::take(&mut self.dirty);
        let upload = if std::mem::take(&mut self.all_dirty) {
            Upload::All
        } else {
            Upload::Ranges(ranges(&dirty))
        };
        (upload, seconds(now_ms - self.epoch_ms))
    }

    /// The context is new: everything has to go up again.
    pub(super) fn forget_uploads(&mut self) {
        self.all_dirty = true;
    }

    fn rebase(&mut self, now_ms: f64) {
        self.epoch_ms = now_ms;
        let points: Vec<Point> = self.points.values().cloned().collect();
        for point in &points {
            self.write(point);
        }
        self.all_dirty = true;
    }

    /// The asset nearest to a place on the screen, if one is within `radius_px`; alerting ones
    /// lie on top of others there as they do on the map.
    pub(super) fn nearest(
        &self,
        camera: &Camera,
        (x, y): (f64, f64),
        radius_px: f64,
        now_ms: f64,
    ) -> Option<(FeedId, AssetId)> {
        let far = |point: &Point| {
            let (px, py) = camera.screen_from(point.at(now_ms));
            (px - x).hypot(py - y)
        };
        self.points
            .values()
            .map(|point| (far(point), point))
            .filter(|(distance, _)| *distance <= radius_px)
            .min_by(|(a, point_a), (b, point_b)| {
                let calm = |point: &Point| point.level == Level::Normal;
                calm(point_a).cmp(&calm(point_b)).then(a.total_cmp(b))
            })
            .map(|(_, point)| (point.feed.clone(), point.asset.clone()))
    }

    /// How many there are of which kind.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for point in self.points.values() {
            match point.kind {
                Kind::Moving => counts.moving += 1,
                Kind::Fixed | Kind::None => counts.fixed += 1,
            }
            counts.alerting += usize::from(point.level > Level::Normal);
            counts.stale += usize::from(point.stale);
        }
        counts
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "offsets and seconds are small by the choice of their origins"
)]
fn record(point: &Point, origin: Mercator, epoch_ms: f64) -> [u8; STRIDE] {
    let floats = [
        (point.from.x - origin.x) as f32,
        (point.from.y - origin.y) as f32,
        (point.to.x - origin.x) as f32,
        (point.to.y - origin.y) as f32,
        seconds(point.begins_ms - epoch_ms),
        seconds(point.ends_ms - epoch_ms),
    ];
    let mut bytes = [0; STRIDE];
    // WebAssembly and WebGL are both little-endian.
    for (place, float) in bytes.chunks_exact_mut(4).zip(floats) {
        place.copy_from_slice(&float.to_le_bytes());
    }
    let looks = [
        point.kind as u8,
        point.level as u8,
        u8::from(point.stale),
        0,
    ];
    if let Some(place) = bytes.last_chunk_mut::<4>() {
        *place = looks;
    }
    bytes
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times are rebased before an f32 runs out of milliseconds"
)]
fn seconds(ms: f64) -> f32 {
    (ms / 1_000.0) as f32
}

/// The byte ranges of changed slots, near ones joined.
fn ranges(slots: &BTreeSet<usize>) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for slot in slots {
        let (from, to) = (slot * STRIDE, (slot + 1) * STRIDE);
        match ranges.last_mut() {
            Some(last) if from - last.end <= NEAR_SLOTS * STRIDE => last.end = to,
            _ => ranges.push(from..to),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;

    use super::*;

    const TILE: Tile = Tile {
        z: 9,
        x: 423,
        y: 219,
    };
    const NEXT: Tile = Tile {
        z: 9,
        x: 424,
        y: 219,
    };

    fn spot(lon: f64) -> AssetSpot {
        AssetSpot {
            position: Position { lon, lat: 24.5 },
            at: None,
            level: Level::Normal,
            stale: false,
        }
    }

    fn mark(handle: u32, feed: &str, lon: f64) -> AssetMark {
        AssetMark {
            handle,
            feed: feed.into(),
            asset: format!("{handle}").as_str().into(),
            spot: spot(lon),
        }
    }

    fn points() -> Points {
        let origin = Mercator::of(Position {
            lon: 118.1,
            lat: 24.5,
        });
        let mut points = Points::new(BTreeSet::from(["bus".into()]), origin, 0.0);
        let enter = vec![mark(1, "bus", 118.1), mark(2, "air", 118.2)];
        let delta = TileDelta {
            enter,
            ..TileDelta::default()
        };
        points.advance(TILE, &delta, 0.0);
        points
    }

    fn floats(points: &Points, slot: usize) -> Vec<f32> {
        points.bytes()[slot * STRIDE..slot * STRIDE + 24]
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn a_moving_asset_glides_from_where_it_is_to_where_it_went() {
        let mut points = points();
        points.take_upload(0.0);
        let update = vec![(1, spot(118.3))];
        points.advance(
            TILE,
            &TileDelta {
                update,
                ..TileDelta::default()
            },
            2_000.0,
        );
        let record = floats(&points, 0);
        assert!(record[0].abs() < 1e-9);
        assert!((f64::from(record[2]) - 0.2 / 360.0).abs() < 1e-9);
        assert_eq!(&record[4..6], [2.0, 4.0]);
        let (upload, now_s) = points.take_upload(3_000.0);
        let first = std::iter::once(0..STRIDE).collect();
        assert_eq!(upload, Upload::Ranges(first));
        assert!((now_s - 3.0).abs() < 1e-6);
        assert_eq!(points.take_upload(3_000.0).0, Upload::Ranges(vec![]));
    }

    #[test]
    fn a_slot_is_used_again_and_memory_does_not_grow() {
        let mut points = points();
        for round in 0..1_000_u32 {
            let delta = TileDelta {
                enter: vec![mark(round + 3, "air", 118.1)],
                leave: vec![round + 2],
                update: Vec::new(),
            };
            points.advance(TILE, &delta, f64::from(round));
        }
        assert_eq!(points.bytes().len(), 2 * STRIDE);
        assert_eq!(points.counts().fixed, 1);
    }

    #[test]
    fn an_asset_that_went_to_the_next_tile_is_not_taken_away_by_the_first() {
        let mut points = points();
        let enter = vec![mark(1, "bus", 118.4)];
        points.advance(
            NEXT,
            &TileDelta {
                enter,
                ..TileDelta::default()
            },
            1.0,
        );
        points.advance(
            TILE,
            &TileDelta {
                leave: vec![1],
                ..TileDelta::default()
            },
            2.0,
        );
        assert_eq!(points.counts().moving, 1);
        points.forget(NEXT);
        assert_eq!(points.counts().moving, 0);
    }

    #[test]
    fn times_are_rebased_before_they_lose_their_milliseconds() {
        let mut points = points();
        points.take_upload(0.0);
        let (upload, now_s) = points.take_upload(REBASE_MS + 5.0);
        assert_eq!(upload, Upload::All);
        assert!(now_s.abs() < 1e-6);
        assert!((floats(&points, 0)[4] + 3_600.005).abs() < 1e-3);
    }

    #[test]
    fn near_changes_go_up_together_and_far_ones_apart() {
        let slots = BTreeSet::from([0, 3, 100]);
        assert_eq!(ranges(&slots), [0..4 * STRIDE, 100 * STRIDE..101 * STRIDE]);
    }

    #[test]
    fn the_pointer_finds_the_asset_beneath_it() {
        let points = points();
        let camera = Camera {
            centre: points.origin(),
            zoom: 12.0,
            width: 100.0,
            height: 100.0,
        };
        let found = points.nearest(&camera, (53.0, 50.0), 8.0, 0.0);
        assert_eq!(found, Some(("bus".into(), "1".into())));
        assert_eq!(points.nearest(&camera, (10.0, 10.0), 8.0, 0.0), None);
    }
}
