//! The tiny city with more metrics than it has.

use std::fmt::Write as _;

use crate::story::{Story, tiny_with};

/// A story of the tiny city with these metrics as well: id, unit, and the rest of the definition.
pub(crate) fn story_with(metrics: &[(&str, &str, &str)]) -> Story {
    Story::of(tiny_with("metrics.toml", &text(metrics)))
}

/// The definitions as they stand in `metrics.toml`.
pub(crate) fn text(metrics: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (id, unit, rest) in metrics {
        let head = "\n[[metric]]\nname = { zh = \"指标\", en = \"Metric\" }\ndomain = \"water\"";
        writeln!(text, "{head}\nid = \"{id}\"\nunit = \"{unit}\"\n{rest}").unwrap();
    }
    text
}
