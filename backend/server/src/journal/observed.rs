//! Finding what happened within an interval of event time, without opening the whole journal.
//!
//! Each batch says between which event times its observations and reports lie. Stored readings are
//! a batch of their own (see [`super::writer`]), so that the spans of live batches stay narrow.

use egret_city::entry::{Entry, Seq};
use egret_shared::time::TimeMs;
use rusqlite::{Connection, params};

use super::{JournalError, batch};
use crate::store::EntriesFilter;

/// Index of the batches by event time, with all that is asked of it. Batches from before there
/// were such times stand in it by the times of their arrival.
pub(super) const INDEX: &str = "
CREATE INDEX IF NOT EXISTS journal_observed ON journal (
  coalesce(observed_to, last_at), coalesce(observed_from, first_at), last_seq
);
";

/// When an entry happened; `None` for what is neither observation nor report.
pub(crate) fn observed_at(entry: &Entry) -> Option<TimeMs> {
    match entry {
        Entry::Observation(observation) => Some(observation.observed_at),
        Entry::Report(report) | Entry::Issued(report, _) => Some(report.observed_at),
        Entry::Refused(_)
        | Entry::Tick(_)
        | Entry::Package(_)
        | Entry::Clock(_)
        | Entry::Command(_)
        | Entry::Actuation(_) => None,
    }
}

/// The first and last time at which one of `entries` happened. Nothing that happened gives a span
/// that ends before it begins, which no interval meets.
pub(super) fn span(entries: &[Entry]) -> (TimeMs, TimeMs) {
    let nothing = (TimeMs(i64::MAX), TimeMs(i64::MIN));
    entries
        .iter()
        .filter_map(observed_at)
        .fold(nothing, |(from, to), at| (from.min(at), to.max(at)))
}

/// Hands on the observations and reports that `filter` names; see
/// [`Store::observed`](crate::store::Store::observed).
///
/// # Errors
/// If the database fails, or a batch does not decode.
pub(crate) fn walk(
    connection: &Connection,
    filter: &EntriesFilter,
    each: &mut dyn FnMut(Seq, &Entry) -> bool,
) -> Result<Option<Seq>, JournalError> {
    let batches = batches(connection, filter)?;
    let mut body = connection.prepare("SELECT codec, body FROM journal WHERE first_seq = ?1")?;
    for (first_seq, _) in batches.iter().take(filter.limit_batches) {
        let entries = body.query_row([first_seq], |row| {
            let packed = row.get_ref(1)?.as_blob().unwrap_or_default();
            Ok(batch::unfold(row.get(0)?, packed))
        })?;
        let entries = entries.map_err(|why| JournalError::Batch {
            first_seq: *first_seq,
            why,
        })?;
        for (seq, entry) in (*first_seq..).zip(&entries) {
            let is_within = observed_at(entry)
                .is_some_and(|at| at >= filter.observed_from && at < filter.observed_to);
            if seq > filter.after && is_within && !each(seq, entry) {
                return Ok(None);
            }
        }
    }
    let is_more = batches.len() > filter.limit_batches;
    let last = batches.iter().take(filter.limit_batches).next_back();
    Ok(last.filter(|_| is_more).map(|(_, last_seq)| *last_seq))
}

/// First and last seq of the batches that can hold what is asked for, in order; one more than
/// allowed if there are more.
fn batches(
    connection: &Connection,
    filter: &EntriesFilter,
) -> Result<Vec<(Seq, Seq)>, JournalError> {
    let mut statement = connection.prepare(
        "SELECT first_seq, last_seq FROM journal
         WHERE coalesce(observed_to, last_at) >= ?1 AND coalesce(observed_from, first_at) < ?2
         AND last_seq > ?3 ORDER BY first_seq LIMIT ?4",
    )?;
    let rows = statement.query_map(
        params![
            filter.observed_from.0,
            filter.observed_to.0,
            filter.after,
            filter.limit_batches.saturating_add(1)
        ],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
