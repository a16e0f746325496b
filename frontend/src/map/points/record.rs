//! A point's bytes on the graphics card: two places of two `f32`, two times of `f32`, four bytes
//! of looks.

use egret_shared::place::Place;

use super::Point;

/// Bytes of a record.
pub(in crate::map) const STRIDE: usize = 28;

/// Where the looks begin in a record.
pub(in crate::map) const LOOK_OFFSET: i32 = 24;

/// Where the second place begins; of a cell it is the radius, in sides of the square.
const TO_OFFSET: usize = 8;

/// A record's bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record(pub(super) [u8; STRIDE]);

impl Record {
    /// The record of a disc with this radius.
    pub(super) fn with_radius(mut self, radius: f64) -> Self {
        let place = self.0.get_mut(TO_OFFSET..TO_OFFSET + 8);
        for (place, float) in place
            .into_iter()
            .flat_map(|place| place.chunks_exact_mut(4))
            .zip([narrow(radius), 0.0])
        {
            place.copy_from_slice(&float.to_le_bytes());
        }
        self
    }
}

/// The record of a point, its places counted from `origin`, its times from `epoch_ms`.
pub(super) fn of(point: &Point, origin: Place, epoch_ms: f64) -> Record {
    let (from_x, from_y) = point.from.offset_from(origin);
    // The second place is counted from the first, so that a way round the world stays short.
    let (way_x, way_y) = point.to.offset_from(point.from);
    let floats = [
        narrow(from_x),
        narrow(from_y),
        narrow(from_x + way_x),
        narrow(from_y + way_y),
        seconds(point.begins_ms - epoch_ms),
        seconds(point.ends_ms - epoch_ms),
    ];
    let mut bytes = [0; STRIDE];
    // WebAssembly and WebGL are both little-endian.
    for (place, float) in bytes.chunks_exact_mut(4).zip(floats) {
        place.copy_from_slice(&float.to_le_bytes());
    }
    if let Some(place) = bytes.last_chunk_mut::<4>() {
        *place = [
            point.kind as u8,
            point.level as u8,
            u8::from(point.stale),
            0,
        ];
    }
    Record(bytes)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "offsets are small by the choice of their origin"
)]
pub(super) fn narrow(offset: f64) -> f32 {
    offset as f32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "times are rebased before an f32 runs out of milliseconds"
)]
pub(super) fn seconds(ms: f64) -> f32 {
    (ms / 1_000.0) as f32
}
