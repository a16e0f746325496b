//! The base map's style, built from the city package's layers: dark, quiet, no text. Names are
//! ours (see [`crate::map::labels`]), because the map would need a glyph server for them.

use serde_json::{Value, json};

use egret_shared::catalog::LayerDef;

/// The style's colours.
#[derive(Clone, Debug)]
pub(super) struct Colours {
    /// Water and what is beyond.
    pub(super) ground: String,
    /// Land.
    pub(super) land: String,
    /// Areas that are well.
    pub(super) low: String,
    /// Areas that are worst.
    pub(super) high: String,
    /// Borders of areas.
    pub(super) edge: String,
    /// Roads.
    pub(super) road: String,
    /// Sea crossings.
    pub(super) crossing: String,
}

/// A MapLibre style: the package's layers from the ground up, areas painted by their state.
pub(super) fn style(layers: &[LayerDef], areas: &Value, colours: &Colours, cell_px: f64) -> Value {
    let mut sources = serde_json::Map::new();
    sources.insert(
        "areas".to_owned(),
        json!({ "type": "geojson", "data": areas, "promoteId": "code", "tolerance": 0.2 }),
    );
    let mut drawn = vec![json!({
        "id": "ground", "type": "background", "paint": { "background-color": colours.ground },
    })];
    let (ground, above): (Vec<&LayerDef>, Vec<&LayerDef>) =
        layers.iter().partition(|layer| layer.kind == "land");
    for layer in ground {
        sources.insert(layer.id.clone(), source(layer));
        drawn.push(land(layer, colours));
    }
    drawn.extend(area_layers(colours, cell_px));
    for layer in above {
        if let Some(lines) = lines(layer, colours, cell_px) {
            sources.insert(layer.id.clone(), source(layer));
            drawn.push(lines);
        }
    }
    json!({ "version": 8, "sources": sources, "layers": drawn })
}

fn source(layer: &LayerDef) -> Value {
    json!({
        "type": "geojson",
        "data": format!("/map/{}", layer.file),
        "tolerance": 0.2,
    })
}

fn land(layer: &LayerDef, colours: &Colours) -> Value {
    json!({
        "id": layer.id, "type": "fill", "source": layer.id,
        "paint": { "fill-color": colours.land, "fill-outline-color": colours.land },
    })
}

/// The areas' surface and borders. `share` is set as feature state, negative where unknown.
fn area_layers(colours: &Colours, cell_px: f64) -> [Value; 2] {
    let share = json!(["coalesce", ["feature-state", "share"], -1]);
    let fill = json!({
        "id": "area-fill", "type": "fill", "source": "areas",
        "paint": {
            "fill-color": ["interpolate", ["linear"], share,
                -1, colours.land, -0.01, colours.land, 0, colours.low, 1, colours.high],
            "fill-color-transition": { "duration": 800 },
            "fill-opacity": 0.9,
        },
    });
    let edge = json!({
        "id": "area-edge", "type": "line", "source": "areas",
        "paint": { "line-color": colours.edge, "line-width": cell_px, "line-opacity": 0.55 },
    });
    [fill, edge]
}

/// Roads and crossings; other kinds draw no lines here.
fn lines(layer: &LayerDef, colours: &Colours, cell_px: f64) -> Option<Value> {
    let (colour, opacity, width) = match layer.kind.as_str() {
        "road" => (&colours.road, 0.75, 1.2),
        "crossing" => (&colours.crossing, 0.9, 2.4),
        _ => return None,
    };
    let width = width * cell_px;
    Some(json!({
        "id": layer.id, "type": "line", "source": layer.id,
        "layout": { "line-cap": "round", "line-join": "round" },
        "paint": {
            "line-color": colour,
            "line-opacity": opacity,
            "line-width": ["interpolate", ["exponential", 1.6], ["zoom"],
                9, width * 0.8, 12, width * 1.8, 16, width * 8.0],
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(id: &str, kind: &str) -> LayerDef {
        let json = json!({ "id": id, "file": format!("{id}.geojson"), "kind": kind });
        serde_json::from_value(json).unwrap()
    }

    fn colours() -> Colours {
        let black = || "#000000".to_owned();
        Colours {
            ground: black(),
            land: black(),
            low: black(),
            high: black(),
            edge: black(),
            road: black(),
            crossing: black(),
        }
    }

    #[test]
    fn land_lies_below_areas_and_roads_above() {
        let layers = [
            layer("roads", "road"),
            layer("land", "land"),
            layer("names", "label"),
        ];
        let style = style(&layers, &json!({}), &colours(), 1.0);
        let ids: Vec<&str> = style["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["ground", "land", "area-fill", "area-edge", "roads"]);
        assert!(style["sources"].get("names").is_none());
    }

    #[test]
    fn everything_comes_from_the_server_itself() {
        let layers = [layer("land", "land")];
        let text = style(&layers, &json!({}), &colours(), 1.0).to_string();
        assert!(!text.contains("http"), "{text}");
    }
}
