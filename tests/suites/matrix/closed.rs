//! What is for few: measurements, the audit trail, the management of people; and what is for
//! everybody.

use egret_tests::http::Answer;
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Class, Label};
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::Truth;
use egret_tests::message;
use egret_tests::wait;
use serde_json::{Value, json};

use crate::lists::{is_refused, of_feed};

/// For those who may, 200; for all others, 403.
fn only_for(cell: Cell<'_>, may: bool, path: &str) {
    let answer = cell.get(path);
    if may {
        cell.findings.rows(1);
        if answer.status != 200 {
            cell.missing(format_args!("{path}: {} {}", answer.status, answer.body));
        }
    } else {
        is_refused(cell, answer.status, path);
    }
}

/// A steward of a part is not told how the whole does.
pub(crate) fn state(cell: Cell<'_>, _: &Truth) {
    only_for(
        cell,
        cell.reader().has_whole(Right::Measure),
        "/api/v1/state",
    );
}

pub(crate) fn brokers(cell: Cell<'_>, _: &Truth) {
    let may = cell.reader().has_whole(Right::Measure);
    only_for(cell, may, "/api/v1/brokers");
}

pub(crate) fn measurements(cell: Cell<'_>, _: &Truth) {
    only_for(cell, cell.reader().has_whole(Right::Measure), "/metrics");
}

pub(crate) fn audit(cell: Cell<'_>, _: &Truth) {
    let cell = cell.allowing(|reader, _| reader.has(Right::Audit));
    let may = cell.reader().has(Right::Audit);
    for more in [
        "",
        "?limit=3",
        "?q=mk_",
        "?outcome=denied",
        "?action=raw.read",
    ] {
        only_for(cell, may, &format!("/api/v1/audit{more}"));
    }
}

pub(crate) fn audit_verify(cell: Cell<'_>, _: &Truth) {
    only_for(
        cell,
        cell.reader().has(Right::Audit),
        "/api/v1/audit/verify",
    );
}

pub(crate) fn audit_export(cell: Cell<'_>, _: &Truth) {
    let cell = cell.allowing(|reader, _| reader.has(Right::Audit));
    only_for(
        cell,
        cell.reader().has(Right::Audit),
        "/api/v1/audit/export",
    );
}

/// Lists of people and of what belongs to them.
pub(crate) fn managed(cell: Cell<'_>, _: &Truth) {
    let path = cell.way.strip_prefix("GET ").unwrap_or_default();
    only_for(cell, cell.reader().has(Right::Manage), path);
}

/// Changes of people: refused, whether there is such a one or not. An admin does not try.
pub(crate) fn manages(cell: Cell<'_>, truth: &Truth) {
    if cell.reader().has(Right::Manage) {
        return;
    }
    let (method, path) = cell.way.split_once(' ').unwrap_or_default();
    let gateway = Label::of("water", Class::Public).marker("gw");
    let known = [
        cell.holder.id.clone(),
        gateway,
        truth.incidents[0].id.clone(),
    ];
    for id in known {
        let path = path.replace("{id}", &id).replace("{code}", &id);
        let body = json!({ "name": "somebody", "id": "some", "feeds": [], "grants": [] });
        let body = if method == "DELETE" {
            String::new()
        } else {
            body.to_string()
        };
        let answer = cell.ask(method, &path, &body);
        // A body that cannot be read may be told before.
        if !(400..500).contains(&answer.status) {
            cell.leak(format_args!("{method} {path}: {}", answer.status));
        }
    }
    let path = path
        .replace("{id}", &cell.holder.id)
        .replace("{code}", "ABCD-EFGH");
    if method == "DELETE" {
        let answer = cell.ask(method, &path, "");
        is_refused(cell, answer.status, &path);
    }
}

/// The register is for those who answer for the whole city's feeds: who measures the whole, too.
pub(crate) fn registers(cell: Cell<'_>, _: &Truth) {
    let (method, path) = cell.way.split_once(' ').unwrap_or_default();
    let may = cell.reader().has_whole(Right::Measure);
    if method == "GET" {
        return only_for(cell, may, path);
    }
    if may {
        return;
    }
    let path = path.replace("{feed}", "forged");
    let addition = message::noise_feed("forged");
    let body = match method {
        "PUT" => addition.to_string(),
        "POST" if path.ends_with("/fetch") => {
            json!({ "url": "http://127.0.0.1/", "format": "egret-json" }).to_string()
        }
        "POST" => json!({ "addition": addition, "samples": [] }).to_string(),
        _ => String::new(),
    };
    let answer = cell.ask(method, &path, &body);
    is_refused(cell, answer.status, &path);
}

/// Nobody settles, or learns of, a refused message of a feed that is not theirs to send for.
pub(crate) fn settles(cell: Cell<'_>, _: &Truth) {
    let (method, path) = cell.way.split_once(' ').unwrap_or_default();
    for feed in city::feeds() {
        let label = of_feed(&feed);
        let reader = cell.reader();
        if reader.may(Right::Send, &label) && reader.may(Right::Raw, &label) {
            continue;
        }
        let form = json!({ "feed": feed, "why": "to look" }).to_string();
        let answer = wait::until("nobody else settles messages", || {
            let answer = cell.ask(method, path, &form);
            wait::check(answer.status != 409, &answer)?;
            Ok(answer)
        });
        cell.findings.rows(1);
        // `why` belongs to one of the two alone.
        let is_shut = [403, 404, 422].contains(&answer.status);
        if !is_shut || answer.body.contains(&feed) {
            cell.leak(format_args!("{path} of {feed}: {answer:?}"));
        }
    }
}

/// For everybody who is signed in.
pub(crate) fn map(cell: Cell<'_>, _: &Truth) {
    let answer = cell.get("/map/land.geojson");
    cell.findings.rows(1);
    if answer.status != 200 {
        cell.missing(format_args!("the base map: {}", answer.status));
    }
    for other in [
        "areas.geojson",
        "../areas.geojson",
        "..%2fareas.geojson",
        "layers.toml",
    ] {
        let answer = cell.get(&format!("/map/{other}"));
        if answer.status == 200 && answer.body.contains("ma_") {
            cell.leak(format_args!("/map/{other}"));
        }
    }
}

/// Oneself: what is granted, no more.
pub(crate) fn me(cell: Cell<'_>, _: &Truth) {
    // One's own grants name areas and departments.
    let answer = cell.get("/api/v1/me");
    let who = &answer.json()["who"];
    cell.findings.rows(1);
    if who["grants"] != cell.reader().json() {
        cell.missing(format_args!("their own grants: {who}"));
    }
}

/// For everybody, whoever it is, with nothing of the city in it.
pub(crate) fn free(cell: Cell<'_>, _: &Truth) {
    let (method, path) = cell.way.split_once(' ').unwrap_or_default();
    if path.ends_with("/sign-out") || path.ends_with("/password") {
        // A token has neither.
        return;
    }
    let path = path.replace("{id}", "none");
    let body = if method == "POST" {
        "{\"name\":\"x\"}"
    } else {
        ""
    };
    cell.ask(method, &path, body);
}

/// An answer without where in the journal it stands, which is of the moment.
pub(crate) fn of_no_moment(answer: &Answer) -> String {
    match serde_json::from_str(&answer.body) {
        Ok(Value::Object(mut body)) => {
            body.remove("seq");
            Value::from(body).to_string()
        }
        _ => answer.body.clone(),
    }
}

/// Sending in: to a feed that is not theirs as to one that there is not.
pub(crate) fn send(cell: Cell<'_>, _: &Truth) {
    for feed in city::feeds() {
        if cell.reader().may(Right::Send, &of_feed(&feed)) {
            continue;
        }
        let event = |feed: &str| json!({ "feed": feed, "asset": "x", "state": 7, "values": 7 });
        for own in [false, true] {
            let path = |feed: &str| {
                if own {
                    format!("/api/v1/events?feed={feed}")
                } else {
                    "/api/v1/events".to_owned()
                }
            };
            let foreign = cell.ask("POST", &path(&feed), &event(&feed).to_string());
            let absent = cell.ask("POST", &path("nobody"), &event("nobody").to_string());
            cell.findings.rows(1);
            let told = of_no_moment(&foreign).replace(&feed, "nobody");
            if (foreign.status, told) != (absent.status, of_no_moment(&absent)) {
                cell.leak(format_args!(
                    "{feed} is told from no feed: {foreign:?} {absent:?}"
                ));
            }
        }
    }
}

/// Sending a table: to a feed that is not theirs as to one that there is not.
pub(crate) fn table(cell: Cell<'_>, _: &Truth) {
    for feed in city::feeds() {
        if cell.reader().may(Right::Send, &of_feed(&feed)) {
            continue;
        }
        for preview in ["", "?preview=true"] {
            let path = |feed: &str| format!("/api/v1/feeds/{feed}/csv{preview}");
            let foreign = cell.ask("POST", &path(&feed), "a,b\n1,2\n");
            let absent = cell.ask("POST", &path("nobody"), "a,b\n1,2\n");
            cell.findings.rows(1);
            let told = of_no_moment(&foreign).replace(&feed, "nobody");
            if (foreign.status, told) != (absent.status, of_no_moment(&absent)) {
                cell.leak(format_args!(
                    "{feed} is told from no feed: {foreign:?} {absent:?}"
                ));
            }
        }
    }
}
