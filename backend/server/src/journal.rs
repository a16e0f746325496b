//! The durable order of everything: what is in here has happened, what is not has not.
//!
//! [`Journal`] is the seam for other engines; [`sqlite`] is the embedded one, [`writer`] the one
//! thread that appends, [`reading`] whoever only reads, [`batch`] how entries become bytes, [`observed`] how they are found by
//! event time, and [`eraser`] how persons are erased while it goes on.

pub(crate) mod batch;
mod checkpoints;
pub(crate) mod eraser;
pub(crate) mod observed;
pub(crate) mod pending;
pub(crate) mod reading;
mod schema;
pub(crate) mod sqlite;
pub(crate) mod writer;

use egret_city::entry::{Entry, Seq};
use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;

use crate::store::personal::erase::Erasure;
use crate::store::raw::RawBatch;
use crate::store::{HistoryRow, KeyRow, Past, PersonalRow, QuarantineRow};

/// Entries to append, with what has to become durable in the same instant.
#[derive(Debug, Default)]
pub(crate) struct Append<'a> {
    /// Seq of the first entry; the rest follow by one.
    pub first_seq: Seq,
    /// What happened, in order.
    pub entries: &'a [Entry],
    /// How many of them, from the first on, are live; the rest is stored readings, which become a
    /// batch of their own, so that batches lie within narrow spans of event time.
    pub n_live: usize,
    /// The raw messages behind the refusals among the entries.
    pub quarantine: Vec<(Seq, &'a QuarantineRow)>,
    /// The keys of what is sealed with them.
    pub keys: Vec<(Seq, &'a KeyRow)>,
    /// Personal fields that were split off the reports among the entries.
    pub personal: Vec<(Seq, &'a PersonalRow)>,
    /// The messages behind the accepted entries, by their entries' indexes.
    pub raw: RawBatch,
    /// Refused messages that leave quarantine, by their numbers.
    pub released: Vec<i64>,
}

/// The fold's state after the entry `seq`.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    /// The last entry folded.
    pub seq: Seq,
    /// The city's time there.
    pub at: TimeMs,
    /// `City::checkpoint`.
    pub body: Vec<u8>,
}

/// A journal could not be read or written. Nothing that was to be appended has been.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The database failed.
    #[error("the journal's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A batch does not decode.
    #[error("the journal's batch {first_seq} does not decode: {why}")]
    Batch {
        /// Seq of the batch's first entry.
        first_seq: Seq,
        /// What is wrong with it.
        why: String,
    },
    /// Something kept beside the journal cannot be read or written.
    #[error("{what}: {why}")]
    Kept {
        /// What.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The files cannot be opened.
    #[error("the data folder {path}: {why}")]
    Folder {
        /// Which folder.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A durable order of entries. One appends; anyone may read.
pub(crate) trait Journal: Send {
    /// Seq of the last durable entry; 0 if there is none.
    fn last_seq(&self) -> Result<Seq, JournalError>;

    /// Makes `append` durable, all or nothing.
    fn append(&mut self, append: &Append<'_>) -> Result<(), JournalError>;

    /// Keeps closed windows that the fold made of earlier entries. Like [`Self::tend`], not durable
    /// by itself but before anything that is appended later: a checkpoint makes the history of the
    /// entries that it covers durable.
    fn put_history(&mut self, rows: &[HistoryRow]) -> Result<(), JournalError>;

    /// Keeps what leaves the city for good. Durable as [`Self::put_history`] is.
    fn put_past(&mut self, past: &Past) -> Result<(), JournalError>;

    /// Keeps the next part of a state of the fold after earlier entries; whether there is more of
    /// it. With the last part all of it is durable, and before that it does not count.
    fn put_checkpoint_part(&mut self, checkpoint: &Checkpoint) -> Result<bool, JournalError>;

    /// Notes how reports of `feed` stand after these older entries, which come in the journal's order.
    fn put_requests(&mut self, feed: &FeedId, entries: &[Entry]) -> Result<(), JournalError>;

    /// From here on notes how reports of `feed` stand, in place of another's; and how they stand after
    /// the entries behind `after`, which are to be few, while those up to it have been told by
    /// [`Self::put_requests`].
    fn list(&mut self, feed: Option<FeedId>, after: Seq) -> Result<(), JournalError>;

    /// A little of what is to be done at city time `now`: roll-ups that are due, then letting go
    /// what is too old. Returns whether there is more; takes about half a millisecond.
    fn tend(&mut self, now: TimeMs) -> Result<bool, JournalError>;

    /// From here on nothing is let go for its age that was not too old at `since`; absent, what is
    /// too old goes as usual. Bounds in bytes hold all the same.
    fn hold(&mut self, since: Option<TimeMs>);

    /// Erases a little of whom `erasure` names, durably; whether there is more. The last call
    /// empties the write-ahead log. Entries stay as they are.
    fn erase(&mut self, erasure: &mut Erasure) -> Result<bool, JournalError>;

    /// Hands on every entry after `after`, in order, until `each` says stop (false).
    fn read(
        &self,
        after: Seq,
        each: &mut dyn FnMut(Seq, Entry) -> bool,
    ) -> Result<(), JournalError>;

    /// The newest checkpoints, newest first.
    fn checkpoints(&self) -> Result<Vec<Checkpoint>, JournalError>;
}
