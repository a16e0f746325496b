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
    /// End of the window, exclusive; of the live point, the end of the newest slice. A running
    /// tumbling window ends in the future.
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
    /// What is usual at this hour of the week; absent if the metric learns no baseline, or has
    /// not seen enough weeks yet.
    pub typical: Option<Typical>,
}

/// What a metric usually is at an hour of the week: learned, never measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typical {
    /// The median of the same hour in the weeks before, in the metric's unit.
    pub v: f64,
    /// How far from it is usual: the median distance from the median, scaled to a standard
    /// deviation; never 0.
    pub spread: f64,
    /// How many weeks stand behind it.
    pub weeks: u8,
    /// How many spreads the value lies from `v` (robust z-score); absent without a value.
    pub z: Option<f64>,
}

/// A closed window's point, and since when it has been known so. A later one for the same window
/// revises it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedPoint {
    /// The point.
    pub point: MetricPoint,
    /// City time at which the fold knew it.
    pub known_at: TimeMs,
}

/// From this many spreads on a value is flagged as [`Flags::ANOMALY`].
///
/// # Source
/// Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), recommend 3.5.
pub const ANOMALY_Z: f64 = 3.5;

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
