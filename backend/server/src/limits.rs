//! A bound on everything that could grow, with its derivation. Nothing else in the server names
//! a size.

use std::time::Duration;

/// Batches waiting for the journal's writer.
///
/// A batch is one socket read of one connection. 256 keeps eight busy connections' worth of reads
/// in hand while a commit of some 10 ms runs; beyond it, connections wait, and TCP and the
/// receive maximum slow the senders down.
pub(crate) const INTAKE_QUEUE: usize = 256;

/// Entries in one commit.
///
/// Measured (docs/decisions/0001): throughput of a durable commit rises up to about 1,024 rows
/// and falls again beyond 4,096; batches of compressed entries cost less than rows.
pub(crate) const COMMIT_ENTRIES_MAX: usize = 4_096;

/// Committed batches waiting for the fold; the fold is faster than the disk, so this only
/// rides out a checkpoint.
pub(crate) const FOLD_QUEUE: usize = 64;

/// Writes that the fold has for the store (history, checkpoints) and that wait for the writer.
pub(crate) const STORE_QUEUE: usize = 64;

/// Questions waiting for the fold: as many as there may be HTTP requests at work.
pub(crate) const QUERY_QUEUE: usize = 256;

/// Least time between two frames of a channel. Ten pictures a second look live to an eye and let
/// a thousand changes share one frame.
pub(crate) const FRAME_EVERY: Duration = Duration::from_millis(100);

/// The slowest pace that a client may ask for; heartbeats go on meanwhile.
pub(crate) const PACE_MAX: Duration = Duration::from_mins(1);

/// Frames that a channel remembers for clients that fell behind or come back: 12.8 s at full
/// pace; beyond, a snapshot is cheaper to merge than the deltas.
pub(crate) const FRAMES_KEPT: usize = 128;

/// Channels that one client may subscribe to: a map at the deepest sensible split (36 tiles),
/// the city, and a few dozen details.
pub(crate) const CHANNELS_PER_CLIENT: usize = 128;

/// Channels alive at once, each with one snapshot in memory.
pub(crate) const CHANNELS_MAX: usize = 4_096;

/// WebSocket clients at once. Measured memory per client is in docs/performance.md.
pub(crate) const CLIENTS_MAX: usize = 10_000;

/// The server says something at least this often, so that silence means a lost connection.
pub(crate) const HEARTBEAT_EVERY: Duration = Duration::from_secs(1);

/// After this long without a word a client calls the connection lost. Two heartbeats may be
/// late by a whole garbage collection; a third second would break the promise of 3 s.
pub(crate) const SILENCE: Duration = Duration::from_millis(2_500);

/// A client's message; the longest is a subscription of [`CHANNELS_PER_CLIENT`] channels.
pub(crate) const CLIENT_MESSAGE_BYTES: usize = 64 * 1024;

/// Read buffer of a WebSocket; clients say little. The library's own default is 128 KiB each.
pub(crate) const WS_READ_BUFFER_BYTES: usize = 4 * 1024;

/// A client that takes nothing for this long is gone.
pub(crate) const WS_WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Body of an HTTP request with events: a thousand native readings of 250 bytes, four times over.
pub(crate) const HTTP_BODY_BYTES: usize = 1024 * 1024;

/// A request must be done within this.
pub(crate) const HTTP_TIMEOUT: Duration = Duration::from_secs(30);

/// Payload of one message; longer ones are refused with the head kept in quarantine.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// How much of a refused payload is kept.
pub(crate) const QUARANTINE_RAW_BYTES: usize = 64 * 1024;

/// Refused messages kept; the oldest leave first, their counts stay.
pub(crate) const QUARANTINE_ROWS: u64 = 100_000;

/// Bytes of refused messages kept.
pub(crate) const QUARANTINE_BYTES: u64 = 256 * 1024 * 1024;

/// Entries between two checkpoints: a restart was measured to fold its tail at 280,000 entries a
/// second (docs/performance.md), so this bounds the start to about two seconds.
pub(crate) const CHECKPOINT_ENTRIES: u64 = 500_000;

/// And at most this long between two, so that a quiet city does not grow a long tail of ticks.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_mins(10);

/// Checkpoints kept: the newest, and one to fall back to if it is damaged.
pub(crate) const CHECKPOINTS_KEPT: usize = 2;

/// Rows of a list answer unless the request says otherwise.
pub(crate) const PAGE_ROWS: usize = 100;

/// Most rows of a list answer.
pub(crate) const PAGE_ROWS_MAX: usize = 1_000;

/// Points of a history answer: a week of minutes.
pub(crate) const HISTORY_POINTS_MAX: usize = 10_080;

const _: () = assert!(QUARANTINE_RAW_BYTES <= PAYLOAD_BYTES_MAX);
const _: () = assert!(PAGE_ROWS <= PAGE_ROWS_MAX);
const _: () = assert!(FRAME_EVERY.as_millis() < HEARTBEAT_EVERY.as_millis());
const _: () = assert!(SILENCE.as_millis() > 2 * HEARTBEAT_EVERY.as_millis());
const _: () = assert!(SILENCE.as_millis() < 3_000);
