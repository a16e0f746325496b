//! Every number that bounds single sign-on, with where it comes from.

use std::time::Duration;

/// How long somebody may take to sign in at the issuer, with a forgotten phone and a second factor.
pub(crate) const FLOW_LASTS: Duration = Duration::from_mins(10);

/// Most sign-ins that are on the way at once; of more, the oldest is forgotten. A whole city hall
/// at eight in the morning, at some 3 kB each.
pub(crate) const FLOWS_MAX: usize = 1_000;

/// Longest address of a page to come back to, in bytes; see [`FLOWS_MAX`]. Instead of a longer one,
/// it is the start page.
pub(crate) const BACK_BYTES_MAX: usize = 2_048;

/// How long one request to the issuer may take in all.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Largest answer of the issuer, in bytes. A token with 2,000 groups has some 100 kB.
pub(crate) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// How long the issuer's description and keys hold.
pub(crate) const DISCOVERY_LASTS: Duration = Duration::from_mins(10);

/// How long a failed discovery holds, so that those who have waited for it do not each wait for
/// another one.
pub(crate) const FAILURE_LASTS: Duration = Duration::from_secs(2);

/// How often at most the keys are fetched because a token's key is not among them: whoever makes up
/// tokens cannot make Egret ask the issuer at will.
pub(crate) const KEYS_EVERY: Duration = Duration::from_mins(1);

/// How much of what an issuer says about an error is repeated, in characters.
pub(crate) const SAID_CHARS_MAX: usize = 200;

const _: () = assert!(KEYS_EVERY.as_secs() < DISCOVERY_LASTS.as_secs());
const _: () = assert!(FAILURE_LASTS.as_secs() < REQUEST_TIMEOUT.as_secs());
