//! The made-up city: 40 rectangular districts, 20,000 fixed sensors of one property, two metrics
//! and one rule.

use std::fmt::Write as _;
use std::path::Path;

use tempfile::TempDir;

use crate::dice::Dice;

/// Sensors.
pub const N_ASSETS: usize = 20_000;

/// Districts by longitude and by latitude.
const DISTRICTS: (i64, i64) = (8, 5);

/// Width and height of a district, in 1e-7 degrees: some 5 km.
const DISTRICT_E7: i64 = 500_000;

/// South-west corner, longitude and latitude in 1e-7 degrees.
const ORIGIN_E7: (i64, i64) = (1_180_000_000, 244_000_000);

/// Area code of the whole city.
pub const ROOT: &str = "900000";

/// The metric that a marked value moves: the greatest reading.
pub const MAX_METRIC: &str = "bench.max";

const CITY: &str = r#"schema = 1
id = "bench"
name = { zh = "测速城", en = "Bench city" }
timezone = "Asia/Shanghai"
centre = [118.2, 24.52]
zoom = 11
simulated = true
root = "900000"
levels = ["city", "district"]
"#;

const DEPARTMENTS: &str = r#"[[department]]
id = "water"
name = { zh = "水务局", en = "Water" }
area = "900000"
"#;

const PROPERTIES: &str = r#"[[property]]
id = "level"
name = { zh = "水位", en = "Level" }
unit = "m"
range = [-1.0, 1e12]
"#;

const FEEDS: &str = r#"[[feed]]
id = "bench"
name = { zh = "水位计", en = "Gauges" }
department = "water"
domain = "water"
asset_class = "gauge"
topic = "egret/v1/bench/+"
format = "egret-json"
expect_every = "10m"
lateness = "2h"
backfill = "2h"
"#;

const METRICS: &str = r#"[[metric]]
id = "bench.mean"
name = { zh = "平均水位", en = "Mean level" }
domain = "water"
source = { feed = "bench", property = "level" }
aggregate = "mean"
window = { sliding = "1m", every = "10s" }
unit = "m"

[[metric]]
id = "bench.max"
name = { zh = "最高水位", en = "Highest level" }
domain = "water"
source = { feed = "bench", property = "level" }
aggregate = "max"
window = { sliding = "1m", every = "10s" }
unit = "m"
"#;

/// One reading in ten thousand is 9.999; marked values lie far above.
const RULES: &str = r#"[[rule]]
id = "high"
name = { zh = "高水位", en = "High level" }
kind = "threshold"
on = { feed = "bench", property = "level" }
when = "value >= 9.999 && value < 10.0"
for = "10s"
level = "yellow"
"#;

/// An alert turns with every reading over the limit or below it, and never counts as flapping.
const TURNING: &str = r#"[[rule]]
id = "high"
name = { zh = "高水位", en = "High level" }
kind = "threshold"
on = { feed = "bench", property = "level" }
when = "value >= 9.999"
for = "0s"
keep_for = "0s"
flap = { changes = 20, within = "1ms" }
level = "yellow"
"#;

const SCENES: &str = r#"[[scene]]
id = "overview"
name = { zh = "总览", en = "Overview" }
dwell = "40s"
grid = [24, 12]

[[scene.panel]]
kind = "stat"
at = [0, 0, 6, 2]
metric = "bench.max"

[[scene.panel]]
kind = "map"
at = [6, 0, 12, 10]
layers = ["assets", "incidents"]

[[scene.panel]]
kind = "incidents"
at = [18, 0, 6, 10]
"#;

/// Writes the city package into a folder of its own, which goes with the value.
pub fn write() -> TempDir {
    write_with(FEEDS, RULES, &assets())
}

/// As [`write`], with vehicles that nobody has registered in place of the sensors.
pub fn write_moving() -> TempDir {
    let feeds = format!("{FEEDS}moving = true\n");
    write_with(&feeds, RULES, HEAD)
}

/// As [`write`], with a rule whose alerts turn with every reading.
pub fn write_turning() -> TempDir {
    write_with(FEEDS, TURNING, &assets())
}

fn write_with(feeds: &str, rules: &str, assets: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("the temp folder can be written");
    let files = [
        ("city.toml", CITY),
        ("departments.toml", DEPARTMENTS),
        ("properties.toml", PROPERTIES),
        ("feeds.toml", feeds),
        ("metrics.toml", METRICS),
        ("rules.toml", rules),
        ("scenes.toml", SCENES),
        ("areas.geojson", &areas()),
        ("assets.csv", assets),
    ];
    for (name, text) in files {
        write_file(folder.path(), name, text);
    }
    folder
}

fn write_file(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the temp folder can be written");
}

fn areas() -> String {
    let (columns, rows) = DISTRICTS;
    let (width, height) = (columns * DISTRICT_E7, rows * DISTRICT_E7);
    let mut features = vec![area(ROOT, None, ORIGIN_E7, (width, height))];
    for n in 0..columns * rows {
        let code = format!("9000{:02}", n + 1);
        let size = (DISTRICT_E7, DISTRICT_E7);
        features.push(area(&code, Some(ROOT), district(n), size));
    }
    serde_json::json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// South-west corner of the `n`th district.
fn district(n: i64) -> (i64, i64) {
    let (column, row) = (n % DISTRICTS.0, n / DISTRICTS.0);
    (
        ORIGIN_E7.0 + column * DISTRICT_E7,
        ORIGIN_E7.1 + row * DISTRICT_E7,
    )
}

fn area(
    code: &str,
    parent: Option<&str>,
    (west, south): (i64, i64),
    (width, height): (i64, i64),
) -> serde_json::Value {
    let corner = |x: i64, y: i64| [degrees(west + x), degrees(south + y)];
    let ring = [
        corner(0, 0),
        corner(width, 0),
        corner(width, height),
        corner(0, height),
        corner(0, 0),
    ];
    let mut properties = serde_json::json!({
        "code": code,
        "level": if parent.is_some() { "district" } else { "city" },
        "name_zh": code,
        "name_en": code,
    });
    if let Some(parent) = parent {
        properties["parent"] = parent.into();
    }
    serde_json::json!({
        "type": "Feature",
        "properties": properties,
        "geometry": { "type": "Polygon", "coordinates": [ring] },
    })
}

fn degrees(e7: i64) -> f64 {
    e7 as f64 / 1e7
}

/// Where each sensor stands, as `longitude,latitude` with seven decimals: 22 bytes. Sensors go
/// round the districts.
pub fn positions() -> Vec<String> {
    let (columns, rows) = DISTRICTS;
    let mut dice = Dice::of(1);
    let mut inside = || dice.below(DISTRICT_E7.cast_unsigned()).cast_signed();
    let mut position = |n: i64| {
        let (west, south) = district(n % (columns * rows));
        let (lon, lat) = (west + inside(), south + inside());
        format!("{:.7},{:.7}", degrees(lon), degrees(lat))
    };
    (0..).take(N_ASSETS).map(&mut position).collect()
}

/// The `n`th sensor's id, 7 bytes.
pub fn asset_id(n: usize) -> String {
    format!("S-{n:05}")
}

/// Columns of the register.
const HEAD: &str = "feed,asset,name_zh,name_en,lon,lat,area\n";

fn assets() -> String {
    let mut csv = HEAD.to_owned();
    for (n, position) in positions().iter().enumerate() {
        let id = asset_id(n);
        writeln!(csv, "bench,{id},{id},{id},{position},").expect("a text can be written");
    }
    csv
}
