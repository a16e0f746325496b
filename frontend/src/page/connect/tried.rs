//! What samples become: the server's answer to a trial, as tables.

use leptos::prelude::*;
use serde_json::Value;

use egret_shared::catalog::Catalog;
use egret_shared::package::addition::{Tried, TriedSample};
use egret_shared::time::TimeMs;

use crate::format;
use crate::i18n::connect::{Connect as Word, reason_word};
use crate::page::listed::{cell, code, line, name_cell, table};

use super::bench::Bench;

/// Readings of a sample that are shown: what one looks through.
const SHOWN_MAX: usize = 20;

const COLUMNS: [Word; 5] = [
    Word::Asset,
    Word::Time,
    Word::Place,
    Word::Value,
    Word::Flags,
];

/// The answer for each sample.
pub(super) fn samples(bench: Bench, tried: &Tried) -> AnyView {
    let one = |(number, sample): (usize, &TriedSample)| {
        view! {
            <section class="connect-tried">
                <h3>{format!("{} {}", bench.word(Word::SampleN), number + 1)}</h3>
                {taken(bench, sample)}
                {refused(bench, sample)}
            </section>
        }
    };
    tried
        .samples
        .iter()
        .enumerate()
        .map(one)
        .collect_view()
        .into_any()
}

fn taken(bench: Bench, sample: &TriedSample) -> Option<AnyView> {
    if sample.taken.is_empty() {
        return None;
    }
    let rows = sample
        .taken
        .iter()
        .take(SHOWN_MAX)
        .cloned()
        .collect::<Vec<_>>();
    let lines = move || Ok(rows.iter().map(|row| reading(bench, row)).collect());
    Some(table(&COLUMNS, lines))
}

fn reading(bench: Bench, row: &Value) -> AnyView {
    let screen = bench.screen();
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let asset = match text("asset") {
        "" => text("report"),
        asset => asset,
    };
    let at = TimeMs::from_rfc3339(text("at")).map_or_else(|_| String::new(), |at| screen.stamp(at));
    let area = {
        let catalog = screen.store.catalog.read();
        catalog
            .as_ref()
            .and_then(|catalog| area_name(bench, catalog, text("area")))
    };
    let position = row.get("position").filter(|position| !position.is_null());
    let position = position.map(place_text).unwrap_or_default();
    let area = area.unwrap_or_else(|| bench.word(Word::OutsideCity).to_owned());
    let values = row.get("values").and_then(Value::as_object);
    let values: Vec<_> = values
        .into_iter()
        .flatten()
        .map(|(property, value)| {
            let shown = value_text(value);
            view! { <li>{code(property)} " " <b>{shown}</b></li> }
        })
        .collect();
    let said = match text("text") {
        "" => ().into_any(),
        said => view! { <p>{said.to_owned()}</p> }.into_any(),
    };
    let flags = flags(row).join(", ");
    let cells = vec![
        name_cell(code(asset), "", ""),
        cell(at),
        cell(view! { {area} <small>{position}</small> }),
        cell(view! { <ul>{values}</ul> {said} }),
        cell(flags),
    ];
    line(false, cells)
}

fn area_name(bench: Bench, catalog: &Catalog, area: &str) -> Option<String> {
    let area = catalog
        .areas
        .iter()
        .find(|known| known.code.as_str() == area)?;
    Some(bench.screen().text(&area.name))
}

/// `118.0500, 24.4500`, the fifth digit being a metre.
fn place_text(position: &Value) -> String {
    let degree = |place: usize| {
        position
            .get(place)
            .and_then(Value::as_f64)
            .unwrap_or_default()
    };
    format!("{:.5}, {:.5}", degree(0), degree(1))
}

fn value_text(value: &Value) -> String {
    let v = value.get("v").and_then(Value::as_f64);
    let unit = value.get("u").and_then(Value::as_str).unwrap_or("1");
    let shown = v.map_or_else(|| "–".to_owned(), |v| v.to_string());
    match format::unit(unit) {
        "" => shown,
        unit => format!("{shown} {unit}"),
    }
}

/// The flags of a reading and of its values.
fn flags(row: &Value) -> Vec<String> {
    let values = row.get("values").and_then(Value::as_object);
    let of_values = values
        .into_iter()
        .flatten()
        .filter_map(|(_, value)| value.get("flags"));
    let lists = row.get("flags").into_iter().chain(of_values);
    let words = lists.filter_map(Value::as_array).flatten();
    let mut words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    words.dedup();
    words
}

fn refused(bench: Bench, sample: &TriedSample) -> AnyView {
    let one = |refusal: &egret_shared::rejection::Rejection| {
        view! {
            <li>
                <b>{bench.word(Word::Refused)} " · " {bench.word(reason_word(refusal.reason))}</b>
                " "
                <span lang="en">{refusal.detail.clone()}</span>
            </li>
        }
    };
    let is_nothing = sample.taken.is_empty() && sample.refused.is_empty();
    let nothing = is_nothing.then(|| bench.word(Word::NothingTaken));
    view! {
        <p>{nothing}</p>
        <ul class="connect-refused">
            {sample.refused.iter().take(SHOWN_MAX).map(one).collect_view()}
        </ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_shown_with_its_unit_and_every_flag_of_its_reading() {
        assert_eq!(value_text(&json!({ "v": 71.5, "u": "dB" })), "71.5 dB");
        assert_eq!(value_text(&json!({ "v": 3.0, "u": "1" })), "3");
        let row = json!({
            "flags": ["no_time"],
            "values": { "noise": { "v": 1, "flags": ["range"] } },
        });
        assert_eq!(flags(&row), ["no_time", "range"]);
        assert_eq!(place_text(&json!([118.05, 24.45])), "118.05000, 24.45000");
    }
}
