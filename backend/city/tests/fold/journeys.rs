//! The time between two steps of a report.

use egret_city::limits::JOURNEYS_MAX;
use egret_city::{City, Entry};
use egret_shared::report::Report;
use egret_shared::time::TimeMs;
use proptest::prelude::*;

use crate::catalogue::{story_with, text};
use crate::story::{EAST, Story, WEST_1, call, tiny_with};

const CITY: &str = "900000";

/// A metric of the time from opening to `to`, over the last half hour.
fn until(to: &str, aggregate: &str) -> String {
    format!(
        "source = {{ feed = \"hotline\", from = \"opened\", to = \"{to}\" }}\n\
         aggregate = {aggregate}\nwindow = {{ sliding = \"30m\", every = \"10s\" }}"
    )
}

/// A report's step; only opening tells where and what.
fn step(id: &str, state: &str, at: TimeMs, now: TimeMs) -> Report {
    let mut report = call(id, EAST, at);
    report.state = state.into();
    report.received_at = now;
    if state != "opened" {
        (report.position, report.area) = (None, None);
        (report.category, report.text) = ("".into(), String::new());
    }
    report
}

fn mean_and_share() -> Story {
    story_with(&[
        ("t.mean", "min", &until("closed", "\"mean\"")),
        ("t.max_s", "s", &until("dispatched", "\"max\"")),
        ("t.count", "1", &until("closed", "\"count\"")),
        (
            "t.share",
            "%",
            &until("closed", "{ share = { within = \"5m\" } }"),
        ),
        ("t.p50", "min", &until("closed", "{ quantile = 0.5 }")),
    ])
}

#[test]
fn the_time_between_two_steps_counts_at_the_second_where_the_report_is() {
    let mut story = mean_and_share();
    for (id, opened, closed) in [
        ("R-1", "9m", "6m"),
        ("R-2", "8m", "1m"),
        ("R-3", "7m", "2m"),
    ] {
        for (state, ago) in [("opened", opened), ("closed", closed)] {
            let report = step(id, state, story.ago(ago), story.now);
            story.report(report);
        }
    }
    let v = |metric: &str, area: &str| story.v(metric, area);
    assert_eq!(v("t.mean", CITY), Some(5.0));
    assert_eq!(v("t.mean", "900002"), Some(5.0));
    assert_eq!(v("t.mean", "900001"), None);
    assert_eq!(v("t.count", CITY), Some(3.0));
    assert!((v("t.share", CITY).unwrap() - 200.0 / 3.0).abs() < 1e-9);
    assert!((v("t.p50", CITY).unwrap() - 5.0).abs() <= 0.05);
    assert_eq!(v("t.max_s", CITY), None);
    let point = story.metric("t.mean", CITY);
    assert_eq!(point.latest_at, Some(story.ago("1m")));
    assert_eq!((point.sources, point.expected), (1, 1));
}

#[test]
fn a_step_out_of_order_gives_the_same_time_and_a_repeated_one_nothing() {
    let mut story = mean_and_share();
    let opened = step("R-1", "opened", story.ago("4m"), story.now);
    let closed = step("R-1", "closed", story.ago("1m"), story.now);
    story.report(closed.clone());
    assert_eq!(story.v("t.count", CITY), Some(0.0));
    story.report(opened.clone());
    assert_eq!(story.v("t.mean", "900002"), Some(3.0));
    story.report(closed);
    story.report(opened);
    let again = step("R-1", "closed", story.now, story.now);
    story.report(again);
    assert_eq!(story.v("t.count", CITY), Some(1.0));
    assert_eq!(story.v("t.mean", CITY), Some(3.0));
}

#[test]
fn a_report_that_ends_before_it_begins_is_refused_and_counted() {
    let mut story = mean_and_share();
    for (state, ago) in [("opened", "1m"), ("closed", "2m"), ("dispatched", "30s")] {
        let report = step("R-1", state, story.ago(ago), story.now);
        story.report(report);
    }
    assert_eq!(story.v("t.mean", CITY), None);
    assert_eq!(story.v("t.max_s", CITY), Some(30.0));
    let refused = story.feed("hotline").rejected;
    // Once, though four metrics would have been made of it.
    assert_eq!(
        refused.get("fold/negative_duration"),
        Some(&1),
        "{refused:?}"
    );
}

#[test]
fn a_filter_knows_what_the_opening_told() {
    let wet = until("closed", "\"count\"").replace(
        "from =",
        "where = \"report.category == 'waterlogging'\", from =",
    );
    let deep = wet.replace(
        "report.category == 'waterlogging'",
        "report.text.contains('street') && report.state == 'closed'",
    );
    let mut story = story_with(&[("t.wet", "1", &wet), ("t.deep", "1", &deep)]);
    for (id, category) in [("R-1", "waterlogging"), ("R-2", "noise")] {
        let mut opened = step(id, "opened", story.ago("2m"), story.now);
        opened.category = category.into();
        let closed = step(id, "closed", story.ago("1m"), story.now);
        // Whichever of the two comes first.
        let steps = if id == "R-1" {
            [opened, closed]
        } else {
            [closed, opened]
        };
        for step in steps {
            story.report(step);
        }
    }
    assert_eq!(story.v("t.wet", CITY), Some(1.0));
    assert_eq!(story.v("t.deep", CITY), Some(2.0));
}

#[test]
fn a_time_that_ended_too_long_ago_is_late_and_one_that_began_long_ago_is_not() {
    let mut story = mean_and_share();
    for (id, opened, closed) in [("R-1", "20m", "11m"), ("R-2", "3h", "1m")] {
        for (state, ago) in [("opened", opened), ("closed", closed)] {
            let report = step(id, state, story.ago(ago), story.now);
            story.report(report);
        }
    }
    assert_eq!(story.v("t.count", CITY), Some(1.0));
    assert_eq!(story.v("t.mean", CITY), Some(179.0));
}

#[test]
fn of_too_many_open_reports_the_oldest_go_unmeasured() {
    let more = text(&[("t.count", "1", &until("closed", "\"count\""))]);
    let mut city = City::new(tiny_with("metrics.toml", &more));
    let now = Story::new().now;
    let mut tell = |id: usize, state: &str| {
        let report = step(&format!("R-{id}"), state, now, now);
        city.apply(city.seq() + 1, &Entry::Report(report));
    };
    for id in 0..=JOURNEYS_MAX {
        tell(id, "opened");
    }
    for id in [1, JOURNEYS_MAX, 0] {
        tell(id, "closed");
    }
    let point = city.metric_now(&"t.count".into(), &CITY.into()).unwrap();
    assert_eq!(point.v, Some(2.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn times_do_not_depend_on_the_order_of_steps_nor_on_a_restart(
        steps in prop::collection::vec((0..12_u8, 0..3_usize, 0..500_i64), 1..60),
        turn in 0..60_usize,
        restart in 0..60_usize,
    ) {
        let more = text(&[
            ("t.mean", "s", &until("closed", "\"mean\"")),
            ("t.max", "s", &until("dispatched", "\"max\"")),
        ]);
        let package = tiny_with("metrics.toml", &more);
        let now = Story::new().now;
        // Each report enters each state once, at a time that tells which.
        let mut steps = steps;
        steps.sort_unstable();
        steps.dedup_by_key(|(id, state, _)| (*id, *state));
        let entry = |(id, state, s): (u8, usize, i64)| {
            let at = TimeMs(now.0 - 590_000 + s * 1_000);
            let mut report = step(&format!("R-{id}"), ["opened", "dispatched", "closed"][state], at, now);
            (report.position, report.area) = (Some(WEST_1), Some("900001001".into()));
            Entry::Report(report)
        };
        let mut straight = City::new(package.clone());
        let mut other = City::new(package.clone());
        for (seq, one) in (1..).zip(&steps) {
            straight.apply(seq, &entry(*one));
        }
        let by = turn % steps.len();
        steps.rotate_left(by);
        for (at, one) in steps.iter().rev().enumerate() {
            other.apply(at as u64 + 1, &entry(*one));
            if at == restart % steps.len() {
                other = City::restore(package.clone(), &other.checkpoint()).unwrap();
            }
        }
        for metric in ["t.mean", "t.max"] {
            for area in [CITY, "900001001"] {
                let point = |city: &City| city.metric_now(&metric.into(), &area.into()).unwrap();
                prop_assert_eq!(point(&straight), point(&other));
            }
        }
    }
}
