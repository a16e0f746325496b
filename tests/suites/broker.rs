//! An existing broker as the way in: Debian's Mosquitto, restarted under way.

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::message::{self, merged};
use egret_tests::mosquitto::{self, Broker, Version};
use egret_tests::paho;
use egret_tests::server::{Server, Setup};
use egret_tests::tls::{Authority, Certificate};
use egret_tests::wait;
use serde_json::{Value, json};

fn server_of(broker: &Broker) -> Server {
    let server = Setup::tiny()
        .with_flags(&["--broker", &broker.url()])
        .start();
    is_subscribed(broker);
    server
}

fn is_subscribed(broker: &Broker) {
    wait::until("the server subscribes at the broker", || {
        let log = broker.log();
        wait::check(log.contains("Received SUBSCRIBE"), log)
    });
}

/// Publishes readings `from..to` of one asset each, with ids, on one connection.
fn publish(broker: &Broker, range: std::ops::Range<usize>) {
    let mut client = paho::Session::connect(broker.address, Version::V3);
    for n in range {
        let id = json!({ "id": n.to_string() });
        let reading = merged(&message::level(clock::now(), 1.0), &id);
        assert_eq!(
            client.publish(&format!("egret/v1/manhole/B-{n}"), &reading.to_string()),
            0
        );
    }
}

fn has_all(server: &Server, n: usize) {
    server
        .api()
        .feed("manhole", |health| health["accepted"] == n);
    let assets = server.api().list("/api/v1/assets?feed=manhole");
    assert_eq!(assets.len(), n);
}

#[test]
fn what_the_broker_took_while_the_server_was_down_arrives_when_it_is_back() {
    let broker = Broker::start();
    let server = server_of(&broker);
    publish(&broker, 0..20);
    has_all(&server, 20);
    let setup = server.kill();
    publish(&broker, 20..60);
    let server = setup.start();
    has_all(&server, 60);
}

#[test]
fn a_broker_that_restarts_under_way_costs_nothing() {
    let mut broker = Broker::start();
    let server = server_of(&broker);
    for round in 0..3 {
        publish(&broker, round * 20..(round + 1) * 20);
        broker.stop();
        broker.start_again();
        is_subscribed(&broker);
    }
    publish(&broker, 60..80);
    has_all(&server, 80);
}

#[test]
fn what_is_sent_again_through_the_broker_counts_once() {
    let broker = Broker::start();
    let server = server_of(&broker);
    publish(&broker, 0..10);
    publish(&broker, 0..10);
    server
        .api()
        .feed("manhole", |health| health["duplicate"] == 10);
    has_all(&server, 10);
}

#[test]
fn a_bad_message_through_the_broker_is_in_quarantine_and_stops_nothing() {
    let broker = Broker::start();
    let server = server_of(&broker);
    let topic = "egret/v1/manhole/M-1";
    let good = message::level(clock::now(), 1.0).to_string();
    let lines = ["no JSON", &good];
    let published = mosquitto::publish_lines(broker.address, Version::V5, topic, &lines);
    assert!(
        published.success,
        "the broker itself takes anything: {}",
        published.said
    );
    server.api().asset("manhole", "M-1", |_| true);
    let rows = server.api().list("/api/v1/quarantine");
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["raw"], &rows[0]["topic"]),
        (&json!("no JSON"), &json!(topic))
    );
}

#[test]
fn a_broker_under_tls_that_asks_for_certificates_is_heard_in_either_version() {
    let (certificate, authority) = (Certificate::new(), Authority::new());
    let broker = Broker::start_under_tls(&certificate, &authority);
    let [own, key] = authority
        .sign("egret")
        .map(|file| file.display().to_string());
    let trusted = certificate.certificate().display().to_string();
    let port = broker.address.port();
    let url = |version: &str, ca: &str| {
        format!("mqtts://localhost:{port}?version={version}&ca={ca}&certificate={own}&key={key}")
    };
    for (n, version) in ["3.1.1", "5"].into_iter().enumerate() {
        let broker_url = url(version, &trusted);
        let server = Setup::tiny().with_flags(&["--broker", &broker_url]).start();
        wait::until("a message by TLS", || {
            let level = message::level(clock::now(), 1.0).to_string();
            let topic = format!("egret/v1/manhole/T-{n}");
            let flags = [
                "-h",
                "localhost",
                "--cafile",
                &trusted,
                "--cert",
                &own,
                "--key",
                &key,
            ];
            let sent =
                mosquitto::publish_with(broker.address, Version::V5, (&topic, &level), &flags);
            assert!(sent.success, "{sent:?}");
            let answer = server.api().get(&format!("/api/v1/assets/manhole/T-{n}"));
            wait::check(answer.status == 200, answer)
        });
    }
    // Whoever it is that answers, it is not who is trusted.
    let stranger = Certificate::new();
    let stranger = stranger.certificate().display().to_string();
    let server = Setup::tiny()
        .with_flags(&["--broker", &url("5", &stranger)])
        .start();
    wait::until("the log says why", || {
        let log = server.log();
        wait::check(
            log.contains("broker lost") && log.contains("certificate"),
            log,
        )
    });
}

/// The only broker of `GET /api/v1/brokers`, once it is as wanted.
#[track_caller]
fn told(server: &Server, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, || {
        let row = server.api().list("/api/v1/brokers").remove(0);
        if is(&row) {
            Ok(row)
        } else {
            Err(row.to_string())
        }
    })
}

#[test]
fn it_is_told_how_a_broker_stands_and_nothing_that_opens_it() {
    let mut broker = Broker::start();
    let url = broker.url().replace("mqtt://", "mqtt://egret:hush-9@");
    let server = Setup::tiny().with_flags(&["--broker", &url]).start();
    let began = clock::ago(60);
    let first = told(&server, "it is connected", |row| row["connected"] == true);
    assert_eq!(first["url"], format!("mqtt://{}", broker.address));
    assert_eq!(
        (&first["error"], &first["next_try_at"]),
        (&Value::Null, &Value::Null)
    );
    let time = |value: &Value| serde_json::from_value::<TimeMs>(value.clone()).unwrap();
    let since = time(&first["since"]);
    assert!(since > began && since <= clock::now(), "{first}");
    publish(&broker, 0..7);
    let mosquitto_takes = ("egret/v1/manhole/B-8", "no JSON");
    mosquitto::publish_with(broker.address, Version::V5, mosquitto_takes, &[]);
    told(&server, "eight messages, a refused one among them", |row| {
        row["messages"] == 8
    });

    broker.stop();
    let lost = told(&server, "it is lost and tried again", |row| {
        row["connected"] == false && row["next_try_at"].is_string()
    });
    let (at, text) = (
        time(&lost["error"]["at"]),
        lost["error"]["text"].as_str().unwrap(),
    );
    assert!(at >= since && time(&lost["since"]) >= since, "{lost}");
    assert!(
        !text.is_empty() && time(&lost["next_try_at"]) > at,
        "{lost}"
    );
    broker.start_again();
    let again = told(&server, "it is back", |row| row["connected"] == true);
    assert!(time(&again["since"]) >= time(&lost["since"]), "{again}");
    assert!(
        again["error"].is_object(),
        "what went wrong last stays: {again}"
    );
    // A broker that was restarted may send again what it had.
    assert!(again["messages"].as_u64().unwrap() >= 8, "{again}");
    let answer = server.api().get("/api/v1/brokers").body;
    assert!(!answer.contains("hush-9"), "{answer}");
}

#[test]
fn a_broker_that_is_not_there_yet_is_waited_for() {
    let mut broker = Broker::start();
    broker.stop();
    let server = Setup::tiny()
        .with_flags(&["--broker", &broker.url()])
        .start();
    assert_eq!(server.api().get("/healthz").status, 200);
    broker.start_again();
    is_subscribed(&broker);
    publish(&broker, 0..5);
    has_all(&server, 5);
}
