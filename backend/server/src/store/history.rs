//! History: pages of closed windows, and what they come to by the hour and by the day.
//!
//! A page is never overwritten by later knowledge: a revision is a page of its own, with the time
//! since which it is known and only the areas that changed. Hours and days are made from a durable
//! list of what is due, written with the page that makes it so; making one and striking it off
//! are one transaction. So a crash loses no roll-up, and doing one twice changes nothing.
//!
//! After a restart the fold emits the closed windows of the journal's tail again, with the same
//! keys; such a page is merged with the one that is there.

pub(crate) mod recent;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use egret_shared::time::{Span, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::HistoryRow;
use super::keep::Keep;
use super::page::{AreaPoint, Folder, Unfolder};
use super::series::{Resolution, SeriesPoint};
use super::sqlite::Names;
use crate::journal::JournalError;

/// Tables of history. Metrics and areas stand in them by their number among the names; points of
/// one metric lie beside one another, for they are read together.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS page (
  resolution INTEGER NOT NULL,
  metric     INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL,
  known_ms   INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  PRIMARY KEY (resolution, metric, end_ms, known_ms)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS due (
  resolution INTEGER NOT NULL,
  metric     INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL,
  known_ms   INTEGER NOT NULL,
  ready_ms   INTEGER NOT NULL,
  PRIMARY KEY (resolution, metric, end_ms)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due_ready ON due (ready_ms);
";

/// So long after an hour or day is over it is made: its last windows close and are kept
/// meanwhile.
const SETTLING: Span = Span(60_000);

/// So long revisions gather before the hour or day is made again: a burst of stored readings
/// revises an hour's minutes every second, which must not make the hour anew every second.
const GATHERING: Span = Span(30_000);

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    resolution: Resolution,
    metric: i64,
    end: TimeMs,
    known_at: TimeMs,
}

impl Key {
    /// The key of a row of `end_ms, known_ms, body`.
    fn of(row: &Row<'_>, resolution: Resolution, metric: i64) -> rusqlite::Result<Self> {
        Ok(Self {
            resolution,
            metric,
            end: TimeMs(row.get(0)?),
            known_at: TimeMs(row.get(1)?),
        })
    }

    /// The points of such a row.
    fn points(
        self,
        row: &Row<'_>,
        unfolder: &mut Unfolder,
    ) -> Result<Vec<AreaPoint>, JournalError> {
        let body = row.get_ref(2)?.as_blob().unwrap_or_default();
        unfolder
            .unfold(body, self.end, self.known_at)
            .map_err(|why| self.damaged(why))
    }

    fn damaged(self, why: String) -> JournalError {
        JournalError::Kept {
            what: format!(
                "history of the {} that ends {}",
                self.resolution.as_str(),
                self.end
            ),
            why,
        }
    }
}

fn no_memory(why: String) -> JournalError {
    JournalError::Kept {
        what: "history".to_owned(),
        why,
    }
}

/// Writes history.
#[derive(Debug)]
pub(crate) struct History {
    folder: Folder,
    unfolder: Unfolder,
    /// Ages beyond which pages are let go.
    pub keep: Keep,
    /// The city's time zone, by which its days go.
    pub zone: Tz,
}

impl History {
    /// History's writing side, with days of UTC and default ages.
    ///
    /// # Errors
    /// If the compressor cannot have its memory.
    pub(crate) fn new() -> Result<Self, JournalError> {
        Ok(Self {
            folder: Folder::new().map_err(no_memory)?,
            unfolder: Unfolder::new().map_err(no_memory)?,
            keep: Keep::default(),
            zone: Tz::UTC,
        })
    }

    /// Keeps closed windows.
    ///
    /// # Errors
    /// If the database fails, or a page that is to be merged is damaged.
    pub(crate) fn put(
        &mut self,
        connection: &Connection,
        names: &mut Names,
        rows: &[HistoryRow],
    ) -> Result<(), JournalError> {
        let mut pages: BTreeMap<Key, Vec<AreaPoint>> = BTreeMap::new();
        for HistoryRow { point, known_at } in rows {
            let key = Key {
                resolution: Resolution::Minute,
                metric: names.number(connection, point.metric.as_str())?,
                end: point.end,
                known_at: *known_at,
            };
            pages.entry(key).or_default().push(AreaPoint {
                area: names.area(connection, &point.area)?,
                point: SeriesPoint::of_window(point, *known_at),
            });
        }
        for (key, points) in pages {
            self.put_page(connection, key, points)?;
        }
        Ok(())
    }

    /// Keeps a page, merged with what is there under the same key, and puts what is made of it on
    /// the list.
    fn put_page(
        &mut self,
        connection: &Connection,
        key: Key,
        points: Vec<AreaPoint>,
    ) -> Result<(), JournalError> {
        let there = page(connection, &mut self.unfolder, key)?;
        let merged: BTreeMap<u32, SeriesPoint> = there
            .iter()
            .flatten()
            .cloned()
            .chain(points)
            .map(|one| (one.area, one.point))
            .collect();
        let merged: Vec<AreaPoint> = merged
            .into_iter()
            .map(|(area, point)| AreaPoint { area, point })
            .collect();
        if there.as_ref() == Some(&merged) {
            return Ok(());
        }
        let body = self.folder.fold(&merged).map_err(|why| key.damaged(why))?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO page VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                key.resolution.number(),
                key.metric,
                key.end.0,
                key.known_at.0,
                body
            ])?;
        self.list(connection, key)
    }

    /// Puts what is made of the page on the list. What is on it keeps its turn.
    fn list(&self, connection: &Connection, key: Key) -> Result<(), JournalError> {
        let Some(coarser) = key.resolution.coarser() else {
            return Ok(());
        };
        let (_, end) = coarser.bucket(key.end, self.zone);
        let ready = end.plus(SETTLING).max(key.known_at.plus(GATHERING));
        connection
            .prepare_cached(
                "INSERT INTO due VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (resolution, metric, end_ms)
                 DO UPDATE SET known_ms = excluded.known_ms WHERE excluded.known_ms > known_ms",
            )?
            .execute(params![
                coarser.number(),
                key.metric,
                end.0,
                key.known_at.0,
                ready.0
            ])?;
        Ok(())
    }

    /// Makes the hour or day that is due first at `now`; `false` if none is.
    ///
    /// # Errors
    /// If the database fails, or a page is damaged.
    pub(crate) fn roll_up_next(
        &mut self,
        connection: &Connection,
        now: TimeMs,
    ) -> Result<bool, JournalError> {
        let due = connection
            .prepare_cached(
                "SELECT resolution, metric, end_ms, known_ms FROM due
                 WHERE ready_ms <= ?1 ORDER BY ready_ms LIMIT 1",
            )?
            .query_row([now.0], |row| {
                Ok(Key {
                    resolution: Resolution::from_number(row.get(0)?).unwrap_or(Resolution::Day),
                    metric: row.get(1)?,
                    end: TimeMs(row.get(2)?),
                    known_at: TimeMs(row.get(3)?),
                })
            })
            .optional()?;
        let Some(due) = due else {
            return Ok(false);
        };
        connection
            .prepare_cached(
                "DELETE FROM due WHERE resolution = ?1 AND metric = ?2 AND end_ms = ?3",
            )?
            .execute(params![due.resolution.number(), due.metric, due.end.0])?;
        self.roll_up(connection, due, now)?;
        Ok(true)
    }

    /// Makes an hour or day, and keeps of it what differs from what is there.
    fn roll_up(
        &mut self,
        connection: &Connection,
        due: Key,
        now: TimeMs,
    ) -> Result<(), JournalError> {
        let (Some(finer), (start, end)) = (
            due.resolution.finer(),
            due.resolution.bucket(due.end, self.zone),
        ) else {
            return Ok(());
        };
        if start < self.keep.oldest(finer, now) {
            // Some of what it was made of may be gone: it stays as it was made then.
            return Ok(());
        }
        let span = (start, end);
        let made = newest(connection, &mut self.unfolder, finer, due.metric, span)?;
        let (known, there) = newest_page(connection, &mut self.unfolder, due)?;
        let points: Vec<AreaPoint> = made
            .into_iter()
            .filter_map(|(area, by_end)| {
                let finer: Vec<SeriesPoint> = by_end.into_values().collect();
                let point = SeriesPoint::roll_up(&finer, start, end)?;
                Some(AreaPoint { area, point })
            })
            .filter(|one| {
                let same = |known: &SeriesPoint| {
                    SeriesPoint {
                        known_at: known.known_at,
                        ..one.point.clone()
                    } == *known
                };
                !there.get(&one.area).is_some_and(same)
            })
            .collect();
        if points.is_empty() {
            return Ok(());
        }
        // Never behind what it revises, or it would not be seen.
        let known_at = due.known_at.max(known);
        self.put_page(connection, Key { known_at, ..due }, points)
    }

    /// Lets at most `pages` pages of one resolution and metric go; `None` if there are no more of
    /// that age. `after` is where the walk over resolutions and metrics stands.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) fn trim(
        &self,
        connection: &Connection,
        after: Cursor,
        now: TimeMs,
        pages: usize,
    ) -> Result<Option<Cursor>, JournalError> {
        let Some(at) = after.next(connection)? else {
            return Ok(None);
        };
        let oldest = self.keep.oldest(at.resolution, now);
        let gone = connection
            .prepare_cached(
                "DELETE FROM page WHERE resolution = ?1 AND metric = ?2
                 AND (end_ms, known_ms) IN (SELECT end_ms, known_ms FROM page
                 WHERE resolution = ?1 AND metric = ?2 AND end_ms < ?3
                 ORDER BY end_ms, known_ms LIMIT ?4)",
            )?
            .execute(params![at.resolution.number(), at.metric, oldest.0, pages])?;
        Ok(Some(if gone < pages { at } else { after }))
    }
}

/// A resolution and metric, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    resolution: Resolution,
    metric: i64,
}

impl Cursor {
    /// Before the first.
    pub(crate) const START: Self = Self {
        resolution: Resolution::Minute,
        metric: i64::MIN,
    };

    /// The next that has pages.
    fn next(self, connection: &Connection) -> Result<Option<Self>, JournalError> {
        let found = connection
            .prepare_cached(
                "SELECT resolution, metric FROM page WHERE (resolution, metric) > (?1, ?2)
                 ORDER BY resolution, metric LIMIT 1",
            )?
            .query_row(params![self.resolution.number(), self.metric], |row| {
                Ok(Self {
                    resolution: Resolution::from_number(row.get(0)?).unwrap_or(Resolution::Day),
                    metric: row.get(1)?,
                })
            })
            .optional()?;
        Ok(found)
    }
}

/// The page under `key`, if there is one.
fn page(
    connection: &Connection,
    unfolder: &mut Unfolder,
    key: Key,
) -> Result<Option<Vec<AreaPoint>>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT body FROM page
         WHERE resolution = ?1 AND metric = ?2 AND end_ms = ?3 AND known_ms = ?4",
    )?;
    let mut rows = statement.query(params![
        key.resolution.number(),
        key.metric,
        key.end.0,
        key.known_at.0
    ])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let body = row.get_ref(0)?.as_blob().unwrap_or_default();
    unfolder
        .unfold(body, key.end, key.known_at)
        .map(Some)
        .map_err(|why| key.damaged(why))
}

type ByArea<T> = BTreeMap<u32, T>;

/// Every area's newest points that end within `span` (after its begin, up to its end), by end.
fn newest(
    connection: &Connection,
    unfolder: &mut Unfolder,
    resolution: Resolution,
    metric: i64,
    (after, until): (TimeMs, TimeMs),
) -> Result<ByArea<BTreeMap<TimeMs, SeriesPoint>>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT end_ms, known_ms, body FROM page
         WHERE resolution = ?1 AND metric = ?2 AND end_ms > ?3 AND end_ms <= ?4
         ORDER BY end_ms, known_ms",
    )?;
    let mut rows = statement.query(params![resolution.number(), metric, after.0, until.0])?;
    let mut found: ByArea<BTreeMap<TimeMs, SeriesPoint>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = Key::of(row, resolution, metric)?;
        for AreaPoint { area, point } in key.points(row, unfolder)? {
            found.entry(area).or_default().insert(key.end, point);
        }
    }
    Ok(found)
}

/// The newest point of every area that ends where `key` does, and since when the newest is known.
fn newest_page(
    connection: &Connection,
    unfolder: &mut Unfolder,
    key: Key,
) -> Result<(TimeMs, ByArea<SeriesPoint>), JournalError> {
    let just_this = (TimeMs(key.end.0 - 1), key.end);
    let found: ByArea<SeriesPoint> =
        newest(connection, unfolder, key.resolution, key.metric, just_this)?
            .into_iter()
            .filter_map(|(area, mut by_end)| by_end.pop_last().map(|(_, point)| (area, point)))
            .collect();
    let known = found.values().map(|point| point.known_at).max();
    Ok((known.unwrap_or(TimeMs(i64::MIN)), found))
}

/// The points that `filter` names, of the metric and area with these numbers, oldest first.
///
/// # Errors
/// If the database fails, or a page is damaged.
pub(crate) fn series(
    connection: &Connection,
    filter: &super::SeriesFilter,
    metric: i64,
    area: u32,
) -> Result<Vec<SeriesPoint>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT end_ms, known_ms, body FROM page
         WHERE resolution = ?1 AND metric = ?2 AND end_ms > ?3 AND end_ms <= ?4
         AND known_ms <= ?5 ORDER BY end_ms, known_ms DESC",
    )?;
    let mut rows = statement.query(params![
        filter.resolution.number(),
        metric,
        filter.from.0,
        filter.to.0,
        filter.as_of.map_or(i64::MAX, |as_of| as_of.0),
    ])?;
    let mut unfolder = Unfolder::new().map_err(no_memory)?;
    let mut found: Vec<SeriesPoint> = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::of(row, filter.resolution, metric)?;
        if found.last().is_some_and(|last| last.end == key.end) {
            continue;
        }
        if found.len() >= filter.limit {
            break;
        }
        found.extend(
            key.points(row, &mut unfolder)?
                .into_iter()
                .find(|one| one.area == area)
                .map(|one| one.point),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
