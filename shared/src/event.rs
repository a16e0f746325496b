//! The ticker: one line for each thing worth saying, newest last.

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, FeedId, IncidentId, MetricId, RuleId};
use crate::incident::Beside;
use crate::level::Level;
use crate::text::Text;
use crate::time::TimeMs;

/// How many lines a screen keeps; older ones leave first.
///
/// Twice what the tallest panel shows at 8K, so that a filter still fills it.
pub const EVENTS_KEPT: usize = 100;

/// One line of the ticker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Serial number, rising by one for each event of a city.
    pub id: u64,
    /// When it happened.
    pub at: TimeMs,
    /// What it is about.
    pub kind: EventKind,
    /// How bad.
    pub level: Level,
    /// Where; absent if it concerns no place.
    pub area: Option<AreaCode>,
    /// What stands behind it, and so who may see it.
    pub about: About,
    /// Where it came from: a feed's or rule's name.
    pub source: Text,
    /// What happened.
    pub text: Text,
}

/// What stands behind a ticker line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A feed, or a report of it.
    Feed(FeedId),
    /// A rule's alert, or an incident that it speaks for.
    Rule(RuleId),
    /// A metric.
    Metric(MetricId),
    /// Alerts and the incident that one of them joined, all of which the line tells of.
    Joined(Vec<Beside>),
    /// An incident; who may see it may see the line.
    Incident(IncidentId),
    /// The whole city: everybody may see it.
    City,
}

/// What a ticker line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A report was opened.
    Report,
    /// An alert fired.
    AlertFired,
    /// An alert resolved.
    AlertResolved,
    /// An incident opened.
    IncidentOpened,
    /// Evidence joined an incident.
    IncidentJoined,
    /// An incident cleared.
    IncidentCleared,
    /// A metric of the whole city changed its level.
    MetricLevel,
    /// A feed changed its status.
    Feed,
    /// Somebody, or the passing of time, moved an incident on.
    IncidentMoved,
    /// The mode of the city changed.
    Mode,
}
