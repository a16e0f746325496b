//! A feed of citizens' requests that is added while the city goes on: told by Open311 at once, what had
//! come before among it.

use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message::{self, merged};
use egret_tests::server::Server;
use serde_json::{Value, json};

use super::{connect, json_put};

const APP: &str = "citizens-app";
const REQUESTS: &str = "/open311/v2/requests.json";

/// The feed, before it takes requests.
fn reports() -> Value {
    let name = json!({ "zh": "市民", "en": "Citizens" });
    json!({ "feed": {
        "id": APP, "name": name, "department": "west", "domain": "services", "report": true,
        "topic": "app/report/+", "format": "egret-json",
    } })
}

/// The same feed, whose reports are requests.
fn requests() -> Value {
    let light = json!({ "zh": "路灯", "en": "Street light" });
    let feed = merged(&reports()["feed"], &json!({ "open311": true }));
    json!({ "feed": feed, "category": { "street-light": light } })
}

/// A step of a report, ten minutes ago and later.
#[track_caller]
fn step(api: &Http, report: &str, state: &str, ago_s: i64) {
    let step = message::request(report, state, clock::ago(ago_s));
    let more = json!({ "feed": APP, "category": "street-light" });
    api.send(&merged(&step, &more));
}

/// The requests that are told: number and status, in the order of numbers.
#[track_caller]
fn told(api: &Http) -> Vec<(String, String)> {
    let answer = api.get(REQUESTS);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut rows: Vec<_> = answer
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["service_request_id"]), text(&row["status"])))
        .collect();
    rows.sort();
    rows
}

fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(id, status): &(&str, &str)| ((*id).to_owned(), (*status).to_owned());
    expected.iter().map(own).collect()
}

#[test]
fn requests_of_a_feed_that_was_just_added_are_told_at_once_and_after_a_restart() {
    let server = Server::tiny();
    let api = server.api();
    assert_eq!(api.get(REQUESTS).status, 404, "nobody takes requests yet");
    connect(&api, &requests());
    assert_eq!(told(&api), []);
    let services = api.get("/open311/v2/services.json").json();
    assert_eq!(services[0]["service_code"], "street-light", "{services}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let sent = "service_code=street-light&lat=24.45&long=118.05&description=dark";
    let answer = api.ask("POST", REQUESTS, &form, sent);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.json()[0]["service_request_id"].clone();
    let id = id.as_str().unwrap();
    assert_eq!(told(&api), rows(&[(id, "open")]));
    let server = server.stop().start();
    assert_eq!(told(&server.api()), rows(&[(id, "open")]));
}

#[test]
fn what_was_reported_before_a_feed_took_requests_is_told_as_it_stands() {
    let server = Server::tiny();
    let api = server.api();
    connect(&api, &reports());
    step(&api, "R-1", "opened", 600);
    step(&api, "R-2", "opened", 500);
    step(&api, "R-1", "closed", 400);
    connect(&api, &requests());
    let before = rows(&[("R-1", "closed"), ("R-2", "open")]);
    assert_eq!(told(&api), before);
    // What comes from now on is, too.
    step(&api, "R-2", "closed", 300);
    step(&api, "R-3", "opened", 200);
    let after = rows(&[("R-1", "closed"), ("R-2", "closed"), ("R-3", "open")]);
    assert_eq!(told(&api), after);

    // It is let go and nobody takes requests; meanwhile nothing of it comes. Added again, it is as it
    // was.
    let answer = api.ask("DELETE", &format!("/api/v1/register/{APP}"), &[], "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(api.get(REQUESTS).status, 404);
    let answer = json_put(&api, &format!("/api/v1/register/{APP}"), &requests());
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(told(&api), after);
}

#[test]
fn reports_that_came_while_their_feed_took_no_requests_are_told_after_a_restart() {
    let server = Server::tiny();
    let api = server.api();
    connect(&api, &requests());
    step(&api, "R-1", "opened", 600);
    connect(&api, &reports());
    step(&api, "R-1", "closed", 500);
    step(&api, "R-2", "opened", 400);
    assert_eq!(api.get(REQUESTS).status, 404);
    connect(&api, &requests());
    let expected = rows(&[("R-1", "closed"), ("R-2", "open")]);
    assert_eq!(told(&api), expected);
    let server = server.stop().start();
    assert_eq!(told(&server.api()), expected);
}
