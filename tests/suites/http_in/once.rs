//! `Idempotency-Key`: told again, done once.

use egret_tests::clock;
use egret_tests::http::{Answer, Http};
use egret_tests::message::{self, WEST_1};
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use egret_tests::wire::Wire;
use serde_json::{Value, json};

use super::{EVENTS, counter, manhole};

/// Somebody's word.
const PASSWORD: &str = "Heron-At-High-Tide-3";

#[track_caller]
fn keyed(api: &Http, key: &str, body: &str) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    api.ask("POST", EVENTS, &headers, body)
}

/// A reading by which nothing could tell a repetition: without id and time.
fn nameless(metres: f64) -> Value {
    let values = json!({ "water_level": { "v": metres, "u": "m" } });
    message::of(
        "manhole",
        "M-1",
        &json!({ "position": WEST_1, "values": values }),
    )
}

#[test]
fn the_same_request_again_gets_the_first_answer_and_is_not_taken_again() {
    let server = Server::tiny();
    let api = server.api();
    let body = json!([nameless(1.0), manhole("M-2", 99.0)]).to_string();
    let first = keyed(&api, "\"8e03978e\"", &body);
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = keyed(&api, "8e03978e", &body);
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.kind, first.kind);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(api.list("/api/v1/quarantine").len(), 1, "refused once");
    // Without the key it is another reading.
    api.send(&nameless(1.0));
    wait::until("both are counted", || {
        let n = counter(&api, "egret_messages_accepted_total", "manhole");
        wait::check((n - 2.0).abs() < 0.5, n)
    });
}

#[test]
fn what_was_refused_is_refused_alike_without_another_line_in_quarantine() {
    let server = Server::tiny();
    let api = server.api();
    let body = manhole("M-1", 99.0).to_string();
    let first = keyed(&api, "k", &body);
    first.is_problem(422, "quarantine");
    let again = keyed(&api, "k", &body);
    assert_eq!((again.status, &again.body), (422, &first.body));
    again.is_problem(422, "quarantine");
    assert_eq!(api.list("/api/v1/quarantine").len(), 1);
}

#[test]
fn a_key_belongs_to_one_request_of_one_sender() {
    let server = Setup::tiny().guarded().start();
    server.make_admin(PASSWORD);
    let [one, other] = ["one", "other"].map(|name| {
        let token = server.token(name, &["steward"]);
        server.api().with_token(&token)
    });
    assert_eq!(
        keyed(&one, "k", &manhole("M-1", 1.0).to_string()).status,
        200
    );
    let taken = keyed(&one, "k", &manhole("M-1", 2.0).to_string());
    taken.is_problem(422, "belongs to another request");
    assert_eq!(taken.json()["code"], "key_taken");
    let others = keyed(&other, "k", &manhole("M-2", 1.0).to_string());
    assert_eq!(others.status, 200, "{}", others.body);
    assert_eq!(others.header("idempotent-replayed"), None);
    keyed(&one, "\"\"", "{}").is_problem(400, "Idempotency-Key");
    keyed(&one, "two words", "{}").is_problem(400, "Idempotency-Key");
}

#[test]
fn while_the_first_is_worked_on_the_second_is_told_to_wait() {
    let server = Server::tiny();
    let api = server.api();
    let body = format!("{}\n{}\n", manhole("M-1", 1.0), manhole("M-2", 1.0));
    let (before, after) = body.split_at(body.len() / 2);
    let mut wire = Wire::to(server.http);
    let head = format!(
        "POST {EVENTS} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-ndjson\r\n\
         Idempotency-Key: k\r\nContent-Length: {}\r\n\r\n{before}",
        server.http,
        body.len()
    );
    assert!(wire.say(head));
    let lines = [
        ("content-type", "application/x-ndjson"),
        ("idempotency-key", "k"),
    ];
    // Whichever comes first has the key: once the first line is in, it is the wire's.
    api.asset("manhole", "M-1", |_| true);
    let meanwhile = api.ask("POST", EVENTS, &lines, &body);
    meanwhile.is_problem(409, "being worked on");
    assert!(wire.say(after));
    let first = wire.hear().unwrap();
    assert_eq!(first.status, 200, "{}", first.body);
    let again = api.ask("POST", EVENTS, &lines, &body);
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[test]
fn a_key_is_free_again_when_its_request_breaks_off_and_what_was_kept_counts_once() {
    let server = Server::tiny();
    let api = server.api();
    let body = format!("{}\n{}\n", nameless(1.0), nameless(1.5));
    let first_line = body.lines().next().unwrap().len() + 1;
    let mut wire = Wire::to(server.http);
    let head = format!(
        "POST {EVENTS} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-ndjson\r\n\
         Idempotency-Key: k\r\nContent-Length: {}\r\n\r\n{}",
        server.http,
        body.len(),
        &body[..first_line]
    );
    assert!(wire.say(head));
    api.asset("manhole", "M-1", |asset| {
        asset["values"]["water_level"]["v"] == 1.0
    });
    drop(wire);
    let lines = [
        ("content-type", "application/x-ndjson"),
        ("idempotency-key", "k"),
    ];
    let answer = wait::until("the key is free", || {
        let answer = api.ask("POST", EVENTS, &lines, &body);
        if answer.status == 409 {
            Err(answer.body)
        } else {
            Ok(answer)
        }
    });
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("idempotent-replayed"), None);
    wait::until("the first line is known", || {
        let n = counter(&api, "egret_messages_duplicate_total", "manhole");
        wait::check((n - 1.0).abs() < 0.5, n)
    });
}

#[test]
fn after_a_restart_a_request_is_taken_in_again_and_counts_once() {
    let server = Server::tiny();
    let body = json!([
        nameless(1.0),
        message::request("R-1", "opened", clock::now())
    ])
    .to_string();
    assert_eq!(keyed(&server.api(), "k", &body).status, 200);
    let server = server.kill().start();
    let api = server.api();
    let again = keyed(&api, "k", &body);
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(again.header("idempotent-replayed"), None);
    wait::until("both are known", || {
        let n = ["manhole", "hotline"]
            .map(|feed| counter(&api, "egret_messages_duplicate_total", feed));
        wait::check(n.iter().all(|n| (n - 1.0).abs() < 0.5), n)
    });
}
