//! The city's day and week: what hour it is there, whether people work, and how much of something
//! belongs to that hour.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Weekday};
use chrono_tz::Tz;
use egret_shared::time::TimeMs;

use crate::curve::floor_index;

/// A quantity by hour of the local day: 24 values, each standing at the middle of its hour.
pub(crate) type Curve = [f64; 24];

/// How full the roads are: 0 empty, 1 the morning peak.
pub(crate) const RUSH: Curve = [
    0.05, 0.03, 0.02, 0.02, 0.04, 0.12, 0.35, 0.85, 1.0, 0.65, 0.45, 0.42, //
    0.45, 0.42, 0.42, 0.48, 0.6, 0.92, 0.98, 0.65, 0.42, 0.32, 0.2, 0.1,
];

/// How full the roads are on Saturdays and Sundays: no peaks, but shopping and outings.
pub(crate) const RUSH_WEEKEND: Curve = [
    0.08, 0.05, 0.03, 0.03, 0.03, 0.06, 0.12, 0.25, 0.4, 0.5, 0.55, 0.58, //
    0.55, 0.52, 0.55, 0.6, 0.62, 0.65, 0.62, 0.55, 0.48, 0.4, 0.28, 0.15,
];

/// When people are out and about: 0 asleep, 1 busiest.
pub(crate) const ACTIVE: Curve = [
    0.08, 0.04, 0.03, 0.03, 0.05, 0.15, 0.4, 0.75, 0.9, 0.95, 1.0, 0.95, //
    0.85, 0.85, 0.95, 1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.5, 0.3, 0.15,
];

/// When citizens ring the hotline, of the day's mean.
pub(crate) const HOTLINE: Curve = [
    0.25, 0.18, 0.13, 0.1, 0.1, 0.15, 0.35, 0.8, 1.6, 2.1, 2.1, 1.7, //
    1.2, 1.3, 1.7, 1.9, 1.8, 1.5, 1.1, 1.1, 1.1, 0.9, 0.6, 0.4,
];

/// When people ring for help, of the day's mean: also at night.
pub(crate) const CALLS: Curve = [
    0.7, 0.5, 0.4, 0.35, 0.35, 0.45, 0.7, 1.0, 1.2, 1.2, 1.2, 1.2, //
    1.1, 1.1, 1.2, 1.2, 1.2, 1.25, 1.25, 1.3, 1.4, 1.4, 1.2, 0.95,
];

/// When offices work and patrols walk, of the day's mean.
pub(crate) const OFFICE: Curve = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.6, 2.0, 3.2, 3.2, 2.4, //
    0.9, 1.2, 2.8, 3.2, 2.8, 1.2, 0.3, 0.1, 0.0, 0.0, 0.0, 0.0,
];

/// How much power the city draws: 0 least, 1 most.
pub(crate) const POWER: Curve = [
    0.35, 0.25, 0.2, 0.15, 0.15, 0.2, 0.3, 0.45, 0.65, 0.8, 0.9, 0.9, //
    0.8, 0.85, 0.95, 1.0, 0.95, 0.85, 0.8, 0.85, 0.85, 0.75, 0.6, 0.45,
];

/// How warm the day is: 0 before sunrise, 1 in the early afternoon.
pub(crate) const WARMTH: Curve = [
    0.15, 0.1, 0.06, 0.03, 0.0, 0.02, 0.12, 0.28, 0.45, 0.62, 0.78, 0.9, //
    0.97, 1.0, 0.98, 0.92, 0.82, 0.68, 0.55, 0.45, 0.37, 0.3, 0.25, 0.2,
];

/// How much water households draw: 0 least, 1 at breakfast and supper.
pub(crate) const WATER_USE: Curve = [
    0.1, 0.05, 0.05, 0.05, 0.1, 0.3, 0.7, 1.0, 0.95, 0.7, 0.55, 0.6, //
    0.65, 0.5, 0.45, 0.45, 0.6, 0.8, 1.0, 1.0, 0.9, 0.7, 0.45, 0.2,
];

/// The curve's value at `hour` (0 to 24), straight lines between the hours' middles.
pub(crate) fn at_hour(curve: &Curve, hour: f64) -> f64 {
    let place = (hour - 0.5).rem_euclid(24.0);
    let value = |index: usize| curve.get(index % 24).copied().unwrap_or_default();
    let before = floor_index(place);
    value(before) + (value(before + 1) - value(before)) * place.fract()
}

/// The curve's mean over the day.
pub(crate) fn mean(curve: &Curve) -> f64 {
    curve.iter().sum::<f64>() / 24.0
}

/// The local clock at `at`: hours since midnight, 0 to 24.
pub(crate) fn local_hour(at: TimeMs, timezone: Tz) -> f64 {
    let local = DateTime::from_timestamp_millis(at.0).map(|time| time.with_timezone(&timezone));
    local.map_or(12.0, |time| {
        f64::from(time.num_seconds_from_midnight()) / 3_600.0
    })
}

/// Whether it is Saturday or Sunday there at `at`. Public holidays are unknown here.
pub(crate) fn is_weekend(at: TimeMs, timezone: Tz) -> bool {
    let local = DateTime::from_timestamp_millis(at.0).map(|time| time.with_timezone(&timezone));
    local.is_some_and(|time| matches!(time.weekday(), Weekday::Sat | Weekday::Sun))
}

/// `at` as people there write it: RFC 3339 with the city's offset, to the millisecond.
pub(crate) fn rfc3339(at: TimeMs, timezone: Tz) -> String {
    let local = DateTime::from_timestamp_millis(at.0).map(|time| time.with_timezone(&timezone));
    local.map_or_else(
        || at.to_string(),
        |time| time.to_rfc3339_opts(SecondsFormat::Millis, false),
    )
}

/// The local date and time as digits, `20260622060500`: for report numbers.
pub(crate) fn digits(at: TimeMs, timezone: Tz) -> String {
    let local = DateTime::from_timestamp_millis(at.0).map(|time| time.with_timezone(&timezone));
    local.map_or_else(
        || at.0.to_string(),
        |time| time.format("%Y%m%d%H%M%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_passes_through_its_hours_and_is_smooth_over_midnight() {
        assert!((at_hour(&RUSH, 8.5) - 1.0).abs() < 1e-9);
        assert!((at_hour(&RUSH, 8.0) - 0.925).abs() < 1e-9);
        let before = at_hour(&RUSH, 23.999);
        let after = at_hour(&RUSH, 0.001);
        assert!((before - after).abs() < 1e-3);
    }

    #[test]
    fn the_weekend_begins_and_ends_at_local_midnight() {
        for (text, expected) in [
            ("2026-06-19T23:59:00+08:00", false),
            ("2026-06-20T00:01:00+08:00", true),
            ("2026-06-21T23:59:00+08:00", true),
            ("2026-06-22T00:01:00+08:00", false),
        ] {
            let at = TimeMs::from_rfc3339(text).unwrap();
            assert_eq!(is_weekend(at, Tz::Asia__Shanghai), expected, "{text}");
        }
    }

    #[test]
    fn the_local_hour_follows_the_time_zone() {
        let at = TimeMs::from_rfc3339("2026-06-21T22:30:00Z").unwrap();
        assert!((local_hour(at, Tz::Asia__Shanghai) - 6.5).abs() < 1e-9);
        assert_eq!(
            rfc3339(at, Tz::Asia__Shanghai),
            "2026-06-22T06:30:00.000+08:00"
        );
        assert_eq!(digits(at, Tz::Asia__Shanghai), "20260622063000");
    }
}
