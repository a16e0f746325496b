//! An alert 告警: a rule's condition on one subject, from pending to resolved.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::id::{AreaCode, AssetId, FeedId, HushId, IncidentId, MetricId, ReportId, RuleId};
use crate::issued::Issued;
use crate::level::Level;
use crate::position::Position;
use crate::table::Keyed;
use crate::text::Text;
use crate::time::TimeMs;

/// What a rule watches. Exactly one alert is open for a rule and a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One asset.
    Asset {
        /// The asset's feed.
        feed: FeedId,
        /// The asset's id.
        asset: AssetId,
    },
    /// A metric in an area.
    Metric {
        /// Which metric.
        metric: MetricId,
        /// In which area.
        area: AreaCode,
    },
    /// Reports of a feed near one another; the first report's id names the cluster.
    Reports {
        /// The reports' feed.
        feed: FeedId,
        /// Id of the report that began the cluster; of a warning, its own.
        first: ReportId,
    },
    /// An area as a whole.
    Area {
        /// Which area.
        area: AreaCode,
    },
    /// A gateway: all assets of a feed that speak through it.
    Gateway {
        /// The assets' feed.
        feed: FeedId,
        /// The gateway, as `assets.csv` names it.
        gateway: SmolStr,
    },
    /// A feed as a whole: how it delivers.
    Feed {
        /// Which feed.
        feed: FeedId,
    },
}

/// A rule on a subject: the identity of an alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// The rule that fires.
    pub rule: RuleId,
    /// What it fires about.
    pub subject: Subject,
}

/// Where an alert stands.
///
/// # Source
/// Prometheus alerting: `inactive → pending → firing → resolved`; inactive alerts don't exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// The condition holds, but not yet for long enough.
    Pending,
    /// It held for long enough.
    Firing,
    /// It no longer holds.
    Resolved,
}

/// An alert as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity.
    pub key: AlertKey,
    /// Where it stands.
    pub state: AlertState,
    /// How bad.
    pub level: Level,
    /// The widest-to-finest areas of the subject.
    pub areas: Vec<AreaCode>,
    /// Where on the map, if anywhere.
    pub position: Option<Position>,
    /// The value that speaks for it; absent for silence.
    pub v: Option<f64>,
    /// UCUM unit of `v`, empty if there is none.
    pub unit: String,
    /// When the condition began to hold.
    pub since: TimeMs,
    /// When it fired; absent while pending.
    pub fired_at: Option<TimeMs>,
    /// When it resolved.
    pub resolved_at: Option<TimeMs>,
    /// What it says, with the evidence filled in.
    pub message: Text,
    /// The incident that it belongs to.
    pub incident: Option<IncidentId>,
    /// What keeps it quiet: it is told to nobody and opens no incident.
    pub hushed: Option<HushId>,
    /// Whether it comes and goes too often: it goes on firing until it has calmed down.
    pub flapping: bool,
    /// How often it has fired and resolved of late; while flapping, how often its condition has
    /// come and gone since.
    pub changes: u32,
    /// Of a warning, what its issuer says of it, as far as that was told.
    pub issued: Option<Box<Issued>>,
}

/// A turn in an alert's life, for whoever keeps its history: it fired, its level changed while it
/// was firing, or it resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertTurn {
    /// Serial number, rising by one for each turn of a city: the same turn has the same, whenever
    /// the journal is folded again.
    pub n: u64,
    /// Whose.
    pub key: AlertKey,
    /// Firing or resolved.
    pub state: AlertState,
    /// How bad.
    pub level: Level,
    /// The widest-to-finest areas of the subject.
    pub areas: Vec<AreaCode>,
    /// When.
    pub at: TimeMs,
    /// When the condition began to hold.
    pub since: TimeMs,
    /// The value that spoke for it.
    pub v: Option<f64>,
    /// UCUM unit of `v`, empty if there is none.
    pub unit: String,
    /// What it said.
    pub message: Text,
    /// What kept it quiet.
    pub hushed: Option<HushId>,
}

impl Keyed for Alert {
    type Key = AlertKey;

    fn key(&self) -> AlertKey {
        self.key.clone()
    }
}
