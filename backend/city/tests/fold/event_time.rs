//! Event time and quality as they show: late, stored and future readings, doubts that travel,
//! pace, quality, gateways' clocks.

use egret_city::Entry;
use egret_city::entry::GatewayClock;
use egret_shared::feed::Interval;
use egret_shared::flags::Flags;
use egret_shared::time::{Span, TimeMs};

use crate::story::{Story, WEST_1, call, reading, tiny_with};

const LEVEL: &str = "water.manhole_level_max";

/// Gauges of which nobody promised how often they speak.
const UNPROMISED: &str = r#"
[[feed]]
id          = "tide"
name        = { zh = "潮位", en = "Tide" }
department  = "water"
domain      = "water"
asset_class = "tide-gauge"
topic       = "egret/v1/tide/+"
format      = "egret-json"
"#;

#[test]
fn a_clock_of_2036_does_not_change_what_is_latest() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.wait("1s");
    let mut future = reading("manhole", "M-1", "water_level", 9.0, story.now);
    future.observed_at = TimeMs::from_rfc3339("2036-01-01T00:00:00Z").unwrap();
    story.tell(&Entry::Observation(future));
    let value = story.asset("manhole", "M-1").values["water_level"].clone();
    assert_eq!(value.at, story.now, "the arrival stands in");
    assert!(value.flags.has(Flags::FUTURE));
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 1.1);
    let asset = story.asset("manhole", "M-1");
    assert_eq!(asset.values["water_level"].v, 1.1);
    assert_eq!(asset.observed_at, Some(story.now));
    assert_eq!(story.metric(LEVEL, "900000").latest_at, Some(story.now));
    let health = story.feed("manhole");
    assert_eq!(health.observed_at, Some(story.now));
    assert_eq!(health.watermark, Some(story.ago("10m")));
}

#[test]
fn stored_readings_fill_the_gap_of_their_own_asset_and_no_other() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.read("manhole", "M-2", "water_level", 1.0);
    story.wait_with("30m", "manhole", "M-2", "water_level", 1.0);
    story.closed.clear();
    story.read_late("1205s", "manhole", "M-2", "water_level", 3.0);
    assert_eq!(story.feed("manhole").late, 1, "M-2 was never silent");
    story.read_late("20m", "manhole", "M-1", "water_level", 2.0);
    assert_eq!(story.feed("manhole").late, 1);
    assert!(
        story.asset("manhole", "M-1").values["water_level"]
            .flags
            .is_empty()
    );
    story.wait("1s");
    let revised: Vec<(TimeMs, Option<f64>)> = story
        .closed
        .iter()
        .filter(|point| point.metric.as_str() == LEVEL && point.area.as_str() == "900000")
        .filter(|point| point.flags.has(Flags::REVISED))
        .map(|point| (point.end, point.v))
        .collect();
    let first = revised.first().unwrap();
    assert_eq!((revised.len(), first.1), (5, Some(2.0)), "{revised:?}");
}

#[test]
fn what_was_stored_longer_than_the_feed_allows_is_kept_at_the_asset_and_in_no_window() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.wait("125m");
    story.closed.clear();
    story.read_late("121m", "manhole", "M-1", "water_level", 2.0);
    story.read_late("119m", "manhole", "M-1", "water_level", 3.0);
    story.wait("2s");
    assert_eq!(story.feed("manhole").late, 1);
    let highest = story
        .closed
        .iter()
        .filter(|point| point.metric.as_str() == LEVEL);
    let values: Vec<Option<f64>> = highest.map(|point| point.v).collect();
    assert!(
        values.contains(&Some(3.0)) && !values.contains(&Some(2.0)),
        "{values:?}"
    );
    assert_eq!(story.asset("manhole", "M-1").values["water_level"].v, 3.0);
}

#[test]
fn a_gap_is_filled_also_when_the_live_reading_comes_first_and_after_a_restart() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    // Nobody listens for an hour, neither to us.
    story.now = story.now.plus(Span::parse("1h").unwrap());
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 1.1);
    for (n, ago) in ["50m", "40m", "30m", "20m"].into_iter().enumerate() {
        story.read_late(ago, "manhole", "M-1", "water_level", 2.0 + n as f64 / 10.0);
        story.wait("1s");
    }
    assert_eq!(story.feed("manhole").late, 0);
    assert_eq!(story.asset("manhole", "M-1").values["water_level"].v, 1.1);
}

#[test]
fn doubts_about_a_reading_travel_into_the_numbers_made_of_it_and_leave_with_it() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.wait("1s");
    assert!(!story.metric(LEVEL, "900000").flags.has_any(Flags::SUSPECT));
    story.read("manhole", "M-1", "water_level", 4.5);
    assert!(story.metric(LEVEL, "900000").flags.has(Flags::JUMP));
    assert_eq!(story.feed("manhole").suspect, 1);
    let mut odd = reading("manhole", "M-2", "water_level", 19.0, story.now);
    odd.values[0].flags = Flags::RANGE;
    story.tell(&Entry::Observation(odd));
    let flags = story.metric(LEVEL, "900001").flags;
    assert!(flags.has(Flags::JUMP) && flags.has(Flags::RANGE));
    assert!(!story.metric(LEVEL, "900002").flags.has_any(Flags::SUSPECT));
    story.wait_with("6m", "manhole", "M-1", "water_level", 4.5);
    assert!(!story.metric(LEVEL, "900000").flags.has_any(Flags::SUSPECT));
    let minute = story
        .closed
        .iter()
        .find(|point| point.metric.as_str() == LEVEL);
    assert!(minute.unwrap().flags.has(Flags::JUMP));
}

#[test]
fn a_late_reading_is_no_jump_from_the_newer_one() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.read_late("5m", "manhole", "M-1", "water_level", 9.0);
    assert_eq!(story.feed("manhole").suspect, 0);
    assert!(!story.metric(LEVEL, "900000").flags.has(Flags::JUMP));
}

#[test]
fn an_interval_is_learned_and_then_assets_are_expected_and_grow_stale() {
    let mut story = Story::of(tiny_with("feeds.toml", UNPROMISED));
    story.wait_with("60s", "tide", "T-1", "water_level", 1.0);
    assert_eq!(story.feed("tide").interval, None);
    story.wait_with("60s", "tide", "T-1", "water_level", 1.0);
    let learned = Interval {
        ms: 10_000,
        learned: true,
    };
    assert_eq!(story.feed("tide").interval, Some(learned));
    assert!(!story.asset("tide", "T-1").stale);
    story.wait("30s");
    assert!(story.asset("tide", "T-1").stale);
    assert_eq!(story.feed("tide").silent, 1);
    let promised = Interval {
        ms: 60_000,
        learned: false,
    };
    assert_eq!(story.feed("manhole").interval, Some(promised));
}

#[test]
fn a_feed_that_delivers_half_of_what_is_due_says_so() {
    let mut story = Story::new();
    for _ in 0..10 {
        story.read("manhole", "M-1", "water_level", 1.0);
        story.wait("2m");
    }
    let quality = story.feed("manhole").quality.unwrap();
    assert_eq!((quality.timeliness, quality.validity), (100.0, 100.0));
    assert_eq!(quality.completeness, Some(50.0));
    assert_eq!(quality.score, 83.3);
    story.read_late("9m", "manhole", "M-1", "water_level", 1.0);
    story.read_late("11m", "manhole", "M-1", "water_level", 1.0);
    story.refuse(Some("manhole"));
    story.wait("1m");
    let quality = story.feed("manhole").quality.unwrap();
    assert_eq!((quality.timeliness, quality.validity), (91.7, 92.3));
}

#[test]
fn reports_have_no_completeness() {
    let mut story = Story::new();
    assert_eq!(story.feed("hotline").quality, None);
    story.report(call("R-1", WEST_1, story.now));
    story.wait("1m");
    let quality = story.feed("hotline").quality.unwrap();
    assert_eq!((quality.completeness, quality.score), (None, 100.0));
}

#[test]
fn a_feeds_health_changes_once_a_minute_when_nothing_comes() {
    let mut story = Story::new();
    story.wait_with("3m", "manhole", "M-1", "water_level", 1.0);
    story.wait("5s");
    story.city.take_changes();
    for second in 0..40 {
        story.now = story.now.plus(Span(1_000));
        story
            .city
            .apply(story.city.seq() + 1, &Entry::Tick(story.now));
        let feeds = story.city.take_changes().feeds;
        assert!(feeds.is_empty(), "after {second} s: {feeds:?}");
    }
}

fn clock(gateway: &str, ahead_ms: i64, at: TimeMs) -> Entry {
    Entry::Clock(GatewayClock {
        gateway: gateway.into(),
        feed: "manhole".into(),
        ahead_ms,
        at,
    })
}

#[test]
fn the_clock_that_is_furthest_off_is_shown_with_its_feed_and_all_are_listed() {
    let mut story = Story::new();
    for (gateway, ahead_ms) in [("gw-1", 1_900), ("gw-2", -7_000), ("gw-3", 5_000)] {
        story.tell(&clock(gateway, ahead_ms, story.now));
    }
    let shown = |story: &Story| story.feed("manhole").clock.map(|clock| clock.ahead_ms);
    assert_eq!(shown(&story), Some(-7_000));
    assert_eq!(story.city.gateways().count(), 3);
    story.tell(&clock("gw-2", 10, story.now));
    assert_eq!(shown(&story), Some(5_000));
    story.tell(&clock("gw-3", 20, story.now));
    assert_eq!(shown(&story), None);
    for n in 0..2_000 {
        story.now = story.now.plus(Span(1));
        story.city.apply(
            story.city.seq() + 1,
            &clock(&format!("x-{n}"), 3_000, story.now),
        );
    }
    assert_eq!(story.city.gateways().count(), 1_024);
    story.now = story.now.plus(Span::parse("25h").unwrap());
    story
        .city
        .apply(story.city.seq() + 1, &Entry::Tick(story.now));
    assert_eq!(story.city.gateways().count(), 0);
    assert_eq!(shown(&story), None);
}
