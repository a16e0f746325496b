//! How the roads run: rush hours, rain, and water standing on them.
//!
//! What changes slowly is worked out once every few seconds of event time for every piece of
//! road, so that 2,000 vehicles only look it up.

use egret_shared::time::TimeMs;

use crate::daily::{self, RUSH, RUSH_WEEKEND};
use crate::drainage::Drainage;
use crate::plane::Point;
use crate::rain::Rain;
use crate::roads::{RoadKind, Roads};

/// How far from the middle of a piece of road standing water slows it, in metres.
const FLOOD_REACH_M: f64 = 700.0;

/// How hard it must rain until traffic is as slow as rain alone makes it, in mm/h.
const RAIN_FULL_MM_H: f64 = 28.0;

/// The state of the roads.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    edges: Vec<EdgeState>,
    /// How full the roads are, 0 to 1.
    rush: f64,
}

#[derive(Clone, Debug)]
struct EdgeState {
    /// The nearest rain gauge.
    gauge: usize,
    /// Ponding gauges near enough to matter.
    low_points: Vec<usize>,
    /// Share of the free speed that weather leaves, 0 to 1.
    weather: f64,
}

impl Traffic {
    /// The roads on a dry night.
    pub(crate) fn new(roads: &Roads, drainage: &Drainage, rain: &Rain) -> Self {
        let edges = roads.edges().iter().map(|edge| {
            let middle = edge.at(edge.length_m / 2.0);
            EdgeState {
                gauge: rain.gauge_near(middle),
                low_points: low_points_near(drainage, middle, FLOOD_REACH_M),
                weather: 1.0,
            }
        });
        Self {
            edges: edges.collect(),
            rush: 0.0,
        }
    }

    /// Brings everything up to `at`, `hour` by the city's clocks on a day on which people work, or
    /// do not.
    pub(crate) fn refresh(
        &mut self,
        at: TimeMs,
        (hour, weekend): (f64, bool),
        drainage: &Drainage,
        rain: &Rain,
    ) {
        let curve = if weekend { &RUSH_WEEKEND } else { &RUSH };
        self.rush = daily::at_hour(curve, hour);
        for edge in &mut self.edges {
            let depths = edge.low_points.iter();
            let deepest = depths
                .map(|low_point| drainage.depth_mm(*low_point, at, rain))
                .fold(0.0, f64::max);
            edge.weather = weather_share(rain.intensity_mm_h(edge.gauge, at), deepest);
        }
    }

    /// How full the roads are: 0 empty, 1 the morning peak.
    pub(crate) fn rush(&self) -> f64 {
        self.rush
    }

    /// How fast cars go on a piece of road now, in km/h.
    pub(crate) fn speed_kmh(&self, edge: usize, kind: RoadKind) -> f64 {
        let (free, jam) = match kind {
            RoadKind::Motorway => (76.0, 0.25),
            RoadKind::Crossing => (66.0, 0.35),
            RoadKind::Street => (46.0, 0.38),
        };
        let weather = self.edges.get(edge).map_or(1.0, |edge| edge.weather);
        free * (1.0 - jam * self.rush) * weather
    }
}

/// The ponding gauges within `reach_m` of a place.
pub(crate) fn low_points_near(drainage: &Drainage, place: Point, reach_m: f64) -> Vec<usize> {
    let near =
        |(index, point): (usize, Point)| (point.distance_m(place) < reach_m).then_some(index);
    drainage.low_points().enumerate().filter_map(near).collect()
}

/// What rain and standing water leave of the speed: 1 all of it.
pub(crate) fn weather_share(intensity_mm_h: f64, depth_mm: f64) -> f64 {
    let rain = 1.0 - 0.42 * (intensity_mm_h / RAIN_FULL_MM_H).clamp(0.0, 1.0);
    rain * water_share(depth_mm)
}

/// What standing water alone leaves of the speed: 1 all of it.
pub(crate) fn water_share(depth_mm: f64) -> f64 {
    1.0 - 0.8 * ((depth_mm - 30.0) / 270.0).clamp(0.0, 1.0)
}
