//! What of the endpoint outlives the process: sessions that are to last, what waits for them and is
//! under way to them, what clients have retained. Whoever embeds the endpoint says where it is kept.
//!
//! The hub notes what changes in a [`ledger`], in memory and under its own locks; one task hands
//! everything that has gathered to [`Keep::commit`], as one transaction, and only then lets go the
//! packets that promise it. What comes and goes between two commits is never written.

pub(crate) mod ledger;
mod memory;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use smol_str::SmolStr;

use crate::gate::Label;
pub use memory::InMemory;

/// Why something could not be kept, in words.
pub type KeepError = Box<dyn std::error::Error + Send + Sync>;

/// Where it is kept.
pub trait Keep: Send + 'static {
    /// Makes all of the changes durable, or none of them. Called from a thread that may block, one
    /// call at a time, in order.
    ///
    /// # Errors
    /// They cannot be kept. The endpoint then stops: it could not acknowledge truthfully any more.
    fn commit(&mut self, changes: &Changes) -> Result<(), KeepError>;
}

/// On what terms it is kept. Asked with locks of the endpoint held, so the answers must come at once.
pub trait Terms: Send + Sync + 'static {
    /// The time by the wall, in milliseconds since the Unix epoch: what is kept is read by a process
    /// whose other clocks began later.
    fn now_ms(&self) -> i64;

    /// Whether messages of clients to this topic may be written down. What may not waits in memory
    /// alone.
    fn may_keep(&self, topic: &str) -> bool;
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose it is: [`crate::gate::Pass::owner`]. With `client` it is unique.
    pub owner: SmolStr,
    /// The client identifier.
    pub client: SmolStr,
    /// How long it outlives a connection, in milliseconds.
    pub expiry_ms: i64,
    /// When it ends, in milliseconds since the Unix epoch; absent while it has a connection.
    pub ends_at_ms: Option<i64>,
}

/// A subscription, by session and filter (as it was sent, so with `$share/…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The highest QoS it delivers with.
    pub qos: u8,
    /// Whether it leaves out what the same session publishes.
    pub no_local: bool,
    /// Whether it leaves the retain flag as it was published.
    pub retain_as_published: bool,
    /// Its subscription identifier.
    pub identifier: Option<u32>,
}

/// A message, which any number of deliveries are of.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Where it was published.
    pub topic: SmolStr,
    /// Its payload.
    pub payload: Bytes,
    /// The QoS it was published with.
    pub qos: u8,
    /// Whether it was published to be retained.
    pub is_retained: bool,
    /// What goes on to subscribers unchanged: properties of MQTT 5 one after the other, as in a
    /// packet.
    pub properties: Vec<u8>,
    /// When it is of no use any more, in milliseconds since the Unix epoch.
    pub expires_at_ms: Option<i64>,
    /// What the server said of it: [`crate::Handle::publish`]. Must come back as it was.
    pub label: Option<Label>,
}

/// A delivery of QoS 1 or 2, by session and place: places of a session rise in the order in which its
/// messages came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Of which message; of none any more once PUBREL was sent.
    pub message: Option<u64>,
    /// The QoS it is delivered with.
    pub qos: u8,
    /// Whether it is delivered as a retained message.
    pub is_retained: bool,
    /// The subscription identifiers of what it matched.
    pub identifiers: Vec<u32>,
    /// The shared subscription it came by.
    pub share: Option<SmolStr>,
    /// How far it is.
    pub stage: StageRow,
}

/// The will of a connection, until it is published or called off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WillRow {
    /// Whose connection: [`crate::gate::Pass::owner`].
    pub owner: SmolStr,
    /// Its client identifier.
    pub client: SmolStr,
    /// Whether the server has made that up, so that nobody comes back under it.
    pub is_assigned: bool,
    /// Where it is to be published.
    pub topic: SmolStr,
    /// Its payload.
    pub payload: Bytes,
    /// The QoS it is published with.
    pub qos: u8,
    /// Whether it is to be retained.
    pub is_retained: bool,
    /// What goes on to subscribers unchanged, as in [`MessageRow`].
    pub properties: Vec<u8>,
    /// How long it is of use once it is published, in milliseconds.
    pub expiry_ms: Option<u64>,
    /// How long after the connection it is due, in milliseconds: its delay, or the session's time if
    /// that is shorter.
    pub delay_ms: i64,
    /// When it is due, in milliseconds since the Unix epoch; absent while there is the connection.
    pub due_at_ms: Option<i64>,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageRow {
    /// Nothing of it was sent.
    Waiting,
    /// PUBLISH was sent.
    Published(UnderWay),
    /// PUBREL was sent.
    Released(UnderWay),
}

/// A delivery that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its packet identifier.
    pub identifier: u16,
    /// The order among the session's deliveries in which it was begun.
    pub nth: u64,
}

/// Everything that is kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// When it was last known that the endpoint ran, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Sessions by number.
    pub sessions: BTreeMap<u64, SessionRow>,
    /// Subscriptions by session and filter.
    pub subscriptions: BTreeMap<(u64, SmolStr), SubscriptionRow>,
    /// Messages that a delivery is of, by number.
    pub messages: BTreeMap<u64, MessageRow>,
    /// Deliveries by session and place.
    pub deliveries: BTreeMap<(u64, u64), DeliveryRow>,
    /// QoS 2 packet identifiers that sessions have published and not released.
    pub handled: BTreeSet<(u64, u16)>,
    /// Retained messages of clients by topic.
    pub retained: BTreeMap<SmolStr, MessageRow>,
    /// Digests of the server's own notices, by key.
    pub told: BTreeMap<SmolStr, u64>,
    /// Wills by number.
    pub wills: BTreeMap<u64, WillRow>,
}

/// What has changed since the last commit: for each thing how it is now. `None` and `false` are for
/// what is gone, which need not have been there.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// A session that is gone takes all that is its own with it. Comes before everything else.
    pub sessions: BTreeMap<u64, Option<SessionRow>>,
    /// Subscriptions by session and filter.
    pub subscriptions: BTreeMap<(u64, SmolStr), Option<SubscriptionRow>>,
    /// Messages that deliveries below are of; some may be there already. A message goes with its last
    /// delivery.
    pub messages: BTreeMap<u64, MessageRow>,
    /// Deliveries by session and place.
    pub deliveries: BTreeMap<(u64, u64), DeliveryChange>,
    /// QoS 2 packet identifiers of publishing sessions.
    pub handled: BTreeMap<(u64, u16), bool>,
    /// Retained messages of clients by topic.
    pub retained: BTreeMap<SmolStr, Option<MessageRow>>,
    /// Digests of the server's own notices, by key.
    pub told: BTreeMap<SmolStr, Option<u64>>,
    /// Wills by number.
    pub wills: BTreeMap<u64, Option<WillRow>>,
}

/// What happened to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryChange {
    /// It is new.
    Put(DeliveryRow),
    /// It was there, and is this far now. One whose PUBREL was sent is of no message any more.
    Moved(StageRow),
    /// It is over.
    Gone,
}
