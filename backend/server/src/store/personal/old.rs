//! Personal fields from before there were data keys, sealed by the data folder's key: each is
//! given a key of its own and its words, so that a person can be erased from them, too.

use std::collections::BTreeMap;

use egret_city::entry::Seq;
use egret_shared::id::{FeedId, ReportId};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    KeyRow, PersonalRow, SCHEMA, close_fields, delete_securely, put, put_key_of, words_of,
};
use crate::journal::JournalError;
use crate::seal::Seal;

/// Converts the table of before. Fields that `seal` does not open stay as they are: then the key
/// that sealed them is gone.
///
/// The old table is overwritten: in the gaps of its pages may lie copies that nobody deleted.
///
/// # Errors
/// If the database fails.
pub(crate) fn convert(connection: &Connection, seal: Option<&Seal>) -> Result<(), JournalError> {
    let is_there: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'personal'",
        [],
        |row| row.get(0),
    )?;
    if !is_there {
        return Ok(());
    }
    delete_securely(connection, true)?;
    connection.execute_batch("ALTER TABLE personal RENAME TO personal_old")?;
    connection.execute_batch(SCHEMA)?;
    let mut statement =
        connection.prepare("SELECT seq, feed, report, sealed FROM personal_old ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let (mut n_converted, mut n_left) = (0_u64, 0_u64);
    while let Some(row) = rows.next()? {
        let seq: Seq = row.get(0)?;
        let old = PersonalRow {
            feed: FeedId::new(row.get::<_, String>(1)?),
            report: ReportId::new(row.get::<_, String>(2)?),
            sealed: row.get(3)?,
            words: Vec::new(),
        };
        let converted = seal.and_then(|seal| converted(seal, &old));
        if let Some((wrapped, new)) = converted {
            let received_at = received_at(connection, seq)?;
            let key = KeyRow {
                received_at,
                wrapped,
            };
            put_key_of(connection, seq, &key, false)?;
            put(connection, seq, &new)?;
            n_converted += 1;
        } else {
            put(connection, seq, &old)?;
            n_left += 1;
        }
    }
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE personal_old")?;
    delete_securely(connection, false)?;
    if n_left > 0 {
        tracing::error!(
            n_left,
            "personal.key does not open personal fields of reports"
        );
    }
    if n_converted > 0 {
        tracing::info!(
            n_converted,
            "personal fields of reports have keys of their own now"
        );
    }
    Ok(())
}

fn converted(seal: &Seal, old: &PersonalRow) -> Option<(Vec<u8>, PersonalRow)> {
    let plain = seal.open_old(&old.sealed)?;
    let fields: BTreeMap<String, String> = serde_json::from_slice(&plain).ok()?;
    let fields: Vec<(String, String)> = fields.into_iter().collect();
    let (key, wrapped) = seal.new_key()?;
    let new = PersonalRow {
        sealed: close_fields(&key, &old.feed, &old.report, &fields),
        words: words_of(seal, &fields),
        ..old.clone()
    };
    Some((wrapped, new))
}

/// When the entry arrived, as near as its batch tells.
fn received_at(connection: &Connection, seq: Seq) -> Result<TimeMs, JournalError> {
    let last_at = connection
        .prepare_cached(
            "SELECT last_at FROM journal WHERE first_seq <= ?1 ORDER BY first_seq DESC LIMIT 1",
        )?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(TimeMs(last_at.unwrap_or_default()))
}
