//! The metrics that a derived one or an index is made of: each with its number at the same time,
//! and in an index with what it is worth.

use leptos::prelude::*;

use egret_shared::id::MetricId;
use egret_shared::level::Level;

use super::super::Focus;
use super::super::metric_name;
use crate::api::metric::{Input, Lineage};
use crate::format;
use crate::i18n::{Key, metric as words};
use crate::select;
use crate::widget::history_chart::readout::{sources, with_unit};
use crate::widget::level::{LevelWord, level_class};

/// The table of inputs.
pub(super) fn inputs(focus: Focus, lineage: &Lineage) -> impl IntoView + use<> {
    let screen = focus.screen();
    let indexed = lineage.inputs.iter().any(|input| input.weight.is_some());
    let whole: f64 = lineage.inputs.iter().filter_map(known_weight).sum();
    let rows: Vec<_> = lineage
        .inputs
        .iter()
        .map(|input| row(focus, lineage, input, indexed, whole))
        .collect();
    let mut heads = vec![Key::MetricName, Key::Value, Key::Level];
    heads.extend([Key::SourcesExpected, Key::FlagsName]);
    if indexed {
        heads.extend([Key::Score, Key::Weight, Key::Contribution]);
    }
    let heads: Vec<_> = heads
        .into_iter()
        .map(|key| view! { <th scope="col">{screen.word(key)}</th> })
        .collect();
    view! {
        <h3>{screen.word(Key::Inputs)}</h3>
        <div class="scroll" tabindex="0" role="group" aria-label=screen.word(Key::Inputs)>
            <table class="inputs">
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// A part's weight, if it has a value: one without is left out of the index.
fn known_weight(input: &Input) -> Option<f64> {
    input.score.and(input.weight)
}

/// How many of the index's points a part brings.
fn contribution(input: &Input, whole: f64) -> Option<f64> {
    Some(input.score? * known_weight(input)? / whole.max(f64::MIN_POSITIVE))
}

fn row(
    focus: Focus,
    lineage: &Lineage,
    input: &Input,
    indexed: bool,
    whole: f64,
) -> impl IntoView + use<> {
    let screen = focus.screen();
    let point = input.point.as_ref();
    let level = point.map_or(Level::Normal, |point| point.level);
    let known = point.is_some_and(|point| point.v.is_some());
    let value = match point.and_then(|point| point.v) {
        Some(v) => with_unit(v, &input.unit),
        None => screen.word(Key::NoArea).to_owned(),
    };
    let flags = point.map(|point| words::flags(point.flags, screen.language.get()));
    let score = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format::figure(v, "%"));
    let brings = contribution(input, whole);
    let share = input.weight.map(|weight| format!("{weight}"));
    let worth = indexed.then(|| {
        view! {
            <td class="number">{score(input.score)}</td>
            <td class="number">{share}</td>
            <td class="number brings">
                <i aria-hidden="true" style:width=format!("{:.1}%", brings.unwrap_or(0.0))></i>
                <span>{score(brings)}</span>
            </td>
        }
    });
    let name = metric_name(focus, &input.metric).unwrap_or_else(|| input.name.clone());
    view! {
        <tr class=level_class(level)>
            <th scope="row">
                <a href=href(focus, lineage, &input.metric)>{screen.text(&name)}</a>
            </th>
            <td class="number">{value}</td>
            <td>{known.then(|| view! { <LevelWord level=level /> })}</td>
            <td class="number">{point.and_then(sources)}</td>
            <td>{flags}</td>
            {worth}
        </tr>
    }
}

/// The page of an input in the same area, at the same time.
fn href(focus: Focus, lineage: &Lineage, metric: &MetricId) -> String {
    let mut place = focus.place.get();
    place.at = place.at.or(lineage.point.as_ref().map(|point| point.end));
    let known = focus
        .catalog
        .with_value(|catalog| select::metric_def(catalog, metric).is_some());
    if known {
        place.href(metric)
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(weight: f64, score: Option<f64>) -> Input {
        let json = serde_json::json!({
            "metric": "m", "name": { "zh": "量", "en": "m" }, "unit": "1",
            "weight": weight, "score": score,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn contributions_add_up_to_the_index_and_a_missing_part_weighs_nothing() {
        let inputs = [
            input(2.0, Some(90.0)),
            input(1.0, Some(60.0)),
            input(5.0, None),
        ];
        let whole: f64 = inputs.iter().filter_map(known_weight).sum();
        let index: f64 = inputs
            .iter()
            .filter_map(|input| contribution(input, whole))
            .sum();
        assert!((index - 80.0).abs() < 1e-9);
        assert_eq!(contribution(&inputs[2], whole), None);
    }
}
