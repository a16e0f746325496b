//! Personal data at rest: sealed under keys that can be erased one by one.
//!
//! Every report with personal fields has a random [`DataKey`] of its own, and so has every other
//! message that is sealed because its feed carries such fields. The data folder's one key, which
//! lives beside the database, wraps them; wrapped, they are rows of the database
//! ([`crate::store::personal`]). Erasing the row erases what the key sealed wherever it lies, also
//! where nothing can be edited any more, and leaves the journal whole.
//!
//! So that a person can be found without opening anything, there is a blind index: of each value a
//! [`Word`], which only the data folder's key can make.

mod data_key;
pub(crate) mod mask;
pub(crate) mod payload;
pub(crate) mod text;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hmac::digest::InvalidLength;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};

pub(crate) use self::data_key::{DataKey, Wrapped};
use self::data_key::{KEY_BYTES, closed, opened};

/// File name of the key in the data folder.
const KEY_FILE: &str = "personal.key";

/// What a sealed text was sealed as. One that is put where another belongs does not open.
const AS_KEY: &[u8] = b"egret key 1";

/// Texts from before there were data keys were sealed as nothing in particular.
const AS_BEFORE: &[u8] = b"";

/// What the blind index's key is made for.
const FOR_INDEX: &[u8] = b"egret blind index 1";

/// Length of a word of the blind index. Of a billion values no two share their 128 bits.
const WORD_BYTES: usize = 16;

/// What a value is found by. Equal for equal values; without the key it says no more than that.
pub(crate) type Word = [u8; WORD_BYTES];

/// The key could not be read or made.
#[derive(Debug, thiserror::Error)]
#[error("the key of personal data, {path}: {why}")]
pub(crate) struct NoKey {
    path: String,
    why: String,
}

/// Wraps the keys of personal data. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Seal {
    cipher: XChaCha20Poly1305,
    index: Hmac<Sha256>,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// The seal of the data folder; its key is made at the first start, readable by its owner
    /// alone.
    ///
    /// # Errors
    /// [`NoKey`].
    pub(crate) fn open(folder: &Path) -> Result<Self, NoKey> {
        if let Some(seal) = Self::existing(folder)? {
            return Ok(seal);
        }
        let failed = |why: String| no_key(folder, why);
        let mut key = [0_u8; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|error| failed(error.to_string()))?;
        write_key(folder, &key).map_err(|error| failed(error.to_string()))?;
        Self::of(&key).map_err(failed)
    }

    /// The seal of the data folder, if it has one.
    ///
    /// # Errors
    /// [`NoKey`] if there is one that cannot be read.
    pub(crate) fn existing(folder: &Path) -> Result<Option<Self>, NoKey> {
        let failed = |why: String| no_key(folder, why);
        let mut file = match File::open(folder.join(KEY_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let mut key = [0_u8; KEY_BYTES];
        file.read_exact(&mut key)
            .map_err(|error| failed(format!("{error}; a key has {KEY_BYTES} bytes")))?;
        Self::of(&key).map(Some).map_err(failed)
    }

    fn of(key: &[u8; KEY_BYTES]) -> Result<Self, String> {
        let index = Sha256::new()
            .chain_update(FOR_INDEX)
            .chain_update(key)
            .finalize();
        Ok(Self {
            cipher: XChaCha20Poly1305::new(key.into()),
            index: Mac::new_from_slice(&index).map_err(|error: InvalidLength| error.to_string())?,
        })
    }

    /// A new data key, and the same wrapped; `None` if the system has no randomness, which is
    /// logged as ERROR.
    pub(crate) fn new_key(&self) -> Option<(DataKey, Wrapped)> {
        let key = DataKey::random()?;
        let wrapped = closed(&self.cipher, key.bytes(), AS_KEY);
        (!wrapped.is_empty()).then_some((key, wrapped))
    }

    /// The key that `wrapped` wraps; `None` if this seal did not wrap it.
    pub(crate) fn unwrap(&self, wrapped: &[u8]) -> Option<DataKey> {
        DataKey::from_bytes(&opened(&self.cipher, wrapped, AS_KEY)?)
    }

    /// What was sealed before there were data keys.
    pub(crate) fn open_old(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        opened(&self.cipher, sealed, AS_BEFORE)
    }

    /// The word of the blind index for a value in its [normal form](text::normal).
    pub(crate) fn word(&self, normal: &str) -> Word {
        let whole = self.index.clone().chain_update(normal).finalize();
        let whole: [u8; 32] = whole.into_bytes().into();
        whole.first_chunk().copied().unwrap_or_default()
    }

    /// `plain`, sealed as it was before there were data keys.
    #[cfg(test)]
    pub(crate) fn close_old(&self, plain: &[u8]) -> Vec<u8> {
        closed(&self.cipher, plain, AS_BEFORE)
    }
}

fn no_key(folder: &Path, why: String) -> NoKey {
    NoKey {
        path: folder.join(KEY_FILE).display().to_string(),
        why,
    }
}

/// Writes the key so that it is there whole or not at all, and is on the disk before anything is
/// sealed with it.
fn write_key(folder: &Path, key: &[u8]) -> std::io::Result<()> {
    let unfinished = folder.join(format!("{KEY_FILE}.new"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(key)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(KEY_FILE))?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_shows_nothing_and_opens_with_the_same_key_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (key, wrapped) = Seal::open(folder.path()).unwrap().new_key().unwrap();
        let sealed = key.close(b"13800005678", b"here");
        assert!(!sealed.windows(11).any(|window| window == b"13800005678"));
        let again = Seal::open(folder.path()).unwrap().unwrap(&wrapped).unwrap();
        assert_eq!(again.open(&sealed, b"here").unwrap(), b"13800005678");
        assert_eq!(again.open(&sealed, b"there"), None, "not in another place");
        assert_eq!(again.open(&sealed[1..], b"here"), None);
    }

    #[test]
    fn the_key_of_another_folder_opens_nothing_and_finds_nothing() {
        let [mine, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [mine, other] = [mine, other].map(|folder| Seal::open(folder.path()).unwrap());
        let (_, wrapped) = mine.new_key().unwrap();
        assert!(mine.unwrap(&wrapped).is_some() && other.unwrap(&wrapped).is_none());
        assert_eq!(mine.word("13800005678"), mine.word("13800005678"));
        assert_ne!(mine.word("13800005678"), mine.word("13800005679"));
        assert_ne!(mine.word("13800005678"), other.word("13800005678"));
    }

    #[test]
    fn a_key_that_was_cut_short_is_an_error_that_names_the_file_and_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Seal::existing(folder.path()).unwrap().is_none());
        std::fs::write(folder.path().join(KEY_FILE), [7; 31]).unwrap();
        let error = Seal::open(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("personal.key") && error.contains("32"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Seal::open(folder.path()).unwrap();
        let file = std::fs::metadata(folder.path().join(KEY_FILE)).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
}
