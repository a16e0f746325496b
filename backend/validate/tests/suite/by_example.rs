//! What becomes of readings and reports, example by example.

use egret_decode::reading::{Decoded, RawReport, Reading, SentTime, SentValue};
use egret_shared::flags::Flags;
use egret_shared::id::ID_BYTES_MAX;
use egret_shared::observation::Observation;
use egret_shared::rejection::{Reason, Rejection, Stage};

use crate::city::{NOW, VALIDATOR, decoded, feed, level, opened};

fn manhole(reading: Reading) -> Result<Observation, Rejection> {
    VALIDATOR.observation(feed("manhole"), reading, NOW)
}

#[test]
fn a_reading_becomes_an_observation_in_its_grid_cell() {
    let seen = manhole(level(142.0, Some("cm"))).unwrap();
    assert_eq!(
        (seen.feed.as_str(), seen.asset.as_str()),
        ("manhole", "M-1")
    );
    assert_eq!((seen.observed_at, seen.received_at), (NOW, NOW));
    assert_eq!(seen.values.len(), 1);
    assert_eq!(seen.values[0].property.as_str(), "water_level");
    assert!((seen.values[0].v - 1.42).abs() < 1e-12);
    assert_eq!(seen.area, Some("900001001".into()));
    assert_eq!(seen.flags, Flags::NONE);
}

#[test]
fn outside_the_city_a_reading_is_kept_and_flagged_and_without_a_position_only_kept() {
    let away = Reading {
        position: Some((119.0, 24.5)),
        ..level(1.0, None)
    };
    let away = manhole(away).unwrap();
    assert_eq!((away.area, away.flags), (None, Flags::OUTSIDE));
    assert!(away.position.is_some());
    let placeless = manhole(Reading {
        position: None,
        ..level(1.0, None)
    })
    .unwrap();
    assert_eq!((placeless.area, placeless.flags), (None, Flags::NONE));
}

#[test]
fn the_tiny_citys_vendors_are_read_converted_and_placed() {
    let observation = |id: &str, topic: &str, payload: &str| {
        let element = decoded(id, topic, payload).remove(0).unwrap();
        let Decoded::Reading(reading) = element else {
            panic!("{element:?} is no reading")
        };
        VALIDATOR.observation(feed(id), reading, NOW).unwrap()
    };
    // GCJ-02 shifts some 470 m to the east here: as sent, this lies in the east.
    let road = observation(
        "road",
        "vendor-x/R-7/telemetry",
        r#"{"msgId":7,"ts":1782079500123,"gps":{"lng":118.1020,"lat":24.48},"depth_mm":142}"#,
    );
    assert_eq!(road.area, Some("900001001".into()));
    assert!(
        (road.values[0].v - 14.2).abs() < 1e-12,
        "142 mm are 14.2 cm"
    );
    assert_eq!(
        (road.observed_at.0, road.observed_at_us),
        (1_782_079_500_123, None)
    );

    let air = observation(
        "air",
        "city/west/A-1/t",
        r#"{"id":"A-1","ts_us":1782079500123456,"lon":118.15,"lat":24.5,"metric":"pm25",
            "value":0.035,"unit":"mg/m3","seq":3}"#,
    );
    assert_eq!(air.area, Some("900002".into()), "the east has no grid");
    assert_eq!(air.values[0].property.as_str(), "pm2_5");
    assert!(
        (air.values[0].v - 35.0).abs() < 1e-9,
        "0.035 mg/m3 are 35 ug/m3"
    );
    assert_eq!(air.observed_at_us, Some(1_782_079_500_123_456));
}

/// Checks that a manhole's reading is refused, and that the sentence names what it should.
fn refused(reading: Reading, reason: Reason, named: &str) {
    let refused = manhole(reading).unwrap_err();
    assert_eq!((refused.stage, refused.reason), (Stage::Validate, reason));
    assert!(refused.detail.contains(named), "{}", refused.detail);
}

#[test]
fn an_id_that_cannot_be_is_refused_by_name() {
    let asset = |id: &str| Reading {
        asset: id.into(),
        ..level(1.0, None)
    };
    let message = |id: &str| Reading {
        message: Some(id.into()),
        ..level(1.0, None)
    };
    refused(asset(""), Reason::BadId, "asset id");
    refused(asset("a/b"), Reason::BadId, "'/'");
    refused(message("\n"), Reason::BadId, "message id");
    assert!(manhole(message("base64+/==")).is_ok());
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    let property = |id: &str| {
        let mut reading = level(1.0, None);
        reading.values[0].property = id.into();
        reading
    };
    refused(
        Reading {
            values: vec![],
            ..level(1.0, None)
        },
        Reason::NoValue,
        "no value",
    );
    refused(property("depth"), Reason::UnknownProperty, "depth");
    refused(level(1.0, Some("km/h")), Reason::BadUnit, "km/h");
    refused(level(20.001, None), Reason::OutOfRange, "-1 to 20 m");
    refused(level(f64::NAN, None), Reason::OutOfRange, "NaN");
}

#[test]
fn a_time_or_place_that_cannot_be_is_refused_by_name() {
    let at = |us| Reading {
        at: Some(SentTime { us, fine: false }),
        ..level(1.0, None)
    };
    let position = |lon, lat| Reading {
        position: Some((lon, lat)),
        ..level(1.0, None)
    };
    refused(at(0), Reason::AbsurdTime, "1970-01-01");
    refused(at(4_102_444_800_000_000), Reason::AbsurdTime, "2100-01-01");
    refused(position(0.0, 0.0), Reason::BadPosition, "[0, 0]");
    refused(position(24.4, 118.0), Reason::BadPosition, "24.4");
}

#[test]
fn one_bad_value_refuses_the_good_ones_with_it() {
    let mut reading = level(1.0, None);
    reading.values.push(SentValue {
        property: "speed".into(),
        v: 1e9,
        unit: None,
        flags: Flags::NONE,
    });
    assert_eq!(manhole(reading).unwrap_err().reason, Reason::OutOfRange);
}

#[test]
fn a_clock_that_is_ahead_cannot_lead_the_city() {
    let hour_ahead = SentTime {
        us: (NOW.0 + 3_600_000) * 1_000,
        fine: true,
    };
    let seen = manhole(Reading {
        at: Some(hour_ahead),
        ..level(1.0, None)
    })
    .unwrap();
    assert_eq!((seen.observed_at, seen.observed_at_us), (NOW, None));
    assert_eq!(seen.flags, Flags::FUTURE);
    let silent = manhole(Reading {
        at: None,
        ..level(1.0, None)
    })
    .unwrap();
    assert_eq!((silent.observed_at, silent.flags), (NOW, Flags::NO_TIME));
}

#[test]
fn a_report_is_opened_unless_it_says_otherwise_and_its_person_goes_another_way() {
    let hotline = feed("hotline");
    let phone = ("/caller/phone".to_owned(), "5550100".to_owned());
    let raw = RawReport {
        personal: vec![phone.clone()],
        ..opened()
    };
    let (report, personal) = VALIDATOR.report(hotline, raw, NOW).unwrap();
    assert_eq!(
        (report.report.as_str(), report.state.as_str()),
        ("T-1", "opened")
    );
    assert_eq!((report.category.as_str(), report.text.as_str()), ("", ""));
    assert_eq!(
        (report.area.clone(), report.flags),
        (Some("900001001".into()), Flags::NONE)
    );
    assert_eq!(personal, [phone]);
    assert!(!format!("{report:?}").contains("5550100"));

    let raw = RawReport {
        position: None,
        at: None,
        state: Some("closed".into()),
        ..opened()
    };
    let (report, _) = VALIDATOR.report(hotline, raw, NOW).unwrap();
    assert_eq!(report.state.as_str(), "closed");
    assert_eq!(report.flags, Flags::NO_TIME.with(Flags::NO_POSITION));
}

#[test]
fn a_report_that_cannot_be_is_refused() {
    for (raw, reason) in [
        (
            RawReport {
                report: None,
                ..opened()
            },
            Reason::BadId,
        ),
        (
            RawReport {
                report: Some("a#".into()),
                ..opened()
            },
            Reason::BadId,
        ),
        (
            RawReport {
                message: Some("".into()),
                ..opened()
            },
            Reason::BadId,
        ),
        (
            RawReport {
                state: Some("\u{0}".into()),
                ..opened()
            },
            Reason::BadId,
        ),
        (
            RawReport {
                category: Some("x".repeat(ID_BYTES_MAX + 1).into()),
                ..opened()
            },
            Reason::BadId,
        ),
        (
            RawReport {
                at: Some(SentTime { us: 0, fine: false }),
                ..opened()
            },
            Reason::AbsurdTime,
        ),
        (
            RawReport {
                position: Some((500.0, 0.0)),
                ..opened()
            },
            Reason::BadPosition,
        ),
    ] {
        let refused = VALIDATOR.report(feed("hotline"), raw, NOW).unwrap_err();
        assert_eq!(refused.reason, reason, "{}", refused.detail);
    }
}
