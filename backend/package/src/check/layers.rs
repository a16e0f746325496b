//! `map/layers.toml`.

use std::collections::BTreeMap;

use egret_shared::catalog::LayerDef;
use serde_json::Value;

use super::Known;
use crate::problem::Problem;
use crate::spans::{Entry, List};
use crate::tiles::{self, Archive};

/// How a layer can be drawn.
const KINDS: [&str; 6] = ["land", "water", "area", "road", "crossing", "label"];

/// The closest zoom there is; MapLibre's own.
const ZOOM_MAX: u8 = 24;

pub(crate) fn check(
    layers: &List<'_, LayerDef>,
    files: &BTreeMap<String, String>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    layers.refuse_duplicates(problems);
    check_archives(layers, files, problems);
    for entry in &layers.entries {
        let LayerDef { file, kind, .. } = &entry.def;
        let text = files.get(&format!("map/{file}"));
        if text.is_none() {
            problems.push(entry.problem("file", format!("there is no file map/{file}")));
        }
        if entry.def.is_tiled() {
            check_tiles(entry, text, problems);
        } else {
            check_geojson(entry, text, known, problems);
        }
        if !KINDS.contains(&kind.as_str()) {
            let message = format!("no kind \"{kind}\": {} are", KINDS.join(", "));
            problems.push(entry.problem("kind", message));
        }
        check_choice(entry, problems);
    }
}

/// Archives that layers are drawn from. Another may be half copied: nobody looks into it.
fn check_archives(
    layers: &List<'_, LayerDef>,
    files: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    for (path, archive) in tiles::archives(files) {
        let file = path.strip_prefix("map/");
        let mut entries = layers.entries.iter();
        if entries.any(|entry| file == Some(entry.def.file.as_str())) {
            problems.extend(archive.fault().map(|fault| Problem::whole(path, fault)));
        }
    }
}

/// A layer that is drawn from the tiles of an archive.
fn check_tiles(entry: &Entry<'_, LayerDef>, text: Option<&String>, problems: &mut Vec<Problem>) {
    let def = &entry.def;
    let file = &def.file;
    match &def.tiles_layer {
        None => {
            let message = format!("\"tiles_layer\" is missing: which layer of {file} is drawn");
            problems.push(entry.problem("tiles_layer", message));
        }
        Some(layer) => {
            let archive = text.and_then(|text| Archive::of(text));
            let refusal = archive.and_then(|archive| archive.refusal(layer));
            let message = refusal.map(|refusal| format!("{file} has {refusal}"));
            problems.extend(message.map(|message| entry.problem("tiles_layer", message)));
        }
    }
    if def.kind == "label" {
        let message = "names are read by the page as a whole: they come from a GeoJSON file";
        problems.push(entry.problem("kind", message));
    }
    if !def.crs.is_wgs84() {
        let message = "tiles are not converted: make the archive in WGS 84";
        problems.push(entry.problem("crs", message));
    }
}

/// A layer that is drawn from a file.
fn check_geojson(
    entry: &Entry<'_, LayerDef>,
    text: Option<&String>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    if entry.def.tiles_layer.is_some() {
        let message = "only a .pmtiles archive has layers of tiles: leave it out";
        problems.push(entry.problem("tiles_layer", message));
    }
    if let Some(text) = text {
        check_flows(entry, text, known, problems);
    }
}

/// Which of its features are drawn, and when.
fn check_choice(entry: &Entry<'_, LayerDef>, problems: &mut Vec<Problem>) {
    let def = &entry.def;
    for (property, values) in &def.only {
        if values.is_empty() {
            let message = format!("no value of \"{property}\" is named, so nothing is drawn");
            problems.push(entry.problem(&format!("only/{property}"), message));
        }
    }
    if let Some(zoom) = def.from_zoom.filter(|zoom| *zoom > ZOOM_MAX) {
        let message = format!("zoom {zoom}: 0 to {ZOOM_MAX} are");
        problems.push(entry.problem("from_zoom", message));
    }
    if def.kind == "label" {
        for (key, is_set) in [
            ("only", !def.only.is_empty()),
            ("from_zoom", def.from_zoom.is_some()),
        ] {
            if is_set {
                let message = "names are shown by their \"rank\", all of the file: leave it out";
                problems.push(entry.problem(key, message));
            }
        }
    }
}

/// Lines may name the metrics that their width and colour tell of.
fn check_flows(
    entry: &Entry<'_, LayerDef>,
    text: &str,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let Ok(map) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let features = map.get("features").and_then(Value::as_array);
    for (number, feature) in features.into_iter().flatten().enumerate() {
        for key in ["flow", "speed"] {
            let named = feature.pointer(&format!("/properties/{key}"));
            let refusal = named
                .and_then(Value::as_str)
                .and_then(|metric| known.metrics.refusal(metric));
            if let Some(refusal) = refusal {
                let message = format!("feature {}: {key}: {refusal}", number + 1);
                problems.push(entry.problem("file", message));
            }
        }
    }
}
