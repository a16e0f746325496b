//! What is usual at an hour of the week, learned from weeks of the same hour.

use std::sync::Arc;

use egret_package::Package;
use egret_shared::flags::Flags;
use egret_shared::time::Span;

use crate::story::{Story, tiny_with};

const CITY: &str = "900000";
const WEEK: Span = Span(7 * 24 * 3_600_000);

fn learning() -> Arc<Package> {
    tiny_with(
        "metrics.toml",
        "\n[[metric]]\nid = \"water.level_usual\"\nname = { zh = \"水位\", en = \"Level\" }\n\
         domain = \"water\"\nsource = { feed = \"manhole\", property = \"water_level\" }\n\
         aggregate = \"mean\"\nwindow = { sliding = \"5m\", every = \"1m\" }\nunit = \"m\"\n\
         baseline = true\n",
    )
}

/// A story in which the hour from six was `v(week)` in each of the weeks before, told up to half
/// past six of the week after them.
fn after(weeks: &[f64], v_now: f64) -> Story {
    let mut story = Story::of(learning());
    for v in weeks {
        let begin = story.now;
        story.wait_with("40m", "manhole", "M-1", "water_level", *v);
        story.now = begin.plus(WEEK);
        story.wait("1s");
        story.now = begin.plus(WEEK);
    }
    story.wait_with("30m", "manhole", "M-1", "water_level", v_now);
    story
}

#[test]
fn nothing_is_usual_until_three_weeks_have_been_seen_and_the_city_says_how_many() {
    let story = after(&[1.0, 1.0], 1.0);
    assert_eq!(story.metric("water.level_usual", CITY).typical, None);
    let weeks = story
        .city
        .baseline_weeks(&"water.level_usual".into(), &CITY.into());
    assert_eq!(weeks, Some((2, 3)));
    let none = story
        .city
        .baseline_weeks(&"water.manhole_level_max".into(), &CITY.into());
    assert_eq!(none, None, "it learns nothing");
}

#[test]
fn a_value_far_from_the_weeks_before_is_flagged_and_stays_what_was_measured() {
    let usual = after(&[1.0, 1.1, 0.9], 1.05).metric("water.level_usual", CITY);
    let typical = usual.typical.unwrap();
    assert!(
        (typical.v - 1.0).abs() < 1e-6 && typical.weeks == 3,
        "{typical:?}"
    );
    assert!(!usual.flags.has(Flags::ANOMALY), "{usual:?}");

    let odd = after(&[1.0, 1.1, 0.9], 2.9).metric("water.level_usual", CITY);
    assert!(odd.flags.has(Flags::ANOMALY), "{odd:?}");
    assert_eq!(odd.v, Some(2.9));
    assert_eq!(odd.typical.unwrap().v, typical.v);
    assert!(odd.typical.unwrap().z.unwrap() > 3.5);
}

#[test]
fn another_hour_knows_nothing_of_this_one() {
    let mut story = after(&[1.0, 1.0, 1.0], 1.0);
    assert!(story.metric("water.level_usual", CITY).typical.is_some());
    story.wait_with("45m", "manhole", "M-1", "water_level", 1.0);
    assert_eq!(story.metric("water.level_usual", CITY).typical, None);
}
