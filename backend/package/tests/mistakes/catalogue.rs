//! Broken metric catalogues: each breaks a good one in one way, and is told once, at its place, in
//! words that say what to do.
//!
//! The good one is the tiny city's with `catalogue/metrics.toml` behind it, so that everything the
//! language has is there to be broken. It is longer than a file should be, for it is one list of
//! cases, in which a mistake is looked for by what it is about.

use egret_package::Package;

use crate::told::{Files, assert_all_told_of, tiny};

const FILE: &str = "metrics.toml";

const MORE: &str = include_str!("catalogue/metrics.toml");

const ASSETS: &str = "feed,asset,name_zh,name_en,lon,lat,area\n\
                      manhole,M-1,甲,A,,,900001\n\
                      manhole,M-2,乙,B,,,900001\n\
                      manhole,N-1,丙,C,,,900001\n";

/// The catalogue that is broken below.
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
fn a_source_names_its_feeds_in_one_way_and_feeds_of_one_kind() {
    assert_told(&[
        (
            "{ class = \"manhole\",",
            "{ class = ¦\"manhol\",",
            "there is no asset class \"manhol\"; did you mean \"manhole\"?",
        ),
        (
            "{ class = \"manhole\",",
            "{ feed = \"manhole\", class = ¦\"manhole\",",
            "feeds are named in one way: leave feed or class out",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = ¦[],",
            "the list of feeds is empty: write feed = \"…\" or feed = [\"…\", \"…\"]",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"rode\"],",
            "there is no feed \"rode\"; did you mean \"road\"?",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"road\"],",
            "feed \"road\" stands here a second time",
        ),
        (
            "{ feed = [\"road\"],",
            "{ feed = [\"road\", ¦\"hotline\"],",
            "feed \"hotline\" carries reports, but \"road\" carries readings: make a metric of each",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { feed = [\"manhole\", ¦\"road\"], property = \"water_level\" }",
            "feed \"road\" maps no property \"water_level\", only ponding_depth",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = ¦{ property = \"water_level\" }",
            "the source does not say of which feeds: write feed = \"…\", or class = \"…\"",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { department = ¦\"water\", property = \"water_level\" }",
            "department goes with quality only: write feed or class",
        ),
        (
            "source    = { feed = \"manhole\", property = \"water_level\" }",
            "source    = { feed = ¦7, property = \"water_level\" }",
            "write a text in quotes, or a list of them",
        ),
    ]);
}

#[test]
fn a_source_has_a_property_or_a_state_or_two_steps() {
    assert_told(&[
        (
            "state = [\"opened\", \"reopened\"]",
            "state = \"opened\", to = ¦\"closed\"",
            "state and to exclude each other",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = ¦[]",
            "the list of states is empty: write state = \"opened\"",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = [\"opened\", ¦\"opened\"]",
            "state \"opened\" stands here a second time",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = [\"opened\", ¦\"\"]",
            "a state must not be empty",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", from = ¦\"opened\" }",
            "from = \"opened\" needs to: until which state?",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", to = ¦\"closed\" }",
            "to = \"closed\" needs from: since which state?",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"hotline\", from = \"opened\", to = ¦\"opened\" }",
            "from and to are both \"opened\": the time between needs two different states",
        ),
        (
            "{ feed = \"hotline\", from = \"opened\", to = \"closed\" }",
            "{ feed = \"manhole\", from = ¦\"opened\", to = \"closed\" }",
            "feed \"manhole\" carries readings, which have no states: write property, not from",
        ),
        (
            "report.category != 'test'",
            "¦value > 3.0",
            "there is no \"value\" here, only report.category, report.state and report.text",
        ),
    ]);
}

#[test]
fn assets_are_named_by_what_they_are_called() {
    assert_told(&[
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [\"M-*\", ¦\"N-11\"]",
            "no asset of manhole in assets.csv is called \"N-11\"; did you mean \"N-1\"?",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [\"M-*\", ¦\"XL-*\"]",
            "no asset of manhole in assets.csv is called \"XL-*\"",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"M*1\"]",
            "\"M*1\": * stands at the end only, as in \"XL-*\"",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"*\"]",
            "\"*\" means every asset: leave assets out",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = [¦\"\"]",
            "an asset's id must not be empty",
        ),
        (
            "assets = [\"M-*\", \"N-1\"]",
            "assets = ¦[]",
            "the list of assets is empty: leave it out to mean all of them",
        ),
        (
            "state = [\"opened\", \"reopened\"]",
            "state = \"opened\", assets = ¦[\"M-1\"]",
            "reports have no assets: leave assets out",
        ),
    ]);
}

#[test]
fn an_aggregate_fits_what_it_is_of() {
    assert_told(&[
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = ¦\"mean\"",
            "mean does not fit: reports have neither value nor asset; write \"count\"",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = ¦\"sum\"",
            "sum does not fit: the time between two states allows \"mean\"",
        ),
        (
            "aggregate = { share = { at_least = 0.0, at_most = 15.0 } }",
            "aggregate = ¦{ distinct = \"category\" }",
            "distinct = \"category\" does not fit: readings have a value and an asset",
        ),
        (
            "aggregate = { distinct = \"category\" }",
            "aggregate = { distinct = ¦\"categorie\" }",
            "unknown word `categorie`; there are `report`, `category`, `value`, `asset`; \
             did you mean \"category\"?",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = { ¦quantil = 0.9 }",
            "did you mean \"quantile\"?",
        ),
        (
            "aggregate = { quantile = 0.9 }",
            "aggregate = ¦\"quantile\"",
            "this word does not stand alone: write { quantile = … }",
        ),
    ]);
}

#[test]
fn the_figures_of_an_aggregate_make_sense() {
    assert_told(&[
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = { rate = ¦\"0h\" }",
            "must be longer than nothing",
        ),
        (
            "aggregate = { rate = \"1h\" }",
            "aggregate = { rate = ¦\"hourly\" }",
            "\"hourly\" is no length of time: write 500ms, 90s, 10m, 6h or 1d",
        ),
        (
            "report.category == 'waterlogging'",
            "report.category ¦= 'waterlogging'",
            "it is no CEL expression",
        ),
        (
            "report.category == 'waterlogging'",
            "¦report.kind == 'waterlogging'",
            "cannot be computed",
        ),
        (
            "at_least = 0.0, at_most = 15.0",
            "at_least = 20.0, at_most = ¦15.0",
            "at_most 15 must lie above at_least 20",
        ),
        (
            "share = { at_least = 0.0, at_most = 15.0 }",
            "share = { within = ¦\"15m\" }",
            "within is for the time between two states: of values write at_most = 10.0",
        ),
        (
            "share = { at_least = 0.0, at_most = 15.0 }",
            "share = ¦{ }",
            "a share needs a limit: write at_least or at_most",
        ),
        (
            "share = { within = \"24h\" }",
            "share = { at_most = ¦24.0 }",
            "at_most is for values: of times write within = \"15m\"",
        ),
    ]);
}

#[test]
fn a_unit_is_that_of_what_is_aggregated() {
    let answer = "window    = { tumbling = \"1h\" }\nunit      = \"min\"";
    assert_told(&[
        (
            answer,
            "window    = { tumbling = \"1h\" }\nunit      = ¦\"m\"",
            "the time between two states is in s, min, h or d, not in \"m\"; minutes are \"min\"",
        ),
        (
            answer,
            "window    = { tumbling = \"1h\" }\nunit      = ¦\"minutes\"",
            "\"minutes\" is no known UCUM unit; did you mean \"min\"?",
        ),
        (
            "every = \"1m\" }\nunit      = \"%\"",
            "every = \"1m\" }\nunit      = ¦\"1\"",
            "a share is in \"%\", not in \"1\"",
        ),
        (
            "window    = { sliding = \"15m\", every = \"1m\" }\nunit      = \"1\"",
            "window    = { sliding = \"15m\", every = \"1m\" }\nunit      = ¦\"h\"",
            "a rate of reports is in \"1\", not in \"h\"",
        ),
        (
            "department = \"water\" }\nunit      = \"%\"",
            "department = \"water\" }\nunit      = ¦\"1\"",
            "quality is in \"%\", not in \"1\"",
        ),
        (
            "unit      = \"1\"\ntarget    = 90.0",
            "unit      = ¦\"%\"\ntarget    = 90.0",
            "an index is in \"1\", not in \"%\"",
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

#[test]
fn quality_is_of_whole_feeds_over_the_last_hour() {
    assert_told(&[
        (
            "quality = \"score\"",
            "quality = ¦\"scores\"",
            "unknown word `scores`; there are `score`, `timeliness`, `completeness`, `validity`, \
             `refused`; did you mean \"score\"?",
        ),
        (
            "department = \"water\" }",
            "department = ¦\"warter\" }",
            "there is no department \"warter\"; did you mean \"water\"?",
        ),
        (
            "{ quality = \"score\", department = \"water\" }",
            "¦{ quality = \"score\" }",
            "or department = \"…\"",
        ),
        (
            "department = \"water\" }",
            "department = \"water\", where = ¦\"value > 1.0\" }",
            "quality is of whole feeds: leave where out",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\naggregate = ¦\"mean\"",
            "quality is always that of the last hour: leave aggregate out",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\nwindow = ¦{ sliding = \"10m\", every = \"1m\" }",
            "quality is always that of the last hour: leave window out; only refused has one",
        ),
        (
            "quality = \"score\", department = \"water\" }",
            "quality = \"refused\", department = \"water\" }\nwindow = { sliding = ¦\"2h\", every = \"1m\" }",
            "2h is not made of whole minutes, 60 at most",
        ),
        (
            "quality = \"score\", department = \"water\" }",
            "quality = \"refused\", department = \"water\" }\nwindow = ¦{ tumbling = \"1h\" }",
            "refused messages have a sliding window",
        ),
        (
            "department = \"water\" }",
            "department = \"water\" }\nby = ¦\"responsible\"",
            "quality is one number for the whole city: leave by out",
        ),
    ]);
}

#[test]
fn an_index_is_made_of_different_metrics_with_a_weight_and_two_ends() {
    assert_told(&[
        (
            "{ metric = \"water.stress\", weight",
            "{ metric = ¦\"water.stres\", weight",
            "there is no metric \"water.stres\"; did you mean \"water.stress\"?",
        ),
        (
            "{ metric = \"data.water\" },",
            "{ metric = ¦\"water.stress\" },",
            "metric \"water.stress\" is a part already: add the weights up in one",
        ),
        (
            "weight = 1.5",
            "weight = ¦0.0",
            "weight 0 must be above 0; leave out a part that is to weigh nothing",
        ),
        (
            "zero = 80.0, full = 0.0",
            "zero = 80.0, full = ¦80.0",
            "zero and full are both 80: zero is the value worth 0, full the value worth 100",
        ),
        (
            "zero = 80.0, full = 0.0",
            "zero = ¦inf, full = 0.0",
            "zero must be a finite number, not inf",
        ),
        (
            "zero = 80.0, full = 0.0",
            "zero = 80.0, ¦fill = 0.0",
            "unknown key `fill`",
        ),
        (
            "{ metric = \"data.water\" },",
            "¦{ weight = 2 },",
            "missing key `metric`",
        ),
    ]);
}

#[test]
fn a_circle_through_formulas_and_indices_is_told_with_the_whole_way() {
    assert_told(&[
        (
            "{ metric = \"data.water\" },",
            "{ metric = ¦\"vital.city\" },",
            "it is made of itself: vital.city → vital.city; break the circle at one of them",
        ),
        (
            "m['water.ponding_gauges_wet']",
            "m['¦vital.city']",
            "metric \"water.stress\": `min(100.0, 20.0 * m['water.manhole_level_max'] + 5.0 * \
             m['vital.city'])`: it is made of itself: water.stress → vital.city → water.stress",
        ),
    ]);
}

#[test]
fn a_good_catalogue_is_ordered_by_what_its_metrics_are_made_of() {
    let mut files = catalogue();
    let text = files.get_mut(FILE).unwrap();
    let first = "[[metric]]\nid = \"a.first\"\nname = { zh = \"a\", en = \"a\" }\ndomain = \"vital\"\n\
                 unit = \"1\"\nindex = [{ metric = \"b.second\" }, { metric = \"vital.city\" }]\n\n\
                 [[metric]]\nid = \"b.second\"\nname = { zh = \"b\", en = \"b\" }\ndomain = \"vital\"\n\
                 unit = \"1\"\nderive = \"m['vital.city'] + 1.0\"\n\n";
    *text = format!("{first}{text}");
    let package = Package::load(&files).unwrap();
    let at = |id: &str| {
        let mut metrics = package.metrics.iter();
        metrics.position(|metric| metric.id.as_str() == id).unwrap()
    };
    assert!(at("water.stress") < at("vital.city"));
    assert!(at("data.water") < at("vital.city"));
    assert!(at("vital.city") < at("b.second"));
    assert!(at("b.second") < at("a.first"));
}

#[test]
fn windows_fit_into_memory_and_into_days() {
    assert_told(&[
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ sliding = \"1d\", every = ¦\"10s\" }",
            "1d by 10s are 8640 slices; 1440 are the most",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ sliding = \"15m\", every = ¦\"0s\" }",
            "must be longer than nothing",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ tumbling = ¦\"25h\" }",
            "25h neither divides a day nor is made of whole days",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "{ tumbling = \"15m\", every = ¦\"1m\" }",
            "only a sliding window has a step",
        ),
        (
            "{ sliding = \"15m\", every = \"1m\" }",
            "¦{ }",
            "a window needs sliding and every, or tumbling",
        ),
    ]);
}
