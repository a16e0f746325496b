//! How messages of a city package are read: what is the same for all of them.

use std::sync::Arc;

use egret_city::entry::Entry;
use egret_decode::decoder::Decoder;
use egret_decode::reading::{Decoded, RawReport};
use egret_package::Package;
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::TimeMs;
use egret_validate::Validator;
use egret_validate::validator::Personal;

use super::clocks::Clocks;
use super::sealing::MessageKeys;
use super::{Gathering, Origin, Way};
use crate::seal::Seal;
use crate::seal::payload::Sealing;
use crate::store::Beside;
use crate::store::raw::RawMessage;
use crate::topics::Topics;

/// Everything that is the same for all messages.
pub(super) struct Ways {
    pub(super) package: Arc<Package>,
    pub(super) topics: Topics,
    /// Of answers to commands.
    pub(super) replies: Topics,
    pub(super) decoders: Vec<Decoders>,
    pub(super) validator: Validator,
    pub(super) seal: Seal,
    pub(super) clocks: Arc<Clocks>,
    pub(super) archives: bool,
}

/// How a feed's messages are read: in its own format, and in Egret's or in envelopes over HTTP.
pub(super) struct Decoders {
    pub(super) own: Decoder,
    pub(super) native: Decoder,
    /// Absent where the format is no JSON that a CloudEvent can hold.
    pub(super) event: Option<Decoder>,
}

pub(super) fn no_envelope(feed: &FeedDef) -> Rejection {
    let format = feed.format.as_str();
    let detail = format!(
        "messages of feed \"{}\" are {format}, not CloudEvents",
        feed.id
    );
    Rejection::new(Stage::Source, Reason::BadShape, detail)
}

/// The entry that a report's step is, and the fields that identify a person, which must not go
/// where the entry goes.
///
/// # Errors
/// Why it cannot be one.
pub(crate) fn step(
    validator: &Validator,
    feed: &FeedDef,
    mut raw: RawReport,
    received_at: TimeMs,
) -> Result<(Entry, Vec<Personal>), Rejection> {
    let issued = raw.issued.take();
    let issued = issued
        .map(|issued| validator.issued(feed, *issued))
        .transpose()?;
    let (report, personal) = validator.report(feed, raw, received_at)?;
    Ok((Entry::of_report(report, issued), personal))
}

impl Ways {
    /// What is the same for all messages of `package`.
    pub(super) fn of(
        package: Arc<Package>,
        seal: Seal,
        clocks: Arc<Clocks>,
        archives: bool,
    ) -> Self {
        let topics = Topics::of(&package);
        let mut replies = Topics::default();
        replies.insert_replies(&package);
        let decoders = package
            .feeds
            .iter()
            .map(|feed| {
                let native = FeedDef {
                    format: Format::EgretJson,
                    map: None,
                    ..feed.clone()
                };
                let event = FeedDef {
                    format: Format::Cloudevents,
                    ..feed.clone()
                };
                let fits = matches!(
                    feed.format,
                    Format::EgretJson | Format::MappedJson | Format::Cloudevents
                );
                Decoders {
                    own: Decoder::new(feed, package.timezone),
                    native: Decoder::new(&native, package.timezone),
                    event: fits.then(|| Decoder::new(&event, package.timezone)),
                }
            })
            .collect();
        let validator = Validator::new(Arc::clone(&package));
        Self {
            package,
            topics,
            replies,
            decoders,
            validator,
            seal,
            clocks,
            archives,
        }
    }

    /// The feed whose commands are answered by `topic`, if there is one.
    pub(super) fn replies_to(&self, topic: &str) -> Option<&FeedDef> {
        self.package.feeds.get(self.replies.find(topic)?)
    }

    /// What reads messages of the feed with index `feed` in this way, if anything does.
    pub(super) fn decoder(&self, feed: usize, way: Way) -> Option<&Decoder> {
        let decoders = self.decoders.get(feed)?;
        match way {
            Way::Own => Some(&decoders.own),
            Way::Native => Some(&decoders.native),
            Way::Event => decoders.event.as_ref(),
        }
    }

    pub(super) fn keep(
        &self,
        gathering: &mut Gathering,
        feed: &FeedDef,
        decoded: Decoded,
        origin: Origin<'_>,
        keys: Option<&mut MessageKeys<'_>>,
    ) -> Result<(), Rejection> {
        let pending = &mut gathering.pending;
        let entry = match decoded {
            Decoded::Reading(reading) => {
                let validator = &self.validator;
                Entry::Observation(validator.observation(feed, reading, origin.received_at)?)
            }
            Decoded::Report(raw) => {
                let (entry, personal) = step(&self.validator, feed, raw, origin.received_at)?;
                if let Entry::Report(report) | Entry::Issued(report, _) = &entry
                    && let Some(keys) = keys.filter(|_| !personal.is_empty())
                {
                    keys.keep_personal(pending, report, &personal);
                }
                entry
            }
        };
        pending.entries.push(entry);
        Ok(())
    }

    /// Archives the message whose entries are those from index `first` on, if there is any.
    pub(super) fn archive(
        &self,
        gathering: &mut Gathering,
        first: usize,
        origin: Origin<'_>,
        payload: &[u8],
        keys: Option<&MessageKeys<'_>>,
    ) {
        let pending = &mut gathering.pending;
        let n_entries = pending.n_entries() - first;
        if n_entries == 0 || !self.archives {
            return;
        }
        let beside = Beside::of(origin.way, origin.beside).bytes();
        let closed = keys.map(|keys| keys.close(payload, &beside, first));
        let (kept, beside, sealing) = match &closed {
            Some((sealed, beside, sealing)) => (sealed.as_slice(), beside, *sealing),
            None => (payload, &beside, Sealing::None),
        };
        pending.raw.push(&RawMessage {
            first,
            n_entries,
            received_at: origin.received_at,
            sender: origin.sender,
            topic: origin.topic,
            payload: kept,
            beside,
            bytes: payload.len(),
            sealing,
        });
    }
}
