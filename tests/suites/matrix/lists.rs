//! Lists with their filters and pages, and single rows.

use std::collections::BTreeSet;

use egret_tests::matrix::beyond::{is_in_catalog, is_of_own_case, is_of_own_feed};
use egret_tests::matrix::cell::Cell;
use egret_tests::matrix::city;
use egret_tests::matrix::label::{Label, Place, home};
use egret_tests::matrix::reader::Right;
use egret_tests::matrix::truth::{Truth, keys, label_in, rows, text};
use serde_json::Value;

use crate::cases::has_own_words;

/// Rows of a page: small, so that lists have several.
const PAGE: usize = 7;

pub(crate) fn assets(cell: Cell<'_>, _: &Truth) {
    let standing = known_assets().filter(|(_, _, label)| label.place != Some(Place::N));
    let seen: Vec<_> = standing
        .filter(|(_, _, label)| cell.reader().sees(label))
        .map(|(feed, asset, _)| (feed, asset))
        .collect();
    let told = |path: &str, limit| -> BTreeSet<_> {
        let rows = cell.list(path, limit);
        rows.iter()
            .map(|row| (text(&row["feed"]), text(&row["asset"])))
            .collect()
    };
    cell.same(
        &seen.iter().cloned().collect(),
        &told("/api/v1/assets", 1_000),
    );
    cell.same(
        &seen.iter().cloned().collect(),
        &told("/api/v1/assets", PAGE),
    );
    for feed in city::feeds().into_iter().chain(["nobody".to_owned()]) {
        let of_feed = seen.iter().filter(|(known, _)| *known == feed);
        let path = format!("/api/v1/assets?feed={feed}");
        cell.same(&of_feed.cloned().collect(), &told(&path, 1_000));
    }
}

pub(crate) fn asset(cell: Cell<'_>, _: &Truth) {
    for (feed, asset, label) in known_assets() {
        let answer = cell.get(&format!("/api/v1/assets/{feed}/{asset}"));
        is_answered(cell, cell.reader().sees(&label), answer.status, &asset);
    }
}

/// Feed, id and label of every asset.
fn known_assets() -> impl Iterator<Item = (String, String, Label)> {
    let telling = city::assets()
        .into_iter()
        .map(|asset| (asset.feed, asset.id, asset.label));
    let silent = city::registered()
        .into_iter()
        .map(|(feed, label)| (feed, label.marker("reg"), label));
    telling.chain(silent)
}

/// What is theirs is answered, and what is not is not there.
pub(crate) fn is_answered(cell: Cell<'_>, is_theirs: bool, status: u16, what: &str) {
    cell.findings.rows(1);
    match (is_theirs, status) {
        (true, 200) | (false, 404) => {}
        (true, other) => cell.missing(format_args!("{what}: {other}")),
        (false, other) => cell.leak(format_args!("{what}: {other}")),
    }
}

pub(crate) fn alerts(cell: Cell<'_>, truth: &Truth) {
    let told =
        |path: &str, limit| keys(cell.list(path, limit).iter().map(|row| row["key"].clone()));
    let seen = |fits: &dyn Fn(&Value) -> bool| {
        let own = truth.alerts.iter();
        let own = own.filter(|(row, label)| cell.reader().sees(label) && fits(row));
        keys(own.map(|(row, _)| row["key"].clone()))
    };
    cell.same(&seen(&|_| true), &told("/api/v1/alerts", 1_000));
    cell.same(&seen(&|_| true), &told("/api/v1/alerts", 3 * PAGE));
    for state in ["firing", "resolved", "pending"] {
        let path = format!("/api/v1/alerts?state={state}");
        cell.same(&seen(&|row| row["state"] == state), &told(&path, 1_000));
    }
    for level in ["blue", "yellow", "orange", "red"] {
        let path = format!("/api/v1/alerts?level={level}");
        cell.same(&seen(&|row| row["level"] == level), &told(&path, 1_000));
    }
    for rule in &truth.rules {
        let path = format!("/api/v1/alerts?rule={}", rule.id);
        cell.same(
            &seen(&|row| row["key"]["rule"] == *rule.id),
            &told(&path, 1_000),
        );
    }
    for area in Place::AREAS.map(Place::code) {
        let path = format!("/api/v1/alerts?area={area}");
        let within = |row: &Value| rows(&row["areas"]).any(|one| one == *area);
        cell.same(&seen(&within), &told(&path, 1_000));
    }
    names_own_incidents(cell, &cell.list("/api/v1/alerts", 1_000));
}

/// The incident that an alert names is one that is there for them.
fn names_own_incidents(cell: Cell<'_>, alerts: &[Value]) {
    let incidents = cell
        .allowing(is_of_own_case)
        .list("/api/v1/incidents", 1_000);
    let own: BTreeSet<_> = incidents.iter().map(|row| text(&row["id"])).collect();
    let named = alerts.iter().filter_map(|row| row["incident"].as_str());
    for foreign in named.filter(|&id| !own.contains(id)) {
        cell.leak(format_args!(
            "an alert names the incident {foreign}, which is not theirs"
        ));
    }
}

pub(crate) fn incidents(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_case);
    let told = |path: &str, limit| -> BTreeSet<String> {
        let rows = cell.list(path, limit);
        rows.iter().map(|row| text(&row["id"])).collect()
    };
    let seen = |fits: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        let own = truth.incidents.iter();
        let own = own.filter(|case| case.is_for(cell.reader()) && fits(&case.row));
        own.map(|case| case.id.clone()).collect()
    };
    cell.same(&seen(&|_| true), &told("/api/v1/incidents", 1_000));
    cell.same(&seen(&|_| true), &told("/api/v1/incidents", 3 * PAGE));
    for state in ["reported", "cleared", "handling", "dispatched"] {
        let path = format!("/api/v1/incidents?state={state}");
        cell.same(&seen(&|row| row["state"] == state), &told(&path, 1_000));
    }
    for level in ["blue", "yellow", "orange"] {
        let path = format!("/api/v1/incidents?level={level}");
        cell.same(&seen(&|row| row["level"] == level), &told(&path, 1_000));
    }
    for area in Place::AREAS.map(Place::code) {
        let path = format!("/api/v1/incidents?area={area}");
        let within = |row: &Value| rows(&row["areas"]).any(|one| one == *area);
        cell.same(&seen(&within), &told(&path, 1_000));
    }
    for row in cell.list("/api/v1/incidents", 1_000) {
        has_own_evidence(cell, truth, &row);
    }
}

pub(crate) fn incident(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_case);
    for case in &truth.incidents {
        let answer = cell.get(&format!("/api/v1/incidents/{}", case.id));
        is_answered(cell, case.is_for(cell.reader()), answer.status, &case.id);
        if answer.status == 200 {
            has_own_evidence(cell, truth, &answer.json());
            has_own_words(cell, case, &answer.body);
        }
    }
}

/// The evidence of an incident is what they see of it; who leads or supports it may be shown more.
pub(crate) fn has_own_evidence(cell: Cell<'_>, truth: &Truth, row: &Value) {
    let id = text(&row["id"]);
    let Some(case) = truth.incidents.iter().find(|case| case.id == id) else {
        return;
    };
    let told = keys(rows(&row["evidence"]).map(|one| one["alert"].clone()));
    cell.findings.rows(told.len());
    for (key, label) in &case.evidence {
        let is_told = told.contains(&key.to_string());
        if cell.reader().sees(label) {
            if !is_told {
                cell.missing(format_args!("{key} as evidence of {id}"));
            }
        } else if is_told && !case.is_assigned_to(cell.reader(), label) {
            cell.leak(format_args!("{key} as evidence of {id}"));
        }
    }
}

/// Whose a feed is as such: it counts for its department's area.
pub(crate) fn of_feed(feed: &str) -> Label {
    let label = label_in(feed);
    label.at(home(label.departments[0]))
}

pub(crate) fn feeds(cell: Cell<'_>, _: &Truth) {
    let own = city::feeds().into_iter();
    let mut own: BTreeSet<_> = own
        .filter(|feed| cell.reader().sees(&of_feed(feed)))
        .collect();
    if cell.reader().has_whole(Right::See) {
        // What could be given to no feed is counted under a name of its own.
        own.insert("unknown".to_owned());
    }
    let told = |path: &str, limit| -> BTreeSet<_> {
        let rows = cell.list(path, limit);
        rows.iter().map(|row| text(&row["feed"])).collect()
    };
    cell.same(&own, &told("/api/v1/feeds", 1_000));
    cell.same(&own, &told("/api/v1/feeds", PAGE));
    let mut by_status = BTreeSet::new();
    for status in ["waiting", "live", "degraded", "silent"] {
        by_status.extend(told(&format!("/api/v1/feeds?status={status}"), 1_000));
    }
    cell.same(&own, &by_status);
}

pub(crate) fn gateways(cell: Cell<'_>, _: &Truth) {
    let moving = city::cells().into_iter();
    let moving = moving.map(|(department, class)| Label::of(department, class));
    let own = moving.filter(|label| cell.reader().sees(&of_feed(&label.marker("mov"))));
    let own: BTreeSet<_> = own.map(|label| label.marker("gw")).collect();
    let told: BTreeSet<_> = gateways_of(cell, "/api/v1/gateways").collect();
    cell.same(&own, &told);
    for (department, class) in city::cells() {
        let label = Label::of(department, class);
        let own = own.iter().filter(|known| **known == label.marker("gw"));
        let path = format!("/api/v1/gateways?feed={}", label.marker("mov"));
        cell.same(&own.cloned().collect(), &gateways_of(cell, &path).collect());
    }
}

/// MQTT gateways; senders by HTTP go by their address.
fn gateways_of(cell: Cell<'_>, path: &str) -> impl Iterator<Item = String> {
    let rows = cell.list(path, PAGE).into_iter();
    rows.map(|row| text(&row["gateway"]))
        .filter(|id| id.starts_with("mk_"))
}

pub(crate) fn areas(cell: Cell<'_>, _: &Truth) {
    let answer = cell.get("/api/v1/areas");
    let told = rows(&answer.json())
        .map(|area| text(&area["code"]))
        .collect();
    has_own_areas(cell, &told);
}

pub(crate) fn areas_geojson(cell: Cell<'_>, _: &Truth) {
    let answer = cell.get("/api/v1/areas.geojson");
    let features = rows(&answer.json()["features"]);
    let told = features
        .map(|area| text(&area["properties"]["code"]))
        .collect();
    has_own_areas(cell, &told);
}

/// What is granted with all that it holds; what holds it may be there.
fn has_own_areas(cell: Cell<'_>, told: &BTreeSet<String>) {
    cell.findings.rows(told.len());
    for place in Place::AREAS {
        let is_told = told.contains(&place.code());
        if !is_told && cell.any_grant(|grant| grant.reaches(place)) {
            cell.missing(place);
        }
        if is_told && !cell.reader().knows(place) {
            cell.leak(place);
        }
    }
}

pub(crate) fn quarantine(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_feed);
    if !cell.reader().has(Right::Raw) {
        let answer = cell.get("/api/v1/quarantine");
        return is_refused(cell, answer.status, "/api/v1/quarantine");
    }
    // What was refused has no place that could be relied on but its feed's.
    let may = |label: &Option<Label>| match label {
        Some(label) => cell.reader().may(Right::Raw, label),
        None => cell.reader().has_whole(Right::Raw),
    };
    let told = |path: &str, limit| keys(cell.list(path, limit).iter().map(|row| row["id"].clone()));
    let own = |fits: &dyn Fn(&Value) -> bool| {
        let own = truth.refused.iter();
        let own = own.filter(|(row, label)| may(label) && fits(row));
        keys(own.map(|(row, _)| row["id"].clone()))
    };
    cell.same(&own(&|_| true), &told("/api/v1/quarantine", 1_000));
    cell.same(&own(&|_| true), &told("/api/v1/quarantine", PAGE));
    for reason in ["out_of_range", "bad_time", "unknown_feed"] {
        let path = format!("/api/v1/quarantine?reason={reason}");
        let fits = |row: &Value| row["reason"] == reason;
        cell.same(&own(&fits), &told(&path, 1_000));
    }
    for feed in city::feeds() {
        let path = format!("/api/v1/quarantine?feed={feed}");
        cell.same(&own(&|row| row["feed"] == *feed), &told(&path, 1_000));
    }
}

/// Who sent what was refused of a feed is for whoever may see that.
pub(crate) fn quality(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_of_own_feed);
    for feed in city::feeds() {
        let path = format!("/api/v1/feeds/{feed}/quality?for=1d");
        let answer = cell.get(&path);
        if !cell.reader().has(Right::Raw) {
            is_refused(cell, answer.status, &path);
            continue;
        }
        let may = cell.reader().may(Right::Raw, &of_feed(&feed));
        is_answered(cell, may, answer.status, &path);
        if answer.status == 200 {
            let told = answer.json();
            let topics = keys(rows(&told["topics"]).map(|row| row["name"].clone()));
            let own = truth.refused.iter().filter(|(row, _)| row["feed"] == *feed);
            cell.same(&keys(own.map(|(row, _)| row["topic"].clone())), &topics);
            let clocks = rows(&told["clocks"]).map(|row| text(&row["gateway"]));
            let path = format!("/api/v1/gateways?feed={feed}");
            let gateways = gateways_of(cell, &path);
            cell.same(
                &gateways.collect(),
                &clocks.filter(|id| id.starts_with("mk_")).collect(),
            );
        }
    }
}

/// What their role does not allow is refused in so many words.
pub(crate) fn is_refused(cell: Cell<'_>, status: u16, what: &str) {
    cell.findings.rows(1);
    if status != 403 {
        cell.leak(format_args!("{what}: {status}"));
    }
}

/// Every so many journal entries: each look at one is a line of the audit trail.
const RAW_STEP: usize = 5;

pub(crate) fn raw(cell: Cell<'_>, truth: &Truth) {
    let step = if cell.reader().has(Right::Raw) {
        RAW_STEP
    } else {
        10 * RAW_STEP
    };
    for (seq, label) in truth.raw.iter().step_by(step) {
        let answer = cell.get(&format!("/api/v1/raw/{seq}"));
        let may = cell.reader().may(Right::Raw, label);
        is_answered(
            cell,
            may,
            answer.status,
            &format!("message of entry {seq}, {label:?}"),
        );
    }
}

pub(crate) fn catalog(cell: Cell<'_>, truth: &Truth) {
    let cell = cell.allowing(is_in_catalog);
    let answer = cell.get("/api/v1/catalog");
    if !cell.reader().has(Right::See) {
        return is_refused(cell, answer.status, "/api/v1/catalog");
    }
    let catalog = answer.json();
    let told = |list: &Value| {
        rows(list)
            .map(|row| text(&row["id"]))
            .collect::<BTreeSet<_>>()
    };
    let own_feeds = city::feeds().into_iter();
    let own_feeds = own_feeds.filter(|feed| cell.reader().sees(&label_in(feed)));
    cell.same(&own_feeds.collect(), &told(&catalog["feeds"]));
    let own_metrics = truth.metrics.iter();
    let own_metrics = own_metrics.filter(|metric| cell.reader().sees(&metric.label));
    let own_metrics = own_metrics.map(|metric| metric.id.clone());
    cell.same(&own_metrics.collect(), &told(&catalog["metrics"]));
    let own_rules = truth.rules.iter();
    let own_rules = own_rules.filter(|rule| rule.is_for(cell.reader()));
    let own_rules = own_rules.map(|rule| rule.id.clone());
    cell.same(&own_rules.collect(), &told(&catalog["rules"]["rule"]));
    let causes = rows(&catalog["rules"]["cause"]).map(|cause| text(&cause["because"]["en"]));
    let own_causes = city::causes().into_iter();
    let is_known = |id: &String| {
        let rule = truth.rules.iter().find(|rule| rule.id == *id);
        rule.is_some_and(|rule| rule.is_for(cell.reader()))
    };
    // It says of two rules that they are connected: for those who may know of both.
    let own_causes = own_causes.filter(|cause| cause.rules.iter().all(is_known));
    let own_causes = own_causes.map(|cause| cause.because);
    cell.same(&own_causes.collect(), &causes.collect());
}
