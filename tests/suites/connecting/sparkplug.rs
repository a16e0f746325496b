//! Sparkplug messages that were refused, read again beside a node that has been born anew since.

use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::Server;
use serde_json::{Value, json};

use super::connect;

const PLANT: &str = "plant";

fn feed() -> Value {
    let name = json!({ "zh": "厂", "en": "Plant" });
    json!({ "feed": {
        "id": PLANT, "name": name, "department": "west", "domain": "water",
        "asset_class": "manhole", "topic": "spBv1.0/plant/#", "format": "sparkplug-b",
    } })
}

/// A payload of one metric, a double, by its alias and perhaps its name: protobuf by hand.
///
/// # Source
/// Sparkplug 3.0.0, `sparkplug_b.proto`: payload `timestamp` 1, `metrics` 2, `seq` 3; metric `name` 1,
/// `alias` 2, `datatype` 4, `double_value` 13.
fn payload(seq: u8, at_ms: i64, name: Option<&str>, alias: u8, value: f64) -> Vec<u8> {
    fn varint(mut n: u64, out: &mut Vec<u8>) {
        while n >= 0x80 {
            out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
            n >>= 7;
        }
        out.push(u8::try_from(n).unwrap());
    }
    let mut metric = Vec::new();
    if let Some(name) = name {
        metric.extend([0x0a, u8::try_from(name.len()).unwrap()]);
        metric.extend(name.bytes());
    }
    metric.extend([0x10, alias]);
    if name.is_some() {
        metric.extend([0x20, 10]);
    }
    metric.push(0x69);
    metric.extend(value.to_le_bytes());
    let mut payload = vec![0x08];
    varint(at_ms.unsigned_abs(), &mut payload);
    payload.extend([0x12, u8::try_from(metric.len()).unwrap()]);
    payload.extend(metric);
    payload.extend([0x18, seq]);
    payload
}

fn publish(server: &Server, kind: &str, payload: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("payload");
    std::fs::write(&file, payload).unwrap();
    let topic = format!("spBv1.0/plant/{kind}/n1");
    mosquitto::publish_file(server.mqtt, Version::V5, &topic, &file);
}

#[track_caller]
fn value(api: &Http, property: &str, value: f64) {
    api.asset(PLANT, "plant:n1", |asset| {
        asset["values"][property]["v"] == value
    });
}

#[track_caller]
fn rerun(api: &Http) -> Value {
    let all = json!({ "reason": "unknown_feed" }).to_string();
    api.post("/api/v1/quarantine/rerun", &all).json()
}

#[test]
fn what_a_node_said_before_its_feed_was_there_is_read_by_the_births_of_then() {
    let server = Server::tiny();
    let api = server.api();
    let at = |ago_s: i64| clock::ago(ago_s).0;
    // The alias 7 was the level, when nobody listened; and one message came before any birth.
    publish(&server, "NDATA", &payload(9, at(60), None, 7, 9.5));
    let level = Some("water_level");
    publish(&server, "NBIRTH", &payload(0, at(50), level, 7, 1.0));
    publish(&server, "NDATA", &payload(1, at(40), None, 7, 1.5));
    assert_eq!(api.list("/api/v1/quarantine").len(), 3);
    connect(&api, &feed());

    // Now the node is born again, and 7 is another metric.
    publish(
        &server,
        "NBIRTH",
        &payload(0, at(5), Some("ponding_depth"), 7, 20.0),
    );
    value(&api, "ponding_depth", 20.0);

    let answer = rerun(&api);
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&json!(2), &json!(1)),
        "{answer}"
    );
    let detail = answer["rejected"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("without its birth it cannot be read"),
        "{detail}"
    );
    value(&api, "water_level", 1.5);

    // The live session goes on by its own birth and numbering: nothing of it is refused.
    publish(&server, "NDATA", &payload(1, at(0), None, 7, 25.0));
    value(&api, "ponding_depth", 25.0);
    value(&api, "water_level", 1.5);
    let refused = api.list(&format!("/api/v1/quarantine?feed={PLANT}"));
    assert_eq!(refused, Vec::<Value>::new());
    let unknown = api.list("/api/v1/quarantine");
    assert_eq!(unknown.len(), 1, "the one without a birth stays");
}
