//! From rain to standing water: drains fill, manholes surcharge, roads pond.
//!
//! Every ponding gauge follows the manhole nearest to it, a few minutes later. Which gauges go
//! under in the storm is chosen by district as the storm's table says; their neighbours get wet.

use egret_shared::time::TimeMs;

use crate::curve::stream;
use crate::dice::Dice;
use crate::plane::Point;
use crate::rain::Rain;
use crate::setting::{Site, nearest};
use crate::shower::{WeakSpot, drain_share, weak_share};
use crate::storm::StormTable;

/// From this level of its manhole on a road begins to pond, in metres above the invert.
const SURCHARGE_M: f64 = 1.4;

/// How the depth grows with the surcharge: slowly at first, for roads are dished.
const DISH: f64 = 1.2;

/// How long the water takes from the manhole to the low point of the road, in minutes.
const PONDING_LAG_MIN: i64 = 6;

/// How deep the puddle is that a quiet day's shower makes, in mm: a yellow level.
const SHOWER_DEPTH_MM: f64 = 122.0;

/// The city's drains.
#[derive(Clone, Debug)]
pub(crate) struct Drainage {
    manholes: Vec<Manhole>,
    roads: Vec<LowPoint>,
}

/// A manhole.
#[derive(Clone, Debug)]
struct Manhole {
    point: Point,
    gauge: usize,
    /// Level on a dry day, m.
    dry_m: f64,
    /// Level at the storm's worst minute, m.
    worst_m: f64,
}

/// A road's low point, where a ponding gauge stands.
#[derive(Clone, Debug)]
struct LowPoint {
    point: Point,
    manhole: Option<usize>,
    /// Depth at the storm's worst minute, mm.
    worst_mm: f64,
}

/// Depth at the worst minute from which on a gauge counts as going under, in mm.
const UNDER_MM: f64 = 100.0;

impl Drainage {
    /// The drains between `manholes` and ponding `gauges`; `gauge_near` finds the rain gauge of a
    /// point.
    pub(crate) fn new(
        manholes: &[Site],
        gauges: &[Site],
        table: &StormTable,
        seed: u64,
        gauge_near: impl Fn(Point) -> usize,
    ) -> Self {
        let roads = low_points(manholes, gauges, table, seed);
        let worst_mm = |index: usize| {
            let below = roads.iter().filter(|road| road.manhole == Some(index));
            below.map(|road| road.worst_mm).fold(0.0, f64::max)
        };
        let manholes = manholes.iter().enumerate().map(|(index, site)| {
            let mut dice = Dice::new(seed, "manhole", stream(index));
            let dry_m = dice.between(0.38, 0.85);
            let rain = table.district(site.area.as_ref()).map_or(1.0, |district| {
                (district.total_mm / table.heaviest_mm()).sqrt()
            });
            let worst_mm = worst_mm(index);
            let worst_m = if worst_mm >= UNDER_MM {
                2.0 + 0.9 * ((worst_mm - UNDER_MM) / 360.0).clamp(0.0, 1.0)
            } else if dice.chance(0.16 * rain) {
                dice.between(1.5, 2.1)
            } else {
                dry_m + dice.between(0.2, 0.7) * rain
            };
            Manhole {
                point: site.point,
                gauge: gauge_near(site.point),
                dry_m,
                worst_m,
            }
        });
        Self {
            manholes: manholes.collect(),
            roads,
        }
    }

    /// Level in manhole `index`, in metres above its invert, without tide and noise.
    pub(crate) fn level_m(&self, index: usize, at: TimeMs, rain: &Rain) -> f64 {
        self.manholes.get(index).map_or(0.5, |manhole| {
            let fill = rain.drain(manhole.gauge, manhole.point, at);
            manhole.dry_m + (manhole.worst_m - manhole.dry_m) * fill
        })
    }

    /// Whether manhole `index` stands so high that a road by it ponds.
    pub(crate) fn runs_over(&self, index: usize, at: TimeMs, rain: &Rain) -> bool {
        self.level_m(index, at, rain) >= SURCHARGE_M
    }

    /// The manhole whose water comes to ponding gauge `index`.
    pub(crate) fn drain_of(&self, index: usize) -> Option<usize> {
        self.roads.get(index).and_then(|road| road.manhole)
    }

    /// Depth of the water on the road at ponding gauge `index`, in mm.
    pub(crate) fn depth_mm(&self, index: usize, at: TimeMs, rain: &Rain) -> f64 {
        let Some(road) = self.roads.get(index) else {
            return 0.0;
        };
        let Some((number, manhole)) = road
            .manhole
            .and_then(|number| Some((number, self.manholes.get(number)?)))
        else {
            return 0.0;
        };
        let level = self.level_m(number, rain.earlier(at, PONDING_LAG_MIN), rain);
        let over = (level - SURCHARGE_M) / (manhole.worst_m - SURCHARGE_M).max(0.1);
        road.worst_mm * over.clamp(0.0, 1.0).powf(DISH)
    }

    /// Every ponding gauge's place.
    pub(crate) fn low_points(&self) -> impl Iterator<Item = Point> {
        self.roads.iter().map(|road| road.point)
    }

    /// Whether a ponding gauge goes under in the storm.
    pub(crate) fn goes_under(&self, index: usize) -> bool {
        self.roads
            .get(index)
            .is_some_and(|road| road.worst_mm >= UNDER_MM)
    }

    /// Whether a manhole stands by a gauge that goes under.
    pub(crate) fn feeds_ponding(&self, manhole: usize) -> bool {
        let mut roads = self.roads.iter();
        roads.any(|road| road.manhole == Some(manhole) && road.worst_mm >= UNDER_MM)
    }

    /// Where a shower is enough for a puddle, and how full it must make the drains for that.
    pub(crate) fn weak_spots(&self) -> Vec<WeakSpot> {
        let spot = |road: &LowPoint| {
            let manhole = self.manholes.get(road.manhole?)?;
            let over = (SHOWER_DEPTH_MM / road.worst_mm).powf(1.0 / DISH);
            let level = SURCHARGE_M + over * (manhole.worst_m - SURCHARGE_M);
            (road.worst_mm > 1.5 * SHOWER_DEPTH_MM).then(|| WeakSpot {
                point: manhole.point,
                fill: (level - manhole.dry_m) / (manhole.worst_m - manhole.dry_m),
            })
        };
        let spots: Vec<WeakSpot> = self.roads.iter().filter_map(spot).collect();
        // A shower over one spot must not put a weaker neighbour under.
        let gentle = |spot: &WeakSpot| {
            let fills = spots
                .iter()
                .map(|other| other.fill / drain_share(other.point.distance_m(spot.point)));
            WeakSpot {
                fill: fills.fold(spot.fill, f64::min),
                ..*spot
            }
        };
        spots.iter().map(gentle).collect()
    }
}

/// The roads' low points: some deep, most no more than wet.
fn low_points(manholes: &[Site], gauges: &[Site], table: &StormTable, seed: u64) -> Vec<LowPoint> {
    let depths = deep_ones(gauges, table, seed);
    let point = |(index, site): (usize, &Site)| {
        let mut dice = Dice::new(seed, "low-point", stream(index));
        let wet_mm = dice.between(0.0, 40.0);
        let deep = depths.iter().find(|(deep, _)| *deep == index);
        LowPoint {
            point: site.point,
            manhole: nearest(manholes, site.point),
            worst_mm: deep.map_or(wet_mm, |(_, depth_mm)| *depth_mm),
        }
    };
    gauges.iter().enumerate().map(point).collect()
}

/// Which gauges go under, and how deep, by district; the deepest of all to 460 mm.
fn deep_ones(gauges: &[Site], table: &StormTable, seed: u64) -> Vec<(usize, f64)> {
    let mut order: Vec<usize> = (0..gauges.len()).collect();
    order.sort_by_key(|index| Dice::new(seed, "deep", stream(*index)).bits());
    let mut left: Vec<(&str, usize)> = table
        .district_points()
        .chain([("", weak_share(gauges.len()))])
        .collect();
    let mut deep = Vec::new();
    for index in order {
        let area = gauges.get(index).and_then(|site| site.area.as_ref());
        let code = area.map_or("", |area| area.as_str());
        let quota = left
            .iter_mut()
            .find(|(district, _)| code.starts_with(district));
        let Some((_, n_left)) = quota.filter(|(_, n_left)| *n_left > 0) else {
            continue;
        };
        *n_left -= 1;
        let mut dice = Dice::new(seed, "depth", stream(index));
        let depth_mm = if deep.is_empty() {
            460.0
        } else {
            dice.between(130.0, 430.0)
        };
        deep.push((index, depth_mm));
    }
    deep
}
