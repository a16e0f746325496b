//! Mistakes in `metrics.toml`, and the order in which metrics come out.

use egret_package::Package;

use crate::told::{assert_all_told, problems_after, tiny};

#[test]
fn mistakes_in_sources_and_windows_are_told_at_their_place() {
    assert_all_told(
        "metrics.toml",
        &[
            (
                "feed = \"manhole\"",
                "feed = ¦\"manhol\"",
                "metric \"water.manhole_level_max\": there is no feed \"manhol\"; did you mean \"manhole\"?",
            ),
            (
                "{ feed = \"manhole\", property = \"water_level\" }",
                "¦{ feed = \"manhole\" }",
                "the source needs a property",
            ),
            (
                "state = \"opened\"",
                "property = ¦\"speed\"",
                "carries reports: write state",
            ),
            (
                "value > 5.0",
                "¦valeu > 5.0",
                "there is no \"valeu\" here, only value",
            ),
            ("value > 5.0", "value >¦", "no CEL expression"),
            (
                "every = \"10s\" }\nby",
                "every = ¦\"7s\" }\nby",
                "7s does not divide 5m",
            ),
            (
                "{ sliding = \"5m\", every = \"10s\" }",
                "{ sliding = ¦\"5m\" }",
                "needs its step",
            ),
            (
                "{ tumbling = \"1m\" }",
                "{ tumbling = ¦\"7m\" }",
                "7m neither divides a day",
            ),
            (
                "{ tumbling = \"1m\" }",
                "{ tumbling = ¦\"1m\", sliding = \"1h\", every = \"1m\" }",
                "not both",
            ),
        ],
    );
}

#[test]
fn mistakes_in_figures_and_formulas_are_told_at_their_place() {
    assert_all_told(
        "metrics.toml",
        &[
            (
                "{ quantile = 0.5 }",
                "{ quantile = ¦1.5 }",
                "quantile 1.5 must be 0 to 1",
            ),
            (
                "aggregate = \"mean\"",
                "aggregate = ¦\"average\"",
                "unknown word `average`",
            ),
            (
                "yellow = 1.5, orange",
                "yellow = ¦0.5, orange",
                "yellow at 0.5 must lie above blue at 1",
            ),
            (
                "yellow = 2, orange = 5, red = 10 }",
                "yellow = 2, orange = 5, red = 10, hysteresis = ¦2 }",
                "hysteresis 2 holds yellow for ever: it falls only below 0",
            ),
            (
                "orange = 15.0, red = 8.0",
                "orange = ¦35.0, red = 8.0",
                "orange at 35 must lie below yellow at 25",
            ),
            (
                "unit      = \"km/h\"",
                "unit      = ¦\"m/s\"",
                "property \"speed\" is in \"km/h\"",
            ),
            (
                "m['water.manhole_level_max']",
                "m['¦water.manhole_max']",
                "no metric \"water.manhole_max\"; did you mean",
            ),
            ("20.0 * m[", "20.0 * ¦n[", "there is no \"n\" here"),
        ],
    );
}

#[test]
fn a_hysteresis_that_leaves_room_is_taken_and_so_is_any_where_the_number_may_be_negative() {
    for (limits, held) in [
        (
            "yellow = 2, orange = 5, red = 10 }",
            "yellow = 2, orange = 5, red = 10, hysteresis = 1.5 }",
        ),
        (
            "red = 2.5, hysteresis = 0.1 }",
            "red = 2.5, hysteresis = 1.0 }",
        ),
    ] {
        let problems = problems_after("metrics.toml", limits, held);
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[test]
fn a_metric_in_a_circle_is_told_with_the_way_round() {
    let more = "\n[[metric]]\nid = \"b\"\nname = { zh = \"b\", en = \"b\" }\ndomain = \"water\"\nunit = \"1\"\nderive = \"m['water.stress']\"\n";
    let mut files = tiny();
    let text = files.get_mut("metrics.toml").unwrap();
    *text = text.replace("m['water.ponding_gauges_wet']", "m['b']") + more;
    let problems = Package::load(&files).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .message
            .contains("water.stress → b → water.stress"),
        "{problems:?}"
    );
}

#[test]
fn a_metric_without_all_its_parts_is_told_at_its_head() {
    let problems = problems_after("metrics.toml", "aggregate = \"max\"\n", "");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].line, problems[0].column), (1, 1));
    assert!(problems[0].message.contains("it needs aggregate as well"));
}

#[test]
fn derived_metrics_come_after_what_they_derive_from() {
    let mut files = tiny();
    let text = files.get_mut("metrics.toml").unwrap();
    let first = "[[metric]]\nid = \"a.first\"\nname = { zh = \"a\", en = \"a\" }\ndomain = \"water\"\nunit = \"1\"\nderive = \"m['water.stress']\"\n\n";
    *text = format!("{first}{text}");
    let package = Package::load(&files).unwrap();
    let at = |id: &str| {
        package
            .metrics
            .iter()
            .position(|metric| metric.id.as_str() == id)
    };
    assert!(at("water.manhole_level_max") < at("water.stress"));
    assert!(at("water.stress") < at("a.first"));
}
