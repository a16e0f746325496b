//! Passwords: what may be one, and its hash, argon2id in PHC format.
//!
//! Few are hashed at the same time. A name that is nobody takes as long as one that is somebody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::{PeopleError, Refused};
use crate::limits::{HASHES_MAX, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, WAITING_MAX};
use crate::secret;

/// What hashing costs. OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// What is used.
    pub(crate) const REAL: Self = Self {
        memory_kib: 19_456,
        passes: 2,
    };

    /// The least there is, for tests that sign in thousands of times.
    #[cfg(test)]
    pub(crate) const LEAST: Self = Self {
        memory_kib: 8,
        passes: 1,
    };
}

/// Hashes passwords.
pub(crate) struct Passwords {
    argon: Argon2<'static>,
    /// A hash with no password, for names that are nobody.
    nobodys: String,
    lanes: Lanes,
    n_checked: AtomicU64,
}

impl Passwords {
    pub(crate) fn new(cost: Cost) -> Result<Self, PeopleError> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None).map_err(hashing)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt = SaltString::encode_b64(&secret::random::<16>()?).map_err(hashing)?;
        let hash = SaltString::encode_b64(&secret::random::<32>()?).map_err(hashing)?;
        let Cost { memory_kib, passes } = cost;
        Ok(Self {
            argon,
            nobodys: format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}"),
            lanes: Lanes::default(),
            n_checked: AtomicU64::new(0),
        })
    }

    /// The hash of a password, in PHC format.
    ///
    /// # Errors
    /// If the system has no randomness, or its memory is at an end.
    pub(crate) fn hash(&self, password: &str) -> Result<String, Refused> {
        let _lane = self.lanes.enter(true);
        let salt = SaltString::encode_b64(&secret::random::<16>()?).map_err(hashing)?;
        let hash = self
            .argon
            .hash_password(password.as_bytes(), &salt)
            .map_err(hashing)?;
        Ok(hash.to_string())
    }

    /// Whether `password` is the one with this hash. `None`, for a name that is nobody, takes as
    /// long and is never right.
    ///
    /// # Errors
    /// [`Refused::TooMany`] if too many wait; who is known always may.
    pub(crate) fn is_right(
        &self,
        hash: Option<&str>,
        password: &str,
        is_known: bool,
    ) -> Result<bool, Refused> {
        let _lane = self
            .lanes
            .enter(is_known)
            .ok_or_else(|| Refused::TooMany("sign-ins at once: try again".to_owned()))?;
        let parsed = PasswordHash::new(hash.unwrap_or(&self.nobodys)).map_err(hashing)?;
        let is_short = password.len() <= PASSWORD_BYTES_MAX;
        let tried = if is_short { password } else { "" };
        self.n_checked.fetch_add(1, Ordering::Relaxed);
        let is_right = self
            .argon
            .verify_password(tried.as_bytes(), &parsed)
            .is_ok();
        Ok(is_right && is_short && hash.is_some())
    }

    /// How many were hashed to be compared, whether somebody's or nobody's.
    pub(crate) fn n_checked(&self) -> u64 {
        self.n_checked.load(Ordering::Relaxed)
    }
}

/// An error of argon2 or of its format.
fn hashing(error: impl std::fmt::Display) -> PeopleError {
    PeopleError::Hash(format!("{error}"))
}

/// Whether `password` may be the one of `name`.
///
/// # Errors
/// [`Refused::WeakPassword`] with what to do.
pub(crate) fn check(password: &str, name: &str) -> Result<(), Refused> {
    let n_chars = password.chars().count();
    let why = if n_chars < PASSWORD_CHARS_MIN {
        format!("the password has {n_chars} characters: take at least {PASSWORD_CHARS_MIN}")
    } else if password.len() > PASSWORD_BYTES_MAX {
        format!(
            "the password has {} bytes: take at most {PASSWORD_BYTES_MAX}",
            password.len()
        )
    } else if password.to_lowercase() == name.to_lowercase() {
        "the password is the name: take another".to_owned()
    } else {
        return Ok(());
    };
    Err(Refused::WeakPassword(why))
}

/// Lets few hash at the same time, and few strangers wait.
#[derive(Debug)]
struct Lanes {
    free: Mutex<Free>,
    freed: Condvar,
}

#[derive(Debug)]
struct Free {
    n_free: usize,
    n_strangers: usize,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            free: Mutex::new(Free {
                n_free: HASHES_MAX,
                n_strangers: 0,
            }),
            freed: Condvar::new(),
        }
    }
}

impl Lanes {
    /// A lane, as soon as one is free; none for a stranger behind too many others.
    fn enter(&self, is_known: bool) -> Option<Lane<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_known {
            if free.n_strangers >= WAITING_MAX {
                return None;
            }
            free.n_strangers += 1;
        }
        let mut free = self
            .freed
            .wait_while(free, |free| free.n_free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        free.n_free -= 1;
        if !is_known {
            free.n_strangers -= 1;
        }
        Some(Lane(self))
    }
}

/// A lane that is given back when it is dropped.
#[derive(Debug)]
struct Lane<'a>(&'a Lanes);

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.n_free += 1;
        drop(free);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_in_phc_format_and_right_for_its_password_alone() {
        let passwords = Passwords::new(Cost::REAL).unwrap();
        let hash = passwords.hash("correct horse").unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let is_right = |hash, password| passwords.is_right(hash, password, false).unwrap();
        assert!(is_right(Some(&hash), "correct horse"));
        assert!(!is_right(Some(&hash), "Correct horse"));
        assert!(!is_right(None, "correct horse"));
        assert_ne!(hash, passwords.hash("correct horse").unwrap());
    }

    #[test]
    fn the_hash_of_nobody_costs_as_much_as_a_real_one() {
        let passwords = Passwords::new(Cost::REAL).unwrap();
        let real = passwords.hash("correct horse").unwrap();
        let cost = |hash: &str| hash.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(&real), cost(&passwords.nobodys));
        assert_eq!(real.len(), passwords.nobodys.len());
    }

    #[test]
    fn short_endless_and_own_names_are_no_passwords() {
        assert!(check("correct horse", "lin").is_ok());
        assert!(check("白鹭白鹭白鹭白鹭白鹭", "lin").is_ok());
        for (password, word) in [
            ("ninechars", "at least 10"),
            ("Lin.Meihua", "is the name"),
            (&"x".repeat(1_025), "at most 1024"),
        ] {
            let why = check(password, "lin.meihua").unwrap_err().to_string();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn strangers_cannot_fill_the_queue_of_those_who_are_known() {
        let lanes = Lanes::default();
        let held: Vec<_> = (0..HASHES_MAX).map(|_| lanes.enter(true)).collect();
        lanes.free.lock().unwrap().n_strangers = WAITING_MAX;
        assert!(lanes.enter(false).is_none());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lanes.enter(true).is_some());
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert_eq!(lanes.free.lock().unwrap().n_free, HASHES_MAX);
    }
}
