//! Road detectors, metro, car parks, bikes, airport.

use super::{Measured, Scene, Sensor, told};
use crate::daily::{ACTIVE, at_hour};
use crate::traffic::weather_share;

/// What weather and standing water leave of the speed at a detector.
fn passable(sensor: &Sensor, scene: &Scene<'_>) -> f64 {
    // A storm slows everyone, wherever its water stands.
    let everywhere = 1.0 - 0.52 * scene.cloud * (0.35 + 0.65 * scene.trouble);
    let here = weather_share(sensor.raining_mm_h(scene), sensor.water_near_mm(scene));
    let (past, _) = scene.mishaps.passable(sensor.point, scene.at);
    everywhere * here * past
}

pub(super) fn crossing(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let passable = passable(sensor, scene);
    let free = 66.0 + 6.0 * sensor.nature(0);
    let speed =
        free * (1.0 - 0.33 * scene.rush) * passable * (1.0 + 0.05 * sensor.wander(0, 300.0));
    let speed = speed.max(12.0 + 4.0 * sensor.nature(1));
    let flow_per_s = (0.16 + 0.75 * scene.rush) * (0.35 + 0.65 * passable);
    let jam = (1.0 - passable).max(0.0);
    let occupancy = 6.0 + 11.0 * scene.rush + 42.0 * jam + 1.2 * sensor.wander(1, 300.0);
    vec![
        told("speed", speed, 1),
        told("vehicle_count", sensor.count(flow_per_s), 0),
        told("occupancy", occupancy.clamp(1.0, 70.0), 1),
    ]
}

pub(super) fn arterial(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let passable = passable(sensor, scene);
    let free = 46.0 + 6.0 * sensor.nature(0);
    let speed =
        free * (1.0 - 0.36 * scene.rush) * passable * (1.0 + 0.06 * sensor.wander(0, 300.0));
    let speed = speed.max(7.0 + 3.0 * sensor.nature(1));
    let flow_per_s = (0.08 + 0.32 * scene.rush) * (0.35 + 0.65 * passable);
    let jam = (1.0 - passable).max(0.0);
    let occupancy = 7.0 + 12.0 * scene.rush + 36.0 * jam + 1.5 * sensor.wander(1, 300.0);
    vec![
        told("speed", speed, 1),
        told("vehicle_count", sensor.count(flow_per_s), 0),
        told("occupancy", occupancy.clamp(1.0, 60.0), 1),
    ]
}

pub(super) fn metro(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let open = (6.0..23.5).contains(&scene.hour);
    let size = 0.25 + 0.75 * sensor.nature(0);
    let more = 1.0 + 0.2 * scene.cloud;
    let per_s = if open {
        (0.04 + 0.75 * scene.rush) * size * more
    } else {
        0.0
    };
    // Homes fill the morning's entries, offices its exits; in the evening the other way round.
    let morning = if scene.hour < 13.0 { 1.0 } else { -1.0 };
    let lean = 0.35 * morning * (sensor.nature(1) - 0.5) * 2.0;
    vec![
        told("entries", sensor.count(per_s * (1.0 + lean)), 0),
        told("exits", sensor.count(per_s * (1.0 - lean)), 0),
    ]
}

pub(super) fn parking(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let busy = at_hour(&ACTIVE, scene.hour);
    let share = if sensor.nature(0) < 0.5 {
        busy
    } else {
        1.0 - 0.7 * busy
    };
    let occupancy = sensor.band(0, [42.0, 84.0], share, 0.06);
    let spaces = 120.0 + 900.0 * sensor.nature(1);
    vec![
        told("parking_occupancy", occupancy, 1),
        told("free_spaces", spaces * (1.0 - occupancy / 100.0), 0),
    ]
}

pub(super) fn airport(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let open = if (6.5..23.5).contains(&scene.hour) {
        1.0
    } else {
        0.15
    };
    let departed = sensor.count(open * 2.4 / 300.0 * (1.0 - 0.85 * scene.cloud));
    let delayed = 1.5 + sensor.wander(0, 3_600.0) + 19.0 * scene.cloud;
    vec![
        told("flights_departed", departed, 0),
        told("flights_delayed", delayed.max(0.0), 0),
    ]
}

pub(super) fn bike(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let commuting = if sensor.nature(0) < 0.5 {
        scene.rush
    } else {
        1.0 - scene.rush
    };
    let fill = sensor.band(0, [42.0, 106.0], 0.15 + 0.6 * commuting, 0.1);
    let fill = fill * (1.0 - 0.3 * scene.cloud);
    let places = 45.0 + 95.0 * sensor.nature(1);
    vec![
        told("bike_fill", fill, 0),
        told("bikes", places * fill / 100.0, 0),
    ]
}
