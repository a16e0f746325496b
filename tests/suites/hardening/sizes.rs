//! More than anybody sends: heads, bodies, nesting, WebSocket frames and MQTT packets without end.

use std::net::SocketAddr;
use std::time::Duration;

use egret_tests::browser::{Screen, frame};
use egret_tests::packets::{Connect, Packets, packet, publish, push_text, subscribe};
use egret_tests::server::{Server, Setup};
use egret_tests::wire::Wire;
use serde_json::json;

use super::{PASSWORD, gateway, is_well};

/// A refusal that takes longer has waited for what it should have refused.
const SOON: Duration = Duration::from_secs(5);

const MIB: usize = 1024 * 1024;

/// What all of a test's nonsense may cost in memory that stays.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

fn started() -> (Server, String) {
    let server = Setup::tiny().guarded().start();
    server.make_admin(PASSWORD);
    let token = server.token("all", &["steward", "viewer"]);
    (server, token)
}

fn head(server: SocketAddr, token: &str, line: &str, more: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
}

/// The status of what is answered; `None` if the connection just ends.
#[track_caller]
fn status(server: SocketAddr, request: &str) -> Option<u16> {
    let mut wire = Wire::to(server);
    wire.say(request);
    wire.hear().map(|answer| answer.status)
}

#[test]
fn a_head_without_measure_is_refused() {
    let (server, token) = started();
    let ask = |line: &str, more: &str| status(server.http, &head(server.http, &token, line, more));
    let usual = ask(
        "GET /api/v1/catalog",
        &format!("Cookie: {}\r\n", "a=b; ".repeat(1_000)),
    );
    assert_eq!(usual, Some(200), "5 kB of cookies are a browser's");
    let long = "x".repeat(70_000);
    let refused = [
        (
            "a long header",
            ask("GET /api/v1/catalog", &format!("X-Long: {long}\r\n")),
        ),
        (
            "a long name",
            ask("GET /api/v1/catalog", &format!("{long}: x\r\n")),
        ),
        (
            "a long cookie",
            ask("GET /api/v1/catalog", &format!("Cookie: a={long}\r\n")),
        ),
        ("a long path", ask(&format!("GET /{long}"), "")),
        (
            "a long query",
            ask(&format!("GET /api/v1/assets?feed={long}"), ""),
        ),
        ("a long method", ask(&format!("{long} /"), "")),
        (
            "many headers",
            ask("GET /api/v1/catalog", &"A: b\r\n".repeat(200)),
        ),
    ];
    for (what, status) in refused {
        let is_refused = matches!(status, None | Some(400 | 414 | 431));
        assert!(is_refused, "{what}: {status:?}");
    }
    is_well(server.http, "long heads");
}

#[test]
fn a_head_without_end_is_cut_off_and_not_kept() {
    let (server, _) = started();
    let before = server.memory_bytes();
    for begin in ["GET / HTTP/1.1\r\nX: ", "GET /", "GET / HTTP/1.1\r\n", "A"] {
        let mut wire = Wire::to(server.http);
        wire.say(begin);
        let piece = if begin.ends_with("1.1\r\n") {
            "A: b\r\n".repeat(10_000)
        } else {
            "x".repeat(64 * 1024)
        };
        let n_taken = (0..512).take_while(|_| wire.say(&piece)).count();
        assert!(n_taken < 512, "32 MiB of {begin:?} were taken");
        assert!(wire.is_closed(SOON), "{begin:?}");
    }
    is_well(server.http, "heads without end");
    grew(&server, before);
}

#[track_caller]
fn grew(server: &Server, before: Option<u64>) {
    if let (Some(before), Some(after)) = (before, server.memory_bytes()) {
        println!(
            "memory: {} MiB, then {} MiB",
            before / 1_048_576,
            after / 1_048_576
        );
        assert!(
            after < before + MEMORY_BYTES_MAX,
            "{before} bytes, then {after}"
        );
    }
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_sent() {
    let (server, token) = started();
    let json = "Content-Type: application/json\r\n";
    for (path, limit) in [
        ("/api/v1/events", MIB),
        ("/api/v1/sign-in", 128 * 1024),
        ("/api/v1/incidents/20260101-0001/commands", 128 * 1024),
        (
            "/api/v1/incidents/20260101-0001/attachments?id=a&version=1&name=a",
            10 * MIB,
        ),
    ] {
        for length in [limit + 1, usize::MAX / 2] {
            let length = format!("{json}Content-Length: {length}\r\n");
            let request = head(server.http, &token, &format!("POST {path}"), &length);
            let mut wire = Wire::to(server.http);
            let answer = wire.ask(request).unwrap();
            assert_eq!(answer.status, 413, "{path} {length}: {answer:?}");
            assert!(wire.is_closed(SOON), "the body is not waited for");
        }
        // Nobody says how long this one will be.
        let chunked = format!("{json}Transfer-Encoding: chunked\r\n");
        let mut wire = Wire::to(server.http);
        wire.say(head(server.http, &token, &format!("POST {path}"), &chunked));
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(64 * 1024));
        let n_taken = (0..1_000).take_while(|_| wire.say(&chunk)).count();
        assert!(
            n_taken < 1_000,
            "{path}: 64 MiB of a body without end were taken"
        );
        assert!(wire.is_closed(SOON), "{path}");
    }
    is_well(server.http, "bodies without end");
}

#[test]
fn json_without_measure_is_refused_in_words() {
    let (server, token) = started();
    let api = server.api().with_token(&token);
    let admin = server.token("admin", &["admin"]);
    let admin = server.api().with_token(&admin);
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let nested = [
        deep("[", "]", 200_000),
        deep("[", "", 500_000),
        deep("{\"a\":", "}", 100_000),
        deep("[{\"values\":", "}]", 50_000),
        format!(
            r#"{{"feed":"manhole","asset":"A","values":{}}}"#,
            deep("[", "]", 50_000)
        ),
        format!(
            r#"{{"feed":"hotline","report":"A","state":{}}}"#,
            deep("{\"a\":", "}", 50_000)
        ),
        format!("[{}1]", "1,".repeat(400_000)),
        format!("[{}{{}}]", "{},".repeat(300_000)),
        format!(
            r#"{{"feed":"manhole","asset":"A","values":{{{}"x":1}}}}"#,
            r#""v":1,"#.repeat(100_000)
        ),
        format!(
            r#"{{"feed":"manhole","asset":"A","values":{{"water_level":1e{}}}}}"#,
            "9".repeat(100_000)
        ),
        format!(
            r#"{{"feed":"manhole","asset":"{}","values":{{"water_level":1}}}}"#,
            "A".repeat(500_000)
        ),
        "\u{0}".repeat(1_000),
        format!("\"{}\"", "\\ud800".repeat(10_000)),
    ];
    for body in &nested {
        let began = std::time::Instant::now();
        let answer = api.post("/api/v1/events", body);
        let short: String = body.chars().take(40).collect();
        println!("{short}: {:.0?}", began.elapsed());
        assert!((400..500).contains(&answer.status), "{short}: {answer:?}");
        assert_eq!(answer.kind, "application/problem+json", "{short}");
    }
    let forms = [
        deep("[", "]", 60_000),
        format!(r#"{{"name":{}}}"#, deep("[", "]", 60_000)),
        format!(r#"{{"name":"a","grants":{}}}"#, deep("[", "]", 60_000)),
        format!(r#"{{"name":"a","grants":[{}0]}}"#, "0,".repeat(60_000)),
        format!(r#"{{"name":"{}","grants":[]}}"#, "a".repeat(100_000)),
        format!(
            r#"{{"name":"a","grants":[{{"role":"viewer","areas":{{"only":[{}"900001"]}},"departments":"all","up_to":"public"}}]}}"#,
            r#""900001","#.repeat(10_000)
        ),
    ];
    for body in &forms {
        for path in ["/api/v1/admin/users", "/api/v1/admin/tokens"] {
            let answer = admin.post(path, body);
            let short: String = body.chars().take(40).collect();
            assert!(
                (400..500).contains(&answer.status),
                "{path} {short}: {answer:?}"
            );
        }
    }
    let answer = admin.post(
        "/api/v1/sign-in",
        &json!({ "name": "admin", "password": "x".repeat(100_000) }).to_string(),
    );
    assert_eq!(answer.status, 401, "{answer:?}");
    is_well(server.http, "JSON without measure");
}

#[test]
fn a_body_that_would_unpack_is_not_unpacked() {
    let (server, token) = started();
    let api = server.api().with_token(&token);
    let event = r#"{"feed":"manhole","asset":"A","values":{"water_level":1}}"#;
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let headers = [
            ("Content-Encoding", coding),
            ("Content-Type", "application/json"),
        ];
        // Were it unpacked, it would be no JSON; were the header ignored, the event would count.
        let answer = api.ask("POST", "/api/v1/events", &headers, event);
        assert!(
            [200, 400, 415].contains(&answer.status),
            "{coding}: {answer:?}"
        );
    }
    is_well(server.http, "packed bodies");
}

/// A WebSocket's connection after its handshake.
#[track_caller]
fn upgraded(server: SocketAddr, token: &str) -> Wire {
    let more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let mut wire = Wire::to(server);
    let answer = wire
        .ask(head(server, token, "GET /ws?encoding=json", more))
        .unwrap();
    assert_eq!(answer.status, 101, "{answer:?}");
    let extension = answer.header("sec-websocket-extensions");
    assert_eq!(extension, None, "packed frames could unpack to anything");
    wire
}

#[test]
fn frames_that_are_too_long_or_make_no_sense_end_the_socket() {
    let (server, token) = started();
    let text = |bytes: &[u8]| frame(0x81, bytes.len() as u64, bytes);
    let endless: Vec<u8> = std::iter::once(frame(0x01, 1_024, &[b' '; 1_024]))
        .chain(std::iter::repeat_with(|| frame(0x00, 1_024, &[b' '; 1_024])).take(70))
        .flatten()
        .collect();
    let broken: [(&str, Vec<u8>); 13] = [
        ("a message of 70 kB", text(&vec![b' '; 70_000])),
        ("a message in fragments of 71 kB", endless),
        ("a frame that will have 70 kB", frame(0x81, 70_000, b"")),
        ("a frame that will have 15 MB", frame(0x81, 15_000_000, b"")),
        (
            "a frame that will have 2^62 bytes",
            frame(0x82, 1 << 62, b""),
        ),
        ("a frame of a negative length", frame(0x82, u64::MAX, b"")),
        (
            "a fragment that will have 15 MB",
            frame(0x01, 15_000_000, b""),
        ),
        ("a frame without a mask", b"\x81\x02{}".to_vec()),
        ("a long ping", frame(0x89, 126, &[0; 126])),
        ("a ping in fragments", frame(0x09, 1, b"a")),
        ("a reserved bit", frame(0xc1, 2, b"{}")),
        ("an unknown kind", frame(0x83, 2, b"{}")),
        ("a continuation of nothing", frame(0x80, 2, b"{}")),
    ];
    let mut open = Vec::new();
    for (what, bytes) in broken {
        let mut wire = upgraded(server.http, &token);
        wire.say(&bytes);
        if !wire.is_closed(SOON) {
            open.push(what);
        }
    }
    let mut wire = upgraded(server.http, &token);
    wire.say(text(b"\xff\xfe"));
    assert!(wire.is_closed(SOON), "text that is no UTF-8");
    assert!(open.is_empty(), "not refused within {SOON:?}: {open:?}");
    is_well(server.http, "strange frames");
}

#[test]
fn a_message_that_makes_no_sense_is_answered_and_the_socket_stays() {
    let (server, token) = started();
    let bearer = format!("Bearer {token}");
    let mut screen = Screen::open(server.http, None, &[("Authorization", &bearer)]).unwrap();
    let deep = json!({ "type": "subscribe", "channels": "[".repeat(30_000) });
    let long = format!("asset/manhole/{}", "x".repeat(60_000));
    let odd = [
        json!({}),
        json!([]),
        json!({ "type": "no such" }),
        json!({ "type": "subscribe", "channels": ["tile/99/0/0"] }),
        json!({ "type": "subscribe", "channels": ["tile/0/1/1"] }),
        json!({ "type": "subscribe", "channels": ["tile/-1/0/0"] }),
        json!({ "type": "subscribe", "channels": ["no/such"] }),
        json!({ "type": "subscribe", "channels": [""] }),
        json!({ "type": "subscribe", "channels": [7] }),
        json!({ "type": "pace", "every_ms": -1 }),
        json!({ "type": "pace", "every_ms": 1e300 }),
        deep,
    ];
    for message in odd {
        screen.say(&message);
        let error = screen.find(SOON, |said| said["type"] == "error");
        assert_eq!(error["code"], "bad_message", "{message}: {error}");
    }
    let channels: Vec<_> = (0..200).map(|n| format!("asset/manhole/M-{n}")).collect();
    screen.say(&json!({ "type": "subscribe", "channels": channels }));
    let error = screen.find(SOON, |said| said["type"] == "error");
    assert_eq!(error["code"], "too_many_channels", "{error}");
    screen.say(&json!({ "type": "unsubscribe", "channels": channels }));
    screen.say(&json!({ "type": "subscribe", "channels": [long] }));
    screen.subscribe("city");
    screen.find(SOON, |said| {
        said["type"] == "snapshot" && said["channel"] == "city"
    });
}

#[test]
fn who_does_not_begin_with_a_proper_connect_is_let_go() {
    let (server, _) = started();
    let secret = gateway(&server, "gw-1", "manhole");
    let by = Connect::by("c", "gw-1", &secret);
    let connect = by.packet();
    let mut named_mqtx = connect.clone();
    named_mqtx[7] = b'X';
    let mut version_9 = connect.clone();
    version_9[8] = 9;
    let mut reserved = connect.clone();
    reserved[9] |= 1;
    let before: [(&str, Vec<u8>); 12] = [
        ("CONNECT of 256 MiB", vec![0x10, 0xff, 0xff, 0xff, 0x7f]),
        (
            "a length of five bytes",
            vec![0x10, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        ("an empty CONNECT", vec![0x10, 0]),
        ("nothing but zeros", vec![0; 100]),
        ("PUBLISH first", publish("egret/v1/manhole/M-1", 1, b"{}")),
        ("SUBSCRIBE first", subscribe(1, &["#"])),
        ("another protocol", named_mqtx),
        ("a version that is none", version_9),
        ("a reserved flag", reserved),
        (
            "a will without end",
            packet(0x10, &[connect[2..].to_vec(), vec![b'x'; 100_000]].concat()),
        ),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
    ];
    let mut open = Vec::new();
    for (what, bytes) in before {
        let mut packets = Packets::to(server.mqtt, None);
        packets.say(&bytes);
        if !packets.is_closed(SOON * 3) {
            open.push(what);
        }
    }
    assert!(open.is_empty(), "not ended: {open:?}");
    is_well(server.http, "strange beginnings");
}

#[test]
fn packets_that_are_too_long_or_make_no_sense_end_the_connection() {
    let (server, _) = started();
    let secret = gateway(&server, "gw-1", "manhole");
    let by = Connect::by("c", "gw-1", &secret);
    let connect = by.packet();
    let topic = |text: &[u8]| {
        let mut body = Vec::new();
        push_text(&mut body, text);
        body.extend([0, 1]);
        packet(0x32, &body)
    };
    let after: [(&str, Vec<u8>); 11] = [
        ("a second CONNECT", connect),
        ("CONNACK", packet(0x20, &[0, 0])),
        ("a packet of kind 0", packet(0x00, &[])),
        ("SUBSCRIBE of 256 MiB", vec![0x82, 0xff, 0xff, 0xff, 0x7f]),
        (
            "a length of five bytes",
            vec![0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        (
            "QoS 3",
            packet(0x36, &publish("egret/v1/manhole/M-1", 1, b"{}")[2..]),
        ),
        ("packet 0", publish("egret/v1/manhole/M-1", 0, b"{}")),
        ("a topic with a wildcard", topic(b"egret/v1/manhole/#")),
        ("a topic with NUL", topic(b"egret/v1/man\0hole")),
        ("a topic that is no UTF-8", topic(b"egret/\xff\xfe")),
        (
            "a topic longer than its packet",
            packet(0x32, &[0xff, 0xff, b'a']),
        ),
    ];
    let mut open = Vec::new();
    for (what, bytes) in after {
        let (mut packets, code) = Packets::connect(server.mqtt, None, &by);
        assert_eq!(code, Some(0));
        packets.say(&bytes);
        if !packets.is_closed(SOON) {
            open.push(what);
        }
    }
    assert!(open.is_empty(), "not ended: {open:?}");
    let (mut packets, _) = Packets::connect(server.mqtt, None, &by);
    let reading = json!({ "values": { "water_level": 1.0 } }).to_string();
    assert!(
        packets
            .publish("egret/v1/manhole/M-1", 1, reading.as_bytes())
            .is_some()
    );
}

#[test]
fn a_payload_that_is_too_long_is_refused_and_the_session_stays() {
    let (server, token) = started();
    let secret = gateway(&server, "gw-1", "manhole");
    let before = server.memory_bytes();
    let by = Connect::by("c", "gw-1", &secret);
    let (mut packets, _) = Packets::connect(server.mqtt, None, &by);
    for id in 1..=20 {
        let payload = vec![b'['; 4 * MIB];
        assert!(
            packets
                .publish("egret/v1/manhole/M-1", id, &payload)
                .is_some(),
            "{id}"
        );
    }
    let deep = "[".repeat(200_000);
    assert!(
        packets
            .publish("egret/v1/manhole/M-1", 30, deep.as_bytes())
            .is_some()
    );
    let reading = json!({ "values": { "water_level": 1.0 } }).to_string();
    assert!(
        packets
            .publish("egret/v1/manhole/M-1", 31, reading.as_bytes())
            .is_some()
    );
    let refused = server.api().with_token(&token).list("/api/v1/quarantine");
    assert_eq!(refused.len(), 21, "{refused:?}");
    grew(&server, before);
}
