//! The one thread that owns the city: it folds what is durable, answers questions, and publishes.
//!
//! Nothing else touches the city, so there is no lock around it. A frame goes out at once when
//! the last is old enough or something urgent changed; else when it is due.

use std::sync::Arc;
use std::time::Instant;

use egret_city::City;
use egret_city::entry::{Entry, Seq};
use egret_shared::alert::AlertTurn;
use egret_shared::channel::Channel;
use egret_shared::mode::Mode;
use tokio::sync::{mpsc, oneshot};

use crate::auth::sight::Sight;
use crate::journal::Checkpoint;
use crate::journal::writer::{Committed, StoreJob};
use crate::limits::{
    CHECKPOINT_ENTRIES, CHECKPOINT_EVERY, FRAME_EVERY, QUERY_QUEUE, TEE_QUEUE, TURNS_AT_ONCE,
    TURNS_EVERY,
};
use crate::publish::channels::{Channels, TooManyChannels};
use crate::publish::log::ChannelLog;
use crate::store::Past;
use crate::telemetry::Telemetry;

/// A question to the city, answered on its thread.
type Question = Box<dyn FnOnce(&City) + Send>;

enum Ask {
    Question(Question),
    /// Once the entry with this seq has been folded.
    After(Seq, Question),
    Open(
        Channel,
        Arc<Sight>,
        oneshot::Sender<Result<Arc<ChannelLog>, TooManyChannels>>,
    ),
    Kept(oneshot::Sender<()>),
    Tee(oneshot::Sender<Tee>),
    Swap(Box<Swap>, oneshot::Sender<Result<(), Behind>>),
}

/// What is folded from now on, beside the city: for another that is to take its place.
#[derive(Debug)]
pub(crate) struct Tee {
    /// The last entry folded before.
    pub seq: Seq,
    entries: mpsc::Receiver<(Seq, Vec<Entry>)>,
}

/// A city that takes the place of the one that is there.
pub(crate) struct Swap {
    /// The city, folded from the same journal as far as its tee begins.
    pub city: City,
    /// What came since.
    pub tee: Tee,
    /// What tells its frames from those before.
    pub generation: u64,
}

impl Swap {
    /// Folds what came since, as far as it is here: so a tee holds however long the swap is put off.
    pub(crate) fn catch_up(&mut self) {
        while let Ok((first_seq, entries)) = self.tee.entries.try_recv() {
            for (seq, entry) in (first_seq..).zip(&entries) {
                self.city.apply(seq, entry);
            }
        }
    }

    /// Folds what came since, up to the entry `wanted` at least, which the city in place has folded.
    ///
    /// # Errors
    /// [`Behind`] if more came than the tee could hold: then another must be made.
    pub(crate) fn reach(&mut self, wanted: Seq) -> Result<(), Behind> {
        self.catch_up();
        let has = self.city.seq();
        if has < wanted {
            return Err(Behind { has, wanted });
        }
        Ok(())
    }
}

/// The city that was to take another's place has not folded what that one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the new city stands at entry {has}, the one in place at {wanted}")]
pub(crate) struct Behind {
    has: Seq,
    wanted: Seq,
}

/// The city's thread has stopped: the server is shutting down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is shutting down")]
pub(crate) struct Stopped;

/// Asks the city. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CityHandle {
    asks: mpsc::Sender<Ask>,
}

impl CityHandle {
    /// What `question` finds in the city, at one seq.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&City) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |city| {
            // Whoever asked may have gone.
            drop(reply.send(question(city)));
        });
        self.asks
            .send(Ask::Question(question))
            .await
            .map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }

    /// As [`Self::ask`], once the entry `seq` has been folded.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down.
    pub(crate) async fn ask_after<T: Send + 'static>(
        &self,
        seq: Seq,
        question: impl FnOnce(&City) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |city| {
            drop(reply.send(question(city)));
        });
        self.asks
            .send(Ask::After(seq, question))
            .await
            .map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }

    /// Returns once the windows that have closed so far can be read in the store.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down.
    pub(crate) async fn kept(&self) -> Result<(), Stopped> {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(Ask::Kept(reply)).await;
        sent.map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }

    /// Has everything that is folded from now on handed on as well, until the tee is dropped, is
    /// full, or another is asked for.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down.
    pub(crate) async fn tee(&self) -> Result<Tee, Stopped> {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(Ask::Tee(reply)).await;
        sent.map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }

    /// Puts another city, made of the same journal, in the place of the one that is there. Every
    /// channel begins anew: whoever follows one must open it again.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down, and inside it [`Behind`].
    pub(crate) async fn swap(&self, swap: Box<Swap>) -> Result<Result<(), Behind>, Stopped> {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(Ask::Swap(swap, reply)).await;
        sent.map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }

    /// The log of `channel` as `sight` sees it.
    ///
    /// # Errors
    /// [`Stopped`] while shutting down, and inside it [`TooManyChannels`].
    pub(crate) async fn open(
        &self,
        channel: Channel,
        sight: Arc<Sight>,
    ) -> Result<Result<Arc<ChannelLog>, TooManyChannels>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.asks
            .send(Ask::Open(channel, sight, reply))
            .await
            .map_err(|_gone| Stopped)?;
        answer.await.map_err(|_gone| Stopped)
    }
}

/// The city with its queues.
pub(crate) struct Folding {
    city: City,
    channels: Channels,
    committed: mpsc::Receiver<Committed>,
    asks: mpsc::Receiver<Ask>,
    store: mpsc::Sender<StoreJob>,
    telemetry: Telemetry,
    published_at: Instant,
    checkpoint_seq: u64,
    checkpoint_at: Instant,
    backlog: Vec<StoreJob>,
    /// Turns of alerts that are to be kept, gathered so that they make few rows.
    turns: Vec<AlertTurn>,
    turns_at: Instant,
    /// Questions that wait for an entry to be folded; as many as requests that wait.
    waiting: Vec<(Seq, Question)>,
    /// Where everything that is folded goes as well.
    tee: Option<mpsc::Sender<(Seq, Vec<Entry>)>>,
}

impl Folding {
    /// The city as it came out of the journal, with `generation` for this start.
    pub(crate) fn new(
        city: City,
        generation: u64,
        committed: mpsc::Receiver<Committed>,
        store: mpsc::Sender<StoreJob>,
        telemetry: Telemetry,
    ) -> (Self, CityHandle) {
        let (sender, asks) = mpsc::channel(QUERY_QUEUE);
        let now = Instant::now();
        let folding = Self {
            checkpoint_seq: city.seq(),
            city,
            channels: Channels::new(generation),
            committed,
            asks,
            store,
            telemetry,
            published_at: now,
            checkpoint_at: now,
            backlog: Vec::new(),
            turns: Vec::new(),
            turns_at: now,
            waiting: Vec::new(),
            tee: None,
        };
        (folding, CityHandle { asks: sender })
    }

    /// Folds until the journal's writer is gone, then leaves a last checkpoint.
    pub(crate) async fn run(mut self) {
        self.hold();
        loop {
            let due = tokio::time::Instant::from_std(self.published_at + FRAME_EVERY);
            let waiting = self.city.has_changed_at_all() || self.channels.is_due();
            // Not biased: whoever asks without end must not keep the journal waiting.
            tokio::select! {
                Some(ask) = self.asks.recv() => self.answer(ask),
                committed = self.committed.recv() => match committed {
                    Some(committed) => self.fold(&committed),
                    None => break,
                },
                () = tokio::time::sleep_until(due), if waiting => self.publish(),
            }
        }
        self.publish();
        self.checkpoint();
        for job in std::mem::take(&mut self.backlog) {
            if self.store.send(job).await.is_err() {
                tracing::error!("the journal's writer is gone: history or a checkpoint is lost");
            }
        }
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Question(question) => question(&self.city),
            Ask::After(seq, question) if seq <= self.city.seq() => question(&self.city),
            Ask::After(seq, question) => self.waiting.push((seq, question)),
            Ask::Open(channel, sight, reply) => {
                let log = if let Some(log) = self.channels.held(&channel, &sight) {
                    Ok(log)
                } else {
                    // A snapshot must not be ahead of what the other channels were told.
                    self.publish();
                    self.channels.open(&channel, &sight, &self.city)
                };
                drop(reply.send(log));
            }
            // Behind all that waits for room among the writer's jobs.
            Ask::Kept(reply) => self.keep(StoreJob::Kept(reply)),
            Ask::Tee(reply) => {
                let (sender, entries) = mpsc::channel(TEE_QUEUE);
                self.tee = Some(sender);
                let seq = self.city.seq();
                drop(reply.send(Tee { seq, entries }));
            }
            Ask::Swap(swap, reply) => drop(reply.send(self.swap(*swap))),
        }
    }

    /// Goes on with another city, once it has folded what this one has.
    fn swap(&mut self, mut swap: Swap) -> Result<(), Behind> {
        self.tee = None;
        swap.reach(self.city.seq())?;
        let Swap {
            city, generation, ..
        } = swap;
        self.publish();
        self.city = city;
        self.keep_what_is_over();
        // Readers begin with snapshots.
        drop(self.city.take_changes());
        self.channels = Channels::new(generation);
        self.hold();
        self.checkpoint();
        Ok(())
    }

    fn fold(&mut self, committed: &Committed) {
        for (seq, entry) in (committed.first_seq..).zip(&committed.entries) {
            self.city.apply(seq, entry);
        }
        if let Some(tee) = &self.tee {
            let copy = (committed.first_seq, committed.entries.clone());
            if tee.try_send(copy).is_err() {
                // Whoever wanted it is gone or too slow; nobody waits for them.
                self.tee = None;
            }
        }
        let seq = self.city.seq();
        for (_, question) in self.waiting.extract_if(.., |(after, _)| *after <= seq) {
            question(&self.city);
        }
        self.telemetry
            .commit_to_fold(committed.committed_at.elapsed());
        self.keep_what_is_over();
        if self.turns.len() >= TURNS_AT_ONCE || self.turns_at.elapsed() >= TURNS_EVERY {
            self.turns_at = Instant::now();
            self.keep_turns();
        }
        self.channels.publish_assets(&self.city);
        if self.city.has_urgent_change() || self.published_at.elapsed() >= FRAME_EVERY {
            self.publish();
        }
        let n_entries = self.city.seq() - self.checkpoint_seq;
        if n_entries >= CHECKPOINT_ENTRIES || self.checkpoint_at.elapsed() >= CHECKPOINT_EVERY {
            self.checkpoint();
        }
    }

    /// Has kept what has left the city since this was called before.
    fn keep_what_is_over(&mut self) {
        let closed = self.city.take_closed();
        if !closed.is_empty() {
            self.keep(StoreJob::History(closed));
        }
        let over = self.city.take_archived();
        if !over.is_empty() {
            self.keep(StoreJob::Past(Past::Over(over)));
        }
        self.turns.append(&mut self.city.take_alert_log());
    }

    fn publish(&mut self) {
        self.channels.publish_assets(&self.city);
        let changes = self.city.take_changes();
        if changes.mode {
            self.hold();
        }
        self.channels.publish(&self.city, &changes);
        self.published_at = Instant::now();
    }

    /// Has the store hold on to what it keeps, or let go of it, as the mode of the city asks.
    fn hold(&mut self) {
        let emergency = &self.city.package().casework.emergency;
        let mode = self.city.mode();
        let holds = mode.mode == Mode::Emergency && emergency.keep_all;
        let since = holds.then_some(mode.since);
        self.keep(StoreJob::Hold(since));
    }

    /// Has the turns of alerts kept that have gathered.
    fn keep_turns(&mut self) {
        let turns = std::mem::take(&mut self.turns);
        if !turns.is_empty() {
            self.keep(StoreJob::Past(Past::Turns(turns)));
        }
    }

    fn checkpoint(&mut self) {
        // A checkpoint makes what went before it durable.
        self.keep_turns();
        self.checkpoint_seq = self.city.seq();
        self.checkpoint_at = Instant::now();
        self.keep(StoreJob::Checkpoint(Checkpoint {
            seq: self.city.seq(),
            at: self.city.now(),
            body: self.city.checkpoint(),
        }));
    }

    /// Hands `job` to the writer, in order, never waiting: the writer may be waiting for us. The
    /// backlog is short, for a writer that is behind does a piece after each commit.
    fn keep(&mut self, job: StoreJob) {
        self.backlog.push(job);
        let mut rest = Vec::new();
        for job in self.backlog.drain(..) {
            if !rest.is_empty() {
                rest.push(job);
            } else if let Err(mpsc::error::TrySendError::Full(job)) = self.store.try_send(job) {
                rest.push(job);
            }
        }
        self.backlog = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use egret_package::Package;
    use egret_shared::time::TimeMs;

    use super::*;
    use crate::city_files::CityFiles;

    fn tiny() -> Arc<Package> {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        Arc::new(CityFiles::read(&tiny).unwrap().load().unwrap())
    }

    #[test]
    fn a_city_made_beside_another_finds_out_before_the_swap_that_its_tee_was_cut_off() {
        let (_committed, committed) = mpsc::channel(1);
        let (jobs, _store) = mpsc::channel(1);
        let package = tiny();
        let city = City::new(Arc::clone(&package));
        let (mut folding, _handle) = Folding::new(city, 1, committed, jobs, Telemetry::new());
        let (reply, mut tee) = oneshot::channel();
        folding.answer(Ask::Tee(reply));
        let mut swap = Swap {
            city: City::new(package),
            tee: tee.try_recv().unwrap(),
            generation: 2,
        };
        let mut fold = |seq: Seq| {
            let since_ms = i64::try_from(seq).unwrap();
            folding.fold(&Committed {
                first_seq: seq,
                entries: vec![Entry::Tick(TimeMs(1_782_000_000_000 + since_ms))],
                committed_at: Instant::now(),
            });
        };
        fold(1);
        assert_eq!(swap.reach(1), Ok(()));
        let n_most = Seq::try_from(TEE_QUEUE).unwrap();
        for seq in 2..=n_most + 2 {
            fold(seq);
        }
        let behind = Behind {
            has: n_most + 1,
            wanted: n_most + 2,
        };
        assert_eq!(swap.reach(n_most + 2), Err(behind));
        assert_eq!(folding.swap(swap), Err(behind));
    }

    #[test]
    fn whoever_waits_for_what_closed_is_told_behind_what_found_no_room_before() {
        let (_committed, committed) = mpsc::channel(1);
        let (jobs, mut store) = mpsc::channel(1);
        let city = City::new(tiny());
        let (mut folding, _handle) = Folding::new(city, 1, committed, jobs, Telemetry::new());
        let (reply, _told) = oneshot::channel();
        folding.keep(StoreJob::Hold(None));
        folding.keep(StoreJob::History(Vec::new()));
        folding.answer(Ask::Kept(reply));
        let came = [(); 3].map(|()| {
            let job = store.try_recv().unwrap();
            // There is room again, which the next job finds out.
            folding.keep(StoreJob::Hold(None));
            job
        });
        assert!(
            matches!(
                came,
                [
                    StoreJob::Hold(None),
                    StoreJob::History(_),
                    StoreJob::Kept(_)
                ]
            ),
            "{came:?}"
        );
    }
}
