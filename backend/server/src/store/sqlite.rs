//! The embedded store: tables beside the journal in the same database.

use std::collections::HashMap;
use std::path::PathBuf;

use egret_city::entry::{Entry, Seq};
use egret_shared::alert::AlertTurn;
use egret_shared::case::Dossier;
use egret_shared::id::{AreaCode, FeedId, IncidentId, ReportId};
use egret_shared::package::addition::UnheardTopic;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::personal;
use super::personal::erase::{Erasure, NotErased};
use super::quarantine::{self, KeptItem};
use super::{
    EntriesFilter, Offenders, PersonalFields, QuarantineFilter, QuarantineItem, RawItem,
    RecentFilter, RefusedMessage, Request, RequestFilter, SeriesFilter, SeriesPoint, Store,
    TurnFilter, history, offenders, past, raw, requests,
};
use crate::journal::{JournalError, observed};
use crate::seal::Seal;

/// Names that other tables have numbers for.
pub(crate) const SCHEMA: &str = "
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

/// The number of an area, if it has one.
fn known_area(connection: &Connection, code: &AreaCode) -> Result<Option<u32>, JournalError> {
    let number = known_number(connection, code.as_str())?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
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
        let kept = quarantine::kept(&self.connect()?, filter)?;
        Ok(kept.into_iter().map(KeptItem::told).collect())
    }

    fn quarantine_opened(
        &self,
        filter: &QuarantineFilter,
    ) -> Result<Vec<QuarantineItem>, JournalError> {
        let (connection, seal) = (self.connect()?, self.seal()?);
        let kept = quarantine::kept(&connection, filter)?;
        let opened = kept.into_iter().map(|kept| kept.opened(&connection, seal));
        opened.collect()
    }

    fn refused(&self, filter: &QuarantineFilter) -> Result<Vec<RefusedMessage>, JournalError> {
        let (connection, seal) = (self.connect()?, self.seal()?);
        let kept = quarantine::kept(&connection, filter)?;
        let opened = kept.into_iter().map(|kept| kept.message(&connection, seal));
        opened.collect()
    }

    fn unheard(&self, limit: usize) -> Result<Vec<UnheardTopic>, JournalError> {
        quarantine::unheard(&self.connect()?, limit)
    }

    fn offenders(&self, feed: &FeedId, from: TimeMs) -> Result<Offenders, JournalError> {
        offenders::read(&self.connect()?, feed, from)
    }

    fn series(&self, filter: &SeriesFilter) -> Result<Vec<SeriesPoint>, JournalError> {
        let connection = self.connect()?;
        let metric = known_number(&connection, filter.metric.as_str())?;
        match (metric, known_area(&connection, &filter.area)?) {
            (Some(metric), Some(area)) => history::series(&connection, filter, metric, area),
            _ => Ok(Vec::new()),
        }
    }

    fn recent(&self, filters: &[RecentFilter]) -> Result<Vec<Vec<Vec<SeriesPoint>>>, JournalError> {
        let mut connection = self.connect()?;
        let moment = connection.transaction()?;
        let recent = |filter: &RecentFilter| {
            let areas = filter.areas.iter().map(|code| known_area(&moment, code));
            let areas = areas.collect::<Result<Vec<_>, _>>()?;
            match known_number(&moment, filter.metric.as_str())? {
                Some(metric) => history::recent::recent(&moment, filter, metric, &areas),
                None => Ok(vec![Vec::new(); areas.len()]),
            }
        };
        filters.iter().map(recent).collect()
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
