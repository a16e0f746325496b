//! What waits for the journal's writer, and who waits for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use egret_city::entry::{Entry, Seq};
use egret_mqtt::taker::Outcome;
use tokio::sync::oneshot;

use crate::store::raw::RawBatch;
use crate::store::{KeyRow, PersonalRow, QuarantineRow};

/// Entries that wait to be made durable together, and who waits for it.
#[derive(Debug)]
pub(crate) struct Pending {
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// Refused messages, each with the index of its refusal among `entries`.
    pub quarantine: Vec<(usize, QuarantineRow)>,
    /// Keys, each with the index of its entry among `entries`.
    pub keys: Vec<(usize, KeyRow)>,
    /// Personal fields, each with the index of its report among `entries`.
    pub personal: Vec<(usize, PersonalRow)>,
    /// Accepted messages, by the indexes of their entries.
    pub raw: RawBatch,
    /// Refused messages that leave quarantine with this, by their numbers.
    pub released: Vec<i64>,
    /// When they were taken in.
    pub taken_at: Instant,
    /// Who waits for it.
    pub done: Option<Done>,
}

/// Where a batch stands at some moment, to take from it what came after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    entries: usize,
    quarantine: usize,
    keys: usize,
    personal: usize,
    raw: usize,
    raw_bytes: usize,
}

impl Pending {
    /// An empty batch, taken in now.
    pub(crate) fn begin() -> Self {
        Self {
            entries: Vec::new(),
            quarantine: Vec::new(),
            keys: Vec::new(),
            personal: Vec::new(),
            raw: RawBatch::default(),
            released: Vec::new(),
            taken_at: Instant::now(),
            done: None,
        }
    }

    /// How many entries it has.
    pub(crate) fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// Where it stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            quarantine: self.quarantine.len(),
            keys: self.keys.len(),
            personal: self.personal.len(),
            raw: self.raw.len(),
            raw_bytes: self.raw.n_bytes(),
        }
    }

    /// The entries that came after `mark`.
    pub(crate) fn since(&self, mark: Mark) -> &[Entry] {
        self.entries.get(mark.entries..).unwrap_or_default()
    }

    /// Moves what came after `mark` to the end of `other`.
    pub(crate) fn move_since(&mut self, mark: Mark, other: &mut Self) {
        let start = other.entries.len();
        let moved = |index: usize| index - mark.entries + start;
        let quarantine = self.quarantine.drain(mark.quarantine..);
        other
            .quarantine
            .extend(quarantine.map(|(index, row)| (moved(index), row)));
        let keys = self.keys.drain(mark.keys..);
        other
            .keys
            .extend(keys.map(|(index, row)| (moved(index), row)));
        let personal = self.personal.drain(mark.personal..);
        other
            .personal
            .extend(personal.map(|(index, row)| (moved(index), row)));
        let mut raw = self.raw.split_off(mark.raw, mark.raw_bytes, mark.entries);
        other.raw.append(&mut raw, start);
        other.entries.extend(self.entries.drain(mark.entries..));
    }
}

/// Who is told once entries are durable; never told if they never will be.
#[derive(Debug)]
pub(crate) enum Done {
    /// One who wants the seq of the first entry.
    Seq(oneshot::Sender<Seq>),
    /// One who wants to know what became of each message.
    Outcomes(Arc<Receipts>),
}

/// The outcomes of messages that went to the journal in several parts: told once all of them are
/// durable.
#[derive(Debug)]
pub(crate) struct Receipts {
    parts_left: AtomicUsize,
    waiting: Mutex<Option<Waiting>>,
}

/// What is to be told, and to whom.
type Waiting = (Vec<Outcome>, oneshot::Sender<Vec<Outcome>>);

impl Receipts {
    /// The receipts of `parts` parts, at least one.
    pub(crate) fn new(
        parts: usize,
        outcomes: Vec<Outcome>,
        waiting: oneshot::Sender<Vec<Outcome>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            parts_left: AtomicUsize::new(parts),
            waiting: Mutex::new(Some((outcomes, waiting))),
        })
    }

    fn part_is_durable(&self) {
        if self.parts_left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((outcomes, waiting)) = waiting {
            // Whoever waited may have gone: the entries are kept all the same.
            drop(waiting.send(outcomes));
        }
    }
}

/// Tells everyone who waits for one of `group`, whose first entries have the seqs `starts`.
pub(crate) fn tell_all(group: Vec<Pending>, starts: Vec<Seq>) {
    for (pending, start) in group.into_iter().zip(starts) {
        match pending.done {
            Some(Done::Seq(waiting)) => drop(waiting.send(start)),
            Some(Done::Outcomes(receipts)) => receipts.part_is_durable(),
            None => {}
        }
    }
}
