//! Datums of Chinese maps, and the way back from them to WGS 84.
//!
//! GCJ-02 shifts positions in China by some hundreds of metres along a smooth field; BD-09 shifts
//! GCJ-02 once more. Both are published only as the way there, so the way back is by iteration:
//! take off the shift found at the last guess. The fields change by less than a fiftieth of the
//! distance, so that each round leaves less than a fiftieth of the error.
//!
//! # Units
//! Degrees throughout, (lon, lat).
//!
//! # Source
//! The public re-implementation of the GCJ-02 transform on the Krasovsky 1940 ellipsoid, and
//! Baidu's for BD-09; their constants are facts of these datums.

use std::f64::consts::PI;

use egret_shared::package::feed::Crs;
use serde_json::{Value, json};

/// Semi-major axis of the Krasovsky 1940 ellipsoid in metres.
const AXIS_M: f64 = 6_378_245.0;
/// First eccentricity squared of that ellipsoid.
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
/// The box in which GCJ-02 shifts: west, south, east, north.
const CHINA: [f64; 4] = [72.004, 0.8293, 137.8347, 55.8271];
/// BD-09's constant shift in longitude and latitude.
const BD09_SHIFT: (f64, f64) = (0.0065, 0.006);
/// BD-09's waves, per degree.
const BD09_WAVE: f64 = PI * 3_000.0 / 180.0;
/// Rounds of the way back: four reach 1e-9 degrees (0.1 mm); the rest is margin.
const ROUNDS: usize = 8;

/// The WGS 84 position of `place`, given in the datum `crs`.
///
/// CGCS2000 differs from WGS 84 by centimetres, less than a receiver's error, and stays as it is.
pub fn wgs84_from(crs: Crs, place: (f64, f64)) -> (f64, f64) {
    match crs {
        Crs::Wgs84 | Crs::Cgcs2000 => place,
        Crs::Gcj02 => back(gcj02_from_wgs84, place),
        Crs::Bd09 => back(gcj02_from_wgs84, back(bd09_from_gcj02, place)),
    }
}

/// GeoJSON in WGS 84 that is given in the datum `crs`; `None` if it is no JSON.
pub fn geojson_from(crs: Crs, text: &str) -> Option<String> {
    let mut map = serde_json::from_str(text).ok()?;
    convert(crs, &mut map, false);
    Some(map.to_string())
}

/// Converts every position within `coordinates`, however deep.
fn convert(crs: Crs, value: &mut Value, is_within: bool) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                convert(crs, inner, key == "coordinates");
            }
        }
        Value::Array(array) => {
            let number = |place: usize| array.get(place).and_then(Value::as_f64);
            if let (true, Some(lon), Some(lat)) = (is_within, number(0), number(1)) {
                let (lon, lat) = wgs84_from(crs, (lon, lat));
                for (place, degrees) in array.iter_mut().zip([lon, lat]) {
                    *place = json!(degrees);
                }
            } else {
                for inner in array {
                    convert(crs, inner, is_within);
                }
            }
        }
        _ => {}
    }
}

/// The place that `there` leads to `place`.
fn back(there: fn((f64, f64)) -> (f64, f64), place: (f64, f64)) -> (f64, f64) {
    (0..ROUNDS).fold(place, |guess, _| {
        let led = there(guess);
        (guess.0 + place.0 - led.0, guess.1 + place.1 - led.1)
    })
}

/// Where GCJ-02 puts a WGS 84 position; outside China's box, where it is.
pub fn gcj02_from_wgs84((lon, lat): (f64, f64)) -> (f64, f64) {
    let [west, south, east, north] = CHINA;
    if !(west..=east).contains(&lon) || !(south..=north).contains(&lat) {
        return (lon, lat);
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let phi = lat.to_radians();
    let w = 1.0 - ECCENTRICITY_SQUARED * phi.sin().powi(2);
    let lon_radius_m = AXIS_M / w.sqrt() * phi.cos();
    let lat_radius_m = AXIS_M * (1.0 - ECCENTRICITY_SQUARED) / (w * w.sqrt());
    (
        lon + (east_m(x, y) / lon_radius_m).to_degrees(),
        lat + (north_m(x, y) / lat_radius_m).to_degrees(),
    )
}

/// Where BD-09 puts a GCJ-02 position.
pub fn bd09_from_gcj02((lon, lat): (f64, f64)) -> (f64, f64) {
    let radius = lon.hypot(lat) + 2e-5 * (lat * BD09_WAVE).sin();
    let angle = lat.atan2(lon) + 3e-6 * (lon * BD09_WAVE).cos();
    (
        radius * angle.cos() + BD09_SHIFT.0,
        radius * angle.sin() + BD09_SHIFT.1,
    )
}

/// A sum of waves: amplitude and the argument's factor of π, both thirds scaled by 2/3.
fn waves(terms: [(f64, f64); 3]) -> f64 {
    terms
        .iter()
        .map(|(amplitude, turns)| amplitude * (turns * PI).sin())
        .sum::<f64>()
        * 2.0
        / 3.0
}

/// The shift to the east in metres, `x` and `y` in degrees from 105 E, 35 N.
fn east_m(x: f64, y: f64) -> f64 {
    300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + waves([(20.0, 6.0 * x), (20.0, 2.0 * x), (20.0, x)])
        + waves([(40.0, x / 3.0), (150.0, x / 12.0), (300.0, x / 30.0)])
}

/// The shift to the north in metres, `x` and `y` in degrees from 105 E, 35 N.
fn north_m(x: f64, y: f64) -> f64 {
    -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + waves([(20.0, 6.0 * x), (20.0, 2.0 * x), (20.0, y)])
        + waves([(40.0, y / 3.0), (160.0, y / 12.0), (320.0, y / 30.0)])
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;
    use proptest::prelude::*;

    use super::*;

    fn apart_m(a: (f64, f64), b: (f64, f64)) -> f64 {
        let position = |(lon, lat)| Position { lon, lat };
        position(a).distance_m(position(b))
    }

    #[test]
    fn positions_of_a_map_are_converted_and_its_other_numbers_are_not() {
        let (wgs84, gcj02) = ((116.404, 39.915), gcj02_from_wgs84((116.404, 39.915)));
        let map = json!({ "features": [{
            "properties": { "range": [1.0, 2.0], "coordinates_of": 3 },
            "geometry": { "type": "Polygon", "coordinates": [[[gcj02.0, gcj02.1, 7.0]]] },
        }]});
        let back = geojson_from(Crs::Gcj02, &map.to_string()).unwrap();
        let back: Value = serde_json::from_str(&back).unwrap();
        assert_eq!(
            back["features"][0]["properties"],
            map["features"][0]["properties"]
        );
        let place = &back["features"][0]["geometry"]["coordinates"][0][0];
        let place = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        assert!(apart_m(place, wgs84) < 0.01, "{place:?}");
        assert_eq!(geojson_from(Crs::Gcj02, "no map"), None);
    }

    #[test]
    fn known_pairs_of_gcj02_come_back_to_within_a_decimetre() {
        for (wgs84, gcj02) in [
            (
                (121.527_210_6, 31.177_427_6),
                (121.531_541_859_215, 31.175_303_983_645_97),
            ),
            (
                (113.912_316, 22.543_847),
                (113.917_176_480_836_3, 22.540_796_131_694_766),
            ),
            (
                (116.377_817, 39.911_954),
                (116.384_047_224_556_57, 39.913_345_455_360_69),
            ),
        ] {
            assert!(apart_m(gcj02_from_wgs84(wgs84), gcj02) < 0.01);
            assert!(apart_m(wgs84_from(Crs::Gcj02, gcj02), wgs84) < 0.01);
        }
    }

    #[test]
    fn a_known_pair_of_bd09_comes_back_to_within_a_decimetre() {
        let (wgs84, gcj02) = (
            (116.404, 39.915),
            (116.410_244_499_169_38, 39.916_404_281_501_64),
        );
        assert!(apart_m(gcj02_from_wgs84(wgs84), gcj02) < 0.01);
        let (gcj02, bd09) = (
            (116.404, 39.915),
            (116.410_369_493_710_29, 39.921_336_993_510_21),
        );
        assert!(apart_m(bd09_from_gcj02(gcj02), bd09) < 0.01);
        let way_back = (wgs84_from(Crs::Bd09, bd09), wgs84_from(Crs::Gcj02, gcj02));
        assert!(apart_m(way_back.0, way_back.1) < 0.1);
    }

    #[test]
    fn in_xiamen_gcj02_lies_between_571_and_583_metres_away() {
        for place in [
            (118.06, 24.44),
            (118.18, 24.49),
            (118.02, 24.62),
            (118.30, 24.60),
        ] {
            let shift_m = apart_m(place, gcj02_from_wgs84(place));
            assert!((571.0..=583.0).contains(&shift_m), "{place:?}: {shift_m}");
        }
    }

    #[test]
    fn outside_china_and_in_cgcs2000_nothing_moves() {
        for crs in [Crs::Gcj02, Crs::Cgcs2000, Crs::Wgs84] {
            for place in [(2.35, 48.86), (-0.13, -51.5), (0.0, 0.0), (180.0, 90.0)] {
                assert_eq!(wgs84_from(crs, place), place);
            }
        }
        assert_eq!(wgs84_from(Crs::Cgcs2000, (118.1, 24.5)), (118.1, 24.5));
    }

    proptest! {
        #[test]
        fn anywhere_in_china_the_way_back_meets_the_way_there(
            lon in 73.5..135.1_f64,
            lat in 18.0..53.6_f64,
        ) {
            let place = (lon, lat);
            let gcj02 = gcj02_from_wgs84(place);
            prop_assert!(apart_m(wgs84_from(Crs::Gcj02, gcj02), place) < 0.1);
            let bd09 = bd09_from_gcj02(gcj02);
            prop_assert!(apart_m(wgs84_from(Crs::Bd09, bd09), place) < 0.1);
        }
    }
}
