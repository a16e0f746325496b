//! The base map's style, built from the city package's layers and from what a panel shows above
//! them: quiet, no text. Names are ours (see [`crate::map::labels`]), because the map would need a
//! glyph server for them.
//!
//! Data never makes a layer anew: areas and flows change by feature state, warnings by the filters
//! of layers that stay, heat by the points of its source; another theme sets paints alone.

mod ground;

use serde_json::{Value, json};

use egret_shared::level::Level;
use egret_shared::package::layer::LayerKind;

pub(crate) use ground::Ground;

/// Sources that other modules speak of.
pub(crate) mod source {
    /// Painted areas.
    pub(crate) const AREAS: &str = "areas";
    /// Every area, for warnings.
    pub(crate) const WARNED: &str = "warned";
    /// What issuers of warnings have drawn.
    pub(crate) const DRAWN: &str = "drawn";
    /// What heat is made of.
    pub(crate) const HEAT: &str = "heat";
    /// Lines with measured flows.
    pub(crate) const FLOWS: &str = "flows";
}

/// The layer of assets, which is our own; `js/map.mjs` calls it so, too.
const ASSETS: &str = "egret-assets";

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
    /// Ground that is watched.
    pub(super) zone: String,
    /// Heat, from none to most: `rgba()`.
    pub(super) heat: [String; 3],
    /// Levels, in rising order.
    pub(super) levels: [String; Level::ALL.len()],
}

/// What a map shows above its ground.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// The painted areas, each with a `code`.
    pub(crate) areas: Value,
    /// The borders of the city's districts, where the painted areas are finer.
    pub(crate) borders: Option<Value>,
    /// Every area with its `code`, where warnings are shown.
    pub(crate) warned: Option<Value>,
    /// Ground that rules watch.
    pub(crate) zones: Option<Value>,
    /// Lines whose features are numbered from 0.
    pub(crate) flows: Option<Value>,
    /// Whether density is shown.
    pub(crate) heat: bool,
}

/// The layers of the style that a kind of scene layer is drawn with.
pub(crate) fn drawn_with(kind: LayerKind) -> Vec<String> {
    match kind {
        LayerKind::Areas => vec!["area-fill".to_owned()],
        LayerKind::Flows => vec!["flow-casing".to_owned(), "flow".to_owned()],
        LayerKind::Heat => vec!["heat".to_owned()],
        LayerKind::Geofences => vec!["zone-fill".to_owned(), "zone-edge".to_owned()],
        LayerKind::Warnings => warning_levels()
            .flat_map(warning_layers)
            .chain(DRAWN_LAYERS.map(str::to_owned))
            .collect(),
        LayerKind::Assets => vec![ASSETS.to_owned()],
        // Marks over the map, not in it.
        LayerKind::Incidents => Vec::new(),
    }
}

/// The layers of what issuers of warnings have drawn.
const DRAWN_LAYERS: [&str; 2] = ["drawn-fill", "drawn-edge"];

/// The levels that a warning can have.
pub(crate) fn warning_levels() -> impl Iterator<Item = Level> {
    Level::ALL
        .into_iter()
        .filter(|level| *level > Level::Normal)
}

/// The layers that draw the areas with a warning of this level.
pub(crate) fn warning_layers(level: Level) -> [String; 2] {
    ["fill", "edge"].map(|part| format!("warning-{part}-{}", level.as_str()))
}

/// The pattern of a warning's level.
fn hatch(level: Level) -> String {
    format!("hatch-{}", level.as_str())
}

/// The patterns, by name, and their colours.
pub(super) fn hatches(colours: &Colours) -> Value {
    let of_level = |level: Level| Some((hatch(level), json!(colour(level, colours)?)));
    let hatches = warning_levels().filter_map(of_level);
    Value::Object(hatches.collect())
}

fn colour(level: Level, colours: &Colours) -> Option<&String> {
    colours.levels.get(level as usize)
}

/// The filter that lets areas with these codes through.
pub(crate) fn only<'a>(codes: impl Iterator<Item = &'a str>) -> Value {
    json!([
        "in",
        ["get", "code"],
        ["literal", codes.collect::<Vec<_>>()]
    ])
}

/// A MapLibre style: the package's layers from the ground up, then what the panel shows.
///
/// Water lies over the paint of areas: a city's districts leave none of it out, and no river would be
/// seen beneath them.
pub(super) fn style(
    ground: &Ground<'_>,
    content: &Content,
    colours: &Colours,
    cell_px: f64,
) -> Value {
    let mut sources = serde_json::Map::new();
    let mut drawn = vec![json!({
        "id": "ground", "type": "background", "paint": { "background-color": colours.ground },
    })];
    let look = (colours, cell_px);
    ground.draw(&["land"], look, &mut sources, &mut drawn);
    sources.insert(
        source::AREAS.to_owned(),
        shapes(&content.areas, Some("code")),
    );
    let [fill, edge_of_areas] = area_layers(colours, cell_px);
    drawn.push(fill);
    ground.draw(&["water"], look, &mut sources, &mut drawn);
    drawn.push(edge_of_areas);
    if let Some(borders) = &content.borders {
        sources.insert("borders".to_owned(), shapes(borders, None));
        drawn.push(edge("borders", "border-edge", colours, cell_px * 1.6));
    }
    if let Some(zones) = &content.zones {
        sources.insert("zones".to_owned(), shapes(zones, None));
        drawn.extend(zone_layers(colours, cell_px));
    }
    if let Some(warned) = &content.warned {
        sources.insert(source::WARNED.to_owned(), shapes(warned, Some("code")));
        let of_level = |level| warning(level, colours, cell_px);
        drawn.extend(warning_levels().filter_map(of_level).flatten());
        sources.insert(source::DRAWN.to_owned(), shapes(&nothing(), None));
        drawn.extend(drawn_warnings(colours, cell_px));
    }
    ground.draw(&["road", "crossing"], look, &mut sources, &mut drawn);
    if let Some(flows) = &content.flows {
        let flows =
            json!({ "type": "geojson", "data": flows, "generateId": true, "tolerance": 0.2 });
        sources.insert(source::FLOWS.to_owned(), flows);
        drawn.extend(flow_layers(colours, cell_px));
    }
    if content.heat {
        sources.insert(source::HEAT.to_owned(), shapes(&nothing(), None));
        drawn.push(heat(colours, cell_px));
    }
    json!({ "version": 8, "sources": sources, "layers": drawn })
}

/// What a source has before anything is known.
fn nothing() -> Value {
    json!({ "type": "FeatureCollection", "features": [] })
}

fn shapes(shapes: &Value, id: Option<&str>) -> Value {
    match id {
        Some(id) => {
            json!({ "type": "geojson", "data": shapes, "promoteId": id, "tolerance": 0.2 })
        }
        None => json!({ "type": "geojson", "data": shapes, "tolerance": 0.2 }),
    }
}

/// The areas' surface and borders. `share` is set as feature state, negative where unknown.
fn area_layers(colours: &Colours, cell_px: f64) -> [Value; 2] {
    let share = json!(["coalesce", ["feature-state", "share"], -1]);
    let fill = json!({
        "id": "area-fill", "type": "fill", "source": source::AREAS,
        "paint": {
            "fill-color": ["interpolate", ["linear"], share,
                -1, colours.land, -0.01, colours.land, 0, colours.low, 1, colours.high],
            "fill-color-transition": { "duration": 800 },
            "fill-opacity": 0.9,
        },
    });
    [fill, edge(source::AREAS, "area-edge", colours, cell_px)]
}

fn edge(source: &str, id: &str, colours: &Colours, width: f64) -> Value {
    json!({
        "id": id, "type": "line", "source": source,
        "paint": { "line-color": colours.edge, "line-width": width, "line-opacity": 0.55 },
    })
}

/// Watched ground: a dashed border, and barely a surface.
fn zone_layers(colours: &Colours, cell_px: f64) -> [Value; 2] {
    let fill = json!({
        "id": "zone-fill", "type": "fill", "source": "zones",
        "paint": { "fill-color": colours.zone, "fill-opacity": 0.08 },
    });
    let edge = json!({
        "id": "zone-edge", "type": "line", "source": "zones",
        "layout": { "line-join": "round" },
        "paint": {
            "line-color": colours.zone, "line-width": 1.6 * cell_px, "line-opacity": 0.85,
            "line-dasharray": [3, 2],
        },
    });
    [fill, edge]
}

/// Areas with a warning of one level: hatched, with a border; none to begin with.
fn warning(level: Level, colours: &Colours, cell_px: f64) -> Option<[Value; 2]> {
    let colour = colour(level, colours)?;
    let none = only(std::iter::empty());
    let [fill_id, edge_id] = warning_layers(level);
    let fill = json!({
        "id": fill_id, "type": "fill", "source": source::WARNED, "filter": none,
        "paint": { "fill-pattern": hatch(level), "fill-opacity": 0.16 },
    });
    let edge = json!({
        "id": edge_id, "type": "line", "source": source::WARNED, "filter": none,
        "layout": { "line-join": "round" },
        "paint": { "line-color": colour, "line-width": 1.4 * cell_px, "line-opacity": 0.7 },
    });
    Some([fill, edge])
}

/// What issuers have drawn, each with its `level` as a word: hatched, with a border that is stronger
/// than an area's, for it follows no other line on the map.
fn drawn_warnings(colours: &Colours, cell_px: f64) -> [Value; 2] {
    let [fill, edge] = DRAWN_LAYERS;
    let mut line = vec![json!("match"), json!(["get", "level"])];
    for level in warning_levels() {
        line.extend([json!(level.as_str()), json!(colour(level, colours))]);
    }
    line.push(json!(colours.zone));
    let fill = json!({
        "id": fill, "type": "fill", "source": source::DRAWN,
        "paint": {
            "fill-pattern": ["concat", "hatch-", ["get", "level"]], "fill-opacity": 0.28,
        },
    });
    let edge = json!({
        "id": edge, "type": "line", "source": source::DRAWN,
        "layout": { "line-join": "round" },
        "paint": { "line-color": line, "line-width": 2.2 * cell_px, "line-opacity": 0.95 },
    });
    [fill, edge]
}

/// The narrowest and the widest flow, in the style's units; the legend draws the same.
pub(crate) const FLOW_U: (f64, f64) = (2.5, 13.0);

/// Measured lines: `width` 0 to 1 by how much flows, negative where nobody knows; `level` by how
/// fast. Both are feature states.
fn flow_layers(colours: &Colours, cell_px: f64) -> [Value; 2] {
    let width = json!(["coalesce", ["feature-state", "width"], -1]);
    let level = json!(["coalesce", ["feature-state", "level"], -1]);
    let wide = |more: f64| {
        let at = |u: f64| (u + more) * cell_px;
        json!([
            "interpolate",
            ["linear"],
            width,
            -1,
            0,
            -0.01,
            0,
            0,
            at(FLOW_U.0),
            1,
            at(FLOW_U.1)
        ])
    };
    let mut colour = vec![json!("step"), level, json!(colours.crossing)];
    for (number, level) in colours.levels.iter().enumerate() {
        colour.push(json!(number));
        colour.push(json!(level));
    }
    let layout = json!({ "line-cap": "round", "line-join": "round" });
    let casing = json!({
        "id": "flow-casing", "type": "line", "source": source::FLOWS, "layout": layout,
        "paint": { "line-color": colours.ground, "line-width": wide(3.0), "line-opacity": 0.9 },
    });
    let flow = json!({
        "id": "flow", "type": "line", "source": source::FLOWS, "layout": layout,
        "paint": {
            "line-color": colour, "line-width": wide(0.0), "line-opacity": 0.95,
        },
    });
    [casing, flow]
}

/// How dense points lie; `weight` 0 to 1.
fn heat(colours: &Colours, cell_px: f64) -> Value {
    let [none, some, most] = &colours.heat;
    json!({
        "id": "heat", "type": "heatmap", "source": source::HEAT,
        "paint": {
            "heatmap-weight": ["coalesce", ["get", "weight"], 0.5],
            "heatmap-radius": ["interpolate", ["linear"], ["zoom"],
                9, 22.0 * cell_px, 14, 60.0 * cell_px],
            "heatmap-intensity": ["interpolate", ["linear"], ["zoom"], 9, 0.9, 14, 1.6],
            "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"],
                0, none, 0.25, some, 1, most],
            "heatmap-opacity": 0.85,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use egret_shared::catalog::{LayerDef, TilesDef};

    use super::*;

    fn layer(id: &str, kind: &str) -> LayerDef {
        let json = json!({ "id": id, "file": format!("{id}.geojson"), "kind": kind });
        serde_json::from_value(json).unwrap()
    }

    static NO_TILES: BTreeMap<String, TilesDef> = BTreeMap::new();

    /// A ground of files alone.
    fn of_files(layers: &[LayerDef]) -> Ground<'_> {
        Ground {
            layers,
            tiles: &NO_TILES,
            origin: "",
        }
    }

    pub(super) fn colours() -> Colours {
        let black = || "#000000".to_owned();
        Colours {
            ground: black(),
            land: black(),
            low: black(),
            high: black(),
            edge: black(),
            road: black(),
            crossing: black(),
            zone: black(),
            heat: std::array::from_fn(|_| black()),
            levels: std::array::from_fn(|number| format!("#00000{number}")),
        }
    }

    fn everything() -> Content {
        let shapes = || Some(json!({ "type": "FeatureCollection", "features": [] }));
        Content {
            areas: json!({}),
            borders: shapes(),
            warned: shapes(),
            zones: shapes(),
            flows: shapes(),
            heat: true,
        }
    }

    fn ids(style: &Value) -> Vec<&str> {
        let layers = style["layers"].as_array().unwrap().iter();
        layers.map(|layer| layer["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn land_lies_below_areas_water_above_their_paint_and_roads_above_all() {
        let layers = [
            layer("roads", "road"),
            layer("land", "land"),
            layer("lakes", "water"),
            layer("names", "label"),
        ];
        let style = style(&of_files(&layers), &Content::default(), &colours(), 1.0);
        let drawn = ids(&style);
        assert_eq!(
            drawn,
            ["ground", "land", "area-fill", "lakes", "area-edge", "roads"]
        );
        assert!(style["sources"].get("names").is_none());
    }

    #[test]
    fn everything_comes_from_the_server_itself() {
        let layers = [layer("land", "land")];
        let text = style(&of_files(&layers), &everything(), &colours(), 1.0).to_string();
        assert!(!text.contains("http"), "{text}");
    }

    #[test]
    fn every_kind_of_layer_is_drawn_with_layers_of_the_style() {
        let style = style(&of_files(&[]), &everything(), &colours(), 1.0);
        let drawn = ids(&style);
        for kind in LayerKind::ALL {
            for layer in drawn_with(kind) {
                let is_there = drawn.contains(&layer.as_str()) || layer == ASSETS;
                assert!(is_there, "{kind:?} is drawn with {layer}");
            }
        }
    }

    #[test]
    fn a_warning_has_the_pattern_and_the_border_of_its_level() {
        let style = style(&of_files(&[]), &everything(), &colours(), 1.0);
        let patterns = hatches(&colours());
        for level in warning_levels() {
            let [fill, edge] = warning_layers(level);
            let find = |id: &str| {
                let layers = style["layers"].as_array().unwrap().iter();
                layers.clone().find(|layer| layer["id"] == id).unwrap()
            };
            let pattern = find(&fill)["paint"]["fill-pattern"].as_str().unwrap();
            assert_eq!(patterns[pattern], find(&edge)["paint"]["line-color"]);
        }
        let filter = only(["350203"].into_iter());
        assert_eq!(
            filter.to_string(),
            r#"["in",["get","code"],["literal",["350203"]]]"#
        );
    }
}
