//! `POST /api/v1/events`: the same messages by HTTP, answered once they are durable.

use egret_tests::clock;
use egret_tests::message;
use egret_tests::server::Server;
use serde_json::{Value, json};

const EVENTS: &str = "/api/v1/events";

fn manhole(asset: &str, metres: f64) -> Value {
    message::of("manhole", asset, &message::level(clock::now(), metres))
}

#[test]
fn a_single_event_and_an_array_are_taken_in() {
    let server = Server::tiny();
    let api = server.api();
    let one = api.post(EVENTS, &manhole("M-1", 1.0).to_string());
    assert_eq!(
        (one.status, &one.json()["accepted"]),
        (200, &json!(1)),
        "{}",
        one.body
    );
    let two = api.post(
        EVENTS,
        &json!([manhole("M-2", 1.5), manhole("M-3", 2.0)]).to_string(),
    );
    assert_eq!(
        (two.status, &two.json()["accepted"]),
        (200, &json!(2)),
        "{}",
        two.body
    );
    assert!(two.json()["seq"].as_u64() > one.json()["seq"].as_u64());
    api.metric("water.manhole_level_max", "900000", |point| {
        point["v"] == 2.0
    });
}

#[test]
fn what_is_answered_with_success_survives_a_power_cut_at_once() {
    let server = Server::tiny();
    server.api().send(&manhole("M-1", 1.75));
    let server = server.kill().start();
    server.api().asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.75
    });
}

#[test]
fn of_a_mixed_array_the_good_are_in_and_the_bad_are_named_by_their_place() {
    let server = Server::tiny();
    let api = server.api();
    let nowhere = message::of("no-such-feed", "X", &message::level(clock::now(), 1.0));
    let without_feed = message::level(clock::now(), 1.0);
    let body = json!([
        manhole("M-1", 1.0),
        manhole("M-2", 99.0),
        nowhere,
        without_feed
    ]);
    let answer = api.post(EVENTS, &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let taken = answer.json();
    assert_eq!(taken["accepted"], 1);
    let rejected: Vec<_> = taken["rejected"].as_array().unwrap().iter().collect();
    let told = |place: usize| {
        (
            rejected[place]["index"].clone(),
            rejected[place]["reason"].clone(),
        )
    };
    assert_eq!(told(0), (json!(1), json!("out_of_range")));
    assert_eq!(told(1), (json!(2), json!("unknown_feed")));
    assert_eq!(told(2), (json!(3), json!("bad_shape")));
    api.asset("manhole", "M-1", |_| true);
    assert_eq!(api.list("/api/v1/quarantine").len(), 3);
}

#[test]
fn if_nothing_can_be_used_the_answer_is_422_with_the_reasons() {
    let server = Server::tiny();
    let api = server.api();
    let answer = api.post(EVENTS, &json!([manhole("M-1", 99.0)]).to_string());
    answer.is_problem(422, "quarantine");
    assert_eq!(answer.json()["rejected"][0]["reason"], "out_of_range");
    let broken = api.post(EVENTS, "{\"feed\":");
    broken.is_problem(422, "quarantine");
    assert_eq!(broken.json()["rejected"][0]["reason"], "bad_json");
    api.post(EVENTS, "[]").is_problem(400, "no element");
}

#[test]
fn a_vendors_json_comes_by_http_with_its_feed_and_topic() {
    let server = Server::tiny();
    let api = server.api();
    let body = message::ponding("m1", clock::now(), 120.0).to_string();
    let answer = api.post(
        &format!("{EVENTS}?feed=road&topic=vendor-x/P-3/telemetry"),
        &body,
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    api.asset("road", "P-3", |asset| {
        asset["values"]["ponding_depth"]["v"] == 12.0
    });
    api.post(&format!("{EVENTS}?feed=nothing"), &body)
        .is_problem(404, "nothing");
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_the_server_goes_on() {
    let server = Server::tiny();
    let api = server.api();
    let body = format!("[{}]", " ".repeat(2 * 1024 * 1024));
    let answer = api.offer(EVENTS, &body);
    answer.is_problem(413, "bytes");
    api.send(&manhole("M-1", 1.0));
}
