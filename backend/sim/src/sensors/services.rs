//! Crowds, gas, bridges, the call desk, lights, waste, offices.

use super::{Measured, Scene, Sensor, told};
use crate::daily::{ACTIVE, OFFICE, at_hour};

pub(super) fn crowd(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let out = at_hour(&ACTIVE, scene.hour) * (1.0 - 0.9 * scene.cloud);
    let size = 400.0 + 1_500.0 * sensor.nature(0);
    let people = (size * out * (1.0 + 0.12 * sensor.wander(0, 900.0))).max(4.0);
    let square_metres = size * (1.6 + sensor.nature(1));
    vec![
        told("people", people, 0),
        told("crowd_density", people / square_metres, 2),
    ]
}

pub(super) fn gas(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let methane = 0.35 + 0.3 * sensor.nature(0) + 0.12 * sensor.wander(0, 3_600.0);
    let (leaking, _) = scene.mishaps.methane(sensor.point, scene.at);
    vec![told("methane", (methane + leaking).max(0.0), 2)]
}

pub(super) fn bridge(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let wind = 4.3 + 0.9 * sensor.wander(0, 600.0) + (7.5 + 1.5 * sensor.nature(0)) * scene.cloud;
    let wind = wind.max(0.5);
    let load = 0.4 + 1.6 * scene.rush;
    let vibration = load + 0.35 * (wind - 4.0).max(0.0) + 0.15 * sensor.wander(1, 60.0).abs();
    vec![told("wind_speed", wind, 1), told("vibration", vibration, 2)]
}

pub(super) fn hotline_desk(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let busy = at_hour(&ACTIVE, scene.hour) * scene.on_weekends(0.75);
    let waiting = 1.6 * busy + 0.9 * sensor.wander(0, 600.0) + 52.0 * scene.trouble;
    let rate = 98.2 - 0.6 * busy - 17.0 * scene.trouble + 0.4 * sensor.wander(1, 1_800.0);
    let agents = 60.0 + 50.0 * busy + 3.0 * sensor.wander(2, 3_600.0);
    vec![
        told("calls_waiting", waiting.max(0.0), 0),
        told("connect_rate", rate.clamp(70.0, 99.8), 1),
        told("agents_online", agents, 0),
    ]
}

pub(super) fn street_light(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let dusk = 18.7 + 0.4 * sensor.nature(0);
    let dawn = 5.2 + 0.3 * sensor.nature(0);
    if scene.hour > dawn && scene.hour < dusk {
        return vec![told("lamps_on", 0.0, 0), told("lamp_current", 0.0, 1)];
    }
    let lit = 98.8 + 0.6 * sensor.wander(0, 7_200.0);
    let current = (24.0 + 34.0 * sensor.nature(1)) * (1.0 + 0.01 * sensor.wander(1, 600.0));
    vec![
        told("lamps_on", lit.clamp(97.0, 100.0), 1),
        told("lamp_current", current, 1),
    ]
}

pub(super) fn waste(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    // Emptied at four in the night; fills until then.
    let since_emptied = (scene.hour - 4.0).rem_euclid(24.0) / 24.0;
    let full = 52.0 + 16.0 * sensor.nature(0);
    let fill = 26.0 + (full - 26.0) * since_emptied + 0.8 * sensor.wander(0, 1_800.0);
    vec![told("waste_fill", fill, 1)]
}

pub(super) fn service_hall(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let open = (9.0..17.0).contains(&scene.hour);
    let busy = if open {
        at_hour(&OFFICE, scene.hour) / 3.2
    } else {
        0.0
    };
    let busy = busy * (1.0 - 0.5 * scene.cloud) * scene.on_weekends(0.35);
    let size = 0.5 + 0.5 * sensor.nature(0);
    let noise = 0.15 * sensor.wander(0, 900.0);
    let waiting = if open {
        5.0 + 48.0 * busy * size * (1.0 + noise)
    } else {
        0.0
    };
    let wait_min = if open {
        4.0 + 7.5 * busy * (1.0 + noise)
    } else {
        0.0
    };
    vec![
        told("people_waiting", waiting, 0),
        told("wait_time", wait_min, 1),
        told("transactions", sensor.count(2.6 * busy * size / 60.0), 0),
    ]
}

pub(super) fn online_service(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let busy = at_hour(&ACTIVE, scene.hour) * scene.on_weekends(0.55);
    vec![told(
        "transactions",
        sensor.count((1.0 + 9.0 * busy) / 60.0),
        0,
    )]
}
