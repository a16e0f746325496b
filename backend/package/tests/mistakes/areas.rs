//! Mistakes in `areas.geojson` and `assets.csv`.

use egret_package::Package;

use crate::told::{assert_all_told, problems_after, tiny};

#[test]
fn mistakes_in_areas_are_told_at_their_feature() {
    assert_all_told(
        "areas.geojson",
        &[
            (
                "\"parent\":\"900000\",\"level\":\"district\",\"name_zh\":\"东区\"",
                "¦\"parent\":\"900007\",\"level\":\"district\",\"name_zh\":\"东区\"",
                "area \"900002\": no area \"900007\" to be its parent",
            ),
            (
                "\"level\":\"grid\",\"name_zh\":\"西一\"",
                "¦\"level\":\"cell\",\"name_zh\":\"西一\"",
                "no level \"cell\": city.toml has city, district, grid",
            ),
            (
                "\"code\":\"900001002\"",
                "¦\"code\":\"900001001\"",
                "this code stands here a second time",
            ),
            (
                "\"code\":\"900002\",\"parent\":\"900000\"",
                "¦\"code\":\"900002\"",
                "only the root in city.toml may have none",
            ),
            (
                "\"name_en\":\"West 2\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[118.00,24.50]",
                "\"name_en\":\"West 2\"},¦\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[118.00,24.51]",
                "ring 0 (counted from 0): it is not closed",
            ),
            (
                "\"name_en\":\"West 2\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[118.00,24.50]",
                "\"name_en\":\"West 2\"},¦\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[24.50,118.00]",
                "is no position",
            ),
            (
                "\"parent\":\"900000\",\"level\":\"district\",\"name_zh\":\"西区\"",
                "¦\"parent\":\"900001\",\"level\":\"district\",\"name_zh\":\"西区\"",
                "go in a circle: 900001 → 900001",
            ),
        ],
    );
}

#[test]
fn a_root_that_is_no_area_is_told() {
    let problems = problems_after("city.toml", "\"900000\"", "\"900009\"");
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told.contains(&"areas.geojson: no area \"900009\", the root in city.toml".to_owned()));
}

#[test]
fn assets_are_checked_line_by_line() {
    let mut files = tiny();
    let csv = "feed,asset,name_zh,name_en,lon,lat,area\n\
               manhole,M-1,窨井,Manhole,118.05,24.45,900001001\n\
               manhole,M-2,窨井,Manhole,118.05,24.45,\n\
               manhol,M-3,窨井,Manhole,118.05,24.45,\n\
               manhole,M-1,窨井,Manhole,118.05,24.45,\n\
               manhole,M-4,窨井,Manhole,24.45,118.05,\n\
               manhole,M-5,窨井,Manhole,,,900009\n\
               hotline,H-1,热线,Hotline,,,\n";
    files.insert("assets.csv".to_owned(), csv.to_owned());
    let problems = Package::load(&files).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for (told, want) in told.iter().zip([
        "assets.csv:4:1: there is no feed \"manhol\"",
        "assets.csv:5:9: asset \"M-1\" of feed \"manhole\" stands here a second time",
        "assets.csv:6:24: \"24.45,118.05\" is no position",
        "assets.csv:7:26: there is no area \"900009\"",
        "assets.csv:8:1: feed \"hotline\" carries reports",
    ]) {
        assert!(told.starts_with(want), "want {want} got {told}");
    }
    assert_eq!(told.len(), 5, "{told:#?}");
}
