//! What is foreign is answered byte for byte as what was never there.

use egret_tests::http::Answer;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::Place;
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{Truth, label_in};

/// Headers that tell of the moment and not of what was asked.
const OF_THE_MOMENT: [&str; 2] = ["date", "content-length"];

/// Asked for with a foreign id and with one that is nobody's, a path has the same answer.
fn same(cell: Cell<'_>, foreign: &str, absent: &str, path: impl Fn(&str) -> String) {
    let heard = |id: &str| plain(&cell.get(&path(id)), id);
    let (told, nothing) = (heard(foreign), heard(absent));
    cell.findings.rows(1);
    if told != nothing {
        cell.leak(format_args!(
            "{}: {told} instead of {nothing}",
            path(foreign)
        ));
    }
}

/// An answer without the id that was asked for, which may be the number of the status, too.
fn plain(answer: &Answer, id: &str) -> String {
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| !OF_THE_MOMENT.contains(&&**name));
    let headers: Vec<_> = headers.collect();
    let body = answer
        .body
        .replace(&format!("\"status\":{}", answer.status), "\"status\":S");
    let told = format!("{headers:?} {body}").replace(id, "ID");
    format!("{} {told}", answer.status)
}

pub(crate) fn foreign(cell: Cell<'_>, truth: &Truth) {
    let is_foreign = |asset: &&city::Asset| !cell.reader().sees(&asset.label);
    for asset in city::assets().iter().filter(is_foreign) {
        let path = |id: &str| format!("/api/v1/assets/{}/{id}", asset.feed);
        same(cell, &asset.id, "nothing", path);
    }
    for feed in city::feeds() {
        let label = label_in(&feed);
        if cell.reader().sees(&label) {
            continue;
        }
        same(cell, &feed, "nobody", |feed| {
            format!("/api/v1/assets/{feed}/x")
        });
        for list in ["assets", "gateways", "quarantine"] {
            same(cell, &feed, "nobody", |feed| {
                format!("/api/v1/{list}?feed={feed}")
            });
        }
    }
    for case in truth
        .incidents
        .iter()
        .filter(|case| !case.is_for(cell.reader()))
    {
        same(cell, &case.id, "19990101-0001", |id| {
            format!("/api/v1/incidents/{id}")
        });
    }
    metrics(cell, truth);
    for rule in truth
        .rules
        .iter()
        .filter(|rule| !cell.reader().sees(&rule.label))
    {
        same(cell, &rule.id, "nothing", |rule| {
            format!("/api/v1/alerts?rule={rule}")
        });
    }
    for area in Place::AREAS
        .into_iter()
        .filter(|&area| !cell.reader().knows(area))
    {
        for list in ["alerts", "incidents"] {
            same(cell, &area.code(), "nowhere", |area| {
                format!("/api/v1/{list}?area={area}")
            });
        }
    }
    let foreign = truth.raw.iter();
    let foreign = foreign.filter(|(_, label)| !cell.reader().may(Right::Raw, label));
    for (seq, _) in foreign.step_by(40) {
        same(cell, &seq.to_string(), "987654321", |seq| {
            format!("/api/v1/raw/{seq}")
        });
    }
}

/// A metric of others, or in an area of others.
fn metrics(cell: Cell<'_>, truth: &Truth) {
    let tails = ["", "/now", "/lineage", "/forecast"];
    let from = egret_tests::clock::ago(3_600);
    for metric in &truth.metrics {
        let foreign = [Place::W1, Place::E].into_iter();
        for area in foreign.filter(|&area| !cell.sees(&metric.label, area)) {
            for tail in tails {
                let path = |id: &str| format!("/api/v1/metrics/{id}{tail}?area={}", area.code());
                same(cell, &metric.id, "nothing", path);
            }
            same(cell, &metric.id, "nothing", |id| {
                format!("/api/v1/recent?of={id}@{}&from={from}", area.code())
            });
        }
    }
    let unknown = Place::AREAS.into_iter();
    let unknown = unknown.filter(|&area| !cell.reader().knows(area));
    for metric in truth.metrics.iter().step_by(12) {
        for area in unknown.clone() {
            for tail in tails {
                let path = |area: &str| format!("/api/v1/metrics/{}{tail}?area={area}", metric.id);
                same(cell, &area.code(), "nowhere", path);
            }
        }
    }
}
