//! A batch of messages on its way to the journal, refusals with their evidence among them.

use egret_city::entry::{Entry, Refused};
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Rejection;

use super::Origin;
use super::sealing::MessageKeys;
use crate::journal::pending::Pending;
use crate::limits::QUARANTINE_RAW_BYTES;
use crate::seal::payload::Sealing;
use crate::store::{Beside, QuarantineRow};

/// Messages on their way to the journal.
pub(crate) struct Gathering {
    pub(super) pending: Pending,
}

impl Gathering {
    /// Begins a batch.
    pub(crate) fn begin() -> Self {
        Self {
            pending: Pending::begin(),
        }
    }

    /// Adds an entry that is no message's.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.pending.entries.push(entry);
    }

    /// Has refused messages leave quarantine, by their numbers, once this is durable.
    pub(crate) fn release(&mut self, ids: &[i64]) {
        self.pending.released.extend_from_slice(ids);
    }

    /// How many entries it has.
    pub(crate) fn n_entries(&self) -> usize {
        self.pending.entries.len()
    }

    /// Whether there is nothing to keep.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.entries.is_empty()
    }

    /// Keeps a refusal and its evidence, sealed if there are `keys`.
    pub(super) fn refuse(
        &mut self,
        feed: Option<&FeedDef>,
        origin: Origin<'_>,
        payload: &[u8],
        rejection: &Rejection,
        keys: Option<&MessageKeys<'_>>,
    ) {
        let head = payload
            .get(..payload.len().min(QUARANTINE_RAW_BYTES))
            .unwrap_or_default();
        let pending = &mut self.pending;
        let beside = Beside::of(origin.way, origin.beside).bytes();
        let (raw, beside, sealing) = match keys {
            Some(keys) => keys.close(head, &beside, pending.n_entries()),
            None => (head.to_vec(), beside, Sealing::None),
        };
        let row = QuarantineRow {
            received_at: origin.received_at,
            feed: feed.map(|feed| feed.id.clone()),
            sender: origin.sender.to_owned(),
            topic: origin.topic.to_owned(),
            payload_bytes: origin.payload_bytes,
            raw,
            beside,
            sealing,
            rejection: rejection.clone(),
        };
        pending.quarantine.push((pending.entries.len(), row));
        pending.entries.push(refused(feed, origin, rejection));
    }
}

/// The entry of a refusal.
pub(super) fn refused(feed: Option<&FeedDef>, origin: Origin<'_>, rejection: &Rejection) -> Entry {
    Entry::Refused(Refused {
        feed: feed.map(|feed| feed.id.clone()),
        stage: rejection.stage,
        reason: rejection.reason,
        received_at: origin.received_at,
    })
}
