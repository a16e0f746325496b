//! The keys of one message of a feed with personal fields, and what is sealed with them.

use egret_shared::package::feed::FeedDef;
use egret_shared::report::Report;
use egret_shared::time::TimeMs;

use crate::journal::pending::Pending;
use crate::seal::payload::{self, Part, Place, Sealing};
use crate::seal::{DataKey, Seal};
use crate::store::personal::{KeyRow, PersonalRow, close_fields, words_of};

/// Keys of a message, by the indexes of their entries in the batch, in order.
///
/// Each report with personal fields has one, so that a person can be erased without the others in
/// the message; a refusal has one, for whoever may be in what could not be read; and a message
/// with neither has one at its first entry. The payload is sealed with all of them.
pub(super) struct MessageKeys<'a> {
    seal: &'a Seal,
    /// Index of the message's first entry.
    first: usize,
    received_at: TimeMs,
    keys: Vec<(usize, DataKey)>,
    /// Whether one could not be made.
    is_broken: bool,
}

impl<'a> MessageKeys<'a> {
    /// No key yet, for a message that will begin at index `first`; `None` if `feed` has no personal
    /// fields and nothing of it is to be sealed.
    pub(super) fn of(
        feed: &FeedDef,
        seal: &'a Seal,
        first: usize,
        received_at: TimeMs,
    ) -> Option<Self> {
        (!feed.personal.is_empty()).then(|| Self {
            seal,
            first,
            received_at,
            keys: Vec::new(),
            is_broken: false,
        })
    }

    /// Keeps the personal fields of the report that is about to become the batch's next entry.
    pub(super) fn keep_personal(
        &mut self,
        pending: &mut Pending,
        report: &Report,
        fields: &[(String, String)],
    ) {
        let index = pending.n_entries();
        let Some(key) = self.new_key(pending, index) else {
            return;
        };
        let row = PersonalRow {
            feed: report.feed.clone(),
            report: report.report.clone(),
            sealed: close_fields(key, &report.feed, &report.report, fields),
            words: words_of(self.seal, fields),
        };
        if !row.sealed.is_empty() {
            pending.personal.push((index, row));
        }
    }

    /// Makes the keys that are still missing, once everything that was accepted is in the batch
    /// and before the refusal, if anything `is_refused`.
    pub(super) fn complete(&mut self, pending: &mut Pending, is_refused: bool, is_archived: bool) {
        let n_entries = pending.n_entries();
        if is_refused {
            self.new_key(pending, n_entries);
        } else if is_archived && self.keys.is_empty() && n_entries > self.first {
            self.new_key(pending, self.first);
        }
    }

    /// `payload` and what came beside it, sealed with all keys, to be kept with the entry of index
    /// `at`; of nothing, nothing. Empty if a key is missing, because the system has no randomness.
    pub(super) fn close(
        &self,
        payload: &[u8],
        beside: &[u8],
        at: usize,
    ) -> (Vec<u8>, Vec<u8>, Sealing) {
        let short = |length: usize| u32::try_from(length).ok();
        let last = self.keys.last().filter(|_| !self.is_broken);
        let span = last.map(|(last, _)| last + 1 - self.first);
        let (Some(back), Some(span), Some(n_keys)) = (
            short(at - self.first),
            span.and_then(short),
            short(self.keys.len()),
        ) else {
            return (Vec::new(), Vec::new(), Sealing::Erased);
        };
        let place = Place { back, span, n_keys };
        let sealed =
            |part, plain| payload::close(part, plain, place, self.keys.iter().map(|(_, key)| key));
        let payload = sealed(Part::Payload, payload);
        let beside = match beside {
            [] => Vec::new(),
            beside => sealed(Part::Beside, beside),
        };
        let sealing = if payload.is_empty() {
            Sealing::Erased
        } else {
            Sealing::Keys
        };
        (payload, beside, sealing)
    }

    fn new_key(&mut self, pending: &mut Pending, index: usize) -> Option<&DataKey> {
        let new = self.seal.new_key();
        self.is_broken |= new.is_none();
        let (key, wrapped) = new?;
        let row = KeyRow {
            received_at: self.received_at,
            wrapped,
        };
        pending.keys.push((index, row));
        self.keys.push((index, key));
        self.keys.last().map(|(_, key)| key)
    }
}
