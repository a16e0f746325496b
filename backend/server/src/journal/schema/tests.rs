//! A database as version 1 left it, opened by this one.

use egret_city::entry::Entry;
use egret_shared::id::{FeedId, ReportId};
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::Span;
use rusqlite::params;

use super::*;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::{Append, Journal as _, batch};
use crate::seal::payload::Sealing;
use crate::store::raw::{RawBatch, RawMessage};
use crate::store::sqlite::SqliteStore;
use crate::store::{
    EntriesFilter, QuarantineFilter, QuarantineItem, QuarantineRow, Resolution, SeriesFilter,
    Store as _,
};

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

const ANN: &str = "19900001234";
const BEN: &str = "19900005678";

/// Ann's and Ben's calls as version 3 kept them: entries 1 and 2, and a refused one of each.
fn version_3(folder: &std::path::Path, seal: &Seal) {
    let mut journal = SqliteJournal::open(folder).unwrap();
    for (first_seq, phone) in [(1, ANN), (3, BEN)] {
        let sealed = seal.close_old(phone.as_bytes());
        let refused = QuarantineRow {
            received_at: BEGIN,
            feed: Some(FeedId::new("hotline")),
            sender: "gw-7".to_owned(),
            topic: "egret/v1/hotline/report/R".to_owned(),
            rejection: Rejection::new(Stage::Decode, Reason::BadJson, "no JSON".to_owned()),
            payload_bytes: phone.len(),
            raw: sealed.clone(),
            beside: Vec::new(),
            sealing: Sealing::Folder,
        };
        let mut raw = RawBatch::default();
        raw.push(&RawMessage {
            first: 0,
            n_entries: 1,
            received_at: BEGIN,
            sender: "gw-7",
            topic: "egret/v1/hotline/report/R",
            payload: &sealed,
            beside: &[],
            bytes: phone.len(),
            sealing: Sealing::Folder,
        });
        let append = Append {
            first_seq,
            entries: &[Entry::Tick(BEGIN), Entry::Tick(BEGIN)],
            n_live: 2,
            quarantine: vec![(first_seq + 1, &refused)],
            raw,
            ..Append::default()
        };
        journal.append(&append).unwrap();
    }
    drop(journal);
    let connection = Connection::open(database(folder)).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE quarantine DROP COLUMN beside;
             DROP TABLE person_key; DROP TABLE person_word; DROP TABLE personal;
             CREATE TABLE personal (seq INTEGER PRIMARY KEY, feed TEXT NOT NULL,
               report TEXT NOT NULL, sealed BLOB NOT NULL);
             PRAGMA user_version = 3;",
        )
        .unwrap();
    for (seq, report, phone) in [(1, "R-1", ANN), (3, "R-2", BEN)] {
        let plain = format!("{{\"/phone\":\"{phone}\"}}");
        let sealed = seal.close_old(plain.as_bytes());
        connection
            .execute(
                "INSERT INTO personal VALUES (?1, 'hotline', ?2, ?3)",
                params![seq, report, sealed],
            )
            .unwrap();
    }
}

fn refused(store: &SqliteStore) -> Vec<QuarantineItem> {
    let filter = QuarantineFilter {
        limit: 10,
        ..QuarantineFilter::default()
    };
    store.quarantine_opened(&filter).unwrap()
}

fn phone_of(store: &SqliteStore, report: &str) -> Option<String> {
    let (feed, report) = (FeedId::new("hotline"), ReportId::new(report));
    let personal = store.personal(&feed, &report).unwrap().unwrap();
    let phone = personal.fields.into_iter().next();
    assert_eq!(phone.is_none(), personal.erased);
    phone.map(|(_, phone)| phone)
}

#[test]
fn what_version_3_sealed_is_opened_and_a_person_is_erased_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let seal = Seal::open(folder.path()).unwrap();
    version_3(folder.path(), &seal);
    let mut journal = SqliteJournal::open(folder.path()).unwrap();
    let store = SqliteStore::new(database(folder.path())).opening(seal);
    for (report, seq, phone) in [("R-1", 1, ANN), ("R-2", 3, BEN)] {
        assert_eq!(phone_of(&store, report).as_deref(), Some(phone));
        let raw = store.raw_opened(seq).unwrap().unwrap();
        assert_eq!(
            (raw.payload, raw.sealed),
            (phone.as_bytes().to_vec(), false)
        );
    }
    let raws: Vec<_> = refused(&store).into_iter().map(|item| item.raw).collect();
    assert_eq!(raws, [Some(BEN.to_owned()), Some(ANN.to_owned())]);
    let filter = QuarantineFilter {
        limit: 10,
        ..QuarantineFilter::default()
    };
    let messages = store.refused(&filter).unwrap();
    assert!(messages.iter().all(|message| message.beside.is_none()));

    let mut erasure = store.begin_erasing(ANN).unwrap();
    while journal.erase(&mut erasure).unwrap() {}
    let erased = erasure.finish().unwrap();
    assert_eq!((erased.reports, erased.refused), (1, 1));
    assert_eq!(phone_of(&store, "R-1"), None);
    assert_eq!(phone_of(&store, "R-2").as_deref(), Some(BEN));
    assert_eq!(store.raw(1).unwrap(), None, "that row could not be closed");
    assert_eq!(
        store.raw_opened(3).unwrap().unwrap().payload,
        BEN.as_bytes()
    );
    let raws: Vec<_> = refused(&store).into_iter().map(|item| item.raw).collect();
    assert_eq!(raws, [Some(BEN.to_owned()), None]);
}

#[test]
fn what_version_3_sealed_stays_as_it_is_when_its_key_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let seal = Seal::open(folder.path()).unwrap();
    version_3(folder.path(), &seal);
    std::fs::remove_file(folder.path().join("personal.key")).unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    assert!(
        Seal::existing(folder.path()).unwrap().is_none(),
        "none is made"
    );
    let connection = Connection::open(database(folder.path())).unwrap();
    let sealed: Vec<u8> = connection
        .query_row("SELECT sealed FROM personal WHERE seq = 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(seal.open_old(&sealed).is_some());
}

#[test]
fn a_database_whose_journal_may_come_to_hold_orders_of_rules_is_refused_by_servers_without_them() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let connection = Connection::open(database(folder.path())).unwrap();
    // The last that knew of none.
    connection.pragma_update(None, "user_version", 6).unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 7);
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
    let said = format!("version {}, this server knows {VERSION}", VERSION + 1);
    assert!(error.contains(&said), "{error}");
}
