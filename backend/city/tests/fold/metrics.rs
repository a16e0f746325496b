//! Metrics: windows, areas, truth, revisions, levels.

use egret_city::Entry;
use egret_shared::event::EventKind;
use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::time::{Span, TimeMs};

use crate::story::{EAST, Story, WEST_1, call};

const LEVEL: &str = "water.manhole_level_max";

#[test]
fn a_reading_counts_in_its_area_and_all_that_hold_it() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.read_at(EAST, "manhole", "M-2", "water_level", 0.7);
    for (area, v, sources) in [
        ("900001001", 1.2, 1),
        ("900001", 1.2, 1),
        ("900002", 0.7, 1),
        ("900000", 1.2, 2),
    ] {
        let point = story.metric(LEVEL, area);
        assert_eq!(
            (point.v, point.sources, point.expected),
            (Some(v), sources, sources),
            "{area}"
        );
    }
    assert_eq!(story.v(LEVEL, "900001002"), None);
}

#[test]
fn a_number_leaves_the_sliding_window_and_says_who_is_missing() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.wait("290s");
    assert_eq!(story.v(LEVEL, "900000"), Some(1.2));
    let point = story.metric(LEVEL, "900000");
    assert!(point.flags.has(Flags::STALE));
    story.wait("10s");
    let point = story.metric(LEVEL, "900000");
    assert_eq!((point.v, point.sources, point.expected), (None, 0, 1));
    assert!(point.flags.has(Flags::PARTIAL));
    assert_eq!(point.end.since(point.start), Span::parse("5m").unwrap());
}

#[test]
fn counts_of_a_live_feed_are_zero_and_of_a_dead_one_unknown() {
    let mut story = Story::new();
    assert_eq!(story.v("hotline.requests", "900000"), None);
    assert_eq!(story.v("water.ponding_gauges_wet", "900000"), None);
    story.report(call("R-1", WEST_1, story.now));
    story.read("road", "G-1", "ponding_depth", 2.0);
    assert_eq!(story.v("hotline.requests", "900000"), Some(1.0));
    assert_eq!(story.v("hotline.requests", "900002"), Some(0.0));
    let wet = story.metric("water.ponding_gauges_wet", "900000");
    // A dry gauge is no wet one, but it stands behind the number.
    assert_eq!((wet.v, wet.sources, wet.expected), (Some(0.0), 1, 1));
}

#[test]
fn the_day_begins_anew_at_local_midnight() {
    let mut story = Story::new();
    story.now = TimeMs::from_rfc3339("2026-06-22T23:59:50+08:00").unwrap();
    story.report(call("R-1", WEST_1, story.now));
    story.wait("9s");
    assert_eq!(story.v("hotline.requests", "900000"), Some(1.0));
    story.wait("1s");
    assert_eq!(story.v("hotline.requests", "900000"), Some(0.0));
    let day = story
        .closed
        .iter()
        .rfind(|point| point.metric.as_str() == "hotline.requests")
        .unwrap();
    assert_eq!((day.v, day.end), (Some(1.0), story.now));
    assert_eq!(day.end.since(day.start), Span::parse("1d").unwrap());
}

#[test]
fn a_report_counts_once_for_each_state_it_enters() {
    let mut story = Story::new();
    for (state, message) in [("opened", "1"), ("dispatched", "2"), ("opened", "3")] {
        let mut report = call("R-1", WEST_1, story.now);
        report.state = state.into();
        report.message = Some(message.into());
        story.report(report);
    }
    assert_eq!(story.v("hotline.requests", "900000"), Some(1.0));
    assert_eq!(story.feed("hotline").accepted, 3);
}

#[test]
fn quantiles_are_over_all_readings_of_the_window() {
    let mut story = Story::new();
    for (asset, v) in [("C-1", 10.0), ("C-2", 30.0), ("C-3", 50.0)] {
        story.read("probe-car", asset, "speed", v);
    }
    let v = story.v("traffic.speed_p50", "900000").unwrap();
    assert!((v - 30.0).abs() <= 0.3, "{v}");
}

#[test]
fn a_derived_metric_follows_its_inputs_in_the_same_area() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.5);
    assert_eq!(story.v("water.stress", "900000"), None);
    story.read("road", "G-1", "ponding_depth", 8.0);
    let stress = story.metric("water.stress", "900001001");
    assert_eq!((stress.v, stress.sources), (Some(35.0), 2));
    story.read("road", "G-2", "ponding_depth", 9.0);
    assert_eq!(
        story.metric("water.stress", "900001001").level,
        Level::Yellow
    );
}

fn closed_at<'a>(story: &'a Story, metric: &str, end: TimeMs) -> Vec<&'a MetricPoint> {
    let points = story.closed.iter();
    points
        .filter(|p| p.metric.as_str() == metric && p.end == end && p.area.as_str() == "900000")
        .collect()
}

#[test]
fn windows_close_at_whole_minutes() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.wait("2m");
    let ends: Vec<TimeMs> = story
        .closed
        .iter()
        .filter(|point| point.metric.as_str() == LEVEL && point.area.as_str() == "900000")
        .map(|point| point.end)
        .collect();
    assert_eq!(ends, [story.ago("1m"), story.now]);
}

#[test]
fn a_late_reading_revises_the_closed_window() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.wait_with("4m", "manhole", "M-1", "water_level", 1.2);
    let minute = story.ago("2m");
    assert_eq!(closed_at(&story, LEVEL, minute)[0].v, Some(1.2));
    story.read_late("130s", "manhole", "M-2", "water_level", 2.2);
    assert_eq!(story.v(LEVEL, "900000"), Some(2.2));
    story.wait("1s");
    let points = closed_at(&story, LEVEL, minute);
    assert_eq!((points.len(), points[1].v), (2, Some(2.2)));
    assert!(points[1].flags.has(Flags::REVISED) && !points[0].flags.has(Flags::REVISED));
    // The minute before the reading was never wrong.
    assert_eq!(
        closed_at(&story, LEVEL, minute.minus(Span(60_000))).len(),
        1
    );
}

#[test]
fn a_late_reading_revises_a_tumbling_window_that_has_ended() {
    let mut story = Story::new();
    story.read("probe-car", "C-1", "speed", 20.0);
    story.wait("90s");
    let end = story.ago("30s");
    story.read_late("50s", "probe-car", "C-2", "speed", 40.0);
    story.wait("1s");
    let points = closed_at(&story, "traffic.speed_p50", end);
    assert_eq!(
        (points.len(), points[0].sources, points[1].sources),
        (2, 1, 2)
    );
    assert!(points[1].flags.has(Flags::REVISED));
}

#[test]
fn minutes_in_which_nobody_listened_are_not_closed_but_what_comes_late_for_them_is() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.report(call("R-1", WEST_1, story.now));
    story.wait("1s");
    story.closed.clear();
    story.now = story.now.plus(Span::parse("5m").unwrap());
    story.wait("1s");
    assert!(story.closed.is_empty());
    story.read_late("2m", "manhole", "M-1", "water_level", 1.3);
    story.wait("1s");
    let minute = closed_at(
        &story,
        LEVEL,
        TimeMs::from_rfc3339("2026-06-22T06:04:00+08:00").unwrap(),
    );
    assert_eq!((minute.len(), minute[0].v), (1, Some(1.3)));
}

#[test]
fn a_reading_beyond_the_lateness_is_kept_but_in_no_window() {
    let mut story = Story::new();
    story.wait("1m");
    story.read_late("11m", "manhole", "M-1", "water_level", 2.2);
    assert_eq!(story.v(LEVEL, "900000"), None);
    let value = story
        .asset("manhole", "M-1")
        .values
        .into_values()
        .next()
        .unwrap();
    assert!(value.flags.has(Flags::LATE));
    assert_eq!(story.feed("manhole").late, 1);
    story.wait("2s");
    assert!(
        !story
            .closed
            .iter()
            .any(|point| point.metric.as_str() == LEVEL)
    );
}

#[test]
fn a_level_rises_at_once_and_falls_beyond_the_hysteresis() {
    let mut story = Story::new();
    let level = |story: &Story| story.metric(LEVEL, "900000").level;
    story.read("manhole", "M-1", "water_level", 2.05);
    assert_eq!(level(&story), Level::Orange);
    story.wait("5m");
    story.read("manhole", "M-1", "water_level", 1.95);
    assert_eq!(
        level(&story),
        Level::Yellow,
        "a window without data in between begins anew"
    );

    story.read("manhole", "M-2", "water_level", 2.05);
    story.wait_with("6m", "manhole", "M-1", "water_level", 1.95);
    assert_eq!(story.v(LEVEL, "900000"), Some(1.95));
    assert_eq!(level(&story), Level::Orange, "within the hysteresis");
    story.wait_with("6m", "manhole", "M-1", "water_level", 1.85);
    assert_eq!(level(&story), Level::Yellow);
}

#[test]
fn a_change_of_the_citys_level_is_told_once() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 2.05);
    story.wait("3s");
    let told: Vec<&str> = story
        .events
        .iter()
        .filter(|event| event.kind == EventKind::MetricLevel)
        .map(|event| event.text.en.as_str())
        .collect();
    assert_eq!(told, ["rose to orange: 2.05 m"]);
}

#[test]
fn an_idle_city_changes_nothing_between_its_windows() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.2);
    story.wait("11s");
    story.city.take_changes();
    for _ in 0..8 {
        story.now = story.now.plus(Span(1_000));
        story
            .city
            .apply(story.city.seq() + 1, &Entry::Tick(story.now));
        let changes = story.city.take_changes();
        assert!(changes.is_empty(), "{changes:?}");
    }
}
