//! Another city package in the place of the one in force, while the city goes on.
//!
//! The city is a fold of its journal, so another package means another fold: it is made beside the one
//! that serves, from the journal's beginning, and takes its place once it has folded as much. Then
//! whoever reads messages, decides or answers by the package gets the new one, and those who follow
//! the city's channels are sent away to open them anew, as after a restart.
//!
//! The journal names the new package a moment before: from that entry on its rules order, and those of
//! the city that serves still give what they had come to. So each firing is ordered by one of them; if
//! the swap fails at that moment, late or not at all: the log tells.

mod past;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use egret_city::City;
use egret_city::entry::{Entry, Seq};
use egret_mqtt::Handle;
use egret_mqtt::taker::{Arrival, Closed, Receipt, Taker};
use egret_package::Package;
use egret_shared::id::FeedId;
use egret_shared::package::addition::{self, Addition};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{followers, requests};
use crate::added::{ADDITIONS_MAX, Added, Kept, check_id};
use crate::api::{self, Context};
use crate::auth::gate::View;
use crate::city_files::CityFiles;
use crate::clock;
use crate::folding::{Stopped, Swap};
use crate::forecast::Forecasts;
use crate::intake::{Gathering, Intake};
use crate::journal::reading::Reading;
use crate::journal::writer::{Listing, StoreJob};
use crate::limits::LISTED_WAITING;
use crate::live::Live;
use crate::register::{Job, RegisterError, Registrar};
use crate::source::Brokers;
use crate::source::polls::Polls;
use crate::store::Past;

/// Entries folded before what left the city on the way is handed on to be kept.
const ENTRIES_AT_ONCE: Seq = 100_000;

/// How often a city is made that has to catch up with the one that serves.
const SWAPS_MAX: usize = 3;

/// With no more entries than this to go, the rest is taken from the fold itself.
const NEARLY: Seq = 5_000;

/// So long a city that is about to go may take to give the orders that its rules have come to: 500 at
/// most, each a line of the audit trail and a commit, which are two synchronisations of some 5 ms.
const GIVEN_WITHIN: Duration = Duration::from_secs(5);

/// How often it is seen whether it has given them.
const GIVEN_LOOK: Duration = Duration::from_millis(50);

/// What decides, answers and reads by the package: all that is replaced.
#[derive(Clone)]
pub(crate) struct Ends {
    /// What answers HTTP.
    pub router: Live<Router>,
    /// What reads messages.
    pub intake: Live<Intake>,
    /// What the MQTT endpoint decides by.
    pub view: Live<View>,
}

/// Reads MQTT messages by the package in force.
pub(crate) struct LiveTaker(pub(crate) Live<Intake>);

impl Taker for LiveTaker {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let intake = self.0.get();
        Box::pin(async move { intake.take(batch).await })
    }
}

/// Puts other packages in force.
pub(super) struct Renewal {
    pub base: Arc<CityFiles>,
    pub added: Added,
    pub kept: Vec<Kept>,
    pub data: PathBuf,
    pub context: Context,
    pub ends: Ends,
    pub endpoint: Option<Handle>,
    pub brokers: Brokers,
    pub polls: Polls,
    pub store: mpsc::WeakSender<StoreJob>,
    pub tracker: TaskTracker,
    pub registrar: Registrar,
    pub shutdown: CancellationToken,
}

impl Renewal {
    /// Does what the register is asked for, one after another, until `shutdown`.
    pub(super) async fn run(mut self) {
        loop {
            let job = tokio::select! {
                () = self.shutdown.cancelled() => return,
                job = self.registrar.jobs.recv() => job,
            };
            let Some(job) = job else { return };
            let (done, reply) = match job {
                Job::Put(addition, reply) => (self.put(*addition).await, reply),
                Job::Remove(feed, reply) => (self.remove(&feed).await, reply),
            };
            self.tell(None);
            drop(reply.send(done));
        }
    }

    fn tell(&self, folding: Option<f64>) {
        tell(&self.registrar.state, &self.kept, folding);
    }

    async fn put(&mut self, addition: Addition) -> Result<(), RegisterError> {
        let id = addition.feed.id.clone();
        check_id(&id).map_err(|why| RegisterError::Mistakes(vec![why]))?;
        let place = self
            .kept
            .iter()
            .position(|kept| kept.addition.feed.id == id);
        let is_own = place.is_none() && self.context.package.feed(&id).is_some();
        if is_own {
            return Err(RegisterError::Own(id));
        }
        if place.is_none() && self.kept.len() >= ADDITIONS_MAX {
            return Err(RegisterError::Full);
        }
        let mut all = self.in_force(Some(&id));
        all.push(addition.clone());
        let whole = self.whole(all).await?;
        self.added
            .put(&addition)
            .map_err(|error| RegisterError::Disk(error.to_string()))?;
        let kept = Kept {
            addition,
            fault: None,
        };
        match place.and_then(|place| self.kept.get_mut(place)) {
            Some(before) => *before = kept,
            None => self.kept.push(kept),
        }
        self.renew(whole).await
    }

    async fn remove(&mut self, feed: &FeedId) -> Result<(), RegisterError> {
        let is_it = |kept: &Kept| kept.addition.feed.id == *feed;
        if !self.kept.iter().any(is_it) {
            return Err(RegisterError::Missing(feed.clone()));
        }
        // Another addition may be made of what this one brought: that is a mistake, and told.
        let whole = self.whole(self.in_force(Some(feed))).await?;
        self.added
            .remove(feed)
            .map_err(|error| RegisterError::Disk(error.to_string()))?;
        self.kept.retain(|kept| !is_it(kept));
        self.renew(whole).await
    }

    /// The additions in force but for that of `other`.
    fn in_force(&self, other: Option<&FeedId>) -> Vec<Addition> {
        let kept = self.kept.iter().filter(|kept| kept.fault.is_none());
        kept.map(|kept| &kept.addition)
            .filter(|addition| Some(&addition.feed.id) != other)
            .cloned()
            .collect()
    }

    async fn whole(&self, all: Vec<Addition>) -> Result<(CityFiles, Package), RegisterError> {
        let base = Arc::clone(&self.base);
        let whole = tokio::task::spawn_blocking(move || base.with_all(&all)).await;
        whole
            .map_err(|error| RegisterError::NotInForce(error.to_string()))?
            .map_err(RegisterError::Mistakes)
    }

    /// Puts a package in force.
    async fn renew(&mut self, (files, package): (CityFiles, Package)) -> Result<(), RegisterError> {
        let failed = |why: String| {
            tracing::error!(why, "the city could not be folded by the new package");
            RegisterError::NotInForce(why)
        };
        let package = Arc::new(package);
        let generation = u64::try_from(clock::now().0).unwrap_or(0);
        self.tell(Some(0.0));
        let listed = requests(&package);
        let is_other = listed != requests(&self.context.package);
        let new = listed.clone().filter(|_| is_other);
        let after = self.swap(&package, generation, new).await.map_err(failed)?;
        if is_other {
            self.list(listed, after).await?;
        }
        let before = self.context.shutdown.clone();
        self.context = self.next_context(files, Arc::clone(&package), generation);
        let context = &self.context;
        self.ends.intake.set(context.intake.clone());
        self.ends.router.set(api::router(context.clone()));
        self.ends.view.set(View::new(Arc::clone(&context.access)));
        context.access.people.tell();
        before.cancel();
        followers(context, self.endpoint.as_ref(), &self.tracker);
        self.polls.renew(&package).await;
        let brokers = self.brokers.renew(&package);
        brokers.await.map_err(|error| failed(error.to_string()))?;
        tracing::info!(
            feeds = package.feeds.len(),
            "another city package is in force"
        );
        Ok(())
    }

    /// What handlers reach, with everything that depends on the package made anew.
    fn next_context(&self, files: CityFiles, package: Arc<Package>, generation: u64) -> Context {
        let before = &self.context;
        let lineage = Arc::new(egret_city::Lineage::new(&package));
        let people = before.access.people.clone();
        Context {
            access: super::access(before.access.open, people, &package, &lineage),
            files: Arc::new(files.into_wgs84(&package)),
            intake: before.intake.renewed(Arc::clone(&package)),
            forecasts: Arc::new(Forecasts::new()),
            shutdown: self.shutdown.child_token(),
            is_past_whole: past::is_whole(
                before.city.clone(),
                &self.tracker,
                self.shutdown.clone(),
            ),
            package,
            lineage,
            generation,
            ..before.clone()
        }
    }

    /// Names `package` in the journal and puts the city by it in the place of the one that serves, and
    /// has reports of the feed `listed` listed; up to which entry.
    async fn swap(
        &self,
        package: &Arc<Package>,
        generation: u64,
        listed: Option<FeedId>,
    ) -> Result<Seq, String> {
        let stopped = |stopped: Stopped| stopped.to_string();
        let before = self.context.package.digest;
        let mut behind = String::new();
        for _ in 0..SWAPS_MAX {
            let mut swap = self.fold(package, generation, listed.clone()).await?;
            // What fires between the naming and a swap that fails is ordered late, by the next city that
            // is made, or by nobody. So a tee that has been cut off must be known of before.
            let wanted = self.context.city.ask(City::seq).await.map_err(stopped)?;
            if let Err(why) = swap.reach(wanted) {
                behind = why.to_string();
                continue;
            }
            let seq = swap.tee.seq;
            let named = self.announce(package.digest).await.map_err(stopped)?;
            // By the same rules the new city has come to the same.
            if package.digest != before {
                self.given(&mut swap).await.map_err(stopped)?;
            }
            let swapped = self.context.city.swap(swap).await.map_err(stopped)?;
            let Err(why) = swapped else {
                return Ok(seq);
            };
            // More came than its tee could hold: meanwhile the one in place orders again.
            let until = self.announce(before).await.map_err(stopped)?;
            if package.digest != before {
                tracing::warn!(
                    n_entries = until - named,
                    %why,
                    "another package was named and did not come in force: what fired within these \
                     entries is ordered late, if it comes in force in time, or by no rule"
                );
            }
            behind = why.to_string();
        }
        Err(behind)
    }

    /// Has the journal say that the package with this digest is in force from here on; by which entry,
    /// once the city in place has folded that.
    async fn announce(&self, digest: u64) -> Result<Seq, Stopped> {
        let mut gathering = Gathering::begin();
        gathering.put(Entry::Package(digest));
        let receipt = self.context.intake.submit(gathering).await;
        let seq = receipt.map_err(|_closed| Stopped)?.await;
        let seq = seq.map_err(|_dropped| Stopped)?;
        self.context.city.ask_after(seq, |_city| ()).await?;
        Ok(seq)
    }

    /// Waits until the city in place has given the orders that its rules have come to. They come to no
    /// others, for another package is named; and the city of `swap` comes to none from before that.
    async fn given(&self, swap: &mut Swap) -> Result<(), Stopped> {
        let deadline = tokio::time::Instant::now() + GIVEN_WITHIN;
        loop {
            let n_due = self.context.city.ask(|city| city.intents().count());
            let n_due = n_due.await?;
            if n_due == 0 {
                return Ok(());
            }
            if tokio::time::Instant::now() >= deadline {
                tracing::error!(
                    n_due,
                    "orders of rules are lost: another package came in force before they were given"
                );
                return Ok(());
            }
            swap.catch_up();
            tokio::select! {
                () = self.shutdown.cancelled() => return Err(Stopped),
                () = tokio::time::sleep(GIVEN_LOOK) => {}
            }
        }
    }

    /// Has reports of `feed` listed from here on, those behind the entry `after` among them.
    async fn list(&self, feed: Option<FeedId>, after: Seq) -> Result<(), RegisterError> {
        let (done, is_done) = oneshot::channel();
        let listing = Listing::Listed { feed, after, done };
        let store = self.store.upgrade().ok_or(RegisterError::Stopped)?;
        let sent = store.send(StoreJob::Requests(listing)).await;
        sent.map_err(|_gone| RegisterError::Stopped)?;
        drop(store);
        is_done.await.map_err(|_gone| RegisterError::Stopped)
    }

    /// The city by `package`, folded as far as the one in place but for a moment, and what its tee
    /// holds of that.
    async fn fold(
        &self,
        package: &Arc<Package>,
        generation: u64,
        listed: Option<FeedId>,
    ) -> Result<Box<Swap>, String> {
        let mut folder = Refold {
            city: City::new(Arc::clone(package)),
            data: self.data.clone(),
            store: self.store.clone(),
            state: self.registrar.state.clone(),
            kept: self.kept.clone(),
            shutdown: self.shutdown.clone(),
            listed,
            older: Vec::new(),
        };
        let stopped = |_stopped| "the server is shutting down".to_owned();
        loop {
            let upto = self.context.city.ask(City::seq).await.map_err(stopped)?;
            let is_nearly = upto - folder.city.seq() <= NEARLY;
            folder = folder.upto(upto).await?;
            if is_nearly {
                break;
            }
        }
        let tee = self.context.city.tee().await.map_err(stopped)?;
        let folder = folder.upto(tee.seq).await?;
        let mut swap = Box::new(Swap {
            city: folder.city,
            tee,
            generation,
        });
        let caught_up = tokio::task::spawn_blocking(move || {
            swap.catch_up();
            swap
        });
        caught_up.await.map_err(|error| error.to_string())
    }
}

/// A city that is made of the journal beside another.
struct Refold {
    city: City,
    data: PathBuf,
    store: mpsc::WeakSender<StoreJob>,
    state: watch::Sender<addition::Register>,
    kept: Vec<Kept>,
    shutdown: CancellationToken,
    /// The feed whose reports are to be listed that were not before, and those that came by.
    listed: Option<FeedId>,
    older: Vec<Entry>,
}

impl Refold {
    /// Folds up to the entry `upto`, on a thread where that may take its time.
    async fn upto(mut self, upto: Seq) -> Result<Self, String> {
        let folded = tokio::task::spawn_blocking(move || {
            let reading = Reading::open(&self.data).map_err(|error| error.to_string())?;
            while self.city.seq() < upto {
                if self.shutdown.is_cancelled() {
                    return Err("the server is shutting down".to_owned());
                }
                let from = self.city.seq();
                let until = upto.min(from + ENTRIES_AT_ONCE);
                let (city, older) = (&mut self.city, &mut self.older);
                let read = reading.read(from, &mut |seq, entry| {
                    if seq <= until {
                        city.apply(seq, &entry);
                        if is_report_of(&entry, self.listed.as_ref()) {
                            older.push(entry);
                        }
                    }
                    seq < until && older.len() < LISTED_WAITING
                });
                read.map_err(|error| error.to_string())?;
                if self.city.seq() == from {
                    return Err(format!("the journal ends at entry {from}, before {upto}"));
                }
                self.keep_what_is_over();
                let done = self.city.seq() as f64 / upto.max(1) as f64;
                tell(&self.state, &self.kept, Some(done));
            }
            Ok(self)
        });
        folded.await.map_err(|error| error.to_string())?
    }

    /// Has kept what left the city on the way. What has been kept of it before is not kept twice.
    fn keep_what_is_over(&mut self) {
        let Some(store) = self.store.upgrade() else {
            return;
        };
        let closed = self.city.take_closed();
        let past = [
            Past::Turns(self.city.take_alert_log()),
            Past::Over(self.city.take_archived()),
        ];
        let older = std::mem::take(&mut self.older);
        let older = self
            .listed
            .clone()
            .filter(|_| !older.is_empty())
            .map(|feed| {
                let listing = Listing::Older(feed, older);
                StoreJob::Requests(listing)
            });
        let jobs = std::iter::once(StoreJob::History(closed)).chain(past.map(StoreJob::Past));
        for job in jobs.chain(older) {
            // Fails while shutting down: then nothing of this comes in force.
            drop(store.blocking_send(job));
        }
    }
}

fn is_report_of(entry: &Entry, feed: Option<&FeedId>) -> bool {
    matches!(entry, Entry::Report(report) | Entry::Issued(report, _) if Some(&report.feed) == feed)
}

fn tell(state: &watch::Sender<addition::Register>, kept: &[Kept], folding: Option<f64>) {
    state.send_replace(addition::Register {
        added: kept.iter().map(Kept::row).collect(),
        folding,
    });
}
