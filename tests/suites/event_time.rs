//! Event time: what is late revises, what is ahead poisons nothing, and both can be seen.

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use egret_shared::time::{Span, TimeMs};
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, WEST_1, merged};
use egret_tests::server::Server;
use egret_tests::wait;
use serde_json::{Value, json};

const MAX: &str = "water.manhole_level_max";

fn send(api: &Http, asset: &str, at: TimeMs, metres: f64) {
    api.send(&message::of("manhole", asset, &message::level(at, metres)));
}

fn has_flag(flags: &Value, flag: &str) -> bool {
    flags
        .as_array()
        .is_some_and(|flags| flags.iter().any(|one| one == flag))
}

/// The metric's closed windows that hold `at`, once `fits` holds for one of them.
fn closed(api: &Http, at: TimeMs, fits: impl Fn(&Value) -> bool) -> Value {
    let path = format!(
        "/api/v1/metrics/{MAX}?area=900001&from={}&step=1m",
        at.minus(Span(1))
    );
    wait::until("a closed window as expected", || {
        let series = api.get(&path).json();
        let points = series["points"].as_array().cloned().unwrap_or_default();
        points
            .into_iter()
            .find(|point| fits(point))
            .ok_or_else(|| series.to_string())
    })
}

#[test]
fn a_late_reading_revises_the_closed_windows_that_it_belongs_to_and_says_so() {
    let server = Server::tiny();
    let api = server.api();
    // Two minutes ago: whole minutes have closed since, and the window of five still holds it.
    let at = clock::ago(120);
    wait::until("time has passed in the journal", || {
        let state = server.state();
        wait::check(state.seq >= 2, state)
    });
    send(&api, "M-1", at, 1.6);
    let point = closed(&api, at, |point| point["v"] == 1.6);
    assert!(has_flag(&point["flags"], "revised"), "{point}");
    assert_eq!(point["level"], "yellow");
    let bound = |name: &str| TimeMs::from_rfc3339(point[name].as_str().unwrap()).unwrap();
    assert!(
        (bound("start")..bound("end")).contains(&at),
        "{point} does not hold {at}"
    );

    send(&api, "M-2", at, 2.6);
    let again = closed(&api, at, |point| point["v"] == 2.6);
    assert_eq!(
        (&again["level"], &again["sources"]),
        (&json!("red"), &json!(2)),
        "{again}"
    );
}

#[test]
fn beyond_the_feeds_lateness_a_reading_is_kept_with_its_asset_and_in_no_window() {
    let server = Server::tiny();
    let api = server.api();
    send(&api, "M-1", clock::ago(3_600), 2.9);
    let asset = api.asset("manhole", "M-1", |_| true);
    assert!(
        has_flag(&asset["values"]["water_level"]["flags"], "late"),
        "{asset}"
    );
    api.feed("manhole", |health| health["late"] == 1);
    send(&api, "M-2", clock::now(), 0.5);
    let point = api.metric(MAX, "900000", |point| !point["v"].is_null());
    assert_eq!(point["v"], 0.5);
}

#[test]
fn latest_is_the_latest_by_event_time() {
    let server = Server::tiny();
    let api = server.api();
    send(&api, "M-1", clock::ago(10), 1.1);
    send(&api, "M-1", clock::ago(60), 1.9);
    api.feed("manhole", |health| health["accepted"] == 2);
    let asset = api.asset("manhole", "M-1", |_| true);
    assert_eq!(asset["values"]["water_level"]["v"], 1.1);
}

#[test]
fn a_stamp_from_the_future_is_flagged_and_does_not_hide_what_comes_after() {
    let server = Server::tiny();
    let api = server.api();
    send(&api, "M-1", clock::ago(-6 * 3_600), 1.9);
    let asset = api.asset("manhole", "M-1", |_| true);
    let value = &asset["values"]["water_level"];
    assert!(has_flag(&value["flags"], "future"), "{asset}");
    let shown = TimeMs::from_rfc3339(value["at"].as_str().unwrap()).unwrap();
    assert!(shown <= clock::now(), "the clamped time {shown} lies ahead");
    let before = clock::now();
    wait::until("the clock has moved on", || {
        wait::check(clock::now() > before, before)
    });
    send(&api, "M-1", clock::now(), 1.2);
    api.asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.2
    });
}

#[test]
fn a_reading_without_a_time_takes_its_arrival_and_says_so() {
    let server = Server::tiny();
    let api = server.api();
    let before = clock::now();
    let timeless = json!({ "position": WEST_1, "values": { "water_level": 1.3 } });
    api.send(&message::of("manhole", "M-1", &timeless));
    let asset = api.asset("manhole", "M-1", |_| true);
    let value = &asset["values"]["water_level"];
    assert!(has_flag(&value["flags"], "no_time"), "{asset}");
    let at = TimeMs::from_rfc3339(value["at"].as_str().unwrap()).unwrap();
    assert!((before..=clock::now()).contains(&at), "{at}");
}

#[test]
fn a_figure_says_how_many_of_its_sources_stand_behind_it() {
    let server = Server::tiny();
    let api = server.api();
    // One asset spoke eight minutes ago, outside the window of five.
    send(&api, "M-1", clock::ago(480), 1.0);
    send(&api, "M-2", clock::now(), 1.5);
    let point = api.metric(MAX, "900000", |point| point["expected"] == 2);
    assert_eq!(
        (&point["v"], &point["sources"]),
        (&json!(1.5), &json!(1)),
        "{point}"
    );
    assert!(has_flag(&point["flags"], "partial"), "{point}");
}

#[test]
fn a_jump_and_a_place_outside_the_city_are_flagged() {
    let server = Server::tiny();
    let api = server.api();
    send(&api, "M-1", clock::ago(10), 1.0);
    send(&api, "M-1", clock::now(), 6.0);
    let asset = api.asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 6.0
    });
    assert!(
        has_flag(&asset["values"]["water_level"]["flags"], "jump"),
        "{asset}"
    );

    let elsewhere = merged(
        &message::level(clock::now(), 3.0),
        &json!({ "position": [120, 30] }),
    );
    api.send(&message::of("manhole", "M-9", &elsewhere));
    let asset = api.asset("manhole", "M-9", |_| true);
    assert_eq!(asset["areas"], json!([]));
    assert!(
        has_flag(&asset["values"]["water_level"]["flags"], "outside"),
        "{asset}"
    );
}
