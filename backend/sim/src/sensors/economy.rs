//! Power, port, sights, registrations, invoices: what companies and departments tell of the day.

use super::{Measured, Scene, Sensor, told};
use crate::daily::{ACTIVE, OFFICE, POWER, at_hour};

pub(super) fn power(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let drawn = at_hour(&POWER, scene.hour) * scene.on_weekends(0.88);
    let share = 0.15 + 0.6 * drawn + 0.15 * sensor.nature(0);
    let rate = sensor.band(0, [36.0, 62.0], share, 0.04);
    let size_mw = 115.0 + 165.0 * sensor.nature(1);
    let load_mw = size_mw * rate / 100.0;
    vec![
        told("load_rate", rate, 1),
        told("power_load", load_mw, 1),
        told("energy", load_mw * sensor.passed_s() / 3_600.0, 3),
    ]
}

pub(super) fn port(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let working = (1.0 - 0.8 * scene.cloud) * scene.on_weekends(0.9);
    let per_s = (6.0 + 11.0 * sensor.nature(0)) / 300.0 * working;
    let waiting = 3.0 + 5.0 * sensor.nature(1) + sensor.wander(0, 7_200.0) + 9.0 * scene.cloud;
    vec![
        told("containers", sensor.count(per_s), 0),
        told("vessels_waiting", waiting.max(0.0), 0),
    ]
}

pub(super) fn tourism(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let open = (7.5..19.0).contains(&scene.hour);
    let dry = 1.0 - 0.9 * scene.cloud;
    let size = (0.15 + 0.85 * sensor.nature(0)) * scene.on_weekends(1.6);
    let busy = if open {
        at_hour(&ACTIVE, scene.hour)
    } else {
        0.0
    };
    let inside = 7_500.0 * size * busy * dry * (1.0 + 0.05 * sensor.wander(0, 1_800.0));
    let entering = if (7.5..17.0).contains(&scene.hour) {
        70.0 / 300.0
    } else {
        0.0
    };
    let entries = sensor.count(entering * size * busy * dry);
    vec![
        told("visitor_entries", entries, 0),
        told("visitors", inside.max(0.0), 0),
    ]
}

/// About 900 new market entities on a working day, nearly all in office hours.
pub(super) fn market(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let working = at_hour(&OFFICE, scene.hour) * scene.on_weekends(0.25) + 0.02;
    let per_s = 900.0 / 86_400.0 * working;
    vec![told("new_entities", sensor.count(per_s), 0)]
}

/// About 650,000 invoices on a working day. So many are told as their mean and its chance, not
/// counted one by one.
pub(super) fn tax(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let trading = 0.6 * at_hour(&ACTIVE, scene.hour) + 0.2 * at_hour(&OFFICE, scene.hour);
    let mean = 11.0 * trading * scene.on_weekends(0.7) * sensor.passed_s();
    let invoices = mean + mean.sqrt() * sensor.wander(0, 1.0);
    vec![told("invoices", invoices.max(0.0), 0)]
}
