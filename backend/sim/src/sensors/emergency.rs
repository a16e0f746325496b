//! Weather warnings, rescue teams, shelters.

use egret_shared::time::Span;

use super::{Measured, Scene, Sensor, told};

const HOUR: Span = Span(3_600_000);

/// The level of a signal whose limits for blue to red are `limits`: 0 none, 4 red.
fn signal(v: f64, limits: [f64; 4]) -> f64 {
    limits.into_iter().filter(|limit| v >= *limit).count() as f64
}

/// Warnings of one district: by the rain that has fallen there, and ahead of it by the sky.
pub(super) fn warning(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let fallen_mm = scene.rain.fallen_mm(sensor.gauge, scene.at, HOUR);
    let by_gauge = signal(fallen_mm, [25.0, 35.0, 50.0, 80.0]);
    let by_sky = signal(scene.cloud, [0.12, 0.35, 0.85, 1.1]);
    let wind = signal(scene.cloud, [0.5, 0.9, 1.1, 1.1]);
    let towering = scene.cloud.max(sensor.raining_mm_h(scene) / 100.0);
    // Lightning is told of from yellow on.
    let lightning = signal(towering, [0.25, 0.25, 0.8, 1.1]);
    vec![
        told("rain_warning", by_gauge.max(by_sky), 0),
        told("wind_warning", wind, 0),
        told("lightning_warning", lightning, 0),
        told("heat_warning", 0.0, 0),
    ]
}

/// On standby nine times in ten; most are out when water stands everywhere.
pub(super) fn rescue_team(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let called = sensor.wander(0, 1_800.0) > 1.55 - 2.2 * scene.trouble;
    let members = 9.0 + 12.0 * sensor.nature(0);
    vec![
        told("team_ready", if called { 0.0 } else { 1.0 }, 0),
        told("team_members", members, 0),
    ]
}

/// Closed until there is trouble; then one after the other opens and fills.
pub(super) fn shelter(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let places = 120.0 + 480.0 * sensor.nature(1);
    let open = scene.trouble > 0.15 + 0.7 * sensor.nature(0);
    let fill = if open {
        (0.9 * scene.trouble * (0.5 + 0.5 * sensor.nature(2))).min(1.0)
    } else {
        0.0
    };
    vec![
        told("shelter_open", if open { 1.0 } else { 0.0 }, 0),
        told("shelter_people", places * fill, 0),
        told("shelter_fill", 100.0 * fill, 0),
    ]
}
