//! From what a source hands over to what the journal keeps: decode, validate, locate, and the
//! refusals with their evidence. Runs on the source's own task, so that it uses every core.
//!
//! Messages leave by two lanes: what gateways had stored while they were offline must not hold up
//! what is live, and goes in small batches. Acknowledgements stay in order all the same, for a
//! batch that went in several parts is told once all of them are durable.

mod again;
mod clocks;
mod gathering;
mod replies;
mod sealing;
mod tried;
mod ways;

use std::sync::Arc;

use egret_city::entry::{Entry, Seq};
use egret_decode::decoder::Message;
use egret_decode::reading::Decoded;
use egret_decode::{Element, Past, Rebirth};
use egret_mqtt::taker::{Arrival, Beside, Closed, Outcome, Receipt, Refusal, Taker};
use egret_package::Package;
use egret_shared::id::{AreaCode, FeedId};
use egret_shared::package::feed::FeedDef;
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::{Span, TimeMs};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::again::Again;
pub(crate) use self::gathering::Gathering;
use self::gathering::refused;
use self::sealing::MessageKeys;
use self::tried::Names;
pub(crate) use self::ways::step;
use self::ways::{Decoders, Ways, no_envelope};
use crate::clock;
use crate::journal::observed::observed_at;
use crate::journal::pending::{Done, Pending, Receipts};
use crate::limits::{INTAKE_QUEUE, PAYLOAD_BYTES_MAX, STORED_AFTER, STORED_BATCH, STORED_QUEUE};
use crate::seal::Seal;
pub(crate) use crate::store::Way;

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
    /// How the payload is to be read.
    pub way: Way,
    /// What came beside the payload, if the way it came carries such.
    pub beside: Option<&'a Beside>,
    /// What its sender calls it, so that told again it is the same: the id of elements that have
    /// neither id nor time of their own.
    pub named: Option<&'a str>,
}

impl Intake {
    /// Reads messages as `package` says and queues them for the journal's writer, with their
    /// payloads if it `archives`.
    pub(crate) fn new(package: Arc<Package>, seal: Seal, lanes: Lanes, archives: bool) -> Self {
        let ways = Ways::of(package, seal, Arc::default(), archives);
        Self {
            ways: Arc::new(ways),
            lanes,
        }
    }

    /// The same by another package. What is under way is read by the one that it began with.
    pub(crate) fn renewed(&self, package: Arc<Package>) -> Self {
        let before = &*self.ways;
        let clocks = Arc::clone(&before.clocks);
        let ways = Ways::of(package, before.seal.clone(), clocks, before.archives);
        Self {
            ways: Arc::new(ways),
            lanes: self.lanes.clone(),
        }
    }

    /// The package that it reads by.
    pub(crate) fn package(&self) -> &Arc<Package> {
        &self.ways.package
    }

    /// The index of the feed with this id.
    pub(crate) fn feed(&self, id: &str) -> Option<usize> {
        self.ways
            .package
            .feeds
            .iter()
            .position(|feed| feed.id.as_str() == id)
    }

    /// The nodes that are wanted to say again what they measure, each with its feed, once.
    pub(crate) fn rebirths(&self) -> Vec<(FeedId, Rebirth)> {
        let feeds = self.ways.package.feeds.iter().zip(&self.ways.decoders);
        let of = |(feed, decoders): (&FeedDef, &Decoders)| {
            let wanted = decoders.own.rebirths().into_iter();
            let id = feed.id.clone();
            wanted
                .map(move |rebirth| (id.clone(), rebirth))
                .collect::<Vec<_>>()
        };
        feeds.flat_map(of).collect()
    }

    /// The index of the feed that listens to `topic`.
    pub(crate) fn feed_of_topic(&self, topic: &str) -> Option<usize> {
        self.ways.topics.find(topic)
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
        origin: Origin<'_>,
        payload: &[u8],
    ) -> Vec<Rejection> {
        self.read_as(gathering, feed, origin, payload, None)
    }

    /// Reads a message with a reader for those of the past, if it was refused and counted before.
    fn read_as(
        &self,
        gathering: &mut Gathering,
        feed: usize,
        origin: Origin<'_>,
        payload: &[u8],
        past: Option<&Past<'_>>,
    ) -> Vec<Rejection> {
        let ways = &*self.ways;
        let Some(def) = ways.package.feeds.get(feed) else {
            return Vec::new();
        };
        let Some(decoder) = ways.decoder(feed, origin.way) else {
            let rejection = no_envelope(def);
            if past.is_none() {
                self.refuse(gathering, Some(def), origin, payload, &rejection);
            }
            return vec![rejection];
        };
        let mut refusals = Vec::new();
        let properties: Vec<(&str, &str)> = origin.beside.map_or_else(Vec::new, |beside| {
            let pairs = beside.properties.iter();
            pairs.map(|(key, value)| (&**key, &**value)).collect()
        });
        let message = Message {
            content_type: origin.beside.map_or("", |beside| &beside.content_type),
            properties: &properties,
            ..Message::new(origin.topic, payload, origin.received_at)
        };
        let first = gathering.pending.n_entries();
        let mut keys = MessageKeys::of(def, &ways.seal, first, origin.received_at);
        let mut delay_least = None;
        let mut names = Names::new(origin.named);
        let each = |element: Element| {
            let name = names.next();
            let kept = element.and_then(|decoded| {
                let decoded = tried::named(decoded, name);
                delay_least = delay_least.into_iter().chain(delay(&decoded, origin)).min();
                ways.keep(gathering, def, decoded, origin, keys.as_mut())
            });
            refusals.extend(kept.err());
        };
        match past {
            Some(past) => past.decode_each(&message, each),
            None => decoder.decode_each(&message, each),
        }
        // What is fetched waits for that: it tells nothing of a clock.
        let tells_clock = past.is_none() && def.poll.is_none();
        if let Some(delay) = delay_least.filter(|_| tells_clock) {
            ways.clocks.note(origin.sender, &def.id, delay);
        }
        if let Some(keys) = &mut keys {
            keys.complete(&mut gathering.pending, !refusals.is_empty(), ways.archives);
        }
        ways.archive(gathering, first, origin, payload, keys.as_ref());
        if let Some((first, rest)) = refusals.split_first()
            && past.is_none()
        {
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
            way: Way::Own,
            beside: arrival.beside.as_deref(),
            named: None,
        };
        let feed = self.ways.topics.find(&arrival.topic);
        let def = feed.and_then(|feed| self.ways.package.feeds.get(feed));
        if arrival.payload_bytes > PAYLOAD_BYTES_MAX {
            let rejection = too_large(arrival.payload_bytes);
            self.refuse(gathering, def, origin, &arrival.payload, &rejection);
            return Outcome::Refused(Refusal::TooLarge);
        }
        if let Some(def) = self.ways.replies_to(&arrival.topic) {
            return self.reply(gathering, def, origin, &arrival.payload);
        }
        let Some(feed) = feed else {
            let detail = format!("no feed of the city listens to topic \"{}\"", arrival.topic);
            let rejection = Rejection::new(Stage::Source, Reason::UnknownFeed, detail);
            self.refuse(gathering, None, origin, &arrival.payload, &rejection);
            return Outcome::Refused(Refusal::Topic);
        };
        let refusals = self.read(gathering, feed, origin, &arrival.payload);
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
