//! Orders to actuators, which are real MQTT clients: sent, acknowledged, refused, expired; and nobody
//! hears or forges what is not theirs. The tiny city's ponding gauges have a warning light.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "downlink/sparkplug.rs"]
mod sparkplug;

use std::collections::BTreeSet;

use egret_tests::actuator::{Actuator, COMMANDS, gauge, tell_depth};
use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::http::{Answer, Http};
use egret_tests::mosquitto::{Broker, Version};
use egret_tests::paho::Session;
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::{Value, json};

const PASSWORD: &str = "Heron-At-The-Weir-8";

/// To have a gauge's light blink.
fn light(gauge: &str) -> Value {
    json!({
        "feed": "road", "asset": gauge, "command": "light",
        "parameters": { "on": true, "mode": "blink", "pace": 60 },
        "reason": "the underpass is flooded",
    })
}

fn zero(gauge: &str) -> Value {
    json!({ "feed": "road", "asset": gauge, "command": "zero", "reason": "after cleaning" })
}

fn post(api: &Http, key: &str, order: &Value) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    api.ask("POST", "/api/v1/commands", &headers, &order.to_string())
}

/// Asks, and asks again with what was answered to that.
#[track_caller]
fn confirmed(api: &Http, key: &str, order: &Value) -> Answer {
    let first = post(api, key, order);
    assert_eq!(first.status, 409, "{first:?}");
    assert_eq!(first.json()["code"], "confirm", "{first:?}");
    let mut order = order.clone();
    order["confirm"] = first.json()["confirm"].clone();
    post(api, key, &order)
}

/// The order's id, once it was given.
#[track_caller]
fn given(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn until_state(api: &Http, id: &str, state: &str) -> Value {
    wait::until(&format!("the order is {state}"), || {
        let order = api.get(&format!("/api/v1/commands/{id}")).json();
        if order["state"] == state {
            Ok(order)
        } else {
            Err(order.to_string())
        }
    })
}

#[test]
fn an_order_is_sent_answered_and_acknowledged_in_either_version() {
    let server = Server::tiny();
    let api = server.api();
    tell_depth(server.mqtt, "G-1", 3.0);
    for (n, version) in Version::BOTH.into_iter().enumerate() {
        let mut gauge = Actuator::connect(server.mqtt, version, COMMANDS);
        let id = given(&confirmed(&api, &format!("light-{n}"), &light("G-1")));
        let order = gauge.order(|order| order["payload"]["cmd"] == *id);
        assert_eq!(order["topic"], "vendor-x/G-1/command");
        let payload = &order["payload"];
        assert_eq!(payload["light"], true, "{order}");
        assert_eq!(payload["mode"], "blink", "{order}");
        assert_eq!(payload["blinks_per_min"], 60, "{order}");
        let row = until_state(&api, &id, "sent");
        assert_eq!(row["ways"], json!(["mqtt"]));
        assert_eq!(row["reason"], "the underpass is flooded");
        if version == Version::V5 {
            assert_eq!(order["response"], "vendor-x/G-1/answer");
            assert_eq!(order["correlation"], *id);
            let expiry_s = order["expiry_s"].as_u64().unwrap();
            assert!((1..=120).contains(&expiry_s), "{order}");
            assert_eq!(gauge.answer("vendor-x/G-1/answer", "", Some(&id)), 0);
        } else {
            let answer = json!({ "cmd": id }).to_string();
            assert_eq!(gauge.answer("vendor-x/G-1/answer", &answer, None), 0);
        }
        let row = until_state(&api, &id, "acknowledged");
        assert!(row["ended_at"].is_string(), "{row}");
        // One that it does not do.
        let id = given(&confirmed(&api, &format!("again-{n}"), &light("G-1")));
        gauge.order(|order| order["payload"]["cmd"] == *id);
        let answer = json!({ "cmd": id, "fault": "lamp broken" }).to_string();
        assert_eq!(gauge.answer("vendor-x/G-1/answer", &answer, Some(&id)), 0);
        assert_eq!(until_state(&api, &id, "refused")["said"], "lamp broken");
    }
    let rows = api.list("/api/v1/commands?feed=road&asset=G-1&state=refused");
    assert_eq!(rows.len(), 2, "{rows:?}");
    // A replay comes to the same.
    let state = server.state();
    let replayed = server.stop().replay(Some(state.seq));
    assert_eq!(replayed.hash, state.hash);
}

#[test]
fn without_an_answer_it_expires_and_does_not_go_out_any_more() {
    let city = CityCopy::new().with("feeds.toml", "expires  = \"2m\"", "expires  = \"2s\"");
    let server = Setup::with_city(city).start();
    let api = server.api();
    tell_depth(server.mqtt, "G-1", 3.0);
    // Nobody listens: it waits, and its time passes.
    let unheard = given(&confirmed(&api, "unheard", &light("G-1")));
    assert_eq!(until_state(&api, &unheard, "expired")["ways"], json!([]));
    let mut gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    let unanswered = given(&confirmed(&api, "unanswered", &light("G-1")));
    let first = gauge.order(|_| true);
    assert_eq!(first["payload"]["cmd"], *unanswered, "{first}");
    let row = until_state(&api, &unanswered, "expired");
    assert_eq!(row["ways"], json!(["mqtt"]));
    // What it says now is noted, and changes nothing.
    assert_eq!(
        gauge.answer("vendor-x/G-1/answer", "", Some(&unanswered)),
        0
    );
    wait::until("the late answer is noted", || {
        let row = api.get(&format!("/api/v1/commands/{unanswered}")).json();
        let is_noted = row["late_at"].is_string() && row["state"] == "expired";
        wait::check(is_noted, row)
    });
    // Nor after a power cut.
    let server = server.kill().start();
    let gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    let next = given(&confirmed(&server.api(), "next", &light("G-1")));
    assert_eq!(gauge.order(|_| true)["payload"]["cmd"], *next);
    assert_eq!(gauge.orders().len(), 1);
}

#[test]
fn what_was_ordered_before_a_power_cut_goes_out_after_it_under_the_same_id() {
    let mut server = Setup::tiny().with_lasting_ports().start();
    tell_depth(server.mqtt, "G-1", 3.0);
    // Given while nobody listens: between the journal and the way out.
    let waiting = given(&confirmed(&server.api(), "waiting", &light("G-1")));
    until_state(&server.api(), &waiting, "waiting");
    server = server.kill().start();
    until_state(&server.api(), &waiting, "waiting");
    let gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    gauge.order(|order| order["payload"]["cmd"] == *waiting);
    until_state(&server.api(), &waiting, "sent");
    // Given while it listens, and the power goes at once, wherever the order is then.
    let mut ids = BTreeSet::from([waiting]);
    for n in 0..4 {
        let key = format!("cut-{n}");
        let answer = confirmed(&server.api(), &key, &light("G-1"));
        server = server.kill().start();
        let id = given(&answer);
        // Told again, it is the same.
        assert_eq!(given(&post(&server.api(), &key, &light("G-1"))), id);
        ids.insert(id);
    }
    wait::until("every order has come", || {
        let orders = gauge.orders();
        let heard: BTreeSet<_> = orders
            .iter()
            .map(|one| one["payload"]["cmd"].as_str())
            .collect();
        wait::check(ids.iter().all(|id| heard.contains(&Some(id))), orders)
    });
    for id in &ids {
        until_state(&server.api(), id, "sent");
    }
    let rows = server.api().list("/api/v1/commands");
    let told: BTreeSet<String> = rows
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((rows.len(), &told), (ids.len(), &ids));
}

/// A gateway that may send for a feed; its secret.
fn gateway(admin: &mut Browser, id: &str, feed: &str) -> String {
    let form = json!({ "id": id, "feeds": [feed] });
    let made = admin.tell("POST", "/api/v1/admin/gateways", &form).json();
    made["secret"].as_str().unwrap().to_owned()
}

#[test]
fn the_gateway_of_its_feed_alone_hears_an_order_and_answers_it() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let road = gateway(&mut admin, "road-1", "road");
    let other = gateway(&mut admin, "drain-1", "manhole");
    let steward = server.token("steward", &["steward"]);
    let dispatcher = server.token("dispatcher", &["dispatcher"]);
    let api = server.api().with_token(&dispatcher);
    let mut sends = Session::connect_as(server.mqtt, Version::V5, "road-1", &road);
    assert_eq!(sends.publish("vendor-x/G-1/telemetry", &gauge(3.0)), 0);
    let hears = |filter: &str, who: (&str, &str)| {
        Actuator::connect_as(server.mqtt, Version::V5, filter, who)
    };
    let mut own = hears(COMMANDS, ("road-1", &road));
    assert_eq!(own.granted, 1);
    // No wider than its own, and nothing of another's.
    for filter in ["#", "vendor-x/#", "vendor-x/+/+", "vendor-x/+/answer"] {
        assert_eq!(hears(filter, ("road-1", &road)).granted, 0x87, "{filter}");
    }
    let mut foreign = hears(COMMANDS, ("drain-1", &other));
    assert_eq!(foreign.granted, 0x87);
    // A steward may subscribe to everything, and hears messages; orders are none of theirs.
    let mut watching = hears("#", ("token", &steward));
    assert_eq!(watching.granted, 1);
    let id = given(&confirmed(&api, "light", &light("G-1")));
    own.order(|order| order["payload"]["cmd"] == *id);
    until_state(&api, &id, "sent");
    // Nobody but Egret orders, and nobody but the gateway answers.
    let forged = json!({ "cmd": "x", "light": false }).to_string();
    for actuator in [&mut own, &mut foreign, &mut watching] {
        assert_eq!(actuator.answer("vendor-x/G-1/command", &forged, None), 0x87);
    }
    assert_eq!(foreign.answer("vendor-x/G-1/answer", "", Some(&id)), 0x87);
    assert_eq!(
        own.answer("vendor-x/G-1/answer", "", Some("no-such-order")),
        0
    );
    // Nor for another asset.
    assert_eq!(own.answer("vendor-x/G-2/answer", "", Some(&id)), 0);
    assert_eq!(own.answer("vendor-x/G-1/answer", "no JSON", None), 0x99);
    assert_eq!(until_state(&api, &id, "sent")["late_at"], Value::Null);
    let health = api.feed("road", |_| true);
    assert_eq!(health["rejected"]["fold/unknown_command"], 2, "{health}");
    let answer = json!({ "cmd": id }).to_string();
    assert_eq!(own.answer("vendor-x/G-1/answer", &answer, None), 0);
    until_state(&api, &id, "acknowledged");
    // The steward hears the answer, as whatever gateways send; the order was for its gateway.
    watching.order(|told| told["topic"] == "vendor-x/G-1/answer");
    let all = watching.orders();
    assert!(
        all.iter()
            .all(|told| told["topic"] != "vendor-x/G-1/command"),
        "{all:?}"
    );
    assert_eq!(foreign.orders().len(), 0);
    assert_eq!(own.orders().len(), 1);
}

#[test]
fn who_may_order_what_is_granted_and_every_order_is_in_the_audit_trail() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let road = gateway(&mut admin, "road-1", "road");
    let mut sends = Session::connect_as(server.mqtt, Version::V5, "road-1", &road);
    assert_eq!(sends.publish("vendor-x/G-1/telemetry", &gauge(3.0)), 0);
    let api = |role: &str| server.api().with_token(&server.token(role, &[role]));
    let (dispatcher, officer, viewer) = (api("dispatcher"), api("officer"), api("viewer"));
    let id = given(&confirmed(&dispatcher, "one", &light("G-1")));
    // Officers may what needs no more than their right to work, and viewers nothing.
    for (who, order, status) in [
        (&officer, light("G-1"), 403),
        (&officer, zero("G-1"), 202),
        (&viewer, light("G-1"), 403),
        (&viewer, zero("G-1"), 403),
        (&officer, light("G-7"), 404),
    ] {
        let key = format!("{status}-{}", order["command"].as_str().unwrap());
        let answer = post(who, &key, &order);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    let seen = |who: &Http| who.get(&format!("/api/v1/commands/{id}")).json();
    assert_eq!(seen(&officer)["reason"], "the underpass is flooded");
    assert_eq!(
        seen(&viewer)["reason"],
        "",
        "why is for those who work there"
    );
    assert_eq!(seen(&viewer)["by"], seen(&officer)["by"]);
    // What is refused is written a moment after its answer.
    let lines = wait::until("every line is there", || {
        let lines = admin.get("/api/v1/audit?action=command.order").json();
        let lines = lines["items"].as_array().unwrap().clone();
        wait::check(lines.len() >= 5, &lines).map(|()| lines)
    });
    let told = |name: &str, outcome: &str| {
        let fits = |line: &&Value| line["name"] == name && line["outcome"] == outcome;
        lines.iter().filter(fits).collect::<Vec<_>>()
    };
    let [done] = told("dispatcher", "done")[..] else {
        unreachable!("{lines:?}");
    };
    assert_eq!(done["target"], "road/G-1 light");
    let detail: Value = serde_json::from_str(done["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["id"], *id);
    assert_eq!(detail["parameters"]["pace"], 60.0);
    assert_eq!(detail["reason"], "the underpass is flooded");
    assert_eq!(told("officer", "denied").len(), 1, "{lines:?}");
    assert_eq!(told("officer", "done").len(), 1, "{lines:?}");
    assert_eq!(told("viewer", "denied").len(), 2, "{lines:?}");
}

#[test]
fn what_is_wrong_with_an_order_is_told_and_nothing_is_ordered() {
    let server = Server::tiny();
    let api = server.api();
    tell_depth(server.mqtt, "G-1", 3.0);
    let changed = |path: &str, value: Value| {
        let mut order = light("G-1");
        *order.pointer_mut(path).unwrap() = value;
        order
    };
    for (n, (order, status, parameter)) in [
        (changed("/parameters/pace", json!(5)), 422, "pace"),
        (changed("/parameters/pace", json!("fast")), 422, "pace"),
        (changed("/parameters/mode", json!("disco")), 422, "mode"),
        (changed("/parameters/on", json!(1)), 422, "on"),
        (
            changed("/parameters", json!({ "on": true, "mode": "steady" })),
            422,
            "pace",
        ),
        (changed("/parameters", json!({ "speed": 1 })), 422, "speed"),
        (changed("/reason", json!("  ")), 400, ""),
        (changed("/command", json!("explode")), 404, ""),
        (changed("/asset", json!("G-9")), 404, ""),
        (changed("/feed", json!("nothing")), 404, ""),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = post(&api, &format!("wrong-{n}"), &order);
        assert_eq!(answer.status, status, "{order}: {answer:?}");
        let problem = answer.json();
        if !parameter.is_empty() {
            assert_eq!(problem["parameter"], parameter, "{answer:?}");
            assert!(problem["detail"].as_str().unwrap().contains(parameter));
            assert!(problem["words"]["zh"].as_str().unwrap().contains(parameter));
        }
    }
    let beyond = post(&api, "beyond", &changed("/parameters/pace", json!(500)));
    let told = beyond.json()["detail"].as_str().unwrap().to_owned();
    assert!(told.contains("500; 10 to 120 /min are allowed"), "{told}");
    // Without a key, it could be given twice.
    let headers = [("content-type", "application/json")];
    let body = light("G-1").to_string();
    let answer = api.ask("POST", "/api/v1/commands", &headers, &body);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("key_needed"))
    );
    // What confirms one order confirms no other.
    let first = post(&api, "two", &light("G-1"));
    let mut other = changed("/parameters/pace", json!(90));
    other["confirm"] = first.json()["confirm"].clone();
    let answer = post(&api, "two", &other);
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (409, &json!("confirm"))
    );
    assert_eq!(api.list("/api/v1/commands"), Vec::<Value>::new());
    // A key belongs to one order.
    given(&confirmed(&api, "two", &light("G-1")));
    let answer = post(&api, "two", &changed("/parameters/pace", json!(90)));
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (422, &json!("key_taken"))
    );
    assert_eq!(api.list("/api/v1/commands").len(), 1);
}

#[test]
fn an_order_is_done_once_its_property_has_come_to_what_it_wants() {
    let server = Server::tiny();
    let api = server.api();
    tell_depth(server.mqtt, "G-1", 0.0);
    let gauge = Actuator::connect(server.mqtt, Version::V5, COMMANDS);
    let id = given(&post(&api, "zero", &zero("G-1")));
    let order = gauge.order(|order| order["payload"]["cmd"] == *id);
    assert_eq!(order["response"], Value::Null, "{order}");
    until_state(&api, &id, "sent");
    // 30 mm are 3 cm: too far from 0.
    tell_depth(server.mqtt, "G-1", 30.0);
    tell_depth(server.mqtt, "G-2", 0.0);
    api.asset("road", "G-2", |_| true);
    let row = api.get(&format!("/api/v1/commands/{id}")).json();
    assert_eq!(row["state"], "sent", "{row}");
    tell_depth(server.mqtt, "G-1", 4.0);
    until_state(&api, &id, "acknowledged");
}

#[test]
fn an_actuator_behind_an_existing_broker_hears_and_answers_there() {
    for version in ["5", "3.1.1"] {
        let broker = Broker::start();
        let url = format!("{}?version={version}", broker.url());
        let server = Setup::tiny().with_flags(&["--broker", &url]).start();
        let api = server.api();
        wait::until("the gauge is known", || {
            tell_depth(broker.address, "G-1", 3.0);
            let answer = api.get("/api/v1/assets/road/G-1");
            wait::check(answer.status == 200, answer)
        });
        let mut gauge = Actuator::connect(broker.address, Version::V5, COMMANDS);
        let id = given(&confirmed(&api, "light", &light("G-1")));
        let order = gauge.order(|order| order["payload"]["cmd"] == *id);
        let row = until_state(&api, &id, "sent");
        assert_eq!(row["ways"], json!([broker.address.to_string()]));
        if version == "5" {
            assert_eq!(order["response"], "vendor-x/G-1/answer");
            assert_eq!(order["correlation"], *id);
            assert!(order["expiry_s"].as_u64().unwrap() <= 120, "{order}");
        }
        let answer = json!({ "cmd": id }).to_string();
        assert_eq!(gauge.answer("vendor-x/G-1/answer", &answer, Some(&id)), 0);
        until_state(&api, &id, "acknowledged");
    }
}

#[test]
fn while_the_broker_is_away_an_order_waits_for_it() {
    let mut broker = Broker::start();
    let server = Setup::tiny()
        .with_flags(&["--broker", &broker.url()])
        .start();
    let api = server.api();
    wait::until("the gauge is known", || {
        tell_depth(broker.address, "G-1", 3.0);
        let answer = api.get("/api/v1/assets/road/G-1");
        wait::check(answer.status == 200, answer)
    });
    broker.stop();
    let id = given(&confirmed(&api, "light", &light("G-1")));
    until_state(&api, &id, "waiting");
    broker.start_again();
    let gauge = Actuator::connect(broker.address, Version::V5, COMMANDS);
    gauge.order(|order| order["payload"]["cmd"] == *id);
    until_state(&api, &id, "sent");
}
