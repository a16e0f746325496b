//! `map/layers.toml`.

use std::collections::BTreeMap;

use egret_shared::catalog::LayerDef;
use serde_json::Value;

use super::Known;
use crate::problem::Problem;
use crate::spans::{Entry, List};

/// How a layer can be drawn.
const KINDS: [&str; 5] = ["land", "area", "road", "crossing", "label"];

pub(crate) fn check(
    layers: &List<'_, LayerDef>,
    files: &BTreeMap<String, String>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    layers.refuse_duplicates(problems);
    for entry in &layers.entries {
        let LayerDef { file, kind, .. } = &entry.def;
        match files.get(&format!("map/{file}")) {
            Some(text) => check_flows(entry, text, known, problems),
            None => problems.push(entry.problem("file", format!("there is no file map/{file}"))),
        }
        if !KINDS.contains(&kind.as_str()) {
            let message = format!("no kind \"{kind}\": {} are", KINDS.join(", "));
            problems.push(entry.problem("kind", message));
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
