//! Orders out to an existing broker: a connection of its own, which only publishes.
//!
//! One order is under way at a time, and whoever asked is told what became of it: the broker has it, or
//! not. What was under way when a connection is lost counts as not published; whoever asked tries again.

use std::collections::VecDeque;
use std::time::Duration;

use smol_str::SmolStr;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::line::{self, Event};
use super::url::BrokerUrl;
use super::{Bridge, BridgeConfig, BridgeError, BridgeState, tls};
use crate::order::Order;

/// Orders that may wait for the connection. One way has one asker, who waits.
const ASKED_MAX: usize = 8;

/// How long the broker may take with an order.
const TAKEN_WITHIN: Duration = Duration::from_secs(10);

/// How long our goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// The broker does not have the order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPublished {
    /// There is no connection, or it was lost.
    #[error("no connection to the broker: {0}")]
    Lost(String),
    /// The broker says no; by MQTT 5 also that nobody listens.
    #[error("the broker refuses: {0}")]
    Refused(String),
}

type Reply = oneshot::Sender<Result<(), NotPublished>>;

/// A publishing connection that is not running yet.
pub struct Publisher {
    bridge: Bridge,
    asked: mpsc::Receiver<(Order, Reply)>,
}

/// Asks a [`Publisher`]. Cheap to clone.
#[derive(Clone)]
pub struct ToBroker {
    name: SmolStr,
    asks: mpsc::Sender<(Order, Reply)>,
}

impl ToBroker {
    /// The broker's host and port.
    pub fn name(&self) -> &SmolStr {
        &self.name
    }

    /// Publishes `order`; done once the broker has it.
    ///
    /// # Errors
    /// [`NotPublished`]: it may be tried again. The broker may have it all the same, if the line broke
    /// before it could say so.
    pub async fn publish(&self, order: Order) -> Result<(), NotPublished> {
        let (reply, done) = oneshot::channel();
        let lost = || NotPublished::Lost("it was lost, or the server stops".to_owned());
        let sent = self.asks.send((order, reply)).await;
        sent.map_err(|_gone| lost())?;
        done.await.map_err(|_gone| lost())?
    }
}

/// How a connection ended.
enum Ended {
    Stopped,
    Lost(String),
}

impl Publisher {
    /// A connection to the broker at `url`, as in [`BridgeConfig`], and what asks it.
    ///
    /// # Errors
    /// Says what is wrong with the URL; passwords do not appear.
    pub fn new(url: &str, client_id: String) -> Result<(Self, ToBroker), BridgeError> {
        let broker = BrokerUrl::parse(url)?;
        let name = format!("{}:{}", broker.host, broker.port).into();
        let bridge = Bridge {
            tls: broker.tls.as_ref().map(tls::client).transpose()?,
            config: BridgeConfig {
                url: url.to_owned(),
                client_id,
                filters: Vec::new(),
                payload_bytes_max: 0,
            },
            broker,
            state: tokio::sync::watch::Sender::new(BridgeState::Connecting),
            settled: std::sync::Arc::default(),
        };
        let (asks, asked) = mpsc::channel(ASKED_MAX);
        Ok((Self { bridge, asked }, ToBroker { name, asks }))
    }

    /// Publishes until `shutdown` is cancelled, connecting again whenever the connection is lost.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut backoff = Backoff::default();
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            let Ended::Lost(reason) = self.talk(&shutdown).await else {
                return;
            };
            let pause = backoff.next_pause(began.elapsed());
            let broker = &self.bridge.broker;
            tracing::warn!(%broker, %reason, ?pause, "broker lost, for orders");
            let until = tokio::time::sleep(pause);
            tokio::pin!(until);
            loop {
                tokio::select! {
                    () = &mut until => break,
                    () = shutdown.cancelled() => return,
                    // Nobody waits longer than they must.
                    Some((_, reply)) = self.asked.recv() => {
                        drop(reply.send(Err(NotPublished::Lost(reason.clone()))));
                    }
                }
            }
        }
    }

    async fn talk(&mut self, shutdown: &CancellationToken) -> Ended {
        let (sender, mut receiver) = line::open(&self.bridge);
        let mut is_connected = false;
        let mut under_way: VecDeque<(Reply, Instant)> = VecDeque::new();
        loop {
            // The driver's future is never dropped half-way: a packet could be lost half-written.
            let mut next = Box::pin(receiver.next());
            let event = loop {
                let overdue = under_way.front().map(|(_, by)| *by);
                tokio::select! {
                    event = &mut next => break event,
                    Some((order, reply)) = self.asked.recv(),
                        if is_connected && under_way.is_empty() =>
                    {
                        under_way.push_back((reply, Instant::now() + TAKEN_WITHIN));
                        if !sender.publish(order) {
                            return Ended::Lost("cannot publish".to_owned());
                        }
                    }
                    () = tokio::time::sleep_until(overdue.unwrap_or_else(Instant::now)),
                        if overdue.is_some() =>
                    {
                        return Ended::Lost("the broker does not answer".to_owned());
                    }
                    () = shutdown.cancelled() => {
                        drop(next);
                        goodbye(&sender, &mut receiver).await;
                        return Ended::Stopped;
                    }
                }
            };
            drop(next);
            match event {
                Ok(Event::Connected) => is_connected = true,
                Ok(Event::Taken(taken)) => {
                    if let Some((reply, _)) = under_way.pop_front() {
                        drop(reply.send(taken.map_err(NotPublished::Refused)));
                    }
                }
                Ok(Event::Subscribed(_) | Event::Message(_) | Event::Other) => {}
                Err(reason) => return Ended::Lost(reason),
            }
        }
    }
}

async fn goodbye(sender: &line::Sender, receiver: &mut line::Receiver) {
    if sender.disconnect() {
        let driven = async { while receiver.next().await.is_ok() {} };
        if tokio::time::timeout(GOODBYE_MAX, driven).await.is_err() {
            tracing::debug!("the broker does not close the connection in time");
        }
    }
}
