//! Pages of others that have a browser send something: forged requests, forms, and questions
//! whether they may.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::routes;
use egret_tests::server::Setup;
use egret_tests::wall::Wall;
use serde_json::{Value, json};

use super::foreign_changes::{Change, REPORT, changes, text, with_everybody};
use super::{PASSWORD, guarded};

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
