//! Reports: counted when opened, and what identifies a person stays sealed.

use std::time::Duration;

use egret_shared::codec::Encoding;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::files::files_with;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Version};
use egret_tests::server::{Server, Setup};
use egret_tests::socket::Socket;
use egret_tests::wait;
use serde_json::{Value, json};

#[test]
fn a_report_counts_once_when_it_is_opened() {
    let server = Server::tiny();
    let api = server.api();
    let at = clock::now();
    for state in ["opened", "opened", "dispatched", "closed"] {
        api.send(&message::request("R-1", state, at));
    }
    api.send(&message::request("R-2", "opened", at));
    api.metric("hotline.requests", "900000", |point| point["v"] == 2.0);
    api.metric("hotline.requests", "900001", |point| point["v"] == 2.0);
    let east = api.metric("hotline.requests", "900002", |_| true);
    assert!(east["v"].is_null() || east["v"] == 0.0, "{east}");
}

#[test]
fn a_report_by_mqtt_takes_its_id_from_the_topic_and_shows_in_the_ticker() {
    let server = Server::tiny();
    let mut socket = Socket::connect(server.http, Encoding::Json);
    socket.subscribe(&["city"]);
    let report = message::request("R-9", "opened", clock::now());
    let topic = "egret/v1/hotline/report/R-9";
    let published = mosquitto::publish(server.mqtt, Version::V5, topic, &report.to_string());
    assert!(published.success, "{}", published.said);
    wait::until("a line of the ticker", || {
        let frame = socket
            .hear_json(Duration::from_millis(100))
            .unwrap_or_default();
        let events = [
            &frame["state"]["city"]["events"],
            &frame["changes"]["city"]["events"],
        ];
        let is_report = |event: &Value| event["kind"] == "report";
        let found = events
            .iter()
            .filter_map(|e| e.as_array())
            .flatten()
            .any(is_report);
        wait::check(found, frame)
    });
}

/// What identifies the caller. Made up; the number's range is given to nobody.
const PHONE: &str = "19900001234";
const NAME: &str = "某某来电人";

/// The tiny city with callers' data on the hotline.
fn with_callers() -> Setup {
    let report = "report       = true";
    let personal = "personal = [\"/caller/phone\", \"/caller/name\"]\nreport       = true";
    Setup::with_city(CityCopy::new().with("feeds.toml", report, personal))
}

fn call(report: &str, state: &str) -> Value {
    let caller = json!({ "caller": { "phone": PHONE, "name": NAME, "district": "West" } });
    merged(&message::request(report, state, clock::now()), &caller)
}

#[test]
fn what_identifies_a_person_is_nowhere_to_be_found() {
    let server = with_callers().start();
    let mut socket = Socket::connect(server.http, Encoding::Json);
    socket.subscribe(&["city"]);
    let api = server.api();
    api.send(&call("R-1", "opened"));
    // A refused one keeps its evidence, sealed; broken JSON has no fields to split off.
    let bad = merged(&call("R-2", "opened"), &json!({ "at": "no time" }));
    let broken = format!("{{\"caller\":\"{NAME} {PHONE}\"");
    for (report, payload) in [("R-2", bad.to_string()), ("R-3", broken)] {
        let topic = format!("egret/v1/hotline/report/{report}");
        let published = mosquitto::publish(server.mqtt, Version::V5, &topic, &payload);
        assert!(
            published.said.contains("Payload format invalid"),
            "{}",
            published.said
        );
    }
    api.metric("hotline.requests", "900000", |point| point["v"] == 1.0);

    let mut said = String::new();
    for path in [
        "quarantine",
        "alerts",
        "incidents",
        "feeds",
        "assets",
        "catalog",
    ] {
        said += &api.get(&format!("/api/v1/{path}")).body;
    }
    while let Some(frame) = socket.hear_json(Duration::from_millis(300)) {
        said += &frame.to_string();
        if frame["type"] == "heartbeat" {
            break;
        }
    }
    said += &server.log();
    assert!(
        said.contains("\"sealed\":true"),
        "the refused reports are in quarantine: {said}"
    );
    let setup = server.stop();
    for secret in [PHONE, NAME] {
        assert!(!said.contains(secret), "{secret} in {said}");
        assert_eq!(files_with(setup.data(), secret), Vec::<String>::new());
    }
    // The sieve itself holds: what is not personal is found.
    assert_ne!(files_with(setup.data(), "hotline"), Vec::<String>::new());
}

#[test]
fn a_report_of_a_feed_with_personal_fields_is_sealed_over_http_as_well() {
    let server = with_callers().start();
    let bad = merged(&call("R-1", "opened"), &json!({ "position": [0, 0] }));
    let answer = server.api().post("/api/v1/events", &bad.to_string());
    assert_eq!(answer.status, 422, "{}", answer.body);
    // A body whose feed is not known yet may be anyone's.
    let cut = call("R-2", "opened").to_string();
    let cut = &cut[..cut.len() - 1];
    assert_eq!(server.api().post("/api/v1/events", cut).status, 422);
    let row = server.api().get("/api/v1/quarantine").body;
    assert!(
        !answer.body.contains(PHONE) && !row.contains(PHONE),
        "{} {row}",
        answer.body
    );
    let setup = server.stop();
    assert_eq!(files_with(setup.data(), PHONE), Vec::<String>::new());
}

#[test]
fn what_no_feed_listens_to_is_sealed_where_a_feed_is_about_people() {
    let server = with_callers().start();
    let topic = "acme/meter-7/up";
    let published = mosquitto::publish(server.mqtt, Version::V5, topic, PHONE);
    let topics = server.api().get("/api/v1/register/topics").json();
    assert_eq!(topics[0]["topic"], topic, "{} {topics}", published.said);
    assert_eq!(topics[0]["sealed"], true, "{topics}");
    assert_eq!(topics[0]["sample"], "", "{topics}");
}
