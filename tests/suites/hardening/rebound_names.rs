//! Names of others that are rebound to this machine: to the browser a page of theirs is of the same
//! origin then, and only the name tells it apart.

use std::net::SocketAddr;

use egret_tests::server::Server;
use egret_tests::wire::Wire;

/// The status of a request with this line and these headers.
#[track_caller]
fn asked(server: SocketAddr, line: &str, headers: &str) -> Option<u16> {
    let answer = Wire::to(server).ask(format!("{line}\r\n{headers}Connection: close\r\n\r\n"));
    answer.map(|answer| answer.status)
}

/// Hosts that are this machine only to a page that has rebound them, or nonsense that a careless
/// reader takes for this machine.
const REBOUND: [&str; 14] = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "0.0.0.0",
    "[::]",
    "[::ffff:10.0.0.1]",
    "10.0.0.1",
    "2130706433.evil.example",
    "evil.example#localhost",
    "localhost@evil.example",
    "evil.example/localhost",
    "[::1].evil.example",
    "[::1]evil.example",
    "[127.0.0.1.evil.example]",
];

#[test]
fn an_open_server_hears_no_name_that_could_be_rebound() {
    let server = Server::tiny();
    let port = server.http.port();
    let status = |host: &str| {
        asked(
            server.http,
            "GET /api/v1/catalog HTTP/1.1",
            &format!("Host: {host}\r\n"),
        )
    };
    for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.9.9.9"] {
        assert_eq!(status(&format!("{host}:{port}")), Some(200), "{host}");
    }
    for host in REBOUND {
        let with_port = format!("{host}:{port}");
        for host in [host, &with_port] {
            let got = status(host);
            assert!(matches!(got, Some(400 | 403)), "{host}: {got:?}");
        }
    }
    for path in [
        "/",
        "/ws",
        "/api/v1/me",
        "/metrics",
        "/healthz",
        "/map/x",
        "/no/such/screen",
    ] {
        let line = format!("GET {path} HTTP/1.1");
        let got = asked(
            server.http,
            &line,
            &format!("Host: evil.example:{port}\r\n"),
        );
        assert_eq!(got, Some(403), "{path}");
    }
    // With the origin that the rebound page has.
    let own = format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n");
    let post = format!("{own}Content-Type: application/json\r\nContent-Length: 2\r\n");
    let got = asked(server.http, "POST /api/v1/events HTTP/1.1", &post);
    assert_eq!(got, Some(403));
    // Whichever of two names is believed, one of them is foreign.
    for twice in [
        format!("Host: localhost:{port}\r\nHost: evil.example\r\n"),
        format!("Host: evil.example\r\nHost: localhost:{port}\r\n"),
        format!("Host: localhost:{port}, evil.example\r\n"),
    ] {
        let got = asked(server.http, "GET /api/v1/catalog HTTP/1.1", &twice);
        assert!(matches!(got, Some(400 | 403)), "{twice:?}: {got:?}");
    }
}

#[test]
fn the_address_in_a_requests_line_counts_before_its_header() {
    // RFC 9112, section 3.2.2.
    let server = Server::tiny();
    let line = "GET http://evil.example/api/v1/catalog HTTP/1.1";
    let host = format!("Host: localhost:{}\r\n", server.http.port());
    let got = asked(server.http, line, &host);
    assert!(matches!(got, Some(400 | 403)), "{got:?}");
}

#[test]
fn a_host_with_two_ports_is_no_name_of_this_machine() {
    let server = Server::tiny();
    for port in ["80.evil.example", "80.evil.example:80", "x"] {
        let host = format!("Host: localhost:{port}\r\n");
        let got = asked(server.http, "GET /api/v1/catalog HTTP/1.1", &host);
        assert!(matches!(got, Some(400 | 403)), "{host:?}: {got:?}");
    }
}
