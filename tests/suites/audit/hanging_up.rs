//! Whoever hangs up as soon as a request is sent keeps nothing that it did or tried out of the trail.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use egret_tests::browser::Browser;
use egret_tests::clock;
use egret_tests::message;
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use egret_tests::wire::Wire;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::deeds::viewer;
use super::orders::{order, orders};
use super::results::broken_feed;
use super::{OTHERS, PASSWORD};

/// Requests of which nobody awaits the answer.
const N: usize = 30;

/// Asks for the `n`th time, and hangs up: at once, or a few round trips later.
fn ask_and_hang_up(server: &Server, token: &str, path: &str, form: &Value, n: usize) {
    let (form, http) = (form.to_string(), server.http);
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {http}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: gone-{n}\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = TcpStream::connect(http).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    for _ in 0..n % 6 {
        assert_eq!(server.api().get("/healthz").status, 200);
    }
}

#[test]
fn an_order_to_an_actuator_is_in_the_trail_though_whoever_gave_it_hung_up() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let steward = server
        .api()
        .with_token(&server.token("steward", &["steward"]));
    let token = server.token("officer", &["officer"]);
    let officer = server.api().with_token(&token);
    let values = json!({ "values": { "ponding_depth": { "v": 3.0, "u": "cm" } } });
    let reading = message::merged(&message::level(clock::now(), 0.0), &values);
    let gauges = (0..N).map(|n| message::of("road", &format!("G-{n}"), &reading));
    steward.send(&gauges.collect());
    steward.asset("road", &format!("G-{}", N - 1), |_| true);
    for n in 0..N {
        let form = json!({
            "feed": "road", "asset": format!("G-{n}"), "command": "zero", "reason": "in a hurry",
        });
        ask_and_hang_up(&server, &token, "/api/v1/commands", &form, n);
    }
    order(&officer, "last");
    let given = wait::until("every order is in the trail", || {
        let given = officer.list("/api/v1/commands");
        let known = orders(&mut admin);
        let is_known = |id: &Value| known.iter().filter(|line| line.2["id"] == *id).count() == 1;
        let lacking = given.iter().filter(|row| !is_known(&row["id"])).count();
        wait::check(lacking == 0, (lacking, given.len()))?;
        Ok(given)
    });
    assert!(given.len() > 1, "nobody who hung up had given an order");
}

#[test]
fn a_hush_is_in_the_trail_though_whoever_ordered_it_hung_up() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let token = server.token("dispatcher", &["dispatcher"]);
    let dispatcher = server.api().with_token(&token);
    for n in 0..N {
        let order = json!({ "id": format!("hush-{n}"), "order": { "put": { "id": null, "hush": {
            "kind": { "silence": { "feed": "road" } }, "up_to": "blue", "owner": "dispatcher",
            "reason": "works", "from": clock::now(), "until": clock::ago(-600),
        } } } });
        ask_and_hang_up(&server, &token, "/api/v1/hushes", &order, n);
    }
    let put = wait::until("every hush is in the trail", || {
        let put = dispatcher.list("/api/v1/hushes");
        let page = admin.get("/api/v1/audit?action=hush.order&limit=200");
        let lines = page.json()["items"].as_array().cloned().unwrap_or_default();
        let is_known = |id: &Value| lines.iter().filter(|line| line["target"] == *id).count() == 1;
        let lacking = put.iter().filter(|row| !is_known(&row["id"])).count();
        wait::check(put.len() > 1 && lacking == 0, (lacking, put.len()))?;
        Ok(put)
    });
    assert!(put.len() <= N, "{} hushes of {N} orders", put.len());
}

#[test]
fn a_feed_that_could_not_be_connected_is_told_though_whoever_tried_hung_up() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let token = server.token("steward", &["steward"]);
    let (feed, http) = (broken_feed().to_string(), server.http);
    let head = format!(
        "PUT /api/v1/register/noise HTTP/1.1\r\nHost: {http}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        feed.len()
    );
    let mut stream = TcpStream::connect(http).unwrap();
    stream.set_read_timeout(Some(wait::PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // Asked for by whoever is to do it, which then goes on.
    let mut go_on = *b"HTTP/1.1 100 Continue\r\n\r\n";
    stream.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "), "{go_on:?}");
    stream.write_all(feed.as_bytes()).unwrap();
    drop(stream);
    wait::until("what came of it is in the trail", || {
        let page = admin.get("/api/v1/audit?action=feed.connect").json();
        let lines = page["items"].as_array().cloned().unwrap_or_default();
        let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].clone()).collect();
        // The newest first.
        wait::check(outcomes == ["failed", "done"], lines)
    });
}

/// How many passwords the server has compared.
#[track_caller]
fn n_compared(admin: &mut Browser) -> u64 {
    let text = admin.get("/metrics").body;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix("egret_password_checks_total "));
    value.and_then(|value| value.parse().ok()).unwrap()
}

#[test]
fn a_change_that_is_refused_is_in_the_trail_though_whoever_tried_it_hung_up() {
    let server = Setup::tiny().guarded().start();
    let mut admin = Browser::first_admin(&server, PASSWORD);
    let duty = admin.make_person("duty", OTHERS, &viewer());
    let form = json!({ "old": "wrong", "new": PASSWORD }).to_string();
    let (http, origin) = (server.http, duty.origin());
    let session = duty.session().unwrap();
    let request = format!(
        "POST /api/v1/me/password HTTP/1.1\r\nHost: {http}\r\nOrigin: {origin}\r\nX-Egret: 1\r\n\
         Cookie: egret_session={session}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    );
    // While the trail cannot be written, for which the server waits 5 s, nobody is refused.
    let people = Connection::open(server.data().join("people.db")).unwrap();
    people.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = n_compared(&mut admin);
    let mut wire = Wire::to(http);
    wire.say(&request);
    wait::until("the password is compared", || {
        let n = n_compared(&mut admin);
        wait::check(n > before, n)
    });
    wire.end();
    assert!(wire.is_closed(wait::PATIENCE), "the server lets go, too");
    people.execute_batch("COMMIT").unwrap();
    wait::until("what was tried is in the trail", || {
        let page = admin.get("/api/v1/audit?action=POST&outcome=denied").json();
        let lines = page["items"].as_array().cloned().unwrap_or_default();
        let is_it =
            |line: &Value| line["target"] == "/api/v1/me/password" && line["name"] == "duty";
        wait::check(lines.iter().any(is_it), lines)
    });
}
