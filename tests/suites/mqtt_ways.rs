//! MQTT under TLS, with a certificate in place of a password, and by WebSocket.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use std::net::SocketAddr;

use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::message;
use egret_tests::mosquitto::{self, Published, Version};
use egret_tests::paho;
use egret_tests::server::{Server, Setup};
use egret_tests::tls::{Authority, Certificate};
use egret_tests::wire::Wire;
use serde_json::json;

const TOPIC: &str = "egret/v1/manhole/M-1";
const PASSWORD: &str = "Heron-At-Low-Tide-7";

/// A server with a certificate, MQTT under TLS, and these flags.
fn under_tls(certificate: &Certificate, flags: &[&str]) -> Setup {
    Setup::tiny()
        .guarded()
        .with_certificate(certificate)
        .with_flags(&["--mqtts", "127.0.0.1:0"])
        .with_flags(flags)
}

/// The admin of a server, who makes a gateway that may send levels; its secret.
fn gateway(admin: &mut Browser, id: &str) -> String {
    let form = json!({ "id": id, "feeds": ["manhole"] });
    let made = admin.tell("POST", "/api/v1/admin/gateways", &form).json();
    made["secret"].as_str().unwrap().to_owned()
}

/// The first admin of a server under TLS.
fn admin(server: &Server, certificate: &Certificate) -> Browser {
    let mut admin = Browser::new(server.http).trusting(certificate);
    admin.make_first(&server.first_code(), PASSWORD);
    admin
}

fn level() -> String {
    message::level(clock::now(), 1.4).to_string()
}

fn publish(server: &Server, certificate: &Certificate, more: &[&str]) -> Published {
    let trusted = certificate.certificate().display().to_string();
    let flags = [&["-h", "localhost", "--cafile", &trusted], more].concat();
    let broker = server.mqtts.unwrap();
    mosquitto::publish_with(broker, Version::V5, (TOPIC, &level()), &flags)
}

#[track_caller]
fn is_refused(published: &Published, words: &[&str]) {
    assert!(!published.success, "{published:?}");
    let said = published.said.to_lowercase();
    assert!(
        words.iter().any(|word| said.contains(word)),
        "{published:?}"
    );
}

#[test]
fn a_gateway_publishes_under_tls_and_nobody_else_reads_its_secret() {
    let certificate = Certificate::new();
    let server = under_tls(&certificate, &[]).start();
    let secret = gateway(&mut admin(&server, &certificate), "east-1");
    let own = ["-u", "east-1", "-P", &secret];
    let sent = publish(&server, &certificate, &own);
    assert!(sent.success, "{sent:?}");
    let wrong = publish(&server, &certificate, &["-u", "east-1", "-P", "wrong"]);
    is_refused(&wrong, &["bad user name", "not authorized"]);
    // A client that trusts somebody else does not go on.
    let sent = publish(&server, &Certificate::new(), &own);
    is_refused(&sent, &["certificate", "tls"]);
    // One that speaks in clear gets nothing, and keeps nobody else out.
    let clear =
        mosquitto::publish_with(server.mqtts.unwrap(), Version::V3, (TOPIC, &level()), &own);
    assert!(!clear.success, "{clear:?}");
    assert!(publish(&server, &certificate, &own).success);
}

#[test]
fn a_certificate_in_a_gateways_name_takes_the_place_of_its_password() {
    let certificate = Certificate::new();
    let authority = Authority::new();
    let ca = authority.certificate().display().to_string();
    let server = under_tls(&certificate, &["--mqtts-client-ca", &ca]).start();
    let mut admin = admin(&server, &certificate);
    let secret = gateway(&mut admin, "east-1");
    let shown = |authority: &Authority, name: &str| {
        authority.sign(name).map(|file| file.display().to_string())
    };
    let [own, key] = shown(&authority, "east-1");
    let sent = publish(&server, &certificate, &["--cert", &own, "--key", &key]);
    assert!(sent.success, "{sent:?}");
    // It is that gateway and no other, whatever it calls itself.
    let as_other = ["--cert", &own, "--key", &key, "-u", "east-2", "-P", "x"];
    is_refused(
        &publish(&server, &certificate, &as_other),
        &["bad user name", "not authorized"],
    );
    let [other, other_key] = shown(&authority, "nobody");
    let sent = publish(
        &server,
        &certificate,
        &["--cert", &other, "--key", &other_key],
    );
    is_refused(&sent, &["bad user name", "not authorized"]);
    // By nobody the server knows.
    let [forged, forged_key] = shown(&Authority::new(), "east-1");
    let sent = publish(
        &server,
        &certificate,
        &["--cert", &forged, "--key", &forged_key],
    );
    assert!(!sent.success, "{sent:?}");
    // Others still have their passwords.
    let sent = publish(&server, &certificate, &["-u", "east-1", "-P", &secret]);
    assert!(sent.success, "{sent:?}");
    // A gateway that is switched off is off, with a certificate too.
    let off = json!({ "disabled": true });
    let answer = admin.tell("PATCH", "/api/v1/admin/gateways/east-1", &off);
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = publish(&server, &certificate, &["--cert", &own, "--key", &key]);
    is_refused(&sent, &["bad user name", "not authorized"]);
}

#[test]
fn where_a_certificate_is_needed_a_password_does_not_let_in() {
    let certificate = Certificate::new();
    let authority = Authority::new();
    let ca = authority.certificate().display().to_string();
    let flags = [
        "--mqtts-client-ca",
        &ca,
        "--mqtts-client-certificate-needed",
    ];
    let server = under_tls(&certificate, &flags).start();
    let secret = gateway(&mut admin(&server, &certificate), "east-1");
    let sent = publish(&server, &certificate, &["-u", "east-1", "-P", &secret]);
    assert!(!sent.success, "{sent:?}");
    let [own, key] = authority
        .sign("east-1")
        .map(|file| file.display().to_string());
    let sent = publish(&server, &certificate, &["--cert", &own, "--key", &key]);
    assert!(sent.success, "{sent:?}");
}

#[test]
fn a_gateway_publishes_by_websocket_on_the_port_of_the_screens() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let secret = gateway(&mut admin, "east-1");
    for version in [Version::V3, Version::V5] {
        let mut session = paho::Session::connect_web(server.http, version, "east-1", &secret);
        for _ in 0..20 {
            assert_eq!(session.publish(TOPIC, &level()), 0);
        }
        let big = "x".repeat(300_000);
        let refused = if version == Version::V5 { 0x97 } else { 0 };
        assert_eq!(
            session.publish(TOPIC, &big),
            refused,
            "longer than a frame's usual size"
        );
        assert_eq!(session.publish(TOPIC, &level()), 0);
    }
    let asset = admin.get("/api/v1/assets/manhole/M-1").json();
    assert_eq!(asset["values"]["water_level"]["v"], 1.4, "{asset}");
}

/// A Sparkplug payload of one metric by its alias, which no birth has told: protobuf by hand.
///
/// # Source
/// Sparkplug 3.0.0, `sparkplug_b.proto`: payload `timestamp` 1, `metrics` 2, `seq` 3; metric `alias` 2,
/// `datatype` 4, `double_value` 13.
fn unborn(at_ms: i64) -> Vec<u8> {
    fn varint(mut n: u64, out: &mut Vec<u8>) {
        while n >= 0x80 {
            out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
            n >>= 7;
        }
        out.push(u8::try_from(n).unwrap());
    }
    let mut metric = vec![0x10, 7, 0x20, 10, 0x69];
    metric.extend(1.5_f64.to_le_bytes());
    let mut payload = vec![0x08];
    varint(at_ms.unsigned_abs(), &mut payload);
    payload.extend([0x12, u8::try_from(metric.len()).unwrap()]);
    payload.extend(metric);
    payload.extend([0x18, 5]);
    payload
}

#[test]
fn a_sparkplug_node_whose_birth_was_missed_is_asked_for_it() {
    let city = CityCopy::new().with_more(
        "feeds.toml",
        r#"
[[feed]]
id          = "plant"
name        = { zh = "厂", en = "Plant" }
department  = "water"
domain      = "water"
asset_class = "manhole"
topic       = "spBv1.0/plant/#"
format      = "sparkplug-b"
[feed.names]
level = { property = "water_level" }
"#,
    );
    let server = Setup::with_city(city).guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let mut gateway = |id: &str, feed: &str| {
        let form = json!({ "id": id, "feeds": [feed] });
        let made = admin.tell("POST", "/api/v1/admin/gateways", &form).json();
        made["secret"].as_str().unwrap().to_owned()
    };
    let own = gateway("node-1", "plant");
    let others = gateway("other", "manhole");
    let hear = |user: &str, secret: &str| {
        let flags = [
            "-u",
            user,
            "-P",
            secret,
            "-F",
            "%t %X",
            "-t",
            "spBv1.0/STATE/+",
        ];
        mosquitto::subscribe_with(server.mqtt, Version::V5, "spBv1.0/plant/NCMD/+", &flags)
    };
    let node = hear("node-1", &own);
    let other = hear("other", &others);
    let is_state = |topic: &str, _: &str| (topic == "spBv1.0/STATE/egret").then_some(());
    node.find("the host is there", is_state);
    other.find("the host is there", is_state);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ndata");
    std::fs::write(&file, unborn(clock::now().0)).unwrap();
    let file = file.display().to_string();
    let flags = ["-u", "node-1", "-P", &own];
    let topic = "spBv1.0/plant/NDATA/n1";
    mosquitto::publish_file_with(server.mqtt, Version::V5, topic, &file, &flags);
    let digits = "Node Control/Rebirth"
        .bytes()
        .map(|byte| format!("{byte:02X}"));
    let wish = digits.collect::<Vec<_>>().concat();
    node.find("the wish to be born again", |topic, payload| {
        (topic == "spBv1.0/plant/NCMD/n1" && payload.contains(&wish)).then_some(())
    });
    let lines = other.lines();
    assert!(lines.iter().all(|line| !line.contains("NCMD")), "{lines:?}");
}

#[test]
fn a_foreign_page_opens_no_mqtt_and_the_subprotocol_is_asked_for() {
    let server = Server::tiny();
    let upgrade = |origin: &str, protocol: &str| status_of_upgrade(server.http, origin, protocol);
    let own = format!("http://{}", server.http);
    assert_eq!(upgrade(&own, "mqtt"), 101);
    assert_eq!(upgrade("http://evil.example", "mqtt"), 403);
    assert_eq!(upgrade(&own, "mqttv3.1"), 400);
}

/// What a WebSocket handshake for MQTT is answered with.
fn status_of_upgrade(server: SocketAddr, origin: &str, protocol: &str) -> u16 {
    let request = format!(
        "GET /mqtt HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {protocol}\r\nOrigin: {origin}\r\n\r\n"
    );
    let mut wire = Wire::to(server);
    wire.say(request);
    wire.hear_head().unwrap().status
}
