//! From what a source hands over to what the journal keeps: decode, validate, locate, and the
//! refusals with their evidence. Runs on the source's own task, so that it uses every core.
//!
//! Messages leave by two lanes: what gateways had stored while they were offline must not hold up
//! what is live, and goes in small batches. Acknowledgements stay in order all the same, for a
//! batch that went in several parts is told once all of them are durable.

mod clocks;
mod gathering;
mod sealing;
mod tried;

use std::sync::Arc;

use egret_city::entry::{Entry, Seq};
use egret_decode::decoder::{Decoder, Message};
use egret_decode::reading::Decoded;
use egret_mqtt::taker::{Arrival, Closed, Outcome, Receipt, Refusal, Taker};
use egret_package::Package;
use egret_shared::id::AreaCode;
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::{Span, TimeMs};
use egret_validate::Validator;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use self::clocks::Clocks;
pub(crate) use self::gathering::Gathering;
use self::gathering::refused;
use self::sealing::MessageKeys;
use self::tried::Names;
use crate::clock;
use crate::journal::observed::observed_at;
use crate::journal::pending::{Done, Pending, Receipts};
use crate::limits::{INTAKE_QUEUE, PAYLOAD_BYTES_MAX, STORED_AFTER, STORED_BATCH, STORED_QUEUE};
use crate::seal::Seal;
use crate::seal::payload::Sealing;
use crate::store::raw::RawMessage;
use crate::topics::Topics;

/// Takes messages in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Intake {
    ways: Arc<Ways>,
    lanes: Lanes,
}

/// The two ways to the journal's writer.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    live: mpsc::Sender<Pending>,
    stored: mpsc::Sender<Pending>,
}

impl Lanes {
    /// Lanes with room for [`INTAKE_QUEUE`] and [`STORED_QUEUE`] batches, and their ends.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Pending>, mpsc::Receiver<Pending>) {
        let (live, live_end) = mpsc::channel(INTAKE_QUEUE);
        let (stored, stored_end) = mpsc::channel(STORED_QUEUE);
        (Self { live, stored }, live_end, stored_end)
    }

    /// Queues a batch, by the lane for stored readings if it is nothing else.
    async fn send(&self, pending: Pending) -> Result<(), Closed> {
        let lane = if is_stored(&pending.entries) {
            &self.stored
        } else {
            &self.live
        };
        lane.send(pending).await.map_err(|_gone| Closed)
    }
}

/// Whether everything in a message happened so long ago that its sender must have stored it.
fn is_stored(entries: &[Entry]) -> bool {
    let is_old = |entry: &Entry| {
        observed_at(entry).is_some_and(|at| entry.received_at().since(at) > STORED_AFTER)
    };
    !entries.is_empty() && entries.iter().all(is_old)
}

/// Everything that is the same for all messages.
struct Ways {
    package: Arc<Package>,
    topics: Topics,
    decoders: Vec<Decoders>,
    validator: Validator,
    seal: Seal,
    clocks: Clocks,
    archives: bool,
}

/// How a feed's messages are read: in its own format, and in Egret's or in envelopes over HTTP.
struct Decoders {
    own: Decoder,
    native: Decoder,
    /// Absent where the format is no JSON that a CloudEvent can hold.
    event: Option<Decoder>,
}

/// Where a message came from, for the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// An MQTT client, a broker, an address.
    pub sender: &'a str,
    /// The MQTT topic or HTTP path.
    pub topic: &'a str,
    /// How long the payload was.
    pub payload_bytes: usize,
    /// When it arrived.
    pub received_at: TimeMs,
    /// What its sender calls it, so that told again it is the same: the id of elements that have
    /// neither id nor time of their own.
    pub named: Option<&'a str>,
}

/// Which of a feed's ways to read a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the feed's own format.
    Own,
    /// In Egret's own JSON.
    Native,
    /// As a CloudEvent around what the feed's own format reads.
    Event,
}

impl Intake {
    /// Reads messages as `package` says and queues them for the journal's writer, with their
    /// payloads if it `archives`.
    pub(crate) fn new(package: Arc<Package>, seal: Seal, lanes: Lanes, archives: bool) -> Self {
        let topics = Topics::of(&package);
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
            ways: Arc::new(Ways {
                package,
                topics,
                decoders,
                validator,
                seal,
                clocks: Clocks::default(),
                archives,
            }),
            lanes,
        }
    }

    /// The index of the feed with this id.
    pub(crate) fn feed(&self, id: &str) -> Option<usize> {
        self.ways
            .package
            .feeds
            .iter()
            .position(|feed| feed.id.as_str() == id)
    }

    /// The feed with index `feed`, as it is declared.
    pub(crate) fn def(&self, feed: usize) -> Option<&FeedDef> {
        self.ways.package.feeds.get(feed)
    }

    /// The finest area that holds `position`; `None` outside the city.
    pub(crate) fn area_at(&self, position: Position) -> Option<AreaCode> {
        self.ways.validator.area_at(position)
    }

    /// Reads `payload` as a message of the feed with index `feed`; returns every refusal in it.
    pub(crate) fn read(
        &self,
        gathering: &mut Gathering,
        feed: usize,
        way: Way,
        origin: Origin<'_>,
        payload: &[u8],
    ) -> Vec<Rejection> {
        let ways = &*self.ways;
        let Some(def) = ways.package.feeds.get(feed) else {
            return Vec::new();
        };
        let Some(decoder) = ways.decoder(feed, way) else {
            let rejection = no_envelope(def);
            self.refuse(gathering, Some(def), origin, payload, &rejection);
            return vec![rejection];
        };
        let mut refusals = Vec::new();
        let message = Message::new(origin.topic, payload, origin.received_at);
        let first = gathering.pending.n_entries();
        let mut keys = MessageKeys::of(def, &ways.seal, first, origin.received_at);
        let mut delay_least = None;
        let mut names = Names::new(origin.named);
        decoder.decode_each(&message, |element| {
            let name = names.next();
            let kept = element.and_then(|decoded| {
                let decoded = tried::named(decoded, name);
                delay_least = delay_least.into_iter().chain(delay(&decoded, origin)).min();
                ways.keep(gathering, def, decoded, origin, keys.as_mut())
            });
            refusals.extend(kept.err());
        });
        if let Some(delay) = delay_least {
            ways.clocks.note(origin.sender, &def.id, delay);
        }
        if let Some(keys) = &mut keys {
            keys.complete(&mut gathering.pending, !refusals.is_empty(), ways.archives);
        }
        ways.archive(gathering, first, origin, payload, keys.as_ref());
        if let Some((first, rest)) = refusals.split_first() {
            gathering.refuse(Some(def), origin, payload, first, keys.as_ref());
            // The payload is kept once; a message of ten thousand bad readings must not fill
            // quarantine with copies of itself.
            gathering
                .pending
                .entries
                .extend(rest.iter().map(|r| refused(Some(def), origin, r)));
        }
        refusals
    }

    /// Keeps a refusal and its evidence.
    pub(crate) fn refuse(
        &self,
        gathering: &mut Gathering,
        feed: Option<&FeedDef>,
        origin: Origin<'_>,
        payload: &[u8],
        rejection: &Rejection,
    ) {
        let ways = &*self.ways;
        let is_private = |feed: &&FeedDef| !feed.personal.is_empty();
        // Without a feed it may have been meant for any.
        let private = match feed {
            Some(feed) => Some(feed).filter(is_private),
            None => ways.package.feeds.iter().find(is_private),
        };
        let first = gathering.pending.n_entries();
        let mut keys =
            private.and_then(|feed| MessageKeys::of(feed, &ways.seal, first, origin.received_at));
        if let Some(keys) = &mut keys {
            keys.complete(&mut gathering.pending, true, ways.archives);
        }
        gathering.refuse(feed, origin, payload, rejection, keys.as_ref());
    }

    /// Queues the batch; the receiver gets the seq of its first entry once all is durable. Whoever
    /// asked by HTTP waits for the answer: it is live, whatever it tells of.
    ///
    /// # Errors
    /// [`Closed`] while shutting down: nothing of it is kept.
    pub(crate) async fn submit(
        &self,
        mut gathering: Gathering,
    ) -> Result<oneshot::Receiver<Seq>, Closed> {
        let (done, receipt) = oneshot::channel();
        gathering.pending.done = Some(Done::Seq(done));
        let sent = self.lanes.live.send(gathering.pending).await;
        sent.map_err(|_gone| Closed)?;
        Ok(receipt)
    }

    /// Queues an entry of the server's own, such as a tick.
    ///
    /// # Errors
    /// [`Closed`] while shutting down.
    pub(crate) async fn note(&self, entry: Entry) -> Result<(), Closed> {
        let mut pending = Pending::begin();
        pending.entries.push(entry);
        self.lanes.send(pending).await
    }

    /// Lets time pass in the journal, and notes what the gateways' clocks were found to be off.
    ///
    /// # Errors
    /// [`Closed`] while shutting down.
    pub(crate) async fn tick(&self, now: TimeMs) -> Result<(), Closed> {
        let mut pending = Pending::begin();
        pending.entries.push(Entry::Tick(now));
        let clocks = self.ways.clocks.news(now);
        pending.entries.extend(clocks.into_iter().map(Entry::Clock));
        self.lanes.send(pending).await
    }

    /// Reads one arrival.
    fn arrival(&self, gathering: &mut Gathering, arrival: &Arrival, now: TimeMs) -> Outcome {
        let origin = Origin {
            sender: &arrival.client,
            topic: &arrival.topic,
            payload_bytes: arrival.payload_bytes,
            received_at: now,
            named: None,
        };
        let feed = self.ways.topics.find(&arrival.topic);
        let def = feed.and_then(|feed| self.ways.package.feeds.get(feed));
        if arrival.payload_bytes > PAYLOAD_BYTES_MAX {
            let rejection = too_large(arrival.payload_bytes);
            self.refuse(gathering, def, origin, &arrival.payload, &rejection);
            return Outcome::Refused(Refusal::TooLarge);
        }
        let Some(feed) = feed else {
            let detail = format!("no feed of the city listens to topic \"{}\"", arrival.topic);
            let rejection = Rejection::new(Stage::Source, Reason::UnknownFeed, detail);
            self.refuse(gathering, None, origin, &arrival.payload, &rejection);
            return Outcome::Refused(Refusal::Topic);
        };
        let refusals = self.read(gathering, feed, Way::Own, origin, &arrival.payload);
        if refusals.is_empty() {
            Outcome::Kept
        } else {
            Outcome::Refused(Refusal::Payload)
        }
    }
}

fn too_large(payload_bytes: usize) -> Rejection {
    let detail = format!("the payload has {payload_bytes} bytes, {PAYLOAD_BYTES_MAX} are allowed");
    Rejection::new(Stage::Source, Reason::TooLarge, detail)
}

fn no_envelope(feed: &FeedDef) -> Rejection {
    let format = feed.format.as_str();
    let detail = format!(
        "messages of feed \"{}\" are {format}, not CloudEvents",
        feed.id
    );
    Rejection::new(Stage::Source, Reason::BadShape, detail)
}

impl Ways {
    /// What reads messages of the feed with index `feed` in this way, if anything does.
    fn decoder(&self, feed: usize, way: Way) -> Option<&Decoder> {
        let decoders = self.decoders.get(feed)?;
        match way {
            Way::Own => Some(&decoders.own),
            Way::Native => Some(&decoders.native),
            Way::Event => decoders.event.as_ref(),
        }
    }

    fn keep(
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
                let (report, personal) = self.validator.report(feed, raw, origin.received_at)?;
                if let Some(keys) = keys.filter(|_| !personal.is_empty()) {
                    keys.keep_personal(pending, &report, &personal);
                }
                Entry::Report(report)
            }
        };
        pending.entries.push(entry);
        Ok(())
    }

    /// Archives the message whose entries are those from index `first` on, if there is any.
    fn archive(
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
        let closed = keys.map(|keys| keys.close(payload, first));
        let (kept, sealing) = match &closed {
            Some((sealed, sealing)) => (sealed.as_slice(), *sealing),
            None => (payload, Sealing::None),
        };
        pending.raw.push(&RawMessage {
            first,
            n_entries,
            received_at: origin.received_at,
            sender: origin.sender,
            topic: origin.topic,
            payload: kept,
            bytes: payload.len(),
            sealing,
        });
    }
}

/// How long a message was on its way by its sender's own clock, before anything is made of it;
/// negative if that clock is ahead. `None` without a time.
fn delay(decoded: &Decoded, origin: Origin<'_>) -> Option<Span> {
    let at = match decoded {
        Decoded::Reading(reading) => reading.at,
        Decoded::Report(report) => report.at,
    }?;
    Some(origin.received_at.since(TimeMs(at.us.div_euclid(1_000))))
}

impl Taker for Intake {
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>> {
        let now = clock::now();
        let mut live = Gathering::begin();
        let mut stored: Vec<Pending> = Vec::new();
        let mut outcomes = Vec::with_capacity(batch.len());
        for arrival in &batch {
            let mark = live.pending.mark();
            outcomes.push(self.arrival(&mut live, arrival, now));
            if is_stored(live.pending.since(mark)) {
                let is_full = |part: &Pending| part.n_entries() >= STORED_BATCH;
                if stored.last().is_none_or(is_full) {
                    stored.push(Pending::begin());
                }
                if let Some(part) = stored.last_mut() {
                    live.pending.move_since(mark, part);
                }
            }
        }
        let (send, receipt) = oneshot::channel();
        let parts: Vec<Pending> = std::iter::once(live.pending)
            .chain(stored)
            .filter(|part| part.n_entries() > 0)
            .collect();
        if parts.is_empty() {
            // Some formats have messages that say nothing to keep: there is nothing to wait for.
            drop(send.send(outcomes));
            return Box::pin(std::future::ready(Ok(receipt)));
        }
        let receipts = Receipts::new(parts.len(), outcomes, send);
        Box::pin(async move {
            for mut part in parts {
                part.done = Some(Done::Outcomes(Arc::clone(&receipts)));
                self.lanes.send(part).await?;
            }
            Ok(receipt)
        })
    }
}

#[cfg(test)]
mod tests;
