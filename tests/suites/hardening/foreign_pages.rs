//! Pages of others that make a browser, or this machine, do something: forged requests, foreign
//! scripts and WebSockets, names that are rebound.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use egret_tests::browser::{Browser, Screen};
use egret_tests::city::CityCopy;
use egret_tests::http::Answer;
use egret_tests::routes;
use egret_tests::server::{Server, Setup};
use egret_tests::tls::Certificate;
use egret_tests::wall::Wall;
use egret_tests::wire::Wire;
use egret_tests::{clock, message};
use serde_json::{Value, json};

use super::foreign_orders::{of_cases, of_ways_in};
use super::{PASSWORD, gateway, guarded};

/// A request that changes something, and what its answer is when a page of ours sends it.
pub(crate) struct Change {
    /// As the server registers it.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) status: u16,
}

pub(crate) fn change(route: &'static str, id: &str, body: Value, status: u16) -> Change {
    let (_, path) = route.split_once(' ').unwrap();
    let mut path = path.to_owned();
    for part in id.split('/').filter(|part| !part.is_empty()) {
        let (before, rest) = path.split_once('{').unwrap();
        path = format!("{before}{part}{}", rest.split_once('}').unwrap().1);
    }
    Change {
        route,
        path,
        body,
        status,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn viewer() -> Value {
    json!([{ "role": "viewer", "areas": "all", "departments": "all", "up_to": "public" }])
}

/// What there is to be changed, by its ids.
struct Victims {
    user: String,
    token: String,
    device: String,
    session: String,
    /// Of two walls that wait.
    codes: [String; 2],
    /// Of an entry of the journal.
    seq: String,
    /// Of an incident that somebody reported.
    incident: String,
}

/// The gateway among them, and the report with somebody's number.
const GATEWAY: &str = "victim-gateway";
const REPORT: &str = "hotline/R-1";
const PHONE: &str = "13800005678";

/// A server whose feed of reports tells of persons, and somebody with every right there is.
fn with_everybody() -> (Server, Browser) {
    let class = "classification = \"sensitive\"";
    let personal = format!("{class}\npersonal = [\"/caller/phone\"]");
    let city = CityCopy::new().with("feeds.toml", class, &personal);
    let server = Setup::with_city(city).guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let grant =
        |role| json!({ "role": role, "areas": "all", "departments": "all", "up_to": "sensitive" });
    let all = ["admin", "steward", "dispatcher"].map(grant);
    let everybody = admin.make_person("everybody", PASSWORD, &json!(all));
    (server, everybody)
}

impl Victims {
    fn make(server: &Server, admin: &mut Browser) -> Self {
        let user = json!({ "name": "victim", "password": "first-of-victim", "grants": viewer() });
        let user = admin.tell("POST", "/api/v1/admin/users", &user).json();
        let token = json!({ "name": "victim", "grants": viewer() });
        let token = admin.tell("POST", "/api/v1/admin/tokens", &token).json();
        gateway(server, GATEWAY, "manhole");
        let mut walls = [(); 3].map(|()| Wall::new(Browser::new(server.http)));
        let device = walls[0].pair(admin, "victim", &viewer());
        let codes = [1, 2].map(|n| text(&walls[n].ask()["code"]));
        Browser::new(server.http).sign_in("everybody", PASSWORD);
        let mut report = message::request("R-1", "opened", clock::now());
        report["caller"] = json!({ "phone": PHONE });
        let taken = admin.tell("POST", "/api/v1/events", &report).json();
        let refused = json!({ "feed": "nobody", "asset": "x", "values": {} });
        admin.tell("POST", "/api/v1/events", &refused);
        let sessions = admin.get("/api/v1/me/sessions").json();
        let mut sessions = sessions["items"].as_array().unwrap().iter();
        let other = sessions.find(|row| row["current"] == false).unwrap();
        let reported = json!({
            "id": "victim", "title": "water", "text": "", "level": "yellow", "area": "900001",
        });
        let reported = admin.tell("POST", "/api/v1/incidents", &reported).json();
        Self {
            user: text(&user["id"]),
            token: text(&token["id"]),
            device: text(&device["id"]),
            session: text(&other["id"]),
            codes,
            seq: taken["seq"].to_string(),
            incident: text(&reported["incident"]),
        }
    }
}

/// Everything that somebody who is signed in can change, in an order in which all of it succeeds.
fn changes(server: &Server, admin: &mut Browser) -> Vec<Change> {
    const NONE: Value = Value::Null;
    let victims = Victims::make(server, admin);
    let Victims {
        user,
        token,
        device,
        session,
        codes: [code, other_code],
        seq,
        incident,
    } = &victims;
    let approve = json!({ "name": "forged", "grants": viewer(), "scenes": "all" });
    let event = json!({ "feed": "manhole", "asset": "FORGED-1", "values": { "water_level": 1.0 } });
    let order = json!({ "feed": "road", "asset": "P-7", "command": "light", "reason": "forged" });
    let password = json!({ "old": PASSWORD, "new": "Egret-In-The-Reeds-8" });
    let new_user = json!({ "name": "forged", "password": "first-of-forged", "grants": viewer() });
    let new_token = json!({ "name": "forged", "grants": viewer() });
    let new_gateway = json!({ "id": "forged", "feeds": ["manhole"] });
    let reason = json!({ "reason": "a forged reason" });
    let erase = json!({ "value": PHONE, "reason": "a forged reason" });
    let display = json!({ "display": "forged" });
    let name = json!({ "name": "forged" });
    let scene = json!({ "scene": "overview" });
    let mut all = of_cases(incident);
    all.extend(of_ways_in());
    all.extend([
        change("POST /api/v1/events", "", event, 200),
        // Of our own pages they fail for what they are about: the order has no key, its feed no
        // columns, and none of the city takes requests.
        change("POST /api/v1/commands", "", order, 400),
        change("POST /api/v1/feeds/{feed}/csv", "manhole", json!(7), 422),
        change("POST /open311/v2/{file}", "requests.json", json!(7), 404),
        change("POST /api/v1/raw/{seq}", seq, reason.clone(), 200),
        change(
            "POST /api/v1/reports/{feed}/{report}/personal",
            REPORT,
            reason,
            200,
        ),
        change("POST /api/v1/persons/erase", "", erase, 200),
        change("POST /api/v1/admin/users", "", new_user, 200),
        change("PATCH /api/v1/admin/users/{id}", user, display.clone(), 200),
        change("POST /api/v1/admin/users/{id}/sign-out", user, NONE, 204),
        change("DELETE /api/v1/admin/users/{id}", user, NONE, 204),
        change("POST /api/v1/admin/tokens", "", new_token, 200),
        change("DELETE /api/v1/admin/tokens/{id}", token, NONE, 204),
        change("POST /api/v1/admin/pairings/{code}", code, approve, 200),
        change(
            "DELETE /api/v1/admin/pairings/{code}",
            other_code,
            NONE,
            204,
        ),
        change("PATCH /api/v1/admin/devices/{id}", device, name, 200),
        change("POST /api/v1/walls/{id}/drive", device, scene, 200),
        change("DELETE /api/v1/admin/devices/{id}", device, NONE, 204),
        change("POST /api/v1/admin/gateways", "", new_gateway, 200),
        change("PATCH /api/v1/admin/gateways/{id}", GATEWAY, display, 200),
        change(
            "POST /api/v1/admin/gateways/{id}/secret",
            GATEWAY,
            NONE,
            200,
        ),
        change("DELETE /api/v1/admin/gateways/{id}", GATEWAY, NONE, 204),
        change("DELETE /api/v1/me/sessions/{id}", session, NONE, 204),
        change("POST /api/v1/me/password", "", password, 204),
        change("POST /api/v1/sign-out", "", NONE, 204),
    ]);
    all
}

/// Routes that nobody has to be signed in for: see the test of their own.
const FREE: [&str; 5] = [
    "POST /api/v1/first-start",
    "POST /api/v1/sign-in",
    "POST /api/v1/pair",
    "POST /api/v1/device/challenge",
    "POST /api/v1/device/sign-in",
];

/// Headers of a request, and the type of its body.
type Forged = Vec<(String, String)>;

/// What pages of others can have a browser send, and a little more.
fn forgeries(server: SocketAddr) -> Vec<Forged> {
    let own = format!("http://{server}");
    let other_port = format!("http://{}:1", server.ip());
    let origins = [
        "http://evil.example",
        "https://evil.example",
        "null",
        "",
        "file://",
        &other_port,
        &format!("{own}.evil.example"),
        &format!("http://evil.example/{server}"),
        &format!("http://{server}@evil.example"),
        &format!("http://evil.example@{server}"),
        &format!("{own} http://evil.example"),
        &format!("ftp://{server}"),
        &server.to_string(),
    ];
    let json = ("Content-Type", "application/json");
    let mark = ("X-Egret", "1");
    let ours = ("Origin", &*own);
    let mut all: Vec<Vec<(&str, &str)>> = vec![vec![json], vec![json, ours]];
    for origin in origins {
        all.push(vec![json, mark, ("Origin", origin)]);
    }
    for site in ["cross-site", "same-site", "none", "nonsense", ""] {
        all.push(vec![json, mark, ours, ("Sec-Fetch-Site", site)]);
    }
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
    ] {
        all.push(vec![("Content-Type", kind), ours]);
        all.push(vec![
            ("Content-Type", kind),
            ("Origin", "http://evil.example"),
        ]);
    }
    let owned = |pairs: Vec<(&str, &str)>| {
        let owned = pairs.into_iter();
        owned
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    all.into_iter().map(owned).collect()
}

#[track_caller]
fn send(browser: &mut Browser, method: &str, change: &Change, headers: &Forged) -> Answer {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let body = match &change.body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    browser.ask(method, &change.path, &headers, &body)
}

/// Everything that the forged requests could have changed.
fn everything(admin: &mut Browser) -> Vec<String> {
    let lists = ["users", "tokens", "devices", "gateways", "pairings"];
    let mut all: Vec<String> = lists
        .iter()
        .map(|list| admin.get(&format!("/api/v1/admin/{list}")).body)
        .collect();
    let sessions = admin.get("/api/v1/me/sessions").json();
    let ids = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].to_string());
    all.extend(ids);
    for list in [
        "assets",
        "incidents",
        "hushes",
        "mode",
        "walls",
        "register",
        "quarantine",
        "commands",
    ] {
        all.push(admin.get(&format!("/api/v1/{list}")).body);
    }
    all.push(
        admin
            .get(&format!("/api/v1/reports/{REPORT}/personal"))
            .body,
    );
    // What was done says so; that it was looked at is not of interest here.
    let done = admin.get("/api/v1/audit?outcome=done&limit=1000").json();
    let rows = done["items"].as_array().unwrap().iter();
    let is_look = |action: &str| action.starts_with("audit.") || action.contains(".read");
    let rows = rows.filter(|row| {
        let action = row["action"].as_str().unwrap();
        !is_look(action) || action == "personal.read"
    });
    all.extend(rows.map(|row| format!("{} {}", row["seq"], row["action"])));
    all
}

#[track_caller]
fn is_as_before(before: &[String], admin: &mut Browser) {
    let after = everything(admin);
    let is_new = |line: &&String| !before.contains(line);
    let changed: Vec<_> = after.iter().filter(is_new).collect();
    assert!(
        changed.is_empty() && before.len() == after.len(),
        "{changed:?}"
    );
}

#[test]
fn no_foreign_page_changes_anything_by_somebodys_cookie() {
    let (server, mut admin) = with_everybody();
    let changes = changes(&server, &mut admin);
    let known: BTreeSet<_> = changes
        .iter()
        .map(|change| change.route.to_owned())
        .collect();
    let known: BTreeSet<_> = known.into_iter().chain(FREE.map(str::to_owned)).collect();
    let registered = routes::all().into_iter().filter(|route| !route.is_safe());
    let missing: Vec<_> = registered
        .map(|route| route.name())
        .filter(|name| !known.contains(name))
        .collect();
    assert!(missing.is_empty(), "no line in `changes` for {missing:?}");
    let before = everything(&mut admin);
    let forgeries = forgeries(server.http);
    let mut n_refused = 0;
    for change in &changes {
        let (method, _) = change.route.split_once(' ').unwrap();
        for headers in &forgeries {
            let answer = send(&mut admin, method, change, headers);
            let what = format!("{} with {headers:?}", change.route);
            assert_eq!(answer.status, 403, "{what}: {answer:?}");
            assert_eq!(answer.json()["code"], "foreign_page", "{what}: {answer:?}");
            n_refused += 1;
        }
    }
    is_as_before(&before, &mut admin);
    println!("{n_refused} forged requests were refused");
    // The same requests of our own pages succeed: it was not for something else that they failed.
    for change in &changes {
        let (method, _) = change.route.split_once(' ').unwrap();
        let answer = admin.tell(method, &change.path, &change.body);
        assert_eq!(answer.status, change.status, "{}: {answer:?}", change.route);
    }
}

#[test]
fn a_method_that_claims_to_be_another_is_what_it_is() {
    let (server, mut admin) = with_everybody();
    let changes = changes(&server, &mut admin);
    let before = everything(&mut admin);
    let names = [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ];
    for change in &changes {
        let (method, _) = change.route.split_once(' ').unwrap();
        for name in names {
            let headers = vec![(name.to_owned(), method.to_owned())];
            let answer = send(&mut admin, "GET", change, &headers);
            assert!(
                [200, 404, 405].contains(&answer.status),
                "{}: {answer:?}",
                change.route
            );
        }
        let asked = Change {
            path: format!("{}?_method={method}", change.path),
            body: Value::Null,
            ..*change
        };
        send(&mut admin, "GET", &asked, &Vec::new());
    }
    is_as_before(&before, &mut admin);
}

#[test]
fn a_foreign_page_signs_nobody_in_and_asks_for_no_pairing() {
    let server = Setup::tiny().guarded().start();
    let mut browser = Browser::new(server.http);
    let first = json!({ "code": server.first_code(), "name": "admin", "password": PASSWORD });
    let foreign = |browser: &mut Browser, path: &str, body: &Value| {
        for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
            let headers = [("Origin", origin), ("Content-Type", "application/json")];
            let answer = browser.ask("POST", path, &headers, &body.to_string());
            assert_eq!(answer.status, 403, "{path}: {answer:?}");
            assert_eq!(answer.json()["code"], "foreign_page", "{path}: {answer:?}");
            assert_eq!(answer.header("set-cookie"), None, "{path}");
        }
        // What a form can send without asking.
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ] {
            let answer = browser.ask("POST", path, &[("Content-Type", kind)], &body.to_string());
            assert_eq!(answer.status, 415, "{path} as {kind}: {answer:?}");
        }
    };
    foreign(&mut browser, "/api/v1/first-start", &first);
    let mut admin = Browser::new(server.http);
    admin.make_first(first["code"].as_str().unwrap(), PASSWORD);
    let mut wall = Wall::new(browser.clone());
    let device = wall.pair(&mut admin, "a wall", &json!([]));
    let device = text(&device["id"]);
    foreign(
        &mut browser,
        "/api/v1/sign-in",
        &json!({ "name": "admin", "password": PASSWORD }),
    );
    let key = Wall::new(browser.clone()).key();
    foreign(&mut browser, "/api/v1/pair", &json!({ "key": key }));
    foreign(
        &mut browser,
        "/api/v1/device/challenge",
        &json!({ "device": device }),
    );
    let form = wall.form(&device);
    foreign(&mut browser, "/api/v1/device/sign-in", &form);
    assert_eq!(browser.me()["state"], "anonymous");
    assert_eq!(
        admin.get("/api/v1/admin/pairings").json()["items"],
        json!([])
    );
    // The same forms of our own page are taken.
    assert_eq!(browser.sign_in("admin", PASSWORD).status, 200);
    let answer = wall.browser.tell("POST", "/api/v1/device/sign-in", &form);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn a_page_that_asks_first_is_given_no_leave() {
    let (server, mut admin) = guarded();
    let mut stranger = Browser::new(server.http);
    for route in routes::all() {
        let path = route.with("x");
        for origin in ["http://evil.example", "null", &admin.origin()] {
            let headers = [
                ("Origin", origin),
                ("Access-Control-Request-Method", route.method),
                ("Access-Control-Request-Headers", "x-egret,content-type"),
                ("Access-Control-Request-Private-Network", "true"),
            ];
            for browser in [&mut admin, &mut stranger] {
                let answer = browser.ask("OPTIONS", &path, &headers, "");
                let leave = |(name, _): &&(String, String)| name.starts_with("access-control");
                let found = answer.headers.iter().find(leave);
                assert_eq!(found, None, "OPTIONS {path} of {origin}");
            }
        }
    }
}

/// The status by which a WebSocket is refused; 101 if it is opened.
#[track_caller]
fn knock(server: SocketAddr, headers: &[(&str, &str)]) -> u16 {
    match Screen::open(server, None, headers) {
        Ok(mut screen) => {
            screen.find(egret_tests::wait::PATIENCE, |said| {
                said["type"] == "welcome"
            });
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
    let flags = certificate.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Setup::tiny().guarded().with_flags(&flags).start();
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
