//! What metrics are made of: every aggregate, several feeds, some assets, several states.

use egret_city::{City, Entry};
use egret_shared::id::AreaCode;
use egret_shared::position::Position;
use egret_shared::time::Span;
use proptest::prelude::*;

use crate::catalogue::{story_with, text};
use crate::story::{EAST, Story, WEST_1, at_place, call, reading, tiny_with, tiny_with_all};

const CITY: &str = "900000";

/// A metric of manhole levels in the last five minutes.
fn of_levels(aggregate: &str) -> String {
    format!(
        "source = {{ feed = \"manhole\", property = \"water_level\" }}\n\
         aggregate = {aggregate}\nwindow = {{ sliding = \"5m\", every = \"10s\" }}"
    )
}

#[test]
fn every_aggregate_of_readings_is_what_it_says() {
    for (aggregate, unit, v) in [
        ("\"count\"", "1", 5.0),
        ("\"sum\"", "m", 9.75),
        ("\"mean\"", "m", 1.95),
        ("\"min\"", "m", 0.5),
        ("\"max\"", "m", 4.0),
        ("\"last\"", "m", 0.75),
        ("\"distinct_assets\"", "1", 3.0),
        ("{ distinct = \"asset\" }", "1", 3.0),
        ("{ distinct = \"value\" }", "1", 4.0),
        ("{ rate = \"1h\" }", "m", 117.0),
        ("{ ratio = \"value > 1.0 && value < 4.0\" }", "%", 40.0),
        ("{ share = { at_least = 0.75, at_most = 2.25 } }", "%", 60.0),
        ("{ share = { at_most = 0.5 } }", "%", 20.0),
    ] {
        let mut story = story_with(&[("t.m", unit, &of_levels(aggregate))]);
        for (asset, level) in [
            ("A", 2.25),
            ("B", 0.5),
            ("A", 4.0),
            ("C", 2.25),
            ("B", 0.75),
        ] {
            story.read("manhole", asset, "water_level", level);
            story.wait("1s");
        }
        assert_eq!(story.v("t.m", CITY), Some(v), "{aggregate}");
    }
}

#[test]
fn of_no_readings_counts_are_zero_and_parts_unknown() {
    for (aggregate, unit, v) in [
        ("{ distinct = \"value\" }", "1", Some(0.0)),
        ("{ rate = \"1h\" }", "m", Some(0.0)),
        ("{ ratio = \"value > 1.0\" }", "%", None),
        ("{ share = { at_least = 1.0 } }", "%", None),
    ] {
        let mut story = story_with(&[("t.m", unit, &of_levels(aggregate))]);
        assert_eq!(story.v("t.m", CITY), None, "{aggregate}");
        story.read("manhole", "A", "water_level", 2.0);
        story.wait("310s");
        assert_eq!(story.v("t.m", CITY), v, "{aggregate}");
    }
}

#[test]
fn a_rate_over_a_running_day_is_per_time_that_has_passed() {
    let daily = "source = { feed = \"hotline\", state = \"opened\" }\n\
                 aggregate = { rate = \"1h\" }\nwindow = { tumbling = \"12h\" }";
    let mut story = story_with(&[("t.rate", "1", daily)]);
    story.wait("1m");
    for n in 0..12 {
        story.report(call(&format!("R-{n}"), WEST_1, story.now));
    }
    // Six hours and a minute of the window from midnight have passed.
    let v = story.v("t.rate", CITY).unwrap();
    assert!((v - 12.0 / (361.0 / 60.0)).abs() < 1e-12, "{v}");
    story.wait("59m");
    let v = story.v("t.rate", CITY).unwrap();
    assert!((v - 12.0 / 7.0).abs() < 1e-12, "{v}");
    assert_eq!(story.v("t.rate", "900002"), Some(0.0));
}

#[test]
fn different_reports_and_categories_are_told_apart() {
    let of_steps = |of: &str| {
        format!(
            "source = {{ feed = \"hotline\", state = [\"opened\", \"closed\"] }}\n\
             aggregate = {of}\nwindow = {{ tumbling = \"1d\" }}"
        )
    };
    let mut story = story_with(&[
        ("t.steps", "1", &of_steps("\"count\"")),
        ("t.reports", "1", &of_steps("{ distinct = \"report\" }")),
        (
            "t.categories",
            "1",
            &of_steps("{ distinct = \"category\" }"),
        ),
        (
            "t.closed",
            "%",
            &of_steps("{ ratio = \"report.state == 'closed'\" }"),
        ),
    ]);
    for (id, state, category) in [
        ("R-1", "opened", "waterlogging"),
        ("R-2", "opened", "noise"),
        ("R-3", "dispatched", "noise"),
        ("R-1", "closed", "waterlogging"),
        ("R-3", "opened", "noise"),
    ] {
        let mut report = call(id, WEST_1, story.now);
        report.state = state.into();
        report.category = category.into();
        story.report(report);
    }
    let v = |metric: &str| story.v(metric, CITY);
    assert_eq!(v("t.steps"), Some(4.0));
    assert_eq!(v("t.reports"), Some(3.0));
    assert_eq!(v("t.categories"), Some(2.0));
    assert_eq!(v("t.closed"), Some(25.0));
}

/// A second feed of manholes, of another department.
const MORE_MANHOLES: &str = r#"
[[feed]]
id           = "manhole-east"
name         = { zh = "东部窨井", en = "Eastern manholes" }
department   = "police"
domain       = "water"
asset_class  = "manhole"
topic        = "egret/v1/manhole-east/+"
format       = "egret-json"
expect_every = "60s"
"#;

fn story_of_two_feeds(source: &str) -> Story {
    let rest = format!(
        "source = {source}\naggregate = \"mean\"\nwindow = {{ sliding = \"5m\", every = \"10s\" }}"
    );
    let metric = text(&[("t.m", "m", &rest)]);
    Story::of(tiny_with_all(&[
        ("feeds.toml", MORE_MANHOLES),
        ("metrics.toml", &metric),
    ]))
}

#[test]
fn a_metric_of_several_feeds_counts_and_expects_the_assets_of_all() {
    for source in [
        "{ feed = [\"manhole\", \"manhole-east\"], property = \"water_level\" }",
        "{ class = \"manhole\", property = \"water_level\" }",
    ] {
        let mut story = story_of_two_feeds(source);
        // Of the same id, but another's.
        story.read("manhole", "M-1", "water_level", 1.0);
        story.read_at(EAST, "manhole-east", "M-1", "water_level", 4.0);
        story.read_at(EAST, "manhole-east", "M-2", "water_level", 4.0);
        let point = story.metric("t.m", CITY);
        assert_eq!((point.v, point.sources, point.expected), (Some(3.0), 3, 3));
        let point = story.metric("t.m", "900002");
        assert_eq!((point.v, point.sources, point.expected), (Some(4.0), 2, 2));
        story.wait("4m");
        story.read("manhole", "M-1", "water_level", 1.0);
        story.wait("2m");
        let point = story.metric("t.m", CITY);
        assert_eq!((point.v, point.sources, point.expected), (Some(1.0), 1, 3));
    }
}

#[test]
fn a_metric_of_some_assets_counts_and_expects_only_those() {
    let rest = of_levels("\"max\"").replace("property", "assets = [\"XL-*\", \"Y-1\"], property");
    let mut story = story_with(&[("t.m", "m", &rest)]);
    for (asset, level) in [("XL-1", 1.0), ("Y-1", 2.0), ("Y-10", 5.0), ("Z-XL-1", 6.0)] {
        story.read("manhole", asset, "water_level", level);
    }
    story.read_at(EAST, "manhole", "XL-2", "water_level", 3.0);
    story.read_at(EAST, "manhole", "Q-1", "water_level", 9.0);
    let of = |story: &Story, area: &str| {
        let point = story.metric("t.m", area);
        (point.v, point.sources, point.expected)
    };
    assert_eq!(of(&story, CITY), (Some(3.0), 3, 3));
    assert_eq!(of(&story, "900002"), (Some(3.0), 1, 1));
    // One of them moves.
    story.wait("1s");
    story.read_at(EAST, "manhole", "XL-1", "water_level", 1.0);
    assert_eq!(of(&story, "900002"), (Some(3.0), 2, 2));
    assert_eq!(
        story.metric("t.m", "900001").expected,
        1.max(of(&story, "900001").1)
    );
    let restored = City::restore(story.city.package().clone(), &story.city.checkpoint()).unwrap();
    assert_eq!(restored.city_snapshot(), story.city.city_snapshot());
}

/// Where things may happen: an inner and an outer area, and one beside them.
const PLACES: [Position; 3] = [
    WEST_1,
    Position {
        lon: 118.05,
        lat: 24.55,
    },
    EAST,
];

/// Two areas' numbers and that of the area which holds them.
const FAMILIES: [(&str, [&str; 2]); 2] = [
    (CITY, ["900001", "900002"]),
    ("900001", ["900001001", "900001002"]),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sums_over_children_are_the_parents_to_the_last_bit_in_any_order(
        readings in prop::collection::vec((0..3_usize, 0..6_u8, -1.0_f64..20.0, 0..240_i64), 1..80),
        turn in 0..80_usize,
    ) {
        let more = text(&[
            ("t.sum", "m", &of_levels("\"sum\"")),
            ("t.count", "1", &of_levels("\"count\"")),
            ("t.distinct", "1", &of_levels("{ distinct = \"value\" }")),
            ("t.last", "m", &of_levels("\"last\"")),
            ("t.mean", "m", &of_levels("\"mean\"")),
        ]);
        let package = tiny_with("metrics.toml", &more);
        let now = Story::new().now;
        let told = |turn: usize| {
            let mut city = City::new(package.clone());
            city.apply(1, &Entry::Tick(now));
            let mut turned: Vec<_> = readings.clone();
            turned.rotate_left(turn % readings.len());
            for (seq, (place, asset, v, ago)) in (2..).zip(turned) {
                let at = now.minus(Span(ago * 1_000));
                let mut one = reading("manhole", &format!("M-{place}-{asset}"), "water_level", v, at);
                one.message = Some(format!("{v} {ago}").as_str().into());
                one.received_at = now;
                city.apply(seq, &Entry::Observation(at_place(one, PLACES[place])));
            }
            city
        };
        let (city, turned) = (told(0), told(turn));
        let v = |city: &City, metric: &str, area: &str| {
            city.metric_now(&metric.into(), &AreaCode::new(area)).unwrap().v
        };
        for (parent, children) in FAMILIES {
            for metric in ["t.sum", "t.count"] {
                let sum: f64 = children.iter().filter_map(|child| v(&city, metric, child)).sum();
                prop_assert_eq!(v(&city, metric, parent).map(f64::to_bits), Some(sum.to_bits()));
            }
            for metric in ["t.sum", "t.count", "t.distinct", "t.last", "t.mean"] {
                prop_assert_eq!(v(&city, metric, parent), v(&turned, metric, parent), "{}", metric);
            }
        }
    }
}
