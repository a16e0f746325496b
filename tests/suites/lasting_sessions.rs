//! Sessions of subscribers outlive the server, however it ends: what was missed comes, in order, once.

use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::paho::{Heard, Lasting, Session};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::json;

const TOPIC: &str = "egret/v1/manhole/M-1";

/// A subscriber to manholes with an hour for coming back.
fn lasting(version: Version, name: &str) -> Lasting<'_> {
    Lasting {
        version,
        name,
        is_clean: false,
        expiry_s: 3_600,
        qos: 1,
        filters: &["egret/v1/manhole/+"],
        is_mute: false,
    }
}

/// The same, once it has subscribed.
fn returning(version: Version, name: &str) -> Lasting<'_> {
    Lasting {
        filters: &[],
        ..lasting(version, name)
    }
}

/// A reading of its own for each number.
fn reading(n: u32) -> String {
    let level = message::level(clock::now(), 1.0);
    merged(&level, &json!({ "id": format!("m-{n}") })).to_string()
}

fn publish(server: &Server, lines: &[String]) {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let published = mosquitto::publish_lines(server.mqtt, Version::V5, TOPIC, &lines);
    assert!(published.success, "{published:?}");
}

fn payloads(heard: &[Heard]) -> Vec<String> {
    heard.iter().map(|heard| heard.payload.clone()).collect()
}

#[test]
fn what_subscribers_missed_comes_in_order_after_the_server_was_killed() {
    let mut server = Server::tiny();
    for version in Version::BOTH {
        let subscriber = lasting(version, &format!("wall-{version:?}")).connect(server.mqtt);
        assert!(!subscriber.is_present);
        subscriber.leave();
    }
    let mut all: Vec<String> = (0..5).map(reading).collect();
    publish(&server, &all);
    // Killed twice: what waits, waits.
    for _ in 0..2 {
        server = server.kill().start();
    }
    for n in 5..8 {
        all.push(reading(n));
    }
    publish(&server, &all[5..]);
    server = server.kill().start();
    for version in Version::BOTH {
        let name = format!("wall-{version:?}");
        let subscriber = returning(version, &name).connect(server.mqtt);
        assert!(subscriber.is_present, "{version:?}");
        assert_eq!(payloads(&subscriber.heard(all.len())), all, "{version:?}");
        // The subscription is there, too, and nothing comes before what is new.
        let new = reading(100 + u32::from(version == Version::V5));
        publish(&server, std::slice::from_ref(&new));
        all.push(new);
        let heard = subscriber.heard(all.len());
        assert_eq!(payloads(&heard), all, "{version:?}");
        assert!(heard.iter().all(|heard| heard.qos == 1 && !heard.dup));
        subscriber.leave();
    }
}

#[test]
fn what_was_heard_is_not_heard_again_after_an_orderly_stop() {
    let server = Server::tiny();
    let subscriber = lasting(Version::V5, "wall").connect(server.mqtt);
    let first = [reading(1), reading(2)];
    publish(&server, &first);
    assert_eq!(payloads(&subscriber.heard(2)), first);
    subscriber.leave();
    let server = server.stop().start();
    let subscriber = returning(Version::V5, "wall").connect(server.mqtt);
    assert!(subscriber.is_present);
    let next = [reading(3)];
    publish(&server, &next);
    assert_eq!(payloads(&subscriber.heard(1)), next);
}

#[test]
fn what_was_under_way_comes_again_with_a_mark() {
    for version in Version::BOTH {
        let server = Server::tiny();
        let mute = Lasting {
            is_mute: true,
            qos: 2,
            ..lasting(version, "wall")
        };
        let subscriber = mute.connect(server.mqtt);
        let all = [reading(1), reading(2)];
        let mut gateway = Session::connect(server.mqtt, version);
        gateway.publish_qos(TOPIC, &all[0], 1);
        gateway.publish_qos(TOPIC, &all[1], 2);
        // paho hands a message of QoS 2 on once it is released, which this one never is.
        assert_eq!(payloads(&subscriber.heard(1)), all[..1]);
        let server = server.kill().start();
        let subscriber = returning(version, "wall").connect(server.mqtt);
        assert!(subscriber.is_present);
        let heard = subscriber.heard(2);
        assert_eq!(payloads(&heard), all);
        let marks: Vec<_> = heard.iter().map(|heard| (heard.qos, heard.dup)).collect();
        assert_eq!(marks[0], (1, true), "{version:?}");
        assert_eq!(marks[1].0, 2, "{version:?}");
    }
}

#[test]
fn sessions_expire_while_the_server_is_down_and_a_clean_start_forgets_for_good() {
    let server = Server::tiny();
    let brief = Lasting {
        expiry_s: 1,
        ..lasting(Version::V5, "brief")
    };
    for subscriber in [
        &brief,
        &lasting(Version::V5, "clean"),
        &lasting(Version::V3, "stays"),
    ] {
        subscriber.connect(server.mqtt).leave();
    }
    let left_at = clock::now();
    publish(&server, &[reading(1)]);
    let clean = Lasting {
        is_clean: true,
        ..returning(Version::V5, "clean")
    };
    let again = clean.connect(server.mqtt);
    assert!(!again.is_present);
    again.leave();
    let setup = server.kill();
    wait::until("a second has passed", || {
        wait::check(clock::now().0 > left_at.0 + 1_500, left_at)
    });
    let server = setup.start();
    let brief = Lasting {
        filters: &[],
        ..brief
    };
    assert!(!brief.connect(server.mqtt).is_present, "it has expired");
    let clean = returning(Version::V5, "clean").connect(server.mqtt);
    assert!(clean.is_present, "the one of the clean start");
    let stays = returning(Version::V3, "stays").connect(server.mqtt);
    assert!(stays.is_present);
    stays.heard(1);
    let kept = rusqlite::Connection::open(server.data().join("mqtt.db")).unwrap();
    let filters = "SELECT count(*) FROM subscription";
    let n_filters: i64 = kept.query_row(filters, [], |row| row.get(0)).unwrap();
    assert_eq!(n_filters, 1, "of the one that stays");
}

#[test]
fn notices_are_told_once_over_a_restart_and_what_happened_meanwhile_is() {
    let city = CityCopy::new().with(
        "rules.toml",
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for = \"0s\"\nkeep_for = \"0s\"",
    );
    let server = Setup::with_city(city).start();
    let desk = Lasting {
        filters: &["egret/v1/out/alerts/#"],
        ..lasting(Version::V5, "desk")
    };
    let subscriber = desk.connect(server.mqtt);
    let pond = |server: &Server, gauge: &str, depth_cm: f64| {
        let values = json!({ "values": { "ponding_depth": { "v": depth_cm, "u": "cm" } } });
        let reading = merged(&message::level(clock::now(), 0.0), &values);
        server.api().send(&message::of("road", gauge, &reading));
    };
    // Two in one area: they share a topic, which retains the later one alone.
    pond(&server, "P-1", 20.0);
    pond(&server, "P-2", 35.0);
    let before = wait::until("both are told", || {
        let before = payloads(&subscriber.heard(2));
        let is_told = |gauge: &str| before.iter().any(|told| told.contains(gauge));
        wait::check(is_told("P-1") && is_told("P-2"), &before).map(|()| before)
    });
    subscriber.leave();
    let server = server.stop().start();
    let late = mosquitto::subscribe(server.mqtt, Version::V5, "egret/v1/out/alerts/#");
    late.find("a retained alert", |_, payload| {
        payload.contains("P-2").then_some(())
    });
    pond(&server, "P-3", 35.0);
    late.find("the new alert", |_, payload| {
        payload.contains("P-3").then_some(())
    });
    let back = Lasting {
        filters: &[],
        ..desk
    };
    let subscriber = back.connect(server.mqtt);
    assert!(subscriber.is_present);
    let after = wait::until("the new alert is told", || {
        let after = payloads(&subscriber.heard(1));
        let is_told = after.iter().any(|told| told.contains("P-3"));
        wait::check(is_told, &after).map(|()| after)
    });
    assert!(!after.iter().any(|told| before.contains(told)), "{after:?}");
}

#[test]
fn a_file_that_is_none_or_of_a_newer_server_is_refused_in_words() {
    let setup = Server::tiny().stop();
    let path = setup.data().join("mqtt.db");
    let kept = rusqlite::Connection::open(&path).unwrap();
    kept.pragma_update(None, "user_version", 7).unwrap();
    drop(kept);
    let said = refusal(&setup);
    assert!(
        said.contains("mqtt.db") && said.contains("version 7"),
        "{said}"
    );
    for more in ["-wal", "-shm"] {
        drop(std::fs::remove_file(
            setup.data().join(format!("mqtt.db{more}")),
        ));
    }
    std::fs::write(
        &path,
        "no database, but long enough to look like one ".repeat(100),
    )
    .unwrap();
    let said = refusal(&setup);
    assert!(
        said.contains("mqtt.db") && said.contains("backup"),
        "{said}"
    );
    std::fs::remove_file(&path).unwrap();
    setup.start().stop();
}

/// What a server says that does not start.
fn refusal(setup: &Setup) -> String {
    let city = setup.city().display().to_string();
    let data = setup.data().display().to_string();
    let any = "127.0.0.1:0";
    let output = egret_tests::server::egret(&[
        "serve",
        "--city",
        &city,
        "--data",
        &data,
        "--http",
        any,
        "--mqtt",
        any,
        "--insecure-open",
    ]);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
