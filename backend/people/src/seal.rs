//! The key in `audit.key`, and the MACs under it.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::error::PeopleError;
use crate::secret;

/// A seal: HMAC-SHA-256.
pub(crate) type Seal = [u8; 32];

/// Bytes of a block of SHA-256. A shorter key is filled with zeros, which is HMAC's own rule.
const BLOCK_BYTES: usize = 64;

/// The key of the audit trail. It has no `Debug`.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl From<[u8; 32]> for Key {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Key {
    /// Reads the key at `path`; `None` if there is no such file.
    ///
    /// # Errors
    /// If it cannot be read or is no key.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, PeopleError> {
        if !path.exists() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(64).read_to_end(&mut bytes))
            .map_err(|error| PeopleError::file(path, error))?;
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_length| {
            PeopleError::file(
                path,
                format!(
                    "has {} bytes instead of 32: put it back from a backup",
                    bytes.len()
                ),
            )
        })?;
        Ok(Some(Self(key)))
    }

    /// Makes a key at `path`, readable by its owner alone.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn make(path: &Path) -> Result<Self, PeopleError> {
        let key = secret::random()?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(&key)?;
                file.sync_all()
            })
            .map_err(|error| PeopleError::file(path, error))?;
        Ok(Self(key))
    }

    /// The MAC over these parts, one after the other. Whoever calls sees to it that no two lists of
    /// parts read the same.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Seal {
        let mut block = [0; BLOCK_BYTES];
        for (place, byte) in block.iter_mut().zip(self.0) {
            *place = byte;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_is_that_of_the_standard() {
        // RFC 4231, test case 1, whose key has 20 bytes: zeros fill up any key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            secret::hex(&Key::from(key).mac(&[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_a_cut_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        assert!(Key::read(&path).unwrap().is_none());
        let made = Key::make(&path).unwrap();
        assert_eq!(Key::read(&path).unwrap().unwrap().0, made.0);
        assert!(Key::make(&path).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(&path, [1; 31]).unwrap();
        let why = Key::read(&path).err().unwrap().to_string();
        assert!(why.contains("31 bytes"), "{why}");
    }
}
