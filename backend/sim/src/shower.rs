//! Brief local showers: what keeps a quiet day's wall alive.
//!
//! One every 40 minutes over one weak spot of the drains, strong enough for a yellow level or two
//! and gone after half an hour. A shower is a function of its number, so nothing is remembered
//! and the run can go on for weeks.

use std::f64::consts::TAU;

use egret_shared::time::TimeMs;

use crate::curve::{floor_index, stream, whole_ms};
use crate::dice::Dice;
use crate::plane::Point;

/// From one shower to the next.
const EVERY_MS: i64 = 40 * 60_000;

/// How long it rains.
const RAIN_MIN: f64 = 12.0;

/// When after its first drop the drains are fullest.
const DRAIN_PEAK_MIN: f64 = 13.0;

/// How far from its centre the rain is 61 % of the centre's.
const RADIUS_M: f64 = 2_200.0;

/// How far from its centre drains fill to 61 %: weak spots are local.
const DRAIN_RADIUS_M: f64 = 450.0;

/// A weak spot: where a shower can make a puddle worth reporting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeakSpot {
    /// Where.
    pub(crate) point: Point,
    /// How full the drains must be for that: 0 dry, 1 as in the worst storm.
    pub(crate) fill: f64,
}

/// All showers there ever are.
#[derive(Clone, Debug)]
pub(crate) struct Showers {
    seed: u64,
    first: TimeMs,
    spots: Vec<WeakSpot>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Shower {
    begins: TimeMs,
    centre: WeakSpot,
    total_mm: f64,
}

impl Showers {
    /// Showers over `spots`, the first one at `first`; none if there is no spot.
    pub(crate) fn new(seed: u64, first: TimeMs, mut spots: Vec<WeakSpot>) -> Self {
        spots.sort_by(|a, b| a.point.x.total_cmp(&b.point.x));
        Self { seed, first, spots }
    }

    /// What fell on `point` in the `span_ms` before `at`, in mm.
    pub(crate) fn rain_mm(&self, point: Point, at: TimeMs, span_ms: i64) -> f64 {
        let fallen = |shower: &Shower| {
            let share = |time_ms: i64| fallen_share(minutes(time_ms - shower.begins.0));
            let near = bell(shower.centre.point.distance_m(point), RADIUS_M);
            shower.total_mm * near * (share(at.0) - share(at.0 - span_ms))
        };
        self.begun(at, span_ms).map(|shower| fallen(&shower)).sum()
    }

    /// How full showers make the drains at `point`.
    pub(crate) fn drain(&self, point: Point, at: TimeMs) -> f64 {
        let fill = |shower: Shower| {
            let passed = minutes(at.0 - shower.begins.0) / DRAIN_PEAK_MIN;
            let near = drain_share(shower.centre.point.distance_m(point));
            shower.centre.fill * near * passed.max(0.0) * (1.0 - passed.max(0.0)).exp()
        };
        self.begun(at, 2 * EVERY_MS).map(fill).fold(0.0, f64::max)
    }

    /// The showers that can have rained in the `span_ms` before `at`; none begins before the run.
    fn begun(&self, at: TimeMs, span_ms: i64) -> impl Iterator<Item = Shower> {
        let since_first = at.0 - self.first.0;
        let newest = since_first.div_euclid(EVERY_MS);
        let oldest = (since_first - span_ms).div_euclid(EVERY_MS) - 1;
        (oldest.max(0)..=newest).filter_map(|number| self.shower(number))
    }

    /// The western spots for one shower, the eastern ones for the next, so that no gauge adds up
    /// two of them to a downpour.
    fn side(&self, number: i64) -> &[WeakSpot] {
        let (west, east) = self.spots.split_at(self.spots.len() / 2);
        if number % 2 == 0 || west.is_empty() {
            east
        } else {
            west
        }
    }

    fn shower(&self, number: i64) -> Option<Shower> {
        let index = u64::try_from(number).ok()?;
        let mut dice = Dice::new(self.seed, "shower", index);
        let delay_ms = whole_ms(dice.between(0.0, 4.0) * 60_000.0);
        Some(Shower {
            begins: TimeMs(self.first.0 + number * EVERY_MS + delay_ms),
            centre: *dice.pick(self.side(number))?,
            total_mm: dice.between(26.0, 35.0),
        })
    }
}

/// The share of a shower that has fallen so many minutes after its first drop.
fn fallen_share(minute: f64) -> f64 {
    let passed = (minute / RAIN_MIN).clamp(0.0, 1.0);
    passed - (TAU * passed).sin() / TAU
}

fn minutes(ms: i64) -> f64 {
    ms as f64 / 60_000.0
}

fn bell(distance_m: f64, radius_m: f64) -> f64 {
    (-0.5 * (distance_m / radius_m).powi(2)).exp()
}

/// How much of what a shower does to the drains under it, it does to those so far away.
pub(crate) fn drain_share(distance_m: f64) -> f64 {
    bell(distance_m, DRAIN_RADIUS_M)
}

/// How many of `n_all` things are weak when the city has no storm's table: one in eight.
pub(crate) fn weak_share(n_all: usize) -> usize {
    floor_index(stream(n_all) as f64 / 8.0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn showers() -> Showers {
        let spot = WeakSpot {
            point: Point::default(),
            fill: 0.6,
        };
        Showers::new(3, TimeMs(0), vec![spot])
    }

    #[test]
    fn an_hour_sees_one_shower_or_two_and_its_water_leaves() {
        let showers = showers();
        let here = Point::default();
        let hour_ms = 3_600_000;
        for minute in 20..600 {
            let at = TimeMs(minute * 60_000);
            let hour = showers.rain_mm(here, at, hour_ms);
            assert!((15.0..75.0).contains(&hour), "minute {minute}: {hour} mm");
            let far = Point {
                x: 20_000.0,
                y: 0.0,
            };
            assert!(showers.rain_mm(far, at, hour_ms) < 0.01);
        }
        let fills = (0..600).map(|minute| showers.drain(here, TimeMs(minute * 60_000)));
        let fills: Vec<f64> = fills.collect();
        let most = fills.iter().copied().fold(0.0, f64::max);
        assert!((0.55..0.61).contains(&most), "{most}");
        assert!(fills.iter().filter(|fill| **fill < 0.35).count() > 150);
    }
}
