//! A flat map of the city in metres, and the ways back to degrees in each datum.
//!
//! Over the 100 km of a city a flat map is within 0.1 % of the globe: enough for roads and
//! showers. The reverse of the datum shifts is `egret-validate`'s.

use egret_shared::package::feed::Crs;
use egret_shared::position::Position;

/// A place in metres east and north of the city's centre.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    /// Metres east.
    pub(crate) x: f64,
    /// Metres north.
    pub(crate) y: f64,
}

impl Point {
    /// How far `other` is, in metres.
    pub(crate) fn distance_m(self, other: Self) -> f64 {
        (other.x - self.x).hypot(other.y - self.y)
    }

    /// The point `share` (0 to 1) of the way to `other`.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        Self {
            x: self.x + (other.x - self.x) * share,
            y: self.y + (other.y - self.y) * share,
        }
    }

    /// The share of the way from `a` to `b` at which the line comes nearest to this point.
    pub(crate) fn nearest_share(self, a: Self, b: Self) -> f64 {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let square = dx * dx + dy * dy;
        if square <= 0.0 {
            return 0.0;
        }
        (((self.x - a.x) * dx + (self.y - a.y) * dy) / square).clamp(0.0, 1.0)
    }
}

/// The flat map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    lon: f64,
    lat: f64,
    metres_per_lon: f64,
}

/// Metres per degree of latitude on the sphere of `Position::distance_m`.
const METRES_PER_LAT: f64 = 111_195.08;

impl Plane {
    /// The map around (lon, lat) in degrees.
    pub(crate) fn new(centre: [f64; 2]) -> Self {
        let [lon, lat] = centre;
        Self {
            lon,
            lat,
            metres_per_lon: METRES_PER_LAT * lat.to_radians().cos(),
        }
    }

    /// Where a position lies on the map.
    pub(crate) fn point_from(self, position: Position) -> Point {
        Point {
            x: (position.lon - self.lon) * self.metres_per_lon,
            y: (position.lat - self.lat) * METRES_PER_LAT,
        }
    }

    /// The position of a point, WGS 84.
    pub(crate) fn position_from(self, point: Point) -> Position {
        Position {
            lon: self.lon + point.x / self.metres_per_lon,
            lat: self.lat + point.y / METRES_PER_LAT,
        }
    }
}

/// A WGS 84 position as a sender in `crs` writes it: lon and lat in degrees.
pub(crate) fn in_crs(position: Position, crs: Crs) -> (f64, f64) {
    match crs {
        Crs::Wgs84 | Crs::Cgcs2000 => (position.lon, position.lat),
        Crs::Gcj02 => gcj02(position.lon, position.lat),
        Crs::Bd09 => {
            let (lon, lat) = gcj02(position.lon, position.lat);
            bd09(lon, lat)
        }
    }
}

/// Semi-major axis and squared eccentricity of the Krasovsky ellipsoid that GCJ-02 uses.
const GCJ_AXIS_M: f64 = 6_378_245.0;
const GCJ_ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// WGS 84 to GCJ-02, degrees.
///
/// # Source
/// The published polynomial of the GCJ-02 offset, as collected in "Restrictions on geographic
/// data in China".
fn gcj02(lon: f64, lat: f64) -> (f64, f64) {
    use std::f64::consts::PI;
    let (x, y) = (lon - 105.0, lat - 35.0);
    let waves = |v: f64, a: f64, b: f64, c: f64| {
        let wave = |strength: f64, frequency: f64| strength * (v * PI * frequency).sin();
        (wave(20.0, 1.0) + wave(40.0, 1.0 / 3.0)) * 2.0 / 3.0
            + (wave(a, 1.0 / 12.0) + wave(b, 1.0 / 30.0)) * c
    };
    let ripple = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let north = north + ripple + waves(y, 160.0, 320.0, 2.0 / 3.0);
    let east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let east = east + ripple + waves(x, 150.0, 300.0, 2.0 / 3.0);
    let slope = 1.0 - GCJ_ECCENTRICITY * lat.to_radians().sin().powi(2);
    let root = slope.sqrt();
    let metres_lat = GCJ_AXIS_M * (1.0 - GCJ_ECCENTRICITY) / (slope * root);
    let metres_lon = GCJ_AXIS_M / root * lat.to_radians().cos();
    (
        lon + (east / metres_lon).to_degrees(),
        lat + (north / metres_lat).to_degrees(),
    )
}

/// GCJ-02 to BD-09, degrees.
fn bd09(lon: f64, lat: f64) -> (f64, f64) {
    let turn = std::f64::consts::PI * 3_000.0 / 180.0;
    let radius = lon.hypot(lat) + 0.000_02 * (lat * turn).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * turn).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plane_measures_as_the_globe_does() {
        let plane = Plane::new([118.12, 24.6]);
        let (a, b) = (
            Position {
                lon: 118.07,
                lat: 24.45,
            },
            Position {
                lon: 118.2,
                lat: 24.7,
            },
        );
        let flat = plane.point_from(a).distance_m(plane.point_from(b));
        assert!((flat / a.distance_m(b) - 1.0).abs() < 0.002);
        let back = plane.position_from(plane.point_from(a));
        assert!(back.distance_m(a) < 0.01);
    }

    #[test]
    fn gcj02_lies_some_hundred_metres_off_and_bd09_further() {
        // The worked example that circulates with the formula: Tiananmen, Beijing.
        let (lon, lat) = gcj02(116.404, 39.915);
        assert!((lon - 116.410_244).abs() < 1e-5, "{lon}");
        assert!((lat - 39.916_404).abs() < 1e-5, "{lat}");
        let (lon, lat) = bd09(116.404, 39.915);
        assert!((lon - 116.410_369).abs() < 1e-5, "{lon}");
        assert!((lat - 39.921_337).abs() < 1e-5, "{lat}");
    }
}
