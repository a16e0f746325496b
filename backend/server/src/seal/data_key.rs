//! The key of one report, or of one message, and sealing with it.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

/// Length of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Length of XChaCha20-Poly1305's nonce, which stands before the sealed bytes.
const NONCE_BYTES: usize = 24;

/// What several keys are joined for.
const FOR_PAYLOAD: &[u8] = b"egret payload key 1";

/// A data key as it is kept: sealed by the data folder's key.
pub(crate) type Wrapped = Vec<u8>;

/// Seals personal fields, or the payload in which they came.
#[derive(Clone)]
pub(crate) struct DataKey([u8; KEY_BYTES]);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

impl DataKey {
    /// A new key; `None` if the system has no randomness, which is logged as ERROR.
    pub(super) fn random() -> Option<Self> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key)
            .inspect_err(|error| tracing::error!(%error, "no randomness for a key"))
            .ok()?;
        Some(Self(key))
    }

    /// The key with these bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key that is had only by whoever has all of `keys`, in this order.
    pub(super) fn joined<'a>(keys: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut joined = Sha256::new().chain_update(FOR_PAYLOAD);
        for key in keys {
            joined.update(key.0);
        }
        Self(joined.finalize().into())
    }

    /// `plain`, sealed `as_what`; empty if the system has no randomness, which is logged as ERROR.
    pub(crate) fn close(&self, plain: &[u8], as_what: &[u8]) -> Vec<u8> {
        closed(&XChaCha20Poly1305::new(&self.0.into()), plain, as_what)
    }

    /// What `sealed` seals; `None` unless it was sealed with this key and `as_what`.
    pub(crate) fn open(&self, sealed: &[u8], as_what: &[u8]) -> Option<Vec<u8>> {
        opened(&XChaCha20Poly1305::new(&self.0.into()), sealed, as_what)
    }
}

/// `plain`, sealed; empty if that failed, which is logged as ERROR.
pub(super) fn closed(cipher: &XChaCha20Poly1305, plain: &[u8], as_what: &[u8]) -> Vec<u8> {
    let mut nonce = [0_u8; NONCE_BYTES];
    if let Err(error) = getrandom::fill(&mut nonce) {
        tracing::error!(%error, "no randomness: personal data is dropped, not kept in clear");
        return Vec::new();
    }
    let payload = Payload {
        msg: plain,
        aad: as_what,
    };
    match cipher.encrypt(&XNonce::from(nonce), payload) {
        Ok(sealed) => [nonce.as_slice(), &sealed].concat(),
        Err(error) => {
            tracing::error!(%error, "sealing failed: personal data is dropped");
            Vec::new()
        }
    }
}

/// What `sealed` seals, if it opens.
pub(super) fn opened(cipher: &XChaCha20Poly1305, sealed: &[u8], as_what: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: as_what,
    };
    cipher.decrypt(&XNonce::from(*nonce), payload).ok()
}
