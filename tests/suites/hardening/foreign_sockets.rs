//! WebSockets that pages of others open: a handshake is an ordinary request that a browser sends
//! with somebody's cookie, and asks nobody's leave for.

use std::net::SocketAddr;

use egret_tests::browser::{Browser, Screen};
use egret_tests::server::{Server, Setup};
use egret_tests::tls::Certificate;
use egret_tests::wait;
use egret_tests::wire::Wire;
use serde_json::{Value, json};

use super::{PASSWORD, guarded};

/// The status by which a WebSocket is refused; 101 if it is opened.
#[track_caller]
fn knock(server: SocketAddr, headers: &[(&str, &str)]) -> u16 {
    match Screen::open(server, None, headers) {
        Ok(mut screen) => {
            screen.find(wait::PATIENCE, |said| said["type"] == "welcome");
            101
        }
        Err(status) => status,
    }
}

#[test]
fn a_socket_opens_to_our_own_pages_and_to_programs() {
    let (server, admin) = guarded();
    let token = server.token("a program", &["viewer"]);
    let bearer = format!("Bearer {token}");
    let cookie = format!("egret_session={}", admin.session().unwrap());
    let own = admin.origin();
    let mine = ("Cookie", &*cookie);
    assert_eq!(knock(server.http, &[mine, ("Origin", &own)]), 101);
    assert_eq!(
        knock(server.http, &[mine]),
        101,
        "a program sends no origin"
    );
    assert_eq!(knock(server.http, &[("Authorization", &bearer)]), 101);
    assert_eq!(
        knock(server.http, &[("Origin", &own)]),
        401,
        "nobody is signed in"
    );
    for origin in [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1:1",
        "file://",
        "ws://evil",
    ] {
        for who in [mine, ("Authorization", &*bearer)] {
            let status = knock(server.http, &[who, ("Origin", origin)]);
            assert_eq!(status, 403, "{origin}");
        }
    }
    // What stands in an address ends in logs and histories.
    for query in ["token", "access_token", "authorization", "session"] {
        let path = format!("/api/v1/catalog?{query}={token}");
        assert_eq!(Browser::new(server.http).get(&path).status, 401, "{query}");
    }
}

#[test]
fn an_open_server_opens_no_socket_to_foreign_pages_and_changes_nothing_for_them() {
    let server = Server::tiny();
    let own = format!("http://{}", server.http);
    assert_eq!(knock(server.http, &[("Origin", &own)]), 101);
    assert_eq!(knock(server.http, &[]), 101);
    for origin in ["http://evil.example", "null", "http://localhost:1"] {
        assert_eq!(knock(server.http, &[("Origin", origin)]), 403, "{origin}");
        let event =
            json!({ "feed": "manhole", "asset": "FORGED-1", "values": { "water_level": 1.0 } });
        let headers = [("Origin", origin), ("Content-Type", "text/plain")];
        let mut browser = Browser::new(server.http);
        let answer = browser.ask("POST", "/api/v1/events", &headers, &event.to_string());
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert_eq!(server.api().list("/api/v1/assets"), Vec::<Value>::new());
}

#[test]
fn under_tls_a_page_without_it_is_a_foreign_page() {
    let certificate = Certificate::new();
    let server = Setup::tiny()
        .guarded()
        .with_certificate(&certificate)
        .start();
    let mut admin = Browser::new(server.http).trusting(&certificate);
    admin.make_first(&server.first_code(), PASSWORD);
    let plain = format!("http://{}", server.http);
    let headers = [("X-Egret", "1"), ("Origin", &*plain)];
    let answer = admin.ask("POST", "/api/v1/sign-out", &headers, "");
    assert_eq!(answer.status, 403, "{answer:?}");
    // A WebSocket's handshake is an ordinary request that no permission is asked for.
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let upgrade = |origin: &str| {
        let cookie = format!("__Host-egret_session={}", admin.session().unwrap());
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nOrigin: {origin}\r\n\
             Cookie: {cookie}\r\n\r\n",
            server.http
        );
        Wire::trusting(server.http, &certificate)
            .ask(request)
            .unwrap()
            .status
    };
    assert_eq!(upgrade(&admin.origin()), 101);
    assert_eq!(upgrade(&plain), 403);
}
