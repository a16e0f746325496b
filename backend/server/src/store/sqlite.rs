//! The embedded store: tables beside the journal in the same database.

use std::collections::HashMap;
use std::path::PathBuf;

use egret_city::entry::Seq;
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, FeedId, MetricId};
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OpenFlags, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    HistoryFilter, HistoryRow, PersonalRow, QuarantineFilter, QuarantineItem, QuarantineRow, Store,
};
use crate::journal::JournalError;
use crate::limits::{QUARANTINE_BYTES, QUARANTINE_ROWS};

/// Tables of the store. Metrics and areas stand in `history` by number, for it has many rows.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS quarantine (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  seq           INTEGER NOT NULL,
  received_at   INTEGER NOT NULL,
  feed          TEXT,
  sender        TEXT    NOT NULL,
  topic         TEXT    NOT NULL,
  stage         TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  detail        TEXT    NOT NULL,
  payload_bytes INTEGER NOT NULL,
  sealed        INTEGER NOT NULL,
  raw           BLOB    NOT NULL
);
CREATE TABLE IF NOT EXISTS personal (
  seq    INTEGER PRIMARY KEY,
  feed   TEXT NOT NULL,
  report TEXT NOT NULL,
  sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS name (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS history (
  metric    INTEGER NOT NULL,
  area      INTEGER NOT NULL,
  end_ms    INTEGER NOT NULL,
  start_ms  INTEGER NOT NULL,
  v         REAL,
  level     INTEGER NOT NULL,
  sources   INTEGER NOT NULL,
  expected  INTEGER NOT NULL,
  latest_ms INTEGER,
  flags     TEXT    NOT NULL,
  PRIMARY KEY (metric, area, end_ms)
) WITHOUT ROWID;
";

/// Numbers of metric ids and area codes. Bounded by what city packages have ever declared.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, i64>);

impl Names {
    /// The names in the database.
    pub(crate) fn load(connection: &Connection) -> Result<Self, JournalError> {
        let mut statement = connection.prepare("SELECT text, id FROM name")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    fn number(&mut self, connection: &Connection, text: &str) -> Result<i64, JournalError> {
        if let Some(number) = self.0.get(text) {
            return Ok(*number);
        }
        connection.execute("INSERT OR IGNORE INTO name (text) VALUES (?1)", [text])?;
        let number =
            connection.query_row("SELECT id FROM name WHERE text = ?1", [text], |row| {
                row.get(0)
            })?;
        self.0.insert(text.to_owned(), number);
        Ok(number)
    }
}

/// The word that serde has for a unit variant.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

/// The value of a word that [`word`] wrote.
fn from_word<T: DeserializeOwned>(word: String) -> rusqlite::Result<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Keeps a refused message.
pub(crate) fn put_quarantine(
    connection: &Connection,
    seq: Seq,
    row: &QuarantineRow,
) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO quarantine (seq, received_at, feed, sender, topic, stage, reason, detail,
             payload_bytes, sealed, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            seq,
            row.received_at.0,
            row.feed.as_ref().map(FeedId::as_str),
            row.sender,
            row.topic,
            word(row.rejection.stage),
            word(row.rejection.reason),
            row.rejection.detail,
            row.payload_bytes,
            row.sealed,
            row.raw,
        ])?;
    Ok(())
}

/// How much is in quarantine, counted along so that no insert has to scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuarantineSize {
    rows: u64,
    bytes: u64,
}

impl QuarantineSize {
    /// Counts what is there.
    pub(crate) fn load(connection: &Connection) -> Result<Self, JournalError> {
        Ok(connection.query_row(
            "SELECT count(*), coalesce(sum(length(raw)), 0) FROM quarantine",
            [],
            |row| {
                Ok(Self {
                    rows: row.get(0)?,
                    bytes: row.get(1)?,
                })
            },
        )?)
    }

    /// With `row` more.
    pub(crate) fn add(&mut self, row: &QuarantineRow) {
        self.rows += 1;
        self.bytes += row.raw.len() as u64;
    }

    /// Lets the oldest refused messages go until a tenth of the limits is free again, so that
    /// this is seldom. Counts stay in the journal.
    pub(crate) fn trim(&mut self, connection: &Connection) -> Result<(), JournalError> {
        if self.rows <= QUARANTINE_ROWS && self.bytes <= QUARANTINE_BYTES {
            return Ok(());
        }
        connection.execute(
            "DELETE FROM quarantine WHERE id IN (SELECT id FROM (SELECT id,
             sum(length(raw)) OVER (ORDER BY id DESC) AS bytes,
             row_number() OVER (ORDER BY id DESC) AS rows FROM quarantine)
             WHERE bytes > ?1 OR rows > ?2)",
            params![QUARANTINE_BYTES / 10 * 9, QUARANTINE_ROWS / 10 * 9],
        )?;
        *self = Self::load(connection)?;
        Ok(())
    }
}

/// Keeps personal fields, sealed.
pub(crate) fn put_personal(
    connection: &Connection,
    seq: Seq,
    row: &PersonalRow,
) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO personal VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            seq,
            row.feed.as_str(),
            row.report.as_str(),
            row.sealed
        ])?;
    Ok(())
}

/// Keeps closed windows; a window closed again replaces its former self.
pub(crate) fn put_history(
    connection: &Connection,
    names: &mut Names,
    rows: &[HistoryRow],
) -> Result<(), JournalError> {
    for row in rows {
        let metric = names.number(connection, row.metric.as_str())?;
        let area = names.number(connection, row.area.as_str())?;
        let level = Level::ALL
            .iter()
            .position(|level| *level == row.level)
            .unwrap_or(0);
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                metric,
                area,
                row.end.0,
                row.start.0,
                row.v,
                level,
                row.sources,
                row.expected,
                row.latest_at.map(|at| at.0),
                row.flags.names().collect::<Vec<_>>().join(" "),
            ])?;
    }
    Ok(())
}

/// The store's reading side.
#[derive(Clone, Debug)]
pub(crate) struct SqliteStore {
    database: PathBuf,
}

impl SqliteStore {
    /// Reads from `database`, which the journal has made.
    pub(crate) fn new(database: PathBuf) -> Self {
        Self { database }
    }

    fn connect(&self) -> Result<Connection, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Connection::open_with_flags(&self.database, flags)?)
    }
}

impl Store for SqliteStore {
    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantineItem>, JournalError> {
        let connection = self.connect()?;
        let mut statement = connection.prepare(
            "SELECT id, seq, received_at, feed, sender, topic, stage, reason, detail,
             payload_bytes, sealed, raw FROM quarantine
             WHERE (?1 IS NULL OR feed = ?1) AND (?2 IS NULL OR reason = ?2)
             AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4",
        )?;
        let rows = statement.query_map(
            params![
                filter.feed.as_ref().map(FeedId::as_str),
                filter.reason.map(word),
                filter.before,
                filter.limit,
            ],
            quarantine_item,
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryRow>, JournalError> {
        let connection = self.connect()?;
        let mut statement = connection.prepare(
            "SELECT start_ms, max(end_ms), v, level, sources, expected, latest_ms, flags
             FROM history
             WHERE metric = (SELECT id FROM name WHERE text = ?1)
             AND area = (SELECT id FROM name WHERE text = ?2)
             AND end_ms > ?3 AND end_ms <= ?4
             GROUP BY (end_ms - 1) / ?5 ORDER BY end_ms LIMIT ?6",
        )?;
        let rows = statement.query_map(
            params![
                filter.metric.as_str(),
                filter.area.as_str(),
                filter.from.0,
                filter.to.0,
                filter.step.0.max(1),
                filter.limit,
            ],
            |row| history_row(row, &filter.metric, &filter.area),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn quarantine_item(row: &Row<'_>) -> rusqlite::Result<QuarantineItem> {
    let sealed: bool = row.get(10)?;
    let raw: Vec<u8> = row.get(11)?;
    Ok(QuarantineItem {
        id: row.get(0)?,
        seq: row.get(1)?,
        received_at: TimeMs(row.get(2)?),
        feed: row.get::<_, Option<String>>(3)?.map(FeedId::new),
        sender: row.get(4)?,
        topic: row.get(5)?,
        stage: from_word::<Stage>(row.get(6)?)?,
        reason: from_word::<Reason>(row.get(7)?)?,
        detail: row.get(8)?,
        payload_bytes: row.get(9)?,
        raw: (!sealed).then(|| String::from_utf8_lossy(&raw).into_owned()),
        sealed,
    })
}

fn history_row(row: &Row<'_>, metric: &MetricId, area: &AreaCode) -> rusqlite::Result<MetricPoint> {
    let level: usize = row.get(3)?;
    let flags: String = row.get(7)?;
    let flags = flags.split_whitespace().collect::<Vec<_>>();
    Ok(MetricPoint {
        metric: metric.clone(),
        area: area.clone(),
        start: TimeMs(row.get(0)?),
        end: TimeMs(row.get(1)?),
        v: row.get(2)?,
        level: Level::ALL.get(level).copied().unwrap_or_default(),
        sources: row.get(4)?,
        expected: row.get(5)?,
        latest_at: row.get::<_, Option<i64>>(6)?.map(TimeMs),
        flags: serde_json::to_value(flags)
            .and_then(serde_json::from_value)
            .unwrap_or(Flags::NONE),
    })
}
