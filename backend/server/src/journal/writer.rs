//! The one thread that appends to the journal, and so decides the order of everything.
//!
//! Group commit: while one commit runs, the next batch gathers in the queues. A commit that fails
//! stops the server, for it could neither acknowledge nor go on in order; the senders still hold
//! what was not acknowledged.
//!
//! Two lanes lead here: what is live goes into the next commit whole, and a little of what gateways
//! had stored while they were offline rides with it. Everything else is done in spare time
//! ([`spare`]): more of what was stored, keeping what the fold wants kept, and tending the store, a
//! piece at a time.

mod chores;
mod spare;

use std::time::Instant;

use egret_city::entry::{Entry, Seq};
use egret_shared::id::FeedId;
use tokio::sync::{mpsc, oneshot};

use self::chores::Chores;
use self::spare::Spare;
use super::eraser::Erasing;
use super::pending::{Pending, tell_all};
use super::{Append, Checkpoint, Journal, JournalError};
use crate::limits::{
    COMMIT_ENTRIES_MAX, STORE_PRESSING, STORED_ENTRIES_MAX, STORED_RIDING, STORED_RIDING_PART,
};
use crate::store::{HistoryRow, Past};
use crate::telemetry::Telemetry;
use egret_shared::time::TimeMs;

/// What is to be done with what is kept, beside appending.
#[derive(Debug)]
pub(crate) enum StoreJob {
    /// Closed windows.
    History(Vec<HistoryRow>),
    /// What leaves the city for good.
    Past(Past),
    /// A state to restart from. Sent after the history of the entries that it covers.
    Checkpoint(Checkpoint),
    /// From when on nothing is let go for its age; absent, from now on it is.
    Hold(Option<TimeMs>),
    /// A person to be erased.
    Erase(Box<Erasing>),
    /// Reports to be listed that were not before.
    Requests(Listing),
    /// Whoever waits until the closed windows that were sent before can be read.
    Kept(oneshot::Sender<()>),
}

/// What the list of requests is to have of another feed.
#[derive(Debug)]
pub(crate) enum Listing {
    /// Older entries of this feed's reports, in the journal's order.
    Older(FeedId, Vec<Entry>),
    /// After those, what comes from here on: [`Journal::list`].
    Listed {
        /// Whose reports; absent, nobody's.
        feed: Option<FeedId>,
        /// The entry up to which the older ones went.
        after: Seq,
        /// Who waits for it.
        done: oneshot::Sender<()>,
    },
}

/// Entries that are durable.
#[derive(Debug)]
pub(crate) struct Committed {
    /// Seq of the first entry.
    pub first_seq: Seq,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// When they became durable.
    pub committed_at: Instant,
}

/// The writer's queues.
pub(crate) struct Writer<J> {
    /// Where to append.
    pub journal: J,
    /// What is to be appended as soon as can be.
    pub live: mpsc::Receiver<Pending>,
    /// What is to be appended beside it: readings that their senders had stored.
    pub stored: mpsc::Receiver<Pending>,
    /// What the fold wants kept.
    pub store: mpsc::Receiver<StoreJob>,
    /// Where durable entries go.
    pub committed: mpsc::Sender<Committed>,
    /// What is measured.
    pub telemetry: Telemetry,
    /// The stored batch that comes next, if it found no room to ride.
    pub held: Option<Pending>,
}

/// What the writer has in hand from one commit to the next.
#[derive(Debug, Default)]
struct Hand {
    next_seq: Seq,
    chores: Chores,
    spare: Spare,
    /// Whether it is the turn of what was stored.
    stored_next: bool,
}

/// What is made durable together.
#[derive(Debug, Default)]
struct Group {
    live: Vec<Pending>,
    stored: Vec<Pending>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.live.is_empty() && self.stored.is_empty()
    }

    /// Whether anything in it came from outside just now: the passing of time is nobody's news.
    fn is_live(&self) -> bool {
        let entries = self.live.iter().flat_map(|pending| &pending.entries);
        entries
            .into_iter()
            .any(|entry| !matches!(entry, Entry::Tick(_) | Entry::Clock(_)))
    }
}

impl<J: Journal> Writer<J> {
    /// Appends until every sender of both lanes is gone, then what the fold still wants kept.
    ///
    /// # Errors
    /// The first commit that fails; the server then stops.
    pub(crate) fn run(mut self) -> Result<(), JournalError> {
        let waiting = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| JournalError::Kept {
                what: "the journal's writer".to_owned(),
                why: error.to_string(),
            })?;
        let mut hand = Hand {
            next_seq: self.journal.last_seq()? + 1,
            ..Hand::default()
        };
        loop {
            let mut group = self.gather();
            if group.is_empty() {
                let is_free = self.is_free(&hand);
                if is_free && self.do_piece(&mut hand)? {
                    continue;
                }
                let wake = hand.spare.free_at().filter(|_| !is_free);
                let lanes = next(&mut self.live, &mut self.stored, wake);
                let store = Some(&mut self.store).filter(|_| hand.chores.are_done());
                group = match waiting.block_on(next_or_job(lanes, store)) {
                    Woken::By(group) => group,
                    Woken::ByJob(job) => {
                        hand.chores.take(job);
                        continue;
                    }
                    Woken::ByTime => continue,
                    Woken::ByTheEnd => break,
                };
                self.gather_into(&mut group);
            }
            self.commit_live(&mut hand, group)?;
            // Also beside a flood that never leaves the lanes empty.
            if self.is_free(&hand) {
                self.do_piece(&mut hand)?;
            }
        }
        drop(self.committed);
        hand.chores.finish(&mut self.journal, &mut self.store)
    }

    /// Commits what came, and what rides with it.
    fn commit_live(&mut self, hand: &mut Hand, group: Group) -> Result<(), JournalError> {
        let begun = Instant::now();
        let is_stored_alone = group.live.is_empty();
        if group.is_live() {
            hand.spare.note_live(begun);
        }
        self.commit(hand, group)?;
        if is_stored_alone {
            hand.spare.spend(begun, Instant::now());
        }
        Ok(())
    }

    /// Does a piece of what nobody waits for, in turns of what was stored and what is to be kept;
    /// whether there was any.
    fn do_piece(&mut self, hand: &mut Hand) -> Result<bool, JournalError> {
        let begun = Instant::now();
        hand.stored_next = !hand.stored_next;
        let has_chores = !hand.chores.are_done() && !self.is_closed();
        let stored = if hand.stored_next || !has_chores {
            self.gather_stored()
        } else {
            None
        };
        if let Some(group) = stored {
            self.commit(hand, group)?;
        } else if has_chores {
            hand.chores.go_on(&mut self.journal, &mut self.store)?;
        } else {
            return Ok(false);
        }
        hand.spare.spend(begun, Instant::now());
        Ok(true)
    }

    /// Whether nothing more will come; something may still wait.
    fn is_closed(&self) -> bool {
        self.live.is_closed() && self.stored.is_closed()
    }

    /// Whether what waits must be done whoever waits for it: the server is being stopped, or the
    /// fold closes more windows than spare time keeps.
    fn is_pressed(&self) -> bool {
        self.is_closed() || self.store.len() >= STORE_PRESSING
    }

    /// Whether there is time for what nobody waits for.
    fn is_free(&self, hand: &Hand) -> bool {
        self.is_pressed() || hand.spare.is_free(Instant::now())
    }

    /// What is live, within the limits of a commit, and what rides with it.
    fn gather(&mut self) -> Group {
        let mut group = Group::default();
        self.gather_into(&mut group);
        group
    }

    fn gather_into(&mut self, group: &mut Group) {
        fill(&mut group.live, &mut self.live, COMMIT_ENTRIES_MAX);
        let n_live = n_entries(&group.live);
        if n_live > 0 {
            let room = STORED_RIDING.max(n_live / STORED_RIDING_PART);
            self.let_ride(&mut group.stored, room);
        }
    }

    /// Adds stored batches as long as there is room. One that is too large for it, such as a single
    /// message of thousands of readings, waits for a commit of its own.
    fn let_ride(&mut self, riding: &mut Vec<Pending>, room: usize) {
        while let Some(pending) = self.held.take().or_else(|| self.stored.try_recv().ok()) {
            if n_entries(riding) + pending.n_entries() > room {
                self.held = Some(pending);
                break;
            }
            riding.push(pending);
        }
    }

    /// A commit of nothing but what was stored.
    fn gather_stored(&mut self) -> Option<Group> {
        let mut group = Group::default();
        group.stored.extend(self.held.take());
        fill(&mut group.stored, &mut self.stored, STORED_ENTRIES_MAX);
        (!group.is_empty()).then_some(group)
    }

    fn commit(&mut self, hand: &mut Hand, group: Group) -> Result<(), JournalError> {
        let first_seq = hand.next_seq;
        let n_live = n_entries(&group.live);
        let mut group: Vec<Pending> = group.live.into_iter().chain(group.stored).collect();
        let mut append = Append {
            first_seq,
            n_live,
            ..Append::default()
        };
        let mut entries = Vec::with_capacity(n_entries(&group));
        let mut starts = Vec::with_capacity(group.len());
        for pending in &mut group {
            append.raw.append(&mut pending.raw, entries.len());
            append.released.append(&mut pending.released);
            starts.push(first_seq + entries.len() as Seq);
            entries.append(&mut pending.entries);
        }
        for (pending, start) in group.iter().zip(&starts) {
            let at = |index: &usize| start + *index as Seq;
            append
                .quarantine
                .extend(pending.quarantine.iter().map(|(i, row)| (at(i), row)));
            append
                .keys
                .extend(pending.keys.iter().map(|(i, row)| (at(i), row)));
            append
                .personal
                .extend(pending.personal.iter().map(|(i, row)| (at(i), row)));
        }
        append.entries = &entries;
        self.journal.append(&append)?;
        let committed_at = Instant::now();
        for pending in &group {
            self.telemetry
                .accept_to_commit(committed_at - pending.taken_at);
        }
        tell_all(group, starts);
        hand.chores.see(&entries);
        hand.next_seq = first_seq + entries.len() as Seq;
        // What is live is folded and on its way to the screens before the rest is looked at.
        let stored = entries.split_off(n_live.min(entries.len()));
        for (first_seq, entries) in [(first_seq, entries), (first_seq + n_live as Seq, stored)] {
            if entries.is_empty() {
                continue;
            }
            let committed = Committed {
                first_seq,
                entries,
                committed_at,
            };
            if self.committed.blocking_send(committed).is_err() {
                tracing::debug!("the fold has stopped; what is durable is folded at next start");
            }
        }
        Ok(())
    }
}

/// What ended a wait.
enum Woken {
    /// What came first.
    By(Group),
    /// Something to be done in spare time, while there was nothing.
    ByJob(StoreJob),
    /// The time to wake.
    ByTime,
    /// Both lanes are closed and empty.
    ByTheEnd,
}

/// Waits for whatever comes next, live things first. With a time to `wake` at, what was stored
/// waits until then.
async fn next(
    live: &mut mpsc::Receiver<Pending>,
    stored: &mut mpsc::Receiver<Pending>,
    wake: Option<Instant>,
) -> Woken {
    let time = async {
        if let Some(at) = wake {
            tokio::time::sleep_until(at.into()).await;
        }
    };
    tokio::select! {
        biased;
        Some(pending) = live.recv() => Woken::By(Group {
            live: vec![pending],
            ..Group::default()
        }),
        Some(pending) = stored.recv(), if wake.is_none() => Woken::By(Group {
            stored: vec![pending],
            ..Group::default()
        }),
        () = time, if wake.is_some() => Woken::ByTime,
        else => Woken::ByTheEnd,
    }
}

/// Waits for what `lanes` bring, or for a job if there is a queue to take it from.
async fn next_or_job(
    lanes: impl Future<Output = Woken>,
    store: Option<&mut mpsc::Receiver<StoreJob>>,
) -> Woken {
    let job = async {
        match store {
            Some(store) => store.recv().await,
            None => None,
        }
    };
    tokio::select! {
        biased;
        woken = lanes => woken,
        Some(job) = job => Woken::ByJob(job),
    }
}

/// Adds what waits until there are `entries_max` entries, or more by one batch.
fn fill(group: &mut Vec<Pending>, lane: &mut mpsc::Receiver<Pending>, entries_max: usize) {
    let mut n_there = n_entries(group);
    while n_there < entries_max {
        let Ok(pending) = lane.try_recv() else {
            break;
        };
        n_there += pending.n_entries();
        group.push(pending);
    }
}

fn n_entries(batches: &[Pending]) -> usize {
    batches.iter().map(Pending::n_entries).sum()
}

#[cfg(test)]
mod tests;
