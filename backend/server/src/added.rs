//! What was added to the city package while it was in force: files in the data folder, one for each
//! feed, and the package that the city's own files and those come to.
//!
//! An addition that does not fit any more, since the package's own files have changed, is left out and
//! told; it does not keep the server from starting.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use egret_package::{Package, additions};
use egret_shared::id::FeedId;
use egret_shared::package::addition::{AddedRow, Addition};

use crate::city_files::{BadPackage, CityFiles};

/// Name of the folder within the data folder.
const FOLDER: &str = "added";

/// Longest id of a feed that is added, in characters: it is a file's name, too.
const ID_CHARS_MAX: usize = 64;

/// Most additions: beyond that the package's own files are the better place.
pub(crate) const ADDITIONS_MAX: usize = 200;

/// The folder. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    folder: PathBuf,
}

/// An addition that is kept, and why it is not in force, if it is not.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What it says.
    pub addition: Addition,
    /// A sentence; absent if it is in force.
    pub fault: Option<String>,
}

/// The package with what was added, and how each addition does.
pub(crate) struct Whole {
    /// The files, with the additions that are in force at their ends.
    pub files: CityFiles,
    /// What they come to.
    pub package: Package,
    /// Every addition.
    pub kept: Vec<Kept>,
}

impl Added {
    /// The additions in a data folder.
    pub(crate) fn of(data: &Path) -> Self {
        Self {
            folder: data.join(FOLDER),
        }
    }

    /// All of them, by their feeds' ids. One whose file cannot be read is told in the log and left out.
    pub(crate) fn load(&self) -> Vec<Addition> {
        let mut paths: Vec<PathBuf> = match fs::read_dir(&self.folder) {
            Ok(folder) => folder.flatten().map(|entry| entry.path()).collect(),
            Err(_absent) => Vec::new(),
        };
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        paths.sort();
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
            toml::from_str(&text).map_err(|error| error.to_string())
        };
        let told = |path: PathBuf| match read(&path) {
            Ok(addition) => Some(addition),
            Err(why) => {
                tracing::error!(path = %path.display(), why, "an addition cannot be read and is left out");
                None
            }
        };
        paths.into_iter().filter_map(told).collect()
    }

    /// Keeps an addition, durably, in place of the one of the same feed.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub(crate) fn put(&self, addition: &Addition) -> io::Result<()> {
        let text = toml::to_string(addition).map_err(io::Error::other)?;
        fs::create_dir_all(&self.folder)?;
        let path = self.path(&addition.feed.id);
        let part = path.with_extension("part");
        let mut file = fs::File::create(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        self.sync()
    }

    /// Lets the addition of a feed go, durably.
    ///
    /// # Errors
    /// If the disk does not.
    pub(crate) fn remove(&self, feed: &FeedId) -> io::Result<()> {
        fs::remove_file(self.path(feed))?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.folder)?.sync_all()
    }

    fn path(&self, feed: &FeedId) -> PathBuf {
        self.folder.join(format!("{feed}.toml"))
    }
}

/// Whether a feed may be added by this id, which becomes a part of topics, addresses and a file's name.
///
/// # Errors
/// A sentence.
pub(crate) fn check_id(feed: &FeedId) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let id = feed.as_str();
    let begins_well = id.starts_with(|c: char| c.is_ascii_lowercase());
    if begins_well && id.chars().all(is_plain) && id.len() <= ID_CHARS_MAX {
        return Ok(());
    }
    Err(format!(
        "feed id \"{id}\": write it in a to z, 0 to 9, - and _, beginning with a letter, \
         {ID_CHARS_MAX} characters at most"
    ))
}

impl CityFiles {
    /// These files with `additions`, those that fit.
    ///
    /// # Errors
    /// If the files themselves have mistakes.
    pub(crate) fn with(&self, additions: Vec<Addition>) -> Result<Whole, BadPackage> {
        if additions.is_empty() {
            return Ok(Whole {
                package: self.load()?,
                files: self.clone(),
                kept: Vec::new(),
            });
        }
        if let Ok((files, package)) = self.with_all(&additions) {
            let kept = |addition| Kept {
                addition,
                fault: None,
            };
            return Ok(Whole {
                files,
                package,
                kept: additions.into_iter().map(kept).collect(),
            });
        }
        self.with_those_that_fit(additions)
    }

    /// The package with all of `additions`.
    ///
    /// # Errors
    /// Sentences: what is wrong with them.
    pub(crate) fn with_all(&self, added: &[Addition]) -> Result<(Self, Package), Vec<String>> {
        let texts = additions::merged(&self.texts(), added).map_err(|why| vec![why])?;
        let package = Package::load(&texts)
            .map_err(|problems| problems.iter().map(additions::sentence).collect::<Vec<_>>())?;
        Ok((self.clone().with_texts(texts), package))
    }

    fn with_those_that_fit(&self, additions: Vec<Addition>) -> Result<Whole, BadPackage> {
        let mut fit: Vec<Addition> = Vec::new();
        let mut kept = Vec::new();
        let mut whole = (self.clone(), self.load()?);
        for addition in additions {
            fit.push(addition.clone());
            let fault = match self.with_all(&fit) {
                Ok(fits) => {
                    whole = fits;
                    None
                }
                Err(mistakes) => {
                    fit.pop();
                    let why = mistakes.join("; ");
                    tracing::error!(feed = %addition.feed.id, why, "what was added does not fit and is left out");
                    Some(why)
                }
            };
            kept.push(Kept { addition, fault });
        }
        let (files, package) = whole;
        Ok(Whole {
            files,
            package,
            kept,
        })
    }
}

impl Kept {
    /// What is told of it.
    pub(crate) fn row(&self) -> AddedRow {
        AddedRow {
            feed: self.addition.feed.id.clone(),
            toml: additions::toml(&self.addition).unwrap_or_default(),
            addition: self.addition.clone(),
            fault: self.fault.clone(),
        }
    }
}
