//! Messages found by the entries that came of them, through the writing and the reading side.

use egret_city::entry::Entry;
use egret_shared::time::Span;

use super::*;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::journal::{Append, Journal as _};
use crate::store::keep::Keep;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store as _, Way};

const BEGIN: TimeMs = TimeMs(1_782_079_500_000);

fn message(first: usize, n_entries: usize, payload: &[u8]) -> RawMessage<'_> {
    RawMessage {
        first,
        n_entries,
        received_at: BEGIN,
        sender: "gw-7",
        topic: "egret/v1/air/A-1",
        payload,
        beside: &[],
        bytes: payload.len(),
        sealing: Sealing::None,
    }
}

fn append(journal: &mut SqliteJournal, first_seq: Seq, n_entries: usize, raw: RawBatch) {
    let entries = vec![Entry::Tick(BEGIN); n_entries];
    let append = Append {
        first_seq,
        entries: &entries,
        n_live: n_entries,
        raw,
        ..Append::default()
    };
    journal.append(&append).unwrap();
}

#[test]
fn a_message_is_found_by_any_entry_that_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(folder.path()).unwrap();
    append(&mut journal, 1, 4, RawBatch::default());
    // 5 is a tick, 6 and 7 came of an array, 8 of a message that followed in another batch.
    let (mut raw, mut later) = (RawBatch::default(), RawBatch::default());
    raw.push(&message(1, 2, b"[1,2]"));
    later.push(&message(0, 1, b"3"));
    raw.append(&mut later, 3);
    append(&mut journal, 5, 5, raw);

    let store = SqliteStore::new(database(folder.path()));
    for seq in [6, 7] {
        let found = store.raw(seq).unwrap().unwrap();
        assert_eq!((found.seq, found.entries), (seq, (6, 7)));
        assert_eq!(found.payload, b"[1,2]");
        assert_eq!((found.sender.as_str(), found.bytes), ("gw-7", 5));
        assert_eq!(found.topic, "egret/v1/air/A-1");
        assert_eq!((found.received_at, found.sealed), (BEGIN, false));
    }
    assert_eq!(store.raw(8).unwrap().unwrap().payload, b"3");
    for seq in [0, 1, 4, 5, 9, 10] {
        assert_eq!(store.raw(seq).unwrap(), None, "entry {seq}");
    }
}

#[test]
fn what_is_split_off_keeps_its_own_entries() {
    let mut raw = RawBatch::default();
    raw.push(&message(0, 2, b"live"));
    let (n_messages, n_bytes) = (raw.len(), raw.n_bytes());
    raw.push(&message(2, 3, b"stored"));
    let mut stored = raw.split_off(n_messages, n_bytes, 2);
    raw.append(&mut stored, 10);
    let body = Archive::new().unwrap().pack(&raw).unwrap();
    let found = |seq| {
        let found = super::message(1, seq, CODEC_ZSTD_HEADS_TEXT_BESIDE, &body).unwrap();
        found.map(|(item, _)| item)
    };
    assert_eq!(found(2).unwrap().payload, b"live");
    assert_eq!(found(3), None);
    assert_eq!(found(13).unwrap().payload, b"stored");
    assert_eq!(found(13).unwrap().entries, (11, 13));
}

/// A head as it was written when a payload was either in clear or sealed by the folder's key.
#[derive(Serialize)]
struct HeadBefore(u32, u32, u32, u32, u32, u32, bool, TimeMs);

#[test]
fn heads_from_before_there_were_data_keys_read_as_they_were_meant() {
    for (sealed, sealing) in [(false, Sealing::None), (true, Sealing::Folder)] {
        let before = HeadBefore(300, 2, 4, 16, 70_000, 69_000, sealed, BEGIN);
        let bytes = postcard::to_stdvec(&before).unwrap();
        let head: OldHead = postcard::from_bytes(&bytes).unwrap();
        let head = Head::from(head);
        assert_eq!(Sealing::from_number(head.sealed), sealing);
        assert_eq!(
            (head.first, head.bytes, head.received_at),
            (300, 69_000, BEGIN)
        );
    }
}

#[test]
fn what_came_beside_a_payload_is_found_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(folder.path()).unwrap();
    let came = egret_mqtt::taker::Beside {
        content_type: "application/json".to_owned(),
        properties: vec![("subject".to_owned(), "M-1".to_owned())],
        ..egret_mqtt::taker::Beside::default()
    };
    let beside = Beside::of(Way::Own, Some(&came));
    let mut raw = RawBatch::default();
    raw.push(&RawMessage {
        beside: &beside.bytes(),
        ..message(0, 1, b"1")
    });
    raw.push(&message(1, 1, b"2"));
    append(&mut journal, 1, 2, raw);
    let store = SqliteStore::new(database(folder.path()));
    let found = [1, 2].map(|seq| store.raw(seq).unwrap().unwrap());
    let payloads = found.each_ref().map(|item| item.payload.clone());
    assert_eq!(payloads, [b"1", b"2"]);
    assert_eq!(found.map(|item| item.beside), [beside, Beside::default()]);
}

#[test]
fn a_row_of_before_there_was_anything_beside_payloads_is_read() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteJournal::open(folder.path()).unwrap());
    let (sender, topic) = ("gw-7", "t");
    let heads = vec![
        HeadBefore(0, 1, 4, 1, 3, 3, false, BEGIN),
        HeadBefore(1, 1, 4, 1, 2, 2, false, BEGIN),
    ];
    let heads = postcard::to_stdvec(&heads).unwrap();
    let length = u32::try_from(heads.len()).unwrap().to_le_bytes();
    let text = format!("{sender}{topic}one{sender}{topic}22");
    let plain = [&length, heads.as_slice(), text.as_bytes()].concat();
    let body = zstd::bulk::compress(&plain, 1).unwrap();
    Connection::open(database(folder.path()))
        .unwrap()
        .execute(
            "INSERT INTO raw VALUES (1, 2, ?1, ?2, 1, ?3)",
            params![BEGIN.0, body.len(), body],
        )
        .unwrap();
    let store = SqliteStore::new(database(folder.path()));
    for (seq, payload) in [(1, "one"), (2, "22")] {
        let found = store.raw(seq).unwrap().unwrap();
        assert_eq!(found.payload, payload.as_bytes());
        assert_eq!(
            (found.sender, found.topic),
            (sender.to_owned(), topic.to_owned())
        );
        assert_eq!(found.beside, Beside::default());
    }
}

/// Ten commits an hour apart, each with a message of 1,000 bytes that do not compress.
fn ten_commits(journal: &mut SqliteJournal) {
    let mut noise: u32 = 1;
    for n in 0_u32..10 {
        let payload: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        })
        .take(1_000)
        .collect();
        let mut raw = RawBatch::default();
        raw.push(&RawMessage {
            received_at: BEGIN.plus(Span(i64::from(n) * 3_600_000)),
            ..message(0, 1, &payload)
        });
        append(journal, 1 + Seq::from(n), 1, raw);
    }
}

/// The entries of [`ten_commits`] whose messages are still there once all is tended.
fn left(keep: Keep, now: TimeMs) -> Vec<Seq> {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    let mut journal = journal.keeping(keep, chrono_tz::Tz::UTC);
    ten_commits(&mut journal);
    while journal.tend(now).unwrap() {}
    let store = SqliteStore::new(database(folder.path()));
    (1..=10)
        .filter(|seq| store.raw(*seq).unwrap().is_some())
        .collect()
}

#[test]
fn messages_are_let_go_by_age_and_by_bytes_the_oldest_first() {
    let now = BEGIN.plus(Span(9 * 3_600_000));
    let keep = Keep::default();
    assert_eq!(left(keep, now).len(), 10);
    let hours = Keep {
        raw: Span(4 * 3_600_000),
        ..keep
    };
    assert_eq!(left(hours, now), [6, 7, 8, 9, 10]);
    let bytes = Keep {
        raw_bytes: 3_500,
        ..keep
    };
    assert_eq!(left(bytes, now), [8, 9, 10]);
    let none = Keep {
        raw: Span(0),
        ..keep
    };
    assert_eq!(left(none, now), Vec::<Seq>::new());
}
