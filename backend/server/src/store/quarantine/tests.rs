//! Refused messages that are let go for their age, by the clock that the writer is told.

use egret_city::entry::{Entry, Refused};
use egret_shared::rejection::Rejection;
use egret_shared::time::Span;

use super::*;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::{Append, Journal as _};
use crate::store::Store as _;
use crate::store::keep::Keep;
use crate::store::sqlite::SqliteStore;

const BEGIN: TimeMs = TimeMs(1_782_079_200_000);
const HOUR: i64 = 3_600_000;

/// More than go in one step, an hour apart.
const N: i64 = 40;

fn hours(n: i64) -> TimeMs {
    BEGIN.plus(Span(n * HOUR))
}

fn refuse(journal: &mut SqliteJournal, seq: Seq, received_at: TimeMs) {
    let rejection = Rejection::new(Stage::Decode, Reason::BadJson, "no JSON".to_owned());
    let row = QuarantineRow {
        received_at,
        feed: Some(FeedId::new("air")),
        sender: "gw-7".to_owned(),
        topic: "t".to_owned(),
        payload_bytes: 3,
        raw: b"{{{".to_vec(),
        beside: b"{}".to_vec(),
        sealing: Sealing::None,
        rejection: rejection.clone(),
    };
    let entry = Entry::Refused(Refused {
        feed: row.feed.clone(),
        stage: rejection.stage,
        reason: rejection.reason,
        received_at,
    });
    let append = Append {
        first_seq: seq,
        entries: &[entry],
        n_live: 1,
        quarantine: vec![(seq, &row)],
        ..Append::default()
    };
    journal.append(&append).unwrap();
}

/// A journal that keeps refused messages for ten hours, with [`N`] of them an hour apart.
fn refused(folder: &std::path::Path) -> SqliteJournal {
    let keep = Keep {
        quarantine: Span(10 * HOUR),
        ..Keep::default()
    };
    let journal = SqliteJournal::open(folder).unwrap();
    let mut journal = journal.keeping(keep, chrono_tz::Tz::UTC);
    for n in 0..N {
        refuse(&mut journal, n.unsigned_abs() + 1, hours(n));
    }
    journal
}

/// The numbers of those that are left, oldest first.
fn left(folder: &std::path::Path) -> Vec<i64> {
    let filter = QuarantineFilter {
        limit: 1_000,
        ..QuarantineFilter::default()
    };
    let items = SqliteStore::new(database(folder)).quarantine(&filter);
    items.unwrap().iter().rev().map(|item| item.id).collect()
}

fn n_entries(journal: &SqliteJournal) -> i64 {
    let mut n = 0;
    let mut count = |_, _| {
        n += 1;
        true
    };
    journal.read(0, &mut count).unwrap();
    n
}

#[test]
fn refused_messages_are_let_go_by_age_and_their_counts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = refused(folder.path());
    while journal.tend(hours(10)).unwrap() {}
    assert_eq!(left(folder.path()).len(), 40, "the first is ten hours old");
    // It is looked again ten minutes later, and whatever is older by then goes.
    while journal.tend(hours(35)).unwrap() {}
    assert_eq!(left(folder.path()), (26..=40).collect::<Vec<_>>());
    assert_eq!(n_entries(&journal), N, "what they were counted as stays");
    let connection = Connection::open(database(folder.path())).unwrap();
    let counted = QuarantineSize::load(&connection).unwrap();
    assert_eq!((counted.rows, counted.bytes), (15, 75));
    assert_eq!(journal.in_quarantine(), counted, "counted along");
}

#[test]
fn nothing_is_let_go_for_its_age_while_the_city_holds_on_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = refused(folder.path());
    journal.hold(Some(hours(12)));
    while journal.tend(hours(100)).unwrap() {}
    assert_eq!(left(folder.path()), (3..=40).collect::<Vec<_>>());
    journal.hold(None);
    while journal.tend(hours(101)).unwrap() {}
    assert_eq!(left(folder.path()), [0; 0]);
}

#[test]
fn one_step_lets_few_go_so_that_live_messages_come_in_between() {
    let folder = tempfile::tempdir().unwrap();
    drop(refused(folder.path()));
    let connection = Connection::open(database(folder.path())).unwrap();
    let mut size = QuarantineSize::load(&connection).unwrap();
    let mut step = || size.age(&connection, hours(20), 16).unwrap();
    assert_eq!([step(), step(), step()], [16, 4, 0]);
    assert_eq!(left(folder.path()), (21..=40).collect::<Vec<_>>());
}
