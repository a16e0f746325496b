//! Checkpoints in the database, written part by part: a whole one of 20 MB in one transaction would
//! hold up everyone who waits for an acknowledgement by a tenth of a second.
//!
//! There are a few places, which take turns. A checkpoint counts once its head is there, which is
//! written with its last part; before its first part is, the head of the one before goes.

use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, params};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::{Checkpoint, JournalError};
use crate::limits::{CHECKPOINT_PART_BYTES, CHECKPOINTS_KEPT};

/// Tables of checkpoints.
pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS checkpoint (
  place  INTEGER PRIMARY KEY,
  seq    INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  parts  INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS checkpoint_part (
  place INTEGER NOT NULL,
  part  INTEGER NOT NULL,
  body  BLOB    NOT NULL,
  UNIQUE (place, part)
);
";

/// Those that are kept, and one under way.
const PLACES: usize = CHECKPOINTS_KEPT + 1;

/// A checkpoint on its way into the database.
pub(super) struct Writing {
    seq: u64,
    place: usize,
    next_part: usize,
    digest: Xxh3,
}

impl std::fmt::Debug for Writing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writing")
            .field("seq", &self.seq)
            .field("place", &self.place)
            .field("next_part", &self.next_part)
            .finish_non_exhaustive()
    }
}

/// Writes the next part of `checkpoint`, whose beginning is `writing`; `None` once it is whole.
///
/// # Errors
/// If the database fails.
pub(super) fn write_part(
    connection: &Connection,
    writing: Option<Writing>,
    checkpoint: &Checkpoint,
) -> Result<Option<Writing>, JournalError> {
    let begun = writing.filter(|writing| writing.seq == checkpoint.seq);
    let mut writing = match begun {
        Some(writing) => writing,
        None => begin(connection, checkpoint.seq)?,
    };
    let mut parts = checkpoint.body.chunks(CHECKPOINT_PART_BYTES);
    let n_parts = parts.len();
    let part = parts.nth(writing.next_part).unwrap_or_default();
    writing.digest.update(part);
    connection
        .prepare_cached("INSERT OR REPLACE INTO checkpoint_part VALUES (?1, ?2, ?3)")?
        .execute(params![writing.place, writing.next_part, part])?;
    writing.next_part += 1;
    if writing.next_part < n_parts {
        return Ok(Some(writing));
    }
    connection.execute(
        "INSERT INTO checkpoint VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            writing.place,
            checkpoint.seq,
            checkpoint.at.0,
            writing.digest.digest().cast_signed(),
            n_parts,
        ],
    )?;
    Ok(None)
}

/// Takes the place that is free, or that of the oldest.
fn begin(connection: &Connection, seq: u64) -> Result<Writing, JournalError> {
    let mut place = 0;
    let mut oldest = u64::MAX;
    for candidate in 0..PLACES {
        let there: Option<u64> = connection
            .query_row(
                "SELECT seq FROM checkpoint WHERE place = ?1",
                [candidate],
                |row| row.get(0),
            )
            .optional()?;
        let Some(there) = there else {
            place = candidate;
            break;
        };
        if there < oldest {
            (place, oldest) = (candidate, there);
        }
    }
    connection.execute("DELETE FROM checkpoint WHERE place = ?1", [place])?;
    Ok(Writing {
        seq,
        place,
        next_part: 0,
        digest: Xxh3::new(),
    })
}

/// Every good checkpoint, newest first. One that is damaged is told of and passed over.
///
/// # Errors
/// If the database fails.
pub(super) fn read(connection: &Connection) -> Result<Vec<Checkpoint>, JournalError> {
    let mut heads = connection
        .prepare("SELECT place, parts, digest, seq, at FROM checkpoint ORDER BY seq DESC")?;
    let mut bodies = connection
        .prepare("SELECT body FROM checkpoint_part WHERE place = ?1 AND part < ?2 ORDER BY part")?;
    let mut rows = heads.query([])?;
    let mut good = Vec::new();
    while let Some(row) = rows.next()? {
        let (place, n_parts, digest): (usize, usize, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut body = Vec::new();
        let mut parts = bodies.query(params![place, n_parts])?;
        while let Some(part) = parts.next()? {
            body.extend_from_slice(part.get_ref(0)?.as_blob().unwrap_or_default());
        }
        let checkpoint = Checkpoint {
            seq: row.get(3)?,
            at: TimeMs(row.get(4)?),
            body,
        };
        if digest == xxh3_64(&checkpoint.body).cast_signed() {
            good.push(checkpoint);
        } else {
            let seq = checkpoint.seq;
            tracing::error!(seq, "a checkpoint is damaged and passed over");
        }
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection
    }

    /// Of so many parts, the last one short.
    fn checkpoint(seq: u64, n_parts: usize) -> Checkpoint {
        let n_bytes = n_parts * CHECKPOINT_PART_BYTES - 5;
        let body = (0..n_bytes).map(|n| (n as u64 ^ seq).to_le_bytes()[0]);
        Checkpoint {
            seq,
            at: TimeMs(7),
            body: body.collect(),
        }
    }

    fn put(connection: &Connection, checkpoint: &Checkpoint) {
        let mut writing = None;
        loop {
            writing = write_part(connection, writing, checkpoint).unwrap();
            if writing.is_none() {
                return;
            }
        }
    }

    fn seqs(connection: &Connection) -> Vec<u64> {
        read(connection)
            .unwrap()
            .iter()
            .map(|one| one.seq)
            .collect()
    }

    #[test]
    fn a_checkpoint_counts_once_it_is_whole_and_reads_as_it_was_written() {
        let connection = database();
        let whole = checkpoint(10, 3);
        let mut writing = None;
        for _ in 0..3 {
            assert_eq!(seqs(&connection), [0_u64; 0]);
            writing = write_part(&connection, writing, &whole).unwrap();
        }
        assert!(writing.is_none());
        let read = read(&connection).unwrap();
        assert_eq!((read[0].seq, read[0].at), (10, TimeMs(7)));
        assert!(read[0].body == whole.body);
    }

    #[test]
    fn two_are_kept_while_a_third_is_under_way_and_one_left_unfinished_is_begun_anew() {
        let connection = database();
        for seq in [10, 20, 30] {
            put(&connection, &checkpoint(seq, 2));
        }
        // Then a restart: what was begun is forgotten.
        assert!(
            write_part(&connection, None, &checkpoint(40, 2))
                .unwrap()
                .is_some()
        );
        assert_eq!(seqs(&connection), [30, 20]);
        put(&connection, &checkpoint(50, 1));
        assert_eq!(seqs(&connection), [50, 30, 20]);
        put(&connection, &checkpoint(60, 3));
        assert_eq!(seqs(&connection), [60, 50, 30]);
    }

    #[test]
    fn a_damaged_checkpoint_is_passed_over_for_the_one_before() {
        let connection = database();
        for seq in [10, 20, 30] {
            put(&connection, &checkpoint(seq, 2));
        }
        connection
            .execute(
                "UPDATE checkpoint_part SET body = x'00' WHERE part = 1
                 AND place = (SELECT place FROM checkpoint WHERE seq = 30)",
                [],
            )
            .unwrap();
        assert_eq!(seqs(&connection), [20, 10]);
        connection
            .execute("DELETE FROM checkpoint_part WHERE part = 0", [])
            .unwrap();
        assert_eq!(seqs(&connection), [0_u64; 0]);
    }

    #[test]
    fn an_empty_checkpoint_is_one_as_well() {
        let connection = database();
        let empty = Checkpoint {
            seq: 1,
            at: TimeMs(0),
            body: Vec::new(),
        };
        put(&connection, &empty);
        assert_eq!(seqs(&connection), [1]);
    }
}
