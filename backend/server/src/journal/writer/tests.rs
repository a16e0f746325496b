//! The two lanes, and what is told when.

use egret_city::entry::Entry;
use egret_mqtt::taker::Outcome;
use tokio::sync::oneshot;

use super::*;
use crate::journal::pending::{Done, Receipts};
use crate::journal::sqlite::SqliteJournal;

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
    let (store, store_end) = mpsc::channel(8);
    let (committed_in, committed) = mpsc::channel(400);
    World {
        writer: Writer {
            journal: SqliteJournal::open(folder.path()).unwrap(),
            live: live_end,
            stored: stored_end,
            store: store_end,
            committed: committed_in,
            telemetry: Telemetry::new(),
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

fn numbers(entries: &[Entry]) -> Vec<i64> {
    let mut numbers: Vec<i64> = entries.iter().map(|entry| entry.received_at().0).collect();
    numbers.dedup();
    numbers
}

#[test]
fn a_live_batch_is_in_the_next_commit_however_much_is_stored() {
    let mut world = world();
    for number in 0..100 {
        world.stored.try_send(batch(number, 100)).unwrap();
    }
    let first = world.writer.gather();
    assert!(first.live.is_empty());
    assert_eq!(
        first.stored.len(),
        6,
        "512 entries, and the batch that they end in"
    );
    world.live.try_send(batch(1_000, 1)).unwrap();
    let mut chores = Chores::default();
    world.writer.commit(1, first, &mut chores).unwrap();

    let next = world.writer.gather();
    assert_eq!(next.live.len(), 1);
    world.writer.commit(601, next, &mut chores).unwrap();
    world.committed.try_recv().unwrap();
    let committed = world.committed.try_recv().unwrap();
    assert_eq!(numbers(&committed.entries), [1_000, 6, 7, 8, 9, 10, 11]);
}

#[test]
fn a_flood_of_live_batches_does_not_starve_what_is_stored() {
    let mut world = world();
    for number in 0..100 {
        world.live.try_send(batch(number, 100)).unwrap();
    }
    world.stored.try_send(batch(1_000, 3)).unwrap();
    let group = world.writer.gather();
    assert_eq!((group.live.len(), group.stored.len()), (41, 1));
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
