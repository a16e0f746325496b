//! The fingerprint of the city's state: equal states have equal hashes, on any machine and after
//! any number of restarts.
//!
//! The state is written in its canonical form (the checkpoint's, where no hash order shows) and
//! digested on the way, without ever standing in memory as a whole.

use std::fmt;

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

/// Fingerprint of a city's state at one seq: 128 bits, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateHash(pub u128);

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How many bytes are gathered before they are digested: postcard writes single bytes, XXH3 likes
/// whole stripes.
const GATHERED_BYTES: usize = 4096;

/// A postcard output that keeps nothing but the digest.
struct Digest {
    hasher: Xxh3,
    gathered: Vec<u8>,
}

impl Digest {
    fn new() -> Self {
        Self {
            hasher: Xxh3::new(),
            gathered: Vec::with_capacity(GATHERED_BYTES),
        }
    }

    fn flush(&mut self) {
        self.hasher.update(&self.gathered);
        self.gathered.clear();
    }
}

impl Flavor for Digest {
    type Output = StateHash;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.gathered.push(byte);
        if self.gathered.len() >= GATHERED_BYTES {
            self.flush();
        }
        Ok(())
    }

    fn finalize(mut self) -> postcard::Result<StateHash> {
        self.flush();
        Ok(StateHash(self.hasher.digest128()))
    }
}

/// The fingerprint of `state`. A state that postcard cannot write has the fingerprint 0, which no
/// state of this crate does.
pub(crate) fn hash_of<T: Serialize>(state: &T) -> StateHash {
    postcard::serialize_with_flavor(state, Digest::new()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_written_form() {
        let state: Vec<u32> = (0..10_000).collect();
        let bytes = postcard::to_stdvec(&state).unwrap();
        assert_eq!(
            hash_of(&state),
            StateHash(xxhash_rust::xxh3::xxh3_128(&bytes))
        );
    }

    #[test]
    fn the_hash_is_shown_in_32_digits() {
        assert_eq!(StateHash(0xab).to_string(), format!("{}ab", "0".repeat(30)));
    }
}
