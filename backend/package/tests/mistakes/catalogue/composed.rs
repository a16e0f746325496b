//! Metrics that are made of metrics: formulas and indices.

use egret_package::Package;

use super::{FILE, assert_told, catalogue};

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
