//! Lines with measured flows: as wide as much flows, coloured by the level of its speed.

use std::sync::Arc;

use leptos::prelude::*;
use serde_json::Value;

use egret_shared::catalog::Catalog;
use egret_shared::id::MetricId;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::text::Text;

use super::Drawn;
use crate::map::style::source;
use crate::select::city_key;
use crate::store::Store;

/// A line as its feature describes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Its number among the features.
    number: usize,
    /// What it is called.
    pub(super) name: Text,
    /// How much flows, in the metric's unit.
    pub(super) flow: MetricId,
    /// How fast.
    pub(super) speed: Option<MetricId>,
}

/// The lines that have a measured flow.
pub(super) fn lines(collection: &Value) -> Vec<Line> {
    let features = collection.get("features").and_then(Value::as_array);
    let line = |(number, feature): (usize, &Value)| {
        let word = |key: &str| {
            let value = feature.pointer(&format!("/properties/{key}"));
            value.and_then(Value::as_str)
        };
        Some(Line {
            number,
            name: Text::new(word("name_zh")?, word("name_en")?),
            flow: word("flow")?.into(),
            speed: word("speed").map(Into::into),
        })
    };
    features
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(line)
        .collect()
}

/// The end of a scale that holds `v`: 1, 2 or 5 and zeros.
fn round_top(v: f64) -> f64 {
    let power = 10_f64.powf(v.max(1.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= v).unwrap_or(v)
}

/// How wide a line is, 0 to 1; negative while nobody knows.
fn width(point: Option<&MetricPoint>, top: f64) -> f64 {
    let v = point.and_then(|point| point.v);
    v.map_or(-1.0, |v| (v / top.max(1e-9)).clamp(0.0, 1.0))
}

/// The colour's number: of a level, or negative for a speed that nobody knows.
fn level(point: Option<&MetricPoint>) -> f64 {
    let known = point.filter(|point| point.v.is_some());
    known.map_or(-1.0, |point| f64::from(point.level as u8))
}

/// Paints the lines by their metrics. `top` is the end of the scale of widths, which only grows: a
/// scale that follows every value would make widths mean nothing.
pub(super) fn paint(
    lines: RwSignal<Arc<[Line]>>,
    top: RwSignal<f64>,
    drawn: Drawn,
    store: Store,
    catalog: &Arc<Catalog>,
) {
    let catalog = Arc::clone(catalog);
    Effect::new(move || {
        for line in lines.get().iter() {
            let follow = |metric: &MetricId| store.metric(&city_key(&catalog, metric));
            let flow = follow(&line.flow);
            let speed = line.speed.as_ref().map(follow);
            let id = line.number.to_string();
            Effect::new(move || {
                let v = flow.read().as_ref().and_then(|point| point.v);
                if let Some(v) = v.filter(|v| *v > top.get_untracked()) {
                    top.set(round_top(v));
                }
            });
            Effect::new(move || {
                let width = width(flow.read().as_ref(), top.get());
                let level = speed.map_or(0.0, |speed| level(speed.read().as_ref()));
                drawn.tell(|map| {
                    map.set_state(source::FLOWS, &id, "width", width);
                    map.set_state(source::FLOWS, &id, "level", level);
                });
            });
        }
    });
}

/// The keys of the lines' metrics, for those who tell of them in words.
pub(super) fn keys(line: &Line, catalog: &Catalog) -> (MetricKey, Option<MetricKey>) {
    let key = |metric: &MetricId| city_key(catalog, metric);
    (key(&line.flow), line.speed.as_ref().map(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_a_flow_keep_the_numbers_of_the_others() {
        let collection = serde_json::json!({ "features": [
            { "properties": { "name_zh": "甲", "name_en": "A" } },
            { "properties": { "name_zh": "乙", "name_en": "B", "flow": "b.rate", "speed": "b.v" } },
            { "properties": { "name_zh": "丙", "name_en": "C", "flow": "c.rate" } },
        ]});
        let lines = lines(&collection);
        let said: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.flow.as_str(), line.speed.is_some()))
            .collect();
        assert_eq!(said, [(1, "b.rate", true), (2, "c.rate", false)]);
    }

    #[test]
    fn a_scale_ends_at_a_round_number_that_holds_the_value() {
        for (v, top) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (1_300.0, 2_000.0),
            (4_999.0, 5_000.0),
            (6_000.0, 10_000.0),
        ] {
            assert!((round_top(v) - top).abs() < 1e-9, "{v}");
        }
        assert!((width(None, 10.0) + 1.0).abs() < 1e-9);
    }
}
