//! What messages would become, without keeping them; and what those without identity are called.

use egret_city::entry::Entry;
use egret_decode::decoder::Message;
use egret_decode::reading::Decoded;
use egret_shared::id::MessageId;
use egret_shared::rejection::Rejection;

use super::ways::step;
use super::{Intake, Origin};

/// Names for the elements of a message whose sender has a name for it.
pub(super) struct Names<'a> {
    base: Option<&'a str>,
    n_before: usize,
}

impl<'a> Names<'a> {
    pub(super) fn new(base: Option<&'a str>) -> Self {
        Self { base, n_before: 0 }
    }

    /// The name of the next element: the message's, or with its number behind it.
    pub(super) fn next(&mut self) -> Option<String> {
        let base = self.base?;
        let number = self.n_before;
        self.n_before += 1;
        Some(match number {
            0 => base.to_owned(),
            number => format!("{base}/{number}"),
        })
    }
}

/// `decoded` with `name` as its message's id, if nothing else tells it from others: one with a time
/// of its own is known by that, also where it comes by another way.
pub(super) fn named(mut decoded: Decoded, name: Option<String>) -> Decoded {
    let (message, is_timed) = match &mut decoded {
        Decoded::Reading(reading) => (&mut reading.message, reading.at.is_some()),
        Decoded::Report(report) => (&mut report.message, report.at.is_some()),
    };
    if message.is_none() && !is_timed {
        *message = name.map(MessageId::new);
    }
    decoded
}

impl Intake {
    /// What every element of `payload` would become, kept nowhere and counted by nothing.
    pub(crate) fn tried(
        &self,
        feed: usize,
        origin: Origin<'_>,
        payload: &[u8],
    ) -> Vec<Result<Entry, Rejection>> {
        let ways = &*self.ways;
        let Some(def) = ways.package.feeds.get(feed) else {
            return Vec::new();
        };
        let Some(decoder) = ways.decoder(feed, origin.way) else {
            return vec![Err(super::ways::no_envelope(def))];
        };
        let message = Message::new(origin.topic, payload, origin.received_at);
        let entry_of = |decoded: Decoded| match decoded {
            Decoded::Reading(reading) => {
                let observation = ways.validator.observation(def, reading, origin.received_at);
                observation.map(Entry::Observation)
            }
            Decoded::Report(raw) => {
                let step = step(&ways.validator, def, raw, origin.received_at);
                step.map(|(entry, _personal)| entry)
            }
        };
        let elements = decoder.decode(&message).into_iter();
        elements.map(|element| element.and_then(entry_of)).collect()
    }
}
