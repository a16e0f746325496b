//! Reading the journal, also beside the server that writes it.

use std::path::Path;

use egret_city::entry::{Entry, Seq};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OpenFlags};

use super::sqlite::database;
use super::{Checkpoint, JournalError, batch, checkpoints};

/// Somebody who reads the journal and changes nothing.
pub(crate) struct Reading {
    connection: Connection,
}

impl Reading {
    /// Opens the journal in `folder` for reading. A server may be using it.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub(crate) fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = database(folder);
        if !path.is_file() {
            return Err(JournalError::Folder {
                path: folder.display().to_string(),
                why: "there is no journal in it".to_owned(),
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        Ok(Self { connection })
    }

    /// Seq of the last entry that was taken in before `at`, with what was kept together with it;
    /// 0 if there is none.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn seq_before(&self, at: TimeMs) -> Result<Seq, JournalError> {
        let last = self.connection.query_row(
            // A batch that only names a package has no time.
            "SELECT max(last_seq) FROM journal WHERE last_at < ?1 AND last_at > 0",
            [at.0],
            |row| row.get::<_, Option<Seq>>(0),
        )?;
        Ok(last.unwrap_or(0))
    }

    /// Hands on every entry after `after`, in order, until `each` says stop (false).
    ///
    /// # Errors
    /// If the database fails, or a batch does not decode.
    pub(crate) fn read(
        &self,
        after: Seq,
        each: &mut dyn FnMut(Seq, Entry) -> bool,
    ) -> Result<(), JournalError> {
        entries(&self.connection, after, each)
    }

    /// The newest checkpoints, newest first.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn checkpoints(&self) -> Result<Vec<Checkpoint>, JournalError> {
        checkpoints::read(&self.connection)
    }
}

/// Hands on every entry after `after`, in order, until `each` says stop (false).
///
/// # Errors
/// If the database fails, or a batch does not decode.
pub(super) fn entries(
    connection: &Connection,
    after: Seq,
    each: &mut dyn FnMut(Seq, Entry) -> bool,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT first_seq, codec, body FROM journal WHERE first_seq >=
         coalesce((SELECT max(first_seq) FROM journal WHERE first_seq <= ?1), 0)
         AND last_seq > ?1 ORDER BY first_seq",
    )?;
    let mut rows = statement.query([after])?;
    while let Some(row) = rows.next()? {
        let first_seq: Seq = row.get(0)?;
        let body = row.get_ref(2)?.as_blob().unwrap_or_default();
        let entries = batch::unfold(row.get(1)?, body)
            .map_err(|why| JournalError::Batch { first_seq, why })?;
        for (seq, entry) in (first_seq..).zip(entries) {
            if seq > after && !each(seq, entry) {
                return Ok(());
            }
        }
    }
    Ok(())
}
