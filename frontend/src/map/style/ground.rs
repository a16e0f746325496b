//! The ground of the map: land, water and roads, from files that are read whole and from tiles.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use egret_shared::catalog::{LayerDef, TilesDef};

use super::Colours;

/// What the city package's base map is drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    /// Its layers, bottom first.
    pub(crate) layers: &'a [LayerDef],
    /// The archives that some of them are drawn from, by the file's name.
    pub(crate) tiles: &'a BTreeMap<String, TilesDef>,
    /// Where the page comes from: `https://egret.city.example`. The library fetches tiles in a worker,
    /// which knows no address to which another could be relative.
    pub(crate) origin: &'a str,
}

impl Ground<'_> {
    /// Draws the layers of these kinds: into `drawn`, and where they come from into `sources`.
    pub(super) fn draw(
        &self,
        kinds: &[&str],
        (colours, cell_px): (&Colours, f64),
        sources: &mut Map<String, Value>,
        drawn: &mut Vec<Value>,
    ) {
        let of_kind = |layer: &&LayerDef| kinds.contains(&layer.kind.as_str());
        for layer in self.layers.iter().filter(of_kind) {
            let look = look(layer, colours, cell_px);
            let Some((mut look, (name, source))) = look.zip(self.source(layer)) else {
                continue;
            };
            look.insert("id".to_owned(), json!(layer.id));
            look.insert("source".to_owned(), json!(name));
            choose(layer, &mut look);
            sources.insert(name, source);
            drawn.push(Value::Object(look));
        }
    }

    /// Where a layer comes from, and what that is called: layers of one archive share it. None for an
    /// archive that the server does not tell of.
    fn source(&self, layer: &LayerDef) -> Option<(String, Value)> {
        let LayerDef { id, file, .. } = layer;
        if !layer.is_tiled() {
            let data = format!("/map/{file}");
            let source = json!({ "type": "geojson", "data": data, "tolerance": 0.2 });
            return Some((id.clone(), source));
        }
        let tiles = self.tiles.get(file)?;
        let address = format!("{}/map/{file}/{{z}}/{{x}}/{{y}}", self.origin);
        let source = json!({
            "type": "vector", "tiles": [address],
            "minzoom": tiles.min_zoom, "maxzoom": tiles.max_zoom,
        });
        Some((format!("tiles:{file}"), source))
    }
}

/// How a layer looks; none for kinds that the library does not draw.
fn look(layer: &LayerDef, colours: &Colours, cell_px: f64) -> Option<Map<String, Value>> {
    let look = match layer.kind.as_str() {
        "land" => fill(&colours.land),
        "water" => fill(&colours.ground),
        "road" => line(&colours.road, 0.75, 1.2 * cell_px),
        "crossing" => line(&colours.crossing, 0.9, 2.4 * cell_px),
        _ => return None,
    };
    match look {
        Value::Object(look) => Some(look),
        _ => None,
    }
}

fn fill(colour: &str) -> Value {
    json!({
        "type": "fill",
        "paint": { "fill-color": colour, "fill-outline-color": colour },
    })
}

fn line(colour: &str, opacity: f64, width: f64) -> Value {
    json!({
        "type": "line",
        "layout": { "line-cap": "round", "line-join": "round" },
        "paint": {
            "line-color": colour,
            "line-opacity": opacity,
            "line-width": ["interpolate", ["exponential", 1.6], ["zoom"],
                9, width * 0.8, 12, width * 1.8, 16, width * 8.0],
        },
    })
}

/// Which features of its source a layer draws, and from which zoom on.
fn choose(layer: &LayerDef, look: &mut Map<String, Value>) {
    if let Some(name) = &layer.tiles_layer {
        look.insert("source-layer".to_owned(), json!(name));
    }
    if let Some(zoom) = layer.from_zoom {
        look.insert("minzoom".to_owned(), json!(zoom));
    }
    let mut conditions = Vec::new();
    if layer.is_tiled() && look.get("type").is_some_and(|kind| kind == "fill") {
        // A layer of tiles may have rivers as lines and names as points beside its surfaces.
        conditions.push(json!([
            "in",
            ["geometry-type"],
            ["literal", ["Polygon", "MultiPolygon"]]
        ]));
    }
    for (property, values) in &layer.only {
        // As text, so that numbers and truths can be named, too.
        let value = json!(["to-string", ["get", property]]);
        conditions.push(json!(["in", value, ["literal", values]]));
    }
    if !conditions.is_empty() {
        conditions.insert(0, json!("all"));
        look.insert("filter".to_owned(), Value::Array(conditions));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::colours;
    use super::*;

    /// The sources and layers that the library gets for a ground, by kind as `style` asks for them.
    fn drawn(layers: &Value) -> (Map<String, Value>, Vec<Value>) {
        let layers: Vec<LayerDef> = serde_json::from_value(layers.clone()).unwrap();
        let zooms = TilesDef {
            min_zoom: 2,
            max_zoom: 14,
        };
        let ground = Ground {
            layers: &layers,
            tiles: &BTreeMap::from([("city.pmtiles".to_owned(), zooms)]),
            origin: "https://egret.city.example",
        };
        let (mut sources, mut drawn) = (Map::new(), Vec::new());
        for kinds in [&["land"][..], &["water"], &["road", "crossing"]] {
            ground.draw(kinds, (&colours(), 1.0), &mut sources, &mut drawn);
        }
        (sources, drawn)
    }

    #[test]
    fn layers_of_one_archive_have_one_source_of_absolute_addresses() {
        let (sources, drawn) = drawn(&json!([
            { "id": "roads", "file": "city.pmtiles", "tiles_layer": "roads", "kind": "road" },
            { "id": "land", "file": "city.pmtiles", "tiles_layer": "earth", "kind": "land" },
        ]));
        let named: Vec<_> = drawn
            .iter()
            .map(|layer| (&layer["id"], &layer["source"], &layer["source-layer"]))
            .collect();
        let source = json!("tiles:city.pmtiles");
        assert_eq!(
            named,
            [
                (&json!("land"), &source, &json!("earth")),
                (&json!("roads"), &source, &json!("roads")),
            ]
        );
        assert_eq!(sources.len(), 1);
        assert_eq!(
            sources["tiles:city.pmtiles"],
            json!({
                "type": "vector", "minzoom": 2, "maxzoom": 14,
                "tiles": ["https://egret.city.example/map/city.pmtiles/{z}/{x}/{y}"],
            })
        );
    }

    #[test]
    fn only_what_is_named_is_drawn_from_the_zoom_that_is_named() {
        let (_, drawn) = drawn(&json!([
            {
                "id": "roads", "file": "city.pmtiles", "tiles_layer": "roads", "kind": "road",
                "only": { "kind": ["highway", "major_road"], "level": ["0"] }, "from_zoom": 11,
            },
            { "id": "lakes", "file": "city.pmtiles", "tiles_layer": "water", "kind": "water" },
            { "id": "old", "file": "old.geojson", "kind": "land", "only": { "era": ["new"] } },
            { "id": "all", "file": "all.geojson", "kind": "land" },
        ]));
        let [old, all, lakes, roads] = drawn.as_slice() else {
            panic!("{drawn:?}");
        };
        let among = |property: &str, values: Value| {
            json!(["in", ["to-string", ["get", property]], ["literal", values]])
        };
        let roads_of = among("kind", json!(["highway", "major_road"]));
        assert_eq!(
            roads["filter"],
            json!(["all", roads_of, among("level", json!(["0"]))])
        );
        assert_eq!(roads["minzoom"], 11);
        let surfaces = json!([
            "in",
            ["geometry-type"],
            ["literal", ["Polygon", "MultiPolygon"]]
        ]);
        assert_eq!(lakes["filter"], json!(["all", surfaces]));
        assert_eq!(lakes["paint"]["fill-color"], json!(colours().ground));
        assert_eq!(old["filter"], json!(["all", among("era", json!(["new"]))]));
        assert!(old.get("source-layer").is_none());
        assert!(all.get("filter").is_none() && all.get("minzoom").is_none());
    }

    #[test]
    fn an_archive_that_the_server_does_not_tell_of_is_not_asked_for() {
        let (sources, drawn) = drawn(&json!([
            { "id": "land", "file": "gone.pmtiles", "tiles_layer": "earth", "kind": "land" },
        ]));
        assert!(sources.is_empty() && drawn.is_empty());
    }
}
