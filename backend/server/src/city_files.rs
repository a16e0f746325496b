//! A city package's files: from a folder, or the demo city that is built into the binary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egret_package::Package;
use egret_package::crs::geojson_from;
use egret_package::problem::Problem;
use egret_package::tiles::{LAYERS, named};
use egret_shared::catalog::TILES_ENDING;
use rust_embed::RustEmbed;

use crate::tiles::{self, Tiles};

/// The demo city.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../assets/xiamen"]
#[exclude = "tools/*"]
struct DemoCity;

/// A package's files deeper than this are not looked for: `plans/` and `map/` are one deep.
const DEPTH_MAX: usize = 3;

/// A single file of a package may have so many bytes; a city's areas and base map stay far below.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Files of a city package by path within it, with `/`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CityFiles {
    bytes: BTreeMap<String, Vec<u8>>,
    /// Archives of map tiles that layers name: they stay where they are, however large. Or why one
    /// cannot be read.
    archives: BTreeMap<String, Result<Arc<Tiles>, String>>,
}

/// A package could not be read, or has mistakes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadPackage {
    /// A file or folder cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// Mistakes, each with its place.
    #[error("{}", lines(.0))]
    Mistakes(Vec<Problem>),
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl CityFiles {
    /// The demo city that is built in.
    pub(crate) fn demo() -> Self {
        let files = DemoCity::iter().filter_map(|path| {
            DemoCity::get(&path).map(|file| (path.into_owned(), file.data.into_owned()))
        });
        Self {
            bytes: files.collect(),
            ..Self::default()
        }
    }

    /// The package in `folder`.
    ///
    /// # Errors
    /// [`BadPackage::Unreadable`] with the path.
    pub(crate) fn read(folder: &Path) -> Result<Self, BadPackage> {
        let mut files = Self::default();
        let mut archives = Vec::new();
        read_folder(folder, "", DEPTH_MAX, &mut files.bytes, &mut archives)?;
        let layers = files.get(LAYERS).map(std::str::from_utf8);
        let named = named(layers.and_then(Result::ok).unwrap_or_default());
        // Others lie there to take a place later, and may be half copied.
        archives.retain(|(inner, _)| named.contains(inner));
        let archives = archives.into_iter();
        let opened = archives.map(|(inner, path)| (inner, Tiles::open(&path).map(Arc::new)));
        files.archives = opened.collect();
        Ok(files)
    }

    /// One file's bytes.
    pub(crate) fn get(&self, path: &str) -> Option<&[u8]> {
        self.bytes.get(path).map(Vec::as_slice)
    }

    /// One archive of map tiles.
    pub(crate) fn tiles(&self, path: &str) -> Option<&Arc<Tiles>> {
        self.archives.get(path)?.as_ref().ok()
    }

    /// Converts what is drawn in another datum to WGS 84, as screens expect it.
    pub(crate) fn into_wgs84(mut self, package: &Package) -> Self {
        for (path, bytes) in &mut self.bytes {
            let crs = package.datum_of(path);
            if crs.is_wgs84() || !path.ends_with(".geojson") {
                continue;
            }
            let converted = std::str::from_utf8(bytes).ok();
            if let Some(map) = converted.and_then(|text| geojson_from(crs, text)) {
                *bytes = map.into_bytes();
            }
        }
        self
    }

    /// The same files with other texts where `texts` has one. Archives stay as they are.
    pub(crate) fn with_texts(mut self, texts: BTreeMap<String, String>) -> Self {
        let archives = &self.archives;
        let texts = texts.into_iter();
        let texts = texts.filter(|(path, _)| !archives.contains_key(path));
        self.bytes
            .extend(texts.map(|(path, text)| (path, text.into_bytes())));
        self
    }

    /// The checked package.
    ///
    /// # Errors
    /// [`BadPackage::Mistakes`], all of them.
    pub(crate) fn load(&self) -> Result<Package, BadPackage> {
        Package::load(&self.texts()).map_err(BadPackage::Mistakes)
    }

    /// Every file that is text, by path; of an archive, what it says of itself.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        let texts = self.bytes.iter().filter_map(|(path, bytes)| {
            let text = std::str::from_utf8(bytes).ok()?;
            Some((path.clone(), text.to_owned()))
        });
        let archives = self.archives.iter();
        let archives = archives.map(|(path, opened)| (path.clone(), tiles::archive(opened).text()));
        texts.chain(archives).collect()
    }
}

fn read_folder(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
    archives: &mut Vec<(String, PathBuf)>,
) -> Result<(), BadPackage> {
    let failed = |path: &PathBuf, error: &std::io::Error| BadPackage::Unreadable {
        path: path.display().to_string(),
        why: error.to_string(),
    };
    let here = folder.to_path_buf();
    for item in std::fs::read_dir(folder).map_err(|error| failed(&here, &error))? {
        let path = item.map_err(|error| failed(&here, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let inner = format!("{prefix}{name}");
        let meta = path.metadata().map_err(|error| failed(&path, &error))?;
        if meta.is_dir() && depth > 0 && name != "tools" {
            read_folder(&path, &format!("{inner}/"), depth - 1, files, archives)?;
        } else if meta.is_file() && name.ends_with(TILES_ENDING) {
            archives.push((inner, path));
        } else if meta.is_file() && meta.len() <= FILE_BYTES_MAX {
            files.insert(
                inner,
                std::fs::read(&path).map_err(|error| failed(&path, &error))?,
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_that_a_layer_names_are_opened_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let map = folder.path().join("map");
        std::fs::create_dir(&map).unwrap();
        let layers = "[[layer]]\nfile = \"city.pmtiles\"\n";
        std::fs::write(map.join("layers.toml"), layers).unwrap();
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
        for name in ["city.pmtiles", "next.pmtiles"] {
            std::fs::copy(tests.join("fixtures/tiny.pmtiles"), map.join(name)).unwrap();
        }
        let files = CityFiles::read(folder.path()).unwrap();
        assert!(files.tiles("map/city.pmtiles").is_some());
        assert!(!files.texts().contains_key("map/next.pmtiles"));
    }
}
