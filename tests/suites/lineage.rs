//! From a number to its formula, its inputs, the observations behind it and their raw payloads.

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;

use egret_shared::time::{Span, TimeMs};
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, EAST, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::{Value, json};

const MAX: &str = "water.manhole_level_max";

fn rows(answer: &Value) -> Vec<Value> {
    let items = answer["observations"]["items"].as_array();
    items.cloned().unwrap_or_default()
}

/// The lineage at `path`, once it has so many observations.
fn lineage(api: &Http, path: &str, n_rows: usize) -> Value {
    wait::until(&format!("{n_rows} observations at {path}"), || {
        let answer = api.get(path);
        let json = answer.json();
        if answer.status == 200 && rows(&json).len() == n_rows {
            Ok(json)
        } else {
            Err(answer.body)
        }
    })
}

fn of(metric: &str, area: &str) -> String {
    format!("/api/v1/metrics/{metric}/lineage?area={area}")
}

/// Why each asset's observation does not count; null of those that do.
fn whys(answer: &Value) -> Vec<(String, Value)> {
    let why = |row: &Value| {
        assert_eq!(row["counted"], row["why"].is_null(), "{row}");
        let asset = row["asset"].as_str().unwrap_or_default().to_owned();
        (asset, row["why"].clone())
    };
    rows(answer).iter().map(why).collect()
}

fn send(api: &Http, asset: &str, at: TimeMs, metres: f64) {
    api.send(&message::of("manhole", asset, &message::level(at, metres)));
}

/// A ponding gauge's reading in Egret's own JSON, in the western district.
fn gauge(asset: &str, depth_cm: f64, at: TimeMs) -> Value {
    let reading = json!({
        "at": at,
        "position": message::WEST_1,
        "values": { "ponding_depth": { "v": depth_cm, "u": "cm" } },
    });
    message::of("road", asset, &reading)
}

#[test]
fn from_a_number_to_the_bytes_of_its_message_in_three_requests() {
    let server = Server::tiny();
    let api = server.api();
    // Spelt as no serializer would, so that nothing but the bytes themselves can match.
    let payload = format!(
        r#"{{ "at":"{}",  "position":[118.05,24.45], "values":{{"water_level":{{"v":1.50,"u":"m"}}}} }}"#,
        clock::now()
    );
    let topic = "egret/v1/manhole/M-1";
    let published = mosquitto::publish(server.mqtt, Version::V5, topic, &payload);
    assert!(published.success, "{}", published.said);
    // The formula has a number once each of its inputs has one.
    api.send(&gauge("dry", 0.0, clock::now()));
    let number = api.metric("water.stress", "900001", |point| point["v"] == 30.0);

    let first = api.get(&of("water.stress", "900001")).json();
    assert_eq!(
        (&first["kind"], &first["point"]["v"], &first["unit"]),
        (&json!("derived"), &number["v"], &json!("1"))
    );
    assert!(
        first["formula"]["zh"]
            .as_str()
            .unwrap_or_default()
            .contains("m['")
    );
    let inputs = first["inputs"].as_array().cloned().unwrap_or_default();
    let input = inputs.iter().find(|input| input["metric"] == MAX);
    let input = input.expect("the formula reads the level");
    assert_eq!(input["point"]["v"], 1.5);

    let second = api.get(input["href"].as_str().unwrap_or_default()).json();
    assert_eq!(second["kind"], "aggregated");
    assert_eq!(second["owner"], "water");
    assert_eq!(second["definition"]["id"], MAX);
    assert!(
        second["formula"]["en"]
            .as_str()
            .unwrap_or_default()
            .contains("greatest of")
    );
    let observations = rows(&second);
    assert_eq!(observations.len(), 1, "{second}");
    let one = &observations[0];
    assert_eq!(
        (&one["asset"], &one["property"], &one["v"], &one["counted"]),
        (
            &json!("M-1"),
            &json!("water_level"),
            &json!(1.5),
            &json!(true)
        )
    );

    let third = api.get(one["raw"].as_str().unwrap_or_default()).json();
    assert_eq!(third["text"], payload);
    assert_eq!(
        (&third["topic"], &third["sealed"]),
        (&json!(topic), &json!(false))
    );
    assert_eq!(third["bytes"], payload.len());
    assert_eq!(third["entries"], json!([one["seq"]]));
}

#[test]
fn what_does_not_count_is_listed_with_its_reason() {
    let server = Server::tiny();
    let api = server.api();
    let now = clock::ago(5);
    api.send(&gauge("wet", 12.0, now));
    api.send(&gauge("wet", 12.0, now));
    api.send(&gauge("dry", 1.0, now));
    let east = merged(&gauge("east", 20.0, now), &json!({ "position": EAST }));
    api.send(&east);
    api.metric("water.ponding_gauges_wet", "900000", |point| {
        point["v"] == 2.0
    });
    let answer = lineage(&api, &of("water.ponding_gauges_wet", "900001"), 3);
    assert_eq!(
        whys(&answer),
        [
            ("wet".to_owned(), Value::Null),
            ("wet".to_owned(), json!("duplicate")),
            ("dry".to_owned(), json!("filtered")),
        ],
        "what counts for another area is left out"
    );
    assert_eq!(answer["point"]["v"], 1.0);
    let city = lineage(&api, &of("water.ponding_gauges_wet", "900000"), 4);
    assert_eq!(city["point"]["v"], 2.0);
}

#[test]
fn an_asset_that_does_not_say_where_it_is_counts_where_it_was() {
    let server = Server::tiny();
    let api = server.api();
    send(&api, "M-1", clock::ago(20), 1.0);
    let placeless = json!({ "at": clock::ago(10), "values": { "water_level": 1.4 } });
    api.send(&message::of("manhole", "M-1", &placeless));
    let west = lineage(&api, &of(MAX, "900001"), 2);
    assert!(
        rows(&west).iter().all(|row| row["counted"] == true),
        "{west}"
    );
    let east = api.get(&of(MAX, "900002")).json();
    assert_eq!(rows(&east).len(), 0);
}

#[test]
fn the_past_is_traced_with_what_came_too_late() {
    let city = CityCopy::new().with("feeds.toml", "lateness     = \"10m\"", "lateness = \"30m\"");
    let server = Setup::with_city(city).start();
    let api = server.api();
    wait::until("time passes in the journal", || {
        let state = server.state();
        wait::check(state.seq >= 2, state)
    });
    // M-1 speaks now, and so has no gap that a reading of an hour ago could fill.
    send(&api, "M-1", clock::now(), 0.5);
    send(&api, "M-1", clock::ago(3_600), 2.0);
    send(&api, "M-1", clock::ago(1_200), 1.0);
    let past = |seconds: i64| {
        let at = clock::ago(seconds).plus(Span(60_000));
        format!("{}&at={at}", of(MAX, "900001"))
    };
    let late = lineage(&api, &past(3_600), 1);
    assert_eq!(whys(&late), [("M-1".to_owned(), json!("late"))]);
    assert_eq!(late["point"], Value::Null, "nothing counts in that window");
    let flags = rows(&late)[0]["flags"].clone();
    assert!(
        flags
            .as_array()
            .is_some_and(|flags| flags.contains(&json!("late")))
    );
    let counted = lineage(&api, &past(1_200), 1);
    assert_eq!(whys(&counted), [("M-1".to_owned(), Value::Null)]);
    wait::until("the window is revised", || {
        let answer = api.get(&past(1_200)).json();
        wait::check(answer["point"]["v"] == 1.0, &answer["point"])
    });
}

#[test]
fn many_observations_come_in_pages_without_gap_or_overlap() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::ago(60);
    let readings: Vec<Value> = (0..250)
        .map(|n| {
            let reading = message::level(at.plus(Span(n)), 1.0);
            message::of("manhole", &format!("M-{}", n % 10), &reading)
        })
        .collect();
    api.send(&json!(readings));
    let mut path = format!("{}&limit=100", of(MAX, "900001"));
    let mut seqs = Vec::new();
    lineage(&api, &path, 100);
    loop {
        let answer = api.get(&path).json();
        seqs.extend(rows(&answer).iter().filter_map(|row| row["seq"].as_u64()));
        let Some(next) = answer["observations"]["next"].as_str() else {
            break;
        };
        path = format!("{}&limit=100&cursor={next}", of(MAX, "900001"));
    }
    let different: BTreeSet<u64> = seqs.iter().copied().collect();
    assert_eq!((seqs.len(), different.len()), (250, 250));
    assert!(seqs.is_sorted());
}

#[test]
fn a_duration_shows_both_of_its_steps_and_no_text_of_a_sensitive_feed() {
    let metric = r#"
[[metric]]
id        = "hotline.dispatch_time"
name      = { zh = "派单用时", en = "Time to dispatch" }
domain    = "hotline"
source    = { feed = "hotline", from = "opened", to = "dispatched" }
aggregate = "mean"
window    = { sliding = "10m", every = "10s" }
unit      = "min"
"#;
    let city = CityCopy::new().with_more("metrics.toml", metric);
    let server = Setup::with_city(city).start();
    let api = server.api();
    let (opened, dispatched) = (clock::ago(300), clock::ago(60));
    api.send(&message::request("R-1", "dispatched", dispatched));
    api.send(&message::request("R-1", "opened", opened));
    api.metric("hotline.dispatch_time", "900000", |point| point["v"] == 4.0);
    let answer = lineage(&api, &of("hotline.dispatch_time", "900000"), 2);
    let rows = rows(&answer);
    assert_eq!(
        rows[0]["why"], "no_begin",
        "the begin had not come: {answer}"
    );
    let pair = &rows[1];
    assert_eq!((&pair["v"], &pair["counted"]), (&json!(4.0), &json!(true)));
    assert_eq!(pair["report"], "R-1");
    for (name, state, at) in [
        ("begin", "opened", opened),
        ("end", "dispatched", dispatched),
    ] {
        assert_eq!(pair[name]["state"], state);
        assert_eq!(pair[name]["observed_at"], json!(at));
    }
    assert_eq!(answer["point"]["v"], 4.0);
    assert!(!answer.to_string().contains("路口积水"), "{answer}");
}

#[test]
fn what_there_is_not_is_a_problem_that_names_it() {
    let server = Server::tiny();
    let api = server.api();
    api.get("/api/v1/metrics/no.such/lineage")
        .is_problem(404, "no.such");
    api.get(&of(MAX, "1")).is_problem(404, "\"1\"");
    api.get(&format!("{}&limit=201", of(MAX, "900000")))
        .is_problem(400, "limit=201");
    api.get(&format!("{}&at=noon", of(MAX, "900000")))
        .is_problem(400, "at");
    api.get("/api/v1/raw/999999999")
        .is_problem(404, "999999999");
    api.get("/api/v1/raw/x").is_problem(400, "x");
}
