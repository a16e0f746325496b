//! What the asset layer knows of each asset: a byte-exact record for the graphics card, and which
//! records changed since the last upload. Pure.
//!
//! An asset keeps its slot for as long as it is followed, and its handle leads there by one look
//! into a list, so an update touches 28 bytes and searches nothing. The vertex shader finds the
//! asset's place between two positions; nothing is written while an asset merely moves on. Places
//! are whole numbers and wrap, so the way over the antimeridian is the short one. Memory is bounded
//! by the assets in the followed tiles at their most.

mod cells;
mod point;
mod record;
mod slots;
mod tails;

use std::collections::BTreeSet;
use std::ops::Range;

use egret_shared::channel::Tile;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::level::Level;
use egret_shared::place::Place;
use egret_shared::tile::{TileDelta, TileMark, TileSnapshot, TileSpot};

use crate::map::camera::{Camera, Mercator};
use cells::Cells;
use point::{Kind, NOBODY, Point};
pub(super) use record::{LOOK_OFFSET, STRIDE};
use record::{Record, seconds};
use slots::Slots;
pub(super) use tails::{SEGMENT_BYTES, TAIL_S};
use tails::{Tail, Tails};

/// How long an asset takes to its new position: as long as the last took to come, within these.
/// Milliseconds.
const GLIDE_MS: (f64, f64) = (500.0, 12_000.0);

/// After how long the origin of times is set anew. Milliseconds: an `f32` tells milliseconds
/// apart up to about four hours.
const REBASE_MS: f64 = 3_600_000.0;

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
    /// Cells that stand for assets too many to be shown one by one.
    pub(crate) cells: usize,
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
    origin: Place,
    epoch_ms: f64,
    /// Where in the list an asset is, by handle; [`NOWHERE`] if it is not.
    by_handle: Vec<u32>,
    /// Followed tiles by number; the number of one that is let go of is used again.
    tiles: Vec<Option<Tile>>,
    /// By slot; one with [`Kind::None`] is free, one of a cell stands for nobody.
    points: Vec<Point>,
    /// Who they are, by slot.
    names: Vec<Option<(FeedId, AssetId)>>,
    slots: Slots,
    cells: Cells,
    tails: Tails,
}

/// Handles beyond this are not drawn: a city has at most 200,000 assets, and a list by handle must
/// not be blown up by one wrong number.
const HANDLES_MAX: usize = 1 << 22;

/// The slot of what is in none.
const NOWHERE: u32 = u32::MAX;

impl Points {
    /// None yet. `origin` is near all of them, so that an `f32` holds the rest to the millimetre.
    pub(super) fn new(moving_feeds: BTreeSet<FeedId>, origin: Mercator, now_ms: f64) -> Self {
        Self {
            moving_feeds,
            origin: Place::of(origin.position()),
            epoch_ms: now_ms,
            by_handle: Vec::new(),
            tiles: Vec::new(),
            points: Vec::new(),
            names: Vec::new(),
            slots: Slots::default(),
            cells: Cells::default(),
            tails: Tails::default(),
        }
    }

    /// Where positions in records are counted from.
    pub(super) fn origin(&self) -> Mercator {
        let (x, y) = self.origin.square();
        Mercator { x, y }
    }

    /// All records.
    pub(super) fn bytes(&self) -> &[u8] {
        self.slots.bytes()
    }

    /// Whether any assets are counted in cells.
    pub(super) fn has_cells(&self) -> bool {
        !self.cells.slots().is_empty()
    }

    /// Takes a tile's full state.
    pub(super) fn reset(&mut self, tile: Tile, snapshot: &TileSnapshot, now_ms: f64) {
        let number = self.number_of(tile);
        let held = self.points.iter();
        let held = held.filter(|point| point.tile == number && point.is_asset());
        let is_gone = |handle: &u32| snapshot.assets.get(handle).is_none();
        let gone: Vec<u32> = held.map(|point| point.handle).filter(is_gone).collect();
        for handle in gone {
            self.remove(handle, number);
        }
        for mark in snapshot.assets.iter() {
            self.enter(number, mark, now_ms);
        }
        self.cells.reset(tile, &snapshot.cells);
        self.show_cells(now_ms);
    }

    /// Takes a tile's changes.
    pub(super) fn advance(&mut self, tile: Tile, delta: &TileDelta, now_ms: f64) {
        let number = self.number_of(tile);
        for handle in &delta.leave {
            self.remove(*handle, number);
        }
        for mark in &delta.enter {
            self.enter(number, mark, now_ms);
        }
        for (handle, spot) in &delta.update {
            self.update(*handle, spot, now_ms);
        }
        if !delta.cells.is_empty() {
            self.cells.advance(tile, &delta.cells);
            self.show_cells(now_ms);
        }
    }

    /// Lets a tile go.
    pub(super) fn forget(&mut self, tile: Tile) {
        self.reset(tile, &TileSnapshot::default(), 0.0);
        for followed in &mut self.tiles {
            followed.take_if(|followed| *followed == tile);
        }
    }

    /// The number of a tile that is followed from now on, if it was not before.
    fn number_of(&mut self, tile: Tile) -> u16 {
        let known = self.tiles.iter().position(|held| *held == Some(tile));
        let place = known.unwrap_or_else(|| {
            let free = self.tiles.iter().position(Option::is_none);
            free.unwrap_or_else(|| {
                self.tiles.push(None);
                self.tiles.len() - 1
            })
        });
        if let Some(held) = self.tiles.get_mut(place) {
            *held = Some(tile);
        }
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    fn slot_of(&self, handle: u32) -> Option<u32> {
        let slot = *self.by_handle.get(handle as usize)?;
        (slot != NOWHERE).then_some(slot)
    }

    fn enter(&mut self, tile: u16, mark: &TileMark, now_ms: f64) {
        let slot = match self.slot_of(mark.handle) {
            // Handles are unique within a generation: another asset behind one is a new server's.
            Some(slot) if self.is_named(slot, mark) => {
                if let Some(point) = self.points.get_mut(slot as usize) {
                    point.tile = tile;
                }
                return self.update(mark.handle, &mark.spot, now_ms);
            }
            Some(slot) => slot,
            None => self.take_slot(),
        };
        let place = mark.handle as usize;
        if place >= HANDLES_MAX {
            return self.slots.free(slot);
        }
        if place >= self.by_handle.len() {
            self.by_handle.resize(place + 1, NOWHERE);
        }
        if let Some(entry) = self.by_handle.get_mut(place) {
            *entry = slot;
        }
        let moves = self.moving_feeds.contains(&mark.feed);
        let point = Point {
            handle: mark.handle,
            tile,
            kind: if moves { Kind::Moving } else { Kind::Fixed },
            level: mark.spot.level,
            stale: mark.spot.stale,
            from: mark.spot.place,
            to: mark.spot.place,
            begins_ms: now_ms,
            ends_ms: now_ms,
        };
        if let Some(names) = self.names.get_mut(slot as usize) {
            *names = Some((mark.feed.clone(), mark.asset.clone()));
        }
        self.tails.forget(slot);
        self.put(slot, point);
    }

    fn is_named(&self, slot: u32, mark: &TileMark) -> bool {
        let names = self.names.get(slot as usize);
        names
            .and_then(Option::as_ref)
            .is_some_and(|(feed, asset)| *feed == mark.feed && *asset == mark.asset)
    }

    fn update(&mut self, handle: u32, spot: &TileSpot, now_ms: f64) {
        let Some(slot) = self.slot_of(handle) else {
            return;
        };
        let Some(point) = self.points.get_mut(slot as usize) else {
            return;
        };
        let is_same = (point.level, point.stale) == (spot.level, spot.stale);
        if spot.place != point.to {
            let glide_ms = (now_ms - point.begins_ms).clamp(GLIDE_MS.0, GLIDE_MS.1);
            point.from = point.at(now_ms);
            if point.kind == Kind::Moving {
                self.tails.pass(slot, point.from, spot.level, now_ms);
            }
            point.to = spot.place;
            point.begins_ms = now_ms;
            point.ends_ms = now_ms + glide_ms;
        } else if is_same {
            return;
        }
        point.level = spot.level;
        point.stale = spot.stale;
        let point = *point;
        self.slots.write(slot, self.record(&point));
    }

    /// An asset that went from one followed tile to another is not taken away by the first.
    fn remove(&mut self, handle: u32, tile: u16) {
        let Some(slot) = self.slot_of(handle) else {
            return;
        };
        let point = self.points.get(slot as usize);
        if point.is_some_and(|point| point.tile == tile) {
            if let Some(entry) = self.by_handle.get_mut(handle as usize) {
                *entry = NOWHERE;
            }
            self.clear(slot);
        }
    }

    fn take_slot(&mut self) -> u32 {
        let slot = self.slots.take();
        if slot as usize >= self.points.len() {
            self.points.resize(slot as usize + 1, NOBODY);
            self.names.resize(slot as usize + 1, None);
        }
        slot
    }

    fn put(&mut self, slot: u32, point: Point) {
        if let Some(place) = self.points.get_mut(slot as usize) {
            *place = point;
            self.slots.write(slot, self.record(&point));
        }
    }

    fn clear(&mut self, slot: u32) {
        self.put(slot, NOBODY);
        if let Some(names) = self.names.get_mut(slot as usize) {
            *names = None;
        }
        self.tails.forget(slot);
        self.slots.free(slot);
    }

    fn record(&self, point: &Point) -> Record {
        record::of(point, self.origin, self.epoch_ms)
    }

    /// Writes the discs of all cells: their size depends on the fullest of them.
    fn show_cells(&mut self, now_ms: f64) {
        let discs = self.cells.discs();
        for slot in self.cells.spare(discs.len()) {
            self.clear(slot);
        }
        while self.cells.slots().len() < discs.len() {
            let slot = self.take_slot();
            self.cells.own(slot);
        }
        let slots = self.cells.slots().to_vec();
        for (slot, disc) in slots.into_iter().zip(discs) {
            let point = Point {
                kind: Kind::Cell,
                level: disc.level,
                stale: disc.is_stale,
                from: disc.middle,
                to: disc.middle,
                begins_ms: now_ms,
                ends_ms: now_ms,
                ..NOBODY
            };
            if let Some(place) = self.points.get_mut(slot as usize) {
                *place = point;
            }
            let record = self.record(&point).with_radius(disc.radius);
            self.slots.write(slot, record);
        }
    }

    /// What changed since it was last asked, and the time in records for `now_ms`.
    pub(super) fn take_upload(&mut self, now_ms: f64) -> (Upload, f32) {
        if now_ms - self.epoch_ms > REBASE_MS {
            self.rebase(now_ms);
        }
        let upload = self.slots.take_upload();
        (upload, seconds(now_ms - self.epoch_ms))
    }

    /// The context is new: everything has to go up again.
    pub(super) fn forget_uploads(&mut self) {
        self.slots.forget_uploads();
        self.tails.forget_uploads();
    }

    fn rebase(&mut self, now_ms: f64) {
        self.epoch_ms = now_ms;
        for slot in 0..self.points.len() {
            if let Some(point) = self.points.get(slot).filter(|point| point.is_asset()) {
                let record = self.record(point);
                self.slots
                    .write(u32::try_from(slot).unwrap_or(u32::MAX), record);
            }
        }
        self.slots.forget_uploads();
        self.tails.forget_uploads();
    }

    /// The tails of what moves within `camera`, of which there is room for `n_max`, as instances of
    /// [`SEGMENT_BYTES`], if they are to go up again.
    pub(super) fn take_tails(
        &mut self,
        camera: &Camera,
        n_max: usize,
        now_ms: f64,
    ) -> Option<Vec<u8>> {
        let points = &self.points;
        let origin = self.origin;
        let epoch_ms = self.epoch_ms;
        let shown = |slot: u32| {
            let point = points.get(slot as usize)?;
            let (x, y) = camera.screen_from(mercator(point.to));
            let near = (-PAST_EDGE_PX..camera.width + PAST_EDGE_PX).contains(&x)
                && (-PAST_EDGE_PX..camera.height + PAST_EDGE_PX).contains(&y);
            near.then_some(Tail {
                to: point.to,
                ends_ms: point.ends_ms,
                level: point.level,
            })
        };
        self.tails.take(shown, n_max, origin, epoch_ms, now_ms)
    }

    /// The map is too far away for tails: they are forgotten.
    pub(super) fn hide_tails(&mut self) {
        self.tails.hide();
    }

    /// Every asset, its level, and where it is at a moment.
    pub(super) fn places(
        &self,
        now_ms: f64,
    ) -> impl Iterator<Item = ((&FeedId, &AssetId), Level, Mercator)> {
        let named = self.points.iter().zip(&self.names);
        named.filter_map(move |(point, names)| {
            let (feed, asset) = names.as_ref().filter(|_| point.is_asset())?;
            Some(((feed, asset), point.level, mercator(point.at(now_ms))))
        })
    }

    /// How many there are of which kind. Where cells count, theirs are the counts.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = self.cells.counts();
        let tiles = self.tiles.iter();
        let is_counted = |tile: &Option<Tile>| tile.is_some_and(|tile| self.cells.count(tile));
        let counted: Vec<bool> = tiles.map(is_counted).collect();
        let is_counted = |point: &Point| counted.get(usize::from(point.tile)) == Some(&true);
        let single = |point: &&Point| point.is_asset() && !is_counted(point);
        for point in self.points.iter().filter(single) {
            match point.kind {
                Kind::Moving => counts.moving += 1,
                Kind::Fixed | Kind::Cell | Kind::None => counts.fixed += 1,
            }
            counts.alerting += usize::from(point.level > Level::Normal);
            counts.stale += usize::from(point.stale);
        }
        counts
    }
}

/// How far beyond the edge of the view tails are drawn. CSS pixels.
const PAST_EDGE_PX: f64 = 100.0;

fn mercator(place: Place) -> Mercator {
    let (x, y) = place.square();
    Mercator { x, y }
}

#[cfg(test)]
mod tests;
