//! The city's package, written out: `city.toml`, `areas.geojson` and what else it is made of.

use std::fmt::Write as _;

use super::city::{Cell, causes, cells, feed, metrics, registered, rules};
use super::label::{Class, DEPARTMENTS, Label, Place, home};
use crate::city::CityCopy;

/// Writes the package.
pub fn package() -> CityCopy {
    let rules: String = rules().into_iter().map(|rule| rule.definition).collect();
    let causes: String = causes().into_iter().map(|cause| cause.definition).collect();
    let metrics: String = metrics()
        .into_iter()
        .map(|metric| metric.definition)
        .collect();
    CityCopy::new()
        .with_whole("city.toml", CITY)
        .with_whole("areas.geojson", &areas())
        .with_whole("departments.toml", &departments())
        .with_whole("properties.toml", PROPERTIES)
        .with_whole("feeds.toml", &feeds_toml())
        .with_whole("assets.csv", &register())
        .with_whole("metrics.toml", &metrics)
        .with_whole("rules.toml", &format!("{rules}{causes}"))
        .with_whole("scenes.toml", &scenes())
        .with_whole("words.toml", &words())
        .with_whole("plans/ponding.md", &plan())
        .with_whole("map/layers.toml", LAYERS)
        .with_whole("map/land.geojson", LAND)
}

const CITY: &str = r#"
schema   = 1
id       = "matrix"
name     = { zh = "方城", en = "Matrix" }
timezone = "Asia/Shanghai"
centre   = [118.10, 24.50]
zoom     = 11
simulated = true
root     = "ma_C"
levels   = ["city", "district", "grid"]

[classification]
default = "internal"
k       = 5
"#;

const PROPERTIES: &str = r#"
[[property]]
id    = "level"
name  = { zh = "水位", en = "Level" }
unit  = "m"
range = [-1.0, 20.0]

[[property]]
id    = "pace"
name  = { zh = "车速", en = "Pace" }
unit  = "km/h"
range = [0.0, 200.0]
"#;

const LAYERS: &str = r#"
[[layer]]
id   = "land"
file = "land.geojson"
kind = "land"
"#;

const LAND: &str = r#"{"type":"FeatureCollection","features":[]}"#;

/// Whose reports are the requests of the Open311 server.
pub const REQUESTS: Cell = ("west", Class::Internal);

fn words() -> String {
    let feed = feed(REQUESTS, "rep");
    format!("[category.{feed}]\nlight = {{ zh = \"路灯\", en = \"Street light\" }}\n")
}

fn plan() -> String {
    let rule = Label::of("water", Class::Public).marker("high");
    format!("---\nid: ponding\nname: {{ zh: 预案, en: Plan }}\nkinds: [{rule}]\n---\n- [ ] Look\n")
}

fn areas() -> String {
    let feature = |place: Place| {
        let [west, south, east, north] = match place {
            Place::W => [118.0, 24.4, 118.1, 24.6],
            Place::W1 => [118.0, 24.4, 118.1, 24.5],
            Place::W2 => [118.0, 24.5, 118.1, 24.6],
            Place::E => [118.1, 24.4, 118.2, 24.6],
            Place::E1 => [118.1, 24.4, 118.2, 24.5],
            Place::E2 => [118.1, 24.5, 118.2, 24.6],
            Place::C | Place::N => [118.0, 24.4, 118.24, 24.6],
        };
        let line = place.line();
        let level = ["city", "district", "grid"][line.len() - 1];
        let parent = line.iter().rev().nth(1);
        let parent = parent.map_or(String::new(), |parent| {
            format!(r#""parent":"{}","#, parent.code())
        });
        let code = place.code();
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}",{parent}"level":"{level}","name_zh":"{code}","name_en":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"#
        )
    };
    let features = Place::AREAS.map(feature).join(",\n");
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

fn departments() -> String {
    let of = |id: &str| {
        let area = home(id).code();
        format!(
            "[[department]]\nid = \"{id}\"\nname = {{ zh = \"{id}\", en = \"{id}\" }}\narea = \"{area}\"\n"
        )
    };
    DEPARTMENTS.map(of).concat()
}

fn feeds_toml() -> String {
    let mut toml = String::new();
    for (department, class) in cells() {
        for (kind, format, more) in [
            (
                "fix",
                "egret-json",
                "asset_class = \"gauge\"\ntopic = \"egret/v1/{id}/+\"\n\
                 [[feed.commands]]\nid = \"act\"\nname = { zh = \"动作\", en = \"Act\" }\n\
                 topic = \"egret/v1/{id}/{asset}/act\"\npayload = '[\"{asset}\"]'\n\
                 expires = \"1d\"\nconfirm = false\n\
                 ack = { reply = \"egret/v1/{id}/{asset}/did\" }",
            ),
            (
                "mov",
                "egret-json",
                "asset_class = \"car\"\nmoving = true\ntopic = \"egret/v1/{id}/+\"",
            ),
            (
                "rep",
                "egret-json",
                "report = true\ntopic = \"egret/v1/{id}/report/+\"\n\
                 personal = [\"/caller/phone\", \"/caller/name\"]",
            ),
            ("cap", "cap-1.2", "report = true\ntopic = \"cap/{id}/+\""),
        ] {
            let id = feed((department, class), kind);
            let mut more = more.replace("{id}", &id);
            if ((department, class), kind) == (REQUESTS, "rep") {
                more.push_str("\nopen311 = true");
            }
            let class = class.word();
            writeln!(
                toml,
                "[[feed]]\nid = \"{id}\"\nname = {{ zh = \"{id}\", en = \"{id}\" }}\n\
                 department = \"{department}\"\ndomain = \"d\"\nformat = \"{format}\"\n\
                 lateness = \"2h\"\nclassification = \"{class}\"\n{more}\n"
            )
            .expect("a text takes everything");
        }
    }
    toml
}

fn register() -> String {
    let mut csv = "feed,asset,name_zh,name_en,lon,lat,area\n".to_owned();
    for (feed, label) in registered() {
        let id = label.marker("reg");
        let place = label.place.unwrap_or(Place::C);
        let [lon, lat] = place.position().unwrap_or_default();
        let area = place.code();
        writeln!(csv, "{feed},{id},{id},{id},{lon},{lat},{area}").expect("a text takes everything");
    }
    csv
}

/// A scene for each department: its panels are of every class.
fn scenes() -> String {
    let mut toml = String::new();
    for department in DEPARTMENTS {
        write!(
            toml,
            "[[scene]]\nid = \"{department}\"\nname = {{ zh = \"{department}\", en = \"{department}\" }}\n\
             dwell = \"40s\"\ngrid = [24, 12]\n"
        )
        .expect("a text takes everything");
        for (row, class) in (0..).zip(Class::ALL) {
            let metric = Label::of(department, class).marker("max");
            let row = row * 3;
            writeln!(
                toml,
                "[[scene.panel]]\nkind = \"stat\"\nat = [0, {row}, 6, 3]\nmetric = \"{metric}\"\n\
                 [[scene.panel]]\nkind = \"map\"\nat = [6, {row}, 6, 3]\nlayers = [\"areas:{metric}\", \"assets\"]\n"
            )
            .expect("a text takes everything");
        }
    }
    toml
}
