//! Personal data at rest: sealed under a key of its own, which lives beside the database.
//!
//! Erasing the key erases the persons and leaves the journal whole. One key for the data folder
//! for now; a key per person comes with the sign-in of people.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// File name of the key in the data folder.
const KEY_FILE: &str = "personal.key";

/// Length of XChaCha20-Poly1305's nonce, which stands before the sealed bytes.
const NONCE_BYTES: usize = 24;

/// The key could not be read or made.
#[derive(Debug, thiserror::Error)]
#[error("the key of personal data, {path}: {why}")]
pub(crate) struct NoKey {
    path: String,
    why: String,
}

/// Seals personal data.
#[derive(Clone)]
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    /// The seal of the data folder; its key is made at the first start, readable by its owner
    /// alone.
    ///
    /// # Errors
    /// [`NoKey`].
    pub(crate) fn open(folder: &Path) -> Result<Self, NoKey> {
        let path = folder.join(KEY_FILE);
        let failed = |why: String| NoKey {
            path: path.display().to_string(),
            why,
        };
        let mut key = [0_u8; 32];
        if path.exists() {
            let mut file = std::fs::File::open(&path).map_err(|error| failed(error.to_string()))?;
            file.read_exact(&mut key)
                .map_err(|error| failed(error.to_string()))?;
        } else {
            getrandom::fill(&mut key).map_err(|error| failed(error.to_string()))?;
            write_key(&path, &key).map_err(|error| failed(error.to_string()))?;
        }
        Ok(Self(XChaCha20Poly1305::new(&Key::from(key))))
    }

    /// `plain`, sealed; empty if the system has no randomness, which is logged as ERROR.
    pub(crate) fn seal(&self, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE_BYTES];
        if let Err(error) = getrandom::fill(&mut nonce) {
            tracing::error!(%error, "no randomness: personal data is dropped, not kept in clear");
            return Vec::new();
        }
        match self.0.encrypt(&XNonce::from(nonce), plain) {
            Ok(sealed) => [nonce.as_slice(), &sealed].concat(),
            Err(error) => {
                tracing::error!(%error, "sealing failed: personal data is dropped");
                Vec::new()
            }
        }
    }
}

fn write_key(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_shows_nothing_and_opens_with_the_same_key_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Seal::open(folder.path()).unwrap().seal(b"13800005678");
        assert!(!sealed.windows(11).any(|window| window == b"13800005678"));
        let again = Seal::open(folder.path()).unwrap();
        let (nonce, body) = sealed.split_at(NONCE_BYTES);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().unwrap();
        assert_eq!(
            again.0.decrypt(&XNonce::from(nonce), body).unwrap(),
            b"13800005678"
        );
    }
}
