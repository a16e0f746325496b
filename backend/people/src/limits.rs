//! Every number that bounds people and what they try, with where it comes from.

use egret_shared::time::Span;

/// Longest name of a person, token, device or gateway, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 64;

/// Longest name that is shown, in characters: a full name with a post.
pub(crate) const DISPLAY_CHARS_MAX: usize = 128;

/// Longest subject and issuer of single sign-on, in bytes: `OpenID` allows a subject 255, and an
/// issuer is an address.
pub(crate) const SUBJECT_BYTES_MAX: usize = 512;

/// Shortest password, in characters.
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;

/// Longest password, in bytes: more than anybody types, and argon2 reads all of it.
pub(crate) const PASSWORD_BYTES_MAX: usize = 1_024;

/// Longest `User-Agent` that is kept, in characters.
pub(crate) const AGENT_CHARS_MAX: usize = 200;

/// Most people. A city's whole administration; the state of all is in memory at some 1 kB each.
pub(crate) const USERS_MAX: usize = 20_000;

/// Most tokens.
pub(crate) const TOKENS_MAX: usize = 1_000;

/// Most gateways, as many as the endpoint takes connections.
pub(crate) const GATEWAYS_MAX: usize = 20_000;

/// Most walls.
pub(crate) const DEVICES_MAX: usize = 1_000;

/// Most grants of one principal: one for each of a city's departments.
pub(crate) const GRANTS_MAX: usize = 100;

/// Most names in one side of a grant, in a device's scenes or a gateway's feeds.
pub(crate) const NAMED_MAX: usize = 1_000;

/// Most sessions of one person or device; the longest unused one makes room.
pub(crate) const SESSIONS_EACH_MAX: usize = 20;

/// How long a secret stays good after the one that took its place was first used: requests that
/// were on their way with it.
pub(crate) const OLD_SECRET_FOR: Span = Span(60_000);

/// How often the times at which somebody was seen are written.
pub(crate) const SEEN_EVERY: Span = Span(60_000);

/// Within which failed sign-ins count together.
pub(crate) const WINDOW: Span = Span(15 * 60_000);

/// Failures of one account from one address within [`WINDOW`].
pub(crate) const ACCOUNT_FAILURES_MAX: usize = 5;

/// Failures from one address within [`WINDOW`].
pub(crate) const ADDRESS_FAILURES_MAX: usize = 30;

/// Failures of one browser that has signed in before, or of somebody who changes the own password,
/// within [`WINDOW`].
pub(crate) const KNOWN_FAILURES_MAX: usize = 10;

/// Buckets of failures kept of each sort; the one that failed longest ago makes room. Each has at
/// most 30 times of 8 bytes, so that all stay below 10 MB.
pub(crate) const BUCKETS_MAX: usize = 16_384;

/// Of refused tries of one sort from one address, the first and every one with this number more
/// become lines of the audit trail: a flood of 1,000 a second writes 10.
pub(crate) const REFUSED_EVERY: u64 = 100;

/// Passwords hashed at the same time: 19 MiB and a core each, and the city has the other cores.
pub(crate) const HASHES_MAX: usize = 2;

/// Sign-ins from unknown browsers that may wait for a hash: 16 rounds of 30 ms.
pub(crate) const WAITING_MAX: usize = 32;

/// Wrong tries that make the first start's code void.
pub(crate) const FIRST_TRIES_MAX: u32 = 10;

/// Walls that may wait to be paired.
pub(crate) const PAIRINGS_MAX: usize = 100;

/// Walls of one address that may.
pub(crate) const PAIRINGS_EACH_MAX: usize = 5;

/// How long a pairing is told to have ended, before it is forgotten.
pub(crate) const PAIRING_KEPT_FOR: Span = Span(60 * 60_000);

/// How long a challenge is good.
pub(crate) const NONCE_FOR: Span = Span(60_000);

/// Challenges of one device that may be open; the oldest makes room.
pub(crate) const NONCES_EACH_MAX: usize = 16;

/// Longest target of an audit line, in characters.
pub(crate) const TARGET_CHARS_MAX: usize = 256;

/// Longest detail of an audit line, in characters: a grant over a district's communities.
pub(crate) const DETAIL_CHARS_MAX: usize = 4_000;

/// Most lines of one page of the audit trail.
pub(crate) const AUDIT_PAGE_MAX: usize = 1_000;

const _: () = assert!(ACCOUNT_FAILURES_MAX < ADDRESS_FAILURES_MAX);
const _: () = assert!(SEEN_EVERY.0 <= WINDOW.0);
