//! Ground truth: what a message is said to tell of is really under way, by what the sensors that
//! stand in it say themselves.

use std::collections::BTreeMap;

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use egret_sim::{Happening, Options, Plan, Scenario, Timed};
use serde_json::Value;

use super::package::{options, package, start};

const FEEDS: [&str; 10] = [
    "ponding",
    "manhole",
    "hotline",
    "call-110",
    "accident",
    "arterial",
    "crossing",
    "river",
    "gas",
    "water-supply",
];

/// The storm at 30× with its notice and ten minutes of recession.
const MINUTES: i64 = 2 + 28 + 10;

/// Messages that are as they should be, of a run.
fn heard(scenario: Scenario) -> Vec<(Timed, Value)> {
    let options = Options {
        scenario,
        feeds: FEEDS.iter().map(FeedId::new).collect(),
        ..options()
    };
    let end = start().plus(Span(MINUTES * 60_000));
    let plan = Plan::new(package(), &options, start()).unwrap();
    plan.take_while(|timed| timed.send_at < end)
        .filter(|timed| timed.fault.is_none() && !timed.duplicate)
        .map(|timed| {
            let message = serde_json::from_slice(&timed.payload).unwrap();
            (timed, message)
        })
        .collect()
}

fn of<'a>(all: &'a [(Timed, Value)], feed: &str) -> impl Iterator<Item = &'a (Timed, Value)> {
    let feed = FeedId::new(feed);
    all.iter().filter(move |(timed, _)| timed.feed == feed)
}

fn v(message: &Value, property: &str) -> f64 {
    message["values"][property]["v"].as_f64().unwrap()
}

/// The deepest of a water's readings within two minutes of `at`; a gauge speaks once a minute.
fn depth_at(depths: &BTreeMap<Happening, Vec<(TimeMs, f64)>>, what: Happening, at: TimeMs) -> f64 {
    let near = depths.get(&what).into_iter().flatten();
    near.filter(|(then, _)| (then.0 - at.0).abs() < 120_000)
        .fold(0.0, |deepest, (_, depth)| deepest.max(*depth))
}

#[test]
fn what_a_message_tells_of_is_really_under_way() {
    let all = heard(Scenario::Storm);
    let mut depths: BTreeMap<Happening, Vec<(TimeMs, f64)>> = BTreeMap::new();
    for (timed, message) in of(&all, "ponding") {
        let depth_mm = message["depth_mm"].as_f64().unwrap();
        match timed.causes.as_slice() {
            [] => assert!(depth_mm < 6.0, "{depth_mm} mm come from somewhere"),
            [water] => depths
                .entry(*water)
                .or_default()
                .push((timed.observed_at, depth_mm)),
            more => panic!("one gauge, one drain: {more:?}"),
        }
    }
    let mut n_calls = 0;
    for feed in ["hotline", "call-110", "accident"] {
        for (timed, message) in of(&all, feed).filter(|(_, one)| one["state"] == "opened") {
            if let [water @ Happening::Water(_)] = timed.causes.as_slice() {
                let depth_mm = depth_at(&depths, *water, timed.observed_at);
                assert!(depth_mm > 30.0, "{water}: {depth_mm} mm, and {message}");
                n_calls += 1;
            }
        }
    }
    assert!(n_calls > 80, "{n_calls}");
    for (timed, message) in of(&all, "manhole") {
        let level_m = v(message, "water_level");
        match timed.causes.as_slice() {
            [] => assert!(level_m < 1.6, "{level_m} m without a cause"),
            [Happening::Water(number)] => {
                assert!(level_m > 1.2, "{level_m} m");
                let id = format!("/M-{:03}", number + 1);
                assert!(timed.topic.ends_with(&id), "{} is not {id}", timed.topic);
            }
            more => panic!("a manhole is its own drain: {more:?}"),
        }
    }
    let mut n_slowed = 0;
    for (timed, _) in of(&all, "arterial").chain(of(&all, "crossing")) {
        for cause in &timed.causes {
            if let Happening::Water(_) = cause {
                let depth_mm = depth_at(&depths, *cause, timed.observed_at);
                assert!(depth_mm > 75.0, "{cause}: {depth_mm} mm slow nobody");
                n_slowed += 1;
            }
        }
    }
    assert!(n_slowed > 20, "{n_slowed}");
}

#[test]
fn mishaps_come_by_chance_and_tell_of_themselves_alone() {
    let all = heard(Scenario::Storm);
    for (timed, message) in of(&all, "gas") {
        let leaks = v(message, "methane") > 8.0;
        let told = matches!(timed.causes.as_slice(), [Happening::Leak(_)]);
        assert_eq!(leaks, told, "{message}");
    }
    for (timed, message) in of(&all, "water-supply") {
        if v(message, "supply_pressure") < 200.0 {
            let told = matches!(timed.causes.as_slice(), [Happening::Burst(_)]);
            assert!(told, "{message}");
        }
    }
    let seen: std::collections::BTreeSet<Happening> = all
        .iter()
        .flat_map(|(timed, _)| &timed.causes)
        .copied()
        .filter(|what| !matches!(what, Happening::Water(_) | Happening::River(_)))
        .collect();
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn what_any_day_brings_has_no_happening() {
    let all = heard(Scenario::Storm);
    let opened = of(&all, "hotline").filter(|(_, message)| message["state"] == "opened");
    let (with, without): (Vec<_>, Vec<_>) = opened.partition(|(timed, _)| !timed.causes.is_empty());
    assert!(!with.is_empty() && !without.is_empty());
    for (_, message) in with {
        let category = message["category"].as_str().unwrap();
        let by_happening = ["waterlogging", "burst-pipe", "gas-smell"];
        assert!(by_happening.contains(&category), "{category}");
    }
    let quiet = heard(Scenario::Quiet);
    let told = quiet.iter().flat_map(|(timed, _)| &timed.causes);
    for what in told {
        assert!(matches!(what, Happening::Water(_)), "{what} on a quiet day");
    }
}
