//! Drains, rain, tide, rivers, reservoirs, pumps, supply.

use std::f64::consts::TAU;

use egret_shared::time::{Span, TimeMs};

use super::{Measured, Scene, Sensor, told};
use crate::daily::{WATER_USE, at_hour};

/// Period of the main lunar tide M2, in hours, and of the solar tide S2.
const M2_H: f64 = 12.420_6;
const S2_H: f64 = 12.0;

/// Height of the tide above the local datum in m: the two greatest constituents, springs and neaps.
fn tide_m(at: TimeMs) -> f64 {
    let hours = at.0 as f64 / 3_600_000.0;
    let wave = |amplitude: f64, period: f64| amplitude * (TAU * hours / period).cos();
    0.15 + wave(1.85, M2_H) + wave(0.55, S2_H)
}

pub(super) fn manhole(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let level = scene.drainage.level_m(sensor.rank, scene.at, scene.rain);
    let tidal = if sensor.nature(0) < 0.25 {
        0.04 * tide_m(scene.at)
    } else {
        0.0
    };
    let noise = 0.03 * sensor.wander(0, 900.0);
    // A battery of seven years loses 4 % in a hundred days, whenever the run began.
    let days = scene.at.0 as f64 / 86_400_000.0;
    let battery = 100.0 - (days * 0.04 + 30.0 * sensor.nature(1)).rem_euclid(30.0);
    vec![
        told("water_level", level + tidal + noise, 2),
        told("battery", battery, 0),
    ]
}

pub(super) fn ponding(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let depth_mm = scene.drainage.depth_mm(sensor.rank, scene.at, scene.rain);
    let noise = if depth_mm > 5.0 {
        0.02 * depth_mm * sensor.wander(0, 300.0)
    } else {
        (2.0 * sensor.wander(0, 1_800.0) - 1.0).clamp(0.0, 4.0)
    };
    vec![told("ponding_depth", (depth_mm + noise).max(0.0) / 10.0, 1)]
}

pub(super) fn rain(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let fallen = |minutes: i64| {
        let mm = scene
            .rain
            .fallen_mm(sensor.gauge, scene.at, Span(minutes * 60_000));
        mm.max(0.0)
    };
    vec![
        told("rain_5m", fallen(5), 1),
        told("rain_1h", fallen(60), 1),
        told("rain_24h", fallen(24 * 60), 1),
    ]
}

pub(super) fn tide(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let surge = 0.15 * scene.cloud + 0.03 * sensor.wander(0, 3_600.0);
    let height = 0.9 + 0.15 * sensor.nature(0);
    vec![told("tide_level", tide_m(scene.at) * height + surge, 2)]
}

pub(super) fn reservoir(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let inflow_mm = scene
        .rain
        .fallen_mm(sensor.gauge, scene.at, Span(24 * 3_600_000));
    let filled = (inflow_mm / 150.0).clamp(0.0, 1.0);
    let fill = 60.0 + 22.0 * sensor.nature(1) + (10.0 + 6.0 * sensor.nature(2)) * filled;
    let level = 42.0 + 65.0 * sensor.nature(0) + 1.9 * filled;
    vec![
        told(
            "reservoir_level",
            level + 0.02 * sensor.wander(0, 7_200.0),
            2,
        ),
        told(
            "reservoir_fill",
            (fill + 0.2 * sensor.wander(1, 7_200.0)).min(99.0),
            1,
        ),
    ]
}

/// How far a river stands above its warning stage, in m, without noise.
pub(super) fn river_stage_m(sensor: &Sensor, scene: &Scene<'_>) -> f64 {
    let high = scene.rain.river(sensor.gauge, scene.at);
    let dry = -3.4 + 1.8 * sensor.nature(0);
    let worst = -0.5 + 1.05 * sensor.nature(1);
    dry + (worst - dry) * high
}

pub(super) fn river(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let high = scene.rain.river(sensor.gauge, scene.at);
    let level = river_stage_m(sensor, scene) + 0.03 * sensor.wander(0, 1_800.0);
    let flow = 1.5 + 12.0 * sensor.nature(2) + (50.0 + 330.0 * sensor.nature(2)) * high;
    let flow = flow * (1.0 + 0.04 * sensor.wander(1, 1_800.0));
    vec![
        told("river_above_warning", level, 2),
        told("river_flow", flow, 1),
    ]
}

pub(super) fn lake(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let high = scene.rain.river(sensor.gauge, scene.at);
    let level = -0.1 + 0.2 * sensor.nature(0) + 0.05 * tide_m(scene.at) + 0.75 * high;
    vec![told(
        "lake_level",
        level + 0.02 * sensor.wander(0, 1_800.0),
        2,
    )]
}

pub(super) fn pump(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let full = scene.rain.drain(sensor.gauge, sensor.point, scene.at);
    let duty = sensor.wander(0, 1_800.0);
    let running = if full > 0.15 {
        (2.0 + 3.4 * full).min(5.0).floor()
    } else if duty > 1.3 {
        1.0
    } else {
        0.0
    };
    let each = 4.0 + 0.1 * sensor.wander(1, 600.0);
    vec![
        told("pumps_running", running, 0),
        told("pump_flow", running * each, 1),
    ]
}

pub(super) fn water_quality(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let washed = scene.rain.river(sensor.gauge, scene.at);
    let nature = sensor.nature(0);
    let ph = sensor.band(0, [7.3, 8.0], nature, 0.12) - 0.4 * washed;
    let oxygen = sensor.band(1, [6.4, 8.8], 0.5, 0.2) - 1.4 * washed;
    let ammonia = sensor.band(2, [0.12, 0.55], nature, 0.15) + 0.6 * washed;
    vec![
        told("ph", ph, 2),
        told("dissolved_oxygen", oxygen, 2),
        told("ammonia_nitrogen", ammonia, 3),
    ]
}

pub(super) fn water_supply(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let drawn = at_hour(&WATER_USE, scene.hour);
    let rest = 335.0 + 60.0 * sensor.nature(0);
    let pressure = rest - 45.0 * drawn + 5.0 * sensor.wander(0, 1_200.0);
    let (left, _) = scene.mishaps.pressure(sensor.point, scene.at);
    vec![told("supply_pressure", pressure * left, 0)]
}
