//! The database's tables, and the way from those of an older version to these.

use std::path::Path;

use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::level::Level;
use egret_shared::metric::{ClosedPoint, MetricPoint};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, Row};

use super::{checkpoints, observed};
use crate::journal::JournalError;
use crate::seal::Seal;
use crate::store::history::{self, History};
use crate::store::personal::{self, old};
use crate::store::{past, quarantine, raw, requests, sqlite as store};

/// Version of all tables and of the journal's entries, which stands in `user_version`; a database of
/// a newer one is refused.
const VERSION: i64 = 7;

/// Tables of the journal.
const JOURNAL: &str = "
CREATE TABLE IF NOT EXISTS journal (
  first_seq     INTEGER PRIMARY KEY,
  last_seq      INTEGER NOT NULL,
  first_at      INTEGER NOT NULL,
  last_at       INTEGER NOT NULL,
  codec         INTEGER NOT NULL,
  body          BLOB    NOT NULL,
  observed_from INTEGER,
  observed_to   INTEGER
);
";

/// Closed windows converted in one go.
const CONVERTED_AT_ONCE: usize = 10_000;

/// Makes the tables, or makes those of an older version into these; all or nothing.
///
/// # Errors
/// In words if the database is of a newer version; otherwise if it fails.
pub(super) fn prepare(connection: &mut Connection, folder: &Path) -> Result<(), String> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if version > VERSION {
        return Err(format!(
            "its tables are of version {version}, this server knows {VERSION}"
        ));
    }
    // Read, not made: a new key opens nothing that an old one sealed.
    let seal = Seal::existing(folder).map_err(|error| error.to_string())?;
    make(connection, version, seal.as_ref()).map_err(|error| error.to_string())
}

fn make(
    connection: &mut Connection,
    version: i64,
    seal: Option<&Seal>,
) -> Result<(), JournalError> {
    let transaction = connection.transaction()?;
    if version == 1 {
        transaction.execute_batch(
            "ALTER TABLE journal ADD COLUMN observed_from INTEGER;
             ALTER TABLE journal ADD COLUMN observed_to INTEGER;",
        )?;
    }
    if version < 3 {
        // In one piece each, and of a city that this server reads anew from its journal anyway.
        transaction.execute_batch("DROP TABLE IF EXISTS checkpoint")?;
    }
    if (1..4).contains(&version) {
        old::convert(&transaction, seal)?;
    }
    if (1..6).contains(&version) {
        quarantine::convert(&transaction)?;
    }
    for tables in [
        JOURNAL,
        checkpoints::SCHEMA,
        observed::INDEX,
        store::SCHEMA,
        quarantine::SCHEMA,
        personal::SCHEMA,
        history::SCHEMA,
        raw::SCHEMA,
        past::SCHEMA,
        requests::SCHEMA,
    ] {
        transaction.execute_batch(tables)?;
    }
    if version == 1 {
        convert_history(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// Makes pages of version 1's row per closed window, which knew nothing of revisions: each is
/// taken to have been known when it closed.
fn convert_history(connection: &Connection) -> Result<(), JournalError> {
    let mut history = History::new()?;
    let mut names = store::Names::load(connection)?;
    let mut statement = connection.prepare(
        "SELECT metric.text, area.text, start_ms, end_ms, v, level, sources, expected, latest_ms,
         flags FROM history JOIN name AS metric ON metric.id = history.metric
         JOIN name AS area ON area.id = history.area ORDER BY end_ms",
    )?;
    let mut rows = statement.query([])?;
    let mut gathered = Vec::new();
    let mut n_converted = 0_usize;
    while let Some(row) = rows.next()? {
        gathered.push(closed_point(row)?);
        if gathered.len() == CONVERTED_AT_ONCE {
            history.put(connection, &mut names, &gathered)?;
            n_converted += gathered.len();
            gathered.clear();
        }
    }
    history.put(connection, &mut names, &gathered)?;
    n_converted += gathered.len();
    drop(rows);
    drop(statement);
    connection.execute_batch("DROP TABLE history")?;
    tracing::info!(n_converted, "history of an older version was converted");
    Ok(())
}

fn closed_point(row: &Row<'_>) -> rusqlite::Result<ClosedPoint> {
    let level: usize = row.get(5)?;
    let flags: String = row.get(9)?;
    let flags: Vec<&str> = flags.split_whitespace().collect();
    let end = TimeMs(row.get(3)?);
    Ok(ClosedPoint {
        known_at: end,
        point: MetricPoint {
            metric: MetricId::new(row.get::<_, String>(0)?),
            area: AreaCode::new(row.get::<_, String>(1)?),
            start: TimeMs(row.get(2)?),
            end,
            v: row.get(4)?,
            level: Level::ALL.get(level).copied().unwrap_or_default(),
            sources: row.get(6)?,
            expected: row.get(7)?,
            latest_at: row.get::<_, Option<i64>>(8)?.map(TimeMs),
            flags: serde_json::to_value(flags)
                .and_then(serde_json::from_value)
                .unwrap_or(Flags::NONE),
            typical: None,
        },
    })
}

#[cfg(test)]
mod tests;
