//! Refused messages in the database: written with their refusals, bounded by number and bytes, and
//! read as they are kept or opened.

use egret_city::entry::Seq;
use egret_shared::id::FeedId;
use egret_shared::package::addition::UnheardTopic;
use egret_shared::rejection::{Reason, Stage};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::personal::{self, Opened};
use super::{Beside, QuarantineFilter, QuarantineItem, QuarantineRow, RefusedMessage};
use crate::journal::JournalError;
use crate::limits::{QUARANTINE_BYTES, QUARANTINE_ROWS};
use crate::seal::Seal;
use crate::seal::payload::Sealing;

/// How much of a message stands for a topic that no feed listens to, in bytes.
const SAMPLE_BYTES: usize = 16 * 1024;

/// The table. `sealed` is the number of a [`Sealing`]; `beside` is absent of what was kept before it
/// was.
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
  raw           BLOB    NOT NULL,
  beside        BLOB
);
";

/// Makes room in a table of before version 6 for what came beside payloads, if there is such a table.
///
/// # Errors
/// If the database fails.
pub(crate) fn convert(connection: &Connection) -> Result<(), JournalError> {
    let is_there: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'quarantine'",
        [],
        |row| row.get(0),
    )?;
    if is_there {
        connection.execute_batch("ALTER TABLE quarantine ADD COLUMN beside BLOB")?;
    }
    Ok(())
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
pub(crate) fn put(
    connection: &Connection,
    seq: Seq,
    row: &QuarantineRow,
) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO quarantine (seq, received_at, feed, sender, topic, stage, reason, detail,
             payload_bytes, sealed, raw, beside)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
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
            row.beside,
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
            "SELECT count(*), coalesce(sum(length(raw) + coalesce(length(beside), 0)), 0)
             FROM quarantine",
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
        self.bytes += (row.raw.len() + row.beside.len()) as u64;
    }

    /// Lets the oldest refused messages go until a tenth of the limits is free again, so that
    /// this is seldom. Counts stay in the journal.
    pub(crate) fn trim(&mut self, connection: &Connection) -> Result<(), JournalError> {
        if self.rows <= QUARANTINE_ROWS && self.bytes <= QUARANTINE_BYTES {
            return Ok(());
        }
        let last: Option<i64> = connection.query_row(
            "SELECT max(id) FROM (SELECT id,
             sum(length(raw) + coalesce(length(beside), 0)) OVER (ORDER BY id DESC) AS bytes,
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
        let mut deleting = connection.prepare_cached(
            "DELETE FROM quarantine WHERE id = ?1
             RETURNING length(raw) + coalesce(length(beside), 0)",
        )?;
        for id in ids {
            personal::forget_released(connection, *id)?;
            let gone: Option<u64> = deleting.query_row([id], |row| row.get(0)).optional()?;
            if let Some(bytes) = gone {
                self.rows = self.rows.saturating_sub(1);
                self.bytes = self.bytes.saturating_sub(bytes);
            }
        }
        Ok(())
    }

    /// Lets at most `rows` refused messages go that arrived before `oldest`. Counts stay in the
    /// journal. Returns how many went.
    pub(crate) fn age(
        &mut self,
        connection: &Connection,
        oldest: TimeMs,
        rows: usize,
    ) -> Result<usize, JournalError> {
        // They are in the order of arrival, so that looking stops at the first to be kept.
        let mut statement = connection.prepare_cached(
            "SELECT id FROM (SELECT id, received_at FROM quarantine ORDER BY id LIMIT ?2)
             WHERE received_at < ?1",
        )?;
        let found = statement.query_map(params![oldest.0, rows], |row| row.get(0))?;
        let ids: Vec<i64> = found.collect::<Result<_, _>>()?;
        self.release(connection, &ids)?;
        Ok(ids.len())
    }
}

/// Topics that refused messages came by and no feed listened to, newest first.
///
/// # Errors
/// If the database fails; so for all below.
pub(crate) fn unheard(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<UnheardTopic>, JournalError> {
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
            sealed: !is_plain,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A refused message as it is kept.
pub(crate) struct KeptItem {
    item: QuarantineItem,
    sealing: Sealing,
    raw: Vec<u8>,
    beside: Option<Vec<u8>>,
}

/// What a refused message opens to.
enum Open {
    /// Payload, and what came beside it.
    Plain(Vec<u8>, Vec<u8>),
    /// Nothing is left.
    Gone,
    /// The data folder's key does not open it.
    Closed,
}

impl KeptItem {
    /// With its payload if that is in clear.
    pub(crate) fn told(self) -> QuarantineItem {
        if self.sealing != Sealing::None {
            return self.item;
        }
        let beside = self.beside.unwrap_or_default();
        self.item.holding(&self.raw, &beside)
    }

    /// As it came, opened; without a payload if that is gone.
    pub(crate) fn message(
        self,
        connection: &Connection,
        seal: &Seal,
    ) -> Result<RefusedMessage, JournalError> {
        let (raw, beside) = match self.open(connection, seal)? {
            Open::Plain(raw, beside) => (Some(raw), self.beside.map(|_| beside)),
            Open::Gone | Open::Closed => (None, None),
        };
        Ok(RefusedMessage {
            item: self.item,
            raw,
            beside: beside.map(|beside| Beside::from_bytes(&beside)),
        })
    }

    /// With its payload, opened.
    pub(crate) fn opened(
        self,
        connection: &Connection,
        seal: &Seal,
    ) -> Result<QuarantineItem, JournalError> {
        Ok(match self.open(connection, seal)? {
            Open::Plain(raw, beside) => QuarantineItem {
                sealed: false,
                ..self.item.holding(&raw, &beside)
            },
            Open::Gone => QuarantineItem {
                erased: true,
                ..self.item
            },
            Open::Closed => self.told(),
        })
    }

    fn open(&self, connection: &Connection, seal: &Seal) -> Result<Open, JournalError> {
        let (seq, sealing) = (self.item.seq, self.sealing);
        let beside = self.beside.as_deref().unwrap_or_default();
        let opened =
            personal::open_payload(connection, seal, seq, sealing, &self.raw).and_then(|raw| {
                let beside = personal::open_beside(connection, seal, seq, sealing, beside)?;
                Ok((raw, beside))
            });
        match opened {
            Ok((Opened::Plain(raw), Opened::Plain(beside))) => Ok(Open::Plain(raw, beside)),
            Ok((Opened::Gone, _) | (_, Opened::Gone)) => Ok(Open::Gone),
            Err(error @ JournalError::Kept { .. }) => {
                tracing::error!(%error, "a refused message cannot be opened");
                Ok(Open::Closed)
            }
            Err(error) => Err(error),
        }
    }
}

impl QuarantineItem {
    fn holding(self, raw: &[u8], beside: &[u8]) -> Self {
        Self {
            raw: Some(String::from_utf8_lossy(raw).into_owned()),
            beside: Beside::from_bytes(beside),
            ..self
        }
    }
}

/// Refused messages as they are kept, newest first.
pub(crate) fn kept(
    connection: &Connection,
    filter: &QuarantineFilter,
) -> Result<Vec<KeptItem>, JournalError> {
    let ids = filter.ids.as_ref();
    let ids = ids.map(|ids| serde_json::Value::from(ids.as_slice()).to_string());
    let mut statement = connection.prepare(
        "SELECT id, seq, received_at, feed, sender, topic, stage, reason, detail,
             payload_bytes, sealed, raw, beside FROM quarantine
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
        beside: Beside::default(),
        sealed: sealing.is_sealed(),
        erased: sealing == Sealing::Erased,
    };
    Ok(KeptItem {
        item,
        sealing,
        raw: row.get(11)?,
        beside: row.get(12)?,
    })
}

#[cfg(test)]
mod tests;
