//! Requests as only an attacker writes them: methods that are none, two requests in one, bytes by
//! chance.

use std::net::SocketAddr;
use std::time::Duration;

use egret_tests::dice::Dice;
use egret_tests::http::Answer;
use egret_tests::packets::Packets;
use egret_tests::routes;
use egret_tests::server::{Server, Setup};
use egret_tests::wire::Wire;

use super::{guarded, is_well};

/// How long the answer to a second request is waited for, that should not come.
const QUIET: Duration = Duration::from_millis(150);

#[test]
fn methods_that_are_none_do_nothing() {
    let (server, mut admin) = guarded();
    let methods = [
        "TRACE", "TRACK", "CONNECT", "PROPFIND", "PUT", "FOO", "get", "GETX", "OPTIONS", "DEBUG",
    ];
    let routes = routes::all();
    let paths = ["/", "/wall/overview", "/egret.js", "/nothing"].map(str::to_owned);
    let paths = routes.iter().map(|route| route.with("x")).chain(paths);
    for path in paths {
        for method in methods {
            let answer = admin.ask(method, &path, &[("X-Canary", "echo-me-not")], "");
            assert!(
                (400..500).contains(&answer.status),
                "{method} {path}: {answer:?}"
            );
            assert!(!answer.body.contains("echo-me-not"), "{method} {path}");
            assert!(!answer.kind.contains("message/http"), "{method} {path}");
        }
    }
    is_well(server.http, "strange methods");
}

/// A request by which another is smuggled: `{}` stands for the other one.
const SMUGGLING: [(&str, &str); 30] = [
    (
        "length and chunks",
        "Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "chunks and length",
        "Transfer-Encoding: chunked\r\nContent-Length: {n}\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "two lengths",
        "Content-Length: 0\r\nContent-Length: {n}\r\n\r\n{}",
    ),
    (
        "two lengths, the other way round",
        "Content-Length: {n}\r\nContent-Length: 0\r\n\r\n{}",
    ),
    ("two lengths in one", "Content-Length: 0, {n}\r\n\r\n{}"),
    ("a length with a sign", "Content-Length: +0\r\n\r\n{}"),
    ("a negative length", "Content-Length: -1\r\n\r\n{}"),
    ("a length in hexadecimal", "Content-Length: 0x0\r\n\r\n{}"),
    ("a length with an exponent", "Content-Length: 0e1\r\n\r\n{}"),
    ("a length that is none", "Content-Length: x\r\n\r\n{}"),
    ("an empty length", "Content-Length: \r\n\r\n{}"),
    (
        "a length beyond 64 bits",
        "Content-Length: 18446744073709551616\r\n\r\n{}",
    ),
    ("a length before a space", "Content-Length : 0\r\n\r\n{}"),
    ("a length behind a space", " Content-Length: 0\r\n\r\n{}"),
    (
        "chunks before a space",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "chunks behind a tab",
        "\tTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "another coding",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "chunks that are not last",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "identity",
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n{}",
    ),
    (
        "chunks with a control character",
        "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "chunks in a folded line",
        "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{}",
    ),
    (
        "a folded line",
        "X-A: b\r\n c: d\r\nContent-Length: 0\r\n\r\n{}",
    ),
    (
        "a bare CR in a value",
        "X-A: b\rContent-Length: 0\r\n\r\n{}",
    ),
    (
        "a bare CR at the end",
        "X-A: b\r\r\nContent-Length: 0\r\n\r\n{}",
    ),
    ("NUL in a value", "X-A: b\0c\r\nContent-Length: 0\r\n\r\n{}"),
    ("NUL in a name", "X-\0A: b\r\nContent-Length: 0\r\n\r\n{}"),
    (
        "a header without a name",
        ": b\r\nContent-Length: 0\r\n\r\n{}",
    ),
    (
        "a header without a colon",
        "nonsense\r\nContent-Length: 0\r\n\r\n{}",
    ),
    (
        "a chunk of no size",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n{}",
    ),
    (
        "a chunk of 2^64 and more",
        "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}",
    ),
];

/// What a POST whose body cannot be told from the next request is answered with.
fn smuggled(server: &Server, shape: &str) -> (Vec<Answer>, bool) {
    let other = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
    let shape = shape
        .replace("{n}", &other.len().to_string())
        .replace("{}", &other);
    let mut wire = Wire::to(server.http);
    wire.say(format!(
        "POST /readyz HTTP/1.1\r\nHost: {}\r\n{shape}",
        server.http
    ));
    let answers = wire.hear_all(QUIET);
    let is_closed = wire.is_closed(QUIET);
    (answers, is_closed)
}

#[test]
fn no_request_is_smuggled_in_another() {
    let server = Server::tiny();
    let mut findings = Vec::new();
    for (what, shape) in SMUGGLING {
        let (answers, is_closed) = smuggled(&server, shape);
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        // What cannot be told apart from the next request ends the connection (RFC 9112, 6.1).
        if answers.len() > 1 || !is_closed {
            findings.push(format!("{what}: {statuses:?}, closed: {is_closed}"));
        }
    }
    // Equal lengths may be taken as one (RFC 9110, section 8.6).
    let (answers, _) = smuggled(
        &server,
        "Content-Length: {n}\r\nContent-Length: {n}\r\n\r\n{}",
    );
    assert!(answers.len() <= 1, "{answers:?}");
    is_well(server.http, "smuggling");
    assert!(findings.is_empty(), "taken:\n  {}", findings.join("\n  "));
}

#[test]
fn what_follows_a_request_in_order_is_a_request_of_its_own() {
    // So that the test above can tell a smuggled request from one that nobody heard.
    let server = Server::tiny();
    let (answers, _) = smuggled(&server, "Content-Length: 0\r\n\r\n{}");
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [405, 200]);
    let (answers, _) = smuggled(&server, "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{}");
    assert_eq!(answers.len(), 2, "{answers:?}");
}

#[test]
fn an_unread_body_is_not_the_next_request() {
    let (server, _) = guarded();
    let other = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
    for path in [
        "/api/v1/sign-in",
        "/api/v1/events",
        "/api/v1/admin/users",
        "/nothing",
        "/",
    ] {
        let mut wire = Wire::to(server.http);
        wire.say(format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nOrigin: http://evil.example\r\nContent-Length: {}\r\n\r\n{other}",
            server.http,
            other.len()
        ));
        let answers = wire.hear_all(QUIET);
        assert_eq!(answers.len(), 1, "{path}: {answers:?}");
    }
}

/// Lines of requests that are none, or not of HTTP/1.
const LINES: [&str; 19] = [
    "GET /",
    "GET",
    "GET  / HTTP/1.1",
    "GET / HTTP/1.1 x",
    "GET / HTTP/9.9",
    "GET / HTTP/2.0",
    "GET / HTTP/1.10",
    "GET / http/1.1",
    "GET / HTP/1.1",
    "GET\t/\tHTTP/1.1",
    " GET / HTTP/1.1",
    "G\u{0}T / HTTP/1.1",
    "GET /\u{0} HTTP/1.1",
    "GET /\u{7f} HTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET http:// HTTP/1.1",
    "GET http://[::1 HTTP/1.1",
    "CONNECT evil.example:80 HTTP/1.1",
    "{\"json\":true}",
];

#[test]
fn a_request_line_that_is_none_is_refused() {
    let server = Server::tiny();
    let mut findings = Vec::new();
    for line in LINES {
        let mut wire = Wire::to(server.http);
        wire.say(format!(
            "{line}\r\nHost: {}\r\nConnection: close\r\n\r\n",
            server.http
        ));
        let answer = wire.hear();
        let status = answer.as_ref().map(|answer| answer.status);
        let is_refused = status.is_none_or(|status| (400..500).contains(&status) || status == 505);
        if !is_refused {
            findings.push(format!("{line:?}: {status:?}"));
        }
    }
    is_well(server.http, "strange lines");
    assert!(findings.is_empty(), "taken:\n  {}", findings.join("\n  "));
}

#[test]
fn a_request_says_once_and_for_certain_whom_it_is_for() {
    let (server, _) = guarded();
    let ask = |line: &str, headers: &str| {
        let answer =
            Wire::to(server.http).ask(format!("{line}\r\n{headers}Connection: close\r\n\r\n"));
        answer.map(|answer| answer.status)
    };
    let line = "GET /healthz HTTP/1.1";
    let host = format!("Host: {}\r\n", server.http);
    assert_eq!(ask(line, &host), Some(200));
    assert_eq!(
        ask("GET /healthz HTTP/1.0", ""),
        Some(200),
        "HTTP/1.0 has no such header"
    );
    let absolute = format!("GET http://{}/healthz HTTP/1.1", server.http);
    assert_eq!(
        ask(&absolute, &host),
        Some(200),
        "as to a proxy (RFC 9112, section 3.2.2)"
    );
    // RFC 9112, section 3.2: 400 for a request without the header, or with more than one.
    let mut findings = Vec::new();
    for (what, headers) in [
        ("no host", String::new()),
        ("two hosts", format!("{host}Host: evil.example\r\n")),
        ("twice the same", format!("{host}{host}")),
    ] {
        let status = ask(line, &headers);
        if !matches!(status, None | Some(400)) {
            findings.push(format!("{what}: {status:?}"));
        }
    }
    assert!(findings.is_empty(), "taken:\n  {}", findings.join("\n  "));
}

/// Bytes by chance that look a little like what belongs there.
fn garbage(dice: &mut Dice, words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..dice.below(30) {
        if dice.below(3) == 0 {
            let n = dice.below(20);
            bytes.extend((0..n).map(|_| u8::try_from(dice.below(256)).unwrap()));
        } else {
            let word = usize::try_from(dice.below(words.len() as u64)).unwrap();
            bytes.extend(words[word]);
        }
    }
    bytes
}

#[track_caller]
fn survives(http: SocketAddr, seed: &mut Dice) {
    let words: [&[u8]; 16] = [
        b"GET ",
        b"POST ",
        b"/api/v1/",
        b"events",
        b" HTTP/1.1",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"Host: x",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked",
        b"0\r\n\r\n",
        b"9999",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"Upgrade: websocket\r\n",
        b"\0\0\0\x04\0\0\0\0\0",
    ];
    let mut wires: Vec<Wire> = Vec::new();
    for _ in 0..400 {
        let mut wire = Wire::to(http);
        wire.say(garbage(seed, &words));
        wire.end();
        wires.push(wire);
    }
    for mut wire in wires {
        // Frames of HTTP/2 are no answers of HTTP/1: only the end counts.
        let (said, _) = wire.until_closed(Duration::from_secs(15));
        let said = String::from_utf8_lossy(&said);
        assert!(!said.contains("HTTP/1.1 5"), "{said}");
    }
}

#[test]
fn bytes_by_chance_are_survived() {
    let server = Setup::tiny().guarded().start();
    let mut dice = Dice::of_this_run();
    survives(server.http, &mut dice);
    let words: [&[u8]; 10] = [
        b"\x10\x10\0\x04MQTT",
        b"\x04\x02\0\0",
        b"\x05\xc2",
        b"\x30\x05\0\x01a",
        b"\x82\x06\0\x01\0\x01#\x01",
        b"\xc0\0",
        b"\xe0\0",
        b"\x10\xff\xff\x03",
        b"\0\x04",
        b"\x62\x02\0\x01",
    ];
    let mut crowd = Vec::new();
    for _ in 0..400 {
        let mut packets = Packets::to(server.mqtt, None);
        packets.say(garbage(&mut dice, &words));
        crowd.push(packets);
        // Of those who have not said who they are there may be 64 from here.
        if crowd.len() == 50 {
            crowd.clear();
        }
    }
    is_well(server.http, "bytes by chance");
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
