//! A message that comes twice counts once.

use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::paho;
use egret_tests::server::{Server, Setup};
use serde_json::json;

const TOPIC: &str = "egret/v1/manhole/M-1";

/// The tiny city with a count of manhole readings.
fn counting() -> Setup {
    Setup::with_city(CityCopy::counting())
}

/// Waits until the feed has accepted and recognised so many, and the count agrees.
fn counts(server: &Server, accepted: u64, duplicate: u64) {
    let api = server.api();
    api.feed("manhole", |health| {
        health["accepted"] == accepted && health["duplicate"] == duplicate
    });
    api.metric("test.readings", "900000", |point| {
        point["v"].as_f64() == Some(accepted as f64)
    });
}

#[test]
fn the_same_id_twice_counts_once() {
    let server = counting().start();
    let reading = merged(&message::level(clock::now(), 1.0), &json!({ "id": "7" })).to_string();
    for _ in 0..2 {
        let published = mosquitto::publish(server.mqtt, Version::V3, TOPIC, &reading);
        assert!(published.success, "{}", published.said);
    }
    counts(&server, 1, 1);
}

#[test]
fn without_an_id_the_same_asset_property_and_time_count_once() {
    let server = counting().start();
    let at = clock::now();
    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    for (metres, at) in [(1.0, at), (1.0, at), (2.0, at), (1.0, clock::ago(5))] {
        assert_eq!(
            client.publish(TOPIC, &message::level(at, metres).to_string()),
            0
        );
    }
    counts(&server, 2, 2);
}

#[test]
fn the_same_id_of_two_assets_counts_twice() {
    let server = counting().start();
    let mut client = paho::Session::connect(server.mqtt, Version::V5);
    let reading = merged(&message::level(clock::now(), 1.0), &json!({ "id": "7" })).to_string();
    for asset in ["M-1", "M-2"] {
        assert_eq!(
            client.publish(&format!("egret/v1/manhole/{asset}"), &reading),
            0
        );
    }
    counts(&server, 2, 0);
}

#[test]
fn what_came_by_mqtt_and_comes_again_by_http_counts_once() {
    let server = counting().start();
    let reading = merged(&message::level(clock::now(), 1.0), &json!({ "id": "7" }));
    let published = mosquitto::publish(server.mqtt, Version::V5, TOPIC, &reading.to_string());
    assert!(published.success, "{}", published.said);
    server.api().send(&message::of("manhole", "M-1", &reading));
    counts(&server, 1, 1);
}

#[test]
fn a_message_sent_again_after_a_power_cut_counts_once() {
    let server = counting().start();
    let reading = merged(&message::level(clock::now(), 1.0), &json!({ "id": "7" }));
    let event = message::of("manhole", "M-1", &reading);
    server.api().send(&event);
    let server = server.kill().start();
    server.api().send(&event);
    counts(&server, 1, 1);
    // And from a checkpoint, which a graceful stop leaves.
    let server = server.stop().start();
    server.api().send(&event);
    counts(&server, 1, 2);
}
