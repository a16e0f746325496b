//! Numbers made of numbers: indices, formulas with missing inputs, the quality of feeds.

use egret_shared::flags::Flags;
use egret_shared::id::MetricId;
use egret_shared::level::Level;

use crate::catalogue::story_with;
use crate::story::{EAST, Story, WEST_1, call};

const CITY: &str = "900000";

/// Manhole levels weigh twice as much as air and speed; small levels are good.
const VITAL: (&str, &str, &str) = (
    "t.vital",
    "1",
    "index = [\n\
     { metric = \"water.manhole_level_max\", weight = 2.0, zero = 4.0, full = 0.0 },\n\
     { metric = \"air.pm2_5_mean\", zero = 200.0, full = 0.0 },\n\
     { metric = \"traffic.speed_p50\", zero = 0.0, full = 50.0 },\n\
     ]\nlevels = { below = true, yellow = 60, red = 20 }",
);

fn read_all(story: &mut Story) {
    story.read("manhole", "M-1", "water_level", 1.0);
    story.read("air", "A-1", "pm2_5", 50.0);
    story.read("probe-car", "C-1", "speed", 0.0);
}

#[test]
fn an_index_is_the_weighted_mean_of_its_parts_scores() {
    let mut story = story_with(&[VITAL]);
    read_all(&mut story);
    // 2 × 75, 75 and 0.
    let point = story.metric("t.vital", CITY);
    assert_eq!((point.v, point.level), (Some(56.25), Level::Yellow));
    assert_eq!((point.sources, point.expected), (3, 3));
    assert!(!point.flags.has(Flags::PARTIAL));
    assert_eq!(story.v("t.vital", "900001001"), Some(56.25));
    // A score is cut off at 0 and 100.
    story.wait("1s");
    story.read("manhole", "M-1", "water_level", 19.0);
    assert_eq!(story.v("t.vital", CITY), Some(18.75));
}

#[test]
fn a_part_without_a_value_is_left_out_and_the_index_says_so() {
    let mut story = story_with(&[VITAL]);
    story.read("manhole", "M-1", "water_level", 1.0);
    let point = story.metric("t.vital", CITY);
    assert_eq!(point.v, Some(75.0));
    assert!(point.flags.has(Flags::PARTIAL));
    // In the east there is a quarter of the weight.
    let air = crate::story::reading("air", "A-2", "pm2_5", 50.0, story.now);
    story.tell(&egret_city::Entry::Observation(crate::story::at_place(
        air, EAST,
    )));
    assert_eq!(story.v("t.vital", "900002"), None);
    assert_eq!(story.v("t.vital", CITY), Some(75.0));
    // The manhole's reading leaves its window.
    story.wait("5m");
    assert_eq!(story.v("t.vital", CITY), None);
}

#[test]
fn an_index_of_indices_follows_and_closes_every_minute() {
    let whole = "index = [\n{ metric = \"t.vital\", weight = 3.0 },\n\
                 { metric = \"hotline.requests\", zero = 10.0, full = 0.0 },\n]";
    let mut story = story_with(&[VITAL, ("t.whole", "1", whole)]);
    read_all(&mut story);
    assert_eq!(story.v("t.whole", CITY), Some(56.25));
    story.report(call("R-1", WEST_1, story.now));
    assert_eq!(story.v("t.whole", CITY), Some((3.0 * 56.25 + 90.0) / 4.0));
    story.wait("1m");
    let closed = story
        .closed
        .iter()
        .filter(|point| point.metric == MetricId::new("t.whole") && point.area.as_str() == CITY);
    let ends: Vec<_> = closed.map(|point| (point.end, point.v)).collect();
    assert!(
        ends.iter()
            .any(|(_, v)| *v == Some((3.0 * 56.25 + 90.0) / 4.0)),
        "{ends:?}"
    );
}

#[test]
fn a_formula_asks_for_inputs_that_may_be_missing() {
    let either = "derive = \"'air.pm2_5_mean' in m ? m['air.pm2_5_mean'] \
                  : 10.0 * m['water.manhole_level_max']\"";
    let constant = "derive = \"'air.pm2_5_mean' in m ? 1.0 : 2.0\"";
    let mut story = story_with(&[("t.either", "1", either), ("t.constant", "1", constant)]);
    assert_eq!(story.v("t.either", CITY), None);
    story.read("manhole", "M-1", "water_level", 1.5);
    let point = story.metric("t.either", CITY);
    assert_eq!(point.v, Some(15.0));
    assert!(point.flags.has(Flags::PARTIAL));
    // Made of nothing at all, a number would be made up.
    assert_eq!(story.v("t.constant", CITY), None);
    story.read("air", "A-1", "pm2_5", 40.0);
    assert_eq!(story.v("t.either", CITY), Some(40.0));
    assert_eq!(story.v("t.constant", CITY), Some(1.0));
}

#[test]
fn a_formula_reads_tables() {
    let iaqi = "derive = \"piecewise(m['air.pm2_5_mean'], [0, 35, 75], [0, 50, 100])\"";
    let mut story = story_with(&[("t.iaqi", "1", iaqi)]);
    story.read("air", "A-1", "pm2_5", 55.0);
    assert_eq!(story.v("t.iaqi", CITY), Some(75.0));
}

#[test]
fn quality_of_feeds_is_a_metric_of_the_city() {
    let validity = "source = { quality = \"validity\", feed = [\"manhole\", \"road\"] }";
    let timeliness = "source = { quality = \"timeliness\", department = \"water\" }";
    let all = "index = [\n{ metric = \"t.valid\" },\n{ metric = \"t.timely\" },\n]";
    let mut story = story_with(&[
        ("t.valid", "%", validity),
        ("t.timely", "%", timeliness),
        ("t.quality", "1", all),
    ]);
    assert_eq!(story.v("t.valid", CITY), None);
    for n in 0..3 {
        story.read("manhole", "M-1", "water_level", f64::from(n) / 10.0);
        story.wait("1s");
    }
    story.refuse(Some("manhole"));
    story.wait("2m");
    let of_feed = story.feed("manhole").quality.unwrap();
    let point = story.metric("t.valid", CITY);
    assert_eq!(point.v, Some(of_feed.validity));
    assert!(of_feed.validity < 100.0);
    // The other feed has said nothing.
    assert_eq!((point.sources, point.expected), (1, 2));
    assert!(point.flags.has(Flags::PARTIAL));
    assert_eq!(story.v("t.timely", CITY), Some(of_feed.timeliness));
    let both = f64::midpoint(of_feed.validity, of_feed.timeliness);
    assert_eq!(story.v("t.quality", CITY), Some(both));
    assert_eq!(story.v("t.valid", "900001"), None);
}
