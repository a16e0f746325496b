//! Assets: newest by event time, identity, flags, staleness.

use egret_city::Entry;
use egret_shared::flags::Flags;
use egret_shared::id::AreaCode;
use egret_shared::time::Span;

use crate::story::{EAST, Story, at_place, reading, tiny_with};

#[test]
fn a_reading_shows_on_its_asset_with_unit_place_and_areas() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.42);
    let asset = story.asset("manhole", "M-1");
    let value = asset.values.values().next().unwrap();
    assert_eq!(
        (value.v, value.u.as_str(), value.at),
        (1.42, "m", story.now)
    );
    assert!(value.flags.is_empty());
    let areas: Vec<&str> = asset.areas.iter().map(AreaCode::as_str).collect();
    assert_eq!(areas, ["900000", "900001", "900001001"]);
    assert!(!asset.stale);
}

#[test]
fn a_reading_from_the_past_does_not_replace_the_latest() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.read_late("5m", "manhole", "M-1", "water_level", 3.0);
    let asset = story.asset("manhole", "M-1");
    assert_eq!(asset.values.values().next().unwrap().v, 1.0);
    assert_eq!(asset.observed_at, Some(story.now));
}

#[test]
fn within_a_millisecond_microseconds_decide_which_is_the_latest() {
    let mut story = Story::new();
    let us = story.now.0 * 1_000;
    for (message, us, v) in [("a", us + 900, 2.0), ("b", us + 100, 1.0)] {
        let mut observation = reading("manhole", "M-1", "water_level", v, story.now);
        observation.observed_at_us = Some(us);
        observation.message = Some(message.into());
        story.tell(&Entry::Observation(observation));
    }
    let asset = story.asset("manhole", "M-1");
    assert_eq!(asset.values.values().next().unwrap().v, 2.0);
    assert_eq!(asset.observed_at_us, Some(us + 900));
}

#[test]
fn the_same_message_twice_counts_once() {
    let mut story = Story::new();
    let mut observation = reading("manhole", "M-1", "water_level", 1.0, story.now);
    observation.message = Some("7".into());
    story.tell(&Entry::Observation(observation.clone()));
    story.wait("3s");
    observation.received_at = story.now;
    story.tell(&Entry::Observation(observation.clone()));
    observation.asset = "M-2".into();
    story.tell(&Entry::Observation(observation));
    let health = story.feed("manhole");
    assert_eq!((health.accepted, health.duplicate), (2, 1));
}

#[test]
fn two_messages_in_one_millisecond_without_id_and_time_both_count() {
    let mut story = Story::new();
    for v in [1.0, 1.2] {
        let mut observation = reading("manhole", "M-1", "water_level", v, story.now);
        observation.flags = Flags::NO_TIME;
        story.tell(&Entry::Observation(observation));
    }
    let health = story.feed("manhole");
    assert_eq!((health.accepted, health.duplicate), (2, 0));
    assert_eq!(story.asset("manhole", "M-1").values["water_level"].v, 1.2);
}

#[test]
fn without_an_id_each_property_and_time_is_an_identity() {
    let mut story = Story::new();
    let one = reading("manhole", "M-1", "water_level", 1.0, story.now);
    let mut two = reading("manhole", "M-1", "speed", 4.0, story.now);
    two.values.extend(one.values.clone());
    for observation in [&one, &one, &two] {
        story.tell(&Entry::Observation(observation.clone()));
    }
    let health = story.feed("manhole");
    assert_eq!((health.accepted, health.duplicate), (2, 1));
    assert_eq!(story.asset("manhole", "M-1").values.len(), 2);
}

#[test]
fn jumps_and_stuck_values_are_flagged_and_kept() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 4.5);
    let flags = |story: &Story| {
        story
            .asset("manhole", "M-1")
            .values
            .values()
            .next()
            .unwrap()
            .flags
    };
    assert_eq!(flags(&story), Flags::JUMP);
    story.now = story.now.plus(Span::parse("6h").unwrap());
    story.read("manhole", "M-1", "water_level", 4.5);
    assert_eq!(flags(&story), Flags::NONE);
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 4.5);
    assert_eq!(flags(&story), Flags::STUCK);
}

#[test]
fn an_asset_is_stale_after_three_promised_intervals_and_fresh_when_it_returns() {
    let mut story = Story::new();
    story.read("probe-car", "C-1", "speed", 30.0);
    story.wait("29s");
    assert!(!story.asset("probe-car", "C-1").stale);
    story.wait("1s");
    assert!(story.asset("probe-car", "C-1").stale);
    assert_eq!(story.feed("probe-car").silent, 1);
    story.read("probe-car", "C-1", "speed", 30.0);
    assert!(!story.asset("probe-car", "C-1").stale);
    assert_eq!(story.feed("probe-car").silent, 0);
}

#[test]
fn a_restart_does_not_make_anyone_silent() {
    let mut story = Story::new();
    story.read("probe-car", "C-1", "speed", 30.0);
    story.now = story.now.plus(Span::parse("10m").unwrap());
    story.wait("1s");
    assert!(!story.asset("probe-car", "C-1").stale);
    story.wait("30s");
    assert!(story.asset("probe-car", "C-1").stale);
}

#[test]
fn without_a_position_the_last_place_stands_in_and_before_that_the_department() {
    let mut story = Story::new();
    let mut observation = reading("manhole", "M-1", "water_level", 1.0, story.now);
    observation.position = None;
    observation.area = None;
    story.tell(&Entry::Observation(observation.clone()));
    let asset = story.asset("manhole", "M-1");
    assert_eq!(asset.areas.len(), 1);
    assert!(
        asset
            .values
            .values()
            .next()
            .unwrap()
            .flags
            .has(Flags::NO_POSITION)
    );
    assert_eq!(story.v("water.manhole_level_max", "900000"), Some(1.0));

    story.wait("1s");
    story.read_at(EAST, "manhole", "M-1", "water_level", 1.1);
    story.wait("1s");
    observation.observed_at = story.now;
    observation.received_at = story.now;
    story.tell(&Entry::Observation(observation));
    assert_eq!(story.metric("water.manhole_level_max", "900002").sources, 1);
    assert!(
        story
            .asset("manhole", "M-1")
            .values
            .values()
            .next()
            .unwrap()
            .flags
            .is_empty()
    );
}

#[test]
fn a_registered_asset_is_known_before_it_speaks() {
    let csv =
        "feed,asset,name_zh,name_en,lon,lat,area\nmanhole,M-9,九号井,Manhole 9,118.05,24.45,\n";
    let mut story = Story::of(tiny_with("assets.csv", csv));
    assert_eq!(story.asset("manhole", "M-9").name.unwrap().en, "Manhole 9");
    assert_eq!(
        story
            .metric("water.manhole_level_max", "900001001")
            .expected,
        1
    );
    assert_eq!(story.city.assets().count(), 1);
    story.wait("3m");
    assert!(story.asset("manhole", "M-9").stale);
}

#[test]
fn what_a_registered_asset_stored_before_it_was_first_heard_fills_its_past() {
    let csv =
        "feed,asset,name_zh,name_en,lon,lat,area\nmanhole,M-9,九号井,Manhole 9,118.05,24.45,\n";
    let mut story = Story::of(tiny_with("assets.csv", csv));
    story.wait("1m");
    story.read_late("11m", "manhole", "M-9", "water_level", 2.2);
    let value = story.asset("manhole", "M-9").values.into_values().next();
    assert!(!value.unwrap().flags.has(Flags::LATE));
    story.wait("2s");
    let told = |v: f64| {
        let mut closed = story.closed.iter();
        closed.any(|point| point.v == Some(v) && point.flags.has(Flags::REVISED))
    };
    assert!(told(2.2), "{:?}", story.closed);
    // What is older than its feed's backfill is late all the same.
    story.read_late("3h", "manhole", "M-9", "water_level", 2.5);
    assert_eq!(story.feed("manhole").late, 1);
}

#[test]
fn a_registered_asset_counts_where_the_register_says() {
    let csv = "feed,asset,name_zh,name_en,lon,lat,area\nmanhole,M-9,九号井,Manhole 9,118.05,24.45,900002\n";
    let mut story = Story::of(tiny_with("assets.csv", csv));
    story.read("manhole", "M-9", "water_level", 1.2);
    assert_eq!(story.v("water.manhole_level_max", "900002"), Some(1.2));
    assert_eq!(
        story.metric("water.manhole_level_max", "900001").expected,
        0
    );
}

#[test]
fn a_moving_asset_is_expected_where_it_was_seen_last() {
    let mut story = Story::new();
    story.read("probe-car", "C-1", "speed", 30.0);
    assert_eq!(story.metric("traffic.speed_p50", "900001").expected, 1);
    story.wait("1s");
    let elsewhere = reading("probe-car", "C-1", "speed", 30.0, story.now);
    story.tell(&Entry::Observation(at_place(elsewhere, EAST)));
    story.wait("1m");
    assert_eq!(story.metric("traffic.speed_p50", "900001").expected, 0);
    assert_eq!(story.metric("traffic.speed_p50", "900002").expected, 1);
    assert_eq!(story.metric("traffic.speed_p50", "900000").expected, 1);
}
