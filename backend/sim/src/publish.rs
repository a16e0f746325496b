//! Publishing the plan: real MQTT connections, at the pace of the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use egret_package::Package;
use egret_shared::time::{Span, TimeMs};
use rumqttc::{AsyncClient, QoS};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actuators::{self, Ordered};
use crate::broker::{Address, News, keep_going};
use crate::clock;
use crate::curve::whole_ms;
use crate::options::{Options, Summary};
use crate::plan::{Plan, Timed};

/// How long a broker may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// How long the last messages may take to be acknowledged.
const FLUSH_WITHIN: Duration = Duration::from_secs(5);

/// A publisher of the present that is further behind skips: a machine that slept, or a broker that
/// was away, would otherwise hear an hour of the past in a minute.
const BEHIND_MAX: Span = Span(60_000);

/// The end of the client id of the gateway whose clock is ahead: it has a connection of its own,
/// so that the receiver sees one clock that is off and not an eighth of them.
const FAST_CLOCK: &str = "fast-clock";

/// How often progress is logged.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Publishes the city until `shutdown`, or until `options.duration` has passed.
///
/// # Errors
/// Options that make no sense, roads that cannot be read, or no broker within 30 s. A broker that
/// goes away later is waited for.
pub async fn run(
    options: Options,
    package: Arc<Package>,
    shutdown: CancellationToken,
) -> anyhow::Result<Summary> {
    let address = Address::parse(&options.broker)?;
    let start = options.start.unwrap_or_else(clock::now);
    let plan = Plan::new(&package, &options, start).context("the city cannot be played")?;
    let tracker = TaskTracker::new();
    let stop = CancellationToken::new();
    let (n_opened, opened) = watch::channel(0);
    let news = News {
        acknowledged: Arc::new(AtomicU64::new(0)),
        n_opened,
    };
    let n_shared = options.connections.max(1);
    let clients = (0..=n_shared).map(|index| {
        let name = if index == n_shared {
            FAST_CLOCK.to_owned()
        } else {
            index.to_string()
        };
        let client_id = format!("egret-sim-{}-{name}", std::process::id());
        let (client, events) = address.client(client_id);
        tracker.spawn(keep_going(events, news.clone(), stop.clone()));
        client
    });
    let ordered = Ordered::default();
    if let Some(feed) = actuators::feed(&package) {
        let line = address.client(format!("egret-sim-{}-pumps", std::process::id()));
        let taking = actuators::run(feed, line, ordered.clone(), stop.clone());
        tracker.spawn(taking);
    }
    let publisher = Publisher {
        ordered,
        clients: clients.collect(),
        acknowledged: Arc::clone(&news.acknowledged),
        pace: Pace::new(&options, start),
        until: options.duration.map(|duration| start.plus(duration)),
        progress: options.progress,
        summary: Summary {
            unplayed: plan.unplayed().to_vec(),
            ..Summary::default()
        },
    };
    let result = tokio::select! {
        () = shutdown.cancelled() => Ok(Summary::default()),
        connected = all_open(opened, n_shared + 1) => match connected {
            Ok(()) => Ok(publisher.publish_all(plan, &shutdown).await),
            Err(error) => Err(error.context(format!("no broker at {}", options.broker))),
        },
    };
    stop.cancel();
    tracker.close();
    tracker.wait().await;
    result
}

async fn all_open(mut opened: watch::Receiver<usize>, n_wanted: usize) -> anyhow::Result<()> {
    let all = opened.wait_for(|n_opened| *n_opened >= n_wanted);
    match timeout(CONNECT_WITHIN, all).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => bail!("every connection has ended"),
        Err(_) => bail!("not connected within {} s", CONNECT_WITHIN.as_secs()),
    }
}

/// When a message is due by the wall clock.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Event time is the present.
    Live,
    /// Event time runs on its own from `start`.
    Scaled {
        origin: Instant,
        start: TimeMs,
        speed: f64,
    },
}

impl Pace {
    fn new(options: &Options, start: TimeMs) -> Self {
        let live = options.start.is_none() && (options.speed - 1.0).abs() < f64::EPSILON;
        if live {
            return Self::Live;
        }
        Self::Scaled {
            origin: Instant::now(),
            start,
            speed: options.speed,
        }
    }

    /// How long until `at`; negative if it has passed.
    fn ms_until(self, at: TimeMs) -> i64 {
        match self {
            Self::Live => at.since(clock::now()).ms(),
            Self::Scaled {
                origin,
                start,
                speed,
            } => {
                let due_ms = at.since(start).ms() as f64 / speed;
                whole_ms(due_ms - origin.elapsed().as_secs_f64() * 1_000.0)
            }
        }
    }
}

/// A run under way.
struct Publisher {
    /// Those that many gateways share, and last the one with the fast clock.
    clients: Vec<AsyncClient>,
    ordered: Ordered,
    acknowledged: Arc<AtomicU64>,
    pace: Pace,
    until: Option<TimeMs>,
    progress: bool,
    summary: Summary,
}

impl Publisher {
    async fn publish_all(mut self, plan: Plan, shutdown: &CancellationToken) -> Summary {
        let live_from = clock::now();
        let mut logged = Instant::now();
        let mut plan = plan;
        while let Some(timed) = plan.next() {
            if self.until.is_some_and(|until| timed.send_at >= until) {
                break;
            }
            if self.progress && logged.elapsed() >= PROGRESS_EVERY {
                logged = Instant::now();
                self.log(&timed, plan.cloud(timed.send_at));
            }
            let sent = tokio::select! {
                () = shutdown.cancelled() => break,
                sent = self.publish(timed, live_from) => sent,
            };
            if !sent {
                break;
            }
        }
        self.flush().await;
        self.summary
    }

    /// Waits until the message is due and publishes it; false if the connections have ended.
    async fn publish(&mut self, timed: Timed, live_from: TimeMs) -> bool {
        let left_ms = self.pace.ms_until(timed.send_at);
        if let Ok(left_ms) = u64::try_from(left_ms) {
            sleep(Duration::from_millis(left_ms)).await;
        }
        let live = matches!(self.pace, Pace::Live) && timed.send_at >= live_from;
        if live && -left_ms > BEHIND_MAX.ms() {
            self.summary.skipped += 1;
            return true;
        }
        let Some((fast, shared)) = self.clients.split_last() else {
            return false;
        };
        let n_shared = u64::try_from(shared.len()).unwrap_or(1).max(1);
        let index = usize::try_from(timed.gateway % n_shared).unwrap_or_default();
        let client = match shared.get(index) {
            Some(client) if timed.ahead_ms == 0 => client,
            _ => fast,
        };
        let over = self
            .ordered
            .over(timed.feed.as_str(), &timed.topic, &timed.payload);
        let payload = over.unwrap_or(timed.payload);
        let published = client.publish(timed.topic, QoS::AtLeastOnce, false, payload);
        if published.await.is_err() {
            tracing::error!("a connection of the simulator has ended, the run ends");
            return false;
        }
        self.summary.published += 1;
        self.summary.duplicates += u64::from(timed.duplicate);
        self.summary.bad += u64::from(timed.fault.is_some());
        *self.summary.by_feed.entry(timed.feed).or_default() += 1;
        true
    }

    /// Waits for the last acknowledgements, and says good-bye.
    async fn flush(&mut self) {
        let deadline = Instant::now() + FLUSH_WITHIN;
        while self.acknowledged.load(Ordering::Relaxed) < self.summary.published
            && Instant::now() < deadline
        {
            sleep(Duration::from_millis(20)).await;
        }
        self.summary.acknowledged = self.acknowledged.load(Ordering::Relaxed);
        for client in &self.clients {
            if client.try_disconnect().is_err() {
                tracing::debug!("a connection had ended before its good-bye");
            }
        }
        // One turn of the connections' loops, so that the good-bye leaves before they stop.
        sleep(Duration::from_millis(20)).await;
    }

    fn log(&self, timed: &Timed, cloud: f64) {
        tracing::info!(
            published = self.summary.published,
            acknowledged = self.acknowledged.load(Ordering::Relaxed),
            skipped = self.summary.skipped,
            at = %timed.send_at,
            storm = cloud,
            "the city speaks"
        );
    }
}
