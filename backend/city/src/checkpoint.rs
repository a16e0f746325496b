//! The state as bytes, so that a restart need not fold the whole journal.
//!
//! The head says which version, package and state it is; the hash is checked after reading, so
//! that a checkpoint that was damaged, or written by a build with another layout, is found out.

use serde::{Deserialize, Serialize};

use crate::dedup::Dedup;
use crate::fold::State;
use crate::hash::{StateHash, hash_of};

/// Version of the layout. A change of any type within the state raises it.
pub const VERSION: u32 = 10;

/// Why a checkpoint cannot be used; the caller folds the journal from an older one or from its
/// beginning.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The bytes are no checkpoint.
    #[error("no checkpoint: {0}")]
    Unreadable(#[from] postcard::Error),
    /// Another version wrote it.
    #[error("the checkpoint is of version {found}, not {VERSION}")]
    OtherVersion {
        /// Version in the checkpoint.
        found: u32,
    },
    /// It was made under another city package.
    #[error("the checkpoint is of package {found:016x}, not {expected:016x}")]
    OtherPackage {
        /// Digest in the checkpoint.
        found: u64,
        /// Digest of the package in force.
        expected: u64,
    },
    /// It reads as another state than was written.
    #[error("the checkpoint reads as state {found}, not {expected}")]
    Damaged {
        /// Hash of what was read.
        found: StateHash,
        /// Hash in the head.
        expected: StateHash,
    },
}

/// What stands before the state.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    package: u64,
    hash: u128,
}

/// Fingerprint of a state; identities of messages go in by their sum.
pub(crate) fn fingerprint(state: &State, dedup: &Dedup) -> StateHash {
    hash_of(&(state, dedup.fingerprint()))
}

/// The checkpoint of a state under the package with this digest. Empty if postcard cannot write
/// it, which restoring then refuses.
pub(crate) fn write(package: u64, state: &State, dedup: &Dedup) -> Vec<u8> {
    let head = Head {
        version: VERSION,
        package,
        hash: fingerprint(state, dedup).0,
    };
    postcard::to_stdvec(&(head, state, dedup)).unwrap_or_default()
}

/// The state in a checkpoint of the package with this digest.
///
/// # Errors
/// See [`RestoreError`].
pub(crate) fn read(expected: u64, bytes: &[u8]) -> Result<(State, Dedup), RestoreError> {
    let (head, rest) = postcard::take_from_bytes::<Head>(bytes)?;
    if head.version != VERSION {
        return Err(RestoreError::OtherVersion {
            found: head.version,
        });
    }
    if head.package != expected {
        return Err(RestoreError::OtherPackage {
            found: head.package,
            expected,
        });
    }
    let (state, dedup) = postcard::from_bytes::<(State, Dedup)>(rest)?;
    let (found, expected) = (fingerprint(&state, &dedup), StateHash(head.hash));
    if found == expected {
        Ok((state, dedup))
    } else {
        Err(RestoreError::Damaged { found, expected })
    }
}
