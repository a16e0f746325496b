//! Zones 电子围栏: ground that rules watch, each a GeoJSON file in the package's folder `zones`.

use std::collections::BTreeMap;

use egret_shared::package::feed::Crs;
use egret_shared::position::Position;
use geo::{Contains as _, MultiPolygon, Point};
use serde::Deserialize;

use crate::areas::polygon::Geometry;
use crate::problem::Problem;

/// The package's folder of zones, with what ends its name.
pub(crate) const FOLDER: &str = "zones/";

/// Some ground.
#[derive(Clone, Debug)]
pub struct Zone {
    outline: MultiPolygon<f64>,
}

impl Zone {
    /// Whether a place is on it. The edge is not.
    pub fn holds(&self, place: Position) -> bool {
        self.outline.contains(&Point::new(place.lon, place.lat))
    }

    pub(crate) fn outline(&self) -> &MultiPolygon<f64> {
        &self.outline
    }
}

/// What a file may be: one geometry, one feature, or a collection of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Collection { features: Vec<Feature> },
    Feature(Feature),
    Geometry(Geometry),
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
}

/// The zones among a package's files, by the file's name; they are drawn in the datum `crs`.
pub(crate) fn read(
    files: &BTreeMap<String, String>,
    crs: Crs,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Zone> {
    let mut zones = BTreeMap::new();
    for (path, text) in files {
        let Some(name) = path.strip_prefix(FOLDER) else {
            continue;
        };
        match zone(text, crs) {
            Ok(zone) => drop(zones.insert(name.to_owned(), zone)),
            Err(message) => problems.push(Problem::whole(path, message)),
        }
    }
    zones
}

fn zone(text: &str, crs: Crs) -> Result<Zone, String> {
    let file: File = serde_json::from_str(text).map_err(|error| {
        format!("no zone: a GeoJSON Polygon or MultiPolygon, or features of them, is one ({error})")
    })?;
    let geometries = match file {
        File::Collection { features } => features.into_iter().map(|one| one.geometry).collect(),
        File::Feature(feature) => vec![feature.geometry],
        File::Geometry(geometry) => vec![geometry],
    };
    if geometries.is_empty() {
        return Err("it has no feature".to_owned());
    }
    let mut outline = Vec::new();
    for geometry in geometries {
        geometry.check()?;
        outline.extend(geometry.into_multi_polygon(crs).0);
    }
    Ok(Zone {
        outline: MultiPolygon(outline),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[118.0,24.4],[118.1,24.4],[118.1,24.5],[118.0,24.5],[118.0,24.4]]]}"#;

    fn at(lon: f64, lat: f64) -> Position {
        Position { lon, lat }
    }

    #[test]
    fn a_zone_is_a_polygon_however_it_is_wrapped() {
        let feature = format!(r#"{{"type":"Feature","properties":{{}},"geometry":{SQUARE}}}"#);
        let collection = format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
        for text in [SQUARE, &feature, &collection] {
            let zone = zone(text, Crs::Wgs84).unwrap();
            assert!(zone.holds(at(118.05, 24.45)));
            assert!(!zone.holds(at(118.15, 24.45)));
        }
    }

    #[test]
    fn what_encloses_nothing_is_no_zone() {
        for text in [
            "{}",
            r#"{"type":"Point","coordinates":[118.0,24.4]}"#,
            r#"{"type":"FeatureCollection","features":[]}"#,
            r#"{"type":"Polygon","coordinates":[[[118.0,24.4],[118.1,24.4],[118.0,24.4]]]}"#,
        ] {
            assert!(zone(text, Crs::Wgs84).is_err(), "{text}");
        }
    }
}
