//! Mistakes in `scenes.toml` and `map/layers.toml`.

use egret_package::Package;
use egret_package::tiles::{About, Archive};

use crate::told::{Files, assert_all_told, assert_all_told_of, tiny};

#[test]
fn mistakes_in_scenes_are_told_at_their_place() {
    assert_all_told(
        "scenes.toml",
        &[
            (
                "at    = [18, 0, 6, 8]",
                "at    = ¦[20, 0, 6, 8]",
                "reaches beyond the grid of 24 x 12",
            ),
            (
                "at    = [18, 0, 6, 8]",
                "at    = ¦[17, 0, 6, 8]",
                "covers panel 1",
            ),
            (
                "metric = \"water.manhole_level_max\"",
                "metric = ¦\"water.manhole_level\"",
                "did you mean \"water.manhole_level_max\"?",
            ),
            (
                "level = \"district\"",
                "level = ¦\"districts\"",
                "did you mean \"district\"?",
            ),
            (
                "kind  = \"ticker\"",
                "kind  = ¦\"stat\"",
                "a panel of kind stat needs \"metric\"",
            ),
            (
                "kind  = \"incidents\"",
                "kind  = ¦\"table\"",
                "a panel of kind table needs \"metrics\"",
            ),
            (
                "kind  = \"incidents\"",
                "kind  = \"incidents\"\nrange = ¦\"6h\"",
                "\"range\" means nothing to a panel of kind incidents",
            ),
            (
                "at    = [0, 10, 24, 2]",
                "at    = ¦[0, 10, 24, 1]",
                "is 77 units high; a panel of kind ticker needs 110: give it more cells",
            ),
            (
                "at    = [0, 10, 24, 2]",
                "at    = [0, 10, 24, 2]\nat_wide = ¦[0, 10, 24, 2]",
                "the scene has no grid_wide",
            ),
        ],
    );
}

#[test]
fn a_takeover_needs_a_map_and_time_to_be_read() {
    let told = |wall: &str, change: fn(String) -> String| -> Vec<String> {
        let mut files = tiny();
        let scenes = files.remove("scenes.toml").unwrap_or_default();
        files.insert(
            "scenes.toml".to_owned(),
            format!("{}{wall}", change(scenes)),
        );
        let problems = Package::load(&files).err().unwrap_or_default();
        problems.iter().map(|one| one.message.clone()).collect()
    };
    let same = |text: String| text;
    let without_map = |text: String| {
        text.replace("kind  = \"map\"", "kind  = \"feeds\"")
            .replace(
                "layers = [\"areas:water.stress\", \"assets\", \"incidents\"]",
                "",
            )
    };
    let orange = "\n[wall]\ntakeover = \"orange\"\ntakeover_dwell = \"20s\"\n";
    assert_eq!(told(orange, same), [""; 0]);
    let short = told("\n[wall]\ntakeover_dwell = \"2s\"\n", same);
    assert!(short[0].contains("2s is too short"), "{short:?}");
    let unknown = told("\n[wall]\ntakeover = \"blue\"\n", same);
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    let nowhere = told(orange, without_map);
    assert!(nowhere[0].contains("no scene has a map"), "{nowhere:?}");
    assert_eq!(
        told("\n[wall]\ntakeover = \"never\"\n", without_map),
        [""; 0]
    );
}

#[test]
fn a_wall_that_is_read_from_afar_needs_larger_panels() {
    let told = |screen: &str| {
        let mut files = tiny();
        let scenes = files.remove("scenes.toml").unwrap_or_default();
        files.insert("scenes.toml".to_owned(), format!("{screen}{scenes}"));
        let problems = Package::load(&files).err().unwrap_or_default();
        let told = problems.iter().map(ToString::to_string);
        told.collect::<Vec<_>>()
    };
    assert!(told("[screen]\ndistance = \"5m\"\nwidth = \"5.5m\"\n\n").is_empty());
    let far = told("[screen]\ndistance = \"10m\"\nwidth = \"5.5m\"\n\n").join("\n");
    assert!(far.contains("at the distance of [screen]"), "{far}");
    let nowhere = told("[screen]\ndistance = \"0m\"\nwidth = \"5.5m\"\n\n").join("\n");
    assert!(
        nowhere.contains("scenes.toml:2:12: distance must be more than 0m"),
        "{nowhere}"
    );
}

#[test]
fn mistakes_in_layers_of_a_map_are_told_at_their_place() {
    assert_all_told(
        "scenes.toml",
        &[
            (
                "\"areas:water.stress\"",
                "¦\"areas:water.stres\"",
                "did you mean \"water.stress\"?",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"incident\"",
                "no layer \"incident\": areas:METRIC,",
            ),
            (
                "\"areas:water.stress\"",
                "¦\"areas:water.stress@distrikt\"",
                "did you mean \"district\"?",
            ),
            (
                "\"assets\", \"incidents\"",
                "¦\"assets:manhol\", \"incidents\"",
                "did you mean \"manhole\"?",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"assets:manhole\"",
                "one layer of kind assets at most",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"warnings:hotline.requests\"",
                "warns of nothing: it has no levels",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"heat:water.stress@grit\"",
                "did you mean \"grid\"?",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"heat:water.stres@grid\"",
                "did you mean \"water.stress\"?",
            ),
            (
                "\"assets\", \"incidents\"",
                "\"assets\", ¦\"flows:crossings\"",
                "there is no layer of the map \"crossings\"",
            ),
        ],
    );
}

#[test]
fn a_layer_needs_its_file() {
    let mut files = tiny();
    let layers = "[[layer]]\nid = \"land\"\nfile = \"land.geojson\"\nkind = \"sea\"\n";
    files.insert("map/layers.toml".to_owned(), layers.to_owned());
    let told: Vec<String> = Package::load(&files)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "map/layers.toml:3:8: layer \"land\": there is no file map/land.geojson",
            "map/layers.toml:4:8: layer \"land\": no kind \"sea\": land, water, area, road, crossing, label are",
        ]
    );
}

const TILED: &str = r#"[[layer]]
id = "land"
file = "city.pmtiles"
tiles_layer = "earth"
kind = "land"
only = { kind = ["earth", "island"] }
from_zoom = 4

[[layer]]
id = "outline"
file = "land.geojson"
kind = "road"

[[layer]]
id = "names"
file = "land.geojson"
kind = "label"
"#;

/// An archive whose tiles are of this type, compressed so.
fn archive(tile_type: &str, compression: &str) -> Archive {
    Archive::Readable(About {
        tile_type: tile_type.to_owned(),
        compression: compression.to_owned(),
        min_zoom: 0,
        max_zoom: 8,
        layers: ["earth", "roads", "water"].map(str::to_owned).to_vec(),
    })
}

/// The tiny city on a ground of tiles; `text` stands for its archive.
fn tiled(text: &str) -> Files {
    let mut files = tiny();
    let map = [
        ("layers.toml", TILED),
        ("land.geojson", "{}"),
        ("city.pmtiles", text),
    ];
    files.extend(map.map(|(name, text)| (format!("map/{name}"), text.to_owned())));
    files
}

/// What is told of the tiny city on tiles of such an archive.
fn told_of_archive(text: &str) -> Vec<String> {
    let problems = Package::load(&tiled(text)).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_ground_of_tiles_is_taken_and_its_zooms_are_told() {
    let package = Package::load(&tiled(&archive("mvt", "gzip").text())).unwrap();
    let catalog = package.catalog();
    let tiles = &catalog.tiles["city.pmtiles"];
    assert_eq!((tiles.min_zoom, tiles.max_zoom), (0, 8));
    assert!(catalog.layers[0].is_tiled());
    assert!(!catalog.layers[1].is_tiled());
    assert_eq!(told_of_archive(&archive("mvt", "none").text()), [""; 0]);
    // Of an archive that nobody has opened no more than the name is known.
    let unopened = Package::load(&tiled("")).unwrap();
    assert!(unopened.catalog().tiles.is_empty());
}

#[test]
fn an_archive_that_no_map_can_be_drawn_from_is_told_by_its_path() {
    let cut = Archive::Unreadable("no PMTiles archive of version 3: Invalid header".to_owned());
    assert_eq!(
        told_of_archive(&cut.text()),
        ["map/city.pmtiles: no PMTiles archive of version 3: Invalid header"]
    );
    assert_eq!(
        told_of_archive(&archive("png", "none").text()),
        ["map/city.pmtiles: its tiles are png: a map is drawn from vector tiles, mvt"]
    );
    assert_eq!(
        told_of_archive(&archive("mvt", "brotli").text()),
        ["map/city.pmtiles: its tiles are compressed by brotli: gzip or none is served"]
    );
}

#[test]
fn an_archive_that_no_layer_is_drawn_from_is_no_mistake_however_broken() {
    let mut files = tiled(&archive("mvt", "gzip").text());
    let half = Archive::Unreadable("it is cut short".to_owned());
    files.insert("map/next.pmtiles".to_owned(), half.text());
    assert_eq!(Package::load(&files).err(), None);
}

#[test]
fn mistakes_in_a_ground_of_tiles_are_told_at_their_place() {
    let files = tiled(&archive("mvt", "gzip").text());
    assert_all_told_of(
        &files,
        "map/layers.toml",
        &[
            (
                "tiles_layer = \"earth\"",
                "tiles_layer = ¦\"streets\"",
                "layer \"land\": city.pmtiles has no layer \"streets\": earth, roads, water are",
            ),
            (
                "[[layer]]\nid = \"land\"\nfile = \"city.pmtiles\"\ntiles_layer = \"earth\"",
                "¦[[layer]]\nid = \"land\"\nfile = \"city.pmtiles\"",
                "\"tiles_layer\" is missing: which layer of city.pmtiles is drawn",
            ),
            (
                "kind = \"land\"\nonly = { kind = [\"earth\", \"island\"] }\nfrom_zoom = 4",
                "kind = ¦\"label\"",
                "they come from a GeoJSON file",
            ),
            ("from_zoom = 4", "from_zoom = ¦25", "zoom 25: 0 to 24 are"),
            (
                "from_zoom = 4",
                "crs = ¦\"gcj02\"",
                "tiles are not converted",
            ),
            (
                "[\"earth\", \"island\"]",
                "¦[]",
                "no value of \"kind\" is named",
            ),
            (
                "kind = \"road\"",
                "kind = \"road\"\ntiles_layer = ¦\"roads\"",
                "only a .pmtiles archive has layers of tiles",
            ),
            (
                "kind = \"label\"",
                "kind = \"label\"\nfrom_zoom = ¦9",
                "leave it out",
            ),
        ],
    );
}

#[test]
fn flows_lie_on_no_layer_of_tiles() {
    assert_all_told_of(
        &tiled(&archive("mvt", "gzip").text()),
        "scenes.toml",
        &[(
            "\"assets\", \"incidents\"",
            "\"assets\", ¦\"flows:land\"",
            "\"land\" is drawn from tiles",
        )],
    );
}
