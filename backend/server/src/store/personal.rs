//! Personal fields and the keys that open them.
//!
//! A key belongs to an entry: to a report with personal fields, to a refusal, or to the first
//! entry of another message that is kept sealed. It is written in the transaction of its entry, so
//! that what is acknowledged can be opened. The fields of a report are sealed with its own key,
//! the payload that it came in with the keys of all entries of its message
//! ([`crate::seal::payload`]). Whoever erases a key erases both.
//!
//! Keys are only ever added at the table's end, and what is deleted in these tables is overwritten
//! (`secure_delete`), so that no page of the database holds a copy of a key that is gone.

pub(crate) mod erase;
pub(crate) mod old;

use egret_city::entry::Seq;
use egret_shared::id::{FeedId, ReportId};
use egret_shared::people::Personal;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, params};

use crate::journal::JournalError;
use crate::seal::mask::mask;
use crate::seal::payload::{self, Part, Place, Sealing};
use crate::seal::{DataKey, Seal, Word, Wrapped, text};

/// Tables of personal data. A `personal` row whose `sealed` is empty says that its fields have
/// been erased; `seals_payload` is 0 for keys made for what was kept before there were such.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS personal (
  seq    INTEGER PRIMARY KEY,
  feed   TEXT NOT NULL,
  report TEXT NOT NULL,
  sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS personal_report ON personal (feed, report);
CREATE TABLE IF NOT EXISTS person_key (
  seq           INTEGER PRIMARY KEY,
  received_ms   INTEGER NOT NULL,
  seals_payload INTEGER NOT NULL,
  wrapped       BLOB    NOT NULL
);
CREATE TABLE IF NOT EXISTS person_word (
  word BLOB    NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (word, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS person_word_seq ON person_word (seq);
";

/// Personal fields of one report, sealed.
#[derive(Clone, Debug)]
pub(crate) struct PersonalRow {
    /// The report's feed.
    pub feed: FeedId,
    /// The report's upstream id.
    pub report: ReportId,
    /// The fields, sealed with the key of the report's entry.
    pub sealed: Vec<u8>,
    /// What they are found by.
    pub words: Vec<Word>,
}

/// The key of an entry, wrapped.
#[derive(Clone, Debug)]
pub(crate) struct KeyRow {
    /// When the entry's message arrived.
    pub received_at: TimeMs,
    /// The key.
    pub wrapped: Wrapped,
}

/// Personal fields of a report, in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PersonalFields {
    /// The newest of the report's entries that told any.
    pub seq: Seq,
    /// JSON Pointer and value of each field: of every field the newest that was told.
    pub fields: Vec<(String, String)>,
    /// Whether they have been erased, and nothing has been told since.
    pub erased: bool,
}

impl PersonalFields {
    /// The fields as they are told over REST, `masked` or in clear.
    pub(crate) fn told(self, masked: bool) -> Personal {
        let told = |(name, value): (String, String)| {
            let value = if masked { mask(&name, &value) } else { value };
            (name, value)
        };
        Personal {
            fields: self.fields.into_iter().map(told).collect(),
            masked,
            erased: self.erased,
        }
    }
}

/// What personal fields are sealed as: no other report's open in their place.
fn as_fields(feed: &FeedId, report: &ReportId) -> Vec<u8> {
    let parts = ["egret fields 1", feed.as_str(), report.as_str()];
    parts.join("\0").into_bytes()
}

/// `fields` of a report, sealed with `key`; empty if that failed, which is logged as ERROR.
pub(crate) fn close_fields(
    key: &DataKey,
    feed: &FeedId,
    report: &ReportId,
    fields: &[(String, String)],
) -> Vec<u8> {
    match serde_json::to_vec(fields) {
        Ok(plain) => key.close(&plain, &as_fields(feed, report)),
        Err(error) => {
            tracing::error!(%error, "personal fields have no JSON: they are dropped");
            Vec::new()
        }
    }
}

/// What `fields` are found by.
pub(crate) fn words_of(seal: &Seal, fields: &[(String, String)]) -> Vec<Word> {
    let words = fields.iter().flat_map(|(_, value)| text::words(value));
    words.map(|word| seal.word(&word)).collect()
}

/// Keeps a key.
///
/// # Errors
/// If the database fails; so for all below.
pub(crate) fn put_key(connection: &Connection, seq: Seq, row: &KeyRow) -> Result<(), JournalError> {
    put_key_of(connection, seq, row, true)
}

fn put_key_of(
    connection: &Connection,
    seq: Seq,
    row: &KeyRow,
    seals_payload: bool,
) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO person_key VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![seq, row.received_at.0, seals_payload, row.wrapped])?;
    Ok(())
}

/// Keeps personal fields, sealed, and what they are found by.
pub(crate) fn put(
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
    let mut word =
        connection.prepare_cached("INSERT OR IGNORE INTO person_word VALUES (?1, ?2)")?;
    for one in &row.words {
        word.execute(params![one, seq])?;
    }
    Ok(())
}

/// The personal fields of a report; `None` if it never had any, or they have been let go for
/// their age.
pub(crate) fn read(
    connection: &Connection,
    seal: &Seal,
    feed: &FeedId,
    report: &ReportId,
) -> Result<Option<PersonalFields>, JournalError> {
    let mut statement = connection.prepare(
        "SELECT seq, sealed, wrapped FROM personal LEFT JOIN person_key USING (seq)
         WHERE feed = ?1 AND report = ?2 ORDER BY seq",
    )?;
    let mut rows = statement.query([feed.as_str(), report.as_str()])?;
    let mut merged: Vec<(String, String)> = Vec::new();
    let mut last_seq = None;
    while let Some(row) = rows.next()? {
        let seq: Seq = row.get(0)?;
        last_seq = Some(seq);
        let sealed: Vec<u8> = row.get(1)?;
        if sealed.is_empty() {
            continue;
        }
        let wrapped: Option<Vec<u8>> = row.get(2)?;
        let key = wrapped.and_then(|wrapped| seal.unwrap(&wrapped));
        let plain = key.and_then(|key| key.open(&sealed, &as_fields(feed, report)));
        let fields: Option<Vec<(String, String)>> =
            plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        for (name, value) in fields.ok_or_else(|| not_opened(seq))? {
            match merged.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => merged.push((name, value)),
            }
        }
    }
    Ok(last_seq.map(|seq| PersonalFields {
        seq,
        erased: merged.is_empty(),
        fields: merged,
    }))
}

fn not_opened(seq: Seq) -> JournalError {
    JournalError::Kept {
        what: format!("the personal fields of entry {seq}"),
        why: "personal.key of the data folder does not open them; was it replaced?".to_owned(),
    }
}

/// What is left of a sealed payload that is kept with the entry `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// All of it.
    Plain(Vec<u8>),
    /// Nothing: somebody in it has been erased, or its keys have been let go for their age.
    Gone,
}

/// Opens a payload that is kept with the entry `seq`.
///
/// # Errors
/// Also if the data folder's key does not open what it should.
pub(crate) fn open_payload(
    connection: &Connection,
    seal: &Seal,
    seq: Seq,
    sealing: Sealing,
    kept: &[u8],
) -> Result<Opened, JournalError> {
    open_part(connection, seal, seq, sealing, (Part::Payload, kept))
}

/// Opens what came beside a payload; of nothing, nothing.
///
/// # Errors
/// As [`open_payload`].
pub(crate) fn open_beside(
    connection: &Connection,
    seal: &Seal,
    seq: Seq,
    sealing: Sealing,
    kept: &[u8],
) -> Result<Opened, JournalError> {
    if kept.is_empty() {
        return Ok(Opened::Plain(Vec::new()));
    }
    open_part(connection, seal, seq, sealing, (Part::Beside, kept))
}

fn open_part(
    connection: &Connection,
    seal: &Seal,
    seq: Seq,
    sealing: Sealing,
    (part, kept): (Part, &[u8]),
) -> Result<Opened, JournalError> {
    let wrong = || JournalError::Kept {
        what: format!("the sealed payload of entry {seq}"),
        why: "personal.key of the data folder does not open it; was it replaced?".to_owned(),
    };
    match sealing {
        Sealing::None => Ok(Opened::Plain(kept.to_vec())),
        Sealing::Erased => Ok(Opened::Gone),
        Sealing::Folder => seal.open_old(kept).map(Opened::Plain).ok_or_else(wrong),
        Sealing::Keys => {
            let (place, sealed) = Place::read(kept).ok_or_else(wrong)?;
            let Some(keys) = keys_at(connection, seal, seq, place)? else {
                return Ok(Opened::Gone);
            };
            let plain = payload::open(part, sealed, &keys);
            plain.map(Opened::Plain).ok_or_else(wrong)
        }
    }
}

/// The keys of a message of which `seq` is an entry; `None` if any is gone.
fn keys_at(
    connection: &Connection,
    seal: &Seal,
    seq: Seq,
    place: Place,
) -> Result<Option<Vec<DataKey>>, JournalError> {
    let first = seq.saturating_sub(Seq::from(place.back));
    let end = first.saturating_add(Seq::from(place.span));
    let mut statement = connection.prepare_cached(
        "SELECT wrapped FROM person_key WHERE seq >= ?1 AND seq < ?2 ORDER BY seq",
    )?;
    let rows = statement.query_map([first, end], |row| row.get::<_, Vec<u8>>(0))?;
    let mut keys = Vec::new();
    for wrapped in rows {
        let Some(key) = seal.unwrap(&wrapped?) else {
            return Err(not_opened(seq));
        };
        keys.push(key);
    }
    let is_whole = u32::try_from(keys.len()).is_ok_and(|n_keys| n_keys == place.n_keys);
    Ok(is_whole.then_some(keys))
}

/// Lets at most `n_keys` keys go that are older than `oldest`, with the fields that they open.
/// Returns whether there may be more.
pub(crate) fn trim(
    connection: &Connection,
    oldest: TimeMs,
    n_keys: usize,
) -> Result<bool, JournalError> {
    // Keys are in the order of arrival, so that looking stops at the first to be kept.
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM (SELECT seq, received_ms FROM person_key ORDER BY seq LIMIT ?2)
         WHERE received_ms < ?1",
    )?;
    let rows = statement.query_map(params![oldest.0, n_keys], |row| row.get(0))?;
    let seqs: Vec<Seq> = rows.collect::<Result<_, _>>()?;
    let mut fields = connection.prepare_cached("DELETE FROM personal WHERE seq = ?1")?;
    for seq in &seqs {
        forget(connection, *seq)?;
        fields.execute([seq])?;
    }
    // What says that fields were erased goes with what is as old.
    let mut n_rows = 0;
    if let Some(last) = seqs.iter().max() {
        n_rows = connection
            .prepare_cached(
                "DELETE FROM personal WHERE seq IN (SELECT seq FROM personal
                 WHERE seq <= ?1 AND length(sealed) = 0 ORDER BY seq LIMIT ?2)",
            )?
            .execute(params![last, n_keys])?;
    }
    Ok(seqs.len() == n_keys || n_rows == n_keys)
}

/// Deletes the key of an entry and the words that lead to it.
fn forget(connection: &Connection, seq: Seq) -> Result<(), JournalError> {
    for deleting in [
        "DELETE FROM person_key WHERE seq = ?1",
        "DELETE FROM person_word WHERE seq = ?1",
    ] {
        connection.prepare_cached(deleting)?.execute([seq])?;
    }
    Ok(())
}

/// Deletes the keys of refused messages up to the one with the serial number `last`, which are let
/// go. Where something of the message was accepted, the copy of it still needs the key.
pub(crate) fn forget_refused(connection: &Connection, last: i64) -> Result<(), JournalError> {
    delete_securely(connection, true)?;
    connection.execute(
        "DELETE FROM person_key WHERE seq IN (SELECT seq FROM quarantine WHERE id <= ?1
         AND sealed = ?2 AND substr(raw, 1, 4) = x'00000000')",
        params![last, Sealing::Keys.number()],
    )?;
    delete_securely(connection, false)
}

/// Deletes the key of the refused message with the serial number `id`, which leaves quarantine. What
/// of it is accepted has a key of its own.
pub(crate) fn forget_released(connection: &Connection, id: i64) -> Result<(), JournalError> {
    delete_securely(connection, true)?;
    connection.execute(
        "DELETE FROM person_key WHERE seq IN (SELECT seq FROM quarantine WHERE id = ?1
         AND sealed = ?2 AND substr(raw, 1, 4) = x'00000000')",
        params![id, Sealing::Keys.number()],
    )?;
    delete_securely(connection, false)
}

/// Has what is deleted from here on overwritten in any case; or only where that costs no writing
/// of its own, which is enough for what holds no key.
pub(crate) fn delete_securely(connection: &Connection, always: bool) -> Result<(), JournalError> {
    let how = if always { "ON" } else { "FAST" };
    connection.pragma_update(None, "secure_delete", how)?;
    Ok(())
}

#[cfg(test)]
mod tests;
