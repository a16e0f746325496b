//! Ways in by HTTP beside Egret's own JSON: lines, CloudEvents, tables, Open311; and requests that are
//! told again.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "http_in/cloudevents.rs"]
mod cloudevents;
#[path = "http_in/lines.rs"]
mod lines;
#[path = "http_in/once.rs"]
mod once;
#[path = "http_in/open311.rs"]
mod open311;
#[path = "http_in/tables.rs"]
mod tables;

use egret_tests::clock;
use egret_tests::http::{Answer, Http};
use egret_tests::message;
use serde_json::Value;

/// Where messages go.
const EVENTS: &str = "/api/v1/events";

/// A manhole's reading that names its feed.
fn manhole(asset: &str, metres: f64) -> Value {
    message::of("manhole", asset, &message::level(clock::now(), metres))
}

/// What a body of this type is answered with.
#[track_caller]
fn post(api: &Http, path: &str, kind: &str, body: &str) -> Answer {
    api.ask("POST", path, &[("content-type", kind)], body)
}

/// A counter of one feed, as Prometheus reads it.
#[track_caller]
fn counter(api: &Http, name: &str, feed: &str) -> f64 {
    let text = api.get("/metrics").body;
    let start = format!("{name}{{feed=\"{feed}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0.0, |value| value.parse().unwrap())
}
