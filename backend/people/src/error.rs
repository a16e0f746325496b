//! What can go wrong with the file, and why somebody is refused.

use std::fmt;
use std::path::Path;

/// The file of people, or what it needs, failed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The database failed.
    #[error("people.db: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file cannot be read or made, or does not fit the others.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// A row cannot be understood.
    #[error("people.db: table {table}, \"{id}\": {why}; put the file back from a backup")]
    Row {
        /// Of which table.
        table: &'static str,
        /// Its id.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
}

impl PeopleError {
    /// The file at `path` is wrong.
    pub(crate) fn file(path: &Path, why: impl fmt::Display) -> Self {
        Self::File {
            path: path.display().to_string(),
            why: format!("{why}"),
        }
    }
}

/// Why somebody is not let in, or something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Name or password, or the old password, is wrong. Never says which.
    #[error("the name or the password is wrong")]
    BadCredentials,
    /// Too many failures from there.
    #[error("too many failed tries: try again in {retry_after_s} s")]
    Locked {
        /// When the next try counts, in whole seconds from now, at least 1.
        retry_after_s: u64,
    },
    /// The code of the first start is wrong, void, or no longer needed.
    #[error("the code is wrong or no longer good: take the newest one that the server printed")]
    BadCode,
    /// The password cannot be one; says why.
    #[error("{0}")]
    WeakPassword(String),
    /// Somebody else has this name.
    #[error("\"{0}\" is taken: choose another name")]
    NameTaken(String),
    /// Nobody could manage people any more.
    #[error("this is the last admin: make another one first")]
    LastAdmin,
    /// There is no such thing; names it.
    #[error("there is no {0}")]
    Missing(String),
    /// A field cannot be so; names it, the value and what to do.
    #[error("{0}")]
    Invalid(String),
    /// There are too many already; says of what.
    #[error("there are too many {0}")]
    TooMany(String),
    /// The challenge is not this device's, is over, or was signed with another key.
    #[error("the signature is not this device's: ask for a new challenge")]
    BadSignature,
    /// The file failed.
    #[error(transparent)]
    Store(#[from] PeopleError),
}

impl Refused {
    /// The word that programs tell refusals apart by, as in `docs/access.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::Locked { .. } => "locked",
            Self::BadCode => "bad_code",
            Self::WeakPassword(_) => "weak_password",
            Self::NameTaken(_) => "name_taken",
            Self::LastAdmin => "last_admin",
            Self::Missing(_) => "missing",
            Self::Invalid(_) => "invalid",
            Self::TooMany(_) => "too_many",
            Self::BadSignature => "bad_signature",
            Self::Store(_) => "store",
        }
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
