//! The recent past of metrics as charts follow it: closed windows in several areas at once, all of
//! them or only what has become known since.

use egret_shared::id::{AreaCode, MetricId};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, params};

use super::{Key, no_memory};
use crate::journal::JournalError;
use crate::store::page::Unfolder;
use crate::store::series::{Resolution, SeriesPoint};

/// Which closed windows to list.
#[derive(Clone, Debug)]
pub(crate) struct RecentFilter {
    /// Of this metric.
    pub metric: MetricId,
    /// In these areas.
    pub areas: Vec<AreaCode>,
    /// Windows that end after this.
    pub from: TimeMs,
    /// What has become known at this city time or later; absent, everything.
    pub known_since: Option<TimeMs>,
}

/// The windows of the metric and areas with these numbers, area by area, oldest first, each as it is
/// known now; an area without a number has none.
///
/// Pages are written in the order of the times at which they are known, so that whoever has seen one
/// misses nothing by asking from its time on. Only what is folded anew by another package comes later
/// than that: `api::Context::is_past_whole`. A page holds every area, and is unfolded once for all
/// that are asked for.
///
/// # Errors
/// If the database fails, or a page is damaged.
pub(crate) fn recent(
    connection: &Connection,
    filter: &RecentFilter,
    metric: i64,
    areas: &[Option<u32>],
) -> Result<Vec<Vec<SeriesPoint>>, JournalError> {
    let mut statement = connection.prepare_cached(
        "SELECT end_ms, known_ms, body FROM page
         WHERE resolution = ?1 AND metric = ?2 AND end_ms > ?3 AND known_ms >= ?4
         ORDER BY end_ms, known_ms DESC",
    )?;
    let since = filter.known_since.map_or(i64::MIN, |at| at.0);
    let resolution = Resolution::Minute;
    let mut rows = statement.query(params![resolution.number(), metric, filter.from.0, since])?;
    let mut unfolder = Unfolder::new().map_err(no_memory)?;
    let mut found = vec![Vec::<SeriesPoint>::new(); areas.len()];
    while let Some(row) = rows.next()? {
        let key = Key::of(row, resolution, metric)?;
        let points = key.points(row, &mut unfolder)?;
        for (series, area) in found.iter_mut().zip(areas) {
            // Of a window the newest page comes first; an older one has what did not change.
            if series.last().is_some_and(|last| last.end == key.end) {
                continue;
            }
            let mut points = points.iter();
            let point = points.find(|one| Some(one.area) == *area);
            series.extend(point.map(|one| one.point.clone()));
        }
    }
    Ok(found)
}
