//! How the reports of one feed stand, to be listed and looked up: what the Open311 server tells.
//!
//! A row for each report, put together from its steps in the transaction that appends them, and let
//! go with the personal fields of its age.

use egret_city::entry::Entry;
use egret_shared::id::{AreaCode, FeedId, ReportId};
use egret_shared::position::Position;
use egret_shared::report::{Report, STATE_CLOSED};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::journal::JournalError;

/// The tables. Times are event times. `request_feed` has the feed all of whose reports are rows, if
/// there is one.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS request (
  feed       TEXT    NOT NULL,
  report     TEXT    NOT NULL,
  category   TEXT    NOT NULL,
  state      TEXT    NOT NULL,
  opened_at  INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  lon        REAL,
  lat        REAL,
  area       TEXT,
  text       TEXT    NOT NULL,
  PRIMARY KEY (feed, report)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS request_opened ON request (feed, opened_at);
CREATE INDEX IF NOT EXISTS request_changed ON request (changed_at);
CREATE TABLE IF NOT EXISTS request_feed (
  feed TEXT PRIMARY KEY
) WITHOUT ROWID;
";

/// How a report stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// Its upstream id.
    pub report: ReportId,
    /// What kind of thing; empty if no step names any.
    pub category: String,
    /// The newest step's state.
    pub state: String,
    /// When its first step happened.
    pub opened_at: TimeMs,
    /// When its newest step happened.
    pub changed_at: TimeMs,
    /// Where, as the newest step that says so has it.
    pub position: Option<Position>,
    /// The finest area there.
    pub area: Option<AreaCode>,
    /// What was told first.
    pub text: String,
}

impl Request {
    /// Whether nobody works on it any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state == STATE_CLOSED
    }
}

/// Which reports to list.
#[derive(Clone, Debug)]
pub(crate) struct RequestFilter {
    /// Of this feed.
    pub feed: FeedId,
    /// Opened at this time or later …
    pub from: TimeMs,
    /// … and before this.
    pub to: TimeMs,
}

/// Notes the steps among `entries` that are of `feed`.
///
/// # Errors
/// If the database fails.
pub(crate) fn put(
    connection: &Connection,
    feed: &FeedId,
    entries: &[Entry],
) -> Result<(), JournalError> {
    for entry in entries {
        if let Entry::Report(report) | Entry::Issued(report, _) = entry
            && report.feed == *feed
        {
            put_step(connection, report)?;
        }
    }
    Ok(())
}

/// The feed all of whose reports are listed.
///
/// # Errors
/// If the database fails.
pub(crate) fn listed(connection: &Connection) -> Result<Option<FeedId>, JournalError> {
    let feed: Option<String> = connection
        .query_row("SELECT feed FROM request_feed", [], |row| row.get(0))
        .optional()?;
    Ok(feed.map(FeedId::new))
}

/// Notes that all reports of `feed` are listed; without one, that those of none need be.
///
/// # Errors
/// If the database fails.
pub(crate) fn note_listed(
    connection: &Connection,
    feed: Option<&FeedId>,
) -> Result<(), JournalError> {
    connection.execute("DELETE FROM request_feed", [])?;
    if let Some(feed) = feed {
        connection.execute("INSERT INTO request_feed VALUES (?1)", [feed.as_str()])?;
    }
    Ok(())
}

/// A step that is told late changes what only it knows, not how the report stands.
fn put_step(connection: &Connection, report: &Report) -> Result<(), JournalError> {
    let place = report.position.map(|place| (place.lon, place.lat));
    connection
        .prepare_cached(
            "INSERT INTO request (feed, report, category, state, opened_at, changed_at, lon, lat,
             area, text) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (feed, report) DO UPDATE SET
             category = CASE WHEN excluded.category <> '' AND (category = ''
               OR excluded.changed_at >= changed_at) THEN excluded.category ELSE category END,
             lon = CASE WHEN excluded.lon IS NOT NULL AND (lon IS NULL
               OR excluded.changed_at >= changed_at) THEN excluded.lon ELSE lon END,
             lat = CASE WHEN excluded.lon IS NOT NULL AND (lon IS NULL
               OR excluded.changed_at >= changed_at) THEN excluded.lat ELSE lat END,
             area = CASE WHEN excluded.lon IS NOT NULL AND (lon IS NULL
               OR excluded.changed_at >= changed_at) THEN excluded.area ELSE area END,
             text = CASE WHEN excluded.text <> '' AND (text = ''
               OR excluded.opened_at < opened_at) THEN excluded.text ELSE text END,
             state = CASE WHEN excluded.changed_at >= changed_at
               THEN excluded.state ELSE state END,
             opened_at = min(opened_at, excluded.opened_at),
             changed_at = max(changed_at, excluded.changed_at)",
        )?
        .execute(params![
            report.feed.as_str(),
            report.report.as_str(),
            report.category.as_str(),
            report.state.as_str(),
            report.observed_at.0,
            place.map(|(lon, _)| lon),
            place.map(|(_, lat)| lat),
            report.area.as_ref().map(AreaCode::as_str),
            report.text,
        ])?;
    Ok(())
}

/// Hands on the reports that `filter` names, the newest first, until `each` says stop (false).
///
/// # Errors
/// If the database fails.
pub(crate) fn list(
    connection: &Connection,
    filter: &RequestFilter,
    each: &mut dyn FnMut(Request) -> bool,
) -> Result<(), JournalError> {
    let query = "SELECT report, category, state, opened_at, changed_at, lon, lat, area, text
                 FROM request WHERE feed = ?1 AND opened_at >= ?2 AND opened_at < ?3
                 ORDER BY opened_at DESC, report";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query(params![filter.feed.as_str(), filter.from.0, filter.to.0])?;
    while let Some(row) = rows.next()? {
        if !each(request(row)?) {
            break;
        }
    }
    Ok(())
}

/// How a report stands; `None` if there is none, or it has been let go.
///
/// # Errors
/// If the database fails.
pub(crate) fn one(
    connection: &Connection,
    feed: &FeedId,
    report: &ReportId,
) -> Result<Option<Request>, JournalError> {
    let query = "SELECT report, category, state, opened_at, changed_at, lon, lat, area, text
                 FROM request WHERE feed = ?1 AND report = ?2";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([feed.as_str(), report.as_str()])?;
    let row = rows.next()?.map(request).transpose()?;
    Ok(row)
}

/// Lets go of up to `rows` reports that nothing has been told of since `oldest`; whether there may
/// be more.
///
/// # Errors
/// If the database fails.
pub(crate) fn trim(
    connection: &Connection,
    oldest: TimeMs,
    rows: usize,
) -> Result<bool, JournalError> {
    let n_gone = connection
        .prepare_cached(
            "DELETE FROM request WHERE (feed, report) IN
             (SELECT feed, report FROM request WHERE changed_at < ?1 LIMIT ?2)",
        )?
        .execute(params![oldest.0, rows])?;
    Ok(n_gone == rows)
}

fn request(row: &Row<'_>) -> rusqlite::Result<Request> {
    let place: (Option<f64>, Option<f64>) = (row.get(5)?, row.get(6)?);
    Ok(Request {
        report: ReportId::new(row.get::<_, String>(0)?),
        category: row.get(1)?,
        state: row.get(2)?,
        opened_at: TimeMs(row.get(3)?),
        changed_at: TimeMs(row.get(4)?),
        position: place
            .0
            .zip(place.1)
            .and_then(|(lon, lat)| Position::checked(lon, lat)),
        area: row.get::<_, Option<String>>(7)?.map(AreaCode::new),
        text: row.get(8)?,
    })
}

#[cfg(test)]
mod tests;
