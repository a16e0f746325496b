//! City packages for a test: the tiny one as it is, or a copy with changes.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::tiles;
use crate::tools::repository;

/// The tiny city, as it is in the repository.
pub fn tiny() -> PathBuf {
    repository().join("tests/cities/tiny")
}

/// A ground of tiles: three layers of one archive.
pub const TILED: &str = r#"
[[layer]]
id          = "earth"
file        = "city.pmtiles"
tiles_layer = "earth"
kind        = "land"
attribution = "nobody"

[[layer]]
id          = "water"
file        = "city.pmtiles"
tiles_layer = "water"
kind        = "water"

[[layer]]
id          = "roads"
file        = "city.pmtiles"
tiles_layer = "roads"
kind        = "road"
only        = { kind = ["highway"] }
from_zoom   = 9
"#;

/// A copy of the tiny city that may be changed. Goes with its value.
#[derive(Debug)]
pub struct CityCopy(TempDir);

impl Default for CityCopy {
    fn default() -> Self {
        Self::new()
    }
}

impl CityCopy {
    /// A copy of the tiny city.
    pub fn new() -> Self {
        let copy = Self(tempfile::tempdir().expect("the temp folder can be written"));
        copy_folder(&tiny(), copy.path());
        copy
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// With `from`, which must be there, replaced by `to` in `file`.
    #[must_use]
    pub fn with(self, file: &str, from: &str, to: &str) -> Self {
        let text = self.text(file);
        assert!(
            text.contains(from),
            "{file} of the tiny city has no {from:?}"
        );
        self.write(file, &text.replace(from, to))
    }

    /// With `more` at the end of `file`.
    #[must_use]
    pub fn with_more(self, file: &str, more: &str) -> Self {
        let text = format!("{}\n{more}\n", self.text(file));
        self.write(file, &text)
    }

    /// With `text` as the whole of `file`, which need not be there.
    #[must_use]
    pub fn with_whole(self, file: &str, text: &str) -> Self {
        let path = self.path().join(file);
        let folder = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(folder).expect("the copied city can be written");
        self.write(file, text)
    }

    /// The tiny city on a ground of tiles, of the archive that [`tiles::archive`] makes.
    #[must_use]
    pub fn tiled() -> Self {
        let copy = Self::new().with_whole("map/layers.toml", TILED);
        let archive = copy.path().join("map/city.pmtiles");
        std::fs::write(archive, tiles::archive()).expect("the copied city can be written");
        copy
    }

    /// What `file` says.
    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file))
            .unwrap_or_else(|error| panic!("{file} of the copied city: {error}"))
    }

    /// The tiny city with `test.readings`: how many manhole readings came in the last hour.
    #[must_use]
    pub fn counting() -> Self {
        Self::new().with_more(
            "metrics.toml",
            r#"
[[metric]]
id        = "test.readings"
name      = { zh = "读数", en = "Readings" }
domain    = "water"
source    = { feed = "manhole", property = "water_level" }
aggregate = "count"
window    = { sliding = "1h", every = "1m" }
unit      = "1"
"#,
        )
    }

    fn write(self, file: &str, text: &str) -> Self {
        std::fs::write(self.path().join(file), text).expect("the copied city can be written");
        self
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the temp folder can be written");
    for entry in std::fs::read_dir(from).expect("the city package can be read") {
        let from = entry.expect("the city package can be read").path();
        let name = from.file_name().expect("an entry of a folder has a name");
        let to = to.join(name);
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("the city package can be copied");
        }
    }
}
