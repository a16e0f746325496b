//! Where water stands, and how many people call about it.

use egret_shared::time::TimeMs;

use super::ByWater;
use crate::drainage::Drainage;
use crate::plane::Point;
use crate::rain::Rain;

/// From this depth on water counts as standing, in mm.
const STANDING_MM: f64 = 40.0;

/// With this many places under twice 100 mm the city has all the trouble it can have.
const TROUBLE_FULL: f64 = 11.0;

/// The places where water stands now, and how deep in mm.
pub(crate) fn wet_places(drainage: &Drainage, rain: &Rain, at: TimeMs) -> Vec<(Point, f64)> {
    drainage
        .low_points()
        .enumerate()
        .map(|(index, point)| (point, drainage.depth_mm(index, at, rain)))
        .filter(|(_, depth_mm)| *depth_mm > STANDING_MM)
        .collect()
}

/// How much trouble standing water makes: 0 none, 1 as in the worst storm.
pub(crate) fn trouble(wet: &[(Point, f64)]) -> f64 {
    let places = wet.iter().map(|(_, depth_mm)| (depth_mm / 200.0).min(1.0));
    (places.sum::<f64>() / TROUBLE_FULL).min(1.0)
}

/// Calls per second about one place.
///
/// Played `pace` times as fast, the storm gives people that much less time to call. Following it
/// in full would bring a day's calls in a minute; the square root keeps both a storm in real time
/// and one in half an hour plausible to the eye.
pub(super) fn per_s(by_water: ByWater, depth_mm: f64, pace: f64) -> f64 {
    let over = (depth_mm / by_water.from_mm - 1.0).clamp(0.0, 1.5);
    by_water.per_hour / 3_600.0 * over * pace.max(1.0).sqrt()
}
