//! One fetch: what is asked, and what comes of it. The seam between polling and HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use url::Url;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What is fetched.
    pub url: &'a Url,
    /// What was known of it the last time; without, it is fetched in any case.
    pub known: Option<&'a Validators>,
    /// What is preferred: the `Accept` header.
    pub accept: &'static str,
    /// Headers, by the names of their secrets.
    pub headers: &'a BTreeMap<String, String>,
    /// Keys of the query, by the names of their secrets.
    pub query: &'a BTreeMap<String, String>,
}

/// By what a server knows whether something is still the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, in the server's own words.
    pub last_modified: Option<Vec<u8>>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is what it was.
    Unchanged,
    /// It is this.
    New {
        /// Its bytes, unpacked.
        body: Vec<u8>,
        /// What to say the next time; empty if the server says nothing of the kind.
        validators: Validators,
        /// Where it came from in the end: what links in it count from.
        url: Url,
    },
}

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of trouble.
    pub trouble: Trouble,
    /// In words, without secrets.
    pub why: String,
    /// How long the server wants not to be asked.
    pub wait: Option<Duration>,
}

/// Kinds of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answered, or not to the end.
    Unreachable,
    /// The answer was no, with this status.
    Status(u16),
    /// It may not be asked for.
    Forbidden,
    /// It is larger than may be, of so many bytes that were seen; its beginning.
    TooLarge {
        /// The first bytes.
        head: Vec<u8>,
        /// At least so many there are.
        bytes: usize,
    },
    /// It cannot be unpacked or understood.
    Broken,
    /// It came, and could not be kept.
    NotKept,
    /// The settings lack something.
    Settings,
}

impl Failure {
    /// A failure that says nothing of when to ask again.
    pub fn new(trouble: Trouble, why: impl Into<String>) -> Self {
        Self {
            trouble,
            why: why.into(),
            wait: None,
        }
    }

    /// Whether the same question will get the same answer before what is asked for changes.
    pub(crate) fn is_settled(&self) -> bool {
        match self.trouble {
            Trouble::Status(status) => {
                (400..500).contains(&status) && !matches!(status, 408 | 425 | 429)
            }
            Trouble::Forbidden | Trouble::TooLarge { .. } | Trouble::Broken => true,
            Trouble::Unreachable | Trouble::NotKept | Trouble::Settings => false,
        }
    }
}

impl Validators {
    /// Whether there is nothing to ask by.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What fetches.
pub trait Fetch: Send + Sync {
    /// Fetches once.
    fn fetch<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, Failure>>;
}
