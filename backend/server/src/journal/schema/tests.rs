//! A database as version 1 left it, opened by this one.

use egret_city::entry::Entry;
use egret_shared::time::Span;
use rusqlite::params;

use super::*;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::{Journal as _, batch};
use crate::store::sqlite::SqliteStore;
use crate::store::{EntriesFilter, Resolution, SeriesFilter, Store as _};

const BEGIN: TimeMs = TimeMs(1_782_079_200_000);

/// Tables as version 1 made them, with three batches of ticks and an hour of closed windows.
fn version_1(folder: &std::path::Path) {
    let connection = Connection::open(database(folder)).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE journal (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,
               first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, codec INTEGER NOT NULL,
               body BLOB NOT NULL);
             CREATE TABLE checkpoint (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,
               digest INTEGER NOT NULL, body BLOB NOT NULL);
             CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
             CREATE TABLE history (metric INTEGER NOT NULL, area INTEGER NOT NULL,
               end_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, v REAL,
               level INTEGER NOT NULL, sources INTEGER NOT NULL, expected INTEGER NOT NULL,
               latest_ms INTEGER, flags TEXT NOT NULL,
               PRIMARY KEY (metric, area, end_ms)) WITHOUT ROWID;
             INSERT INTO name VALUES (1, 'water.level'), (2, '350200'), (3, '350203');
             PRAGMA user_version = 1;",
        )
        .unwrap();
    for first_seq in [1, 3, 5] {
        let entries = [first_seq, first_seq + 1].map(|n| Entry::Tick(TimeMs(n)));
        connection
            .execute(
                "INSERT INTO journal VALUES (?1, ?1 + 1, ?1, ?1 + 1, 1, ?2)",
                params![first_seq, batch::fold(&entries).unwrap()],
            )
            .unwrap();
    }
    for minute in 1..=60 {
        for area in [2, 3] {
            connection
                .execute(
                    "INSERT INTO history VALUES (1, ?1, ?2, ?2 - 300000, ?3, 2, 4, 5, ?2 - 1000,
                     'revised partial')",
                    params![area, BEGIN.0 + minute * 60_000, minute as f64 / 2.0],
                )
                .unwrap();
        }
    }
}

fn series(folder: &std::path::Path, resolution: Resolution) -> Vec<crate::store::SeriesPoint> {
    let filter = SeriesFilter {
        metric: MetricId::new("water.level"),
        area: AreaCode::new("350203"),
        from: BEGIN,
        to: BEGIN.plus(Span(3_600_000)),
        resolution,
        as_of: None,
        limit: 100,
    };
    SqliteStore::new(database(folder)).series(&filter).unwrap()
}

#[test]
fn a_database_of_version_1_keeps_its_journal_and_its_history() {
    let folder = tempfile::tempdir().unwrap();
    version_1(folder.path());
    let mut journal = SqliteJournal::open(folder.path()).unwrap();
    assert_eq!(journal.last_seq().unwrap(), 6);
    let mut seen = Vec::new();
    journal
        .read(3, &mut |seq, entry| {
            seen.push((seq, entry));
            true
        })
        .unwrap();
    let expected = [4, 5, 6].map(|seq: i64| (seq.unsigned_abs(), Entry::Tick(TimeMs(seq))));
    assert_eq!(seen, expected);

    let minutes = series(folder.path(), Resolution::Minute);
    assert_eq!(minutes.len(), 60);
    let third = &minutes[2];
    assert_eq!((third.v, third.level), (Some(1.5), Level::Yellow));
    assert_eq!((third.sources, third.expected), (4, 5));
    assert_eq!(third.flags, Flags::REVISED.with(Flags::PARTIAL));
    assert_eq!(third.known_at, third.end);
    assert_eq!(third.latest_at, Some(third.end.minus(Span(1_000))));

    while journal.tend(BEGIN.plus(Span(2 * 3_600_000))).unwrap() {}
    let hours = series(folder.path(), Resolution::Hour);
    assert_eq!((hours[0].v, hours[0].windows), (Some(30.0), 60));
    drop(journal);
    SqliteJournal::open(folder.path()).unwrap();
}

#[test]
fn batches_of_version_1_are_looked_into_by_when_they_arrived() {
    let folder = tempfile::tempdir().unwrap();
    version_1(folder.path());
    drop(SqliteJournal::open(folder.path()).unwrap());
    let connection = Connection::open(database(folder.path())).unwrap();
    connection
        .execute("UPDATE journal SET body = x'00' WHERE first_seq = 3", [])
        .unwrap();
    let walk = |from, to| {
        let filter = EntriesFilter {
            after: 0,
            observed_from: TimeMs(from),
            observed_to: TimeMs(to),
            limit_batches: 10,
        };
        observed::walk(&connection, &filter, &mut |_, _| true)
    };
    assert!(walk(3, 5).is_err(), "the batch that arrived then is opened");
    assert!(walk(5, 9).is_ok(), "and no other");
}

#[test]
fn a_database_of_a_newer_version_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let connection = Connection::open(database(folder.path())).unwrap();
    connection
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    let error = SqliteJournal::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("version 4, this server knows 3"), "{error}");
}
