//! The one thread that appends to the journal, and so decides the order of everything.
//!
//! Group commit: while one commit runs, the next batch gathers in the queue. A commit that fails
//! stops the server, for it could neither acknowledge nor go on in order; the senders still hold
//! what was not acknowledged.

use std::time::Instant;

use egret_city::entry::{Entry, Seq};
use egret_mqtt::taker::Outcome;
use tokio::sync::{mpsc, oneshot};

use super::{Append, Checkpoint, Journal, JournalError};
use crate::limits::COMMIT_ENTRIES_MAX;
use crate::store::{HistoryRow, PersonalRow, QuarantineRow};
use crate::telemetry::Telemetry;

/// Entries that wait to be made durable together, and who waits for it.
#[derive(Debug)]
pub(crate) struct Pending {
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Raw messages, each with the index of its refusal among `entries`.
    pub quarantine: Vec<(usize, QuarantineRow)>,
    /// Personal fields, each with the index of its report among `entries`.
    pub personal: Vec<(usize, PersonalRow)>,
    /// When they were taken in.
    pub taken_at: Instant,
    /// Who waits for it.
    pub done: Option<Done>,
}

/// Who is told once entries are durable; dropped if they never will be.
#[derive(Debug)]
pub(crate) enum Done {
    /// One who wants the seq of the first entry.
    Seq(oneshot::Sender<Seq>),
    /// One who wants to know what became of each message.
    Outcomes(Vec<Outcome>, oneshot::Sender<Vec<Outcome>>),
}

impl Done {
    /// Tells that the entries from `first_seq` on are durable. Whoever waited may have gone: the
    /// entries are kept all the same.
    fn tell(self, first_seq: Seq) {
        match self {
            Self::Seq(waiting) => drop(waiting.send(first_seq)),
            Self::Outcomes(outcomes, waiting) => drop(waiting.send(outcomes)),
        }
    }
}

/// What the fold wants kept.
#[derive(Debug)]
pub(crate) enum StoreJob {
    /// Closed windows.
    History(Vec<HistoryRow>),
    /// A state to restart from. Sent after the history of the entries that it covers.
    Checkpoint(Checkpoint),
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
    /// What is to be appended.
    pub pending: mpsc::Receiver<Pending>,
    /// What the fold wants kept.
    pub store: mpsc::Receiver<StoreJob>,
    /// Where durable entries go.
    pub committed: mpsc::Sender<Committed>,
    /// What is measured.
    pub telemetry: Telemetry,
}

impl<J: Journal> Writer<J> {
    /// Appends until every sender of `pending` is gone, then what the fold still wants kept.
    ///
    /// # Errors
    /// The first commit that fails; the server then stops.
    pub(crate) fn run(mut self) -> Result<(), JournalError> {
        let mut next_seq = self.journal.last_seq()? + 1;
        while let Some(first) = self.pending.blocking_recv() {
            let group = self.gather(first);
            next_seq = self.commit(next_seq, group)?;
        }
        drop(self.committed);
        while let Some(job) = self.store.blocking_recv() {
            write_store(&mut self.journal, vec![job])?;
        }
        Ok(())
    }

    /// `first` and whatever else has gathered meanwhile.
    fn gather(&mut self, first: Pending) -> Vec<Pending> {
        let mut n_entries = first.entries.len();
        let mut group = vec![first];
        while n_entries < COMMIT_ENTRIES_MAX {
            let Ok(pending) = self.pending.try_recv() else {
                break;
            };
            n_entries += pending.entries.len();
            group.push(pending);
        }
        group
    }

    fn commit(&mut self, first_seq: Seq, mut group: Vec<Pending>) -> Result<Seq, JournalError> {
        let jobs: Vec<StoreJob> = std::iter::from_fn(|| self.store.try_recv().ok()).collect();
        let mut entries = Vec::with_capacity(group.iter().map(|p| p.entries.len()).sum());
        let mut starts = Vec::with_capacity(group.len());
        for pending in &mut group {
            starts.push(first_seq + entries.len() as Seq);
            entries.append(&mut pending.entries);
        }
        let mut append = Append {
            first_seq,
            entries: &entries,
            ..Append::default()
        };
        for (pending, start) in group.iter().zip(&starts) {
            let at = |index: &usize| start + *index as Seq;
            append
                .quarantine
                .extend(pending.quarantine.iter().map(|(i, row)| (at(i), row)));
            append
                .personal
                .extend(pending.personal.iter().map(|(i, row)| (at(i), row)));
        }
        self.journal.append(&append)?;
        let committed_at = Instant::now();
        for (pending, start) in group.into_iter().zip(starts) {
            self.telemetry
                .accept_to_commit(committed_at - pending.taken_at);
            if let Some(done) = pending.done {
                done.tell(start);
            }
        }
        let next_seq = first_seq + entries.len() as Seq;
        let committed = Committed {
            first_seq,
            entries,
            committed_at,
        };
        if self.committed.blocking_send(committed).is_err() {
            tracing::debug!("the fold has stopped; what is durable is folded at the next start");
        }
        write_store(&mut self.journal, jobs)?;
        Ok(next_seq)
    }
}

/// Keeps what the fold wants kept, in the order it wanted.
fn write_store(journal: &mut impl Journal, jobs: Vec<StoreJob>) -> Result<(), JournalError> {
    for job in jobs {
        match job {
            StoreJob::History(rows) => {
                journal.append(&Append {
                    history: &rows,
                    ..Append::default()
                })?;
            }
            StoreJob::Checkpoint(checkpoint) => {
                journal.append(&Append {
                    checkpoint: Some(&checkpoint),
                    ..Append::default()
                })?;
            }
        }
    }
    Ok(())
}
