//! One channel's worker: takes the next delivery, sends it, and writes what became of it.
//!
//! Before the first byte goes, the delivery is marked; after the answer, the mark is taken away. A
//! process that ends in between leaves the mark, and the next one repeats the delivery visibly.

use std::sync::Arc;
use std::time::Duration;

use egret_shared::time::Span;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::NotifyError;
use crate::limits::{SHUTDOWN_GRACE, SLEEP_MAX, STORE_RETRY};
use crate::outbox::Outbox;
use crate::pace::{Backoff, Pace};
use crate::send::{Failure, Outcome};
use crate::settings::Channel;
use crate::store::{Begun, Ending, Sending};

/// Sends what waits for one channel.
#[must_use = "nothing is sent until it runs"]
pub struct Worker {
    outbox: Outbox,
    channel: Arc<Channel>,
    wake: watch::Receiver<u64>,
    pace: Pace,
    /// Failures of the channel as a whole.
    backoff: Backoff,
    /// Not before, after one of those.
    not_before: Option<Instant>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("channel", &self.channel.id)
            .finish_non_exhaustive()
    }
}

impl Worker {
    pub(crate) fn new(outbox: Outbox, channel: Arc<Channel>, wake: watch::Receiver<u64>) -> Self {
        Self {
            pace: Pace::new(channel.per_minute),
            outbox,
            channel,
            wake,
            backoff: Backoff::default(),
            not_before: None,
        }
    }

    /// Sends until `shutdown`; then a delivery that is on its way has five seconds for its answer.
    pub async fn run(mut self, shutdown: CancellationToken) {
        self.remember_pace().await;
        loop {
            let ready = async {
                if let Some(at) = self.not_before {
                    sleep_until(at).await;
                }
                self.pace.ready().await;
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = ready => {}
            }
            self.wake.mark_unchanged();
            let wait = match self.next().await {
                Ok(Begun::Letter(sending)) => {
                    self.deliver(&sending, &shutdown).await;
                    continue;
                }
                Ok(Begun::Later(wait)) => wait.min(SLEEP_MAX),
                Ok(Begun::Nothing) => SLEEP_MAX,
                Err(error) => {
                    tracing::error!(%error, channel = self.channel.id, "the outbox cannot be read");
                    STORE_RETRY
                }
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                () = sleep(wait) => {}
                woken = self.wake.changed() => {
                    if woken.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn deliver(&mut self, sending: &Sending, shutdown: &CancellationToken) {
        self.pace.sent();
        let hurried = async {
            shutdown.cancelled().await;
            sleep(SHUTDOWN_GRACE).await;
        };
        let outcome = tokio::select! {
            biased;
            outcome = self.channel.sender.send(&sending.letter) => outcome,
            () = hurried => {
                Outcome::Unknown(Failure::channel("the server ended before the answer came"))
            }
        };
        let (wait, n_failed) = self.learn(sending, &outcome);
        // Until this is written the delivery counts as being sent, and must not be picked again.
        while let Err(error) = self.end(sending.id, outcome.clone(), wait, n_failed).await {
            tracing::error!(%error, channel = self.channel.id, "the outbox cannot be written");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep(STORE_RETRY) => {}
            }
        }
    }

    /// How long this delivery waits if it failed, and how often it or its channel has in a row.
    fn learn(&mut self, sending: &Sending, outcome: &Outcome) -> (Duration, u32) {
        let channel = &self.channel.id;
        let failure = match outcome {
            Outcome::Sent => {
                self.backoff = Backoff::default();
                self.not_before = None;
                tracing::debug!(
                    channel,
                    id = sending.letter.id,
                    "a notification has been sent"
                );
                return (Duration::ZERO, 0);
            }
            Outcome::Never(why) => {
                tracing::error!(
                    channel,
                    id = sending.letter.id,
                    why,
                    "a notification is refused"
                );
                return (Duration::ZERO, 0);
            }
            Outcome::NotTaken(failure) | Outcome::Unknown(failure) => failure,
        };
        let why = &failure.why;
        let is_known = matches!(outcome, Outcome::NotTaken(_));
        tracing::warn!(
            channel,
            id = sending.letter.id,
            why,
            is_known,
            "a notification failed"
        );
        let least = failure.wait.unwrap_or_default();
        if failure.is_channel {
            let wait = self.backoff.next().max(least);
            self.not_before = Some(Instant::now() + wait);
            // The channel waits, so that whichever delivery is first then may go at once.
            let n_failed = self.backoff.n_failed().max(sending.attempts);
            (Duration::ZERO, n_failed)
        } else {
            self.backoff = Backoff::default();
            let wait = Backoff::after(sending.attempts).max(least);
            (wait, sending.attempts)
        }
    }

    async fn next(&self) -> Result<Begun, NotifyError> {
        let channel = Arc::clone(&self.channel);
        self.blocking(move |outbox| {
            let now = (outbox.0.clock)();
            outbox.store().begin_next(&outbox.0.settings, &channel, now)
        })
        .await
    }

    async fn end(
        &self,
        id: i64,
        outcome: Outcome,
        wait: Duration,
        n_failed: u32,
    ) -> Result<(), NotifyError> {
        let channel = Arc::clone(&self.channel);
        self.blocking(move |outbox| {
            let now = (outbox.0.clock)();
            outbox.store().end(&Ending {
                id,
                channel: &channel.id,
                outcome: &outcome,
                wait,
                n_failed,
                give_up_after: outbox.0.settings.give_up_after,
                now,
            })
        })
        .await
    }

    /// Counts what was sent in the minute before the start: a robot counts it, too.
    async fn remember_pace(&mut self) {
        let channel = Arc::clone(&self.channel);
        let tried = self.blocking(move |outbox| {
            let now = (outbox.0.clock)();
            let since = now.minus(Span(60_000));
            outbox.store().tried_since(&channel.id, since, now)
        });
        match tried.await {
            Ok(tried) => self.pace.remember(&tried),
            Err(error) => {
                tracing::error!(%error, channel = self.channel.id, "the outbox cannot be read");
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Outbox) -> Result<T, NotifyError> + Send + 'static,
    ) -> Result<T, NotifyError> {
        let outbox = self.outbox.clone();
        let done = tokio::task::spawn_blocking(move || work(&outbox)).await;
        done.unwrap_or_else(|error| Err(NotifyError::Task(error.to_string())))
    }
}
