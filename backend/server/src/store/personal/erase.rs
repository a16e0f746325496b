//! Erasing a person: every report in whose personal fields a value stands, and every refused
//! message that holds it.
//!
//! Reports are found by the blind index, refused messages, whose fields could not be told, by
//! opening those that are sealed, before the journal's writer is bothered. The writer then erases
//! a few at a time, and at last empties the write-ahead log, which holds old pages. Whatever comes
//! in meanwhile is erased as well; what comes later is kept as if it were new.

use std::collections::BTreeMap;

use egret_city::entry::Seq;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Opened, forget, open_beside, open_payload};
use crate::journal::JournalError;
use crate::limits::{ERASE_REPORTS, TRUNCATE_TRIES};
use crate::seal::payload::Sealing;
use crate::seal::text::{VALUE_CHARS_MIN, normal, stands_in};
use crate::seal::{Seal, Word};
use crate::store::{Beside, raw};

/// How much has been erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Erased {
    /// Reports, each with all its steps.
    pub reports: u64,
    /// Refused messages.
    pub refused: u64,
}

/// Nothing was erased, or not for good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotErased {
    /// Nobody can be told by the value.
    #[error(
        "a value of {n_chars} characters stands in too many places: give the whole phone number, \
         name or address, at least {VALUE_CHARS_MIN} characters"
    )]
    TooShort {
        /// How long it is.
        n_chars: usize,
    },
    /// The store has no key.
    #[error("personal.key is missing in the data folder: nothing that it sealed can be found")]
    NoKey,
    /// Somebody reads old pages without end.
    #[error(
        "the keys are erased, but another program keeps the database's write-ahead log open, in \
         which old pages may lie: end it, and erase the value again"
    )]
    LogInUse,
    /// The server ended before it had finished.
    #[error("the server is shutting down: erase the value again when it is back")]
    Stopping,
    /// The database failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A person's erasing, on its way.
pub(crate) struct Erasure {
    seal: Seal,
    /// The value, in its normal form, and its word.
    value: String,
    word: Word,
    /// Refused messages that hold the value, by their serial number.
    refused: Vec<i64>,
    /// How many reports of each feed have been erased.
    feeds: BTreeMap<String, u64>,
    /// The last refused message that was looked into.
    scanned_to: i64,
    erased: Erased,
    /// How often the log could not be emptied.
    n_tries: usize,
}

impl std::fmt::Debug for Erasure {
    /// Without the value: it must not get into a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Erasure")
            .field("erased", &self.erased)
            .finish_non_exhaustive()
    }
}

impl Erasure {
    /// Begins to erase whom `value` names: looks for it in the refused messages.
    ///
    /// # Errors
    /// If the value is too short, or the database fails.
    pub(crate) fn begin(
        connection: &Connection,
        seal: Seal,
        value: &str,
    ) -> Result<Self, NotErased> {
        let value = normal(value);
        let n_chars = value.chars().count();
        if n_chars < VALUE_CHARS_MIN {
            return Err(NotErased::TooShort { n_chars });
        }
        let mut erasure = Self {
            word: seal.word(&value),
            seal,
            value,
            refused: Vec::new(),
            feeds: BTreeMap::new(),
            scanned_to: 0,
            erased: Erased::default(),
            n_tries: 0,
        };
        erasure.scan(connection)?;
        Ok(erasure)
    }

    /// Erases a little; whether there is more. Each call is to be one transaction, in which what
    /// is deleted is overwritten.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn go_on(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        let reports = self.reports(connection)?;
        let is_more = !reports.is_empty();
        for (feed, report) in reports {
            erase_report(connection, &feed, &report)?;
            self.erased.reports += 1;
            *self.feeds.entry(feed).or_default() += 1;
        }
        if is_more {
            return Ok(true);
        }
        self.scan(connection)?;
        let n_left = self.refused.len().saturating_sub(ERASE_REPORTS);
        for id in self.refused.drain(n_left..) {
            erase_refused(connection, id)?;
            self.erased.refused += 1;
        }
        Ok(n_left > 0)
    }

    /// Notes that the log could not be emptied; whether to try again.
    pub(crate) fn try_again(&mut self) -> bool {
        self.n_tries += 1;
        self.n_tries < TRUNCATE_TRIES
    }

    /// What has been erased so far.
    pub(crate) fn erased(&self) -> Erased {
        self.erased
    }

    /// The feeds of the reports that have been erased so far, each with their number.
    pub(crate) fn feeds(&self) -> &BTreeMap<String, u64> {
        &self.feeds
    }

    /// What has been erased in the end.
    ///
    /// # Errors
    /// [`NotErased::LogInUse`] if the log could not be emptied in the end.
    pub(crate) fn finish(&self) -> Result<Erased, NotErased> {
        if self.n_tries < TRUNCATE_TRIES {
            Ok(self.erased)
        } else {
            Err(NotErased::LogInUse)
        }
    }

    /// A few of the reports that are left.
    fn reports(&self, connection: &Connection) -> Result<Vec<(String, String)>, JournalError> {
        let mut statement = connection.prepare_cached(
            "SELECT DISTINCT feed, report FROM person_word JOIN personal USING (seq)
             WHERE word = ?1 AND length(sealed) > 0 LIMIT ?2",
        )?;
        let rows = statement.query_map(params![self.word, ERASE_REPORTS], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Looks into the refused messages that have come since the last time.
    fn scan(&mut self, connection: &Connection) -> Result<(), JournalError> {
        let mut statement = connection.prepare_cached(
            "SELECT id, seq, sealed, raw, beside FROM quarantine WHERE id > ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([self.scanned_to])?;
        while let Some(row) = rows.next()? {
            self.scanned_to = row.get(0)?;
            let (seq, sealing) = (row.get(1)?, Sealing::from_number(row.get(2)?));
            if !sealing.is_sealed() {
                continue;
            }
            let kept = row.get_ref(3)?.as_blob().unwrap_or_default();
            let beside = row.get_ref(4)?.as_blob().unwrap_or_default();
            let payload = open_payload(connection, &self.seal, seq, sealing, kept);
            let beside = open_beside(connection, &self.seal, seq, sealing, beside);
            let is_in = |plain: &[u8]| stands_in(plain, &self.value);
            match payload.and_then(|payload| Ok((payload, beside?))) {
                Ok((Opened::Plain(payload), Opened::Plain(beside))) => {
                    if is_in(&payload) || is_in(Beside::from_bytes(&beside).said().as_bytes()) {
                        self.refused.push(self.scanned_to);
                    }
                }
                Ok((Opened::Gone, _) | (_, Opened::Gone)) => {}
                Err(error @ JournalError::Kept { .. }) => {
                    tracing::warn!(%error, "a refused message cannot be looked into");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Erases every step of a report. That there was one stays.
fn erase_report(connection: &Connection, feed: &str, report: &str) -> Result<(), JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, seals_payload FROM personal LEFT JOIN person_key USING (seq)
         WHERE feed = ?1 AND report = ?2 AND length(sealed) > 0",
    )?;
    let rows = statement.query_map([feed, report], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let steps: Vec<(Seq, Option<bool>)> = rows.collect::<Result<_, _>>()?;
    let mut fields =
        connection.prepare_cached("UPDATE personal SET sealed = x'' WHERE seq = ?1")?;
    for (seq, seals_payload) in steps {
        forget(connection, seq)?;
        fields.execute([seq])?;
        if seals_payload != Some(true) {
            raw::erase_row(connection, seq)?;
        }
    }
    Ok(())
}

/// Erases the payload of a refused message, and the copy of what was accepted of it. Why it was
/// refused stays.
fn erase_refused(connection: &Connection, id: i64) -> Result<(), JournalError> {
    let row: Option<(Seq, u8)> = connection
        .prepare_cached("SELECT seq, sealed FROM quarantine WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((seq, number)) = row else {
        // Let go since it was found.
        return Ok(());
    };
    forget(connection, seq)?;
    if Sealing::from_number(number) == Sealing::Folder {
        raw::erase_row(connection, seq)?;
    }
    connection.execute(
        "UPDATE quarantine SET raw = x'', beside = x'', sealed = ?2 WHERE id = ?1",
        params![id, Sealing::Erased.number()],
    )?;
    Ok(())
}
