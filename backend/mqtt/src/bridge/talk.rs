//! One connection to the broker, from its making to its loss.
//!
//! The driver's future is never dropped half-way; while it waits, batches are handed to the taker and
//! settled ones are acknowledged in order. QoS 1 messages are bounded by the window the broker has
//! toward us; if the taker has no room and too much waits (QoS 0), the connection is not read.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::line::{self, Event, Message, Sender};
use super::{Bridge, BridgeState};
use crate::limits::{Limits, PAYLOAD_HEAD_BYTES};
use crate::pending::{Batch, Pending, Settled, Slot, Unkept};
use crate::taker::{Arrival, Closed, Receipt, Taker};

/// Messages that may wait for the taker before the connection is left unread.
const WAITING_MESSAGES_MAX: usize = 4 * line::RECEIVE_MAXIMUM as usize;

/// How long commits under way are awaited on shutdown.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long our goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// How a connection ended.
pub(super) enum Ended {
    /// We stopped.
    Stopped,
    /// It was lost, in words for people.
    Lost(String),
}

/// A batch that the taker has not taken yet.
struct Taking<'a> {
    future: BoxFuture<'a, Result<Receipt, Closed>>,
    slots: Vec<Slot>,
    payload_bytes: usize,
}

/// The state of one connection.
struct Talk<'a> {
    bridge: &'a Bridge,
    taker: &'a dyn Taker,
    sender: Sender,
    waiting: Vec<Arrival>,
    slots: Vec<Slot>,
    waiting_bytes: usize,
    taking: Option<Taking<'a>>,
    pending: Pending,
    lost: Option<String>,
}

/// Connects, subscribes, and takes messages until the connection is lost or `shutdown` is cancelled.
pub(super) async fn talk(
    bridge: &Bridge,
    taker: &dyn Taker,
    shutdown: &CancellationToken,
) -> Ended {
    let (sender, mut receiver) = line::open(bridge);
    let mut talk = Talk {
        bridge,
        taker,
        sender,
        waiting: Vec::new(),
        slots: Vec::new(),
        waiting_bytes: 0,
        taking: None,
        pending: Pending::default(),
        lost: None,
    };
    loop {
        let has_more = receiver.has_more();
        let mut next = Box::pin(receiver.next());
        let event = loop {
            if let Some(reason) = talk.lost.take() {
                return Ended::Lost(reason);
            }
            if !has_more || !talk.may_read() {
                talk.hand_on();
            }
            tokio::select! {
                event = &mut next, if talk.may_read() => break event,
                () = talk.progress() => {}
                () = shutdown.cancelled() => {
                    drop(tokio::time::timeout(DRAIN_MAX, drain(&mut talk, &mut next)).await);
                    drop(next);
                    return goodbye(&talk.sender, &mut receiver).await;
                }
            }
        };
        drop(next);
        match event {
            Ok(event) => talk.on(event),
            Err(reason) => return Ended::Lost(reason),
        }
    }
}

impl Talk<'_> {
    fn on(&mut self, event: Event) {
        match event {
            Event::Connected => {
                if !self.sender.subscribe(self.bridge.subscriptions()) {
                    self.lost = Some("cannot subscribe".into());
                }
            }
            Event::Subscribed(Ok(())) => {
                tracing::info!(broker = %self.bridge.broker, "broker connected");
                self.bridge.state.send_replace(BridgeState::Connected);
            }
            Event::Subscribed(Err(refused)) => {
                self.lost = Some(format!("the broker refuses the subscription: {refused}"));
            }
            Event::Message(message) => self.message(message),
            Event::Taken(_) | Event::Other => {}
        }
    }

    fn message(&mut self, message: Message) {
        let payload_bytes = message.payload.len();
        let kept = if payload_bytes > self.bridge.config.payload_bytes_max {
            payload_bytes.min(PAYLOAD_HEAD_BYTES)
        } else {
            payload_bytes
        };
        // A copy, because the original would hold the client's whole read buffer.
        let payload = Bytes::copy_from_slice(message.payload.get(..kept).unwrap_or_default());
        self.waiting_bytes += kept;
        let qos = u8::from(message.identifier != 0);
        self.slots.push(Slot {
            identifier: message.identifier,
            qos,
            refused: None,
            message: None,
        });
        self.waiting.push(Arrival {
            topic: message.topic,
            payload,
            payload_bytes,
            client: self.bridge.config.client_id.as_str().into(),
            beside: message.beside,
        });
    }

    fn may_read(&self) -> bool {
        self.waiting.len() < WAITING_MESSAGES_MAX
            && self.waiting_bytes < Limits::default().pending_bytes_max
    }

    /// Gives what waits to the taker, one batch at a time.
    fn hand_on(&mut self) {
        if self.taking.is_none() && !self.waiting.is_empty() {
            self.taking = Some(Taking {
                future: self.taker.take(std::mem::take(&mut self.waiting)),
                slots: std::mem::take(&mut self.slots),
                payload_bytes: std::mem::take(&mut self.waiting_bytes),
            });
        }
    }

    /// Waits until a batch is taken or settled, and acts on it.
    async fn progress(&mut self) {
        tokio::select! {
            taken = taken(&mut self.taking) => self.taken(taken),
            settled = self.pending.settled(), if !self.pending.is_empty() => self.settle(settled),
        }
    }

    fn taken(&mut self, taken: Result<Receipt, Closed>) {
        let Some(Taking {
            slots,
            payload_bytes,
            ..
        }) = self.taking.take()
        else {
            return;
        };
        match taken {
            Ok(receipt) => {
                self.pending.push(Batch {
                    receipt: Some(receipt),
                    slots,
                    payload_bytes,
                });
            }
            Err(Closed) => self.lost = Some("the server is shutting down".into()),
        }
    }

    /// Acknowledges what is settled: refused messages too, they are kept in quarantine.
    fn settle(&mut self, settled: Result<Vec<Settled>, Unkept>) {
        let Ok(settled) = settled else {
            self.lost = Some("a message was not kept; the broker is to send it again".into());
            return;
        };
        let n_settled = settled.len() as u64;
        self.bridge.settled.fetch_add(n_settled, Ordering::Relaxed);
        let identifiers = settled.iter().map(|settled| settled.slot.identifier);
        for identifier in identifiers.filter(|&identifier| identifier != 0) {
            if !self.sender.acknowledge(identifier) {
                self.lost = Some("cannot acknowledge".into());
                return;
            }
        }
    }

    fn is_settled(&self) -> bool {
        self.taking.is_none() && self.pending.is_empty()
    }
}

async fn taken(taking: &mut Option<Taking<'_>>) -> Result<Receipt, Closed> {
    match taking {
        Some(taking) => taking.future.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Settles what the taker has, while the connection is kept alive. Messages that come now are not
/// taken, so the broker sends them to the session's next connection.
async fn drain<F>(talk: &mut Talk<'_>, next: &mut F)
where
    F: Future<Output = Result<Event, String>> + Unpin,
{
    let mut is_waiting = true;
    while !talk.is_settled() && talk.lost.is_none() {
        tokio::select! {
            _ = &mut *next, if is_waiting => is_waiting = false,
            () = talk.progress() => {}
        }
    }
}

/// Sends the last acknowledgements and DISCONNECT.
async fn goodbye(sender: &Sender, receiver: &mut line::Receiver) -> Ended {
    if sender.disconnect() {
        let driven = async { while receiver.next().await.is_ok() {} };
        if tokio::time::timeout(GOODBYE_MAX, driven).await.is_err() {
            tracing::debug!("the broker does not close the connection in time");
        }
    }
    Ended::Stopped
}
