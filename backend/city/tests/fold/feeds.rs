//! Feeds: what arrived, what was refused, and whether they deliver.

use std::sync::Arc;

use egret_package::Package;
use egret_shared::event::EventKind;
use egret_shared::feed::FeedStatus;

use crate::story::{Story, WEST_1, call, tiny_files};

#[test]
fn a_feed_waits_lives_degrades_and_falls_silent() {
    let mut story = Story::new();
    assert_eq!(story.feed("probe-car").status, FeedStatus::Waiting);
    story.read("probe-car", "C-1", "speed", 30.0);
    story.wait("1s");
    assert_eq!(story.feed("probe-car").status, FeedStatus::Live);
    story.wait_with("40s", "probe-car", "C-2", "speed", 30.0);
    assert_eq!(
        story.feed("probe-car").status,
        FeedStatus::Degraded,
        "one of two is silent"
    );
    story.wait("30s");
    assert_eq!(story.feed("probe-car").status, FeedStatus::Silent);
    assert_eq!(story.told(EventKind::Feed), 3);
}

#[test]
fn a_feed_of_known_assets_waits_until_one_of_them_speaks() {
    let mut files = tiny_files();
    let register = "feed,asset,name_zh,name_en,lon,lat,area\n\
        manhole,M-1,一号井,Manhole 1,118.05,24.45,\n\
        manhole,M-2,二号井,Manhole 2,118.05,24.45,\n";
    files.insert("assets.csv".to_owned(), register.to_owned());
    let mut story = Story::of(Arc::new(Package::load(&files).unwrap()));
    story.wait("10m");
    assert_eq!(story.feed("manhole").status, FeedStatus::Waiting);
    assert_eq!(story.told(EventKind::Feed), 0);
    story.read("manhole", "M-1", "water_level", 1.0);
    story.wait("1s");
    assert_eq!(
        story.feed("manhole").status,
        FeedStatus::Degraded,
        "one of two is silent"
    );
}

#[test]
fn refusals_are_counted_by_stage_and_reason_and_degrade_the_feed() {
    let mut story = Story::new();
    story.read("manhole", "M-1", "water_level", 1.0);
    story.refuse(Some("manhole"));
    story.refuse(None);
    story.wait("1s");
    let health = story.feed("manhole");
    assert_eq!(health.rejected.get("decode/bad_json"), Some(&1));
    assert_eq!(health.status, FeedStatus::Degraded);
    assert_eq!(
        story.feed("unknown").rejected.get("decode/bad_json"),
        Some(&1)
    );
    story.wait_with("2m", "manhole", "M-1", "water_level", 1.0);
    assert_eq!(story.feed("manhole").status, FeedStatus::Live);
}

#[test]
fn messages_per_minute_are_those_of_the_last_whole_minute() {
    let mut story = Story::new();
    story.wait_with("1m", "manhole", "M-1", "water_level", 1.0);
    assert_eq!(story.feed("manhole").per_minute, 6);
    story.wait("1m");
    assert_eq!(story.feed("manhole").per_minute, 0);
}

#[test]
fn a_sensitive_feeds_text_is_not_told() {
    let mut story = Story::new();
    story.report(call("R-1", WEST_1, story.now));
    let told = &story
        .events
        .iter()
        .find(|event| event.kind == EventKind::Report)
        .unwrap()
        .text
        .en;
    assert_eq!(told, "waterlogging · West 1");
}

#[test]
fn messages_of_feeds_that_the_package_does_not_know_are_counted() {
    let mut story = Story::new();
    story.read("stranger", "X", "speed", 1.0);
    assert_eq!(
        story.feed("unknown").rejected.get("fold/unknown_feed"),
        Some(&1)
    );
}
