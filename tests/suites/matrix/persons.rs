//! Personal data: masked, in clear, in messages as they came; and erasing persons.

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Label, Marker};
use egret_tests::matrix::reader::{Reader, Right};
use egret_tests::matrix::stage::MORE;
use egret_tests::matrix::truth::Truth;
use serde_json::json;

use crate::lists::{is_answered, is_refused};

/// Why somebody asks, as they say.
const REASON: &str = "{\"reason\":\"to call back\"}";

/// A report in every place with every label.
fn reports() -> impl Iterator<Item = (String, String, Label)> {
    let cells = city::cells().into_iter();
    cells.flat_map(|(department, class)| {
        MORE.map(|(place, _)| {
            let label = Label::of(department, class);
            let here = label.at(place);
            (
                label.marker("rep"),
                format!("{}n10", here.marker("rep")),
                here,
            )
        })
    })
}

/// What is shown on request is of whom they may be shown.
fn may_be_shown(reader: &Reader, marker: &Marker) -> bool {
    matches!(marker, Marker::Person(_, label) if reader.may(Right::Personal, label))
}

pub(crate) fn masked(cell: Cell<'_>, _: &Truth) {
    for (feed, report, label) in reports() {
        let path = format!("/api/v1/reports/{feed}/{report}/personal");
        let answer = cell.get(&path);
        is_answered(cell, cell.reader().sees(&label), answer.status, &path);
    }
}

pub(crate) fn shown(cell: Cell<'_>, _: &Truth) {
    let cell = cell.allowing(may_be_shown);
    for (feed, report, label) in reports() {
        let path = format!("/api/v1/reports/{feed}/{report}/personal");
        let answer = cell.ask("POST", &path, REASON);
        let may = cell.reader().may(Right::Personal, &label);
        is_answered(cell, may, answer.status, &path);
        if may
            && !answer
                .body
                .contains(&label.marker("caller").replace("mk_", "mp_"))
        {
            cell.missing(format_args!("the caller in {}", answer.body));
        }
    }
}

/// Both rights are needed.
pub(crate) fn raw_opened(cell: Cell<'_>, truth: &Truth) {
    fn may_be_opened(reader: &Reader, marker: &Marker) -> bool {
        matches!(marker, Marker::Person(_, label) if may(reader, label))
    }
    fn may(reader: &Reader, label: &Label) -> bool {
        reader.may(Right::Raw, label) && reader.may(Right::Personal, label)
    }
    let cell = cell.allowing(may_be_opened);
    for (seq, label) in truth.raw.iter().step_by(17) {
        let answer = cell.ask("POST", &format!("/api/v1/raw/{seq}"), REASON);
        let what = format!("opened message of entry {seq}, {label:?}");
        is_answered(cell, may(cell.reader(), label), answer.status, &what);
    }
}

pub(crate) fn erase(cell: Cell<'_>, _: &Truth) {
    let body = json!({ "value": "nobody who ever called", "reason": "at their request" });
    let answer = cell.ask("POST", "/api/v1/persons/erase", &body.to_string());
    if cell.reader().has_whole(Right::Erase) {
        cell.findings.rows(1);
        if answer.status != 200 {
            cell.missing(format_args!("erasing: {} {}", answer.status, answer.body));
        }
    } else {
        is_refused(cell, answer.status, "/api/v1/persons/erase");
    }
}
