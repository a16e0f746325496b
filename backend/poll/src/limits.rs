//! Every number that bounds polling, with where it comes from.

use std::time::Duration;

/// Largest body, in bytes, before and after it is unpacked.
///
/// The positions of 10,000 vehicles, which is as much as one message may have, are some 1 MB in
/// protobuf; trip updates of a large network with all their stops have up to four.
pub const BODY_BYTES_MAX: usize = 4 << 20;

/// How long one fetch may take in all, redirects among it: the shortest interval twice over is still
/// a fetch that somebody waits for.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(20);

/// How long connecting may take of that.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection waits for the next fetch. Servers keep them for some 60 s.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(55);

/// Redirects that one fetch follows: from http to https, to a host's other name, to a store of files.
pub(crate) const REDIRECTS_MAX: usize = 3;

/// Addresses of one host that are tried.
pub(crate) const ADDRESSES_MAX: usize = 16;

/// Fetches of all feeds at the same time: with [`BODY_BYTES_MAX`] packed and unpacked 64 MB at most.
pub const AT_ONCE: usize = 8;

/// The first fetches of all feeds are spread over so long, or over the interval if that is shorter.
pub(crate) const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// By such a part of the interval each fetch comes earlier or later than it, by chance, so that feeds
/// of one interval drift apart.
pub(crate) const JITTER: f64 = 0.05;

/// The wait after the first failure, or the interval if that is shorter. It doubles with each further
/// one.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_secs(10);

/// The longest such wait, or the interval if that is longer: a feed that is back after a night is
/// taken up within minutes.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// The longest that a server may ask not to be asked.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// Entries of a list of alerts that are looked at. A country of a hundred million people has some 500
/// in force in a bad week.
pub(crate) const ENTRIES_MAX: usize = 1_000;

/// Alerts of a list that are fetched in one go, one after another; the rest comes [`REST_AFTER`].
pub(crate) const ENTRIES_AT_ONCE: usize = 100;

/// So long after a go that left some of the list over comes the next.
pub(crate) const REST_AFTER: Duration = Duration::from_secs(5);

/// So many alerts in a row that cannot be had end a go: the server is in trouble.
pub(crate) const ENTRIES_FAILED_MAX: usize = 3;

/// Longest URL of an alert in a list, in bytes.
pub(crate) const URL_BYTES_MAX: usize = 2_048;

/// How deep elements of a list are looked into.
pub(crate) const INDEX_DEPTH_MAX: usize = 32;

/// Alerts that one feed holds until their time is over, and their bytes.
pub(crate) const HELD_MAX: usize = 1_000;
/// See [`HELD_MAX`].
pub(crate) const HELD_BYTES_MAX: usize = 8 << 20;

/// An ETag or a date longer than this is not remembered.
pub(crate) const VALIDATOR_BYTES_MAX: usize = 1_024;

/// Largest file with a secret, in bytes.
pub(crate) const SECRET_BYTES_MAX: u64 = 16_384;

/// How much of what others say about an error is repeated, in characters.
pub(crate) const SAID_CHARS_MAX: usize = 300;

/// What is kept of a body that is too large, in bytes.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

const _: () = assert!(HEAD_BYTES < BODY_BYTES_MAX && BODY_BYTES_MAX <= HELD_BYTES_MAX);
const _: () = assert!(CONNECT_TIMEOUT.as_secs() < FETCH_TIMEOUT.as_secs());
const _: () = assert!(BACKOFF_FIRST.as_secs() < BACKOFF_MAX.as_secs());
