//! Air, noise, weather, dust.

use super::{Measured, Scene, Sensor, told};
use crate::daily::{ACTIVE, WARMTH, at_hour};

/// What the rain leaves in the air of what it washes out, 1 all of it.
fn unwashed(scene: &Scene<'_>) -> f64 {
    1.0 - 0.5 * scene.cloud
}

pub(super) fn air(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let left = unwashed(scene);
    let warm = at_hour(&WARMTH, scene.hour);
    let place = sensor.nature(0);
    let traffic = 0.3 + 0.5 * scene.rush + 0.2 * place;
    let pm2_5 = sensor.band(0, [13.0, 27.0], 0.35 + 0.3 * place, 0.2) * left;
    let coarse = 1.7 + 0.2 * sensor.wander(5, 3_600.0).clamp(-1.0, 1.0);
    let o3 = sensor.band(1, [52.0, 115.0], 0.1 + 0.8 * warm, 0.08) * (0.3 + 0.7 * left);
    let no2 = sensor.band(2, [13.0, 34.0], traffic, 0.12) * left;
    let so2 = sensor.band(3, [3.2, 7.8], place, 0.15) * left;
    let co = sensor.band(4, [0.42, 0.68], traffic, 0.12) * (0.5 + 0.5 * left);
    vec![
        told("pm2_5", pm2_5, 0),
        told("pm10", pm2_5 * coarse, 0),
        told("o3", o3, 0),
        told("no2", no2, 0),
        told("so2", so2, 0),
        told("co", co, 2),
    ]
}

pub(super) fn noise(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let busy = at_hour(&ACTIVE, scene.hour);
    let leq = 45.0 + 5.0 * sensor.nature(0) + 10.0 * busy + 3.0 * scene.cloud;
    let leq = leq + 1.2 * sensor.wander(0, 600.0);
    let peak = 14.0 + 3.0 * sensor.wander(1, 60.0).clamp(-2.0, 2.0);
    vec![told("noise_leq", leq, 1), told("noise_max", leq + peak, 1)]
}

pub(super) fn weather(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let warm = at_hour(&WARMTH, scene.hour) * (1.0 - 0.75 * scene.cloud);
    let raining = (sensor.raining_mm_h(scene) / 40.0).clamp(0.0, 1.0);
    let height = sensor.nature(0);
    let temperature = 24.4 + 6.2 * warm - 0.8 * raining - 0.6 * height;
    let dry_humidity = 84.0 - 18.0 * warm + 2.0 * sensor.wander(1, 3_600.0);
    let humidity = dry_humidity + (96.0 - dry_humidity) * scene.cloud + 3.0 * raining;
    let wind = 2.8 + 0.8 * sensor.wander(2, 900.0) + (3.4 + 0.5 * height) * scene.cloud;
    let wind = wind.max(0.3);
    let gust = wind * (1.65 + 0.15 * sensor.wander(3, 60.0).clamp(-2.0, 2.0));
    let pressure = 1_006.5 - 6.0 * scene.cloud + 0.6 * sensor.wander(4, 7_200.0);
    let clear = 17_000.0 + 3_000.0 * sensor.wander(5, 3_600.0);
    let visibility = clear * (1.0 - 0.72 * scene.cloud) * (1.0 - 0.6 * raining);
    vec![
        told(
            "air_temperature",
            temperature + 0.2 * sensor.wander(0, 1_800.0),
            1,
        ),
        told("humidity", humidity.clamp(40.0, 99.0), 0),
        told("wind_speed", wind, 1),
        told("wind_gust", gust, 1),
        told("air_pressure", pressure, 1),
        told("visibility", visibility.max(900.0), -1),
    ]
}

pub(super) fn dust(sensor: &mut Sensor, scene: &Scene<'_>) -> Vec<Measured> {
    let work = at_hour(&ACTIVE, scene.hour);
    let share = 0.1 + 0.5 * work * (0.6 + 0.4 * sensor.nature(0));
    let dry = sensor.band(0, [35.0, 165.0], share, 0.15);
    let raining = (sensor.raining_mm_h(scene) / 10.0).clamp(0.0, 1.0);
    let wet = scene.cloud.max(raining);
    vec![told("pm10", dry + (32.0 - dry) * 0.85 * wet, 0)]
}
