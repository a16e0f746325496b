//! A place on the map's square: what tiles are cut from, and what a map draws without arithmetic.
//!
//! The square is the Web Mercator world, x from west to east and y from north to south, cut into
//! 2³² steps each way. Whole numbers make tiles a matter of shifts, and the way round the world a
//! matter of wrapping. A position becomes a place once, at the server.

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::position::Position;

/// Steps along a side of the square.
const STEPS: f64 = 4_294_967_296.0;

/// Decimals of a degree in JSON: finer than a step, so that a place is read back as it was.
const DECIMALS: f64 = 1e9;

/// A place on the Web Mercator square.
///
/// # Units
/// 2⁻³² of the world's side: 9.3 mm at the equator. Beyond the latitude of 85.05° a place lies on
/// the square's edge.
///
/// # Source
/// OGC Two Dimensional Tile Matrix Set, `WebMercatorQuad`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// West to east, from the antimeridian.
    pub x: u32,
    /// North to south.
    pub y: u32,
}

impl Place {
    /// The place of a position; the poles lie on the edges.
    pub fn of(position: Position) -> Self {
        let lat = position.lat.to_radians();
        Self {
            x: steps(position.lon / 360.0 + 0.5),
            y: steps(0.5 - lat.tan().asinh() / TAU),
        }
    }

    /// The position of the middle of the place's step. Degrees.
    pub fn position(self) -> Position {
        let (x, y) = self.square();
        Position {
            lon: (x - 0.5) * 360.0,
            lat: (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees(),
        }
    }

    /// Where the middle of the place's step lies in the square of 0 to 1.
    pub fn square(self) -> (f64, f64) {
        (
            (f64::from(self.x) + 0.5) / STEPS,
            (f64::from(self.y) + 0.5) / STEPS,
        )
    }

    /// How far it is from `origin`, in sides of the square: the short way round the world.
    pub fn offset_from(self, origin: Self) -> (f64, f64) {
        let round = self.x.wrapping_sub(origin.x).cast_signed();
        let down = i64::from(self.y) - i64::from(origin.y);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a difference of two u32 fits an f64"
        )]
        let down = down as f64;
        (f64::from(round) / STEPS, down / STEPS)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates at both ends, which is what the edges of the world want"
)]
fn steps(share: f64) -> u32 {
    (share * STEPS) as u32
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let Position { lon, lat } = self.position();
            let rounded = |degrees: f64| (degrees * DECIMALS).round() / DECIMALS;
            (rounded(lon), rounded(lat)).serialize(serializer)
        } else {
            (self.x, self.y).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Position::exact(deserializer).map(Self::of)
        } else {
            let (x, y) = <(u32, u32)>::deserialize(deserializer)?;
            Ok(Self { x, y })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_poles_and_the_antimeridian_lie_on_the_edges() {
        let place = |lon, lat| Place::of(Position { lon, lat });
        assert_eq!(place(-180.0, 90.0), Place { x: 0, y: 0 });
        let last = u32::MAX;
        assert_eq!(place(180.0, -90.0), Place { x: last, y: last });
    }

    #[test]
    fn the_way_over_the_antimeridian_is_the_short_one() {
        let place = |lon| Place::of(Position { lon, lat: -17.0 });
        let (east, down) = place(-179.9).offset_from(place(179.9));
        assert!((east - 0.2 / 360.0).abs() < 1e-9, "{east}");
        assert!(down.abs() < 1e-12);
        let (west, _) = place(179.9).offset_from(place(-179.9));
        assert!((west + east).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_place_is_read_back_from_degrees_as_it_was(x: u32, y: u32) {
            let place = Place { x, y };
            prop_assert_eq!(Place::of(place.position()), place);
            let json = serde_json::to_string(&place).unwrap();
            prop_assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), place);
        }
    }
}
