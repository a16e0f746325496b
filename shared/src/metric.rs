//! A metric 指标: a number for one area and one window, and the truth about it.

use serde::{Deserialize, Serialize};

use crate::flags::Flags;
use crate::id::{AreaCode, MetricId};
use crate::level::Level;
use crate::table::Keyed;
use crate::time::TimeMs;

/// A metric's value over one window of event time in one area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Which metric.
    pub metric: MetricId,
    /// For which area.
    pub area: AreaCode,
    /// Begin of the window, inclusive.
    pub start: TimeMs,
    /// End of the window, exclusive; for the live point, the end of the newest slice.
    pub end: TimeMs,
    /// The number, in the metric's unit; absent if nothing stands behind it. Always finite.
    pub v: Option<f64>,
    /// Severity of `v`.
    pub level: Level,
    /// How many assets contributed.
    pub sources: u32,
    /// How many should have.
    pub expected: u32,
    /// Event time of the newest contribution; absent if there is none.
    pub latest_at: Option<TimeMs>,
    /// What to know about it.
    pub flags: Flags,
}

/// A metric in an area.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricKey {
    /// Which metric.
    pub metric: MetricId,
    /// For which area.
    pub area: AreaCode,
}

impl Keyed for MetricPoint {
    type Key = MetricKey;

    fn key(&self) -> MetricKey {
        MetricKey {
            metric: self.metric.clone(),
            area: self.area.clone(),
        }
    }
}
