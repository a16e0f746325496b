//! Ground that geofence rules watch, as GeoJSON. Pure.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use serde_json::{Value, json};

use egret_shared::package::rule::{CircleDef, RuleDef, RuleKind, ZoneDef};

/// Corners of a circle: at 64 a circle of a screen's height is off by two thirds of a pixel.
const CORNERS: u32 = 64;

/// A degree of latitude. Metres, on the mean radius.
const DEGREE_M: f64 = 111_195.0;

/// Files of zones that rules name.
pub(crate) fn files(rules: &[RuleDef]) -> Vec<&str> {
    let watching = rules.iter().filter(|rule| rule.kind == RuleKind::Geofence);
    let mut files: Vec<&str> = watching
        .filter_map(|rule| match &rule.zone {
            Some(ZoneDef::File(file)) => Some(file.as_str()),
            _ => None,
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// The zones of the rules: `areas` is the city's `areas.geojson`, `files` what was read of
/// [`files`]. A zone without a shape is left out.
pub(crate) fn shapes(rules: &[RuleDef], areas: &Value, files: &BTreeMap<String, Value>) -> Value {
    let watching = rules.iter().filter(|rule| rule.kind == RuleKind::Geofence);
    let mut features = Vec::new();
    for rule in watching {
        let geometries = match &rule.zone {
            Some(ZoneDef::Area(code)) => area(areas, code.as_str()).into_iter().collect(),
            Some(ZoneDef::Circle(CircleDef { lon, lat, radius })) => {
                vec![circle((*lon, *lat), radius.0)]
            }
            Some(ZoneDef::File(file)) => files.get(file).map(geometries).unwrap_or_default(),
            None => Vec::new(),
        };
        for geometry in geometries {
            features.push(json!({
                "type": "Feature",
                "properties": { "rule": rule.id.as_str() },
                "geometry": geometry,
            }));
        }
    }
    json!({ "type": "FeatureCollection", "features": features })
}

fn area(areas: &Value, code: &str) -> Option<Value> {
    let features = areas.get("features")?.as_array()?;
    let is_it = |feature: &&Value| {
        feature.pointer("/properties/code").and_then(Value::as_str) == Some(code)
    };
    features.iter().find(is_it)?.get("geometry").cloned()
}

/// The geometries of a file: of one, of a feature, or of a collection of them.
fn geometries(file: &Value) -> Vec<Value> {
    if let Some(features) = file.get("features").and_then(Value::as_array) {
        return features.iter().flat_map(geometries).collect();
    }
    if let Some(geometry) = file.get("geometry") {
        return vec![geometry.clone()];
    }
    if file.get("coordinates").is_some() {
        return vec![file.clone()];
    }
    Vec::new()
}

/// The ground within `radius_m` of a place, as GeoJSON.
pub(crate) fn circle((lon, lat): (f64, f64), radius_m: f64) -> Value {
    let high = radius_m / DEGREE_M;
    let wide = high / lat.to_radians().cos().max(1e-6);
    let corner = |number: u32| {
        let (sin, cos) = (TAU * f64::from(number) / f64::from(CORNERS)).sin_cos();
        json!([lon + wide * cos, lat + high * sin])
    };
    // The last corner closes the ring.
    let ring: Vec<Value> = (0..=CORNERS).map(|n| corner(n % CORNERS)).collect();
    json!({ "type": "Polygon", "coordinates": [ring] })
}

#[cfg(test)]
mod tests {
    use egret_shared::position::Position;

    use super::*;

    fn rule(id: &str, zone: &Value) -> RuleDef {
        let rule = json!({
            "id": id, "name": { "zh": "围栏", "en": "fence" }, "kind": "geofence", "zone": zone,
        });
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn an_area_a_file_and_a_circle_are_zones() {
        let square =
            json!({ "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]] });
        let areas = json!({ "features": [
            { "properties": { "code": "1" }, "geometry": square },
            { "properties": { "code": "2" }, "geometry": null },
        ]});
        let rules = [
            rule("a", &json!({ "area": "1" })),
            rule("b", &json!({ "file": "port.geojson" })),
            rule(
                "c",
                &json!({ "circle": { "lon": 118.0, "lat": 24.5, "radius": "1km" } }),
            ),
            rule("d", &json!({ "area": "9" })),
        ];
        assert_eq!(files(&rules), ["port.geojson"]);
        let file = json!({ "features": [{ "geometry": square }, { "geometry": square }] });
        let read = BTreeMap::from([("port.geojson".to_owned(), file)]);
        let shapes = shapes(&rules, &areas, &read);
        let features = shapes["features"].as_array().unwrap();
        let of: Vec<&str> = features
            .iter()
            .map(|feature| feature["properties"]["rule"].as_str().unwrap())
            .collect();
        assert_eq!(of, ["a", "b", "b", "c"]);
    }

    #[test]
    fn a_circle_is_as_far_from_its_middle_as_it_says() {
        let shape = circle((118.0, 24.5), 2_000.0);
        let ring = shape["coordinates"][0].as_array().unwrap();
        assert_eq!(ring.first(), ring.last());
        let middle = Position {
            lon: 118.0,
            lat: 24.5,
        };
        for corner in ring {
            let corner = Position {
                lon: corner[0].as_f64().unwrap(),
                lat: corner[1].as_f64().unwrap(),
            };
            let far_m = middle.distance_m(corner);
            assert!((far_m - 2_000.0).abs() < 10.0, "{far_m}");
        }
    }
}
