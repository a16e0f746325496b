//! The GeoJSON of the city package, as far as the map has to look into it: which areas are
//! painted, how far they reach, and where names stand.

use serde::Deserialize;
use serde_json::Value;

use egret_shared::position::Position;
use egret_shared::text::Text;

use crate::map::camera::Bounds;

/// The areas of one level as GeoJSON, and how far they reach.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AreaShapes {
    /// A `FeatureCollection` whose features have a `code`.
    pub(crate) geojson: Value,
    /// What they cover.
    pub(crate) bounds: Bounds,
}

/// Picks the areas of `level` out of `areas.geojson`.
pub(crate) fn areas_of_level(collection: &Value, level: &str) -> AreaShapes {
    let features = collection.get("features").and_then(Value::as_array);
    let of_level = |feature: &&Value| {
        feature.pointer("/properties/level").and_then(Value::as_str) == Some(level)
    };
    let features: Vec<Value> = features
        .into_iter()
        .flatten()
        .filter(of_level)
        .cloned()
        .collect();
    let mut bounds = Bounds::NONE;
    for feature in &features {
        if let Some(coordinates) = feature.pointer("/geometry/coordinates") {
            bounds = reach(coordinates, bounds);
        }
    }
    AreaShapes {
        geojson: serde_json::json!({ "type": "FeatureCollection", "features": features }),
        bounds,
    }
}

/// The bounds that hold every position in nested coordinate arrays too.
fn reach(coordinates: &Value, bounds: Bounds) -> Bounds {
    let Some(array) = coordinates.as_array() else {
        return bounds;
    };
    let number = |place: usize| array.get(place).and_then(Value::as_f64);
    match (number(0), number(1)) {
        (Some(lon), Some(lat)) => bounds.with(Position { lon, lat }),
        _ => array
            .iter()
            .fold(bounds, |bounds, inner| reach(inner, bounds)),
    }
}

/// A name on the map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    /// What it says.
    pub(crate) text: Text,
    /// Where.
    pub(crate) position: Position,
    /// 1 is the most important.
    pub(crate) rank: u8,
}

/// The names of a label layer; features that are no named points are left out.
pub(crate) fn names(collection: &Value) -> Vec<Name> {
    #[derive(Deserialize)]
    struct Properties {
        name_zh: String,
        name_en: String,
        #[serde(default = "rank_default")]
        rank: u8,
    }
    let features = collection.get("features").and_then(Value::as_array);
    let name = |feature: &Value| {
        let properties = feature.get("properties")?.clone();
        let properties: Properties = serde_json::from_value(properties).ok()?;
        let point = feature.pointer("/geometry/coordinates")?.clone();
        let (lon, lat) = serde_json::from_value::<(f64, f64)>(point).ok()?;
        Some(Name {
            text: Text::new(properties.name_zh, properties.name_en),
            position: Position::checked(lon, lat)?,
            rank: properties.rank,
        })
    };
    features.into_iter().flatten().filter_map(name).collect()
}

/// A name without a rank gives way to all others.
fn rank_default() -> u8 {
    9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_areas_of_the_level_are_painted_and_all_of_them_are_in_bounds() {
        let collection = serde_json::json!({"features": [
            {"properties": {"level": "city"}, "geometry": {"coordinates": [[[0.0, 0.0]]]}},
            {"properties": {"level": "district", "code": "1"},
             "geometry": {"coordinates": [[[[118.0, 24.0], [118.5, 24.5]]]]}},
        ]});
        let shapes = areas_of_level(&collection, "district");
        assert_eq!(shapes.geojson["features"].as_array().map(Vec::len), Some(1));
        assert!((shapes.bounds.low.lon - 118.0).abs() < 1e-9);
        assert!((shapes.bounds.high.lat - 24.5).abs() < 1e-9);
        assert!(areas_of_level(&collection, "village").bounds.is_empty());
    }

    #[test]
    fn names_without_a_rank_come_last_and_nameless_points_not_at_all() {
        let collection = serde_json::json!({"features": [
            {"properties": {"name_zh": "思明", "name_en": "Siming", "rank": 1},
             "geometry": {"coordinates": [118.1, 24.4]}},
            {"properties": {"name_zh": "某", "name_en": "X"},
             "geometry": {"coordinates": [118.1, 24.4]}},
            {"properties": {}, "geometry": {"coordinates": [118.1, 24.4]}},
        ]});
        let ranks: Vec<u8> = names(&collection).iter().map(|name| name.rank).collect();
        assert_eq!(ranks, [1, 9]);
    }
}
