//! What holds for any reading: no panic, and what is accepted can be.

use egret_decode::reading::{RawReport, Reading, SentTime, SentValue};
use egret_shared::flags::Flags;
use egret_shared::time::{EARLIEST, Span};
use egret_validate::event_time::{AHEAD_MAX, PAST_MAX};
use proptest::prelude::*;

use crate::city::{NOW, TINY, VALIDATOR, feed};

/// Numbers of every kind, often plausible ones.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -5.0..350.0_f64,
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY)
    ]
}

fn time() -> impl Strategy<Value = Option<SentTime>> {
    let us = prop_oneof![
        any::<i64>(),
        (-200_000_000_i64..200_000_000).prop_map(|ms| (NOW.0 + ms) * 1_000 + 7),
    ];
    prop::option::of((us, any::<bool>()).prop_map(|(us, fine)| SentTime { us, fine }))
}

fn position() -> impl Strategy<Value = Option<(f64, f64)>> {
    let any = (any::<f64>(), any::<f64>());
    prop::option::of(prop_oneof![any, (117.9..118.3_f64, 24.3..24.7_f64)])
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Z]-[0-9]{1,3}", 1 => ".{0,200}"]
}

fn reading() -> impl Strategy<Value = Reading> {
    let property = "water_level|ponding_depth|speed|pm2_5|\\PC{0,9}";
    let unit = prop::option::of("m|cm|mm|km/h|m/s|ug/m3|mg/m3|Cel|\\PC{0,9}");
    let value = (property, number(), unit).prop_map(|(property, v, unit)| SentValue {
        property: property.as_str().into(),
        v,
        unit: unit.map(Into::into),
        flags: Flags::NONE,
    });
    let values = prop::collection::vec(value, 0..3);
    (id(), prop::option::of(id()), time(), position(), values).prop_map(
        |(asset, message, at, position, values)| Reading {
            asset: asset.as_str().into(),
            message: message.map(|id| id.as_str().into()),
            at,
            position,
            values,
        },
    )
}

proptest! {
    #[test]
    fn an_accepted_observation_is_possible(reading in reading(), road in any::<bool>()) {
        let feed = feed(if road { "road" } else { "manhole" });
        let sent = reading.clone();
        let Ok(seen) = VALIDATOR.observation(feed, reading, NOW) else {
            return Ok(());
        };
        prop_assert_eq!(seen.values.len(), sent.values.len());
        for value in &seen.values {
            let def = TINY.property(&value.property);
            let [least, greatest] = def.expect("an accepted property is known").range;
            prop_assert!(value.v.is_finite() && value.v >= least && value.v <= greatest);
        }
        prop_assert!(seen.observed_at >= EARLIEST);
        let ahead = seen.observed_at.since(NOW);
        prop_assert!(ahead <= AHEAD_MAX && ahead >= Span(-PAST_MAX.0));
        let in_ms = seen.observed_at_us.map(|us| us.div_euclid(1_000));
        prop_assert!(in_ms.is_none_or(|ms| ms == seen.observed_at.0));
        let placed = seen.position.is_some();
        prop_assert_eq!(placed, sent.position.is_some());
        prop_assert_eq!(placed && seen.area.is_none(), seen.flags.has(Flags::OUTSIDE));
    }

    #[test]
    fn a_plausible_reading_is_accepted(
        level_cm in -100.0..2_000.0_f64,
        lon in 118.001..118.199_f64,
        lat in 24.401..24.599_f64,
        age_ms in 0..86_400_000_i64,
    ) {
        let (unit, flags) = (Some("cm".into()), Flags::NONE);
        let reading = Reading {
            asset: "M-1".into(),
            message: None,
            at: Some(SentTime { us: (NOW.0 - age_ms) * 1_000, fine: false }),
            position: Some((lon, lat)),
            values: vec![SentValue { property: "water_level".into(), v: level_cm, unit, flags }],
        };
        let seen = VALIDATOR.observation(feed("manhole"), reading, NOW);
        let seen = seen.map_err(|refused| TestCaseError::fail(refused.detail))?;
        prop_assert!((seen.values[0].v - level_cm / 100.0).abs() < 1e-9);
        prop_assert!(seen.area.is_some_and(|area| area.as_str().starts_with("90000")));
        prop_assert_eq!(seen.flags, Flags::NONE);
    }

    #[test]
    fn any_report_is_taken_or_refused(
        ids in (prop::option::of(id()), prop::option::of(id())),
        words in (prop::option::of(".{0,200}"), prop::option::of(".{0,200}")),
        at in time(),
        position in position(),
    ) {
        let raw = RawReport {
            report: ids.0.map(|id| id.as_str().into()),
            message: ids.1.map(|id| id.as_str().into()),
            state: words.0.map(Into::into),
            category: words.1.map(Into::into),
            at,
            position,
            ..RawReport::default()
        };
        if let Ok((report, _)) = VALIDATOR.report(feed("hotline"), raw, NOW) {
            prop_assert!(!report.report.as_str().is_empty() && !report.state.is_empty());
            prop_assert!(report.observed_at.since(NOW) <= AHEAD_MAX);
        }
    }
}
