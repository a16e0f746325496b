//! Refused messages: the sender is told, the session stays, and nothing vanishes.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, WEST_1, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::paho;
use egret_tests::server::Server;
use egret_tests::wait;
use serde_json::{Value, json};

/// A message that is refused, and how.
struct Case {
    topic: &'static str,
    payload: String,
    stage: &'static str,
    reason: &'static str,
    /// MQTT 5 reason code.
    code: u64,
    /// What the sentence for people must name.
    names: &'static str,
}

/// MQTT 5: the topic's name is invalid, quota exceeded, the payload's format is invalid.
const TOPIC: u64 = 0x90;
const QUOTA: u64 = 0x97;
const PAYLOAD: u64 = 0x99;

const MANHOLE: &str = "egret/v1/manhole/M-1";

fn case(payload: &Value, stage: &'static str, reason: &'static str, names: &'static str) -> Case {
    Case {
        topic: MANHOLE,
        payload: payload.to_string(),
        stage,
        reason,
        code: PAYLOAD,
        names,
    }
}

fn cases() -> Vec<Case> {
    let good = message::level(clock::now(), 1.0);
    let with = |more: Value| merged(&good, &more);
    let value = |value: Value| with(json!({ "values": value }));
    let foot = value(json!({ "water_level": { "v": 1.0, "u": "kg" } }));
    let unknown = value(json!({ "water_colour": { "v": 1.0, "u": "m" } }));
    let high = value(json!({ "water_level": { "v": 99.0, "u": "m" } }));
    let mut cases = vec![
        case(&foot, "validate", "bad_unit", "kg"),
        case(&unknown, "validate", "unknown_property", "water_colour"),
        case(&high, "validate", "out_of_range", "99"),
        case(
            &with(json!({ "at": TimeMs(1) })),
            "validate",
            "absurd_time",
            "1970",
        ),
        case(
            &with(json!({ "at": "yesterday" })),
            "decode",
            "bad_time",
            "yesterday",
        ),
        case(
            &with(json!({ "position": [0, 0] })),
            "validate",
            "bad_position",
            "0",
        ),
        case(
            &json!({ "at": clock::now() }),
            "decode",
            "bad_shape",
            "/values",
        ),
        case(&value(json!({})), "decode", "no_value", "/values"),
    ];
    cases.push(Case {
        payload: "{\"at\":".to_owned(),
        ..case(&good, "decode", "bad_json", "1")
    });
    cases.push(Case {
        topic: "nobody/listens/here",
        code: TOPIC,
        ..case(&good, "source", "unknown_feed", "nobody/listens/here")
    });
    cases
}

/// The newest refused message, once there are `n` of them.
fn newest(api: &Http, n: usize) -> Value {
    wait::until(&format!("{n} messages in quarantine"), || {
        let mut rows = api.list("/api/v1/quarantine");
        wait::check(rows.len() == n, &rows)?;
        Ok(rows.swap_remove(0))
    })
}

fn refuses_every_case(version: Version) {
    let server = Server::tiny();
    let api = server.api();
    let mut client = paho::Session::connect(server.mqtt, version);
    for (index, case) in cases().iter().enumerate() {
        let code = client.publish(case.topic, &case.payload);
        let expected = if version == Version::V5 { case.code } else { 0 };
        assert_eq!(code, expected, "{}", case.payload);
        let row = newest(&api, index + 1);
        assert_eq!(row["reason"], case.reason, "{row}");
        assert_eq!(row["stage"], case.stage, "{row}");
        assert_eq!(row["topic"], case.topic);
        assert_eq!(row["raw"], *case.payload);
        assert_eq!(row["payload_bytes"], case.payload.len());
        let detail = row["detail"].as_str().unwrap();
        assert!(
            detail.contains(case.names),
            "{detail:?} names no {:?}",
            case.names
        );

        let good = message::level(clock::now(), 1.0).to_string();
        assert_eq!(
            client.publish(MANHOLE, &good),
            0,
            "the session goes on after {}",
            case.reason
        );
    }
    assert_eq!(client.n_lost(), 0, "the session stays");
    let n_cases = cases().len();
    let health = api.feed("manhole", |health| health["accepted"] == n_cases);
    let rejected = health["rejected"].as_object().unwrap();
    let n_rejected: u64 = rejected.values().filter_map(Value::as_u64).sum();
    assert_eq!(
        n_rejected + 1,
        n_cases as u64,
        "all but the one without a feed: {health}"
    );
}

#[test]
fn a_sender_of_mqtt_5_gets_the_reason_code_and_keeps_its_session() {
    refuses_every_case(Version::V5);
}

#[test]
fn a_sender_of_mqtt_3_gets_its_acknowledgement_and_the_message_is_in_quarantine() {
    refuses_every_case(Version::V3);
}

#[test]
fn mosquitto_pub_says_why_and_its_next_line_is_accepted() {
    let server = Server::tiny();
    let good = message::level(clock::now(), 1.25).to_string();
    let lines = ["no JSON at all", &good];
    let published = mosquitto::publish_lines(server.mqtt, Version::V5, MANHOLE, &lines);
    assert!(
        published.said.contains("Payload format invalid"),
        "{}",
        published.said
    );
    server.api().asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.25
    });
}

#[test]
fn a_payload_of_ten_megabytes_is_refused_with_its_head_kept_and_without_costing_memory() {
    const BYTES: usize = 10 * 1024 * 1024;
    const HEAD_BYTES: usize = 64 * 1024;
    let server = Server::tiny();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.json");
    std::fs::write(&file, "x".repeat(BYTES)).unwrap();
    let before = server.memory_bytes().unwrap();
    for (index, version) in Version::BOTH.into_iter().enumerate() {
        let published = mosquitto::publish_file(server.mqtt, version, MANHOLE, &file);
        let says_why = published.said.contains("Quota exceeded");
        assert_eq!(says_why, version == Version::V5, "{}", published.said);
        let row = newest(&server.api(), index + 1);
        assert_eq!(
            (&row["stage"], &row["reason"]),
            (&json!("source"), &json!("too_large"))
        );
        assert_eq!(row["payload_bytes"], BYTES);
        assert_eq!(row["raw"].as_str().unwrap().len(), HEAD_BYTES);
    }
    let grown = server.memory_bytes().unwrap().saturating_sub(before);
    assert!(grown < BYTES as u64, "the server grew by {grown} bytes");

    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    assert_eq!(client.publish(MANHOLE, &"x".repeat(BYTES)), QUOTA);
    let good = message::level(clock::now(), 0.75).to_string();
    assert_eq!(client.publish(MANHOLE, &good), 0);
    assert_eq!(client.n_lost(), 0, "the session stays");
}

#[test]
fn one_bad_reading_in_an_array_leaves_the_others_in() {
    let server = Server::tiny();
    let reading = |asset: &str, unit: &str| {
        json!({ "asset": asset, "at": clock::now(), "position": WEST_1,
                "values": { "water_level": { "v": 1.0, "u": unit } } })
    };
    let array = json!([reading("A", "m"), reading("B", "kg"), reading("C", "m")]);
    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    assert_eq!(client.publish(MANHOLE, &array.to_string()), PAYLOAD);
    let api = server.api();
    api.asset("manhole", "A", |_| true);
    api.asset("manhole", "C", |_| true);
    assert_eq!(api.get("/api/v1/assets/manhole/B").status, 404);
    let row = newest(&api, 1);
    assert_eq!(row["reason"], "bad_unit");
    assert_eq!(row["raw"], array.to_string());
}

#[test]
fn a_feeds_quality_names_who_sends_what_is_refused() {
    let server = Server::tiny();
    let api = server.api();
    let mut good = paho::Session::connect(server.mqtt, Version::V5);
    let level = message::level(clock::now(), 1.0).to_string();
    assert_eq!(good.publish(MANHOLE, &level), 0);
    let mut bad = paho::Session::connect(server.mqtt, Version::V5);
    let deep = message::level(clock::now(), 99.0).to_string();
    for _ in 0..3 {
        assert_eq!(bad.publish("egret/v1/manhole/M-2", &deep), 0x99);
    }
    assert_eq!(bad.publish("egret/v1/manhole/M-3", "{"), 0x99);
    bad.publish("nobody/listens", "1");

    let path = "/api/v1/feeds/manhole/quality";
    let told = api.get(path).json();
    assert_eq!(
        (&told["feed"], &told["refused"]),
        (&json!("manhole"), &json!(4))
    );
    let topics = told["topics"].as_array().unwrap();
    let names: Vec<_> = topics
        .iter()
        .map(|row| (&row["name"], &row["refused"]))
        .collect();
    let expected = [("egret/v1/manhole/M-2", 3), ("egret/v1/manhole/M-3", 1)];
    let expected = expected.map(|(name, n)| (json!(name), json!(n)));
    assert_eq!(
        names,
        expected.each_ref().map(|(name, n)| (name, n)),
        "{told}"
    );
    assert_eq!(topics[0]["reasons"], json!({ "validate/out_of_range": 3 }));
    let senders = told["senders"].as_array().unwrap();
    assert_eq!(senders.len(), 1, "{told}");
    let both = json!({ "validate/out_of_range": 3, "decode/bad_json": 1 });
    assert_eq!(
        (&senders[0]["refused"], &senders[0]["reasons"]),
        (&json!(4), &both)
    );
    let sender = senders[0]["name"].as_str().unwrap();
    let rows = api.list("/api/v1/quarantine?feed=manhole");
    assert!(
        rows.iter().all(|row| row["sender"] == sender),
        "{sender} of {rows:?}"
    );

    api.get("/api/v1/feeds/no-such/quality")
        .is_problem(404, "no-such");
    api.get(&format!("{path}?for=2d")).is_problem(400, "2d");
    // Of what has left quarantine nobody is accused any more.
    let discard = json!({ "topic": "egret/v1/manhole/M-2", "why": "a test" }).to_string();
    assert_eq!(api.post("/api/v1/quarantine/discard", &discard).status, 200);
    assert_eq!(api.get(&format!("{path}?for=1d")).json()["refused"], 1);
}

#[test]
fn quarantine_outlives_a_power_cut_and_can_be_filtered() {
    let server = Server::tiny();
    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    assert_eq!(client.publish(MANHOLE, "1"), PAYLOAD);
    assert_eq!(client.publish("nobody/listens", "{}"), TOPIC);
    let server = server.kill().start();
    let api = server.api();
    assert_eq!(api.list("/api/v1/quarantine").len(), 2);
    let of_feed = api.list("/api/v1/quarantine?feed=manhole");
    assert_eq!(of_feed.len(), 1);
    assert_eq!(of_feed[0]["raw"], "1");
    assert_eq!(api.list("/api/v1/quarantine?reason=unknown_feed").len(), 1);
    api.feed("manhole", |health| {
        health["rejected"]
            .as_object()
            .is_some_and(|rejected| rejected.len() == 1)
    });
}
