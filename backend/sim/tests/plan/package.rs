//! The demo city's package, and its roads as plain lines to measure against.

use std::path::Path;
use std::sync::OnceLock;

use egret_package::{Package, folder};
use egret_shared::position::Position;
use egret_shared::time::TimeMs;
use egret_sim::{Options, road_layer};

fn loaded() -> &'static (Package, String) {
    static LOADED: OnceLock<(Package, String)> = OnceLock::new();
    LOADED.get_or_init(|| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/xiamen");
        let files = folder::read(&dir).unwrap();
        let package = Package::load(&files).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"))
        });
        let roads = road_layer(&package, &files).unwrap();
        (package, roads)
    })
}

/// The demo city.
pub(crate) fn package() -> &'static Package {
    &loaded().0
}

/// A run of it.
pub(crate) fn options() -> Options {
    Options {
        roads: Some(loaded().1.clone()),
        ..Options::default()
    }
}

/// A working day's morning there.
pub(crate) fn start() -> TimeMs {
    TimeMs::from_rfc3339("2026-06-22T10:00:00+08:00").unwrap()
}

/// The drawn roads: points in degrees.
pub(crate) fn road_lines() -> Vec<Vec<[f64; 2]>> {
    let layer: serde_json::Value = serde_json::from_str(&loaded().1).unwrap();
    let features = layer["features"].as_array().unwrap();
    features
        .iter()
        .map(|feature| serde_json::from_value(feature["geometry"]["coordinates"].clone()).unwrap())
        .collect()
}

/// How far apart two places are.
pub(crate) fn metres_between(a: [f64; 2], b: [f64; 2]) -> f64 {
    let position = |[lon, lat]: [f64; 2]| Position { lon, lat };
    position(a).distance_m(position(b))
}

/// How far the nearest line is.
pub(crate) fn distance_m(lines: &[Vec<[f64; 2]>], place: [f64; 2]) -> f64 {
    let squeeze = place[1].to_radians().cos();
    let to_segment = |a: [f64; 2], b: [f64; 2]| {
        let (dx, dy) = ((b[0] - a[0]) * squeeze, b[1] - a[1]);
        let (px, py) = ((place[0] - a[0]) * squeeze, place[1] - a[1]);
        let share = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-18)).clamp(0.0, 1.0);
        metres_between(
            place,
            [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share],
        )
    };
    lines
        .iter()
        .flat_map(|line| line.windows(2))
        .map(|pair| to_segment(pair[0], pair[1]))
        .fold(f64::INFINITY, f64::min)
}
