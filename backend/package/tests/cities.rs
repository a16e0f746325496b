//! The cities in this repository load.

use std::path::Path;

use egret_package::{Package, folder};

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
