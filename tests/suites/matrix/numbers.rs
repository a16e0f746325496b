//! Metrics: now, over time, where they come from, what is expected; and small numbers of people.

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city::Metric;
use egret_tests::matrix::label::Place;
use egret_tests::matrix::stage::{FEW, K};
use egret_tests::matrix::truth::{Truth, label_in, rows};
use serde_json::Value;

use egret_tests::matrix::beyond::defines_own_metric;

use crate::lists::is_answered;

/// Of an answer whether it is there; its JSON, if it is.
fn answered(cell: Cell<'_>, metric: &Metric, area: Place, path: &str) -> Option<Value> {
    let answer = cell.get(path);
    let is_own = cell.sees(&metric.label, area);
    if is_own && !metric.is_of_areas && area != Place::C {
        // A number of the whole city alone: whether there is an empty one here is no matter.
        return (answer.status == 200).then(|| answer.json());
    }
    is_answered(cell, is_own, answer.status, path);
    (answer.status == 200).then(|| answer.json())
}

pub(crate) fn now(cell: Cell<'_>, truth: &Truth) {
    for metric in &truth.metrics {
        for area in Place::AREAS {
            let path = format!("/api/v1/metrics/{}/now?area={}", metric.id, area.code());
            let Some(told) = answered(cell, metric, area, &path) else {
                continue;
            };
            let point = &told["points"][0];
            if metric.is_of_areas && point.is_null() {
                cell.missing(format_args!("{path} has no point"));
            }
            is_withheld(cell, metric, area, point);
        }
        cell.get(&format!("/api/v1/metrics/{}/now", metric.id));
    }
}

pub(crate) fn series(cell: Cell<'_>, truth: &Truth) {
    for metric in &truth.metrics {
        for area in [Place::C, Place::W, Place::E1] {
            let base = format!("/api/v1/metrics/{}?area={}", metric.id, area.code());
            let Some(told) = answered(cell, metric, area, &base) else {
                continue;
            };
            let points: Vec<_> = rows(&told["points"]).collect();
            // What counts for whoever is responsible counts nowhere else.
            let is_elsewhere = metric.id.ends_with("_responsible") && area == Place::E1;
            if metric.is_of_areas && points.is_empty() && !is_elsewhere {
                cell.missing(format_args!("{base} has no points"));
            }
            for point in &points {
                is_withheld(cell, metric, area, point);
            }
            if metric.people.is_some() {
                let known_at = points.last().map(|point| point["known_at"].clone());
                let known_at = known_at
                    .as_ref()
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                for more in [
                    format!("as_of={known_at}"),
                    "step=1h".to_owned(),
                    "step=1d".to_owned(),
                ] {
                    let told = cell.get(&format!("{base}&{more}")).json();
                    rows(&told["points"]).for_each(|point| is_withheld(cell, metric, area, &point));
                }
            }
        }
    }
}

/// Every metric in every area, asked for together: those that are theirs, and no other.
pub(crate) fn recent(cell: Cell<'_>, truth: &Truth) {
    let from = egret_tests::clock::ago(3_600);
    let areas = [Place::C, Place::W, Place::E1];
    let pairs = truth.metrics.iter();
    let pairs: Vec<_> = pairs
        .flat_map(|metric| areas.map(|area| (metric, area)))
        .collect();
    for pairs in pairs.chunks(100) {
        let of = |(metric, area): &(&Metric, Place)| format!("of={}@{}", metric.id, area.code());
        let of: Vec<_> = pairs.iter().map(of).collect();
        let path = format!("/api/v1/recent?{}&from={from}", of.join("&"));
        let answer = cell.get(&path);
        is_answered(cell, true, answer.status, &path);
        let told = answer.json();
        for &(metric, area) in pairs {
            let code = area.code();
            let is_this = |item: &Value| item["metric"] == *metric.id && item["area"] == *code;
            let item = rows(&told["items"]).find(is_this);
            cell.findings.rows(1);
            match (item, cell.sees(&metric.label, area)) {
                (Some(_), false) => cell.leak(format_args!("{} in {area}", metric.id)),
                (None, true) if metric.is_of_areas => {
                    cell.missing(format_args!("{} in {area}", metric.id));
                }
                (Some(item), true) => columns_withheld(cell, metric, area, &item),
                (None, _) => {}
            }
        }
    }
}

/// As [`is_withheld`], of every point of a series in columns.
fn columns_withheld(cell: Cell<'_>, metric: &Metric, area: Place, item: &Value) {
    for (n, v) in rows(&item["v"]).enumerate() {
        let point = serde_json::json!({
            "v": v,
            "flags": item["flags"][n],
            // Of a live point more is known.
            "known_at": "then",
        });
        is_withheld(cell, metric, area, &point);
    }
}

pub(crate) fn lineage(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(defines_own_metric);
    for metric in &truth.metrics {
        for area in [Place::W, Place::E, Place::C] {
            let base = format!("/api/v1/metrics/{}/lineage?area={}", metric.id, area.code());
            let Some(told) = answered(cell, metric, area, &format!("{base}&limit=200")) else {
                continue;
            };
            is_withheld(cell, metric, area, &told["point"]);
            for input in rows(&told["inputs"]) {
                let id = input["metric"].as_str().unwrap_or_default();
                if !cell.sees(&truth.metric(id).label, area) {
                    cell.leak(format_args!("{id} as an input of {}", metric.id));
                }
                is_withheld(cell, truth.metric(id), area, &input["point"]);
                is_score_withheld(cell, metric, area, &input);
            }
            own_observations(cell, metric, area, &told);
            if metric.people.is_some() {
                let now = told["window"]["end"].as_str().unwrap_or_default();
                let then = cell.get(&format!("{base}&at={now}&limit=3")).json();
                is_withheld(cell, metric, area, &then["point"]);
                rows(&then["inputs"]).for_each(|input| {
                    is_withheld(cell, metric, area, &input["point"]);
                    is_score_withheld(cell, metric, area, &input);
                });
            }
        }
    }
}

/// Every observation is of an asset or report that they see, and there are some where they see any.
fn own_observations(cell: Cell<'_>, metric: &Metric, area: Place, told: &Value) {
    let observations: Vec<_> = rows(&told["observations"]["items"]).collect();
    cell.findings.rows(observations.len());
    for row in &observations {
        let id = row["asset"].as_str().or(row["report"].as_str());
        let id = id.unwrap_or_default();
        if !cell.reader().sees(&label_in(id)) {
            cell.leak(format_args!("{id} behind {} in {area}", metric.id));
        }
    }
    let name = metric.id.rsplit('_').next().unwrap_or_default();
    let is_plain = ["max", "mean", "count", "two"].contains(&name);
    if is_plain && metric.people.is_none() && observations.is_empty() {
        cell.missing(format_args!("observations behind {} in {area}", metric.id));
    }
}

pub(crate) fn forecast(cell: Cell<'_>, truth: &Truth) {
    for metric in &truth.metrics {
        for area in [Place::C, Place::W, Place::E1] {
            let path = format!(
                "/api/v1/metrics/{}/forecast?area={}",
                metric.id,
                area.code()
            );
            if is_small_hidden(cell, metric) && cell.sees(&metric.label, area) {
                // Made of numbers some of which are withheld.
                cell.get(&path);
                continue;
            }
            answered(cell, metric, area, &path);
        }
    }
}

/// Whether small numbers of this metric are to be withheld from them.
fn is_small_hidden(cell: Cell<'_>, metric: &Metric) -> bool {
    let people = metric.people.as_ref();
    people.is_some_and(|people| !cell.reader().sees(people))
}

/// How many reports stand behind the number in an area.
fn contributions(area: Place) -> usize {
    let within = FEW.iter().filter(|(place, _)| place.line().contains(&area));
    within.map(|(_, n)| n).sum()
}

/// A number that too few people stand behind is withheld from those who may not see their reports;
/// one behind which there are enough or none is told. Only of a count it is known how many there
/// are: other numbers are always withheld.
pub(crate) fn is_withheld(cell: Cell<'_>, metric: &Metric, area: Place, point: &Value) {
    let Some(people) = &metric.people else {
        return;
    };
    if point.is_null() {
        return;
    }
    cell.findings.rows(1);
    let numbers = ["v", "least", "mean", "greatest"].map(|name| point[name].as_f64());
    let told: Vec<_> = numbers.into_iter().flatten().collect();
    let is_suppressed = rows(&point["flags"]).any(|flag| flag == "suppressed");
    // Of the past there are windows from before the reports.
    let is_live = point["known_at"].is_null();
    let n = contributions(area);
    let what = || format!("{} in {area}: {point}", metric.id);
    if cell.sees(people, area) {
        if is_suppressed || (is_live && n > 0 && told.is_empty()) {
            cell.missing(what());
        }
        return;
    }
    let is_count = metric.id.ends_with("_few");
    let is_small = |v: f64| v > 0.0 && v < K as f64;
    if told.iter().any(|&v| !is_count || is_small(v)) || (is_suppressed && !told.is_empty()) {
        cell.leak(what());
    }
    if is_live && is_count {
        match (n, is_suppressed) {
            (1..K, false) => cell.leak(what()),
            (0 | K.., true) => cell.missing(what()),
            (K.., false) if told.first() != Some(&(n as f64)) => cell.missing(what()),
            _ => {}
        }
    }
}

/// What a withheld number is worth in an index would tell it.
fn is_score_withheld(cell: Cell<'_>, metric: &Metric, area: Place, input: &Value) {
    let hidden = metric
        .people
        .as_ref()
        .is_some_and(|people| !cell.sees(people, area));
    if hidden && (1..K).contains(&contributions(area)) && !input["score"].is_null() {
        cell.leak(format_args!("the score of {input} in {}", metric.id));
    }
}
