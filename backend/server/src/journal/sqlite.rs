//! The embedded journal: one SQLite database in WAL mode, `synchronous=FULL`.
//!
//! One row per batch, so that the journal costs little disk; everything that must become durable
//! with it goes into the same transaction.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use egret_city::entry::{Entry, Seq};
use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, params};

use super::{
    Append, Checkpoint, Journal, JournalError, batch, checkpoints, observed, reading, schema,
};
use crate::limits::{
    TEND_FOR, TRIM_EVERY, TRIM_KEYS, TRIM_PAGES, TRIM_RAW_ROWS, TRIM_REFUSED, TRIM_REQUESTS,
    TRUNCATE_WAIT,
};
use crate::store::history::{Cursor, History};
use crate::store::keep::Keep;
use crate::store::past;
use crate::store::personal;
use crate::store::personal::erase::Erasure;
use crate::store::quarantine::{self, QuarantineSize};
use crate::store::raw::{self, Archive};
use crate::store::requests;
use crate::store::sqlite as store;
use crate::store::{HistoryRow, Past};

/// File name of the database in the data folder.
const DATABASE: &str = "egret.db";

/// The journal's writing side. Holds the data folder's lock for as long as it lives.
#[derive(Debug)]
pub(crate) struct SqliteJournal {
    connection: Connection,
    names: store::Names,
    quarantine: QuarantineSize,
    history: History,
    archive: Archive,
    trimming: Trimming,
    /// The feed of whose reports it is noted how they stand.
    listed: Option<FeedId>,
    /// As of when ages are counted, while nothing is to be let go for its age.
    held: Option<TimeMs>,
    /// The checkpoint on its way.
    writing: Option<checkpoints::Writing>,
    _lock: File,
}

/// Where letting go of what is too old stands.
#[derive(Debug)]
enum Trimming {
    /// It begins again then.
    Idle(TimeMs),
    /// On its way through history.
    History(Cursor),
    /// On its way through the raw messages.
    Raw,
    /// On its way through the refused messages.
    Quarantine,
    /// On its way through the keys of personal data.
    Keys,
}

/// Prepared statements kept: more than there are, so that none is prepared twice.
const STATEMENTS_KEPT: usize = 64;

/// How commits of entries and checkpoints are synchronised: on the disk when they return.
const SYNCED: &str = "FULL";

/// How long a connection waits for another that is in its way, unless it says otherwise.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How commits of history are: in the write-ahead log, which keeps their order, and on the disk
/// with the next commit that is synchronised. What a power cut takes of them, the fold emits again
/// after the restart, for no checkpoint later than them is on the disk either.
const UNSYNCED: &str = "NORMAL";

/// Where the database of `folder` is.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

impl SqliteJournal {
    /// Opens the journal in `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be made or is used by another server, or the database is damaged or
    /// of a newer version.
    pub(crate) fn open(folder: &Path) -> Result<Self, JournalError> {
        let lock = lock(folder)?;
        let mut connection = Connection::open(database(folder))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", SYNCED)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        personal::delete_securely(&connection, false)?;
        connection.busy_timeout(LOCK_WAIT)?;
        schema::prepare(&mut connection, folder).map_err(|why| JournalError::Folder {
            path: folder.display().to_string(),
            why,
        })?;
        let names = store::Names::load(&connection)?;
        let quarantine = QuarantineSize::load(&connection)?;
        Ok(Self {
            connection,
            names,
            quarantine,
            history: History::new()?,
            archive: Archive::new()?,
            trimming: Trimming::Idle(TimeMs(i64::MIN)),
            listed: None,
            held: None,
            writing: None,
            _lock: lock,
        })
    }

    /// The same, which lets things go as `keep` says and counts days in `zone`.
    pub(crate) fn keeping(mut self, keep: Keep, zone: Tz) -> Self {
        self.history.keep = keep;
        self.history.zone = zone;
        self
    }

    /// The same, which notes how the reports of `feed` stand. Of a feed that was not listed before, all
    /// are read from the journal first.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn listing(mut self, feed: Option<FeedId>) -> Result<Self, JournalError> {
        if requests::listed(&self.connection)? == feed {
            self.listed = feed;
        } else {
            self.list(feed, 0)?;
        }
        Ok(self)
    }

    /// How much is in quarantine.
    #[cfg(test)]
    pub(crate) fn in_quarantine(&self) -> QuarantineSize {
        self.quarantine
    }

    /// Brings everything in the write-ahead log into the database and empties it, so that no old
    /// page is left; whether nobody was in the way.
    fn truncate_log(&self) -> Result<bool, JournalError> {
        self.connection.busy_timeout(TRUNCATE_WAIT)?;
        let is_busy: bool =
            self.connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        self.connection.busy_timeout(LOCK_WAIT)?;
        Ok(!is_busy)
    }
}

/// Takes the folder for this process alone.
fn lock(folder: &Path) -> Result<File, JournalError> {
    let failed = |why: String| JournalError::Folder {
        path: folder.display().to_string(),
        why,
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let file = File::create(folder.join("lock")).map_err(|error| failed(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(failed("another egret is using it".to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error.to_string())),
    }
}

impl Journal for SqliteJournal {
    fn last_seq(&self) -> Result<Seq, JournalError> {
        let last = self
            .connection
            .query_row("SELECT max(last_seq) FROM journal", [], |row| {
                row.get::<_, Option<Seq>>(0)
            })?;
        Ok(last.unwrap_or(0))
    }

    fn append(&mut self, append: &Append<'_>) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        let mut quarantine = self.quarantine;
        append_entries(&transaction, append)?;
        if let Some(feed) = &self.listed {
            requests::put(&transaction, feed, append.entries)?;
        }
        for (seq, row) in &append.quarantine {
            quarantine::put(&transaction, *seq, row)?;
            quarantine.add(row);
        }
        quarantine.trim(&transaction)?;
        if !append.released.is_empty() {
            quarantine.release(&transaction, &append.released)?;
        }
        for (seq, row) in &append.keys {
            personal::put_key(&transaction, *seq, row)?;
        }
        for (seq, row) in &append.personal {
            personal::put(&transaction, *seq, row)?;
        }
        if self.history.keep.archives() {
            let last_seq = append.first_seq + append.entries.len() as Seq;
            self.archive.put(
                &transaction,
                (append.first_seq, last_seq.saturating_sub(1)),
                &append.raw,
            )?;
        }
        transaction.commit()?;
        self.quarantine = quarantine;
        Ok(())
    }

    fn put_history(&mut self, rows: &[HistoryRow]) -> Result<(), JournalError> {
        self.connection
            .pragma_update(None, "synchronous", UNSYNCED)?;
        let transaction = self.connection.transaction()?;
        self.history.put(&transaction, &mut self.names, rows)?;
        transaction.commit()?;
        self.connection.pragma_update(None, "synchronous", SYNCED)?;
        Ok(())
    }

    fn put_past(&mut self, past: &Past) -> Result<(), JournalError> {
        self.connection
            .pragma_update(None, "synchronous", UNSYNCED)?;
        let transaction = self.connection.transaction()?;
        let newest = match past {
            Past::Turns(turns) => turns.last().map(|turn| turn.at),
            Past::Over(_) => None,
        };
        let oldest = newest.map(|at| at.minus(self.history.keep.hour));
        past::put(&transaction, past, oldest)?;
        transaction.commit()?;
        self.connection.pragma_update(None, "synchronous", SYNCED)?;
        Ok(())
    }

    fn put_requests(&mut self, feed: &FeedId, entries: &[Entry]) -> Result<(), JournalError> {
        self.connection
            .pragma_update(None, "synchronous", UNSYNCED)?;
        let transaction = self.connection.transaction()?;
        requests::put(&transaction, feed, entries)?;
        transaction.commit()?;
        self.connection.pragma_update(None, "synchronous", SYNCED)?;
        Ok(())
    }

    fn list(&mut self, feed: Option<FeedId>, after: Seq) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        if let Some(feed) = &feed {
            let mut put = Ok(());
            reading::entries(&transaction, after, &mut |_, entry| {
                put = requests::put(&transaction, feed, &[entry]);
                put.is_ok()
            })?;
            put?;
        }
        requests::note_listed(&transaction, feed.as_ref())?;
        transaction.commit()?;
        self.listed = feed;
        Ok(())
    }

    fn put_checkpoint_part(&mut self, checkpoint: &Checkpoint) -> Result<bool, JournalError> {
        // Synchronised as a whole: no part of it, nor the history that it covers, is on the disk
        // after its head.
        let transaction = self.connection.transaction()?;
        let writing = self.writing.take();
        let writing = checkpoints::write_part(&transaction, writing, checkpoint)?;
        transaction.commit()?;
        self.writing = writing;
        Ok(self.writing.is_some())
    }

    fn tend(&mut self, now: TimeMs) -> Result<bool, JournalError> {
        self.connection
            .pragma_update(None, "synchronous", UNSYNCED)?;
        let until = Instant::now() + TEND_FOR;
        let transaction = self.connection.transaction()?;
        let mut quarantine = self.quarantine;
        let mut is_more = true;
        while is_more && Instant::now() < until {
            is_more = self.history.roll_up_next(&transaction, now)? || {
                let of = (&self.history, &mut quarantine);
                self.trimming.step(&transaction, of, now, self.held)?
            };
        }
        transaction.commit()?;
        self.quarantine = quarantine;
        self.connection.pragma_update(None, "synchronous", SYNCED)?;
        Ok(is_more)
    }

    fn hold(&mut self, since: Option<TimeMs>) {
        self.held = since;
    }

    fn erase(&mut self, erasure: &mut Erasure) -> Result<bool, JournalError> {
        personal::delete_securely(&self.connection, true)?;
        let transaction = self.connection.transaction()?;
        let n_refused = erasure.erased().refused;
        let is_more = erasure.go_on(&transaction)?;
        transaction.commit()?;
        if erasure.erased().refused > n_refused {
            self.quarantine = QuarantineSize::load(&self.connection)?;
        }
        personal::delete_securely(&self.connection, false)?;
        Ok(is_more || (!self.truncate_log()? && erasure.try_again()))
    }

    fn read(
        &self,
        after: Seq,
        each: &mut dyn FnMut(Seq, Entry) -> bool,
    ) -> Result<(), JournalError> {
        reading::entries(&self.connection, after, each)
    }

    fn checkpoints(&self) -> Result<Vec<Checkpoint>, JournalError> {
        checkpoints::read(&self.connection)
    }
}

/// Appends the live entries and the stored ones, each as a batch.
fn append_entries(connection: &Connection, append: &Append<'_>) -> Result<(), JournalError> {
    let n_live = append.n_live.min(append.entries.len());
    let (live, stored) = append.entries.split_at(n_live);
    append_batch(connection, append.first_seq, live)?;
    append_batch(connection, append.first_seq + n_live as Seq, stored)
}

fn append_batch(
    connection: &Connection,
    first_seq: Seq,
    entries: &[Entry],
) -> Result<(), JournalError> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(());
    };
    let body = batch::fold(entries).map_err(|why| JournalError::Batch { first_seq, why })?;
    let (observed_from, observed_to) = observed::span(entries);
    connection
        .prepare_cached(
            "INSERT INTO journal (first_seq, last_seq, first_at, last_at, codec, body,
             observed_from, observed_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            first_seq,
            first_seq + entries.len() as Seq - 1,
            first.received_at().0,
            last.received_at().0,
            batch::CODEC_ZSTD_POSTCARD,
            body,
            observed_from.0,
            observed_to.0,
        ])?;
    Ok(())
}

impl Trimming {
    /// A step of letting go; whether there is more to be let go now.
    fn step(
        &mut self,
        connection: &Connection,
        (history, quarantine): (&History, &mut QuarantineSize),
        now: TimeMs,
        held: Option<TimeMs>,
    ) -> Result<bool, JournalError> {
        let aged = held.unwrap_or(now);
        *self = match *self {
            Self::Idle(next) if now < next => return Ok(false),
            Self::Idle(_) => Self::History(Cursor::START),
            Self::History(cursor) => {
                let next = history.trim(connection, cursor, aged, TRIM_PAGES)?;
                next.map_or(Self::Raw, Self::History)
            }
            Self::Raw => {
                let keep = &history.keep;
                let oldest = aged.minus(keep.raw);
                match raw::trim(connection, oldest, keep.raw_bytes, TRIM_RAW_ROWS)? {
                    TRIM_RAW_ROWS => Self::Raw,
                    _ => Self::Quarantine,
                }
            }
            Self::Quarantine => {
                let oldest = aged.minus(history.keep.quarantine);
                match quarantine.age(connection, oldest, TRIM_REFUSED)? {
                    TRIM_REFUSED => Self::Quarantine,
                    _ => Self::Keys,
                }
            }
            Self::Keys => {
                // What is promised to persons holds in every mode.
                let oldest = now.minus(history.keep.personal);
                personal::delete_securely(connection, true)?;
                let is_more = personal::trim(connection, oldest, TRIM_KEYS)?
                    | requests::trim(connection, oldest, TRIM_REQUESTS)?;
                personal::delete_securely(connection, false)?;
                if is_more {
                    Self::Keys
                } else {
                    Self::Idle(now.plus(TRIM_EVERY))
                }
            }
        };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(range: std::ops::Range<i64>) -> Vec<Entry> {
        range.map(|ms| Entry::Tick(TimeMs(ms))).collect()
    }

    fn entries_of(journal: &SqliteJournal, after: Seq) -> Vec<(Seq, Entry)> {
        let mut seen = Vec::new();
        journal
            .read(after, &mut |seq, entry| {
                seen.push((seq, entry));
                true
            })
            .unwrap();
        seen
    }

    #[test]
    fn what_was_appended_is_read_back_in_order_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (one, two) = (ticks(0..3), ticks(3..5));
        journal
            .append(&Append {
                first_seq: 1,
                entries: &one,
                ..Append::default()
            })
            .unwrap();
        journal
            .append(&Append {
                first_seq: 4,
                entries: &two,
                ..Append::default()
            })
            .unwrap();
        drop(journal);

        let journal = SqliteJournal::open(folder.path()).unwrap();
        assert_eq!(journal.last_seq().unwrap(), 5);
        let tail = entries_of(&journal, 2);
        assert_eq!(
            tail.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
            [3, 4, 5]
        );
        assert_eq!(tail.first().unwrap().1, Entry::Tick(TimeMs(2)));
    }

    #[test]
    fn a_second_server_on_the_same_folder_is_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let _first = SqliteJournal::open(folder.path()).unwrap();
        let error = SqliteJournal::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("another egret"), "{error}");
    }
}
