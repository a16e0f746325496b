//! The batches of one connection that wait for their commit, in PUBLISH order; the endpoint and the
//! bridge use it alike.
//!
//! Acknowledgements leave in the order of the messages, as the standard wants: a batch that is
//! durable early waits for the ones before it, and so does a refusal that needed no commit.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::hub::Message;
use crate::protocol::build::code;
use crate::taker::{Outcome, Receipt, Refusal};

/// One PUBLISH that waits for its acknowledgement.
pub(crate) struct Slot {
    /// Zero for QoS 0.
    pub(crate) identifier: u16,
    pub(crate) qos: u8,
    /// The reason code, if it was refused before the taker saw it.
    pub(crate) refused: Option<u8>,
    /// What to route to subscribers once it is kept, if anybody could want it.
    pub(crate) message: Option<Arc<Message>>,
}

/// The slots of one batch, and the taker's word for it.
pub(crate) struct Batch {
    /// `None` if nothing of it went to the taker.
    pub(crate) receipt: Option<Receipt>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) payload_bytes: usize,
}

/// The taker dropped its word: nothing of the batch may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unkept;

/// A slot whose fate is known, with its reason code.
pub(crate) struct Settled {
    pub(crate) slot: Slot,
    pub(crate) reason: u8,
}

/// The batches under way.
#[derive(Default)]
pub(crate) struct Pending {
    batches: VecDeque<Batch>,
    n_slots: usize,
    payload_bytes: usize,
    qos2: BTreeSet<u16>,
}

impl Pending {
    pub(crate) fn push(&mut self, batch: Batch) {
        self.n_slots += batch.slots.len();
        self.payload_bytes += batch.payload_bytes;
        let exactly_once = batch.slots.iter().filter(|slot| slot.qos == 2);
        self.qos2.extend(exactly_once.map(|slot| slot.identifier));
        self.batches.push_back(batch);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    pub(crate) fn n_slots(&self) -> usize {
        self.n_slots
    }

    pub(crate) fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    /// Whether a QoS 2 message with this identifier waits for its PUBREC.
    pub(crate) fn has_qos2(&self, identifier: u16) -> bool {
        self.qos2.contains(&identifier)
    }

    /// Waits for the oldest batch, and takes every batch behind it that is settled too, so that
    /// their acknowledgements share a write. Loses nothing if it is dropped early.
    ///
    /// # Errors
    /// The taker will never keep the oldest batch.
    pub(crate) async fn settled(&mut self) -> Result<Vec<Settled>, Unkept> {
        let Some(front) = self.batches.front_mut() else {
            return std::future::pending().await;
        };
        let outcomes = match &mut front.receipt {
            Some(receipt) => receipt.await.ok(),
            None => Some(Vec::new()),
        };
        let mut settled = Vec::new();
        self.pop(outcomes, &mut settled)?;
        while let Some(front) = self.batches.front_mut() {
            let outcomes = match &mut front.receipt {
                Some(receipt) => match receipt.try_recv() {
                    Ok(outcomes) => Some(outcomes),
                    // Whether it is late or lost, the next call will tell.
                    Err(_) => break,
                },
                None => Some(Vec::new()),
            };
            self.pop(outcomes, &mut settled)?;
        }
        Ok(settled)
    }

    fn pop(
        &mut self,
        outcomes: Option<Vec<Outcome>>,
        settled: &mut Vec<Settled>,
    ) -> Result<(), Unkept> {
        let Some(batch) = self.batches.pop_front() else {
            return Err(Unkept);
        };
        self.n_slots -= batch.slots.len();
        self.payload_bytes -= batch.payload_bytes;
        let mut outcomes = outcomes.ok_or(Unkept)?.into_iter();
        for slot in batch.slots {
            let reason = match slot.refused {
                Some(reason) => reason,
                None => reason_from_outcome(outcomes.next().ok_or(Unkept)?),
            };
            if slot.qos == 2 {
                self.qos2.remove(&slot.identifier);
            }
            settled.push(Settled { slot, reason });
        }
        Ok(())
    }
}

fn reason_from_outcome(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Kept => code::SUCCESS,
        Outcome::Refused(Refusal::Topic) => code::TOPIC_INVALID,
        Outcome::Refused(Refusal::TooLarge) => code::QUOTA_EXCEEDED,
        Outcome::Refused(Refusal::Payload) => code::PAYLOAD_INVALID,
    }
}
