//! CloudEvents in binary mode, whose attributes stand beside what is refused: kept, shown, and read again
//! once their feed is there.

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::message::{self, WEST_1, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::Server;
use serde_json::{Value, json};

use super::{NOISE, connect};

const TOPIC: &str = "acme/meter-9/up";

/// The vendor's feed with CloudEvents around its JSON.
fn events_feed() -> Value {
    merged(
        &message::noise_feed(NOISE),
        &json!({ "feed": merged(
            &message::noise_feed(NOISE)["feed"],
            &json!({ "format": "cloudevents", "topic": "acme/+/up" }),
        ) }),
    )
}

/// The vendor's JSON without a time: that stands in the envelope.
fn data(db: f64) -> Value {
    json!({ "where": { "x": WEST_1[0], "y": WEST_1[1] }, "dB": db })
}

#[test]
fn a_cloud_event_by_mqtt_is_read_again_with_its_attributes() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::ago(45).to_string();
    let property = |name: &'static str, value: &str| {
        ["-D", "PUBLISH", "user-property", name, value].map(str::to_owned)
    };
    let mut flags = ["-D", "PUBLISH", "content-type", "application/json"]
        .map(str::to_owned)
        .to_vec();
    for (name, value) in [
        ("specversion", "1.0"),
        ("type", "city.noise"),
        ("source", "/acme"),
        ("id", "E-1"),
        ("time", at.as_str()),
    ] {
        flags.extend(property(name, value));
    }
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let payload = data(61.5).to_string();
    let publish = || mosquitto::publish_with(server.mqtt, Version::V5, (TOPIC, &payload), &flags);
    publish();

    let rows = api.list("/api/v1/quarantine");
    assert_eq!(rows[0]["content_type"], "application/json", "{}", rows[0]);
    let properties = rows[0]["properties"].as_array().unwrap();
    assert_eq!(properties.len(), 5);
    assert_eq!(properties[3], json!({ "name": "id", "value": "E-1" }));

    let mut feed = events_feed();
    feed["feed"]["map"].as_object_mut().unwrap().remove("at");
    connect(&api, &feed);
    let rerun = json!({ "topic": TOPIC }).to_string();
    let answer = api.post("/api/v1/quarantine/rerun", &rerun);
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    let asset = api.asset(NOISE, "meter-9", |asset| {
        asset["values"]["noise"]["v"] == 61.5
    });
    let heard_at: TimeMs = serde_json::from_value(asset["values"]["noise"]["at"].clone()).unwrap();
    assert_eq!(heard_at.to_string(), at);

    // The same event by its id is the same, and the message tells what came beside it.
    publish();
    api.feed(NOISE, |health| health["duplicate"] == 1);
    let lineage = api
        .get("/api/v1/metrics/noise.loudest/lineage?area=900000")
        .json();
    let raw = lineage["observations"]["items"][0]["raw"].as_str().unwrap();
    let raw = api.get(raw).json();
    assert_eq!(raw["properties"][3]["value"], "E-1", "{raw} of {lineage}");
    assert_eq!(raw["text"], data(61.5).to_string());
}

#[test]
fn a_cloud_event_by_http_is_read_again_with_its_headers() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::ago(45).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-type", "city.noise"),
        ("ce-source", "\"/acme\""),
        ("ce-id", "E-1"),
        ("ce-feed", NOISE),
        ("ce-subject", "%E5%99%AA-1"),
        ("ce-time", &at),
    ];
    let body = json!({ "position": WEST_1, "values": { "noise": 58.0 } }).to_string();
    let answer = api.ask("POST", "/api/v1/events", &headers, &body);
    answer.is_problem(422, "quarantine");
    let rejected = answer.json()["rejected"][0].clone();
    assert_eq!(rejected["reason"], "unknown_feed", "{rejected}");

    // As it came: the body, and its headers beside it.
    let row = api.list("/api/v1/quarantine").remove(0);
    assert_eq!(
        (&row["raw"], &row["way"]),
        (&json!(body), &json!("event")),
        "{row}"
    );
    let subject = json!({ "name": "ce-subject", "value": "%E5%99%AA-1" });
    assert!(
        row["properties"].as_array().unwrap().contains(&subject),
        "{row}"
    );

    let mut feed = message::noise_feed(NOISE);
    let def = feed["feed"].as_object_mut().unwrap();
    def.remove("map");
    def.insert("format".to_owned(), json!("egret-json"));
    connect(&api, &feed);
    let rerun = json!({ "ids": [row["id"]] }).to_string();
    let answer = api.post("/api/v1/quarantine/rerun", &rerun);
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    api.asset(NOISE, "%E5%99%AA-1", |asset| {
        asset["asset"] == "噪-1" && asset["values"]["noise"]["v"] == 58.0
    });
    // Sent once more, now that it is taken, it is the same event.
    assert_eq!(
        api.ask("POST", "/api/v1/events", &headers, &body).status,
        200
    );
    api.feed(NOISE, |health| health["duplicate"] == 1);
}

#[test]
fn what_was_too_long_to_be_kept_beside_a_message_is_counted_and_it_stays() {
    let server = Server::tiny();
    let api = server.api();
    let long = "x".repeat(9_000);
    let flags = ["-D", "PUBLISH", "user-property", "trace", &long];
    mosquitto::publish_with(server.mqtt, Version::V5, (TOPIC, "{}"), &flags);
    let row = api.list("/api/v1/quarantine").remove(0);
    assert_eq!(row["properties_left_out"], 1, "{row}");
    connect(&api, &message::noise_feed(NOISE));
    let rerun = json!({ "topic": TOPIC }).to_string();
    let answer = api.post("/api/v1/quarantine/rerun", &rerun).json();
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&json!(0), &json!(1))
    );
    let detail = answer["rejected"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("properties"), "{detail}");
}
