//! Archives of map tiles, as far as a package is checked by them.
//!
//! An archive may have gigabytes and is no text, so whoever can open it puts in its place among a
//! package's files what it says of itself: [`Archive::text`]. Then loading stays without I/O.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::catalog::{TILES_ENDING, TilesDef};
use serde::{Deserialize, Serialize};

/// The file that says what the base map is drawn from.
pub const LAYERS: &str = "map/layers.toml";

/// Tiles that a map can draw.
const DRAWN: &str = "mvt";

/// How tiles may be compressed: what every browser unpacks, and not at all.
const SERVED: [&str; 2] = ["gzip", "none"];

/// An archive of map tiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archive {
    /// It can be read.
    Readable(About),
    /// It cannot: why, as a sentence.
    Unreadable(String),
}

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What its tiles are: `mvt`, `png` and so on.
    pub tile_type: String,
    /// How they are compressed: `gzip`, `none` and so on.
    pub compression: String,
    /// The coarsest zoom that it has tiles of.
    pub min_zoom: u8,
    /// The finest.
    pub max_zoom: u8,
    /// The layers of its tiles.
    pub layers: Vec<String>,
}

impl Archive {
    /// What stands for it among a package's files.
    pub fn text(&self) -> String {
        // Plain data with text keys always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The archive that a text stands for; none if only its name is known.
    pub(crate) fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Why no map can be drawn from it, if none can.
    pub(crate) fn fault(&self) -> Option<String> {
        let about = match self {
            Self::Unreadable(why) => return Some(why.clone()),
            Self::Readable(about) => about,
        };
        let About {
            tile_type,
            compression,
            ..
        } = about;
        if tile_type != DRAWN {
            return Some(format!(
                "its tiles are {tile_type}: a map is drawn from vector tiles, {DRAWN}"
            ));
        }
        let served = SERVED.join(" or ");
        (!SERVED.contains(&compression.as_str()))
            .then(|| format!("its tiles are compressed by {compression}: {served} is served"))
    }

    /// Why it has no layer of this name, if it has none.
    pub(crate) fn refusal(&self, layer: &str) -> Option<String> {
        // That one cannot be read is told already.
        let Self::Readable(About { layers, .. }) = self else {
            return None;
        };
        if layers.iter().any(|known| known == layer) {
            return None;
        }
        let those = if layers.is_empty() {
            "it names none".to_owned()
        } else {
            format!("{} are", layers.join(", "))
        };
        Some(format!("no layer \"{layer}\": {those}"))
    }
}

/// The archives that layers are drawn from, by path, as a text of [`LAYERS`] names them. What else is
/// wrong with it is told when the package is loaded.
pub fn named(layers: &str) -> BTreeSet<String> {
    let table: toml::Table = layers.parse().unwrap_or_default();
    let layers = table.get("layer").and_then(toml::Value::as_array);
    let layers = layers.into_iter().flatten();
    let files = layers.filter_map(|layer| layer.get("file")?.as_str());
    let archives = files.filter(|file| file.ends_with(TILES_ENDING));
    archives.map(|file| format!("map/{file}")).collect()
}

/// The archives among a package's files, by path: those whose contents are known.
pub(crate) fn archives(
    files: &BTreeMap<String, String>,
) -> impl Iterator<Item = (&String, Archive)> {
    let is_archive = |path: &str| path.starts_with("map/") && path.ends_with(TILES_ENDING);
    let named = files.iter().filter(move |(path, _)| is_archive(path));
    named.filter_map(|(path, text)| Some((path, Archive::of(text)?)))
}

/// What screens have to know of a package's archives, by the file's name.
pub(crate) fn all(files: &BTreeMap<String, String>) -> BTreeMap<String, TilesDef> {
    let def = |(path, archive): (&String, Archive)| match archive {
        Archive::Readable(about) => {
            let tiles = TilesDef {
                min_zoom: about.min_zoom,
                max_zoom: about.max_zoom,
            };
            Some((path.strip_prefix("map/")?.to_owned(), tiles))
        }
        Archive::Unreadable(_) => None,
    };
    archives(files).filter_map(def).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_for_the_archive_that_it_was_made_of() {
        let readable = Archive::Readable(About {
            tile_type: "mvt".to_owned(),
            compression: "gzip".to_owned(),
            min_zoom: 0,
            max_zoom: 14,
            layers: vec!["earth".to_owned()],
        });
        let unreadable = Archive::Unreadable("it is cut short".to_owned());
        for archive in [readable, unreadable] {
            assert_eq!(Archive::of(&archive.text()), Some(archive));
        }
        assert_eq!(Archive::of(""), None);
    }

    #[test]
    fn archives_are_named_by_layers_whatever_else_is_wrong_with_these() {
        let text = "[[layer]]\nfile = \"city.pmtiles\"\nkind = 3\n\
            [[layer]]\nfile = \"land.geojson\"\n\
            [[layer]]\nfile = \"city.pmtiles\"\n\
            [[layer]]\nfile = 1\n\
            [[layer]]\nid = \"more\"\n";
        assert_eq!(
            named(text).into_iter().collect::<Vec<_>>(),
            ["map/city.pmtiles"]
        );
        for none in [
            "",
            "layer = 1",
            "layer = [\"city.pmtiles\"]",
            "[[layer",
            "layer = 1\n[[",
        ] {
            assert_eq!(named(none), BTreeSet::new(), "{none}");
        }
    }
}
