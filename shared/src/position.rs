//! A place on the earth, and how places travel.
//!
//! Positions are WGS 84 (lon, lat). In JSON and in city packages a position is `[lon, lat]` in
//! degrees; on the binary wire two integers of 1e-7 degrees (11 mm at the equator), so that a
//! moving asset costs few bytes and a round trip is exact.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Steps per degree on the binary wire.
const STEPS_PER_DEGREE: f64 = 1e7;

/// A place on the earth.
///
/// # Units
/// Degrees, WGS 84; `lon` in -180..=180, `lat` in -90..=90. Never NaN: stages that accept
/// positions from outside check with [`Position::checked`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Longitude, degrees east.
    pub lon: f64,
    /// Latitude, degrees north.
    pub lat: f64,
}

/// Mean earth radius in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Position {
    /// The position rounded to what the wire can carry, or `None` if it is not on the earth.
    pub fn checked(lon: f64, lat: f64) -> Option<Self> {
        let on_earth = (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat);
        on_earth.then(|| Self::from_steps(steps(lon), steps(lat)))
    }

    /// The position that JSON names, not rounded to what the wire of positions carries.
    pub(crate) fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (lon, lat) = <(f64, f64)>::deserialize(deserializer)?;
        let on_earth = Self::checked(lon, lat).is_some();
        on_earth.then_some(Self { lon, lat }).ok_or_else(|| {
            de::Error::custom(format!(
                "[{lon}, {lat}] is no position: lon, lat in degrees"
            ))
        })
    }

    /// Great-circle distance.
    ///
    /// # Units
    /// Metres, by haversine on the mean radius: within 0.5 % of the ellipsoid.
    pub fn distance_m(self, other: Self) -> f64 {
        let half_dlat = (other.lat - self.lat).to_radians() / 2.0;
        let half_dlon = (other.lon - self.lon).to_radians() / 2.0;
        let chord = half_dlat.sin().powi(2)
            + self.lat.to_radians().cos() * other.lat.to_radians().cos() * half_dlon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
    }

    /// The wire's integers: 1e-7 degrees of longitude and latitude.
    pub fn to_steps(self) -> (i32, i32) {
        (steps(self.lon), steps(self.lat))
    }

    /// The position with these wire integers.
    pub fn from_steps(lon: i32, lat: i32) -> Self {
        Self {
            lon: f64::from(lon) / STEPS_PER_DEGREE,
            lat: f64::from(lat) / STEPS_PER_DEGREE,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "180 degrees are 1.8e9 steps, which an i32 holds; `as` saturates beyond"
)]
fn steps(degrees: f64) -> i32 {
    (degrees * STEPS_PER_DEGREE).round() as i32
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            (self.lon, self.lat).serialize(serializer)
        } else {
            self.to_steps().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let (lon, lat) = <(f64, f64)>::deserialize(deserializer)?;
            Self::checked(lon, lat).ok_or_else(|| {
                de::Error::custom(format!(
                    "[{lon}, {lat}] is no position: lon, lat in degrees"
                ))
            })
        } else {
            let (lon, lat) = <(i32, i32)>::deserialize(deserializer)?;
            Ok(Self::from_steps(lon, lat))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_both_encodings_exactly() {
        let place = Position::checked(118.093_471_23, 24.487_234_56).unwrap();
        let bytes = postcard::to_stdvec(&place).unwrap();
        assert_eq!(postcard::from_bytes::<Position>(&bytes).unwrap(), place);
        let json = serde_json::to_string(&place).unwrap();
        assert_eq!(serde_json::from_str::<Position>(&json).unwrap(), place);
    }

    #[test]
    fn what_is_not_on_the_earth_is_no_position() {
        assert!(Position::checked(181.0, 0.0).is_none());
        assert!(Position::checked(f64::NAN, 0.0).is_none());
    }

    #[test]
    fn a_hundredth_of_a_degree_of_latitude_is_1112_metres() {
        let here = Position {
            lon: 118.1,
            lat: 24.48,
        };
        let there = Position {
            lon: 118.1,
            lat: 24.49,
        };
        assert!((here.distance_m(there) - 1_112.0).abs() < 1.0);
    }
}
