//! What the metric page asks for: history, lineage, raw messages.

use std::fmt::Write as _;

use serde::Deserialize;
use smol_str::SmolStr;

use egret_shared::feed::FeedHealth;
use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, FeedId, MetricId, PropertyId, ReportId};
use egret_shared::level::Level;
use egret_shared::metric::{MetricKey, MetricPoint, Typical};
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};

use super::{ApiError, encoded, json};

/// How many observations a page of lineage has: what fits a screen twice.
const OBSERVATIONS: u32 = 25;

/// One window of a metric's past, as it is or was known.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct HistoryPoint {
    /// Begin of the window.
    pub(crate) start: TimeMs,
    /// End of the window.
    pub(crate) end: TimeMs,
    /// The number; absent where nothing stood behind it.
    pub(crate) v: Option<f64>,
    /// The least of the values that were rolled up.
    #[serde(default)]
    pub(crate) least: Option<f64>,
    /// The greatest of the values that were rolled up.
    #[serde(default)]
    pub(crate) greatest: Option<f64>,
    /// Severity.
    #[serde(default)]
    pub(crate) level: Level,
    /// How many sources contributed.
    #[serde(default)]
    pub(crate) sources: u32,
    /// How many should have.
    #[serde(default)]
    pub(crate) expected: u32,
    /// Event time of the newest contribution.
    #[serde(default)]
    pub(crate) latest_at: Option<TimeMs>,
    /// What to know about it.
    #[serde(default)]
    pub(crate) flags: Flags,
    /// Since when it has been known so; absent for the live point.
    #[serde(default)]
    pub(crate) known_at: Option<TimeMs>,
    /// What was usual at that hour of the week.
    #[serde(default)]
    pub(crate) typical: Option<Typical>,
}

impl HistoryPoint {
    /// The same as a point of the metric in an area.
    pub(crate) fn of(&self, key: &MetricKey) -> MetricPoint {
        MetricPoint {
            metric: key.metric.clone(),
            area: key.area.clone(),
            start: self.start,
            end: self.end,
            v: self.v,
            level: self.level,
            sources: self.sources,
            expected: self.expected,
            latest_at: self.latest_at,
            flags: self.flags,
            typical: self.typical,
        }
    }
}

impl From<&MetricPoint> for HistoryPoint {
    fn from(point: &MetricPoint) -> Self {
        Self {
            start: point.start,
            end: point.end,
            v: point.v,
            least: None,
            greatest: None,
            level: point.level,
            sources: point.sources,
            expected: point.expected,
            latest_at: point.latest_at,
            flags: point.flags,
            known_at: None,
            typical: point.typical,
        }
    }
}

/// Which part of a metric's past.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HistoryQuery {
    /// Of which metric, in which area.
    pub(crate) key: MetricKey,
    /// From when.
    pub(crate) from: TimeMs,
    /// Until when.
    pub(crate) to: TimeMs,
    /// One point for each so long a time.
    pub(crate) step: Span,
    /// As it was known then; absent, as it is known now.
    pub(crate) as_of: Option<TimeMs>,
}

/// A metric's past, oldest first.
///
/// # Errors
/// The caller says so and asks again.
pub(crate) async fn points(query: &HistoryQuery) -> Result<Vec<HistoryPoint>, ApiError> {
    #[derive(Deserialize)]
    struct History {
        points: Vec<HistoryPoint>,
    }
    let HistoryQuery { from, to, step, .. } = query;
    let mut path = address(&query.key, "");
    write!(path, "&from={from}&to={to}&step={step}").ok();
    if let Some(as_of) = query.as_of {
        write!(path, "&as_of={as_of}").ok();
    }
    let history: History = json(&path).await?;
    Ok(history.points)
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Lineage {
    /// How it is made, in words; of a derived metric, its expression.
    pub(crate) formula: Text,
    /// How far it has come in learning what is usual at this hour; absent if it does not learn.
    #[serde(default)]
    pub(crate) learning: Option<Learning>,
    /// The window whose number this is, also if it has none.
    #[serde(default)]
    pub(crate) window: Option<Window>,
    /// The number itself.
    #[serde(default)]
    pub(crate) point: Option<HistoryPoint>,
    /// The metrics it is made of.
    #[serde(default)]
    pub(crate) inputs: Vec<Input>,
    /// How the feeds do whose quality it tells.
    #[serde(default)]
    pub(crate) feeds: Vec<FeedHealth>,
    /// The observations it is made of.
    #[serde(default)]
    pub(crate) observations: Observations,
}

/// How many weeks of this hour of the week are known.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Learning {
    /// So many.
    pub(crate) weeks: u8,
    /// From so many on something is called usual.
    pub(crate) needed: u8,
}

/// A window of event time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Window {
    /// Inclusive.
    pub(crate) start: TimeMs,
    /// Exclusive.
    pub(crate) end: TimeMs,
}

/// A metric that another is made of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Input {
    /// Which.
    pub(crate) metric: MetricId,
    /// What it is called.
    pub(crate) name: Text,
    /// Its UCUM unit.
    pub(crate) unit: String,
    /// Its number at the same time in the same area.
    #[serde(default)]
    pub(crate) point: Option<HistoryPoint>,
    /// How much it weighs in an index.
    #[serde(default)]
    pub(crate) weight: Option<f64>,
    /// What it is worth in an index, 0 to 100.
    #[serde(default)]
    pub(crate) score: Option<f64>,
}

/// A page of observations.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Observations {
    /// The observations, in the order of the journal.
    pub(crate) items: Vec<Observed>,
    /// Where the next page begins; absent on the last one.
    pub(crate) next: Option<String>,
}

/// An observation or report that a number is made of, or was left out of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Observed {
    /// Its place in the journal.
    pub(crate) seq: u64,
    /// The feed it came by.
    pub(crate) feed: FeedId,
    /// The asset that told it.
    #[serde(default)]
    pub(crate) asset: Option<AssetId>,
    /// The report it belongs to.
    #[serde(default)]
    pub(crate) report: Option<ReportId>,
    /// What was measured.
    #[serde(default)]
    pub(crate) property: Option<PropertyId>,
    /// The state that the report entered.
    #[serde(default)]
    pub(crate) state: Option<SmolStr>,
    /// What kind of thing the report tells of.
    #[serde(default)]
    pub(crate) category: Option<SmolStr>,
    /// How much: in the property's unit; of a duration, in the metric's; of a report, 1.
    #[serde(default)]
    pub(crate) v: Option<f64>,
    /// When it happened.
    pub(crate) observed_at: TimeMs,
    /// When it arrived.
    pub(crate) received_at: TimeMs,
    /// What to know about it.
    #[serde(default)]
    pub(crate) flags: Flags,
    /// Whether the number rests on it.
    #[serde(default)]
    pub(crate) counted: bool,
    /// Why it does not, in a word of the server's.
    #[serde(default)]
    pub(crate) why: Option<String>,
    /// The step from which a duration is measured; `seq` is the one to which it is.
    #[serde(default)]
    pub(crate) begin: Option<Step>,
}

/// A report's entering a state.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Step {
    /// Its place in the journal.
    pub(crate) seq: u64,
    /// The state.
    pub(crate) state: SmolStr,
    /// When it entered it.
    pub(crate) observed_at: TimeMs,
}

/// Where a metric's number at a time comes from: the live one, or that of the window that ends
/// at `at`; from `cursor` on, if it is not the first page of observations.
///
/// # Errors
/// The caller says so.
pub(crate) async fn lineage(
    key: &MetricKey,
    at: Option<TimeMs>,
    cursor: Option<&str>,
) -> Result<Lineage, ApiError> {
    let mut path = address(key, "/lineage");
    write!(path, "&limit={OBSERVATIONS}").ok();
    if let Some(at) = at {
        write!(path, "&at={at}").ok();
    }
    if let Some(cursor) = cursor {
        write!(path, "&cursor={}", encoded(cursor)).ok();
    }
    json(&path).await
}

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct RawMessage {
    /// When it arrived.
    pub(crate) received_at: TimeMs,
    /// Who sent it.
    pub(crate) sender: String,
    /// The MQTT topic or HTTP path.
    pub(crate) topic: String,
    /// How long the payload is.
    pub(crate) bytes: u64,
    /// The payload; absent if it is sealed or no text.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// Whether it is kept sealed, for it names people.
    #[serde(default)]
    pub(crate) sealed: bool,
}

/// The message that became an entry of the journal.
///
/// # Errors
/// Status 404 if it has been let go; the caller says so.
pub(crate) async fn raw(seq: u64) -> Result<RawMessage, ApiError> {
    json(&format!("/api/v1/raw/{seq}")).await
}

fn address(key: &MetricKey, what: &str) -> String {
    let metric = encoded(key.metric.as_str());
    let area = encoded(key.area.as_str());
    format!("/api/v1/metrics/{metric}{what}?area={area}")
}
