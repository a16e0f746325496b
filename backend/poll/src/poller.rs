//! The fetching of one feed, one fetch after another.
//!
//! What is known of it, validators and the alerts of a list, is remembered once what came is kept, and
//! not over a restart: then everything is fetched once more, and counts once all the same, for the fold
//! knows what it has seen.

mod alerts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::board::{Board, Outcome, PollState};
use crate::fetch::{Answer, Ask, Failure, Fetch, Trouble, Validators};
use crate::held::Held;
use crate::http::host;
use crate::index;
use crate::keep::{Body, Keep, TooLarge};
use crate::limits::{AT_ONCE, BACKOFF_FIRST};
use crate::schedule::{Schedule, chance};
use alerts::Alerts;

/// What is fetched, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose messages they are.
    pub feed: FeedId,
    /// From where.
    pub url: Url,
    /// How often.
    pub every: Duration,
    /// Headers, by the names of their secrets.
    pub headers: BTreeMap<String, String>,
    /// Keys of the query, by the names of their secrets.
    pub query: BTreeMap<String, String>,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Whether it may be a list of alerts, each of which is fetched.
    pub lists_alerts: bool,
    /// Whether it is asked for only if it has changed. Where arrival stands in for a time that is
    /// missing, the same body is news every time.
    pub if_changed: bool,
}

/// What all pollers have in common. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    fetch: Arc<dyn Fetch>,
    keep: Arc<dyn Keep>,
    board: Arc<Board>,
    permits: Arc<Semaphore>,
    now: Arc<dyn Fn() -> TimeMs + Send + Sync>,
}

impl Tools {
    /// Tools that fetch by `fetch` and hand over to `keep`; how it goes shows on `board`.
    pub fn new(
        fetch: Arc<dyn Fetch>,
        keep: Arc<dyn Keep>,
        board: Arc<Board>,
        now: Arc<dyn Fn() -> TimeMs + Send + Sync>,
    ) -> Self {
        Self {
            fetch,
            keep,
            board,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            now,
        }
    }

    /// How the fetching of each feed goes.
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let permit = self.permits.acquire().await;
        permit.map_err(|closed| Failure::new(Trouble::NotKept, closed.to_string()))
    }
}

/// Fetches one feed.
pub struct Poller {
    target: Target,
    tools: Tools,
    schedule: Schedule,
    known: Option<Validators>,
    alerts: Alerts,
    held: Held,
    /// What is wrong with the list although it was fetched.
    fault: Option<String>,
    /// Whether the last body was too large and has been told as a refusal.
    is_too_large: bool,
    /// Whether the last fetch went well; absent before the first.
    went_well: Option<bool>,
}

/// A fetch that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Done {
    outcome: Outcome,
    /// Whether some of a list is left over.
    has_rest: bool,
}

impl Poller {
    /// A poller that knows nothing yet.
    pub fn new(target: Target, tools: Tools) -> Self {
        let (feed, url, every) = (&target.feed, &target.url, target.every);
        tools.board.tell(feed, |state| {
            *state = PollState {
                host: host(url),
                every: Span(i64::try_from(every.as_millis()).unwrap_or(i64::MAX)),
                // What was counted before another definition came in force stays counted.
                counts: state.counts,
                took: state.took,
                ..PollState::default()
            };
        });
        Self {
            schedule: Schedule::new(target.every),
            target,
            tools,
            known: None,
            alerts: Alerts::default(),
            held: Held::default(),
            fault: None,
            is_too_large: false,
            went_well: None,
        }
    }

    /// Fetches until `shutdown`. What is under way then is given up, and fetched again some time.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let going = async {
            let mut next = self.after(self.schedule.first(chance()));
            let mut over_from = Instant::now();
            loop {
                let over = self.over_at().map(|at| at.max(over_from));
                sleep_until(over.map_or(next, |over| over.min(next))).await;
                if over.is_some_and(|over| over <= Instant::now())
                    && !self.read_what_is_over().await
                {
                    over_from = Instant::now() + BACKOFF_FIRST;
                }
                if next <= Instant::now() {
                    let wait = self.once().await;
                    next = self.after(wait);
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = going => {}
        }
    }

    fn now(&self) -> TimeMs {
        (self.tools.now)()
    }

    /// The moment after `wait`, which is told.
    fn after(&self, wait: Duration) -> Instant {
        let span = Span(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let at = self.now().plus(span);
        let feed = &self.target.feed;
        self.tools
            .board
            .tell(feed, |state| state.next_at = Some(at));
        Instant::now() + wait
    }

    /// When the time of the next alert is over.
    fn over_at(&self) -> Option<Instant> {
        let left = self.held.next()?.since(self.now()).ms();
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Instant::now().checked_add(left)
    }

    /// Has alerts read once more whose time is over; whether that is done.
    async fn read_what_is_over(&mut self) -> bool {
        while let Some((id, alert)) = self.held.over(self.now()) {
            let Ok(url) = Url::parse(&alert.url) else {
                self.held.forget(&id);
                continue;
            };
            let host = host(&url);
            let body = Body {
                feed: &self.target.feed,
                url: &alert.url,
                host: &host,
                payload: &alert.payload,
            };
            if self.tools.keep.keep(body).await.is_err() {
                return false;
            }
            self.held.forget(&id);
        }
        true
    }

    /// Fetches once; the wait until the next time.
    async fn once(&mut self) -> Duration {
        let (began, began_at) = (Instant::now(), self.now());
        let done = self.fetch().await;
        let took = began.elapsed();
        let wait = match &done {
            Ok(done) if done.has_rest => self.schedule.after_a_part(chance()),
            Ok(_) => self.schedule.after_success(took, chance()),
            Err(failure) => self.schedule.after_failure(failure.wait, chance()),
        };
        self.tell(&done, began_at, took);
        wait
    }

    async fn fetch(&mut self) -> Result<Done, Failure> {
        let tools = self.tools.clone();
        let permit = tools.permit().await?;
        let asked = self.target.url.clone();
        let known = self.known.take().filter(|_| self.target.if_changed);
        let answer = match self.ask(&asked, known.as_ref()).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.known = known;
                self.refuse(&asked, &failure).await?;
                return Err(failure);
            }
        };
        self.is_too_large = false;
        let Answer::New {
            body,
            validators,
            url,
        } = answer
        else {
            self.known = known;
            return Ok(Done {
                outcome: Outcome::Unchanged,
                has_rest: false,
            });
        };
        let list = self.target.lists_alerts.then(|| index::read(&body, &url));
        let has_rest = if let Some(list) = list.flatten() {
            drop((body, permit));
            let list = list.map_err(|why| Failure::new(Trouble::Broken, why))?;
            self.take_alerts(list).await?
        } else {
            self.keep(&asked, &body).await?;
            self.fault = None;
            false
        };
        // Only now: had it not been kept, "unchanged" would have hidden it for good.
        self.known = Some(validators).filter(|known| !known.is_empty() && !has_rest);
        Ok(Done {
            outcome: Outcome::New,
            has_rest,
        })
    }

    async fn ask(&self, url: &Url, known: Option<&Validators>) -> Result<Answer, Failure> {
        let ask = Ask {
            url,
            known,
            accept: self.target.accept,
            headers: &self.target.headers,
            query: &self.target.query,
        };
        self.tools.fetch.fetch(ask).await
    }

    /// Hands a body over; returns once it is kept.
    async fn keep(&mut self, url: &Url, payload: &[u8]) -> Result<(), Failure> {
        let host = host(url);
        let body = Body {
            feed: &self.target.feed,
            url: url.as_str(),
            host: &host,
            payload,
        };
        let kept = self.tools.keep.keep(body).await;
        let kept = kept.map_err(|why| Failure::new(Trouble::NotKept, why.to_string()))?;
        if let Some(stands) = kept.stands {
            self.held.note(stands, url.as_str(), payload);
        }
        Ok(())
    }

    /// Has a refusal kept of what is too large, once until it is not any more.
    async fn refuse(&mut self, url: &Url, failure: &Failure) -> Result<(), Failure> {
        let Trouble::TooLarge { head, bytes } = &failure.trouble else {
            return Ok(());
        };
        let is_main = *url == self.target.url;
        if is_main && std::mem::replace(&mut self.is_too_large, true) {
            return Ok(());
        }
        let host = host(url);
        let body = TooLarge {
            body: Body {
                feed: &self.target.feed,
                url: url.as_str(),
                host: &host,
                payload: head,
            },
            bytes: *bytes,
            why: &failure.why,
        };
        let refused = self.tools.keep.refuse(body).await;
        refused.map_err(|why| {
            self.is_too_large = false;
            Failure::new(Trouble::NotKept, why.to_string())
        })
    }

    /// Tells how a fetch went: the board each time, the log when it is another way than before.
    fn tell(&mut self, done: &Result<Done, Failure>, began_at: TimeMs, took: Duration) {
        let (feed, host) = (&self.target.feed, host(&self.target.url));
        let goes_well = done.is_ok();
        let is_news = self.went_well.replace(goes_well) != Some(goes_well);
        match done {
            Ok(_) if is_news => tracing::info!(%feed, host, "the feed is fetched"),
            Err(failure) if is_news => {
                tracing::warn!(%feed, host, why = failure.why, "the feed cannot be fetched");
            }
            _ => {}
        }
        let (now, failures) = (self.now(), self.schedule.n_failed());
        let fault = self.fault.clone();
        self.tools.board.tell(feed, |state| {
            state.tried_at = Some(began_at);
            state.failures = failures;
            state.count(outcome(done), took);
            match done {
                Ok(done) => {
                    state.fetched_at = Some(now);
                    if done.outcome == Outcome::New {
                        state.changed_at = Some(now);
                    }
                    state.error = fault;
                }
                Err(failure) => state.error = Some(failure.why.clone()),
            }
        });
    }
}

fn outcome(done: &Result<Done, Failure>) -> Outcome {
    match done {
        Ok(done) => done.outcome,
        Err(failure) => match failure.trouble {
            Trouble::Forbidden => Outcome::Forbidden,
            Trouble::TooLarge { .. } => Outcome::TooLarge,
            Trouble::NotKept => Outcome::NotKept,
            Trouble::Unreachable | Trouble::Status(_) | Trouble::Broken | Trouble::Settings => {
                Outcome::Failed
            }
        },
    }
}

#[cfg(test)]
mod tests;
