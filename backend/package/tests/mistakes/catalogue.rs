//! Broken metric catalogues: each breaks a good one in one way, and is told once, at its place, in
//! words that say what to do.
//!
//! The good one is the tiny city's with `catalogue/metrics.toml` behind it, so that everything the
//! language has is there to be broken.

use egret_package::Package;

use crate::told::{Files, assert_all_told_of, tiny};

mod aggregates;
mod composed;
mod sources;

const FILE: &str = "metrics.toml";

const MORE: &str = include_str!("catalogue/metrics.toml");

const ASSETS: &str = "feed,asset,name_zh,name_en,lon,lat,area\n\
                      manhole,M-1,甲,A,,,900001\n\
                      manhole,M-2,乙,B,,,900001\n\
                      manhole,N-1,丙,C,,,900001\n";

/// The catalogue that is broken.
fn catalogue() -> Files {
    let mut files = tiny();
    files.get_mut(FILE).unwrap().push_str(MORE);
    files.insert("assets.csv".to_owned(), ASSETS.to_owned());
    files
}

/// Rows: what is replaced, by what (`¦` is where the problem must be pointed at), what is said.
fn assert_told(table: &[(&str, &str, &str)]) {
    assert_all_told_of(&catalogue(), FILE, table);
}

#[test]
fn the_catalogue_is_good_before_it_is_broken() {
    assert_eq!(Package::load(&catalogue()).err(), None);
}

#[test]
fn the_examples_of_the_documentation_are_good() {
    let guide = include_str!("../../../../docs/metrics.md");
    let blocks = guide.split("```toml\n").skip(1);
    let examples: Vec<&str> = blocks
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(examples.len() >= 5, "{examples:?}");
    let mut files = tiny();
    let text = files.get_mut(FILE).unwrap();
    *text = [text.as_str(), &examples.join("\n")].join("\n");
    assert_eq!(Package::load(&files).err(), None);
}

#[test]
fn a_metric_is_made_in_exactly_one_way() {
    assert_told(&[
        (
            "derive    = \"min(",
            "index     = ¦[{ metric = \"data.water\" }]\nderive    = \"min(",
            "it has derive and index: a metric is made in one way only, leave one of them out",
        ),
        (
            "derive    = \"min(",
            "window    = { tumbling = \"1m\" }\nderive    = ¦\"min(",
            "it has window and derive: a metric is made in one way only",
        ),
        (
            "[[metric]]\nid        = \"data.water\"",
            "¦[[metric]]\nid        = \"data.nothing\"\nname = { zh = \"无\", en = \"Nothing\" }\n\
             domain = \"data\"\nunit = \"1\"\n\n[[metric]]\nid        = \"data.water\"",
            "it does not say what it is made of: write source, aggregate and window, or derive",
        ),
        (
            "[[metric]]\nid        = \"hotline.in_time\"\nname      = { zh = \"按时办结率\", en = \
             \"Answered in time\" }\ndomain    = \"hotline\"\nsource    = { feed = \"hotline\", from \
             = \"opened\", to = \"closed\" }\naggregate = { share = { within = \"24h\" } }",
            "¦[[metric]]\nid        = \"hotline.in_time\"\nname      = { zh = \"按时办结率\", en = \
             \"Answered in time\" }\ndomain    = \"hotline\"\nsource    = { feed = \"hotline\", from \
             = \"opened\", to = \"closed\" }",
            "it needs aggregate as well",
        ),
        (
            "unit      = \"1\"\ntarget    = 90.0",
            "by        = ¦\"place\"\nunit      = \"1\"\ntarget    = 90.0",
            "it is made of metrics, which know their areas: leave by out",
        ),
    ]);
}

#[test]
fn a_metric_says_who_answers_for_which_version_of_it() {
    assert_told(&[
        (
            "owner     = \"water\"",
            "owner     = ¦\"watre\"",
            "there is no department \"watre\"; did you mean \"water\"?",
        ),
        (
            "version   = 2",
            "version   = ¦0",
            "version 0: the first version of a definition is 1",
        ),
        (
            "version   = 2",
            "version   = ¦\"2\"",
            "this is the text \"2\", expected a whole number",
        ),
        (
            "id        = \"road.passable\"",
            "id        = ¦\"hotline.requests\"",
            "this id stands here a second time: choose another",
        ),
        (
            "baseline  = true",
            "¦base_line = true",
            "did you mean \"baseline\"?",
        ),
    ]);
}

#[test]
fn targets_and_limits_are_where_the_number_can_come() {
    assert_told(&[
        (
            "target    = 99.0",
            "target    = ¦990.0",
            "the target at 990 is out of reach: this metric lies between 0 and 100 %",
        ),
        (
            "target    = 35.0",
            "target    = ¦nan",
            "the target must be a finite number, not NaN",
        ),
        (
            "{ below = true, yellow = 95.0, red = 80.0 }",
            "{ below = true, yellow = 95.0, red = ¦-5.0 }",
            "red at -5 is out of reach",
        ),
        (
            "{ below = true, yellow = 95.0, red = 80.0 }",
            "{ below = true, yellow = 95.0, red = ¦97.0 }",
            "red at 97 must lie below yellow at 95",
        ),
        (
            "{ below = true, yellow = 95.0, red = 80.0 }",
            "¦{ below = true }",
            "there must be one limit at least: blue, yellow, orange or red",
        ),
        (
            "{ below = true, yellow = 95.0, red = 80.0 }",
            "{ below = true, yellow = 95.0, ¦purple = 80.0 }",
            "unknown key `purple`; there are",
        ),
        (
            "{ below = true, yellow = 90.0 }",
            "{ below = true, yellow = 90.0, hysteresis = ¦-1.0 }",
            "hysteresis -1 must be 0 or more",
        ),
    ]);
}
