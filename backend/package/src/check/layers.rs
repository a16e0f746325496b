//! `map/layers.toml`.

use std::collections::BTreeMap;

use egret_shared::catalog::LayerDef;

use crate::problem::Problem;
use crate::spans::List;

/// How a layer can be drawn.
const KINDS: [&str; 5] = ["land", "area", "road", "crossing", "label"];

pub(crate) fn check(
    layers: &List<'_, LayerDef>,
    files: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    layers.refuse_duplicates(problems);
    for entry in &layers.entries {
        let LayerDef { file, kind, .. } = &entry.def;
        if !files.contains_key(&format!("map/{file}")) {
            problems.push(entry.problem("file", format!("there is no file map/{file}")));
        }
        if !KINDS.contains(&kind.as_str()) {
            let message = format!("no kind \"{kind}\": {} are", KINDS.join(", "));
            problems.push(entry.problem("kind", message));
        }
    }
}
