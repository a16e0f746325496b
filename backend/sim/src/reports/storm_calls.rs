//! Where water stands, and how many people call about it.

use egret_shared::time::TimeMs;

use super::ByWater;
use crate::drainage::Drainage;
use crate::happening::Happening;
use crate::plane::Point;
use crate::rain::Rain;

/// From this depth on water counts as standing, in mm.
const STANDING_MM: f64 = 40.0;

/// With this many places under twice 100 mm the city has all the trouble it can have.
const TROUBLE_FULL: f64 = 11.0;

/// A place where water stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WetPlace {
    /// Where.
    pub(crate) point: Point,
    /// How deep, mm.
    pub(crate) depth_mm: f64,
    /// Whose water.
    pub(crate) what: Happening,
}

/// The places where water stands now.
pub(crate) fn wet_places(drainage: &Drainage, rain: &Rain, at: TimeMs) -> Vec<WetPlace> {
    drainage
        .low_points()
        .enumerate()
        .filter_map(|(index, point)| {
            Some(WetPlace {
                point,
                depth_mm: drainage.depth_mm(index, at, rain),
                what: Happening::Water(drainage.drain_of(index)?),
            })
        })
        .filter(|place| place.depth_mm > STANDING_MM)
        .collect()
}

/// How much trouble standing water makes: 0 none, 1 as in the worst storm.
pub(crate) fn trouble(wet: &[WetPlace]) -> f64 {
    let places = wet.iter().map(|place| (place.depth_mm / 200.0).min(1.0));
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
