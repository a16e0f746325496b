//! What is kept beside the journal: refused messages, personal fields and their keys, raw payloads,
//! closed windows and what they come to by the hour and day.
//!
//! [`Store`] is the seam for other engines; [`sqlite`] the embedded one. Writing goes through the
//! journal's writer, so that a refusal and its raw bytes become durable together.

pub(crate) mod beside;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod keep;
pub(crate) mod offenders;
pub(crate) mod page;
pub(crate) mod past;
pub(crate) mod personal;
pub(crate) mod quarantine;
pub(crate) mod raw;
pub(crate) mod requests;
pub(crate) mod series;
pub(crate) mod sqlite;

use egret_city::entry::{Entry, Seq};
use egret_shared::alert::AlertTurn;
use egret_shared::case::Dossier;
use egret_shared::id::{FeedId, IncidentId, ReportId};
use egret_shared::metric::ClosedPoint;
use egret_shared::package::addition::UnheardTopic;
use egret_shared::rejection::{Reason, Rejection, Stage};
use egret_shared::time::TimeMs;
use serde::Serialize;

use crate::journal::JournalError;
use crate::seal::payload::Sealing;
pub(crate) use beside::{Beside, Way};
pub(crate) use history::recent::RecentFilter;
pub(crate) use offenders::Offenders;
pub(crate) use past::{Past, TurnFilter};
pub(crate) use personal::{KeyRow, PersonalFields, PersonalRow};
pub(crate) use requests::{Request, RequestFilter};
pub(crate) use series::{Resolution, SeriesFilter, SeriesPoint};

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
    /// What came beside it, as bytes, sealed like `raw`; empty if nothing did.
    pub beside: Vec<u8>,
    /// How both are sealed.
    pub sealing: Sealing,
}

/// A closed window of a metric.
pub(crate) type HistoryRow = ClosedPoint;

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
    /// What came beside the payload; nothing if it is sealed.
    #[serde(flatten)]
    pub beside: Beside,
    /// Whether payload and properties are kept sealed, because its feed carries personal fields.
    pub sealed: bool,
    /// Whether the payload has been erased, because of somebody in it or for its age.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// A refused message with its bytes, to be read again.
#[derive(Clone, Debug)]
pub(crate) struct RefusedMessage {
    /// What is known of it.
    pub item: QuarantineItem,
    /// Its payload, or the head that is kept; absent if that is gone.
    pub raw: Option<Vec<u8>>,
    /// What came beside it; absent if it was kept by a version that let that go.
    pub beside: Option<Beside>,
}

/// Which refused messages to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuarantineFilter {
    /// Of this feed.
    pub feed: Option<FeedId>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// By this topic.
    pub topic: Option<String>,
    /// Only these, by their serial numbers.
    pub ids: Option<Vec<i64>>,
    /// Older than this serial number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// An accepted message as its sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawItem {
    /// The entry that was asked for.
    pub seq: Seq,
    /// When the message arrived.
    pub received_at: TimeMs,
    /// Who sent it: an MQTT client, a broker, an address.
    pub sender: String,
    /// The MQTT topic or HTTP path.
    pub topic: String,
    /// How long the payload was, unsealed.
    pub bytes: u64,
    /// The payload; sealed if its feed carries personal fields.
    pub payload: Vec<u8>,
    /// What came beside it; nothing if it is sealed.
    pub beside: Beside,
    /// Whether `payload` is sealed.
    pub sealed: bool,
    /// Whether it could not be opened any more, because somebody in it has been erased or for its
    /// age; `payload` is then empty. Known only of a message that was to be opened.
    pub erased: bool,
    /// First and last entry that came of the message, inclusive.
    pub entries: (Seq, Seq),
}

/// Which observations and reports to walk over.
#[derive(Clone, Debug)]
pub(crate) struct EntriesFilter {
    /// Entries after this one.
    pub after: Seq,
    /// That happened at this time or later …
    pub observed_from: TimeMs,
    /// … and before this.
    pub observed_to: TimeMs,
    /// Batches of the journal that may be opened; a batch is one commit's entries.
    pub limit_batches: usize,
}

/// Reads what is kept. Cheap to clone; each read takes its own connection.
pub(crate) trait Store: Send + Sync {
    /// Refused messages, newest first.
    fn quarantine(&self, filter: &QuarantineFilter) -> Result<Vec<QuarantineItem>, JournalError>;

    /// As [`Self::quarantine`], with their bytes, opened.
    fn refused(&self, filter: &QuarantineFilter) -> Result<Vec<RefusedMessage>, JournalError>;

    /// Topics that messages in quarantine came by and no feed listened to, newest first.
    fn unheard(&self, limit: usize) -> Result<Vec<UnheardTopic>, JournalError>;

    /// Where the refused messages of a feed come from that came at `from` or later.
    fn offenders(&self, feed: &FeedId, from: TimeMs) -> Result<Offenders, JournalError>;

    /// Points of a metric in an area, oldest first, each as it was known at `as_of`.
    fn series(&self, filter: &SeriesFilter) -> Result<Vec<SeriesPoint>, JournalError>;

    /// Closed windows of each filter's metric, area by area, all read at one moment.
    fn recent(&self, filters: &[RecentFilter]) -> Result<Vec<Vec<Vec<SeriesPoint>>>, JournalError>;

    /// The message that the entry `seq` came of; `None` if it came of none (a tick, a refusal),
    /// or if the message has been let go.
    fn raw(&self, seq: Seq) -> Result<Option<RawItem>, JournalError>;

    /// As [`Self::quarantine`], with the payloads that are kept sealed opened.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the REST interface"))]
    fn quarantine_opened(
        &self,
        filter: &QuarantineFilter,
    ) -> Result<Vec<QuarantineItem>, JournalError>;

    /// As [`Self::raw`], with the payload opened if it is kept sealed.
    fn raw_opened(&self, seq: Seq) -> Result<Option<RawItem>, JournalError>;

    /// The personal fields of a report, of each the newest that was told; `None` if it never had
    /// any, or they have been let go for their age.
    fn personal(
        &self,
        feed: &FeedId,
        report: &ReportId,
    ) -> Result<Option<PersonalFields>, JournalError>;

    /// Hands on how the reports that `filter` names stand, those opened last first, until `each` says
    /// stop (false).
    fn requests(
        &self,
        filter: &RequestFilter,
        each: &mut dyn FnMut(Request) -> bool,
    ) -> Result<(), JournalError>;

    /// How a report of the feed with requests stands; `None` if there is none.
    fn request(&self, feed: &FeedId, report: &ReportId) -> Result<Option<Request>, JournalError>;

    /// Hands on the turns of alerts that `filter` names, newest first, until `each` says stop
    /// (false).
    fn turns(
        &self,
        filter: &TurnFilter,
        each: &mut dyn FnMut(past::Place, AlertTurn) -> bool,
    ) -> Result<(), JournalError>;

    /// Hands on the files of incidents that have left the city, the last to be over first, until
    /// `each` says stop (false).
    fn over(
        &self,
        before: Option<(TimeMs, IncidentId)>,
        each: &mut dyn FnMut(Dossier) -> bool,
    ) -> Result<(), JournalError>;

    /// The file of an incident that has left the city; `None` if there is none.
    fn dossier(&self, id: &IncidentId) -> Result<Option<Dossier>, JournalError>;

    /// Hands on every observation and report that `filter` names, in the journal's order, until
    /// `each` says stop (false). Only batches that can hold such are opened.
    ///
    /// Returns the seq after which to go on if `limit_batches` ended the walk.
    fn observed(
        &self,
        filter: &EntriesFilter,
        each: &mut dyn FnMut(Seq, &Entry) -> bool,
    ) -> Result<Option<Seq>, JournalError>;
}
