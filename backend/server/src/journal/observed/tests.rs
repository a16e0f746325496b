//! Walks over a journal of minutes, each a batch.

use egret_city::entry::Entry;
use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::observation::Observation;

use super::*;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::{Append, Journal as _};

const BEGIN_MS: i64 = 1_782_079_500_000;

fn observation(observed_s: i64, received_s: i64) -> Entry {
    Entry::Observation(Observation {
        feed: FeedId::new("air"),
        asset: AssetId::new("A-1"),
        message: None,
        observed_at: TimeMs(BEGIN_MS + observed_s * 1_000),
        observed_at_us: None,
        received_at: TimeMs(BEGIN_MS + received_s * 1_000),
        position: None,
        area: None,
        values: Vec::new(),
        flags: Flags::NONE,
    })
}

/// Batches of a tick and an observation a minute; the fifth also has, as stored, one of minute 1.
fn journal(folder: &std::path::Path) -> Connection {
    let mut journal = SqliteJournal::open(folder).unwrap();
    let mut first_seq = 1;
    for minute in 0..10 {
        let s = minute * 60;
        let mut entries = vec![Entry::Tick(TimeMs(BEGIN_MS + s * 1_000)), observation(s, s)];
        if minute == 5 {
            entries.push(observation(60, s));
        }
        let append = Append {
            first_seq,
            entries: &entries,
            n_live: 2,
            ..Append::default()
        };
        journal.append(&append).unwrap();
        first_seq += entries.len() as Seq;
    }
    Connection::open(database(folder)).unwrap()
}

fn filter(from_s: i64, to_s: i64) -> EntriesFilter {
    EntriesFilter {
        after: 0,
        observed_from: TimeMs(BEGIN_MS + from_s * 1_000),
        observed_to: TimeMs(BEGIN_MS + to_s * 1_000),
        limit_batches: 100,
    }
}

fn seqs(connection: &Connection, filter: &EntriesFilter) -> (Vec<Seq>, Option<Seq>) {
    let mut seen = Vec::new();
    let rest = walk(connection, filter, &mut |seq, _| {
        seen.push(seq);
        true
    });
    (seen, rest.unwrap())
}

#[test]
fn what_happened_within_an_interval_is_found_also_where_it_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let connection = journal(folder.path());
    assert_eq!(seqs(&connection, &filter(60, 180)), (vec![4, 6, 13], None));
    assert_eq!(seqs(&connection, &filter(61, 120)), (vec![], None));
    assert_eq!(seqs(&connection, &filter(-900, 1)), (vec![2], None));
    let after = EntriesFilter {
        after: 4,
        ..filter(60, 180)
    };
    assert_eq!(seqs(&connection, &after), (vec![6, 13], None));
}

#[test]
fn only_batches_that_can_hold_it_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let connection = journal(folder.path());
    connection
        .execute(
            "UPDATE journal SET body = x'00' WHERE first_seq NOT IN (3, 5, 13)",
            [],
        )
        .unwrap();
    assert_eq!(seqs(&connection, &filter(60, 180)), (vec![4, 6, 13], None));
    assert!(walk(&connection, &filter(0, 180), &mut |_, _| true).is_err());
}

#[test]
fn a_walk_that_opened_enough_says_where_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let connection = journal(folder.path());
    let mut part = EntriesFilter {
        limit_batches: 2,
        ..filter(60, 300)
    };
    let (mut seen, mut rest) = seqs(&connection, &part);
    assert_eq!((seen.as_slice(), rest), ([4, 6].as_slice(), Some(6)));
    while let Some(after) = rest {
        part.after = after;
        let (more, next) = seqs(&connection, &part);
        seen.extend(more);
        rest = next;
    }
    assert_eq!(seen, seqs(&connection, &filter(60, 300)).0);
}

#[test]
fn batches_are_found_by_the_index_alone() {
    let folder = tempfile::tempdir().unwrap();
    let connection = journal(folder.path());
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT first_seq, last_seq FROM journal
             WHERE coalesce(observed_to, last_at) >= 1 AND coalesce(observed_from, first_at) < 2
             AND last_seq > 3 ORDER BY first_seq LIMIT 4",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(
        plan.contains("USING COVERING INDEX journal_observed"),
        "{plan}"
    );
}
