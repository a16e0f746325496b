//! What the fold wants kept, persons to be erased, and tending the store: done in pieces of half a
//! millisecond.

use std::collections::VecDeque;

use egret_city::entry::Entry;
use egret_shared::id::MetricId;
use egret_shared::time::TimeMs;
use tokio::sync::mpsc;

use super::{Listing, StoreJob};
use crate::journal::eraser::Erasing;
use crate::journal::{Checkpoint, Journal, JournalError};
use crate::limits::{HISTORY_PAGES_AT_ONCE, HISTORY_POINTS_AT_ONCE, LISTED_AT_ONCE};
use crate::store::{HistoryRow, Past};

/// What is to be kept and tended.
#[derive(Debug, Default)]
pub(super) struct Chores {
    /// Closed windows of one job in the order in which they became known, those of a page beside one
    /// another.
    history: VecDeque<HistoryRow>,
    /// What leaves the city, in the order in which it does.
    past: VecDeque<Past>,
    /// What the list of requests is to have.
    requests: VecDeque<Listing>,
    /// What the journal is to be told: from when on nothing is let go for its age, if so.
    holds: VecDeque<Option<TimeMs>>,
    /// States to restart from: the one on its way, and the newest after it. All history that came
    /// before them is kept, for no job is taken before that.
    checkpoints: VecDeque<Checkpoint>,
    /// Persons to be erased.
    erasing: VecDeque<Erasing>,
    /// Whether it is their turn: the log may be in use for a while, and history must not wait.
    erase_next: bool,
    /// Whether it is a checkpoint's turn: beside history that never ends it would never be whole.
    checkpoint_next: bool,
    /// City time, from the newest tick; nothing is tended before the first.
    now: Option<TimeMs>,
    /// Whether there is something to look after.
    is_more: bool,
}

impl Chores {
    /// Takes the time from the newest tick.
    pub(super) fn see(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Entry::Tick(at) = entry {
                self.now = self.now.max(Some(*at));
                self.is_more = true;
            }
        }
    }

    /// Whether there is nothing to do until the next tick.
    pub(super) fn are_done(&self) -> bool {
        let nothing_waits =
            self.history.is_empty() && self.past.is_empty() && self.checkpoints.is_empty();
        let nobody_waits = self.erasing.is_empty() && self.requests.is_empty();
        nothing_waits && nobody_waits && !self.is_more
    }

    /// Takes what is to be done.
    pub(super) fn take(&mut self, job: StoreJob) {
        match job {
            StoreJob::History(mut rows) => {
                // A burst's revisions come area by area: as they come, each would be written to a
                // page that was just written. And one job may hold what became known at several
                // ticks: whoever has seen a page asks for what became known since, so none may
                // come after a later one.
                rows.sort_by(|one, other| page_of(one).cmp(&page_of(other)));
                self.history.extend(rows);
            }
            StoreJob::Hold(since) => self.holds.push_back(since),
            StoreJob::Past(past) => self.past.push_back(past),
            StoreJob::Checkpoint(checkpoint) => {
                // What has not been begun when a newer one is there is not worth beginning.
                self.checkpoints.truncate(1);
                self.checkpoints.push_back(checkpoint);
            }
            StoreJob::Erase(erasing) => self.erasing.push_back(*erasing),
            StoreJob::Requests(listing) => self.requests.push_back(listing),
            StoreJob::Kept(done) => {
                // It is so now, for no job is taken before the history of those before it is kept.
                if done.send(()).is_err() {
                    tracing::debug!("nobody waits any more for history to be kept");
                }
            }
        }
    }

    /// Does one piece of what is to be done: what the fold wants kept first, history and a
    /// checkpoint in turns, and beside it, which is seldom, erasing. What the fold sends next waits in its queue until the history that was
    /// taken is kept, so that a queue that fills up tells who is behind.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub(super) fn go_on(
        &mut self,
        journal: &mut impl Journal,
        store: &mut mpsc::Receiver<StoreJob>,
    ) -> Result<(), JournalError> {
        if self.history.is_empty()
            && self.past.is_empty()
            && self.requests.is_empty()
            && let Ok(job) = store.try_recv()
        {
            self.take(job);
        }
        self.erase_next = !self.erase_next;
        if self.erase_next && self.erase(journal)? {
            return Ok(());
        }
        self.checkpoint_next = !self.checkpoint_next;
        if self.checkpoint_next && self.keep_checkpoint(journal)? {
            return Ok(());
        }
        if self.list_requests(journal)? || self.keep_past(journal)? || self.keep_history(journal)? {
            return Ok(());
        }
        if self.keep_checkpoint(journal)? || self.erase(journal)? {
            return Ok(());
        }
        for since in self.holds.drain(..) {
            journal.hold(since);
        }
        if let Some(now) = self.now.filter(|_| self.is_more) {
            self.is_more = journal.tend(now)? || !store.is_empty();
        }
        Ok(())
    }

    /// Erases a little of the first person that waits; whether there was one.
    fn erase(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        let Some(erasing) = self.erasing.front_mut() else {
            return Ok(false);
        };
        if !journal.erase(&mut erasing.erasure)?
            && let Some(erased) = self.erasing.pop_front()
        {
            erased.tell();
        }
        self.is_more = true;
        Ok(true)
    }

    /// Lists the next few of the reports that were not listed before; whether there were any.
    fn list_requests(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        match self.requests.pop_front() {
            None => return Ok(false),
            Some(Listing::Older(feed, mut entries)) => {
                let rest = entries.split_off(entries.len().min(LISTED_AT_ONCE));
                journal.put_requests(&feed, &entries)?;
                if !rest.is_empty() {
                    self.requests.push_front(Listing::Older(feed, rest));
                }
            }
            Some(Listing::Listed { feed, after, done }) => {
                journal.list(feed, after)?;
                if done.send(()).is_err() {
                    tracing::debug!("nobody waits any more for requests to be listed");
                }
            }
        }
        self.is_more = true;
        Ok(true)
    }

    /// Keeps the first of what leaves the city; whether anything does.
    fn keep_past(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        let Some(past) = self.past.front() else {
            return Ok(false);
        };
        journal.put_past(past)?;
        self.past.pop_front();
        self.is_more = true;
        Ok(true)
    }

    /// Keeps the first closed windows that wait; whether any did.
    fn keep_history(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        if self.history.is_empty() {
            return Ok(false);
        }
        let n_rows = first_bite(self.history.make_contiguous());
        let rows: Vec<HistoryRow> = self.history.drain(..n_rows).collect();
        journal.put_history(&rows)?;
        // Pages that were just written may have made something due, and more may wait.
        self.is_more = true;
        Ok(true)
    }

    /// Keeps the next part of the checkpoint that is on its way; whether there is one.
    fn keep_checkpoint(&mut self, journal: &mut impl Journal) -> Result<bool, JournalError> {
        let Some(checkpoint) = self.checkpoints.front() else {
            return Ok(false);
        };
        if !journal.put_checkpoint_part(checkpoint)? {
            self.checkpoints.pop_front();
        }
        self.is_more = true;
        Ok(true)
    }

    /// Keeps all that the fold still wants kept, of checkpoints the newest, and erases whoever is
    /// still to be. Roll-ups stay on their list for the next start.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub(super) fn finish(
        &mut self,
        journal: &mut impl Journal,
        store: &mut mpsc::Receiver<StoreJob>,
    ) -> Result<(), JournalError> {
        while self.keep_past(journal)? || self.keep_history(journal)? {}
        while let Some(job) = store.blocking_recv() {
            self.take(job);
            while self.keep_past(journal)? || self.keep_history(journal)? {}
        }
        while self.list_requests(journal)? {}
        let n_older = self.checkpoints.len().saturating_sub(1);
        self.checkpoints.drain(..n_older);
        while self.keep_checkpoint(journal)? {}
        while self.erase(journal)? {}
        Ok(())
    }
}

/// What tells the page of a closed window from others, in the order in which pages are kept.
fn page_of(row: &HistoryRow) -> (TimeMs, &MetricId, TimeMs) {
    (row.known_at, &row.point.metric, row.point.end)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use egret_shared::flags::Flags;
    use egret_shared::id::AreaCode;
    use egret_shared::level::Level;
    use egret_shared::metric::MetricPoint;
    use tokio::sync::oneshot;

    use super::*;
    use crate::journal::sqlite::{SqliteJournal, database};

    /// A closed window of `metric` that ended so many minutes after the epoch.
    fn row(metric: &str, minute: i64, known_ms: i64) -> HistoryRow {
        let point = MetricPoint {
            metric: MetricId::new(metric),
            area: AreaCode::new("350200"),
            start: TimeMs((minute - 1) * 60_000),
            end: TimeMs(minute * 60_000),
            v: Some(1.0),
            level: Level::Normal,
            sources: 1,
            expected: 1,
            latest_at: None,
            flags: Flags::NONE,
            typical: None,
        };
        HistoryRow {
            point,
            known_at: TimeMs(known_ms),
        }
    }

    /// Closed windows of one metric at so many minutes: as many pages.
    fn closed(n_pages: i64) -> StoreJob {
        let row = |minute: i64| row("water.level", minute, minute * 60_000);
        StoreJob::History((1..=n_pages).map(row).collect())
    }

    /// The pages that can be read: since when they are known, and how many.
    fn kept(folder: &Path) -> Vec<(i64, i64)> {
        let connection = rusqlite::Connection::open(database(folder)).unwrap();
        let known = "SELECT known_ms, count(*) FROM page GROUP BY known_ms ORDER BY known_ms";
        let mut statement = connection.prepare(known).unwrap();
        let pages = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        pages.unwrap().map(Result::unwrap).collect()
    }

    fn checkpoint(seq: u64) -> StoreJob {
        StoreJob::Checkpoint(Checkpoint {
            seq,
            at: TimeMs(0),
            body: vec![7; 10],
        })
    }

    #[test]
    fn a_checkpoint_is_whole_only_after_the_history_that_it_covers_and_has_turns_beside_what_follows()
     {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (jobs, mut store) = mpsc::channel(8);
        let pages = i64::try_from(3 * HISTORY_PAGES_AT_ONCE).unwrap();
        for job in [closed(pages), checkpoint(1), closed(pages)] {
            jobs.try_send(job).unwrap();
        }
        let mut chores = Chores::default();
        let mut step = || {
            chores.go_on(&mut journal, &mut store).unwrap();
            !journal.checkpoints().unwrap().is_empty()
        };
        assert_eq!([(); 3].map(|()| step()), [false; 3], "bites of its history");
        assert!(step() || step(), "then it has its turn");
        assert!(!chores.are_done(), "and what came after it goes on");
    }

    #[test]
    fn of_checkpoints_that_wait_the_newest_is_kept_and_at_the_end_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (jobs, mut store) = mpsc::channel(8);
        let mut chores = Chores::default();
        for seq in 1..5 {
            chores.take(checkpoint(seq));
        }
        let waiting: Vec<u64> = chores.checkpoints.iter().map(|one| one.seq).collect();
        assert_eq!(waiting, [1, 4], "the first may be under way");
        jobs.try_send(checkpoint(5)).unwrap();
        drop(jobs);
        chores.finish(&mut journal, &mut store).unwrap();
        let kept = journal.checkpoints().unwrap();
        assert_eq!(kept.iter().map(|one| one.seq).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn a_queue_of_jobs_stays_where_it_is_until_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (jobs, mut store) = mpsc::channel(8);
        let pages = i64::try_from(2 * HISTORY_PAGES_AT_ONCE).unwrap();
        for _ in 0..4 {
            jobs.try_send(closed(pages)).unwrap();
        }
        let mut chores = Chores::default();
        let waiting = [(); 4].map(|()| {
            chores.go_on(&mut journal, &mut store).unwrap();
            store.len()
        });
        assert_eq!(waiting, [3, 3, 2, 2]);
    }

    #[test]
    fn whoever_waits_for_history_is_told_once_all_that_was_sent_before_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (jobs, mut store) = mpsc::channel(8);
        let n_pages = 2 * HISTORY_PAGES_AT_ONCE;
        let (done, mut told) = oneshot::channel();
        jobs.try_send(closed(i64::try_from(n_pages).unwrap()))
            .unwrap();
        jobs.try_send(StoreJob::Kept(done)).unwrap();
        let mut chores = Chores::default();
        let steps = [(); 3].map(|()| {
            chores.go_on(&mut journal, &mut store).unwrap();
            (told.try_recv().is_ok(), kept(folder.path()).len())
        });
        let half = HISTORY_PAGES_AT_ONCE;
        assert_eq!(steps, [(false, half), (false, n_pages), (true, n_pages)]);
    }

    #[test]
    fn nothing_that_a_later_tick_made_known_is_kept_before_all_of_the_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = SqliteJournal::open(folder.path()).unwrap();
        let (jobs, mut store) = mpsc::channel(8);
        let (earlier, later) = (60_500, 61_500);
        let n = i64::try_from(HISTORY_PAGES_AT_ONCE).unwrap();
        // One job of a commit that holds two ticks, with one metric more than fits a piece.
        let tick = |known_ms: i64| (0..=n).map(move |m| row(&format!("m.{m:03}"), 1, known_ms));
        let rows = tick(earlier).chain(tick(later));
        jobs.try_send(StoreJob::History(rows.collect())).unwrap();
        let mut chores = Chores::default();
        let readable = [(); 3].map(|()| {
            chores.go_on(&mut journal, &mut store).unwrap();
            kept(folder.path())
        });
        assert_eq!(readable[0], [(earlier, n)]);
        assert_eq!(readable[1], [(earlier, n + 1), (later, n - 1)]);
        assert_eq!(readable[2], [(earlier, n + 1), (later, n + 1)]);
    }
}
