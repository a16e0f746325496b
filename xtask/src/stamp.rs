//! Fingerprints of a step's inputs, kept in stamp files, so that unchanged work is skipped.
//!
//! Content counts, not modification times: a fresh clone with a warm cache skips as much as a
//! second start in the same folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use xxhash_rust::xxh3::Xxh3;

/// Collects what a result depends on.
#[derive(Default)]
pub(crate) struct Fingerprint(Xxh3);

impl Fingerprint {
    /// Adds a word that decides over the result: a version, an option, a name.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update(&text.len().to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Adds a file's content.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn file(mut self, file: &Path) -> Result<Self> {
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        self.0.update(&content.len().to_le_bytes());
        self.0.update(&content);
        Ok(self)
    }

    /// The fingerprint as 16 hexadecimal digits.
    pub(crate) fn finish(self) -> String {
        format!("{:016x}", self.0.digest())
    }
}

/// Whether `stamp` says that the result was made from these inputs.
pub(crate) fn is_current(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == fingerprint)
}

/// Remembers that the result was made from these inputs; call it when the result is complete.
///
/// # Errors
/// When the stamp cannot be written.
pub(crate) fn record(stamp: &Path, fingerprint: &str) -> Result<()> {
    write(stamp, fingerprint.as_bytes())
}

/// Writes a file and the folders above it.
///
/// # Errors
/// When the disk refuses; the message names the file.
pub(crate) fn write(file: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        make_folder(folder)?;
    }
    fs::write(file, content).with_context(|| format!("writing {}", file.display()))
}

/// Makes a folder and those above it.
///
/// # Errors
/// When the disk refuses; the message names the folder.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))
}

/// Makes a folder that is empty, whatever was there.
///
/// # Errors
/// When the disk refuses; the message names the folder.
pub(crate) fn make_empty_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    make_folder(folder)
}

/// All files below a folder, in the order of their names; none when the folder is missing.
///
/// # Errors
/// When a folder cannot be listed.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        let entries =
            fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_apart_where_one_word_ends_and_the_next_begins() {
        let one = Fingerprint::default().text("ab").text("c").finish();
        let other = Fingerprint::default().text("a").text("bc").finish();
        assert_ne!(one, other);
    }
}
