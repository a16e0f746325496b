//! The one-time code of the first start, which says that whoever makes the first admin can read
//! what the server prints.
//!
//! It lives in memory, as a hash, until there is an account; every start of the server has another.

use crate::error::PeopleError;
use crate::limits::FIRST_TRIES_MAX;
use crate::people::People;
use crate::secret::{self, Digest};
use crate::state::lock;

/// Groups of the code: 59 bits.
const GROUPS: usize = 3;

/// What somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The code.
    Right,
    /// Another one.
    Wrong,
    /// Anything, while no code is good.
    Void,
}

/// The code.
pub(crate) struct FirstCode {
    /// Absent once it is void.
    digest: Option<Digest>,
    /// To be handed out once.
    unread: Option<String>,
    n_wrong: u32,
}

impl FirstCode {
    /// A code, if there is to be one.
    pub(crate) fn new(is_needed: bool) -> Result<Self, PeopleError> {
        let unread = is_needed.then(|| secret::code(GROUPS)).transpose()?;
        Ok(Self {
            digest: unread
                .as_deref()
                .map(|code| secret::digest(&secret::typed_code(code))),
            unread,
            n_wrong: 0,
        })
    }

    /// What somebody typed. Too many wrong ones make the code void.
    pub(crate) fn try_code(&mut self, typed: &str) -> Tried {
        let Some(digest) = &self.digest else {
            return Tried::Void;
        };
        if secret::is_same(&secret::digest(&secret::typed_code(typed)), digest) {
            return Tried::Right;
        }
        self.n_wrong += 1;
        if self.n_wrong >= FIRST_TRIES_MAX {
            self.void();
            tracing::warn!(
                "the code of the first start is void after {FIRST_TRIES_MAX} wrong tries: start the server again"
            );
        }
        Tried::Wrong
    }

    /// It is no longer good.
    pub(crate) fn void(&mut self) {
        self.digest = None;
        self.unread = None;
    }
}

impl People {
    /// The code with which the first admin is made, three groups of four, while there is no
    /// account. It is handed out once, to be printed; after that there is only its hash.
    pub fn first_code(&self) -> Option<String> {
        if self.has_account() {
            return None;
        }
        lock(&self.0.first).unread.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_right_however_it_is_typed_and_void_after_ten_wrong_tries() {
        let mut first = FirstCode::new(true).unwrap();
        let code = first.unread.clone().unwrap();
        for _ in 0..9 {
            assert_eq!(first.try_code("2222-2222-2222"), Tried::Wrong);
        }
        let typed = code.to_lowercase().replace('-', "");
        assert_eq!(first.try_code(&typed), Tried::Right);
        assert_eq!(first.try_code(""), Tried::Wrong);
        assert_eq!(first.try_code(&code), Tried::Void);
    }

    #[test]
    fn where_there_are_accounts_no_code_is_right() {
        let mut first = FirstCode::new(false).unwrap();
        assert!(first.unread.is_none());
        assert_eq!(first.try_code(""), Tried::Void);
    }
}
