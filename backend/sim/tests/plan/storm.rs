//! The storm scenario as its messages tell it.

use std::collections::BTreeMap;

use egret_shared::id::FeedId;
use egret_shared::time::Span;
use egret_sim::{Options, Plan, Scenario};
use serde_json::Value;

use super::package::{options, package, start};

/// The storm's rain at 30×, its two minutes' notice, and half an hour of recession.
const MINUTES: i64 = 2 + 28 + 20;

/// Every message of `feeds` in a storm at 30×: minutes since the start, topic, payload.
fn storm_of(feeds: &[&str]) -> Vec<(f64, String, Value)> {
    let options = Options {
        scenario: Scenario::Storm,
        feeds: feeds.iter().map(FeedId::new).collect(),
        ..options()
    };
    let end = start().plus(Span(MINUTES * 60_000));
    Plan::new(package(), &options, start())
        .unwrap()
        .take_while(|timed| timed.send_at < end)
        .filter(|timed| timed.fault.is_none())
        .map(|timed| {
            let minute = timed.observed_at.since(start()).ms() as f64 / 60_000.0;
            (
                minute,
                timed.topic,
                serde_json::from_slice(&timed.payload).unwrap(),
            )
        })
        .collect()
}

fn value(message: &Value, property: &str) -> f64 {
    message["values"][property]["v"].as_f64().unwrap()
}

#[test]
fn the_gauges_tell_the_totals_of_the_report() {
    let mut highest_24h: BTreeMap<String, f64> = BTreeMap::new();
    let mut highest_1h: f64 = 0.0;
    for (_, topic, message) in storm_of(&["rain"]) {
        let total = highest_24h.entry(topic).or_default();
        *total = total.max(value(&message, "rain_24h"));
        highest_1h = highest_1h.max(value(&message, "rain_1h"));
    }
    for (code, expected_mm) in [
        ("350203", 41.8),
        ("350206", 42.5),
        ("350205", 58.8),
        ("350211", 108.5),
        ("350212", 109.6),
        ("350213", 59.1),
    ] {
        let of_district = package().assets.iter().filter(|asset| {
            let area = asset.area.as_ref().map_or("", |area| area.as_str());
            asset.feed.as_str() == "rain" && area.starts_with(code)
        });
        let totals: Vec<f64> = of_district
            .filter_map(|asset| {
                highest_24h
                    .get(&format!("egret/v1/rain/{}", asset.asset))
                    .copied()
            })
            .collect();
        let mean = totals.iter().sum::<f64>() / totals.len() as f64;
        // Dead and stuck gauges are part of the city, and missing from its mean.
        let stuck = totals.iter().filter(|total| **total < 1.0).count();
        let mean = mean * totals.len() as f64 / (totals.len() - stuck) as f64;
        assert!((mean / expected_mm - 1.0).abs() < 0.05, "{code}: {mean} mm");
    }
    let highest = highest_24h.values().copied().fold(0.0, f64::max);
    assert!((highest - 223.0).abs() < 2.0, "{highest}");
    // Gauges speak every half hour of the storm, and may miss the very highest hour's end.
    assert!((70.0..=78.5).contains(&highest_1h), "{highest_1h}");
}

#[test]
fn roads_pond_manholes_surcharge_and_both_recede() {
    let mut deepest: BTreeMap<String, f64> = BTreeMap::new();
    let (mut surcharged, mut at_end) = (std::collections::BTreeSet::new(), 0.0_f64);
    let mut worst_level = 0.0_f64;
    for (minute, topic, message) in storm_of(&["ponding", "manhole"]) {
        if topic.starts_with("hydro/") {
            let depth_mm = message["depth_mm"].as_f64().unwrap();
            let deepest = deepest.entry(topic).or_default();
            *deepest = deepest.max(depth_mm);
            if minute > 47.0 {
                at_end = at_end.max(depth_mm);
            }
        } else {
            let level = value(&message, "water_level");
            worst_level = worst_level.max(level);
            if level > 1.5 {
                surcharged.insert(topic);
            }
        }
    }
    let under = deepest.values().filter(|depth| **depth >= 100.0).count();
    assert!((18..=25).contains(&under), "{under} gauges under water");
    let worst = deepest.values().copied().fold(0.0, f64::max);
    assert!((420.0..=490.0).contains(&worst), "{worst} mm");
    assert!((2.6..3.1).contains(&worst_level), "{worst_level} m");
    assert!(
        (50..150).contains(&surcharged.len()),
        "{}",
        surcharged.len()
    );
    assert!(at_end < 50.0, "{at_end} mm still stand");
}

#[test]
fn people_call_about_the_water_and_traffic_slows() {
    let (mut water, mut flood, mut stalled) = (0, 0, 0);
    let mut speeds: BTreeMap<bool, Vec<f64>> = BTreeMap::new();
    let feeds = ["hotline", "call-110", "call-119", "accident", "crossing"];
    for (minute, topic, message) in storm_of(&feeds) {
        if topic.starts_with("egret/v1/crossing/") {
            let storm = (15.0..22.0).contains(&minute);
            if storm || minute < 2.0 {
                speeds
                    .entry(storm)
                    .or_default()
                    .push(value(&message, "speed"));
            }
        } else if message["state"] == "opened" {
            match message["category"].as_str().unwrap() {
                "waterlogging" => water += 1,
                "flood" => flood += 1,
                "stalled" => stalled += 1,
                _ => {}
            }
        }
    }
    assert!((50..260).contains(&water), "{water} requests");
    assert!((8..90).contains(&flood), "{flood} calls");
    // Half a dozen are to be expected of one storm, and two are no less by chance.
    assert!((2..90).contains(&stalled), "{stalled} cars");
    let median = |storm: bool| {
        let mut sorted = speeds[&storm].clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    assert!(median(false) > 50.0, "{}", median(false));
    assert!(median(true) < 0.65 * median(false), "{}", median(true));
}

#[test]
fn a_quiet_hour_sees_a_yellow_puddle_and_little_more() {
    let feeds = ["ponding", "rain"].map(FeedId::new).into_iter().collect();
    let options = Options { feeds, ..options() };
    let end = start().plus(Span(4 * 3_600_000));
    let mut deepest_by_hour: BTreeMap<i64, f64> = BTreeMap::new();
    let mut rain_1h = 0.0_f64;
    let plan = Plan::new(package(), &options, start()).unwrap();
    for timed in plan
        .take_while(|timed| timed.send_at < end)
        .filter(|t| t.fault.is_none())
    {
        let message: Value = serde_json::from_slice(&timed.payload).unwrap();
        if timed.topic.starts_with("hydro/") {
            let hour = timed.observed_at.since(start()).ms() / 3_600_000;
            let deepest = deepest_by_hour.entry(hour).or_default();
            *deepest = deepest.max(message["depth_mm"].as_f64().unwrap());
        } else {
            rain_1h = rain_1h.max(value(&message, "rain_1h"));
        }
    }
    assert_eq!(deepest_by_hour.len(), 4);
    for (hour, depth_mm) in deepest_by_hour {
        assert!(
            (100.0..150.0).contains(&depth_mm),
            "hour {hour}: {depth_mm} mm"
        );
    }
    assert!((20.0..50.0).contains(&rain_1h), "{rain_1h} mm");
}
