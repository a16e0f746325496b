//! What the endpoint hands on, and what it waits for before it acknowledges.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use smol_str::SmolStr;
use tokio::sync::oneshot;

/// A message as a client published it.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The topic it was published to.
    pub topic: SmolStr,
    /// Its payload; only the head of it if it was longer than the limit.
    pub payload: Bytes,
    /// How long the payload was.
    pub payload_bytes: usize,
    /// The client that published it.
    pub client: SmolStr,
    /// What came beside the payload; absent if nothing did, as always in 3.1.1.
    pub beside: Option<Box<Beside>>,
}

/// What MQTT 5 says of a message beside its payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Content type; empty if nothing says so.
    pub content_type: String,
    /// User properties, in order.
    pub properties: Vec<(String, String)>,
    /// Correlation data, by which an answer says what it answers; empty if there is none.
    pub correlation: Bytes,
}

/// What became of one arrival, once that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept.
    Kept,
    /// It was refused, and is kept in quarantine.
    Refused(Refusal),
}

/// Why an arrival was refused, as far as MQTT 5 can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing listens to the topic: 0x90.
    Topic,
    /// The payload is longer than the limit: 0x97.
    TooLarge,
    /// The payload cannot be used: 0x99.
    Payload,
}

/// Resolves when the whole batch is durable, with one outcome for each arrival in order.
///
/// A closed channel means that it will never be: the endpoint drops the connection unacknowledged,
/// so that the client sends again.
pub type Receipt = oneshot::Receiver<Vec<Outcome>>;

/// The taker no longer takes: the server is shutting down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is shutting down")]
pub struct Closed;

/// Takes arrivals and keeps them.
pub trait Taker: Send + Sync + 'static {
    /// Takes a batch in. Resolves when there is room for it, which is the back-pressure; the
    /// [`Receipt`] resolves when it is durable.
    ///
    /// # Errors
    /// [`Closed`] while shutting down: nothing of the batch is kept.
    fn take(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Receipt, Closed>>;
}
