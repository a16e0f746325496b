//! The ways in by MQTT, the embedded endpoint and existing brokers, and what is fetched.

pub(crate) mod brokers;
pub(crate) mod polls;
pub(crate) mod sparkplug;

use std::collections::BTreeSet;
use std::sync::Arc;

use egret_listen::Opener;
use egret_mqtt::bridge::{Bridge, BridgeConfig, BridgeError, BridgeState, Publisher};
use egret_mqtt::gate::Gate;
use egret_mqtt::keep::{Kept, Terms};
use egret_mqtt::taker::Taker;
use egret_mqtt::transport::{Carried, Transport};
use egret_mqtt::{Endpoint, Handle, Limits};
use egret_package::Package;
use egret_shared::package::command::CommandDef;
use egret_shared::package::feed::FeedDef;
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use self::brokers::BrokerBook;
use crate::clock;
use crate::downlink::{Downlink, Way};
use crate::kept::KeptFile;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::telemetry::Telemetry;

/// Where sessions are kept, what is there, and on what terms.
pub(crate) type Keeping = (KeptFile, Kept, Arc<dyn Terms>);

/// The embedded endpoint, until `shutdown`, for whomever `gate` lets in; for everybody without one.
pub(crate) fn endpoint(
    taker: Arc<dyn Taker>,
    limits: Limits,
    gate: Option<Arc<dyn Gate>>,
    (file, kept, terms): Keeping,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> Handle {
    let mut endpoint =
        Endpoint::new(taker)
            .with_limits(limits)
            .with_keep(Box::new(file), kept, terms);
    if let Some(gate) = gate {
        endpoint = endpoint.with_gate(gate);
    }
    let handle = endpoint.start(shutdown.clone());
    let stopping = handle.clone();
    // Commits under way are still acknowledged: the run waits for the endpoint's connections.
    tracker.spawn(async move { stopping.stopped().await });
    handle
}

/// MQTT under TLS.
pub(crate) struct UnderTls(pub(crate) Opener);

impl Transport for UnderTls {
    fn open(&self, stream: TcpStream) -> BoxFuture<'static, std::io::Result<Carried>> {
        let opener = self.0.clone();
        Box::pin(async move {
            let (stream, certificate) = opener.open(stream).await?;
            Ok(Carried {
                stream: Box::new(stream),
                certificate,
            })
        })
    }
}

/// Existing brokers that messages are taken from.
pub(crate) struct Brokers {
    urls: Vec<Url>,
    taker: Arc<dyn Taker>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    /// Ends the bridges of the package in force, and those.
    current: CancellationToken,
    bridges: Vec<JoinHandle<()>>,
    telemetry: Telemetry,
    /// What sends orders, until it does by each broker.
    downlink: Option<Downlink>,
    book: BrokerBook,
}

impl Brokers {
    /// Takes messages of every feed of `package` that has a topic from each broker, until `shutdown`.
    ///
    /// # Errors
    /// A URL, or a feed's topic, cannot be used.
    pub(crate) fn start(
        urls: &[Url],
        package: &Package,
        (taker, downlink): (Arc<dyn Taker>, Downlink),
        (telemetry, book): (&Telemetry, &BrokerBook),
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Result<Self, BridgeError> {
        let mut brokers = Self {
            urls: urls.to_vec(),
            taker,
            tracker: tracker.clone(),
            shutdown: shutdown.clone(),
            current: shutdown.child_token(),
            bridges: Vec::new(),
            telemetry: telemetry.clone(),
            downlink: Some(downlink),
            book: book.clone(),
        };
        brokers.connect(package)?;
        Ok(brokers)
    }

    /// Goes on with the topics of another package. What comes meanwhile waits at the broker.
    ///
    /// # Errors
    /// A feed's topic cannot be used.
    pub(crate) async fn renew(&mut self, package: &Package) -> Result<(), BridgeError> {
        self.current.cancel();
        for bridge in std::mem::take(&mut self.bridges) {
            // One that panicked is over, too.
            drop(bridge.await);
        }
        self.current = self.shutdown.child_token();
        self.connect(package)
    }

    fn connect(&mut self, package: &Package) -> Result<(), BridgeError> {
        for (number, url) in self.urls.iter().enumerate() {
            let bridge = bridge(url, package)?.counting(self.book.counter(number));
            let told = Told {
                host: url.host_str().unwrap_or_default().to_owned(),
                number,
                telemetry: self.telemetry.clone(),
                book: self.book.clone(),
            };
            self.tracker.spawn(told.follow(bridge.state()));
            let running = bridge.run(Arc::clone(&self.taker), self.current.clone());
            self.bridges.push(self.tracker.spawn(running));
        }
        self.send_orders(package)
    }

    /// Has orders sent by every broker, once there is a feed that takes some. What publishes is the
    /// same for every package.
    fn send_orders(&mut self, package: &Package) -> Result<(), BridgeError> {
        let takes_some = |feed: &FeedDef| !feed.commands.is_empty();
        if !package.feeds.iter().any(takes_some) {
            return Ok(());
        }
        let Some(downlink) = self.downlink.take() else {
            return Ok(());
        };
        for url in &self.urls {
            let client_id = format!("egret-{}-orders", package.city.id);
            let (publisher, broker) = Publisher::new(url.as_str(), client_id)?;
            self.tracker.spawn(publisher.run(self.shutdown.clone()));
            let way = Way::Broker(broker);
            let sending = downlink.clone().run(way, self.shutdown.clone());
            self.tracker.spawn(sending);
        }
        Ok(())
    }
}

/// What comes of a feed: its readings, and answers to its commands.
fn filters(feed: &FeedDef) -> impl Iterator<Item = String> {
    let replies = feed.commands.iter().filter_map(CommandDef::reply_filter);
    let replies: BTreeSet<String> = replies.collect();
    feed.topic.clone().into_iter().chain(replies)
}

/// What takes messages from the broker at `url`.
///
/// The session at the broker is named after the city, so that it is the same after a restart.
fn bridge(url: &Url, package: &Package) -> Result<Bridge, BridgeError> {
    Bridge::new(BridgeConfig {
        url: url.to_string(),
        client_id: format!("egret-{}", package.city.id),
        filters: package.feeds.iter().flat_map(filters).collect(),
        payload_bytes_max: PAYLOAD_BYTES_MAX,
    })
}

/// Who is told how the connection to a broker stands: the log, the measurements and the book.
struct Told {
    host: String,
    number: usize,
    telemetry: Telemetry,
    book: BrokerBook,
}

impl Told {
    /// Tells them until the bridge ends.
    async fn follow(self, mut state: watch::Receiver<BridgeState>) {
        self.telemetry.broker(&self.host, false);
        while state.changed().await.is_ok() {
            let now = state.borrow_and_update().clone();
            self.telemetry
                .broker(&self.host, now == BridgeState::Connected);
            self.book.note(self.number, &now, clock::now());
            match now {
                BridgeState::Connected => {
                    tracing::info!(broker = self.host, "connected to the broker");
                }
                BridgeState::Stopped => return,
                // The bridge itself logs why a connection was lost.
                BridgeState::Connecting | BridgeState::Lost { .. } => {}
            }
        }
    }
}
