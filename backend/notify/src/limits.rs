//! Every number that bounds notifications, with where it comes from.

use std::time::Duration;

use egret_shared::time::Span;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Most channels: a chat group for each of a city's departments, and its mail.
pub(crate) const CHANNELS_MAX: usize = 200;

/// Most routes: some for each channel.
pub(crate) const ROUTES_MAX: usize = 1_000;

/// Most recipients or mentions of one route's target, and most names in one of its filters.
pub(crate) const NAMED_MAX: usize = 200;

/// Most recipients that one notice goes to over all routes: 1,000 people of a city's duty. The
/// rest is told in the log.
pub(crate) const RECIPIENTS_MAX: usize = 1_000;

/// Longest key of a notice, in bytes: an incident's id of 128 bytes, a serial and a kind.
pub(crate) const KEY_BYTES_MAX: usize = 256;

/// Longest title of a notice in one language, in characters; the rest is cut.
pub(crate) const TITLE_CHARS_MAX: usize = 200;

/// Longest text of a notice in one language, in characters; the rest is cut. WeCom takes 4,096
/// bytes of Markdown, and Chinese has 3 bytes a character.
pub(crate) const TEXT_CHARS_MAX: usize = 1_000;

/// Most areas, departments or persons of one notice that are kept.
pub(crate) const NOTICE_NAMED_MAX: usize = 100;

/// Notices that the outbox takes in one transaction; more are taken in several. With 1,000
/// recipients each it is bounded by [`RECIPIENTS_MAX`]; usual are some ten rows for each.
pub(crate) const BATCH_MAX: usize = 500;

/// Most deliveries that wait. At 1.5 kB each with its notice, 150 MB of disk; in memory there is
/// one delivery for each channel. Beyond it, what may be merged is, and then the oldest fail.
pub(crate) const WAITING_MAX: usize = 100_000;

/// Most deliveries kept after they have ended, for the list of recent ones. The oldest go first.
pub(crate) const ENDED_MAX: usize = 50_000;

/// How long ended deliveries are kept.
pub(crate) const ENDED_FOR: Span = Span(30 * DAY);

/// Notices whose keys are remembered after their deliveries are gone: what is followed anew from
/// far behind is recognised by its key. Older ones are by their place in the journal. 100 bytes
/// each.
pub(crate) const KEYS_MAX: usize = 200_000;

/// How often what has ended and is old enough is taken away.
pub(crate) const TIDY_EVERY: Span = Span(10 * MINUTE);

/// The wait after the first failure; it doubles with each further one.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_secs(2);

/// The longest wait between two tries, before up to a quarter of jitter. A receiver that is back
/// hears within so long; 288 tries a day harm nobody.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_mins(5);

/// How far ahead the next try may be by the clock that is stored: what is further away was written
/// by a clock that has been put back since, and is due.
pub(crate) const RETRY_AHEAD_MAX: Span = Span(10 * MINUTE);

/// Tries that may have arrived, after which a delivery is tried seldom and lets others pass: a
/// receiver that takes everything and never answers must not tell the same thing every five minutes
/// for days.
pub(crate) const MAYBE_OFTEN: u32 = 3;

/// The wait after as many; it doubles with each further one, up to [`MAYBE_WAIT_MAX`]. In three days
/// that makes nine tries.
pub(crate) const MAYBE_WAIT: Span = Span(60 * MINUTE);

/// See [`MAYBE_WAIT`].
pub(crate) const MAYBE_WAIT_MAX: Span = Span(DAY);

/// How long a delivery is tried unless the settings say otherwise: a long weekend.
pub(crate) const GIVE_UP_AFTER: Span = Span(3 * DAY);

/// Shortest and longest setting of it.
pub(crate) const GIVE_UP_LEAST: Span = Span(10 * MINUTE);
/// See [`GIVE_UP_LEAST`].
pub(crate) const GIVE_UP_MOST: Span = Span(30 * DAY);

/// Tries in a row that must have failed before anything is given up, so that a clock put ahead by
/// a week gives up nothing while the receiver answers.
pub(crate) const GIVE_UP_TRIES: u32 = 8;

/// How many deliveries may wait for one person or group before they become one message. A phone
/// that buzzes ten times is looked at; one that buzzes a hundred times is put away.
pub(crate) const MERGE_OVER: usize = 10;

/// The same for webhooks: programs read quickly, but a receiver that comes back after a day must
/// not get thousands of requests either.
pub(crate) const MERGE_OVER_WEBHOOK: usize = 100;

/// Deliveries that one digest takes in one go; the transaction stays below a second.
pub(crate) const MERGED_MAX: usize = 20_000;

/// Notices that a digest lists in full; of the others it has the number.
pub(crate) const LISTED_MAX: usize = 20;

/// The same in the body of a webhook.
pub(crate) const LISTED_WEBHOOK_MAX: usize = 100;

/// How long one request may take in all.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// How long connecting may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one SMTP command may take. RFC 5321, 4.5.3.2 allows a server minutes, for the answer
/// after the message ten: but one delivery at a time would wait for it, and what has been taken
/// all the same is sent again with its mark.
pub(crate) const SMTP_TIMEOUT: Duration = Duration::from_mins(1);

/// Largest answer that is read, in bytes: robots answer with some 100.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 10;

/// How much of what a receiver says about an error is kept, in characters.
pub(crate) const SAID_CHARS_MAX: usize = 300;

/// Longest Markdown of WeCom, in bytes.
///
/// # Source
/// 企业微信 群机器人配置说明: 4,096 bytes of UTF-8.
pub(crate) const WECOM_BYTES_MAX: usize = 4_096;

/// Longest body for DingTalk and Feishu, in bytes.
///
/// # Source
/// Both say 20 KB for custom robots.
pub(crate) const ROBOT_BYTES_MAX: usize = 18_000;

/// Messages a minute that DingTalk and WeCom take of one robot.
///
/// # Source
/// Their documents: 20 a minute; DingTalk mutes for ten minutes what sends more.
pub(crate) const ROBOT_PER_MINUTE: u32 = 20;

/// The same of Feishu, which takes 100 a minute and 5 a second.
pub(crate) const FEISHU_PER_MINUTE: u32 = 60;

/// E-mails a minute: what a mail relay takes from one host without thinking of spam.
pub(crate) const SMTP_PER_MINUTE: u32 = 300;

/// Requests a minute of a webhook.
pub(crate) const WEBHOOK_PER_MINUTE: u32 = 600;

/// Highest pace that the settings may name.
pub(crate) const PER_MINUTE_MAX: u32 = 6_000;

/// Shortest secret of a webhook, in bytes.
///
/// # Source
/// Standard Webhooks: between 24 and 64 bytes.
pub(crate) const SECRET_BYTES_MIN: usize = 24;
/// See [`SECRET_BYTES_MIN`].
pub(crate) const SECRET_BYTES_MAX: usize = 64;

/// Largest file with a password or secret, in bytes.
pub(crate) const SECRET_FILE_BYTES_MAX: u64 = 4_096;

/// Most rows of one page of recent deliveries.
pub(crate) const PAGE_MAX: usize = 200;

/// How long a worker sleeps at most before it looks again: a held delivery begins at a time of
/// the wall clock, which may be put on meanwhile.
pub(crate) const SLEEP_MAX: Duration = Duration::from_secs(30);

/// How long it waits when the outbox's own file fails.
pub(crate) const STORE_RETRY: Duration = Duration::from_secs(5);

/// Longest time that the quiet hours of a route can hold something: a week.
pub(crate) const HOLD_DAYS_MAX: u32 = 7;

const _: () = assert!(LISTED_MAX <= LISTED_WEBHOOK_MAX);
const _: () = assert!(MERGE_OVER <= MERGE_OVER_WEBHOOK);
const _: () = assert!(MERGED_MAX <= WAITING_MAX);
const _: () = assert!(CONNECT_TIMEOUT.as_secs() < REQUEST_TIMEOUT.as_secs());
// With jitter the longest wait is five quarters of it.
const _: () = assert!(BACKOFF_MAX.as_secs() * 5 / 4 * 1_000 < RETRY_AHEAD_MAX.0.unsigned_abs());
const _: () = assert!(GIVE_UP_LEAST.0 <= GIVE_UP_AFTER.0 && GIVE_UP_AFTER.0 <= GIVE_UP_MOST.0);
const _: () = assert!(SECRET_BYTES_MAX * 2 < 4_096);

/// How long the end of the server waits for an answer that is on its way.
pub(crate) const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
