//! A bound on everything that could grow, with its derivation. Nothing else in the server names
//! a size.

use std::time::Duration;

use egret_shared::time::Span;

/// Batches waiting for the journal's writer.
///
/// A batch is one socket read of one connection. 256 keeps eight busy connections' worth of reads
/// in hand while a commit of some 10 ms runs; beyond it, connections wait, and TCP and the
/// receive maximum slow the senders down.
pub(crate) const INTAKE_QUEUE: usize = 256;

/// Small batches of stored readings that wait for it: 16,384 entries and some 5 MB. One connection
/// may bring live readings of others after them, such as a broker's bridge, and must not wait.
pub(crate) const STORED_QUEUE: usize = 2_048;

/// Entries in one commit.
///
/// Measured (docs/decisions/0001): throughput of a durable commit rises up to about 1,024 rows
/// and falls again beyond 4,096; batches of compressed entries cost less than rows.
pub(crate) const COMMIT_ENTRIES_MAX: usize = 4_096;

/// Stored entries in a commit of their own: less than a millisecond, and so still some 100,000 a
/// second while nothing live comes.
pub(crate) const STORED_ENTRIES_MAX: usize = 128;

/// Stored entries that ride in a commit of live ones: some 30 us more. At a commit for each of
/// 1,000 live messages a second that is 8,000 a second: an hour of 20 sensors in nine seconds.
/// With sixteen it is four seconds, and the live delay's tail is twice as far from what it was.
pub(crate) const STORED_RIDING: usize = 8;

/// Or one for so many live ones, if those are more: a flood is not held up by more than an eighth.
pub(crate) const STORED_RIDING_PART: usize = 8;

/// Stored entries of one batch, so that it may ride; a single message with more is larger.
pub(crate) const STORED_BATCH: usize = STORED_RIDING;

/// While live data flows, what nobody waits for is done in one part of so many of the time: less
/// than a hundredth, so that of a hundred live messages ninety-nine find the writer free.
pub(crate) const SPARE_SHARE: u32 = 100;

/// The same where live data is sparse.
pub(crate) const SPARE_SHARE_SPARSE: u32 = 20;

/// Live data is sparse if its commits are further apart than this: what was stored then rides with
/// fewer than a hundred commits a second.
pub(crate) const LIVE_SPARSE: Duration = Duration::from_millis(10);

/// So long after the last live message live data is taken to flow. A city of a few messages a
/// second has most of its time to spare.
pub(crate) const LIVE_FLOWS_FOR: Duration = Duration::from_millis(250);

/// A message all of whose entries happened longer ago than this is a stored one. A minute: slower
/// networks than that exist, but nobody waits for their second.
pub(crate) const STORED_AFTER: Span = Span(60_000);

/// Closed points kept at once. Measured without optimisation: 1.9 us of CPU a point, so half a
/// millisecond; a minute of 73 metrics in 45 areas is thirteen such pieces.
pub(crate) const HISTORY_POINTS_AT_ONCE: usize = 256;

/// And at most so many pages, be they ever so small.
///
/// A page of a few points costs some 60 us, most of it in finding its place: half a millisecond.
pub(crate) const HISTORY_PAGES_AT_ONCE: usize = 8;

/// So long roll-ups and letting go may take at once. The last one begun is finished: a heavily
/// revised hour adds a few milliseconds.
pub(crate) const TEND_FOR: Duration = Duration::from_micros(500);

/// How often it is looked for what has grown too old.
pub(crate) const TRIM_EVERY: Span = Span(10 * 60_000);

/// Pages of one metric let go in a step: more than become too old between two looks.
pub(crate) const TRIM_PAGES: usize = 64;

/// Rows of raw messages let go in a step; each is a commit's.
pub(crate) const TRIM_RAW_ROWS: usize = 16;

/// Refused messages let go for their age in a step, each with the key that opens it.
pub(crate) const TRIM_REFUSED: usize = 16;

/// Keys of personal data let go in a step, each with its fields and its words of the index.
pub(crate) const TRIM_KEYS: usize = 16;

/// Steps of reports listed in one piece that were not listed before; each costs some 30 us.
pub(crate) const LISTED_AT_ONCE: usize = 16;

/// And so many of them are read before they are handed on: some 2 MB.
pub(crate) const LISTED_WAITING: usize = 4_096;

/// Reports let go in a step of the list of how they stand.
pub(crate) const TRIM_REQUESTS: usize = 64;

/// Words that one personal field is found by: itself, and the phone numbers in it. One that was an
/// object has those of its members.
pub(crate) const WORDS_MAX: usize = 64;

/// Reports that are erased in one piece, so that live messages come in between; each has a few
/// steps, of some 100 us.
pub(crate) const ERASE_REPORTS: usize = 16;

/// So long the writer waits for readers of the write-ahead log to end before it tries again in its
/// next spare time.
pub(crate) const TRUNCATE_WAIT: Duration = Duration::from_millis(20);

/// How often it tries: for some minutes beside live data, as no reader of ours takes.
pub(crate) const TRUNCATE_TRIES: usize = 200;

/// Gateways whose clocks are watched at once, by feed; a city has hundreds. Some 100 bytes each.
pub(crate) const CLOCKS_MAX: usize = 4_096;

/// Committed batches waiting for the fold; the fold is faster than the disk, so this only
/// rides out the making of a checkpoint's bytes.
pub(crate) const FOLD_QUEUE: usize = 64;

/// Writes that the fold has for the store (history, checkpoints) and that wait for the writer.
pub(crate) const STORE_QUEUE: usize = 64;

/// So many of them waiting is more than spare time keeps up with: a piece is done after each commit
/// until there are fewer. A tick makes at most one or two.
pub(crate) const STORE_PRESSING: usize = STORE_QUEUE / 2;

/// So many turns of alerts are kept as one row: 200 kB of JSON, 20 kB compressed.
pub(crate) const TURNS_AT_ONCE: usize = 500;

/// After so long fewer are, too, so that their history is as good as live.
pub(crate) const TURNS_EVERY: Duration = Duration::from_secs(1);

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

/// With more assets than this a tile counts them in cells. A client follows six tiles at most, so
/// at most 24,000 marks, of which a tenth moving every second cost 20 kB/s; and on a screen four
/// thousand marks in the width of a tile begin to hide one another.
pub(crate) const COUNTED_ABOVE: usize = 4_000;

/// With fewer than this a tile tells them one by one again.
pub(crate) const SINGLE_BELOW: usize = 3_000;

/// The finest zoom that is counted in cells: tiles of some 5 km. Finer ones show streets, where an
/// asset is always itself, and hold a part of the city that does not grow with it.
pub(crate) const COUNTED_Z_MAX: u8 = 13;

/// Assets with an alert that a counted tile tells one by one, the worst first. Beyond, cells say
/// how many there are.
pub(crate) const SINGLES_MAX: usize = 500;

/// How often cells are told: counts are no movement. 1,024 cells of some eight bytes are 8 kB/s at
/// the most.
pub(crate) const CELLS_EVERY: Duration = Duration::from_secs(1);

const _: () = assert!(SINGLE_BELOW < COUNTED_ABOVE && SINGLES_MAX < SINGLE_BELOW);

/// Channels that one client may subscribe to: a map at the deepest sensible split (36 tiles),
/// the city, and a few dozen details.
pub(crate) const CHANNELS_PER_CLIENT: usize = 128;

/// Channels alive at once, each with one snapshot in memory.
pub(crate) const CHANNELS_MAX: usize = 4_096;

/// How long what a wall was told counts. Whoever drives a wall stands before it or shows it to
/// somebody; ten minutes later they have gone, and the wall must not stay where they left it.
pub(crate) const DRIVE_FOR: Span = Span(10 * 60_000);

/// Walls that are there or driven at once, each with a state of some 200 bytes and its last
/// [`FRAMES_KEPT`] frames: 25 kB. A city has dozens of walls.
pub(crate) const WALLS_MAX: usize = 256;

/// A wall says at most once in so long that it outgrew a budget: a reload takes seconds, and a wall
/// that does it again at once tells nothing new.
pub(crate) const WALL_REPORT_EVERY: Span = Span(60_000);

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

/// Batches of one request's body that are on their way to the journal: while one is committed the
/// next is read, and a third waits in the socket.
pub(crate) const STREAM_BATCHES: usize = 4;

/// Refused elements that an answer tells one by one; the rest is counted, and all are in quarantine.
pub(crate) const REJECTED_TOLD: usize = 200;

/// Requests of one answer of the Open311 server.
///
/// # Source
/// GeoReport v2: 1,000 by default, over 90 days at most.
pub(crate) const REQUESTS_MAX: usize = 1_000;

/// So long a time one answer of it may be about.
pub(crate) const REQUESTS_FOR: Span = Span(90 * 86_400_000);

/// What somebody may write about a request, in characters.
///
/// # Source
/// GeoReport v2.
pub(crate) const DESCRIPTION_CHARS: usize = 4_000;

/// Rows of one table: a year of minutes, and four of a sensor that speaks every five.
pub(crate) const CSV_ROWS_MAX: usize = 600_000;

/// The longest row of a table, in bytes of text: as JSON it is still no longer than a payload.
pub(crate) const CSV_ROW_BYTES: usize = 32 * 1024;

/// Columns of a table: what is measured at a large station, several times over.
pub(crate) const CSV_COLUMNS_MAX: usize = 256;

/// Rows of a table that a preview shows: what fits on a screen.
pub(crate) const CSV_PREVIEW_ROWS: usize = 20;

/// For so long a request that is told again by its key gets its first answer.
pub(crate) const ANSWERS_FOR: Span = Span(24 * 3_600_000);

/// What all remembered answers may take: some 200,000 of the usual 80 bytes with what is around
/// them. Beyond, whoever has most loses the oldest.
pub(crate) const ANSWERS_BYTES: usize = 64 * 1024 * 1024;

/// The longest answer that is remembered: one with [`REJECTED_TOLD`] refusals.
pub(crate) const ANSWER_BYTES: usize = 128 * 1024;

/// The longest tile of an archive that is read, and what it may unpack to. Tiles stay below 1 MiB; a
/// broken archive may claim gigabytes.
pub(crate) const TILE_BYTES: usize = 16 * 1024 * 1024;

/// The longest directory or metadata of an archive, as it lies there and unpacked. Writers cut
/// directories so that a root of 16 KiB names them all: of a planet's 250 million tiles each of 3,500
/// has 70,000, in less than 1 MiB. Some make a single one of a country. An entry has at least four
/// bytes, and 24 in memory: so a tile costs 48 MiB at the most while it is looked for.
pub(crate) const INDEX_BYTES: usize = 8 * 1024 * 1024;

/// Tiles that are read at the same time. A read takes a thread of the 512 that may wait; sixteen give
/// out thousands of tiles a second, and a disk that stands still keeps the others for signing in and
/// for the audit trail.
pub(crate) const TILES_AT_ONCE: usize = 16;

/// An attachment: a photograph of a modern telephone.
pub(crate) const ATTACHMENT_BYTES: usize = 10 * 1024 * 1024;

/// Batches that wait for a city that is about to take another's place: a few seconds of commits.
pub(crate) const TEE_QUEUE: usize = 1_024;

/// Longest WebSocket frame that carries MQTT: frames may be cut anywhere, so nobody needs longer ones.
pub(crate) const MQTT_FRAME_BYTES: usize = 512 * 1024;

/// Largest sample that is fetched for whoever connects a feed: with the definition and some others it
/// fits the form by which it is tried.
pub(crate) const SAMPLE_BYTES: usize = FORM_BYTES / 2;

/// Samples that are fetched at the same time: each takes 8 MiB, and 20 s, at most.
pub(crate) const SAMPLES_AT_ONCE: usize = 4;

/// Body of a form: people, grants with every area of a large city.
pub(crate) const FORM_BYTES: usize = 128 * 1024;

/// How long the answer to an order that is asked for twice confirms it: as long as one looks at what
/// was asked, and no longer than one remembers it.
pub(crate) const CONFIRM_FOR: Span = Span(120_000);

/// Lines of refusals and of gateways that connect that may wait to be written into the audit trail.
pub(crate) const AUDIT_QUEUE: usize = 1_024;

/// How often it is seen whether another process changed something about people.
pub(crate) const PEOPLE_EVERY: Duration = Duration::from_millis(300);

/// How often it is seen whether the certificate has been renewed.
pub(crate) const TLS_EVERY: Duration = Duration::from_secs(10);

/// How often an open page counts as use of its session, and is asked whether it still is one.
pub(crate) const PRESENCE_EVERY: Duration = Duration::from_secs(30);

/// A request must be done within this.
pub(crate) const HTTP_TIMEOUT: Duration = Duration::from_secs(30);

/// Payload of one message; longer ones are refused with the head kept in quarantine.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// How much of a refused payload is kept.
pub(crate) const QUARANTINE_RAW_BYTES: usize = 64 * 1024;

/// How much is kept of what came beside a payload: names and values of MQTT 5's user properties, or of
/// `ce-` headers. A CloudEvent's attributes are some 200 bytes; a dozen of extensions with them fit.
pub(crate) const BESIDE_BYTES: usize = 8 * 1024;

/// Refused messages kept; the oldest leave first, their counts stay.
pub(crate) const QUARANTINE_ROWS: u64 = 100_000;

/// Bytes of refused messages kept.
pub(crate) const QUARANTINE_BYTES: u64 = 256 * 1024 * 1024;

/// Entries between two checkpoints: a restart was measured to fold its tail at 280,000 entries a
/// second (docs/performance.md), so this bounds the start to about two seconds.
pub(crate) const CHECKPOINT_ENTRIES: u64 = 500_000;

/// And at most this long between two, so that a quiet city does not grow a long tail of ticks.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_mins(10);

/// A checkpoint is written in parts of this size, each in a transaction of its own: half a
/// millisecond and a synchronisation, so that a checkpoint of 20 MB is on the disk after some ten seconds of spare time.
pub(crate) const CHECKPOINT_PART_BYTES: usize = 128 * 1024;

/// Checkpoints kept: the newest, and one to fall back to if it is damaged.
pub(crate) const CHECKPOINTS_KEPT: usize = 2;

/// Senders and topics that are told of a feed, those with most refused messages: what somebody looks
/// into one by one.
pub(crate) const OFFENDERS_TOLD: usize = 20;

/// Clocks of a feed's gateways that are told beside those; `/api/v1/gateways` has all.
pub(crate) const CLOCKS_TOLD: usize = 100;

/// Rows of a list answer unless the request says otherwise.
pub(crate) const PAGE_ROWS: usize = 100;

/// Most rows of a list answer.
pub(crate) const PAGE_ROWS_MAX: usize = 1_000;

/// Points of a history answer: a week of minutes.
pub(crate) const HISTORY_POINTS_MAX: usize = 10_080;

/// Metrics in areas whose recent past one answer tells: what a scene of many small charts shows.
pub(crate) const RECENT_SERIES_MAX: usize = 200;

/// Minutes of all of them together: some 2 MB of JSON. A scene of 80 charts over six hours has
/// 28,800.
pub(crate) const RECENT_POINTS_MAX: i64 = 100_000;

/// Hours that a forecast looks back over: six weeks show a week's rhythm six times; computing
/// goes up with it.
pub(crate) const FORECAST_HISTORY_HOURS: usize = 42 * 24;

/// Forecasts remembered within an hour: every metric of a large city in a dozen areas, at some
/// 2 KiB each.
pub(crate) const FORECASTS_KEPT: usize = 1_024;

/// Observations of a lineage answer.
pub(crate) const LINEAGE_ROWS_MAX: usize = 200;

/// Batches of the journal that one lineage request opens; the answer then says where to go on.
/// A batch of a busy city was measured to take some 20 µs for every 100 entries.
pub(crate) const LINEAGE_BATCHES_MAX: usize = 20_000;

/// How many entries before its page a lineage request looks at for repetitions: some seconds of
/// a busy city, in which a sender repeats what was not acknowledged.
pub(crate) const LINEAGE_OVERLAP_ENTRIES: u64 = 20_000;

const _: () = assert!(STORED_RIDING <= STORED_ENTRIES_MAX);
const _: () = assert!(QUARANTINE_RAW_BYTES <= PAYLOAD_BYTES_MAX);
// A character of a cell takes six bytes of JSON at most.
const _: () = assert!(6 * CSV_ROW_BYTES + 64 * CSV_COLUMNS_MAX <= PAYLOAD_BYTES_MAX);
const _: () = assert!(INDEX_BYTES <= TILE_BYTES);
const _: () = assert!(PAGE_ROWS <= PAGE_ROWS_MAX);
const _: () = assert!(FRAME_EVERY.as_millis() < HEARTBEAT_EVERY.as_millis());
const _: () = assert!(SILENCE.as_millis() > 2 * HEARTBEAT_EVERY.as_millis());
const _: () = assert!(SILENCE.as_millis() < 3_000);
