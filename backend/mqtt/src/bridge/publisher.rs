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
    /// It has waited for the connection until it was of no use any more.
    #[error("it is of no use any more: it has waited too long for the connection")]
    Late,
}

type Reply = oneshot::Sender<Result<Instant, NotPublished>>;

/// An order that somebody wants published.
struct Ask {
    order: Order,
    asked_at: Instant,
    reply: Reply,
}

/// An order that the client has and the broker has not answered.
struct UnderWay {
    reply: Reply,
    /// When the client got it: it may have waited for the connection before.
    handed_at: Instant,
}

/// A publishing connection that is not running yet.
pub struct Publisher {
    bridge: Bridge,
    asked: mpsc::Receiver<Ask>,
}

/// Asks a [`Publisher`]. Cheap to clone.
#[derive(Clone)]
pub struct ToBroker {
    name: SmolStr,
    asks: mpsc::Sender<Ask>,
}

impl ToBroker {
    /// The broker's host and port.
    pub fn name(&self) -> &SmolStr {
        &self.name
    }

    /// Publishes `order`; done once the broker has it. When it was handed over: an order waits here
    /// while the connection is being made, and nothing is done by it meanwhile.
    ///
    /// # Errors
    /// [`NotPublished`]: it may be tried again. The broker may have it all the same, if the line broke
    /// before it could say so.
    pub async fn publish(&self, order: Order) -> Result<Instant, NotPublished> {
        let (reply, done) = oneshot::channel();
        let lost = || NotPublished::Lost("it was lost, or the server stops".to_owned());
        let ask = Ask {
            order,
            asked_at: Instant::now(),
            reply,
        };
        let sent = self.asks.send(ask).await;
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
                    Some(ask) = self.asked.recv() => {
                        drop(ask.reply.send(Err(NotPublished::Lost(reason.clone()))));
                    }
                }
            }
        }
    }

    async fn talk(&mut self, shutdown: &CancellationToken) -> Ended {
        let (sender, mut receiver) = line::open(&self.bridge);
        let mut is_connected = false;
        let mut under_way: VecDeque<UnderWay> = VecDeque::new();
        loop {
            // The driver's future is never dropped half-way: a packet could be lost half-written.
            let mut next = Box::pin(receiver.next());
            let event = loop {
                let overdue = under_way.front().map(|one| one.handed_at + TAKEN_WITHIN);
                tokio::select! {
                    event = &mut next => break event,
                    Some(Ask { order, asked_at, reply }) = self.asked.recv(),
                        if is_connected && under_way.is_empty() =>
                    {
                        let handed_at = Instant::now();
                        let Some(order) = order.after(handed_at - asked_at) else {
                            drop(reply.send(Err(NotPublished::Late)));
                            continue;
                        };
                        under_way.push_back(UnderWay { reply, handed_at });
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
                    if let Some(UnderWay { reply, handed_at }) = under_way.pop_front() {
                        let taken = taken.map(|()| handed_at).map_err(NotPublished::Refused);
                        drop(reply.send(taken));
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;
    use tokio_util::task::TaskTracker;

    use super::*;

    /// Longer than it may take on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(20);

    fn order() -> Order {
        Order {
            topic: "pump/P-1/set".into(),
            payload: "on".into(),
            qos: 1,
            expiry: Duration::from_mins(1),
            response_topic: None,
            correlation: "o-1".into(),
        }
    }

    /// The body of the next packet, which is short.
    async fn packet(stream: &mut TcpStream) -> Vec<u8> {
        let mut head = [0; 2];
        stream.read_exact(&mut head).await.unwrap();
        assert!(head[1] < 0x80, "a length of one byte");
        let mut body = vec![0; usize::from(head[1])];
        stream.read_exact(&mut body).await.unwrap();
        body
    }

    /// A broker of MQTT 3.1.1 that lets in whoever comes and takes an order; when it let them in, and the
    /// line, which holds until it is let go.
    async fn take_one(listener: &TcpListener) -> (Instant, TcpStream) {
        let (mut stream, _) = listener.accept().await.unwrap();
        packet(&mut stream).await;
        let let_in_at = Instant::now();
        stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        let publish = packet(&mut stream).await;
        // Behind the topic, which has its length before it.
        let at = 2 + usize::from(publish[1]);
        let puback = [0x40, 2, publish[at], publish[at + 1]];
        stream.write_all(&puback).await.unwrap();
        (let_in_at, stream)
    }

    #[tokio::test]
    async fn an_order_that_waits_for_the_connection_is_handed_over_once_it_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("mqtt://127.0.0.1:{port}?version=3.1.1");
        let (publisher, broker) = Publisher::new(&url, "egret-test-orders".into()).unwrap();
        let (shutdown, tracker) = (CancellationToken::new(), TaskTracker::new());
        tracker.spawn(publisher.run(shutdown.clone()));
        tracker.close();
        // The order is asked for before anybody is let in.
        let both = async { tokio::join!(broker.publish(order()), take_one(&listener)) };
        let (handed_at, (let_in_at, line)) = timeout(PATIENCE, both).await.expect("not in time");
        assert!(handed_at.unwrap() >= let_in_at);
        // It is away, and nobody waits for it to say goodbye.
        drop((listener, line));
        shutdown.cancel();
        timeout(PATIENCE, tracker.wait())
            .await
            .expect("not stopped");
    }
}
