//! A metric over time: as it was known then, as it has been corrected since, and in what steps.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "helpers of tests fail like tests"
)]

use std::time::Duration;

use egret_shared::time::{Span, TimeMs};
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::http::Http;
use egret_tests::message;
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::{Value, json};

const MAX: &str = "/api/v1/metrics/water.manhole_level_max";

const HOUR_MS: i64 = 3_600_000;

/// A server whose manholes may be two hours late, so that a test need not wait for an hour to
/// pass.
fn patient() -> Server {
    let city = CityCopy::new().with("feeds.toml", "lateness     = \"10m\"", "lateness = \"2h\"");
    let server = Setup::with_city(city).start();
    wait::until("time passes in the journal", || {
        let state = server.state();
        wait::check(state.seq >= 2, state)
    });
    server
}

fn send(api: &Http, asset: &str, at: TimeMs, metres: f64) {
    api.send(&message::of("manhole", asset, &message::level(at, metres)));
}

fn points(api: &Http, path: &str) -> Vec<Value> {
    let answer = api.get(path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["points"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

/// How long hours take at most to follow a minute that was revised: they wait for more of them.
const HOURS_FOLLOW_WITHIN: Duration = Duration::from_secs(90);

/// The points at `path`, once `fits` holds for them.
fn until(api: &Http, path: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    wait::within(HOURS_FOLLOW_WITHIN, &format!("{path} as expected"), || {
        let points = points(api, path);
        if fits(&points) {
            Ok(points)
        } else {
            Err(format!("{points:?}"))
        }
    })
}

fn time(value: &Value) -> TimeMs {
    TimeMs::from_rfc3339(value.as_str().unwrap_or_default()).expect("a time")
}

/// The whole hour before the running one.
fn hour_before() -> TimeMs {
    TimeMs((clock::now().0.div_euclid(HOUR_MS) - 1) * HOUR_MS)
}

#[test]
fn history_answers_as_known_then_and_as_corrected_since() {
    let server = patient();
    let api = server.api();
    let at = clock::ago(3_600);
    let range = format!("{MAX}?area=900001&from={at}&to={}", at.plus(Span(240_000)));
    let all = |v: f64| {
        move |points: &[Value]| points.len() == 4 && points.iter().all(|point| point["v"] == v)
    };
    send(&api, "M-1", at, 1.0);
    let first = until(&api, &range, all(1.0));
    let known_at = first.iter().map(|point| time(&point["known_at"])).max();
    let known_at = known_at.expect("there are points");
    send(&api, "M-2", at, 2.0);
    let corrected = until(&api, &range, all(2.0));
    for point in &corrected {
        let flags = point["flags"].as_array().cloned().unwrap_or_default();
        assert!(flags.contains(&json!("revised")), "{point}");
        assert!(time(&point["known_at"]) > known_at, "{point}");
        assert_eq!(point["sources"], 2, "{point}");
    }
    let then = format!("{range}&as_of={known_at}");
    assert_eq!(points(&api, &then), first, "as it was known then");
    let answer = api.get(&then).json();
    assert_eq!(answer["resolution"], "minute");
    assert_eq!(time(&answer["as_of"]), known_at);
    let before = known_at.minus(Span(120_000));
    let nothing = points(&api, &format!("{range}&as_of={before}"));
    assert_eq!(
        nothing,
        Vec::<Value>::new(),
        "nobody knew it before it came"
    );
}

#[test]
fn the_recent_past_of_many_is_that_of_each_and_then_only_what_is_new() {
    let server = patient();
    let api = server.api();
    let at = clock::ago(1_800);
    let from = TimeMs(at.0.div_euclid(60_000) * 60_000);
    let areas = ["900001", "900000"];
    let of = areas.map(|area| format!("of=water.manhole_level_max@{area}"));
    let path = format!(
        "/api/v1/recent?{}&of=nothing@900000&from={from}",
        of.join("&")
    );
    let recent = |path: &str| {
        let answer = api.get(path);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    send(&api, "M-1", at, 1.0);
    let single = |area: &str| points(&api, &format!("{MAX}?area={area}&from={from}"));
    let holds = |v: f64| move |points: &[Value]| points.iter().any(|point| point["v"] == v);
    let city = format!("{MAX}?area=900000&from={from}");
    until(&api, &city, holds(1.0));
    // Known later than the first, so that it alone stands at the border.
    send(&api, "M-1", at.plus(Span(600_000)), 1.5);
    until(&api, &city, holds(1.5));
    let told = recent(&path);
    assert_eq!(time(&told["from"]), from);
    let items = told["items"].as_array().expect("items");
    assert_eq!(items.len(), 2, "what does not exist is left out: {told}");
    for (item, area) in items.iter().zip(areas) {
        assert_eq!((&item["area"], &item["unit"]), (&json!(area), &json!("m")));
        let minutes = item["minute"].as_array().expect("minutes");
        let ends: Vec<_> = minutes.iter().map(|n| n.as_i64().unwrap_or(-1)).collect();
        let ends: Vec<_> = ends.iter().map(|n| from.plus(Span(n * 60_000))).collect();
        // A minute may have passed between the two.
        let of_each = single(area).into_iter().take(ends.len());
        let of_each: Vec<_> = of_each.map(|p| (time(&p["end"]), p["v"].clone())).collect();
        let values = item["v"].as_array().expect("values").iter().cloned();
        let of_many: Vec<_> = ends.into_iter().zip(values).collect();
        assert_eq!(of_many, of_each);
        assert!(of_many.iter().any(|(_, v)| v == 1.0), "{item}");
    }

    let known_at = time(&told["known_at"]);
    send(&api, "M-2", at.plus(Span(1_200_000)), 2.0);
    let values = |told: &Value| {
        let values = told["items"][0]["v"].as_array();
        values.cloned().unwrap_or_default()
    };
    let news = wait::until("what has become known since", || {
        let news = recent(&format!("{path}&known_since={known_at}"));
        let is_there = values(&news).iter().any(|v| *v == 2.0);
        if is_there {
            Ok(news)
        } else {
            Err(news.to_string())
        }
    });
    assert!(values(&told).iter().any(|v| *v == 1.0));
    let is_old = values(&news).iter().any(|v| *v == 1.0);
    assert!(!is_old, "what was known before is told again: {news}");
}

#[test]
fn after_another_package_the_recent_past_says_what_to_ask_for_next_once_all_of_it_is_kept() {
    let server = patient();
    let api = server.api();
    let at = clock::ago(1_800);
    let holds = |v: f64| move |points: &[Value]| points.iter().any(|point| point["v"] == v);
    send(&api, "M-1", at, 1.0);
    until(&api, &format!("{MAX}?area=900001&from={at}"), holds(1.0));
    let addition = message::noise_feed("noise-acme").to_string();
    let headers = [("content-type", "application/json")];
    let answer = api.ask("PUT", "/api/v1/register/noise-acme", &headers, &addition);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = format!("/api/v1/recent?of=water.manhole_level_max@900001&from={at}");
    let told = wait::until("what to ask for next", || {
        let told = api.get(&path).json();
        // Until then everything is to be asked for again.
        if told["known_at"].is_string() {
            Ok(told)
        } else {
            Err(told.to_string())
        }
    });
    let values = told["items"][0]["v"].as_array().expect("values");
    assert!(values.iter().any(|v| *v == 1.0), "{told}");
}

#[test]
fn hours_tell_the_last_least_mean_and_greatest_of_their_minutes() {
    let server = patient();
    let api = server.api();
    let hour = hour_before();
    // Readings count for the five minutes that follow: five windows of each.
    send(&api, "M-1", hour.plus(Span(600_000)), 1.0);
    send(&api, "M-1", hour.plus(Span(2_400_000)), 3.0);
    let to = hour.plus(Span(HOUR_MS));
    let path = format!("{MAX}?area=900001&from={hour}&to={to}&step=1h");
    let is_whole = |points: &[Value]| points.len() == 1 && points[0]["greatest"] == 3.0;
    let hours = until(&api, &path, is_whole);
    let point = &hours[0];
    assert_eq!((time(&point["start"]), time(&point["end"])), (hour, to));
    assert_eq!(
        (&point["v"], &point["least"], &point["mean"]),
        (&json!(3.0), &json!(1.0), &json!(2.0)),
        "{point}"
    );
    assert_eq!(point["level"], "red");
    let answer = api.get(&path).json();
    assert_eq!(answer["resolution"], "hour");

    let halves = format!("{MAX}?area=900001&from={hour}&to={to}&step=30m");
    let halves = points(&api, &halves);
    let seen: Vec<_> = halves.iter().map(|point| point["mean"].clone()).collect();
    assert_eq!(seen, [json!(1.0), json!(3.0)], "{halves:?}");
    let days = api.get(&format!("{MAX}?area=900001&step=1d")).json();
    assert_eq!(days["resolution"], "day");
}

#[test]
fn a_range_that_is_none_or_too_long_for_its_step_is_refused_in_words() {
    let server = Server::tiny();
    let api = server.api();
    let (from, to) = (clock::ago(30 * 86_400), clock::now());
    let path = format!("{MAX}?from={from}&to={to}");
    api.get(&format!("{path}&step=1m"))
        .is_problem(400, "ask for a longer step");
    assert_eq!(api.get(&path).json()["resolution"], "hour");
    api.get(&format!("{MAX}?as_of=yesterday"))
        .is_problem(400, "as_of");
    api.get(&format!("{MAX}?area=1")).is_problem(404, "\"1\"");
    api.get("/api/v1/metrics/no.such?step=1h")
        .is_problem(404, "no.such");
}

#[test]
fn a_forecast_is_off_until_there_is_enough_history_and_says_so() {
    let server = Server::tiny();
    let api = server.api();
    let forecast = api.get(&format!("{MAX}/forecast?area=900001")).json();
    assert_eq!(forecast["available"], false);
    assert_eq!(
        (
            &forecast["reason"],
            &forecast["history_hours"],
            &forecast["needed_hours"]
        ),
        (&json!("too_little_history"), &json!(0), &json!(72)),
        "{forecast}"
    );
    assert_eq!(forecast["points"], json!([]));
    api.get(&format!("{MAX}/forecast?hours=25"))
        .is_problem(400, "hours=25");
    api.get("/api/v1/metrics/no.such/forecast")
        .is_problem(404, "no.such");
}

#[test]
fn the_list_of_gateways_answers_and_is_empty_before_a_clock_was_seen() {
    let server = Server::tiny();
    let api = server.api();
    assert_eq!(api.list("/api/v1/gateways"), Vec::<Value>::new());
    api.get("/api/v1/gateways?limit=0")
        .is_problem(400, "limit=0");
}
