//! The two lanes, and what is told when.

use egret_city::entry::Entry;
use egret_mqtt::taker::Outcome;
use egret_shared::time::TimeMs;
use tokio::sync::oneshot;

use super::*;
use crate::journal::eraser::Eraser;
use crate::journal::pending::{Done, Receipts};
use crate::journal::sqlite::SqliteJournal;
use crate::store::personal::erase::{Erased, Erasure};
use crate::store::sqlite::SqliteStore;

/// A writer whose queues the test fills.
struct World {
    writer: Writer<SqliteJournal>,
    live: mpsc::Sender<Pending>,
    stored: mpsc::Sender<Pending>,
    store: mpsc::Sender<StoreJob>,
    committed: mpsc::Receiver<Committed>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let (live, live_end) = mpsc::channel(200);
    let (stored, stored_end) = mpsc::channel(200);
    let (store, store_end) = mpsc::channel(STORE_PRESSING);
    let (committed_in, committed) = mpsc::channel(400);
    World {
        writer: Writer {
            journal: SqliteJournal::open(folder.path()).unwrap(),
            live: live_end,
            stored: stored_end,
            store: store_end,
            committed: committed_in,
            telemetry: Telemetry::new(),
            held: None,
        },
        live,
        stored,
        store,
        committed,
        _folder: folder,
    }
}

/// A batch of ticks that say which batch it is.
fn batch(number: i64, n_entries: usize) -> Pending {
    let mut pending = Pending::begin();
    pending.entries = vec![Entry::Tick(TimeMs(number)); n_entries];
    pending
}

/// Something that came from outside.
fn reading(number: i64) -> Pending {
    let mut pending = Pending::begin();
    pending
        .entries
        .push(Entry::Refused(egret_city::entry::Refused {
            feed: None,
            stage: egret_shared::rejection::Stage::Source,
            reason: egret_shared::rejection::Reason::UnknownFeed,
            received_at: TimeMs(number),
        }));
    pending
}

fn numbers(entries: &[Entry]) -> Vec<i64> {
    let mut numbers: Vec<i64> = entries.iter().map(|entry| entry.received_at().0).collect();
    numbers.dedup();
    numbers
}

#[test]
fn a_live_batch_is_in_the_next_commit_and_first_in_it_however_much_is_stored() {
    let mut world = world();
    for number in 0..100 {
        world.stored.try_send(batch(number, 8)).unwrap();
    }
    assert!(
        world.writer.gather().is_empty(),
        "that waits for spare time"
    );
    let first = world.writer.gather_stored().unwrap();
    assert_eq!(n_entries(&first.stored), STORED_ENTRIES_MAX);
    world.live.try_send(batch(1_000, 1)).unwrap();
    let mut hand = Hand {
        next_seq: 1,
        ..Hand::default()
    };
    world.writer.commit(&mut hand, first).unwrap();
    assert_eq!(
        world.committed.try_recv().unwrap().entries.len(),
        STORED_ENTRIES_MAX
    );

    let next = world.writer.gather();
    assert_eq!(next.live.len(), 1);
    assert_eq!(n_entries(&next.stored), STORED_RIDING);
    world.writer.commit(&mut hand, next).unwrap();
    let [live, riding] = [(); 2].map(|()| world.committed.try_recv().unwrap());
    assert_eq!((live.first_seq, numbers(&live.entries)), (129, vec![1_000]));
    assert_eq!(
        (riding.first_seq, numbers(&riding.entries)),
        (130, vec![16])
    );
}

#[test]
fn with_a_flood_of_live_batches_rides_an_eighth_as_much_of_what_is_stored() {
    let mut world = world();
    for number in 0..100 {
        world.live.try_send(batch(number, 100)).unwrap();
        world.stored.try_send(batch(number, 16)).unwrap();
    }
    let group = world.writer.gather();
    assert_eq!(
        (n_entries(&group.live), n_entries(&group.stored)),
        (4_100, 512)
    );
}

#[test]
fn a_stored_batch_that_is_too_large_to_ride_waits_for_a_commit_of_its_own() {
    let mut world = world();
    for number in [1, 2] {
        world.stored.try_send(batch(number, 5_000)).unwrap();
    }
    world.live.try_send(batch(1_000, 1)).unwrap();
    let group = world.writer.gather();
    assert_eq!((group.live.len(), group.stored.len()), (1, 0));
    let held = world.writer.gather_stored().unwrap();
    assert_eq!(numbers(&held.stored[0].entries), [1]);
    assert_eq!(held.stored.len(), 1, "it fills the commit");
    assert!(world.writer.gather().is_empty());
    // One that found no room behind another rides the next time.
    for number in [3, 4] {
        world.stored.try_send(batch(number, 5)).unwrap();
    }
    let other = world.writer.gather_stored().unwrap();
    assert_eq!(n_entries(&other.stored), 5_000, "it is not lost");
    for number in [3, 4] {
        world.live.try_send(batch(1_000, 1)).unwrap();
        let group = world.writer.gather();
        assert_eq!(numbers(&group.stored[0].entries), [number]);
    }
}

#[test]
fn beside_a_flood_that_never_leaves_the_lane_empty_what_the_fold_wants_kept_is_kept() {
    let world = world();
    let World {
        mut writer,
        live,
        store,
        committed,
        _folder: folder,
        ..
    } = world;
    // More than may wait: the writer is behind.
    for seq in 0..STORE_PRESSING as u64 {
        let checkpoint = Checkpoint {
            seq,
            at: TimeMs(0),
            body: vec![7],
        };
        store.try_send(StoreJob::Checkpoint(checkpoint)).unwrap();
    }
    live.try_send(tick_and_reading()).unwrap();
    let mut hand = Hand {
        next_seq: 1,
        ..Hand::default()
    };
    hand.spare.spend(
        Instant::now(),
        Instant::now() + std::time::Duration::from_mins(1),
    );
    let group = writer.gather();
    writer.commit_live(&mut hand, group).unwrap();
    assert!(writer.is_free(&hand), "although all spare time is spent");
    while writer.do_piece(&mut hand).unwrap() && writer.is_free(&hand) {}
    assert!(!writer.is_free(&hand));
    assert!(!writer.journal.checkpoints().unwrap().is_empty());
    drop((committed, folder));
}

/// Time passing, and something from outside.
fn tick_and_reading() -> Pending {
    let mut pending = reading(1);
    pending.entries.push(Entry::Tick(TimeMs(2)));
    pending
}

#[test]
fn what_is_stored_is_committed_although_live_data_never_stops() {
    let world = world();
    let World {
        writer,
        live,
        stored,
        store,
        mut committed,
        _folder,
    } = world;
    for number in 0..40 {
        stored.try_send(batch(number, 16)).unwrap();
    }
    let writing = std::thread::spawn(move || writer.run());
    let mut n_stored = 0;
    // A live message after the other, each once the one before is durable.
    for number in 1_000.. {
        live.blocking_send(reading(number)).unwrap();
        while let Some(one) = committed.blocking_recv() {
            match &one.entries[0] {
                Entry::Refused(_) => break,
                _ => n_stored += one.entries.len(),
            }
        }
        if n_stored == 40 * 16 {
            break;
        }
        // On a loaded machine a live message takes long, and what rides beside it is by time.
        assert!(number < 21_000, "only {n_stored} of what was stored");
    }
    drop((live, stored, store));
    writing.join().unwrap().unwrap();
}

#[test]
fn everything_taken_in_is_committed_told_and_kept_before_the_writer_ends() {
    let world = world();
    let (told, seq) = oneshot::channel();
    let mut last = batch(3, 2);
    last.done = Some(Done::Seq(told));
    world.live.try_send(batch(1, 2)).unwrap();
    world.stored.try_send(last).unwrap();
    let checkpoint = Checkpoint {
        seq: 4,
        at: TimeMs(3),
        body: vec![7],
    };
    world
        .store
        .try_send(StoreJob::Checkpoint(checkpoint))
        .unwrap();
    let World {
        writer,
        live,
        stored,
        store,
        _folder: folder,
        ..
    } = world;
    drop((live, stored, store));
    writer.run().unwrap();
    assert_eq!(seq.blocking_recv(), Ok(3));
    let journal = SqliteJournal::open(folder.path()).unwrap();
    assert_eq!(journal.last_seq().unwrap(), 4);
    assert_eq!(journal.checkpoints().unwrap()[0].seq, 4);
}

#[test]
fn whoever_is_to_be_erased_when_the_server_stops_is_erased_and_whoever_asked_is_told() {
    let world = world();
    let World {
        writer,
        live,
        stored,
        store,
        _folder: folder,
        ..
    } = world;
    let seal = crate::seal::Seal::open(folder.path()).unwrap();
    let connection = rusqlite::Connection::open(crate::journal::sqlite::database(folder.path()));
    let erasure = Erasure::begin(&connection.unwrap(), seal, "19900001234").unwrap();
    let (done, told) = oneshot::channel();
    store
        .try_send(StoreJob::Erase(Box::new(Erasing { erasure, done })))
        .unwrap();
    drop((live, stored, store));
    writer.run().unwrap();
    assert_eq!(told.blocking_recv().unwrap().unwrap(), Erased::default());
}

#[test]
fn a_writer_that_has_nothing_else_to_do_erases_at_once_and_not_at_the_next_tick() {
    let world = world();
    let World {
        writer,
        live,
        stored,
        store,
        _folder: folder,
        ..
    } = world;
    let writing = std::thread::spawn(move || writer.run());
    let seal = crate::seal::Seal::open(folder.path()).unwrap();
    let database = crate::journal::sqlite::database(folder.path());
    let eraser = Eraser::new(SqliteStore::new(database).opening(seal), store.downgrade());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let erased = runtime.block_on(eraser.erase("19900001234".to_owned()));
    assert_eq!(erased.unwrap(), Erased::default());
    drop((live, stored, store));
    writing.join().unwrap().unwrap();
    let late = runtime.block_on(eraser.erase("19900001234".to_owned()));
    let late = late.unwrap_err().to_string();
    assert!(late.contains("shutting down"), "{late}");
}

#[test]
fn a_batch_in_two_parts_is_told_once_both_are_durable_and_never_if_one_is_lost() {
    let parts = |receipts: &std::sync::Arc<Receipts>| {
        [0, 1].map(|number| {
            let mut part = batch(number, 1);
            part.done = Some(Done::Outcomes(std::sync::Arc::clone(receipts)));
            part
        })
    };
    let (send, mut receipt) = oneshot::channel();
    let receipts = Receipts::new(2, vec![Outcome::Kept; 2], send);
    let [one, other] = parts(&receipts);
    drop(receipts);
    tell_all(vec![other], vec![1]);
    assert!(
        receipt
            .try_recv()
            .is_err_and(|error| error == oneshot::error::TryRecvError::Empty)
    );
    tell_all(vec![one], vec![2]);
    assert_eq!(receipt.try_recv(), Ok(vec![Outcome::Kept; 2]));

    let (send, mut receipt) = oneshot::channel();
    let receipts = Receipts::new(2, vec![Outcome::Kept; 2], send);
    let [one, other] = parts(&receipts);
    drop((receipts, one));
    tell_all(vec![other], vec![1]);
    assert_eq!(
        receipt.try_recv(),
        Err(oneshot::error::TryRecvError::Closed)
    );
}
