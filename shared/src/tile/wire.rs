//! A tile's two forms: JSON with rows, for anybody, and columns, for our own screens.
//!
//! Columns lie beside their like: all handles, then all looks, all places, all times. Handles rise
//! and are told by their distances; looks come in runs; a place is two shorts within the tile; a
//! time is told by how long it was before the newest. So an asset that moved costs some eight
//! bytes, where a row of absolute numbers took some twenty. `docs/protocol.md` has the layout.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::columns::{Reader, Writer};
use super::{Cell, PLACE_BITS, TileDelta, TileMark, TileSnapshot, TileSpot};
use crate::channel::Tile;
use crate::id::{AssetId, FeedId};
use crate::level::Level;
use crate::place::Place;
use crate::table::{Changed, Table};
use crate::time::TimeMs;

/// The bit of a look that says stale; the lower ones are the level.
const STALE: u8 = 0x80;

#[derive(Serialize, Deserialize)]
struct SnapshotRows<'a> {
    tile: Tile,
    assets: Cow<'a, Table<TileMark>>,
    cells: Cow<'a, Table<Cell>>,
}

#[derive(Serialize, Deserialize)]
struct DeltaRows<'a> {
    tile: Tile,
    enter: Cow<'a, [TileMark]>,
    update: Cow<'a, [(u32, TileSpot)]>,
    leave: Cow<'a, [u32]>,
    cells: Cow<'a, Changed<Cell>>,
}

impl Serialize for TileSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let rows = SnapshotRows {
                tile: self.tile,
                assets: Cow::Borrowed(&self.assets),
                cells: Cow::Borrowed(&self.cells),
            };
            return rows.serialize(serializer);
        }
        let mut to = Writer::default();
        write_tile(&mut to, self.tile);
        let marks: Vec<&TileMark> = self.assets.iter().collect();
        write_marks(&mut to, self.tile, &marks);
        let cells: Vec<&Cell> = self.cells.iter().collect();
        write_cells(&mut to, &cells);
        serializer.serialize_bytes(&to.0)
    }
}

impl Serialize for TileDelta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let rows = DeltaRows {
                tile: self.tile,
                enter: Cow::Borrowed(&self.enter),
                update: Cow::Borrowed(&self.update),
                leave: Cow::Borrowed(&self.leave),
                cells: Cow::Borrowed(&self.cells),
            };
            return rows.serialize(serializer);
        }
        let mut to = Writer::default();
        write_tile(&mut to, self.tile);
        let marks: Vec<&TileMark> = self.enter.iter().collect();
        write_marks(&mut to, self.tile, &marks);
        let update: Vec<(u32, &TileSpot)> =
            self.update.iter().map(|(h, spot)| (*h, spot)).collect();
        write_spots(&mut to, self.tile, &update);
        to.count(self.leave.len());
        to.rising(self.leave.iter().copied());
        let cells: Vec<&Cell> = self.cells.put.iter().collect();
        write_cells(&mut to, &cells);
        to.count(self.cells.gone.len());
        to.rising(self.cells.gone.iter().map(|cell| u32::from(*cell)));
        serializer.serialize_bytes(&to.0)
    }
}

impl<'de> Deserialize<'de> for TileSnapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let rows = SnapshotRows::deserialize(deserializer)?;
            return Ok(Self {
                tile: rows.tile,
                assets: rows.assets.into_owned(),
                cells: rows.cells.into_owned(),
            });
        }
        deserializer.deserialize_bytes(Columns(read_snapshot))
    }
}

impl<'de> Deserialize<'de> for TileDelta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let rows = DeltaRows::deserialize(deserializer)?;
            return Ok(Self {
                tile: rows.tile,
                enter: rows.enter.into_owned(),
                update: rows.update.into_owned(),
                leave: rows.leave.into_owned(),
                cells: rows.cells.into_owned(),
            });
        }
        deserializer.deserialize_bytes(Columns(read_delta))
    }
}

/// Makes a value of the bytes that are its columns.
struct Columns<T>(fn(&mut Reader<'_>) -> Option<T>);

impl<T> de::Visitor<'_> for Columns<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the columns of a tile")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        let mut from = Reader(bytes);
        (self.0)(&mut from).ok_or_else(|| {
            let at = bytes.len() - from.0.len();
            E::custom(format!(
                "the columns of a tile end early or are wrong at byte {at}"
            ))
        })
    }
}

fn read_snapshot(from: &mut Reader<'_>) -> Option<TileSnapshot> {
    let tile = read_tile(from)?;
    Some(TileSnapshot {
        tile,
        assets: read_marks(from, tile)?.into_iter().collect(),
        cells: read_cells(from)?.into_iter().collect(),
    })
}

fn read_delta(from: &mut Reader<'_>) -> Option<TileDelta> {
    let tile = read_tile(from)?;
    let enter = read_marks(from, tile)?;
    let update = read_spots(from, tile)?;
    let n_leave = from.count()?;
    let leave = from.rising(n_leave)?;
    let put = read_cells(from)?;
    let n_gone = from.count()?;
    let gone = from.rising(n_gone)?.into_iter().map(u16::try_from);
    let gone = gone.collect::<Result<_, _>>().ok()?;
    Some(TileDelta {
        tile,
        enter,
        update,
        leave,
        cells: Changed { put, gone },
    })
}

fn write_tile(to: &mut Writer, tile: Tile) {
    to.byte(tile.z);
    to.number(tile.x.into());
    to.number(tile.y.into());
}

fn read_tile(from: &mut Reader<'_>) -> Option<Tile> {
    let z = from.byte()?;
    let x = from.small()?;
    Tile::checked(z, x, from.small()?)
}

/// Spots, then the feeds that occur, then each mark's feed and id.
fn write_marks(to: &mut Writer, tile: Tile, marks: &[&TileMark]) {
    let spots: Vec<(u32, &TileSpot)> = marks.iter().map(|mark| (mark.handle, &mark.spot)).collect();
    write_spots(to, tile, &spots);
    let mut feeds: Vec<&FeedId> = marks.iter().map(|mark| &mark.feed).collect();
    feeds.sort_unstable();
    feeds.dedup();
    to.count(feeds.len());
    for feed in &feeds {
        to.text(feed.as_str());
    }
    for mark in marks {
        to.count(feeds.binary_search(&&mark.feed).unwrap_or_default());
        to.text(mark.asset.as_str());
    }
}

fn read_marks(from: &mut Reader<'_>, tile: Tile) -> Option<Vec<TileMark>> {
    let spots = read_spots(from, tile)?;
    let n_feeds = from.count()?;
    let feeds = (0..n_feeds).map(|_| from.text().map(FeedId::from));
    let feeds: Vec<FeedId> = feeds.collect::<Option<_>>()?;
    let mark = |(handle, spot)| {
        let feed = usize::try_from(from.small()?).ok()?;
        Some(TileMark {
            handle,
            feed: feeds.get(feed)?.clone(),
            asset: AssetId::from(from.text()?),
            spot,
        })
    };
    spots.into_iter().map(mark).collect()
}

fn write_spots(to: &mut Writer, tile: Tile, spots: &[(u32, &TileSpot)]) {
    to.count(spots.len());
    if spots.is_empty() {
        return;
    }
    to.rising(spots.iter().map(|(handle, _)| *handle));
    for run in spots.chunk_by(|(_, a), (_, b)| look(a) == look(b)) {
        to.byte(run.first().map_or(0, |(_, spot)| look(spot)));
        to.count(run.len());
    }
    for (_, spot) in spots {
        to.short(within(tile, spot.place.x));
    }
    for (_, spot) in spots {
        to.short(within(tile, spot.place.y));
    }
    let newest = spots.iter().filter_map(|(_, spot)| spot.at).max();
    let newest = newest.unwrap_or_default();
    to.number(zigzag(newest.0));
    for (_, spot) in spots {
        // Nothing is newer than the newest; 0 stands for no time at all.
        let before = spot
            .at
            .map(|at| newest.0.wrapping_sub(at.0).cast_unsigned());
        to.number(before.map_or(0, |ms| ms.saturating_add(1)));
    }
}

fn read_spots(from: &mut Reader<'_>, tile: Tile) -> Option<Vec<(u32, TileSpot)>> {
    let n = from.count()?;
    if n == 0 {
        return Some(Vec::new());
    }
    let handles = from.rising(n)?;
    let looks = read_looks(from, n)?;
    let xs = from.shorts(n)?;
    let ys = from.shorts(n)?;
    let newest = unzigzag(from.number()?);
    let places = xs.zip(ys).map(|(x, y)| Place {
        x: beyond(tile.z, tile.x, x),
        y: beyond(tile.z, tile.y, y),
    });
    let spot = |((handle, (level, stale)), place)| {
        let before = from.number()?.checked_sub(1);
        let at = before.map(|ms| TimeMs(newest.wrapping_sub_unsigned(ms)));
        let spot = TileSpot {
            place,
            at,
            level,
            stale,
        };
        Some((handle, spot))
    };
    handles
        .into_iter()
        .zip(looks)
        .zip(places)
        .map(spot)
        .collect()
}

/// Level and staleness in a byte.
fn look(spot: &TileSpot) -> u8 {
    spot.level as u8 | if spot.stale { STALE } else { 0 }
}

fn read_looks(from: &mut Reader<'_>, n: usize) -> Option<Vec<(Level, bool)>> {
    let mut looks = Vec::with_capacity(n);
    while looks.len() < n {
        let look = from.byte()?;
        let level = Level::ALL.get(usize::from(look & !STALE))?;
        let run = usize::try_from(from.number()?).ok()?;
        let whole = looks.len().checked_add(run).filter(|whole| *whole <= n)?;
        looks.resize(whole, (*level, look & STALE != 0));
        if run == 0 {
            return None;
        }
    }
    Some(looks)
}

/// The part of a coordinate that tells places within the tile apart.
fn within(tile: Tile, steps: u32) -> u16 {
    let bits = Tile::Z_MAX.saturating_sub(tile.z);
    u16::try_from((steps >> bits) & u32::from(u16::MAX)).unwrap_or_default()
}

/// The coordinate in the middle of the step that is `within` the tile at `tile`.
fn beyond(z: u8, tile: u32, within: u16) -> u32 {
    let bits = Tile::Z_MAX.saturating_sub(z);
    let steps = (tile << PLACE_BITS) | u32::from(within);
    (steps << bits) | ((1 << bits) >> 1)
}

/// Small in either direction: 0, -1, 1, -2, …
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn write_cells(to: &mut Writer, cells: &[&Cell]) {
    to.count(cells.len());
    to.rising(cells.iter().map(|cell| u32::from(cell.cell)));
    for cell in cells {
        to.byte(cell.level as u8);
        for count in [cell.count, cell.moving, cell.stale, cell.alerting] {
            to.number(count.into());
        }
    }
}

fn read_cells(from: &mut Reader<'_>) -> Option<Vec<Cell>> {
    let n = from.count()?;
    let numbers = from.rising(n)?.into_iter();
    let cell = |cell: u32| {
        let level = *Level::ALL.get(usize::from(from.byte()?))?;
        Some(Cell {
            cell: u16::try_from(cell).ok()?,
            count: from.small()?,
            moving: from.small()?,
            stale: from.small()?,
            alerting: from.small()?,
            level,
        })
    };
    numbers.map(cell).collect()
}
