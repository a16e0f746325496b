//! From the first message of a vendor that nobody knows to a number, without a restart and without a
//! file; and what was refused meanwhile, read again.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "connecting/at_once.rs"]
mod at_once;
#[path = "connecting/events.rs"]
mod events;
#[path = "connecting/orders.rs"]
mod orders;
#[path = "connecting/requests.rs"]
mod requests;
#[path = "connecting/sparkplug.rs"]
mod sparkplug;

use std::time::Duration;

use egret_shared::codec::Encoding;
use egret_shared::message::ServerMessage;
use egret_tests::browser::Browser;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, WEST_1, merged};
use egret_tests::mosquitto::{self, Broker, Version};
use egret_tests::paho;
use egret_tests::server::{Server, Setup, egret};
use egret_tests::socket::Socket;
use egret_tests::wait;
use serde_json::{Value, json};

const NOISE: &str = "noise-acme";
const TOPIC: &str = "acme/meter-7/up";
const PATIENCE: Duration = Duration::from_secs(20);

fn json_put(api: &Http, path: &str, body: &Value) -> egret_tests::http::Answer {
    let headers = [("content-type", "application/json")];
    api.ask("PUT", path, &headers, &body.to_string())
}

/// Adds a feed; fails the test unless it is in force.
#[track_caller]
fn connect(api: &Http, addition: &Value) {
    let id = addition["feed"]["id"].as_str().unwrap();
    let answer = json_put(api, &format!("/api/v1/register/{id}"), addition);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let row = &answer.json()["added"][0];
    assert_eq!((&row["feed"], &row["fault"]), (&json!(id), &Value::Null));
}

/// The loudest noise of the city now.
#[track_caller]
fn loudest(api: &Http, db: f64) {
    api.metric("noise.loudest", "900000", |point| point["v"] == json!(db));
}

/// A trial says what a message would become, and what is wrong with the definition; it changes nothing.
#[track_caller]
fn trial_says_what_becomes_of(api: &Http, sample: &str) {
    let addition = message::noise_feed(NOISE);
    let samples =
        json!([{ "topic": TOPIC, "payload": sample }, { "topic": TOPIC, "payload": "{}" }]);
    let trial = json!({ "addition": addition, "samples": samples });
    let tried = api.post("/api/v1/register/try", &trial.to_string()).json();
    assert_eq!(tried["mistakes"], json!([]), "{tried}");
    let taken = &tried["samples"][0]["taken"][0];
    assert_eq!(taken["asset"], "meter-7");
    assert_eq!(taken["values"]["noise"]["v"], 71.5);
    assert_eq!(taken["values"]["noise"]["u"], "dB");
    assert_eq!(taken["area"], "900001001");
    assert_eq!(tried["samples"][1]["taken"], json!([]));
    assert_eq!(
        tried["samples"][1]["refused"][0]["reason"], "no_value",
        "{tried}"
    );
    let mut wrong = trial.clone();
    wrong["addition"]["feed"]["department"] = json!("nobody");
    let tried = api.post("/api/v1/register/try", &wrong.to_string()).json();
    let mistake = tried["mistakes"][0].as_str().unwrap();
    assert!(
        mistake.contains("there is no department \"nobody\""),
        "{mistake}"
    );
    assert_eq!(api.get("/api/v1/register").json()["added"], json!([]));
}

/// Adds a feed: who follows the city is sent away, and comes back to another generation of it.
#[track_caller]
fn screens_come_back_to_another_generation(server: &Server, addition: &Value) {
    let mut screen = Socket::connect(server.http, Encoding::Json);
    screen.subscribe(&["city"]);
    connect(&server.api(), addition);
    screen.ends();
    let mut screen = Socket::connect(server.http, Encoding::Json);
    screen.subscribe(&["city"]);
    wait::until("a snapshot with the new metric", || {
        match screen.hear(PATIENCE) {
            Some(ServerMessage::Snapshot(frame)) => {
                let state = serde_json::to_string(&frame.state).unwrap();
                wait::check(state.contains("noise.loudest"), "no such metric")
            }
            other => Err(format!("{other:?}")),
        }
    });
}

#[test]
fn a_vendor_that_nobody_knows_goes_from_its_first_message_to_a_number() {
    let server = Server::tiny();
    let api = server.api();
    api.send(&json!([message::of(
        "manhole",
        "M-1",
        &message::level(clock::now(), 1.4)
    )]));
    let mut vendor = paho::Session::connect(server.mqtt, Version::V5);
    let sent = message::noise(clock::ago(30), 71.5);
    assert_eq!(vendor.publish(TOPIC, &sent.to_string()), 0x90);

    // It is not lost, and shows what it is.
    let topics = api.get("/api/v1/register/topics").json();
    assert_eq!(topics[0]["topic"], TOPIC, "{topics}");
    assert_eq!(topics[0]["n_messages"], 1);
    assert_eq!(topics[0]["sealed"], false);
    let sample = topics[0]["sample"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(sample).unwrap(), sent);
    let addition = message::noise_feed(NOISE);
    trial_says_what_becomes_of(&api, &sent.to_string());

    screens_come_back_to_another_generation(&server, &addition);

    // What was there is as it was, and the connection that stood goes on.
    api.asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.4
    });
    let newer = message::noise(clock::now(), 64.0);
    assert_eq!(vendor.publish(TOPIC, &newer.to_string()), 0);
    api.asset(NOISE, "meter-7", |asset| {
        asset["values"]["noise"]["v"] == 64.0
    });

    // What was refused meanwhile is read as of its own time.
    let rerun = json!({ "topic": TOPIC }).to_string();
    let answer = api.post("/api/v1/quarantine/rerun", &rerun);
    assert_eq!(answer.json()["accepted"], 1, "{}", answer.body);
    loudest(&api, 71.5);
    assert_eq!(api.list("/api/v1/quarantine"), Vec::<Value>::new());
    assert_eq!(api.post("/api/v1/quarantine/rerun", &rerun).status, 404);
    // It was refused once, and that stays told.
    let feeds = api.list("/api/v1/feeds");
    let unknown = feeds.iter().find(|row| row["feed"] == "unknown").unwrap();
    assert_eq!(unknown["rejected"]["source/unknown_feed"], 1, "{unknown}");

    // The tile, and the rest of the catalogue.
    let catalog = api.get("/api/v1/catalog").json();
    let scenes = catalog["scenes"].as_array().unwrap();
    let scene = scenes
        .iter()
        .find(|scene| scene["id"] == "connected")
        .unwrap();
    assert_eq!(scene["panel"][0]["metric"], "noise.loudest", "{scene}");

    // The same after a restart, and in a replay of the whole journal.
    let before = server.state();
    let setup = server.stop();
    let replayed = setup.replay(None);
    assert!(replayed.seq >= before.seq, "{replayed:?} {before:?}");
    let server = setup.start();
    loudest(&server.api(), 71.5);
    let state = server.state();
    let again = server.stop().replay(Some(state.seq));
    assert_eq!(again.hash, state.hash);
}

#[test]
fn a_feed_that_was_added_is_changed_and_let_go_and_what_came_of_it_stays() {
    let server = Server::tiny();
    let api = server.api();
    let addition = message::noise_feed(NOISE);
    connect(&api, &addition);
    let mut vendor = paho::Session::connect(server.mqtt, Version::V5);
    assert_eq!(
        vendor.publish(TOPIC, &message::noise(clock::now(), 50.0).to_string()),
        0
    );
    loudest(&api, 50.0);

    // The vendor changes its mind about a name: the message is kept until the map is mended.
    let mut other = message::noise(clock::now(), 0.0);
    other["level"] = json!(88.0);
    other.as_object_mut().unwrap().remove("dB");
    assert_eq!(vendor.publish(TOPIC, &other.to_string()), 0x99);
    let all = json!({ "feed": NOISE }).to_string();
    let answer = api.post("/api/v1/quarantine/rerun", &all).json();
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(answer["rejected"][0]["reason"], "no_value", "{answer}");
    let mut mended = addition.clone();
    let values = &mut mended["feed"]["map"]["values"];
    values
        .as_array_mut()
        .unwrap()
        .push(json!({ "property": "noise", "pointer": "/level" }));
    connect(&api, &mended);
    let answer = api.post("/api/v1/quarantine/rerun", &all).json();
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&json!(1), &json!(0)),
        "{answer}"
    );
    loudest(&api, 88.0);

    // What does not fit is refused whole, and what is in force stays.
    let mut broken = mended.clone();
    broken["metric"][0]["unit"] = json!("no such unit");
    let answer = json_put(&api, &format!("/api/v1/register/{NOISE}"), &broken);
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.json()["code"], "mistakes");
    loudest(&api, 88.0);
    let own = merged(&addition, &json!({}));
    let answer = json_put(&api, "/api/v1/register/manhole", &{
        let mut own = own;
        own["feed"]["id"] = json!("manhole");
        own
    });
    assert_eq!(answer.status, 409, "{}", answer.body);

    let answer = api.ask("DELETE", &format!("/api/v1/register/{NOISE}"), &[], "");
    assert_eq!((answer.status, &answer.json()["added"]), (200, &json!([])));
    assert_eq!(vendor.publish(TOPIC, &other.to_string()), 0x90);
    assert_eq!(
        api.get("/api/v1/metrics/noise.loudest/now?area=900000")
            .status,
        404
    );
    // Added once more, its past is there: it never left the journal.
    connect(&api, &mended);
    loudest(&api, 88.0);
}

#[test]
fn a_sample_is_tried_on_the_command_line_before_anybody_sends_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("samples.ndjson");
    let good = message::ponding("a-1", clock::now(), 42.0);
    let lines = format!("{good}\n{{\"gps\":1}}\n");
    std::fs::write(&file, lines).unwrap();
    let file = file.display().to_string();
    let city = egret_tests::city::tiny().display().to_string();
    let attempt = |feed: &str, more: &[&str]| {
        let topic = ["--topic", "vendor-x/G-1/telemetry"];
        let all = [
            &["feed", "try", feed, &file, "--city", &city],
            &topic[..],
            more,
        ]
        .concat();
        let output = egret(&all);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (success, told, _) = attempt("road", &["--lines", "--json"]);
    assert!(!success, "one of two is refused: {told}");
    let told: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let taken = &told[0]["taken"][0];
    assert_eq!(taken["asset"], "G-1", "{taken}");
    assert_eq!(taken["values"]["ponding_depth"]["v"], 4.2, "from mm to cm");
    assert_eq!(told[1]["taken"], json!([]));
    assert_eq!(told[1]["refused"][0]["stage"], "decode", "{}", told[1]);
    let (success, told, _) = attempt("road", &["--lines"]);
    assert!(
        !success && told.contains("message 2: 0 taken, 1 refused"),
        "{told}"
    );
    let (success, _, error) = attempt("raod", &[]);
    assert!(
        !success && error.contains("the city has no feed \"raod\""),
        "{error}"
    );
}

#[test]
fn what_is_not_worth_keeping_is_let_go_with_a_reason() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, "Heron-At-Low-Tide-7");
    let bad = json!({ "feed": "manhole", "asset": "M-1", "values": { "water_level": 99 } });
    for _ in 0..3 {
        assert_eq!(admin.tell("POST", "/api/v1/events", &bad).status, 422);
    }
    let rows = admin.get("/api/v1/quarantine").json();
    let first = rows["items"][0]["id"].clone();
    let without = admin.tell(
        "POST",
        "/api/v1/quarantine/discard",
        &json!({ "ids": [first], "why": " " }),
    );
    assert_eq!(without.status, 400, "{without:?}");
    let all = admin.tell(
        "POST",
        "/api/v1/quarantine/discard",
        &json!({ "why": "a test" }),
    );
    assert_eq!(all.status, 400, "{all:?}");
    let one = json!({ "ids": [first], "why": "a broken probe" });
    let answer = admin.tell("POST", "/api/v1/quarantine/discard", &one);
    assert_eq!(answer.json()["discarded"], 1, "{answer:?}");
    let left = admin.get("/api/v1/quarantine").json();
    assert_eq!(left["items"].as_array().unwrap().len(), 2);
    let rest = json!({ "feed": "manhole", "why": "the same probe" });
    let answer = admin.tell("POST", "/api/v1/quarantine/discard", &rest);
    assert_eq!(answer.json()["discarded"], 2, "{answer:?}");
    let lines = admin.get("/api/v1/audit?action=quarantine.discard").json();
    let details: Vec<&str> = lines["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["detail"].as_str().unwrap())
        .collect();
    assert_eq!(
        details,
        ["2 messages: the same probe", "1 messages: a broken probe"]
    );
    // That they were refused stays counted.
    let feeds = admin.get("/api/v1/feeds").json();
    let feeds = feeds["items"].as_array().unwrap().iter();
    let manhole = feeds
        .into_iter()
        .find(|row| row["feed"] == "manhole")
        .unwrap();
    assert_eq!(manhole["rejected"]["validate/out_of_range"], 3, "{manhole}");
}

#[test]
fn a_gateway_is_heard_in_quarantine_before_its_feed_is_there_and_taken_after() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, "Heron-At-Low-Tide-7");
    let mut gateway = |id: &str, feeds: &[&str]| {
        let form = json!({ "id": id, "feeds": feeds });
        let made = admin.tell("POST", "/api/v1/admin/gateways", &form).json();
        let secret = made["secret"].as_str().unwrap();
        paho::Session::connect_as(server.mqtt, Version::V5, id, secret)
    };
    let mut acme = gateway("acme-1", &[]);
    let mut other = gateway("east-1", &["manhole"]);
    let sent = message::noise(clock::now(), 71.5).to_string();
    assert_eq!(acme.publish(TOPIC, &sent), 0x90, "nobody listens");
    assert_eq!(
        acme.publish("egret/v1/manhole/M-1", &sent),
        0x87,
        "not its feed"
    );
    let topics = admin.get("/api/v1/register/topics").json();
    assert_eq!(topics[0]["topic"], TOPIC, "{topics}");

    let path = format!("/api/v1/register/{NOISE}");
    let answer = admin.tell("PUT", &path, &message::noise_feed(NOISE));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(acme.publish(TOPIC, &sent), 0x87, "not its own yet");
    let own = json!({ "feeds": [NOISE] });
    let answer = admin.tell("PATCH", "/api/v1/admin/gateways/acme-1", &own);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(acme.publish(TOPIC, &sent), 0);
    assert_eq!(
        other.publish(TOPIC, &sent),
        0x87,
        "a feed that is not its own"
    );
}

#[test]
fn a_feed_that_is_added_is_heard_from_an_existing_broker_too() {
    let broker = Broker::start();
    let server = Setup::tiny()
        .with_flags(&["--broker", &broker.url()])
        .start();
    let api = server.api();
    connect(&api, &message::noise_feed(NOISE));
    wait::until("the broker's message", || {
        let sent = message::noise(clock::now(), 66.0).to_string();
        mosquitto::publish(broker.address, Version::V5, TOPIC, &sent);
        let answer = api.get(&format!("/api/v1/assets/{NOISE}/meter-7"));
        wait::check(answer.status == 200, &answer)
    });
    let asset = api.asset(NOISE, "meter-7", |asset| {
        asset["values"]["noise"]["v"] == 66.0
    });
    assert_eq!(asset["position"], json!(WEST_1));
    let measured = api.get("/metrics").body;
    for line in [
        "egret_broker_connected{broker=\"127.0.0.1\"} 1",
        "egret_mqtt_connections_open 0",
        "egret_mqtt_publishes_in_total 0",
    ] {
        let mut lines = measured.lines();
        assert!(lines.any(|known| known == line), "{line} in {measured}");
    }
}
