//! The cookie of a browser that has signed in before: whose, and a number of its own, under a MAC.
//!
//! It lets nobody in. It only says that this browser's failures are counted by themselves.

use crate::error::PeopleError;
use crate::seal::Key;
use crate::secret;

/// What goes into the MAC before the user and the number.
const CONTEXT: &[u8] = b"egret-known-browser-v1";

/// Random bytes of a browser's number.
const NUMBER_BYTES: usize = 16;

/// Bytes of the MAC.
const MAC_BYTES: usize = 32;

/// A new value for a browser of `user`.
pub(crate) fn value(key: &Key, user: &str) -> Result<String, PeopleError> {
    let mut bytes = user.as_bytes().to_vec();
    bytes.extend(secret::random::<NUMBER_BYTES>()?);
    let mac = key.mac(&[CONTEXT, &bytes]);
    bytes.extend(mac);
    Ok(secret::base64(&bytes))
}

/// Whether `value` was given to a browser of `user`.
pub(crate) fn is_of(key: &Key, value: &str, user: &str) -> bool {
    let Some(bytes) = secret::from_base64(value) else {
        return false;
    };
    let Some(at) = bytes.len().checked_sub(MAC_BYTES) else {
        return false;
    };
    let (said, mac) = bytes.split_at(at);
    let n_user = said.len().saturating_sub(NUMBER_BYTES);
    said.get(..n_user) == Some(user.as_bytes()) && secret::is_same(&key.mac(&[CONTEXT, said]), mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_its_user_alone_and_cannot_be_changed() {
        let key = Key::from([7; 32]);
        let one = value(&key, "0123456789abcdef").unwrap();
        assert!(is_of(&key, &one, "0123456789abcdef"));
        assert!(!is_of(&key, &one, "0123456789abcdee"));
        assert!(!is_of(&Key::from([8; 32]), &one, "0123456789abcdef"));
        assert_ne!(one, value(&key, "0123456789abcdef").unwrap());
        for place in 0..one.len() {
            let mut changed = one.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(!is_of(&key, &changed, "0123456789abcdef"), "{place}");
        }
        for nonsense in ["", "A", "not base64!"] {
            assert!(!is_of(&key, nonsense, ""));
        }
    }
}
