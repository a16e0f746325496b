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

mod spare;

use std::collections::VecDeque;
use std::time::Instant;

use egret_city::entry::{Entry, Seq};
use egret_shared::id::MetricId;
use egret_shared::time::TimeMs;
use tokio::sync::mpsc;

use self::spare::Spare;
use super::pending::{Pending, tell_all};
use super::{Append, Checkpoint, Journal, JournalError};
use crate::limits::{
    COMMIT_ENTRIES_MAX, HISTORY_PAGES_AT_ONCE, HISTORY_POINTS_AT_ONCE, STORE_PRESSING,
    STORED_ENTRIES_MAX, STORED_RIDING, STORED_RIDING_PART,
};
use crate::store::HistoryRow;
use crate::telemetry::Telemetry;

/// What the fold wants kept.
#[derive(Debug)]
pub(crate) enum StoreJob {
    /// Closed windows.
    History(Vec<HistoryRow>),
    /// A state to restart from. Sent after the history of the entries that it covers.
    Checkpoint(Checkpoint),
}

/// Puts points of one page beside one another. A burst's revisions come area by area: as they come,
/// each would be written to a page that was just written.
fn sort_by_page(rows: &mut [HistoryRow]) {
    rows.sort_by(|one, other| page_of(one).cmp(&page_of(other)));
}

/// What tells the page of a closed window from others.
fn page_of(row: &HistoryRow) -> (&MetricId, TimeMs, TimeMs) {
    (&row.point.metric, row.point.end, row.known_at)
}

/// How many of `rows` are kept at once: whole pages, as far as the limits go.
fn first_bite(rows: &[HistoryRow]) -> usize {
    let pages = rows.chunk_by(|one, next| page_of(one) == page_of(next));
    let mut n_rows = 0;
    for page in pages.take(HISTORY_PAGES_AT_ONCE) {
        if n_rows > 0 && n_rows + page.len() > HISTORY_POINTS_AT_ONCE {
            break;
        }
        n_rows += page.len();
    }
    n_rows
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

/// What the writer has in hand between two commits.
#[derive(Debug, Default)]
struct Chores {
    history: VecDeque<Vec<HistoryRow>>,
    /// How many of them have ever come.
    n_history: u64,
    /// States to restart from, the one on its way and the newest after it; each with how many of
    /// `history` came before it and must be kept first.
    checkpoints: VecDeque<(u64, Checkpoint)>,
    /// Whether it is a checkpoint's turn: beside history that never ends it would never be whole.
    checkpoint_next: bool,
    /// City time, from the newest tick; nothing is tended before the first.
    now: Option<TimeMs>,
    /// Whether tending left something to do.
    is_more: bool,
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
        let mut next_seq = self.journal.last_seq()? + 1;
        let mut chores = Chores::default();
        let mut spare = Spare::default();
        loop {
            let group = self.gather();
            if !group.is_empty() {
                if group.is_live() {
                    spare.note_live(Instant::now());
                }
                next_seq = self.commit(next_seq, group, &mut chores)?;
                continue;
            }
            let is_free = self.is_pressed() || spare.is_free(Instant::now());
            if is_free && let Some(group) = self.gather_stored() {
                let begun = Instant::now();
                next_seq = self.commit(next_seq, group, &mut chores)?;
                spare.spend(begun, Instant::now());
            } else if is_free && !chores.are_done() && !self.is_closed() {
                let begun = Instant::now();
                chores.go_on(&mut self.journal, &mut self.store)?;
                spare.spend(begun, Instant::now());
            } else {
                let wake = (!is_free).then(|| spare.free_at()).flatten();
                let group = match waiting.block_on(next(&mut self.live, &mut self.stored, wake)) {
                    Woken::By(group) => group,
                    Woken::ByTime => continue,
                    Woken::ByTheEnd => break,
                };
                next_seq = self.commit_woken(next_seq, group, &mut chores, &mut spare)?;
            }
        }
        drop(self.committed);
        chores.finish(&mut self.journal, &mut self.store)
    }

    /// Commits what ended a wait, with what has come together with it.
    fn commit_woken(
        &mut self,
        next_seq: Seq,
        mut group: Group,
        chores: &mut Chores,
        spare: &mut Spare,
    ) -> Result<Seq, JournalError> {
        self.gather_into(&mut group);
        let begun = Instant::now();
        if group.is_live() {
            spare.note_live(begun);
        }
        let is_stored_alone = group.live.is_empty();
        let next_seq = self.commit(next_seq, group, chores)?;
        if is_stored_alone {
            spare.spend(begun, Instant::now());
        }
        Ok(next_seq)
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

    /// What is live, within the limits of a commit, and what rides with it.
    fn gather(&mut self) -> Group {
        let mut group = Group::default();
        self.gather_into(&mut group);
        group
    }

    fn gather_into(&mut self, group: &mut Group) {
        fill(&mut group.live, &mut self.live, COMMIT_ENTRIES_MAX);
        let n_live: usize = group.live.iter().map(Pending::n_entries).sum();
        if n_live > 0 {
            let n_riding = STORED_RIDING.max(n_live / STORED_RIDING_PART);
            fill(&mut group.stored, &mut self.stored, n_riding);
        }
    }

    /// A commit of nothing but what was stored.
    fn gather_stored(&mut self) -> Option<Group> {
        let mut group = Group::default();
        fill(&mut group.stored, &mut self.stored, STORED_ENTRIES_MAX);
        (!group.is_empty()).then_some(group)
    }

    fn commit(
        &mut self,
        first_seq: Seq,
        group: Group,
        chores: &mut Chores,
    ) -> Result<Seq, JournalError> {
        let n_live = group.live.iter().map(Pending::n_entries).sum();
        let mut group: Vec<Pending> = group.live.into_iter().chain(group.stored).collect();
        let mut append = Append {
            first_seq,
            n_live,
            ..Append::default()
        };
        let mut entries = Vec::with_capacity(group.iter().map(Pending::n_entries).sum());
        let mut starts = Vec::with_capacity(group.len());
        for pending in &mut group {
            append.raw.append(&mut pending.raw, entries.len());
            starts.push(first_seq + entries.len() as Seq);
            entries.append(&mut pending.entries);
        }
        for (pending, start) in group.iter().zip(&starts) {
            let at = |index: &usize| start + *index as Seq;
            append
                .quarantine
                .extend(pending.quarantine.iter().map(|(i, row)| (at(i), row)));
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
        chores.see(&entries);
        let next_seq = first_seq + entries.len() as Seq;
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
        Ok(next_seq)
    }
}

/// What ended a wait.
enum Woken {
    /// What came first.
    By(Group),
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

/// Adds what waits until there are `entries_max` entries, or more by one batch.
fn fill(group: &mut Vec<Pending>, lane: &mut mpsc::Receiver<Pending>, entries_max: usize) {
    let mut n_entries: usize = group.iter().map(Pending::n_entries).sum();
    while n_entries < entries_max {
        let Ok(pending) = lane.try_recv() else {
            break;
        };
        n_entries += pending.n_entries();
        group.push(pending);
    }
}

impl Chores {
    /// Takes the time from the newest tick.
    fn see(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Tick(at) = entry {
                self.now = self.now.max(Some(*at));
                self.is_more = true;
            }
        }
    }

    fn are_done(&self) -> bool {
        self.history.is_empty() && self.checkpoints.is_empty() && !self.is_more
    }

    /// Takes what the fold wants kept.
    fn take(&mut self, job: StoreJob) {
        match job {
            StoreJob::History(mut rows) => {
                sort_by_page(&mut rows);
                self.history.push_back(rows);
                self.n_history += 1;
            }
            StoreJob::Checkpoint(checkpoint) => {
                // What has not been begun when a newer one is there is not worth beginning.
                self.checkpoints.truncate(1);
                self.checkpoints.push_back((self.n_history, checkpoint));
            }
        }
    }

    /// Does one piece of what is to be done: what the fold wants kept first, history and a
    /// checkpoint in turns.
    fn go_on(
        &mut self,
        journal: &mut impl Journal,
        store: &mut mpsc::Receiver<StoreJob>,
    ) -> Result<(), JournalError> {
        if let Ok(job) = store.try_recv() {
            self.take(job);
        }
        self.checkpoint_next = !self.checkpoint_next;
        if self.checkpoint_next && self.keep_checkpoint(journal)? {
            return Ok(());
        }
        if self.keep_history(journal)? || self.keep_checkpoint(journal)? {
            return Ok(());
        }
        if let Some(now) = self.now.filter(|_| self.is_more) {
            self.is_more = journal.tend(now)?;
        }
        Ok(())
    }

    /// Keeps the first closed windows that wait; whether any did.
    fn keep_history(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        let Some(mut rows) = self.history.pop_front() else {
            return Ok(false);
        };
        let rest = rows.split_off(first_bite(&rows));
        journal.put_history(&rows)?;
        // Pages that were just written may have made something due.
        self.is_more = true;
        if !rest.is_empty() {
            self.history.push_front(rest);
        }
        Ok(true)
    }

    /// Keeps the next part of the checkpoint that is on its way; whether there is one whose history
    /// is kept. What comes after it may be kept before it: whoever folds it again finds the same.
    fn keep_checkpoint(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        let n_kept = self.n_history - self.history.len() as u64;
        let ready = |(covered, _): &&(u64, Checkpoint)| *covered <= n_kept;
        let Some((_, checkpoint)) = self.checkpoints.front().filter(ready) else {
            return Ok(false);
        };
        if !journal.put_checkpoint_part(checkpoint)? {
            self.checkpoints.pop_front();
        }
        Ok(true)
    }

    /// Keeps all that the fold still wants kept. Roll-ups stay on their list for the next start.
    fn finish(
        &mut self,
        journal: &mut impl Journal,
        store: &mut mpsc::Receiver<StoreJob>,
    ) -> Result<(), JournalError> {
        while let Some(job) = store.blocking_recv() {
            self.take(job);
            while self.keep_history(journal)? {}
        }
        while self.keep_history(journal)? || self.keep_checkpoint(journal)? {}
        Ok(())
    }
}

#[cfg(test)]
mod tests;
