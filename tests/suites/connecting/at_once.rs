//! Two who settle the same refused messages at once: one of them is told to come again.

use std::sync::mpsc::sync_channel;

use egret_tests::clock;
use egret_tests::desk::is_refusal;
use egret_tests::message;
use egret_tests::mosquitto::Version;
use egret_tests::paho;
use egret_tests::server::Server;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{NOISE, TOPIC, connect};

const RERUN: &str = "/api/v1/quarantine/rerun";
const DISCARD: &str = "/api/v1/quarantine/discard";

/// Messages that are refused.
const N: usize = 3;

#[test]
fn messages_that_two_read_again_at_once_count_once() {
    let server = Server::tiny();
    let api = server.api();
    let mut vendor = paho::Session::connect(server.mqtt, Version::V5);
    // With neither an id nor a time nothing tells that a message is one that was counted.
    let mut sent = message::noise(clock::now(), 71.5);
    sent.as_object_mut().unwrap().remove("t");
    for _ in 0..N {
        assert_eq!(vendor.publish(TOPIC, &sent.to_string()), 0x90);
    }
    connect(&api, &message::noise_feed(NOISE));

    // Whoever comes first waits until the trail can be written.
    let people = Connection::open(server.data().join("people.db")).unwrap();
    people.execute_batch("BEGIN IMMEDIATE").unwrap();
    let all = json!({ "topic": TOPIC }).to_string();
    let let_go = json!({ "topic": TOPIC, "why": "a test" }).to_string();
    let (answered, answers) = sync_channel(2);
    let (second, third, first) = std::thread::scope(|scope| {
        for _ in 0..2 {
            let (answered, api, all) = (answered.clone(), server.api(), &all);
            scope.spawn(move || answered.send(api.post(RERUN, all)).unwrap());
        }
        let second = answers.recv().unwrap();
        let third = api.post(DISCARD, &let_go);
        people.execute_batch("COMMIT").unwrap();
        (second, third, answers.recv().unwrap())
    });
    for (answer, what) in [(&second, RERUN), (&third, DISCARD)] {
        is_refusal(answer, 409, "busy", what);
        assert_eq!(answer.header("retry-after"), Some("5"), "{answer:?}");
    }
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(first.json()["accepted"], N, "{first:?}");

    // Once the first has done, they are there no more, and nobody holds anybody up.
    assert_eq!(api.post(RERUN, &all).status, 404);
    assert_eq!(api.list("/api/v1/quarantine"), Vec::<Value>::new());
    let newer = message::noise(clock::now(), 64.0).to_string();
    assert_eq!(vendor.publish(TOPIC, &newer), 0);
    api.feed(NOISE, |health| health["accepted"] == N + 1);
}
