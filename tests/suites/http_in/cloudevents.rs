//! CloudEvents by HTTP: structured, in batches, and with their attributes as headers.

use egret_tests::clock;
use egret_tests::message::{self, WEST_1};
use egret_tests::server::Server;
use serde_json::{Value, json};

use super::{EVENTS, post};

const EVENT: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json; charset=utf-8";

fn event(id: &str, feed: &str, subject: &str, metres: f64) -> Value {
    json!({
        "specversion": "1.0", "type": "city.water.level", "source": "/scada/east", "id": id,
        "feed": feed, "subject": subject, "time": clock::now(),
        "data": { "position": WEST_1, "values": { "water_level": metres } },
    })
}

#[test]
fn an_event_names_its_feed_itself_or_is_sent_to_it() {
    let server = Server::tiny();
    let api = server.api();
    let own = event("1", "manhole", "M-1", 1.25);
    let answer = post(&api, EVENTS, EVENT, &own.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    api.asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.25
    });
    // What a vendor writes may come in an envelope as well.
    let mut vendors = event("2", "", "", 0.0);
    vendors["data"] = message::air("A-1", 7, clock::now().0 * 1_000, 35.5);
    vendors.as_object_mut().unwrap().remove("subject");
    let path = format!("{EVENTS}?feed=air");
    let answer = post(&api, &path, EVENT, &vendors.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    api.asset("air", "A-1", |asset| asset["values"]["pm2_5"]["v"] == 35.5);
}

#[test]
fn of_a_batch_the_bad_events_are_named_by_their_place() {
    let server = Server::tiny();
    let api = server.api();
    let mut nowhere = event("3", "", "M-3", 1.0);
    nowhere.as_object_mut().unwrap().remove("feed");
    let batch = json!([
        event("1", "manhole", "M-1", 1.0),
        event("2", "manhole", "M-2", 99.0),
        nowhere,
        event("1", "manhole", "M-1", 1.0),
    ]);
    let answer = post(&api, EVENTS, BATCH, &batch.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let taken = answer.json();
    let rejected = taken["rejected"].as_array().unwrap();
    let told: Vec<_> = rejected
        .iter()
        .map(|refused| (refused["index"].clone(), refused["reason"].clone()))
        .collect();
    let expected = [
        (json!(1), json!("out_of_range")),
        (json!(2), json!("bad_shape")),
    ];
    assert_eq!(told, expected, "{taken}");
    // Source and id say that the last is the first once more.
    api.feed("manhole", |health| health["duplicate"] == 1);
}

#[test]
fn the_attributes_of_an_event_may_be_headers() {
    let server = Server::tiny();
    let api = server.api();
    let now = clock::now().to_string();
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-type", "city.water.level"),
        ("ce-source", "/scada/east"),
        ("ce-id", "1"),
        ("ce-feed", "manhole"),
        ("ce-subject", "%E7%AA%A8%E4%BA%95-7"),
        ("ce-time", &now),
    ];
    let data = json!({ "position": WEST_1, "values": { "water_level": 1.5 } }).to_string();
    let answer = api.ask("POST", EVENTS, &headers, &data);
    assert_eq!(answer.status, 200, "{}", answer.body);
    api.asset("manhole", "%E7%AA%A8%E4%BA%95-7", |asset| {
        asset["asset"] == "窨井-7" && asset["values"]["water_level"]["v"] == 1.5
    });
    let broken = api.ask("POST", EVENTS, &headers, "{\"values\":");
    broken.is_problem(422, "quarantine");
    assert_eq!(broken.json()["rejected"][0]["reason"], "bad_json");
    let mut text = headers;
    text[0] = ("content-type", "text/plain");
    api.ask("POST", EVENTS, &text, "1.5")
        .is_problem(415, "text/plain");
}
