//! What is left of a connection until its will is published, called off, or left to the next run.
//!
//! # Source
//! MQTT 5.0 sections 3.1.2.5 and 3.1.3.2.2.

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Shared;
use super::handshake::may_will;
use crate::gate::{Pass, has_ended};
use crate::hub::Message;
use crate::hub::session::{Fate, Seat};
use crate::hub::wills::{Back, Left};
use crate::protocol::words::{Will, beside};
use crate::taker::{Arrival, Outcome};

/// A will that nobody can call off by saying goodbye any more.
pub(super) struct Testament {
    pub(super) shared: Arc<Shared>,
    pub(super) client: SmolStr,
    /// The session that it is of; zero if that was an earlier run's.
    pub(super) from: u64,
    /// By what it is kept, if it is.
    pub(super) kept: Option<u64>,
}

/// What becomes of a will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Publish,
    CallOff,
    /// The server stops: the next run goes on waiting.
    Leave,
}

/// Waits for what earlier runs have left, each until its time.
pub(crate) fn wait_for_wills(shared: &Arc<Shared>, tracker: &TaskTracker) {
    let left = shared.hub.take_wills();
    if !left.is_empty() {
        tracing::info!(
            n_wills = left.len(),
            "MQTT wills wait for clients to come back"
        );
    }
    for one in left {
        tracker.spawn(carry_out(Arc::clone(shared), one));
    }
}

async fn carry_out(shared: Arc<Shared>, left: Left) {
    let turn = tokio::select! {
        back = left.back => match back {
            Ok(Back::InTime) => Turn::CallOff,
            Ok(Back::Anew) | Err(_) => Turn::Publish,
        },
        () = tokio::time::sleep_until(left.due_at) => Turn::Publish,
        () = shared.shutdown.cancelled() => Turn::Leave,
    };
    let pass = shared.gate.recall(&left.key.owner);
    let testament = Testament {
        shared,
        client: left.key.client,
        from: 0,
        kept: Some(left.number),
    };
    testament.finish(turn, left.will, pass).await;
}

impl Testament {
    /// Sees to it that a will is published when it is due, unless its client comes back to `seat`.
    pub(super) async fn execute(
        self,
        (will, pass): (Will, Arc<dyn Pass>),
        seat: &Seat,
        left_at: Instant,
    ) {
        let turn = self.turn(&will, seat, left_at).await;
        self.finish(turn, will, Some(pass)).await;
    }

    /// Waits for the will's delay to pass, or for the session to end before. A stop of the server does
    /// not wait: what is not kept is published, for nobody would know of it after that.
    async fn turn(&self, will: &Will, seat: &Seat, left_at: Instant) -> Turn {
        if will.delay.is_zero() {
            return Turn::Publish;
        }
        match seat.fate() {
            Fate::Resumed => Turn::CallOff,
            Fate::Ended => Turn::Publish,
            Fate::Open { until, resumed } => {
                let due_at = until.min(left_at + will.delay);
                self.note_due(due_at);
                tokio::select! {
                    resumed = resumed => match resumed {
                        Ok(()) => Turn::CallOff,
                        Err(_ended) => Turn::Publish,
                    },
                    () = tokio::time::sleep_until(due_at) => Turn::Publish,
                    () = self.shared.shutdown.cancelled() => match self.kept {
                        Some(_) => Turn::Leave,
                        None => Turn::Publish,
                    },
                }
            }
        }
    }

    /// Has it kept when it is due.
    fn note_due(&self, due_at: Instant) {
        if let (Some(number), Some(ledger)) = (self.kept, self.shared.hub.ledger()) {
            ledger.will_is_due(number, ledger.wall_ms(due_at));
        }
    }

    async fn finish(self, turn: Turn, will: Will, pass: Option<Arc<dyn Pass>>) {
        let is_over = match turn {
            Turn::Leave => false,
            Turn::CallOff => true,
            Turn::Publish => self.publish(will, pass).await,
        };
        if is_over {
            self.forget();
        }
    }

    /// Has it kept no longer.
    fn forget(&self) {
        if let (Some(number), Some(ledger)) = (self.kept, self.shared.hub.ledger()) {
            ledger.will(number, None);
        }
    }

    /// Publishes a will as if its client had, with the same keeping before routing, if its client still
    /// may: it was asked for at CONNECT, which can be long ago. False if it is still to be done.
    async fn publish(&self, will: Will, pass: Option<Arc<dyn Pass>>) -> bool {
        let Self { shared, client, .. } = self;
        let may = |pass: &dyn Pass| !has_ended(pass) && may_will(&will, pass);
        if !pass.is_some_and(|pass| may(&*pass)) {
            shared.counters.publishes_denied.add(1);
            tracing::warn!(%client, topic = %will.topic, "will refused: not authorized");
            return true;
        }
        let arrival = Arrival {
            topic: will.topic.clone(),
            payload_bytes: will.payload.len(),
            payload: will.payload.clone(),
            client: client.clone(),
            beside: beside(&will.properties),
        };
        let Ok(receipt) = shared.taker.take(vec![arrival]).await else {
            return self.is_lost("the server is shutting down");
        };
        match receipt.await.as_deref() {
            Ok([Outcome::Kept]) => {
                shared.counters.wills_published.add(1);
                shared.hub.route(&Arc::new(Message {
                    topic: will.topic,
                    payload: will.payload,
                    qos: will.qos,
                    is_retained: will.is_retained,
                    properties: will.properties,
                    from: self.from,
                    expires_at: will.expiry.map(|expiry| Instant::now() + expiry),
                    label: None,
                    number: OnceLock::new(),
                }));
                true
            }
            Ok(outcome) => {
                tracing::warn!(%client, ?outcome, "will refused");
                true
            }
            Err(_) => self.is_lost("it was not taken in"),
        }
    }

    /// Says that a will could not be published, unless the next run will do it; false.
    fn is_lost(&self, why: &str) -> bool {
        if self.kept.is_none() {
            tracing::error!(client = %self.client, why, "will lost");
        }
        false
    }
}
