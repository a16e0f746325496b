//! Wills outlive the server: who does not come back after it ended is told of, who does is not.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use egret_tests::clock;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::Version;
use egret_tests::paho::{Lasting, Session, Subscriber, Will};
use egret_tests::server::{Server, Setup};
use serde_json::json;
use tempfile::TempDir;

/// How long clients are given in these tests: a slow machine takes seconds to start one.
const GRACE: &str = "[mqtt_limits]\nwill_grace = \"12s\"\n";

/// A server that gives [`GRACE`], at ports that stay.
fn server() -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("egret.toml");
    std::fs::write(&path, GRACE).unwrap();
    let flags = ["--config", path.to_str().unwrap()];
    (
        folder,
        Setup::tiny()
            .with_flags(&flags)
            .with_lasting_ports()
            .start(),
    )
}

/// What a gateway has said in its name once it is lost: a reading, for only those are taken in.
fn last_words(name: &str) -> String {
    let level = message::level(clock::now(), 9.0);
    merged(&level, &json!({ "id": name })).to_string()
}

fn will<'a>(version: Version, name: &'a str, payload: &'a str) -> Will<'a> {
    Will {
        version,
        name,
        expiry_s: 0,
        delay_s: 0,
        topic: "egret/v1/manhole/M-1",
        payload,
    }
}

/// Whoever wants to know, also of what is said while they are away.
fn watch(server: &Server, filters: &[&str]) -> Subscriber {
    let watcher = Lasting {
        version: Version::V5,
        name: "watcher",
        is_clean: false,
        expiry_s: 3_600,
        qos: 1,
        filters,
        is_mute: false,
    };
    watcher.connect(server.mqtt)
}

/// The ids of the messages that come, once there are so many.
fn ids(subscriber: &Subscriber, n: usize) -> Vec<String> {
    let heard = subscriber.heard(n);
    let id = |payload: &str| {
        let message: serde_json::Value = serde_json::from_str(payload).unwrap();
        message["id"].as_str().unwrap().to_owned()
    };
    heard.iter().map(|heard| id(&heard.payload)).collect()
}

/// Tells of who is lost, over an end of the server as `ends` has it.
fn tells_of_who_is_lost(version: Version, ends: impl Fn(Server) -> Setup) {
    let (_folder, server) = server();
    let watcher = watch(&server, &["egret/v1/manhole/+"]);
    let names = ["lost", "lasting", "back", "left"].map(|name| format!("{name}-{version:?}"));
    let words = names.clone().map(|name| last_words(&name));
    let wills: Vec<Will<'_>> = names
        .iter()
        .zip(&words)
        .map(|(name, words)| will(version, name, words))
        .collect();
    // Before the others, whose wills are kept after this one is forgotten.
    wills[3].connect(server.mqtt).leave();
    let lost = wills[0].connect(server.mqtt);
    let lasting = Will {
        expiry_s: 3_600,
        delay_s: 1,
        ..wills[1]
    };
    let lasting = lasting.connect(server.mqtt);
    let back = wills[2].connect(server.mqtt);
    let server = ends(server).start();
    drop((lost, lasting, back, watcher));
    // First, for the time that it is given runs.
    let back = wills[2].connect(server.mqtt);
    let watcher = watch(&server, &[]);
    assert!(watcher.is_present);
    let mut told = ids(&watcher, 2);
    told.sort();
    let mut expected = names[..2].to_vec();
    expected.sort();
    assert_eq!(told, expected, "{version:?}");
    // The time of both has passed by now, and nobody hears of the third, until it is lost.
    let mut gateway = Session::connect(server.mqtt, version);
    gateway.publish("egret/v1/manhole/M-2", &last_words("marker"));
    assert_eq!(ids(&watcher, 3)[2], "marker");
    drop(back);
    assert_eq!(ids(&watcher, 4)[3], names[2]);
    // Of nobody twice, though one more is lost with the server.
    let words = last_words("once-more");
    let once_more = will(version, "once-more", &words).connect(server.mqtt);
    let server = server.kill().start();
    drop((once_more, watcher));
    let watcher = watch(&server, &[]);
    assert_eq!(ids(&watcher, 1), ["once-more"]);
    let mut gateway = Session::connect(server.mqtt, version);
    gateway.publish("egret/v1/manhole/M-2", &last_words("end"));
    assert_eq!(ids(&watcher, 2), ["once-more", "end"]);
}

#[test]
fn who_was_lost_with_a_killed_server_is_told_of() {
    for version in Version::BOTH {
        tells_of_who_is_lost(version, Server::kill);
    }
}

#[test]
fn who_does_not_come_back_after_an_orderly_stop_is_told_of() {
    for version in Version::BOTH {
        tells_of_who_is_lost(version, Server::stop);
    }
}
