//! What is kept beside the journal: refused messages, personal fields, closed windows.
//!
//! [`Store`] is the seam for other engines; [`sqlite`] the embedded one. Writing goes through the
//! journal's writer, so that a refusal and its raw bytes become durable together.

pub(crate) mod sqlite;

use egret_city::entry::Seq;
use egret_shared::id::{AreaCode, FeedId, MetricId, ReportId};
use egret_shared::metric::MetricPoint;
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::{Span, TimeMs};
use serde::Serialize;

use crate::journal::JournalError;

/// A refused message with its evidence.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineRow {
    /// When it arrived.
    pub received_at: TimeMs,
    /// The feed, if it was found.
    pub feed: Option<FeedId>,
    /// Who sent it: an MQTT client, a broker, an address.
    pub sender: String,
    /// The MQTT topic or HTTP path.
    pub topic: String,
    /// Why it was refused.
    pub rejection: Rejection,
    /// How long the payload was.
    pub payload_bytes: usize,
    /// The payload, or its head; sealed if the feed carries personal fields.
    pub raw: Vec<u8>,
    /// Whether `raw` is sealed.
    pub sealed: bool,
}

/// Personal fields of one report, sealed.
#[derive(Clone, Debug)]
pub(crate) struct PersonalRow {
    /// The report's feed.
    pub feed: FeedId,
    /// The report's upstream id.
    pub report: ReportId,
    /// The fields, sealed under the data folder's key.
    pub sealed: Vec<u8>,
}

/// A closed window of a metric.
pub(crate) type HistoryRow = MetricPoint;

/// A refused message as a list shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct QuarantineItem {
    /// Serial number; also the cursor.
    pub id: i64,
    /// Its refusal's place in the journal.
    pub seq: Seq,
    /// When it arrived.
    pub received_at: TimeMs,
    /// The feed, if it was found.
    pub feed: Option<FeedId>,
    /// Who sent it.
    pub sender: String,
    /// The MQTT topic or HTTP path.
    pub topic: String,
    /// The stage that refused it.
    pub stage: Stage,
    /// Why.
    pub reason: Reason,
    /// Why, in words, with the place.
    pub detail: String,
    /// How long the payload was.
    pub payload_bytes: u64,
    /// The payload as text, or its head; absent if it is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Whether the payload is kept sealed, because its feed carries personal fields.
    pub sealed: bool,
}

/// Which refused messages to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuarantineFilter {
    /// Of this feed.
    pub feed: Option<FeedId>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// Older than this serial number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// Which closed windows to list.
#[derive(Clone, Debug)]
pub(crate) struct HistoryFilter {
    /// Of this metric.
    pub metric: MetricId,
    /// In this area.
    pub area: AreaCode,
    /// Windows that end after this.
    pub from: TimeMs,
    /// Windows that end at or before this.
    pub to: TimeMs,
    /// One point for each so long: the last that ends within it.
    pub step: Span,
    /// At most so many.
    pub limit: usize,
}

/// Reads what is kept. Cheap to clone; each read takes its own connection.
pub(crate) trait Store: Send + Sync {
    /// Refused messages, newest first.
    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantineItem>, JournalError>;

    /// Closed windows, oldest first.
    fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryRow>, JournalError>;
}
