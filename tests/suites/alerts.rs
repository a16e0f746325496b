//! Alerts and incidents: from a condition to one alert, its life, and what others are told.

use std::sync::Barrier;

use egret_shared::time::TimeMs;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::{Value, json};

/// The alerts of `rule`, once `fits` holds for the list.
fn alerts(api: &Http, rule: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    wait::until(&format!("alerts of {rule} as expected"), || {
        let rows = api.list(&format!("/api/v1/alerts?rule={rule}"));
        if fits(&rows) {
            Ok(rows)
        } else {
            Err(format!("{rows:?}"))
        }
    })
}

fn states(rows: &[Value]) -> Vec<&str> {
    rows.iter()
        .filter_map(|row| row["state"].as_str())
        .collect()
}

/// A ponding gauge says so many centimetres, in Egret's own JSON.
fn pond(api: &Http, gauge: &str, at: TimeMs, depth_cm: f64) {
    let reading = merged(
        &message::level(at, 0.0),
        &json!({ "values": { "ponding_depth": { "v": depth_cm, "u": "cm" } } }),
    );
    api.send(&message::of("road", gauge, &reading));
}

/// The tiny city, where ponding counts at once and ends at once.
fn at_once() -> Setup {
    let city = CityCopy::new().with(
        "rules.toml",
        "for      = \"1m\"\nkeep_for = \"5m\"",
        "for = \"0s\"\nkeep_for = \"0s\"",
    );
    Setup::with_city(city)
}

#[test]
fn an_alert_is_pending_until_its_condition_has_held_and_resolves_after_it_has_ended() {
    let server = Server::tiny();
    let api = server.api();
    // One minute over 15 cm makes it fire, five minutes below end it: all by event time.
    pond(&api, "P-1", clock::ago(20), 20.0);
    let rows = alerts(&api, "ponding", |rows| rows.len() == 1);
    assert_eq!(states(&rows), ["pending"], "{rows:?}");

    pond(&api, "P-2", clock::ago(540), 20.0);
    alerts(&api, "ponding", |rows| states(rows).contains(&"firing"));
    pond(&api, "P-2", clock::ago(360), 3.0);
    let rows = alerts(&api, "ponding", |rows| states(rows).contains(&"resolved"));
    let resolved = rows.iter().find(|row| row["state"] == "resolved").unwrap();
    assert_eq!(resolved["key"]["subject"]["asset"]["asset"], "P-2");
    assert_eq!(resolved["level"], "orange");
    assert!(resolved["fired_at"].is_string() && resolved["resolved_at"].is_string());
    let message = resolved["message"]["en"].as_str().unwrap();
    assert!(
        message.contains("P-2") && message.contains("20"),
        "{message}"
    );
}

#[test]
fn fifty_triggers_at_the_same_time_make_one_open_alert() {
    const SENDERS: usize = 50;
    let server = at_once().start();
    let api = server.api();
    let start = Barrier::new(SENDERS);
    let at = clock::now();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (api, start) = (&api, &start);
            scope.spawn(move || {
                start.wait();
                // Half of them are the same message, half trigger anew.
                let ahead = i64::try_from(sender % 2 * sender).unwrap();
                pond(api, "P-1", TimeMs(at.0 + ahead), 20.0);
            });
        }
    });
    api.feed("road", |health| {
        health["accepted"] == 25 + 1 && health["duplicate"] == 24
    });
    let rows = alerts(&api, "ponding", |rows| !rows.is_empty());
    assert_eq!(states(&rows), ["firing"], "{rows:?}");
}

#[test]
fn a_higher_level_breaks_through_an_open_alert() {
    let server = at_once().start();
    let api = server.api();
    pond(&api, "P-1", clock::ago(30), 20.0);
    let rows = alerts(&api, "ponding", |rows| states(rows) == ["firing"]);
    assert_eq!(rows[0]["level"], "orange");
    pond(&api, "P-1", clock::ago(20), 35.0);
    alerts(&api, "ponding", |rows| {
        rows.len() == 1 && rows[0]["level"] == "red"
    });
    let asset = api.asset("road", "P-1", |asset| asset["level"] == "red");
    assert_eq!(asset["values"]["ponding_depth"]["v"], 35.0);
    pond(&api, "P-1", clock::ago(10), 1.0);
    alerts(&api, "ponding", |rows| states(rows) == ["resolved"]);
    api.asset("road", "P-1", |asset| asset["level"] == "normal");
}

#[test]
fn whoever_subscribes_later_still_hears_of_alert_and_incident() {
    let server = at_once().start();
    let early = mosquitto::subscribe(server.mqtt, Version::V3, "egret/v1/out/#");
    pond(&server.api(), "P-1", clock::now(), 35.0);
    let hears = |subscriber: &mosquitto::Subscriber, kind: &str| {
        subscriber.find(&format!("a message of {kind}"), |topic, payload| {
            let told: Value = serde_json::from_str(payload).ok()?;
            topic
                .starts_with(&format!("egret/v1/out/{kind}/"))
                .then(|| (topic.to_owned(), told))
        })
    };
    hears(&early, "alerts");
    hears(&early, "incidents");

    for version in Version::BOTH {
        let late = mosquitto::subscribe(server.mqtt, version, "egret/v1/out/#");
        let (topic, alert) = hears(&late, "alerts");
        assert_eq!(topic, "egret/v1/out/alerts/900001001");
        assert_eq!(
            (&alert["state"], &alert["level"]),
            (&json!("firing"), &json!("red"))
        );
        assert_eq!(alert["key"]["rule"], "ponding");
        let (topic, incident) = hears(&late, "incidents");
        assert_eq!(
            topic,
            format!(
                "egret/v1/out/incidents/{}",
                incident["id"].as_str().unwrap()
            )
        );
    }
}

#[test]
fn causes_join_alerts_into_one_incident_that_says_why() {
    let server = at_once().start();
    let api = server.api();
    // A manhole over 2 m for two minutes, then water on the road beside it: two kinds of evidence.
    api.send(&message::of(
        "manhole",
        "M-1",
        &message::level(clock::ago(150), 2.3),
    ));
    alerts(&api, "manhole-high", |rows| states(rows) == ["firing"]);
    assert_eq!(
        api.list("/api/v1/incidents"),
        Vec::<Value>::new(),
        "one alert is no evidence yet"
    );
    // The road's feed declares GCJ-02; this is beside the manhole there.
    let ponding = message::ponding("m1", clock::now(), 200.0);
    let topic = message::ponding_topic("P-1");
    let published = mosquitto::publish(server.mqtt, Version::V5, &topic, &ponding.to_string());
    assert!(published.success, "{}", published.said);

    let incident = wait::until("an incident", || {
        let mut rows = api.list("/api/v1/incidents");
        wait::check(rows.len() == 1, &rows)?;
        Ok(rows.swap_remove(0))
    });
    let evidence = incident["evidence"].as_array().unwrap();
    let rules: Vec<_> = evidence
        .iter()
        .map(|one| one["alert"]["rule"].clone())
        .collect();
    assert_eq!(
        rules,
        [json!("manhole-high"), json!("ponding")],
        "{incident}"
    );
    let because = evidence[1]["because"]["en"].as_str().unwrap();
    assert!(
        because.contains("drain surcharge floods the road"),
        "{because}"
    );
    assert!(incident["due_at"].is_string(), "{incident}");
    let id = incident["id"].as_str().unwrap();
    assert_eq!(api.get(&format!("/api/v1/incidents/{id}")).json()["id"], id);
}

#[test]
fn calls_near_one_another_become_one_alert() {
    let server = Server::tiny();
    let api = server.api();
    for call in ["R-1", "R-2"] {
        api.send(&message::request(call, "opened", clock::now()));
    }
    let other = json!({ "category": "noise" });
    api.send(&merged(
        &message::request("R-3", "opened", clock::now()),
        &other,
    ));
    api.metric("hotline.requests", "900000", |point| point["v"] == 3.0);
    assert_eq!(
        api.list("/api/v1/alerts?rule=waterlogging-calls"),
        Vec::<Value>::new()
    );
    for call in ["R-4", "R-5"] {
        api.send(&message::request(call, "opened", clock::now()));
    }
    let rows = alerts(&api, "waterlogging-calls", |rows| {
        rows.len() == 1 && rows[0]["v"] == 4.0
    });
    assert_eq!(rows[0]["key"]["subject"]["reports"]["first"], "R-1");
}

#[test]
fn an_asset_that_falls_silent_is_stale_and_an_alert_until_it_speaks_again() {
    let city = CityCopy::new()
        .with("rules.toml", "after    = \"5m\"", "after = \"3s\"")
        .with(
            "feeds.toml",
            "expect_every = \"60s\"\nlateness     = \"10m\"",
            "expect_every = \"1s\"",
        );
    let server = Setup::with_city(city).start();
    let api = server.api();
    let speaks = || {
        let reading = message::level(clock::now(), 1.0);
        api.send(&message::of("manhole", "M-1", &reading));
    };
    speaks();
    assert_eq!(api.asset("manhole", "M-1", |_| true)["stale"], false);
    let rows = alerts(&api, "manhole-silent", |rows| states(rows) == ["firing"]);
    assert_eq!(rows[0]["level"], "blue");
    api.asset("manhole", "M-1", |asset| {
        asset["stale"] == true && asset["level"] == "blue"
    });
    let flags = api.metric("water.manhole_level_max", "900000", |_| true)["flags"].clone();
    assert!(
        flags.to_string().contains("stale"),
        "what is stale says so: {flags}"
    );
    speaks();
    alerts(&api, "manhole-silent", |rows| states(rows) == ["resolved"]);
    api.asset("manhole", "M-1", |asset| asset["stale"] == false);
}

#[test]
fn alerts_and_incidents_outlive_a_power_cut() {
    let server = at_once().start();
    pond(&server.api(), "P-1", clock::now(), 35.0);
    let before = alerts(&server.api(), "ponding", |rows| states(rows) == ["firing"]);
    let server = server.kill().start();
    assert_eq!(server.api().list("/api/v1/alerts?rule=ponding"), before);
    assert_eq!(server.api().list("/api/v1/incidents").len(), 1);
    // The endpoint's retained messages live in memory; they are told again.
    let late = mosquitto::subscribe(server.mqtt, Version::V5, "egret/v1/out/alerts/#");
    late.find("the alert", |topic, _| {
        topic.ends_with("/900001001").then_some(())
    });
}
