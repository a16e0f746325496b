//! The embedded journal: one SQLite database in WAL mode, `synchronous=FULL`.
//!
//! One row per batch, so that the journal costs little disk; everything that must become durable
//! with it goes into the same transaction.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use egret_city::entry::{Entry, Seq};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, params};
use xxhash_rust::xxh3::xxh3_64;

use super::{Append, Checkpoint, Journal, JournalError, batch};
use crate::limits::CHECKPOINTS_KEPT;
use crate::store::sqlite as store;

/// File name of the database in the data folder.
const DATABASE: &str = "egret.db";

/// Tables of the journal. The version stands in `user_version`.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS journal (
  first_seq INTEGER PRIMARY KEY,
  last_seq  INTEGER NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  codec     INTEGER NOT NULL,
  body      BLOB    NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoint (
  seq    INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  body   BLOB    NOT NULL
);
";

/// Version of all tables; a database of a newer one is refused.
const VERSION: i64 = 1;

/// The journal's writing side. Holds the data folder's lock for as long as it lives.
#[derive(Debug)]
pub(crate) struct SqliteJournal {
    connection: Connection,
    names: store::Names,
    quarantine: store::QuarantineSize,
    _lock: File,
}

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
        let connection = Connection::open(database(folder))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > VERSION {
            let why = format!("its tables are of version {version}, this server knows {VERSION}");
            return Err(JournalError::Folder {
                path: folder.display().to_string(),
                why,
            });
        }
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch(store::SCHEMA)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        let names = store::Names::load(&connection)?;
        let quarantine = store::QuarantineSize::load(&connection)?;
        Ok(Self {
            connection,
            names,
            quarantine,
            _lock: lock,
        })
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
        for (seq, row) in &append.quarantine {
            store::put_quarantine(&transaction, *seq, row)?;
            quarantine.add(row);
        }
        quarantine.trim(&transaction)?;
        for (seq, row) in &append.personal {
            store::put_personal(&transaction, *seq, row)?;
        }
        store::put_history(&transaction, &mut self.names, append.history)?;
        if let Some(checkpoint) = append.checkpoint {
            put_checkpoint(&transaction, checkpoint)?;
        }
        transaction.commit()?;
        self.quarantine = quarantine;
        Ok(())
    }

    fn read(
        &self,
        after: Seq,
        each: &mut dyn FnMut(Seq, Entry) -> bool,
    ) -> Result<(), JournalError> {
        let mut statement = self.connection.prepare(
            "SELECT first_seq, codec, body FROM journal WHERE last_seq > ?1 ORDER BY first_seq",
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

    fn checkpoints(&self) -> Result<Vec<Checkpoint>, JournalError> {
        let mut statement = self
            .connection
            .prepare("SELECT seq, at, digest, body FROM checkpoint ORDER BY seq DESC")?;
        let rows = statement.query_map([], |row| {
            let digest: i64 = row.get(2)?;
            let checkpoint = Checkpoint {
                seq: row.get(0)?,
                at: TimeMs(row.get(1)?),
                body: row.get(3)?,
            };
            Ok((digest, checkpoint))
        })?;
        let mut good = Vec::new();
        for row in rows {
            let (digest, checkpoint) = row?;
            if digest == xxh3_64(&checkpoint.body).cast_signed() {
                good.push(checkpoint);
            } else {
                tracing::error!(
                    seq = checkpoint.seq,
                    "a checkpoint is damaged and passed over"
                );
            }
        }
        Ok(good)
    }
}

fn append_entries(connection: &Connection, append: &Append<'_>) -> Result<(), JournalError> {
    let (Some(first), Some(last)) = (append.entries.first(), append.entries.last()) else {
        return Ok(());
    };
    let body = batch::fold(append.entries).map_err(|why| JournalError::Batch {
        first_seq: append.first_seq,
        why,
    })?;
    let last_seq = append.first_seq + append.entries.len() as Seq - 1;
    connection
        .prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            append.first_seq,
            last_seq,
            first.received_at().0,
            last.received_at().0,
            batch::CODEC_ZSTD_POSTCARD,
            body,
        ])?;
    Ok(())
}

fn put_checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> Result<(), JournalError> {
    connection.execute(
        "INSERT OR REPLACE INTO checkpoint VALUES (?1, ?2, ?3, ?4)",
        params![
            checkpoint.seq,
            checkpoint.at.0,
            xxh3_64(&checkpoint.body).cast_signed(),
            checkpoint.body,
        ],
    )?;
    let oldest_kept: Option<Seq> = connection
        .query_row(
            "SELECT seq FROM checkpoint ORDER BY seq DESC LIMIT 1 OFFSET ?1",
            [CHECKPOINTS_KEPT.saturating_sub(1)],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(oldest_kept) = oldest_kept {
        connection.execute("DELETE FROM checkpoint WHERE seq < ?1", [oldest_kept])?;
    }
    Ok(())
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

    #[test]
    fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        for seq in [10, 20, 30] {
            let checkpoint = Checkpoint {
                seq,
                at: TimeMs(0),
                body: vec![7; 100],
            };
            let append = Append {
                checkpoint: Some(&checkpoint),
                ..Append::default()
            };
            journal.append(&append).unwrap();
        }
        journal
            .connection
            .execute("UPDATE checkpoint SET body = x'00' WHERE seq = 30", [])
            .unwrap();
        let seqs: Vec<Seq> = journal
            .checkpoints()
            .unwrap()
            .iter()
            .map(|checkpoint| checkpoint.seq)
            .collect();
        assert_eq!(seqs, [20]);
    }
}
