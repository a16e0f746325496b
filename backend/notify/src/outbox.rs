//! The outbox: what the server has in hand.
//!
//! Calls block on the file for some ten milliseconds; the server makes them where it may.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egret_shared::time::TimeMs;
use tokio::sync::watch;

use crate::error::NotifyError;
use crate::limits::BATCH_MAX;
use crate::notice::Notice;
use crate::settings::Settings;
use crate::status::{DeliveryRow, Filter, Status};
use crate::store::Store;
use crate::worker::Worker;

/// Tells what time it is. The server passes its own clock, tests one that they set.
pub type Clock = Arc<dyn Fn() -> TimeMs + Send + Sync>;

/// Notices that have been taken, and their deliveries. A clone is the same outbox.
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    store: Mutex<Store>,
    /// Rises when there may be something to send.
    wake: watch::Sender<u64>,
}

/// What became of the notices that were handed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Seen for the first time.
    pub new: usize,
    /// Known already, and not sent again.
    pub known: usize,
    /// Not taken: their key is empty, too long or has control characters.
    pub refused: usize,
    /// Deliveries that the new ones have made.
    pub deliveries: usize,
}

impl Outbox {
    /// Opens `notify.db` in `folder`; both are made if they are missing. Only one process may.
    ///
    /// # Errors
    /// If the file cannot be opened or is of a newer version.
    pub fn open(folder: &Path, settings: Settings, clock: Clock) -> Result<Self, NotifyError> {
        let mut store = Store::open(folder)?;
        let ids: Vec<&str> = settings
            .channels
            .iter()
            .map(|channel| channel.id.as_str())
            .collect();
        store.drop_channels(&ids, clock())?;
        Ok(Self(Arc::new(Inner {
            settings,
            clock,
            store: Mutex::new(store),
            wake: watch::Sender::new(0),
        })))
    }

    /// Takes notices, in the order of the journal: each key once, however often it comes. When this
    /// returns, they are durable, and [`Self::last_seq`] is at least the highest of their entries.
    /// Those of one entry are to come in one call: [`Self::last_seq`] says that all of it is here.
    ///
    /// # Errors
    /// If the file fails. What was taken before stays; all of it can be handed in again.
    pub fn enqueue(&self, notices: &[Notice]) -> Result<Taken, NotifyError> {
        let mut taken = Taken::default();
        for batch in batches(notices) {
            let now = (self.0.clock)();
            let more = self.store().take(&self.0.settings, batch, now)?;
            taken.new += more.new;
            taken.known += more.known;
            taken.refused += more.refused;
            taken.deliveries += more.deliveries;
            if more.deliveries > 0 {
                self.0.wake.send_modify(|n| *n = n.wrapping_add(1));
            }
        }
        self.tidy();
        Ok(taken)
    }

    /// Says that there is nothing to tell up to this journal entry. To be called now and then, so
    /// that a restart need not follow from far behind, and at the first start with where the
    /// journal is, so that the past is not told.
    ///
    /// # Errors
    /// If the file fails.
    pub fn advance(&self, seq: u64) -> Result<(), NotifyError> {
        self.store().advance(seq)
    }

    /// The last journal entry whose notices are here; absent in a new outbox.
    ///
    /// # Errors
    /// If the file fails.
    pub fn last_seq(&self) -> Result<Option<u64>, NotifyError> {
        self.store().last_seq()
    }

    /// Sends a test to everybody whom any route reaches by `channel`, whatever filters and hours say
    /// and without calling anybody; how many that are, 0 if there is no such channel.
    ///
    /// # Errors
    /// If the file fails.
    pub fn test(&self, channel: &str) -> Result<usize, NotifyError> {
        let now = (self.0.clock)();
        let n_recipients = self.store().take_test(&self.0.settings, channel, now)?;
        self.0.wake.send_modify(|n| *n = n.wrapping_add(1));
        Ok(n_recipients)
    }

    /// One worker for each channel, each to be run on a task of its own. To be called once.
    pub fn workers(&self) -> Vec<Worker> {
        let channels = self.0.settings.channels.iter();
        channels
            .map(|channel| Worker::new(self.clone(), Arc::clone(channel), self.0.wake.subscribe()))
            .collect()
    }

    /// How each channel does.
    ///
    /// # Errors
    /// If the file fails.
    pub fn status(&self) -> Result<Status, NotifyError> {
        let now = (self.0.clock)();
        self.store().status(&self.0.settings, now)
    }

    /// Deliveries, newest first, at most 200 at a time.
    ///
    /// # Errors
    /// If the file fails.
    pub fn recent(&self, filter: &Filter, limit: usize) -> Result<Vec<DeliveryRow>, NotifyError> {
        self.store().recent(filter, limit)
    }

    /// Takes away what has ended long ago, every ten minutes. What fails is tried again then.
    fn tidy(&self) {
        let now = (self.0.clock)();
        if let Err(error) = self.store().tidy_if_due(now) {
            tracing::error!(%error, "the outbox cannot be tidied");
        }
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// Some 500 at a time, but never half of an entry: what is written of an entry is all of it.
fn batches(notices: &[Notice]) -> Vec<&[Notice]> {
    let mut batches = Vec::new();
    let mut rest = notices;
    while !rest.is_empty() {
        let last = rest
            .get(BATCH_MAX.saturating_sub(1))
            .map(|notice| notice.seq);
        let n = last.map_or(rest.len(), |last| {
            let after = rest
                .iter()
                .skip(BATCH_MAX)
                .take_while(|notice| notice.seq == last);
            BATCH_MAX + after.count()
        });
        let (batch, more) = rest.split_at(n.min(rest.len()));
        batches.push(batch);
        rest = more;
    }
    batches
}
