//! What has left the city: every turn of every alert, and the files of incidents that are over.
//!
//! Turns are kept as compressed batches, as the fold hands them out, so that a flood of alerts costs
//! a row now and then. Each has a time, and a serial number that is the same whenever the journal is
//! folded again under the same package; an incident has its id. Keeping the same twice changes
//! nothing. Under another package the journal makes other turns of the past: what has been kept of it
//! stays, and what comes after it is kept.

use egret_shared::alert::AlertTurn;
use egret_shared::case::Dossier;
use egret_shared::id::IncidentId;
use egret_shared::time::TimeMs;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::JournalError;

/// Its tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS alert_log (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  last_n   INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  body     BLOB    NOT NULL
);
CREATE INDEX IF NOT EXISTS alert_log_at ON alert_log (last_at);
CREATE TABLE IF NOT EXISTS incident_archive (
  id        TEXT PRIMARY KEY,
  opened_at INTEGER NOT NULL,
  over_at   INTEGER NOT NULL,
  body      BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_archive_over ON incident_archive (over_at);
";

/// zstd's fastest ordinary level, as for the journal.
const ZSTD_LEVEL: i32 = 1;

/// The most that a batch or file may have when it is unfolded, bytes: many times what the limits of
/// the fold allow.
const UNFOLDED_BYTES_MAX: usize = 64 << 20;

/// Something that leaves the city for good.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Past {
    /// Turns of alerts, by serial number.
    Turns(Vec<AlertTurn>),
    /// Files of incidents.
    Over(Vec<Dossier>),
}

/// Which turns are asked for: newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct TurnFilter {
    /// At this time or later.
    pub from: Option<TimeMs>,
    /// Before this time.
    pub to: Option<TimeMs>,
    /// Before this place, as [`turns`] hands it on.
    pub before: Option<Place>,
}

/// Where a turn is kept: its batch, and its number within.
pub(crate) type Place = (i64, usize);

/// Keeps `past`, and lets go of turns from before `oldest`.
///
/// # Errors
/// If the database fails.
pub(crate) fn put(
    connection: &Connection,
    past: &Past,
    oldest: Option<TimeMs>,
) -> Result<(), JournalError> {
    match past {
        Past::Turns(turns) => {
            put_turns(connection, turns)?;
            if let Some(oldest) = oldest {
                connection
                    .prepare_cached("DELETE FROM alert_log WHERE last_at < ?1")?
                    .execute([oldest.0])?;
            }
        }
        Past::Over(dossiers) => {
            for dossier in dossiers {
                put_over(connection, dossier)?;
            }
        }
    }
    Ok(())
}

fn put_turns(connection: &Connection, turns: &[AlertTurn]) -> Result<(), JournalError> {
    let known: Option<(i64, u64)> = connection
        .prepare_cached("SELECT last_at, last_n FROM alert_log ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let is_new = |turn: &&AlertTurn| known.is_none_or(|known| (turn.at.0, turn.n) > known);
    let new = turns.iter().filter(is_new);
    let new: Vec<&AlertTurn> = new.collect();
    let (Some(first), Some(last)) = (new.first(), new.last()) else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO alert_log (last_n, first_at, last_at, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            last.n,
            first.at.0,
            last.at.0,
            folded("turns of alerts", &new)?
        ])?;
    Ok(())
}

fn put_over(connection: &Connection, dossier: &Dossier) -> Result<(), JournalError> {
    let incident = &dossier.incident;
    let over_at = incident.closed_at.or(incident.cleared_at);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO incident_archive (id, opened_at, over_at, body)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            incident.id.as_str(),
            incident.opened_at.0,
            over_at.unwrap_or(incident.opened_at).0,
            folded("an incident's file", dossier)?
        ])?;
    Ok(())
}

/// Hands on the turns that `filter` names, newest first, until `each` says stop (false).
///
/// # Errors
/// If the database fails or is damaged.
pub(crate) fn turns(
    connection: &Connection,
    filter: &TurnFilter,
    each: &mut dyn FnMut(Place, AlertTurn) -> bool,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT id, body FROM alert_log WHERE (?1 IS NULL OR last_at >= ?1)
         AND (?2 IS NULL OR first_at < ?2) AND (?3 IS NULL OR id <= ?3)
         ORDER BY id DESC",
    )?;
    let (from, to) = (filter.from.map(|at| at.0), filter.to.map(|at| at.0));
    let batch = filter.before.map(|(id, _)| id);
    let mut rows = statement.query(params![from, to, batch])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let body = row.get_ref(1)?.as_blob().unwrap_or_default();
        let turns: Vec<AlertTurn> = unfolded("turns of alerts", body)?;
        for (number, turn) in turns.into_iter().enumerate().rev() {
            let place = (id, number);
            let is_asked_for = from.is_none_or(|from| turn.at.0 >= from)
                && to.is_none_or(|to| turn.at.0 < to)
                && filter.before.is_none_or(|before| place < before);
            if is_asked_for && !each(place, turn) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Hands on the files of incidents that were over before `before`, newest first, until `each` says
/// stop (false).
///
/// # Errors
/// If the database fails or is damaged.
pub(crate) fn over(
    connection: &Connection,
    before: Option<(TimeMs, IncidentId)>,
    each: &mut dyn FnMut(Dossier) -> bool,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare(
        "SELECT body FROM incident_archive WHERE ?1 IS NULL OR (over_at, id) < (?1, ?2)
         ORDER BY over_at DESC, id DESC",
    )?;
    let (at, id) = before.map_or((None, String::new()), |(at, id)| {
        (Some(at.0), id.to_string())
    });
    let mut rows = statement.query(params![at, id])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_blob().unwrap_or_default();
        if !each(unfolded("an incident's file", body)?) {
            return Ok(());
        }
    }
    Ok(())
}

/// The file of an incident that is over and has left the city.
///
/// # Errors
/// If the database fails or is damaged.
pub(crate) fn one(
    connection: &Connection,
    id: &IncidentId,
) -> Result<Option<Dossier>, JournalError> {
    let body: Option<Vec<u8>> = connection
        .query_row(
            "SELECT body FROM incident_archive WHERE id = ?1",
            [id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    body.map(|body| unfolded("an incident's file", &body))
        .transpose()
}

/// JSON, so that a later version with further fields still reads it.
fn folded(what: &str, value: &impl Serialize) -> Result<Vec<u8>, JournalError> {
    let failed = |why: String| JournalError::Kept {
        what: what.to_owned(),
        why,
    };
    let json = serde_json::to_vec(value).map_err(|error| failed(error.to_string()))?;
    zstd::bulk::compress(&json, ZSTD_LEVEL).map_err(|error| failed(error.to_string()))
}

fn unfolded<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, JournalError> {
    let failed = |why: String| JournalError::Kept {
        what: what.to_owned(),
        why,
    };
    let json = zstd::bulk::decompress(body, UNFOLDED_BYTES_MAX);
    let json = json.map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use egret_shared::alert::{AlertKey, AlertState, Subject};
    use egret_shared::incident::Incident;
    use egret_shared::level::Level;
    use egret_shared::text::Text;

    use super::*;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection
    }

    fn turn(n: u64) -> AlertTurn {
        AlertTurn {
            n,
            key: AlertKey {
                rule: "ponding".into(),
                subject: Subject::Asset {
                    feed: "ponding".into(),
                    asset: "P-1".into(),
                },
            },
            state: AlertState::Firing,
            level: Level::Red,
            areas: vec!["350200".into()],
            at: TimeMs(i64::try_from(n).unwrap() * 1_000),
            since: TimeMs(0),
            v: Some(31.5),
            unit: "cm".to_owned(),
            message: Text::new("积水", "water"),
            hushed: None,
        }
    }

    fn numbers(connection: &Connection, filter: &TurnFilter, limit: usize) -> Vec<u64> {
        let mut found = Vec::new();
        turns(connection, filter, &mut |_, turn| {
            found.push(turn.n);
            found.len() < limit
        })
        .unwrap();
        found
    }

    #[test]
    fn turns_that_are_handed_out_again_are_kept_once() {
        let connection = database();
        let batch = |range: std::ops::RangeInclusive<u64>| Past::Turns(range.map(turn).collect());
        put(&connection, &batch(1..=5), None).unwrap();
        put(&connection, &batch(3..=8), None).unwrap();
        put(&connection, &batch(1..=8), None).unwrap();
        let all = numbers(&connection, &TurnFilter::default(), 100);
        assert_eq!(all, [8, 7, 6, 5, 4, 3, 2, 1]);
        let some = TurnFilter {
            from: Some(TimeMs(3_000)),
            to: Some(TimeMs(7_000)),
            before: None,
        };
        assert_eq!(numbers(&connection, &some, 100), [6, 5, 4, 3]);
        assert_eq!(numbers(&connection, &some, 2), [6, 5]);
        let mut fifth = None;
        turns(&connection, &TurnFilter::default(), &mut |place, turn| {
            fifth = Some(place);
            turn.n > 5
        })
        .unwrap();
        let older = TurnFilter {
            before: fifth,
            ..TurnFilter::default()
        };
        assert_eq!(numbers(&connection, &older, 100), [4, 3, 2, 1]);
        // Another package counts anew; what happens from now on is news all the same.
        let again = Past::Turns(vec![
            turn(2),
            AlertTurn {
                at: TimeMs(8_200),
                ..turn(3)
            },
        ]);
        put(&connection, &again, None).unwrap();
        let newest = numbers(&connection, &TurnFilter::default(), 2);
        assert_eq!(newest, [3, 8]);
        put(&connection, &batch(9..=9), Some(TimeMs(8_500))).unwrap();
        assert_eq!(numbers(&connection, &TurnFilter::default(), 100), [9]);
    }

    #[test]
    fn an_incident_that_is_over_is_found_by_its_id_and_by_when_it_was_over() {
        let connection = database();
        let dossier = |id: &str, over: i64| {
            let (title, at) = (Text::new(id, id), TimeMs(1));
            let opened = Incident::opened(id.into(), "ponding".into(), Level::Red, title, at);
            Dossier {
                incident: Incident {
                    closed_at: Some(TimeMs(over)),
                    ..opened
                },
                timeline: Vec::new(),
                checklist: Vec::new(),
                children: Vec::new(),
            }
        };
        let both = Past::Over(vec![dossier("a", 10), dossier("b", 20)]);
        put(&connection, &both, None).unwrap();
        put(&connection, &both, None).unwrap();
        let mut found = Vec::new();
        over(&connection, None, &mut |one| {
            found.push(one.incident.id);
            true
        })
        .unwrap();
        assert_eq!(found, ["b".into(), "a".into()]);
        let mut found = Vec::new();
        let before = Some((TimeMs(20), "b".into()));
        over(&connection, before, &mut |one| {
            found.push(one.incident.id);
            true
        })
        .unwrap();
        assert_eq!(found, ["a".into()]);
        assert_eq!(
            one(&connection, &"a".into()).unwrap(),
            Some(dossier("a", 10))
        );
        assert_eq!(one(&connection, &"c".into()).unwrap(), None);
    }
}
