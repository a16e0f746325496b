//! Warnings that somebody has issued: who, in which words and where they hold is told with the alert,
//! and to nobody else; and who may issue one.

use std::collections::BTreeSet;

use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Class, Label, Place};
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::stage::{WARNED, warning};
use egret_tests::matrix::truth::{Truth, label_in, rows, text};
use serde_json::Value;

use crate::closed::of_no_moment;
use crate::lists::of_feed;

/// Where and whose every warning is.
fn all() -> impl Iterator<Item = Label> {
    let cells = city::cells().into_iter();
    cells.flat_map(|(department, class)| WARNED.map(|place| Label::of(department, class).at(place)))
}

/// Their own are told whole, but for the words of a sensitive feed. That nothing of others is, on any
/// way, is searched for as everywhere.
pub(crate) fn told(cell: Cell<'_>, _: &Truth) {
    let alerts = cell.list("/api/v1/alerts", 1_000);
    let issued = alerts.iter().map(|row| &row["issued"]);
    let issued: Vec<&Value> = issued.filter(|said| !said.is_null()).collect();
    let own = all().filter(|label| cell.reader().sees(label));
    let own: BTreeSet<_> = own.map(|label| label.marker("bureau")).collect();
    let by: BTreeSet<_> = issued.iter().map(|said| text(&said["by"])).collect();
    cell.same(&own, &by);
    for said in issued {
        cell.findings.rows(1);
        if rows(&said["shapes"]).count() != 1 {
            cell.missing(format_args!("where it holds: {said}"));
        }
        let is_sensitive = label_in(&text(&said["by"])).class == Class::Sensitive;
        match (is_sensitive, text(&said["headline"]).is_empty()) {
            (true, false) => cell.leak(format_args!("the words of a sensitive feed: {said}")),
            (false, true) => cell.missing(format_args!("what it says: {said}")),
            (true, true) | (false, false) => {}
        }
    }
}

/// One is issued by whoever may send for its feed; to others there is no such feed. What is tried is a
/// test, which is taken from nobody.
pub(crate) fn sent(cell: Cell<'_>, _: &Truth) {
    for of in city::cells() {
        let feed = city::feed(of, "cap");
        let body = warning(&Label::of(of.0, of.1).at(Place::W1), "Test");
        let send = |feed: &str| cell.ask("POST", &format!("/api/v1/events?feed={feed}"), &body);
        let answer = send(&feed);
        cell.findings.rows(1);
        if cell.reader().may(Right::Send, &of_feed(&feed)) {
            if answer.status != 422 || !answer.body.contains("this is a test") {
                cell.missing(format_args!("that a test is none: {answer:?}"));
            }
            continue;
        }
        let absent = send("nobody");
        let told = of_no_moment(&answer).replace(&feed, "nobody");
        if (answer.status, told) != (absent.status, of_no_moment(&absent)) {
            cell.leak(format_args!(
                "{feed} is told from no feed: {answer:?} {absent:?}"
            ));
        }
    }
}
