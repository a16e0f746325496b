//! While there is no account, there is only the way to make the first.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use egret_tests::browser::{Browser, Screen};
use egret_tests::http::Answer;
use egret_tests::mosquitto::Version;
use egret_tests::packets::{Connect, Packets};
use egret_tests::routes;
use egret_tests::server::{Server, Setup, egret};
use serde_json::{Value, json};

use super::{PASSWORD, is_refused};

/// What is served before there is an account, beside the page and its files.
const OPEN: [&str; 4] = [
    "GET /api/v1/me",
    "POST /api/v1/first-start",
    "GET /healthz",
    "GET /readyz",
];

#[track_caller]
fn start(browser: &mut Browser, code: &str, name: &str, password: &str) -> Answer {
    let form = json!({ "code": code, "name": name, "password": password });
    browser.tell("POST", "/api/v1/first-start", &form)
}

/// An address of this machine that is not loopback; loopback's second, if it has no other.
fn own_address() -> IpAddr {
    let found = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // Nothing is sent: the system only says from where it would be.
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let found = found.map(|address| address.ip());
    found.unwrap_or(IpAddr::from([127, 0, 0, 2]))
}

#[track_caller]
fn serves_nothing_but_the_first_start(server: SocketAddr, mqtt: SocketAddr) {
    let mut browser = Browser::new(server);
    assert_eq!(
        browser.me(),
        json!({ "state": "first_start", "who": null, "oidc": null })
    );
    let mut n_closed = 0;
    for route in routes::all() {
        if OPEN.contains(&&*route.name()) {
            continue;
        }
        let answer = browser.tell(route.method, &route.with("x"), &json!({}));
        is_refused(&answer, 403, "first_start");
        n_closed += 1;
    }
    assert!(n_closed > 40, "{n_closed}");
    assert_eq!(browser.get("/healthz").status, 200);
    let page = browser.get("/start");
    assert!([200, 503].contains(&page.status), "{page:?}");
    assert!(page.kind.starts_with("text/html"), "{page:?}");
    assert_eq!(Screen::open(server, None, &[]).err(), Some(403));
    for version in Version::BOTH {
        for user in [
            None,
            Some(("token", "x")),
            Some(("admin", PASSWORD)),
            Some(("", "")),
        ] {
            let connect = Connect {
                version,
                user,
                ..Connect::by("c", "", "")
            };
            let (mut packets, code) = Packets::connect(mqtt, None, &connect);
            assert_ne!(code, Some(0), "{version:?} {user:?}");
            assert!(packets.is_closed(egret_tests::wait::PATIENCE));
        }
    }
}

#[test]
fn before_the_first_account_only_the_way_to_make_it_is_served() {
    let server = Setup::tiny().guarded().start();
    serves_nothing_but_the_first_start(server.http, server.mqtt);
}

#[test]
fn from_other_machines_it_is_the_same_and_the_code_is_needed_there_too() {
    let own = own_address();
    println!("this machine is {own}");
    let server = Setup::tiny()
        .guarded()
        .at(IpAddr::from([0, 0, 0, 0]))
        .start();
    let http = SocketAddr::new(own, server.http.port());
    let mqtt = SocketAddr::new(own, server.mqtt.port());
    serves_nothing_but_the_first_start(http, mqtt);
    let mut browser = Browser::new(http);
    is_refused(
        &start(&mut browser, "2222-2222-2222", "admin", PASSWORD),
        403,
        "bad_code",
    );
    is_refused(&start(&mut browser, "", "admin", PASSWORD), 403, "bad_code");
    browser.make_first(&server.first_code(), PASSWORD);
    assert_eq!(browser.me()["state"], "signed_in");
    assert_eq!(Browser::new(http).get("/api/v1/catalog").status, 401);
    let (_, code) = Packets::connect(mqtt, None, &Connect::by("c", "token", "x"));
    assert_ne!(code, Some(0));
}

#[test]
fn a_code_makes_one_account_and_no_other() {
    let server = Setup::tiny().guarded().start();
    let code = server.first_code();
    let mut browser = Browser::new(server.http);
    // What is wrong with the rest of the form does not use it up.
    is_refused(
        &start(&mut browser, &code, "admin", "short"),
        400,
        "weak_password",
    );
    is_refused(&start(&mut browser, &code, "", PASSWORD), 400, "invalid");
    assert_eq!(browser.me()["state"], "first_start");
    let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
    let answer = start(&mut browser, &typed, "admin", PASSWORD);
    assert_eq!(answer.status, 200, "{answer:?}");
    let who = &browser.me()["who"];
    assert_eq!(
        (&who["name"], &who["must_change_password"]),
        (&json!("admin"), &json!(false))
    );
    let mut other = Browser::new(server.http);
    is_refused(
        &start(&mut other, &code, "second", PASSWORD),
        403,
        "bad_code",
    );
    assert_eq!(other.me()["state"], "anonymous");
    let users = browser.get("/api/v1/admin/users").json();
    assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users}");
    // Nor does the next start of the server print another.
    let server = server.stop().start();
    is_refused(
        &start(&mut Browser::new(server.http), &code, "second", PASSWORD),
        403,
        "bad_code",
    );
}

#[test]
fn two_who_have_the_code_at_once_are_not_two_admins() {
    let server = Setup::tiny().guarded().start();
    let code = server.first_code();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (code, http) = (&code, server.http);
                scope.spawn(move || {
                    start(&mut Browser::new(http), code, &format!("a{n}"), PASSWORD).status
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let n_made = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(n_made, 1, "{statuses:?}");
}

#[test]
fn after_ten_wrong_codes_none_is_right_until_the_server_starts_anew() {
    let server = Setup::tiny().guarded().start();
    let code = server.first_code();
    let mut browser = Browser::new(server.http);
    for n in 0..10 {
        let wrong = format!("2222-2222-22{}{}", 22 + n, "");
        is_refused(
            &start(&mut browser, &wrong, "admin", PASSWORD),
            403,
            "bad_code",
        );
    }
    is_refused(
        &start(&mut browser, &code, "admin", PASSWORD),
        403,
        "bad_code",
    );
    assert_eq!(browser.me()["state"], "first_start");
    let server = server.stop().start();
    let next = server.first_code();
    assert_ne!(code, next);
    let mut browser = Browser::new(server.http);
    is_refused(
        &start(&mut browser, &code, "admin", PASSWORD),
        403,
        "bad_code",
    );
    browser.make_first(&next, PASSWORD);
    assert_eq!(browser.me()["state"], "signed_in");
}

#[test]
fn an_account_made_by_the_command_line_ends_the_first_start() {
    let server = Setup::tiny().guarded().start();
    let code = server.first_code();
    server.make_admin(PASSWORD);
    let mut browser = Browser::new(server.http);
    is_refused(
        &start(&mut browser, &code, "second", PASSWORD),
        403,
        "bad_code",
    );
    assert_eq!(browser.get("/api/v1/catalog").status, 401);
    assert_eq!(browser.sign_in("admin", PASSWORD).status, 200);
}

/// What `egret serve` says on standard error that is to serve on these addresses, and does not start.
#[track_caller]
fn refused_to_start(flags: &[&str]) -> String {
    let (city, data) = (egret_tests::city::tiny(), tempfile::tempdir().unwrap());
    let mut arguments = vec!["serve", "--city", city.to_str().unwrap()];
    arguments.extend(["--data", data.path().to_str().unwrap()]);
    arguments.extend(flags);
    let output = egret(&arguments);
    assert!(!output.status.success(), "{flags:?}: it started");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_open_to_everybody_is_served_to_this_machine_alone() {
    let own = SocketAddr::new(own_address(), 0).to_string();
    for address in ["0.0.0.0:0", "[::]:0", &own] {
        if address.starts_with("127.") {
            continue;
        }
        for (flag, http, mqtt) in [
            ("--http", address, "127.0.0.1:0"),
            ("--mqtt", "127.0.0.1:0", address),
        ] {
            let said = refused_to_start(&["--insecure-open", "--http", http, "--mqtt", mqtt]);
            for word in [flag, address, "--insecure-open", "127.0.0.1"] {
                assert!(said.contains(word), "no {word:?} in: {said}");
            }
        }
    }
    for address in ["127.0.0.2", "::1"] {
        let server = Setup::tiny().at(address.parse().unwrap()).start();
        assert_eq!(Browser::new(server.http).me()["state"], "open");
    }
}

#[test]
fn an_open_server_makes_no_accounts() {
    let server = Server::tiny();
    let mut browser = Browser::new(server.http);
    let answer = start(&mut browser, "", "admin", PASSWORD);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(browser.me()["who"], Value::Null);
}
