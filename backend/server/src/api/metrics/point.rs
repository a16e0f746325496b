//! One point of a metric in an answer.

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::metric::{MetricPoint, Typical};
use egret_shared::time::TimeMs;
use serde::Serialize;

use crate::store::SeriesPoint;

/// A window, hour or day.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Point {
    /// Begin, inclusive.
    pub(super) start: TimeMs,
    /// End, exclusive.
    pub(super) end: TimeMs,
    pub(super) v: Option<f64>,
    level: Level,
    sources: u32,
    expected: u32,
    latest_at: Option<TimeMs>,
    flags: Flags,
    #[serde(skip_serializing_if = "Option::is_none")]
    typical: Option<Typical>,
    /// What history adds; absent of a live point.
    #[serde(flatten)]
    kept: Option<Kept>,
}

/// What history knows of a point beside the point.
#[derive(Clone, Debug, Serialize)]
struct Kept {
    least: Option<f64>,
    mean: Option<f64>,
    greatest: Option<f64>,
    known_at: TimeMs,
}

impl From<MetricPoint> for Point {
    fn from(point: MetricPoint) -> Self {
        Self {
            start: point.start,
            end: point.end,
            v: point.v,
            level: point.level,
            sources: point.sources,
            expected: point.expected,
            latest_at: point.latest_at,
            flags: point.flags,
            typical: point.typical,
            kept: None,
        }
    }
}

impl From<SeriesPoint> for Point {
    fn from(point: SeriesPoint) -> Self {
        Self {
            start: point.start,
            end: point.end,
            v: point.v,
            level: point.level,
            sources: point.sources,
            expected: point.expected,
            latest_at: point.latest_at,
            flags: point.flags,
            typical: point.typical,
            kept: Some(Kept {
                least: point.least,
                mean: point.mean,
                greatest: point.greatest,
                known_at: point.known_at,
            }),
        }
    }
}
