//! Mistakes in `scenes.toml` and `map/layers.toml`.

use egret_package::Package;

use crate::told::{assert_all_told, tiny};

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
            "map/layers.toml:4:8: layer \"land\": no kind \"sea\": land, area, road, crossing, label are",
        ]
    );
}
