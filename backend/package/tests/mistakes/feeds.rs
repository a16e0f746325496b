//! Mistakes in `feeds.toml`.

use crate::told::{assert_all_told, problems_after, told};

#[test]
fn mistakes_in_feeds_are_told_at_their_place() {
    assert_all_told(
        "feeds.toml",
        &[
            (
                "department   = \"water\"",
                "department   = ¦\"watr\"",
                "no department \"watr\"; did you mean \"water\"?",
            ),
            (
                "format       = \"mapped-json\"",
                "format       = ¦\"egret-xml\"",
                "unknown word `egret-xml`",
            ),
            (
                "topic        = \"egret/v1/manhole/+\"",
                "topic        = ¦\"egret/v1/man+\"",
                "+ must stand alone",
            ),
            (
                "topic        = \"egret/v1/probe-car/+\"",
                "topic        = ¦\"egret/v1/manhole/+\"",
                "is feed \"manhole\"'s already",
            ),
            (
                "{ topic = 1 }",
                "{ topic = ¦3 }",
                "has no level 3, counted from 0",
            ),
            (
                "pointer = \"/ts\"",
                "pointer = ¦\"ts\"",
                "begins with /, as in \"/ts\"",
            ),
            (
                "pointer = \"/depth_mm\"",
                "pointer = ¦\"/depth~mm\"",
                "~ is written ~0",
            ),
            (
                "property = \"ponding_depth\"",
                "property = ¦\"pondng_depth\"",
                "did you mean \"ponding_depth\"?",
            ),
            (
                "unit = \"mm\"",
                "unit = ¦\"s\"",
                "\"s\" does not convert to the property's unit \"cm\"",
            ),
            (
                "{ pm25 = \"pm2_5\" }",
                "{ pm25 = ¦\"pm25\" }",
                "no property \"pm25\"",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\npersonal = [\"/a\", ¦\"b\"]",
                "no JSON Pointer",
            ),
            (
                "report       = true",
                "moving       = ¦true\nreport       = true",
                "reports have no assets: leave moving out",
            ),
        ],
    );
}

#[test]
fn syntax_errors_have_their_line_and_column() {
    assert_eq!(
        told(
            "feeds.toml",
            "id           = \"road\"",
            "id           ¦\"road\"",
            "expected",
        ),
        Ok(())
    );
}

#[test]
fn mistakes_in_the_times_of_a_feed_are_told_at_their_place() {
    assert_all_told(
        "feeds.toml",
        &[
            (
                "expect_every = \"10s\"",
                "expect_every = ¦\"0s\"",
                "must be longer than nothing",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\nbackfill = ¦\"5m\"",
                "backfill 5m must be lateness 10m at least, or be left out",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = \"10m\"\nbackfill = ¦\"2d\"",
                "backfill 2d is too long: 1d is the most",
            ),
            (
                "lateness     = \"10m\"",
                "lateness     = ¦\"36h\"",
                "lateness 36h is too long: 1d is the most",
            ),
        ],
    );
}

#[test]
fn a_lateness_beyond_the_usual_backfill_needs_no_backfill_of_its_own() {
    assert!(problems_after("feeds.toml", "lateness     = \"10m\"", "lateness = \"6h\"").is_empty());
}
