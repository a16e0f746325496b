//! Random secrets, ids and codes, and the hash that is kept of them.
//!
//! A secret of 32 random bytes cannot be guessed, so that SHA-256 is enough for it: argon2 is for
//! what people think up.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::PeopleError;

/// SHA-256 of a secret's text: what is kept of it.
pub(crate) type Digest = [u8; 32];

/// Letters and digits of codes: without 0 and O, 1, I and L, which look alike on a screen.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Characters of a code's group.
const GROUP: usize = 4;

/// The secret of a session: the cookie's value. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(String);

impl SessionSecret {
    /// A new one.
    pub(crate) fn new() -> Result<Self, PeopleError> {
        secret().map(Self)
    }

    /// Its text: 43 characters of base64url.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret")
    }
}

/// What is kept of a secret.
pub(crate) fn digest(text: &str) -> Digest {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether both are the same, in a time that does not tell where they differ.
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], PeopleError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| PeopleError::Random(error.to_string()))?;
    Ok(bytes)
}

/// A secret: 32 random bytes in base64url.
pub(crate) fn secret() -> Result<String, PeopleError> {
    random::<32>().map(|bytes| base64(&bytes))
}

/// An id that says nothing: 16 hexadecimal digits.
pub(crate) fn id() -> Result<String, PeopleError> {
    random::<8>().map(|bytes| hex(&bytes))
}

/// An id that nobody can guess: 32 hexadecimal digits.
pub(crate) fn long_id() -> Result<String, PeopleError> {
    random::<16>().map(|bytes| hex(&bytes))
}

/// A code to be read and typed: `n_groups` groups of four, `7K3M-Q2XW`.
pub(crate) fn code(n_groups: usize) -> Result<String, PeopleError> {
    let n_letters = n_groups * GROUP;
    let mut letters = Vec::with_capacity(n_letters);
    while letters.len() < n_letters {
        // Of 32 equally likely numbers the last has no letter: drawn again, so that all letters
        // stay equally likely.
        for byte in random::<16>()? {
            letters.extend(ALPHABET.get(usize::from(byte & 31)).copied());
        }
    }
    letters.truncate(n_letters);
    let groups: Vec<&str> = letters
        .chunks(GROUP)
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    Ok(groups.join("-"))
}

/// A code as somebody typed it, as [`code`] writes it but without hyphens.
pub(crate) fn typed_code(text: &str) -> String {
    let is_letter = |c: &char| c.is_ascii_alphanumeric();
    text.chars()
        .filter(is_letter)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Bytes in base64url without padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Bytes of base64url without padding; `None` if it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_groups_and_no_look_alikes_and_is_read_as_it_is_typed() {
        for _ in 0..200 {
            let code = code(3).unwrap();
            assert_eq!(code.len(), 14, "{code}");
            assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
            let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
            assert_eq!(typed_code(&typed), code.replace('-', ""));
        }
    }

    #[test]
    fn two_secrets_differ_and_debug_shows_none() {
        let (one, other) = (SessionSecret::new().unwrap(), SessionSecret::new().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 43);
        assert_eq!(format!("{one:?}"), "SessionSecret");
    }

    #[test]
    fn bytes_are_told_in_hexadecimal() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
        assert!(is_same(b"abc", b"abc") && !is_same(b"abc", b"abd") && !is_same(b"abc", b"ab"));
    }
}
