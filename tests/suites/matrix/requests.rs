//! Requests of the Open311 server: listed, one by one, and sent.

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::Label;
use egret_tests::matrix::package::REQUESTS;
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::stage::MORE;
use egret_tests::matrix::truth::Truth;

use crate::lists::{is_answered, of_feed};

/// A request in every place that has some.
fn all() -> impl Iterator<Item = (String, Label)> {
    MORE.into_iter().map(|(place, _)| {
        let here = Label::of(REQUESTS.0, REQUESTS.1).at(place);
        (format!("{}n10", here.marker("rep")), here)
    })
}

pub(crate) fn list(cell: Cell<'_>, _: &Truth) {
    for end in ["json", "xml"] {
        for file in ["discovery", "services"] {
            cell.get(&format!("/open311/v2/{file}.{end}"));
        }
        let answer = cell.get(&format!("/open311/v2/requests.{end}"));
        for (id, here) in all() {
            cell.findings.rows(1);
            // What is foreign is found by its marker.
            if cell.reader().sees(&here) && !answer.body.contains(&id) {
                cell.missing(format_args!("{id}: {} {}", answer.status, answer.body));
            }
        }
    }
}

pub(crate) fn one(cell: Cell<'_>, _: &Truth) {
    for (id, here) in all() {
        for of in ["requests", "tokens"] {
            let path = format!("/open311/v2/{of}/{id}.json");
            let answer = cell.get(&path);
            is_answered(cell, cell.reader().sees(&here), answer.status, &path);
        }
    }
}

/// Refused to those who may not send for the feed.
pub(crate) fn send(cell: Cell<'_>, _: &Truth) {
    let feed = of_feed(&city::feed(REQUESTS, "rep"));
    if cell.reader().may(Right::Send, &feed) {
        return;
    }
    let form = "service_code=light&lat=24.45&long=118.05";
    let answer = cell.ask("POST", "/open311/v2/requests.json", form);
    cell.findings.rows(1);
    if ![403, 404].contains(&answer.status) {
        cell.leak(format_args!("sent: {} {}", answer.status, answer.body));
    }
}
