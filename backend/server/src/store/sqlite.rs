//! The embedded store: tables beside the journal in the same database.

use std::collections::HashMap;
use std::path::PathBuf;

use egret_city::entry::{Entry, Seq};
use egret_shared::alert::AlertTurn;
use egret_shared::case::Dossier;
use egret_shared::id::{AreaCode, FeedId, IncidentId, ReportId};
use egret_shared::package::addition::UnheardTopic;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::personal::erase::{Erasure, NotErased};
use super::personal::{self, Opened};
use super::{
    EntriesFilter, PersonalFields, QuarantineFilter, QuarantineItem, QuarantineRow, RawItem,
    RefusedMessage, Request, RequestFilter, SeriesFilter, SeriesPoint, Store, TurnFilter, history,
    past, raw, requests,
};
use crate::journal::{JournalError, observed};
use crate::limits::{QUARANTINE_BYTES, QUARANTINE_ROWS};
use crate::seal::Seal;
use crate::seal::payload::Sealing;

/// How much of a message stands for a topic that no feed listens to, in bytes.
const SAMPLE_BYTES: usize = 16 * 1024;

/// Tables of the store, beside those of [`history`], [`personal`](super::personal) and [`raw`].
/// `sealed` is the number of a [`Sealing`].
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
CREATE TABLE IF NOT EXISTS name (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);
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

    /// The number of `text`, which it is given if it has none.
    pub(crate) fn number(
        &mut self,
        connection: &Connection,
        text: &str,
    ) -> Result<i64, JournalError> {
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

    /// The number of an area, as pages write it.
    pub(crate) fn area(
        &mut self,
        connection: &Connection,
        area: &AreaCode,
    ) -> Result<u32, JournalError> {
        let number = self.number(connection, area.as_str())?;
        u32::try_from(number).map_err(|_too_many| JournalError::Kept {
            what: format!("area {area}"),
            why: format!("{number} names are more than pages can number"),
        })
    }
}

/// The number of `text`, if it has one.
fn known_number(connection: &Connection, text: &str) -> Result<Option<i64>, JournalError> {
    let number = connection
        .query_row("SELECT id FROM name WHERE text = ?1", [text], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(number)
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
            row.sealing.number(),
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
        let last: Option<i64> = connection.query_row(
            "SELECT max(id) FROM (SELECT id,
             sum(length(raw)) OVER (ORDER BY id DESC) AS bytes,
             row_number() OVER (ORDER BY id DESC) AS rows FROM quarantine)
             WHERE bytes > ?1 OR rows > ?2",
            params![QUARANTINE_BYTES / 10 * 9, QUARANTINE_ROWS / 10 * 9],
            |row| row.get(0),
        )?;
        if let Some(last) = last {
            personal::forget_refused(connection, last)?;
            connection.execute("DELETE FROM quarantine WHERE id <= ?1", [last])?;
        }
        *self = Self::load(connection)?;
        Ok(())
    }
}

impl QuarantineSize {
    /// Lets refused messages go by their numbers, because they were taken after all or are not worth
    /// keeping. Counts stay in the journal.
    pub(crate) fn release(
        &mut self,
        connection: &Connection,
        ids: &[i64],
    ) -> Result<(), JournalError> {
        for id in ids {
            personal::forget_released(connection, *id)?;
            connection
                .prepare_cached("DELETE FROM quarantine WHERE id = ?1")?
                .execute([id])?;
        }
        *self = Self::load(connection)?;
        Ok(())
    }
}

/// The store's reading side.
#[derive(Clone, Debug)]
pub(crate) struct SqliteStore {
    database: PathBuf,
    seal: Option<Seal>,
}

impl SqliteStore {
    /// Reads from `database`, which the journal has made.
    pub(crate) fn new(database: PathBuf) -> Self {
        Self {
            database,
            seal: None,
        }
    }

    /// The same, which opens what `seal` seals.
    pub(crate) fn opening(self, seal: Seal) -> Self {
        Self {
            seal: Some(seal),
            ..self
        }
    }

    /// Begins to erase every report and refused message in which `value` stands. The journal's
    /// writer goes on with it. Takes a second or two while there are very many refused messages.
    ///
    /// # Errors
    /// If there is no seal, the value is too short, or the database fails.
    pub(crate) fn begin_erasing(&self, value: &str) -> Result<Erasure, NotErased> {
        let seal = self.seal.clone().ok_or(NotErased::NoKey)?;
        Erasure::begin(&self.connect()?, seal, value)
    }

    fn seal(&self) -> Result<&Seal, JournalError> {
        self.seal.as_ref().ok_or_else(|| JournalError::Kept {
            what: "sealed personal data".to_owned(),
            why: "this reader has no key".to_owned(),
        })
    }

    fn connect(&self) -> Result<Connection, JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Connection::open_with_flags(&self.database, flags)?)
    }
}

impl Store for SqliteStore {
    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantineItem>, JournalError> {
        let kept = kept_quarantine(&self.connect()?, filter)?;
        Ok(kept.into_iter().map(KeptItem::told).collect())
    }

    fn quarantine_opened(
        &self,
        filter: &QuarantineFilter,
    ) -> Result<Vec<QuarantineItem>, JournalError> {
        let (connection, seal) = (self.connect()?, self.seal()?);
        let kept = kept_quarantine(&connection, filter)?;
        let opened = kept.into_iter().map(|kept| kept.opened(&connection, seal));
        opened.collect()
    }

    fn refused(&self, filter: &QuarantineFilter) -> Result<Vec<RefusedMessage>, JournalError> {
        let (connection, seal) = (self.connect()?, self.seal()?);
        let kept = kept_quarantine(&connection, filter)?;
        let opened = kept.into_iter().map(|kept| kept.message(&connection, seal));
        opened.collect()
    }

    fn unheard(&self, limit: usize) -> Result<Vec<UnheardTopic>, JournalError> {
        let connection = self.connect()?;
        let mut statement = connection.prepare(
            "SELECT topic, count(*), max(id), received_at, sender, sealed, substr(raw, 1, ?1)
             FROM quarantine WHERE stage = 'source' AND reason = 'unknown_feed'
             GROUP BY topic ORDER BY max(id) DESC LIMIT ?2",
        )?;
        let rows = statement.query_map(params![SAMPLE_BYTES, limit], |row| {
            let is_plain = Sealing::from_number(row.get(5)?) == Sealing::None;
            let raw: Vec<u8> = row.get(6)?;
            let sample = String::from_utf8_lossy(&raw).into_owned();
            Ok(UnheardTopic {
                topic: row.get(0)?,
                n_messages: row.get(1)?,
                received_at: TimeMs(row.get(3)?),
                sender: row.get(4)?,
                sample: if is_plain { sample } else { String::new() },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn series(&self, filter: &SeriesFilter) -> Result<Vec<SeriesPoint>, JournalError> {
        let connection = self.connect()?;
        let metric = known_number(&connection, filter.metric.as_str())?;
        let area = known_number(&connection, filter.area.as_str())?;
        match (metric, area.and_then(|area| u32::try_from(area).ok())) {
            (Some(metric), Some(area)) => history::series(&connection, filter, metric, area),
            _ => Ok(Vec::new()),
        }
    }

    fn raw(&self, seq: Seq) -> Result<Option<RawItem>, JournalError> {
        let found = raw::find(&self.connect()?, seq)?;
        Ok(found.map(|(item, _)| item))
    }

    fn raw_opened(&self, seq: Seq) -> Result<Option<RawItem>, JournalError> {
        raw::find_opened(&self.connect()?, self.seal()?, seq)
    }

    fn personal(
        &self,
        feed: &FeedId,
        report: &ReportId,
    ) -> Result<Option<PersonalFields>, JournalError> {
        personal::read(&self.connect()?, self.seal()?, feed, report)
    }

    fn requests(
        &self,
        filter: &RequestFilter,
        each: &mut dyn FnMut(Request) -> bool,
    ) -> Result<(), JournalError> {
        requests::list(&self.connect()?, filter, each)
    }

    fn request(&self, feed: &FeedId, report: &ReportId) -> Result<Option<Request>, JournalError> {
        requests::one(&self.connect()?, feed, report)
    }

    fn turns(
        &self,
        filter: &TurnFilter,
        each: &mut dyn FnMut(past::Place, AlertTurn) -> bool,
    ) -> Result<(), JournalError> {
        past::turns(&self.connect()?, filter, each)
    }

    fn over(
        &self,
        before: Option<(TimeMs, IncidentId)>,
        each: &mut dyn FnMut(Dossier) -> bool,
    ) -> Result<(), JournalError> {
        past::over(&self.connect()?, before, each)
    }

    fn dossier(&self, id: &IncidentId) -> Result<Option<Dossier>, JournalError> {
        past::one(&self.connect()?, id)
    }

    fn observed(
        &self,
        filter: &EntriesFilter,
        each: &mut dyn FnMut(Seq, &Entry) -> bool,
    ) -> Result<Option<Seq>, JournalError> {
        observed::walk(&self.connect()?, filter, each)
    }
}

/// A refused message as it is kept.
struct KeptItem {
    item: QuarantineItem,
    sealing: Sealing,
    raw: Vec<u8>,
}

impl KeptItem {
    /// With its payload if that is in clear.
    fn told(self) -> QuarantineItem {
        let raw = (self.sealing == Sealing::None).then_some(self.raw);
        self.item.with_payload(raw)
    }

    /// As it came, opened; without a payload if that is gone.
    fn message(self, connection: &Connection, seal: &Seal) -> Result<RefusedMessage, JournalError> {
        let seq = self.item.seq;
        let raw = match personal::open_payload(connection, seal, seq, self.sealing, &self.raw) {
            Ok(Opened::Plain(raw)) => Some(raw),
            Ok(Opened::Gone) => None,
            Err(error @ JournalError::Kept { .. }) => {
                tracing::error!(%error, "a refused message cannot be opened");
                None
            }
            Err(error) => return Err(error),
        };
        Ok(RefusedMessage {
            item: self.item,
            raw,
        })
    }

    /// With its payload, opened.
    fn opened(self, connection: &Connection, seal: &Seal) -> Result<QuarantineItem, JournalError> {
        let seq = self.item.seq;
        match personal::open_payload(connection, seal, seq, self.sealing, &self.raw) {
            Ok(Opened::Plain(raw)) => Ok(QuarantineItem {
                sealed: false,
                ..self.item.with_payload(Some(raw))
            }),
            Ok(Opened::Gone) => Ok(QuarantineItem {
                erased: true,
                ..self.item
            }),
            Err(error @ JournalError::Kept { .. }) => {
                tracing::error!(%error, "a refused message cannot be opened");
                Ok(self.told())
            }
            Err(error) => Err(error),
        }
    }
}

impl QuarantineItem {
    fn with_payload(self, raw: Option<Vec<u8>>) -> Self {
        Self {
            raw: raw.map(|raw| String::from_utf8_lossy(&raw).into_owned()),
            ..self
        }
    }
}

fn kept_quarantine(
    connection: &Connection,
    filter: &QuarantineFilter,
) -> Result<Vec<KeptItem>, JournalError> {
    let ids = filter.ids.as_ref();
    let ids = ids.map(|ids| serde_json::Value::from(ids.as_slice()).to_string());
    let mut statement = connection.prepare(
        "SELECT id, seq, received_at, feed, sender, topic, stage, reason, detail,
             payload_bytes, sealed, raw FROM quarantine
             WHERE (?1 IS NULL OR feed = ?1) AND (?2 IS NULL OR reason = ?2)
             AND (?3 IS NULL OR id < ?3) AND (?5 IS NULL OR topic = ?5)
             AND (?6 IS NULL OR id IN (SELECT value FROM json_each(?6)))
             ORDER BY id DESC LIMIT ?4",
    )?;
    let rows = statement.query_map(
        params![
            filter.feed.as_ref().map(FeedId::as_str),
            filter.reason.map(word),
            filter.before,
            filter.limit,
            filter.topic,
            ids,
        ],
        kept_item,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kept_item(row: &Row<'_>) -> rusqlite::Result<KeptItem> {
    let sealing = Sealing::from_number(row.get(10)?);
    let item = QuarantineItem {
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
        raw: None,
        sealed: sealing.is_sealed(),
        erased: sealing == Sealing::Erased,
    };
    Ok(KeptItem {
        item,
        sealing,
        raw: row.get(11)?,
    })
}
