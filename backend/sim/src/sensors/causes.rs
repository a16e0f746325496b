//! What a sensor's reading tells of, by the cause inside its model.
//!
//! One cause is the rule. A road detector can have several, if water at several low points, or a
//! pile-up beside water, each takes a good part of its speed; they stand with the worst first.

use super::water::river_stage_m;
use super::{Scene, Sensor};
use crate::happening::Happening;
use crate::traffic::water_share;

/// What a cause must leave at most of a detector's speed to be one: it takes a fifth at least.
const LEFT_MAX: f64 = 0.8;

/// From so far below the warning stage on a river's gauge tells of the high river, m: its noise.
const STAGE_NOISE_M: f64 = 0.06;

/// What the readings of a sensor of `feed` tell of now, the worst first; nothing on a day like any
/// other, or where only the weather shows.
pub(crate) fn causes(feed: &str, sensor: &Sensor, scene: &Scene<'_>) -> Vec<Happening> {
    match feed {
        "manhole" => {
            let over = scene.drainage.runs_over(sensor.rank, scene.at, scene.rain);
            over.then_some(Happening::Water(sensor.rank))
                .into_iter()
                .collect()
        }
        "ponding" => {
            let depth_mm = scene.drainage.depth_mm(sensor.rank, scene.at, scene.rain);
            let by = scene.drainage.drain_of(sensor.rank);
            by.filter(|_| depth_mm > 0.0)
                .map(Happening::Water)
                .into_iter()
                .collect()
        }
        "river" => {
            let high = river_stage_m(sensor, scene) > -STAGE_NOISE_M;
            high.then_some(Happening::River(sensor.rank))
                .into_iter()
                .collect()
        }
        "water-supply" => {
            let (_, burst) = scene.mishaps.pressure(sensor.point, scene.at);
            burst.into_iter().collect()
        }
        "gas" => {
            let (_, leak) = scene.mishaps.methane(sensor.point, scene.at);
            leak.into_iter().collect()
        }
        "arterial" | "crossing" => slowing(sensor, scene),
        _ => Vec::new(),
    }
}

/// What slows a road detector.
fn slowing(sensor: &Sensor, scene: &Scene<'_>) -> Vec<Happening> {
    let by_water = sensor.low_points.iter().filter_map(|low_point| {
        let depth_mm = scene.drainage.depth_mm(*low_point, scene.at, scene.rain);
        let drain = scene.drainage.drain_of(*low_point)?;
        Some((water_share(depth_mm), Happening::Water(drain)))
    });
    let (left, crash) = scene.mishaps.passable(sensor.point, scene.at);
    let by_crash = crash.map(|crash| (left, crash));
    let mut all: Vec<(f64, Happening)> = by_water
        .chain(by_crash)
        .filter(|(left, _)| *left <= LEFT_MAX)
        .collect();
    all.sort_by(|(a, x), (b, y)| a.total_cmp(b).then(x.cmp(y)));
    all.into_iter().map(|(_, what)| what).collect()
}
