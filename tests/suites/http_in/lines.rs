//! Lines of JSON, as many as there are.

use std::fmt::Write as _;

use egret_tests::clock;
use egret_tests::message;
use egret_tests::server::Server;
use egret_tests::wait;
use egret_tests::wire::Wire;
use serde_json::{Value, json};

use super::{EVENTS, manhole, post};

const NDJSON: &str = "application/x-ndjson";

#[test]
fn a_body_far_beyond_the_limit_of_others_is_taken_line_by_line() {
    let server = Server::tiny();
    let api = server.api();
    let n_lines = 20_000;
    let mut body = String::new();
    for n in 0..n_lines {
        let line = manhole(&format!("M-{:02}", n % 50), f64::from(n % 7) / 4.0);
        writeln!(body, "{line}").unwrap();
    }
    assert!(body.len() > 2 * 1024 * 1024, "{} bytes", body.len());
    let answer = post(&api, EVENTS, NDJSON, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let taken = answer.json();
    assert_eq!(taken["accepted"], n_lines, "{taken}");
    assert_eq!(taken["rejected"], json!([]));
    wait::until("all of it is in the city", || {
        let state = server.state();
        wait::check(taken["seq"].as_u64() <= Some(state.seq), state)
    });
    api.asset("manhole", "M-49", |_| true);
}

#[test]
fn a_bad_line_is_named_by_its_number_and_the_others_are_in() {
    let server = Server::tiny();
    let api = server.api();
    let long = format!(
        "{{\"feed\":\"manhole\",\"x\":\"{}\"}}",
        "x".repeat(300 * 1024)
    );
    let nowhere = message::of("nowhere", "X", &message::level(clock::now(), 1.0));
    let body = format!(
        "{}\n\n{{\"feed\":\n{}\r\n{long}\n{nowhere}\n{}\n{}",
        manhole("M-1", 1.0),
        manhole("M-2", 99.0),
        manhole("M-3", 1.0),
        manhole("M-4", 1.0),
    );
    let answer = post(&api, EVENTS, NDJSON, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let taken = answer.json();
    assert_eq!(
        (&taken["accepted"], &taken["n_rejected"]),
        (&json!(3), &json!(4))
    );
    let rejected = taken["rejected"].as_array().unwrap();
    let told: Vec<(Value, Value)> = rejected
        .iter()
        .map(|refused| (refused["line"].clone(), refused["reason"].clone()))
        .collect();
    let expected = [
        (3, "bad_json"),
        (4, "out_of_range"),
        (5, "too_large"),
        (6, "unknown_feed"),
    ];
    let expected = expected.map(|(line, reason)| (json!(line), json!(reason)));
    assert_eq!(told, expected, "{taken}");
    // The last line needs no end.
    for asset in ["M-1", "M-3", "M-4"] {
        api.asset("manhole", asset, |_| true);
    }
    assert_eq!(api.list("/api/v1/quarantine").len(), 4);
}

#[test]
fn lines_of_a_vendor_are_read_as_their_feed_says() {
    let server = Server::tiny();
    let api = server.api();
    let at_us = clock::now().0 * 1_000;
    let body = format!(
        "{}\n{}\n",
        message::air("A-1", 1, at_us, 35.5),
        message::air("A-2", 2, at_us, 71.0)
    );
    let answer = post(&api, &format!("{EVENTS}?feed=air"), NDJSON, &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["accepted"], 2);
    api.asset("air", "A-2", |asset| asset["values"]["pm2_5"]["v"] == 71.0);
    post(&api, &format!("{EVENTS}?feed=no"), NDJSON, &body).is_problem(404, "no");
}

#[test]
fn if_no_line_can_be_used_the_answer_is_422_and_without_lines_400() {
    let server = Server::tiny();
    let api = server.api();
    let answer = post(&api, EVENTS, NDJSON, &format!("{}\n", manhole("M-1", 99.0)));
    answer.is_problem(422, "quarantine");
    assert_eq!(answer.json()["rejected"][0]["line"], 1);
    post(&api, EVENTS, NDJSON, "\n \n").is_problem(400, "no element");
}

#[test]
fn of_a_body_that_breaks_off_every_whole_line_is_kept() {
    let server = Server::tiny();
    let api = server.api();
    let mut wire = Wire::to(server.http);
    let head = format!(
        "POST {EVENTS} HTTP/1.1\r\nHost: {}\r\nContent-Type: {NDJSON}\r\nContent-Length: 100000\r\n\r\n",
        server.http
    );
    assert!(wire.say(head));
    let cut = manhole("M-3", 1.0).to_string();
    let lines = format!(
        "{}\n{}\n{}",
        manhole("M-1", 1.0),
        manhole("M-2", 1.0),
        &cut[..cut.len() / 2]
    );
    assert!(wire.say(lines));
    // They are in the city while the sender still sends.
    api.asset("manhole", "M-1", |_| true);
    api.asset("manhole", "M-2", |_| true);
    drop(wire);
    let server = server.kill().start();
    server.api().asset("manhole", "M-2", |_| true);
    server
        .api()
        .get("/api/v1/assets/manhole/M-3")
        .is_problem(404, "M-3");
    assert_eq!(server.api().list("/api/v1/quarantine").len(), 0);
}
