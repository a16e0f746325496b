//! Attachments: files by the SHA-256 of their bytes, beside the database.
//!
//! A file is on the disk before the command that names it is in the journal, so that no command
//! names a file that is not there. One that no command came to name is left over; it is found again
//! by its hash when it is sent again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::journal::JournalError;

/// Name of the folder within the data folder.
const FOLDER: &str = "attachments";

/// Where attachments are. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    folder: Arc<Path>,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The SHA-256 of its bytes in hex.
    pub hash: SmolStr,
}

impl Files {
    /// The attachments in a data folder; it is made when the first one comes.
    pub(crate) fn of(data: &Path) -> Self {
        Self {
            folder: data.join(FOLDER).into(),
        }
    }

    /// Keeps `bytes`, durably.
    ///
    /// # Errors
    /// If the disk does not take them.
    pub(crate) fn put(&self, bytes: &[u8]) -> Result<Taken, JournalError> {
        let hash = format!("{:x}", Sha256::digest(bytes));
        let path = self.path(&hash);
        if path.exists() {
            return Ok(Taken { hash: hash.into() });
        }
        let failed = |error: std::io::Error| kept_error(&path, &error);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(failed)?;
        // Two who send the same at once each write a file of their own.
        let own = format!("{hash}.{:?}.part", std::thread::current().id());
        let part = folder.join(own.replace(['(', ')'], ""));
        let mut file = fs::File::create(&part).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&part, &path).map_err(failed)?;
        let folder = fs::File::open(folder).map_err(failed)?;
        folder.sync_all().map_err(failed)?;
        Ok(Taken { hash: hash.into() })
    }

    /// The bytes of the file with this hash; `None` if there is none.
    ///
    /// # Errors
    /// If the disk does not give them.
    pub(crate) fn get(&self, hash: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Ok(None);
        }
        let path = self.path(hash);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(kept_error(&path, &error)),
        }
    }

    /// Folders by the first two digits, so that none holds too many.
    fn path(&self, hash: &str) -> PathBuf {
        let (head, _) = hash.split_at_checked(2).unwrap_or((hash, ""));
        self.folder.join(head).join(hash)
    }
}

fn kept_error(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::Kept {
        what: path.display().to_string(),
        why: error.to_string(),
    }
}

/// The media type of a file by its first bytes; `None` if it is none that is taken.
///
/// # Source
/// The signatures of PNG, JPEG, RIFF/WebP and PDF. Plain text has none: it is what is UTF-8 without
/// control characters.
pub(crate) fn media_of(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if is_webp {
        Some("image/webp")
    } else if bytes.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else {
        let text = std::str::from_utf8(bytes).ok()?;
        let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        (!text.is_empty() && text.chars().all(is_plain)).then_some("text/plain; charset=utf-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_bytes_and_kept_once() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::of(data.path());
        let one = files.put(b"hello").unwrap();
        assert_eq!(files.put(b"hello").unwrap(), one);
        assert_eq!(files.get(&one.hash).unwrap().unwrap(), b"hello");
        assert_eq!(files.get("../../etc/passwd").unwrap(), None);
        assert_eq!(files.get(&"0".repeat(64)).unwrap(), None);
    }

    #[test]
    fn what_a_file_is_is_told_by_its_bytes() {
        assert_eq!(media_of(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(media_of(b"RIFF....WEBPVP8 "), Some("image/webp"));
        assert_eq!(
            media_of("积水 15 cm\n".as_bytes()),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(media_of(b"MZ\x90\x00\x03"), None);
        assert_eq!(media_of(b""), None);
    }
}
