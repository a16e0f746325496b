//! The cities in this repository load.

use std::path::Path;

use egret_package::crs::{bd09_from_gcj02, gcj02_from_wgs84};
use egret_package::{Package, folder};
use egret_shared::package::feed::Crs;
use egret_shared::position::Position;

/// The city in `folder`.
///
/// # Errors
/// All that is wrong with it.
fn load(folder: &str) -> Result<Package, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let files = folder::read(&root).map_err(|error| error.to_string())?;
    Package::load(&files).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

#[test]
fn the_tiny_city_loads() {
    let tiny = load("tests/cities/tiny").unwrap();
    assert_eq!(tiny.area_tree().len(), 5);
    assert_eq!(tiny.feeds.len(), 5);
    assert_eq!(tiny.plans.len(), 1);
    assert!(tiny.assets.is_empty());
}

#[test]
fn xiamen_loads() {
    let xiamen = load("assets/xiamen").unwrap();
    assert_eq!(xiamen.area_tree().len(), 45);
    assert!(xiamen.feeds.len() >= 40);
    assert!(xiamen.metrics.len() >= 12);
    assert!(xiamen.assets.len() > 1_000);
    assert!(!xiamen.layers.is_empty());
}

#[test]
fn outlines_and_maps_of_other_datums_become_wgs84() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let files = folder::read(&root).unwrap();
    let corner = |crs: &str| {
        let mut files = files.clone();
        let city = files.get_mut("city.toml").unwrap();
        *city = city.replacen("zoom ", &format!("crs = \"{crs}\"\nzoom "), 1);
        let layers =
            "[[layer]]\nid = \"land\"\nfile = \"land.geojson\"\nkind = \"land\"\ncrs = \"bd09\"\n";
        files.insert("map/layers.toml".to_owned(), layers.to_owned());
        files.insert("map/land.geojson".to_owned(), "{}".to_owned());
        let package = Package::load(&files).unwrap();
        assert_eq!(package.datum_of("map/land.geojson"), Crs::Bd09);
        assert_eq!(package.datum_of("areas.geojson"), package.city.crs);
        let tree = package.area_tree();
        let root = tree.index_of(&package.city.root).unwrap();
        let outline = tree.polygon(root).unwrap();
        let first = outline.0[0].exterior().0[0];
        (first.x, first.y)
    };
    // The corner as the file has it.
    let drawn = (118.0, 24.4);
    let far_m = |(lon, lat): (f64, f64)| {
        let there = Position { lon, lat };
        there.distance_m(Position {
            lon: drawn.0,
            lat: drawn.1,
        })
    };
    assert_eq!(corner("wgs84"), drawn);
    assert_eq!(corner("cgcs2000"), drawn);
    let gcj02 = corner("gcj02");
    assert!((300.0..900.0).contains(&far_m(gcj02)), "{gcj02:?}");
    let there = gcj02_from_wgs84(gcj02);
    assert!(far_m(there) < 0.01, "{there:?}");
    let bd09 = corner("bd09");
    assert!((800.0..2_000.0).contains(&far_m(bd09)), "{bd09:?}");
    let there = bd09_from_gcj02(gcj02_from_wgs84(bd09));
    assert!(far_m(there) < 0.01, "{there:?}");
}
