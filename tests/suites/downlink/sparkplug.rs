//! Orders to a pump behind a Sparkplug gateway, which Mosquitto's clients play: it is born, hears what
//! it is told as the standard's bytes, and what it measures then acknowledges the order.

use std::net::SocketAddr;

use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::mosquitto::{self, Broker, Subscriber, Version};
use egret_tests::paho::Session;
use egret_tests::server::Setup;
use egret_tests::sparkplug::{self, Payload, Value as Said};
use egret_tests::wait;
use serde_json::{Value, json};

use super::{PASSWORD, gateway, given, post, until_state};

const NODE: &str = "plant:n1";
const PUMP: &str = "plant:n1:pump-1";

/// Where the pump is told something, and what its gateway listens to.
const TOLD: &str = "spBv1.0/plant/DCMD/n1/pump-1";
const COMMANDS: &str = "spBv1.0/plant/DCMD/n1/+";

/// A line of what is heard: topic, QoS, whether it is retained, and the payload's bytes.
const FORM: &str = "%t %q %r %X";

const FEED: &str = r#"
[[feed]]
id          = "pumps"
name        = { zh = "泵站网关", en = "Pump gateways" }
department  = "water"
domain      = "water"
asset_class = "pump"
topic       = "spBv1.0/plant/#"
format      = "sparkplug-b"

[feed.names]
"Outputs/Run"   = { property = "running" }
"Outputs/Speed" = { property = "pump_speed" }

[[feed.commands]]
id      = "run"
name    = { zh = "启停", en = "Run" }
topic   = "spBv1.0/{group}/DCMD/{node}/{device}"
payload = '''
{"metrics":[
  {"name":"Outputs/Run","dataType":"Boolean","value":"{on}"},
  {"name":"Outputs/Speed","dataType":"UInt8","value":"{speed}"},
  {"name":"Outputs/By","dataType":"String","value":"Egret {id}"}]}'''
qos     = 0
expires = "2m"
confirm = false
ack     = { property = "running", is = "{on}" }

[[feed.commands.parameters]]
id   = "on"
name = { zh = "开泵", en = "Run" }
type = "switch"

[[feed.commands.parameters]]
id    = "speed"
name  = { zh = "转速", en = "Speed" }
type  = "number"
unit  = "%"
range = [0.0, 100.0]
whole = true
"#;

const PROPERTIES: &str = r#"
[[property]]
id    = "running"
name  = { zh = "运行", en = "Running" }
unit  = "1"
range = [0.0, 1.0]

[[property]]
id    = "pump_speed"
name  = { zh = "转速", en = "Pump speed" }
unit  = "%"
range = [0.0, 100.0]
"#;

fn city() -> CityCopy {
    let city = CityCopy::new().with_more("feeds.toml", FEED);
    city.with_more("properties.toml", PROPERTIES)
}

fn run(asset: &str, speed: f64) -> Value {
    json!({
        "feed": "pumps", "asset": asset, "command": "run",
        "parameters": { "on": true, "speed": speed }, "reason": "underpass floods",
    })
}

/// Says something for the node, or for the pump.
#[track_caller]
fn say(broker: SocketAddr, flags: &[&str], of: &str, payload: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("payload");
    std::fs::write(&file, payload).unwrap();
    let (file, topic) = (file.display().to_string(), format!("spBv1.0/plant/{of}"));
    let told = mosquitto::publish_file_with(broker, Version::V5, &topic, &file, flags);
    assert!(told.success, "{told:?}");
}

/// The births of the node and its pump, which stands still.
#[track_caller]
fn be_born(broker: SocketAddr, flags: &[&str]) {
    let now = clock::now();
    let speed = ("Outputs/Speed", Said::Byte(0));
    let node = sparkplug::payload(0, now, std::slice::from_ref(&speed));
    say(broker, flags, "NBIRTH/n1", &node);
    let still = ("Outputs/Run", Said::Boolean(false));
    let pump = sparkplug::payload(1, now, &[still, speed]);
    say(broker, flags, "DBIRTH/n1/pump-1", &pump);
}

/// The pump runs: the message after its birth.
#[track_caller]
fn tell_running(broker: SocketAddr, flags: &[&str]) {
    let running = [("Outputs/Run", Said::Boolean(true))];
    let data = sparkplug::payload(2, clock::now(), &running);
    say(broker, flags, "DDATA/n1/pump-1", &data);
}

/// Who listens to `filter`, once `beside`, which is retained, has come: then it is subscribed.
#[track_caller]
fn hear(broker: SocketAddr, filter: &str, beside: &str, flags: &[&str]) -> Subscriber {
    let flags = [&["-F", FORM, "-t", beside][..], flags].concat();
    let heard = mosquitto::subscribe_with(broker, Version::V5, filter, &flags);
    heard.find("it listens", |topic, _| (topic == beside).then_some(()));
    heard
}

/// What the pump is told, as soon as it is: at QoS 0 and not retained.
#[track_caller]
fn told(node: &Subscriber) -> Payload {
    node.find("the order", |topic, rest| {
        let digits = rest.strip_prefix("0 0 ")?;
        (topic == TOLD).then(|| sparkplug::read(digits).unwrap())
    })
}

/// Fails unless the payload tells the pump to run by this order.
#[track_caller]
fn is_run(payload: &Payload, id: &str) {
    let said: Vec<_> = payload
        .metrics
        .iter()
        .map(|metric| (&*metric.name, metric.value.clone()))
        .collect();
    let expected = [
        ("Outputs/Run", Said::Boolean(true)),
        ("Outputs/Speed", Said::Byte(80)),
        ("Outputs/By", Said::Text(format!("Egret {id}"))),
    ];
    assert_eq!(said, expected);
    assert_eq!(payload.seq, None, "hosts do not number what they say");
}

#[test]
fn a_device_behind_a_gateway_is_told_in_its_datatypes_and_what_it_measures_acknowledges_it() {
    let server = Setup::with_city(city()).guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let own = gateway(&mut admin, "node-1", "pumps");
    let foreign = gateway(&mut admin, "drain-1", "manhole");
    let token = server.token("dispatcher", &["dispatcher"]);
    let api = server.api().with_token(&token);
    let flags = ["-u", "node-1", "-P", &own];
    let state = "spBv1.0/STATE/egret";
    let node = hear(server.mqtt, COMMANDS, state, &flags);
    let flags_of_other = ["-u", "drain-1", "-P", &foreign];
    let other = hear(server.mqtt, "spBv1.0/+/DCMD/#", state, &flags_of_other);
    be_born(server.mqtt, &flags);
    api.asset("pumps", PUMP, |asset| {
        asset["values"]["running"]["v"] == 0.0
    });
    api.asset("pumps", NODE, |_| true);

    // The command is for devices, and nothing that its datatypes do not take is ordered.
    let offered = |asset: &str| {
        let offers = api.get(&format!("/api/v1/assets/pumps/{asset}/commands"));
        offers.json()["items"].as_array().unwrap().len()
    };
    assert_eq!((offered(PUMP), offered(NODE)), (1, 0));
    let answer = post(&api, "to-node", &run(NODE, 80.0));
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (422, &json!("no_topic"))
    );
    let answer = post(&api, "part", &run(PUMP, 80.5));
    assert_eq!(
        (answer.status, &answer.json()["parameter"]),
        (422, &json!("speed"))
    );

    let before = clock::now().0;
    let id = given(&post(&api, "run", &run(PUMP, 80.0)));
    let heard = told(&node);
    is_run(&heard, &id);
    assert!(heard.timestamp.is_some_and(|at| at >= before), "{heard:?}");
    for metric in &heard.metrics {
        let is_the_orders = metric.timestamp >= Some(before) && metric.timestamp <= heard.timestamp;
        assert!(is_the_orders, "{heard:?}");
    }
    assert_eq!(until_state(&api, &id, "sent")["ways"], json!(["mqtt"]));
    // Nobody but Egret tells it anything.
    let mut forger = Session::connect_as(server.mqtt, Version::V5, "node-1", &own);
    assert_eq!(forger.publish(TOLD, "x"), 0x87);

    tell_running(server.mqtt, &flags);
    until_state(&api, &id, "acknowledged");
    let lines = other.lines();
    assert!(lines.iter().all(|line| !line.contains("DCMD")), "{lines:?}");
}

#[test]
fn what_a_device_was_to_be_told_before_a_power_cut_it_is_told_after_it() {
    let server = Setup::with_city(city()).start();
    be_born(server.mqtt, &[]);
    server.api().asset("pumps", PUMP, |_| true);
    let id = given(&post(&server.api(), "run", &run(PUMP, 80.0)));
    until_state(&server.api(), &id, "waiting");
    let server = server.kill().start();
    let started = clock::now().0;
    let node = hear(server.mqtt, COMMANDS, "spBv1.0/STATE/egret", &[]);
    let heard = told(&node);
    is_run(&heard, &id);
    // It was ordered before, and is published now.
    let mut ordered = heard.metrics.iter().map(|one| one.timestamp);
    assert!(
        ordered.all(|at| at.is_some_and(|at| at < started)),
        "{heard:?}"
    );
    assert!(heard.timestamp >= Some(started), "{heard:?}");
    until_state(&server.api(), &id, "sent");
}

#[test]
fn a_gateway_behind_an_existing_broker_is_told_there_and_nobody_takes_that_for_a_reading() {
    let broker = Broker::start();
    let server = Setup::with_city(city())
        .with_flags(&["--broker", &broker.url()])
        .start();
    let api = server.api();
    wait::until("the pump is known", || {
        be_born(broker.address, &[]);
        let answer = api.get(&format!("/api/v1/assets/pumps/{PUMP}"));
        wait::check(answer.status == 200, answer)
    });
    let ready = ("ready", "now");
    mosquitto::publish_with(broker.address, Version::V5, ready, &["-r"]);
    let node = hear(broker.address, COMMANDS, "ready", &[]);
    let id = given(&post(&api, "run", &run(PUMP, 80.0)));
    is_run(&told(&node), &id);
    let row = until_state(&api, &id, "sent");
    assert_eq!(row["ways"], json!([broker.address.to_string()]));
    tell_running(broker.address, &[]);
    until_state(&api, &id, "acknowledged");
    // By the feed's own filter Egret has heard the command, too, before what came of it.
    assert_eq!(api.list("/api/v1/quarantine"), Vec::<Value>::new());
}
