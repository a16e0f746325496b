//! What a metric's kind, its quality and its own time make of its value.

use egret_decode::Element;
use egret_decode::protobuf::sparkplug_b::{Metric, PropertySet, PropertyValue, Value};
use egret_shared::flags::Flags;
use egret_shared::rejection::Reason;

use super::{
    BOOLEAN, DATE_TIME, FLOAT, INT_8, INT_16, INT_32, INT_64, PLAIN, SENT_MS, STRING, UINT_64,
    hear, metric, reading,
};
use crate::feeds::{decoder_of, refusal, values};

#[test]
fn every_kind_of_number_is_read_as_wide_as_it_is() {
    for (datatype, value, v) in [
        (INT_8, Value::Int(0x80), -128.0),
        (INT_8, Value::Int(0xffff_ff80), -128.0),
        (INT_16, Value::Int(0x8000), -32_768.0),
        (INT_32, Value::Int(u32::MAX), -1.0),
        (INT_32, Value::Long(0xffff_ffff), -1.0),
        (INT_64, Value::Long(u64::MAX), -1.0),
        (5, Value::Int(255), 255.0),
        (6, Value::Int(65_535), 65_535.0),
        (7, Value::Int(u32::MAX), 4_294_967_295.0),
        (UINT_64, Value::Long(1 << 40), 1_099_511_627_776.0),
        (FLOAT, Value::Float(12.1), 12.1),
        (10, Value::Double(-0.25), -0.25),
    ] {
        let birth = vec![metric("a", datatype, value)];
        let born = hear(&decoder_of(PLAIN), "spBv1.0/g/NBIRTH/n", 0, birth);
        assert_eq!(values(reading(&born)), [("a", v, None)], "{datatype}");
    }
}

/// A birth of one metric for a feed that lists it.
fn listed(metric: Metric) -> Vec<Element> {
    let feed = format!("{PLAIN}\n[feed.names]\na = {{ property = \"p\" }}");
    hear(&decoder_of(&feed), "spBv1.0/g/NBIRTH/n", 0, vec![metric])
}

#[test]
fn what_is_no_measurement_by_itself_is_taken_where_it_is_listed() {
    for (datatype, value, v) in [
        (BOOLEAN, Value::Boolean(true), 1.0),
        (STRING, Value::String(" 4.5 ".to_owned()), 4.5),
        (DATE_TIME, Value::Long(7), 7.0),
    ] {
        let unlisted = vec![metric("a", datatype, value.clone())];
        assert_eq!(
            hear(&decoder_of(PLAIN), "spBv1.0/g/NBIRTH/n", 0, unlisted),
            []
        );
        let born = listed(metric("a", datatype, value));
        assert_eq!(values(reading(&born)), [("p", v, None)], "{datatype}");
    }
    let null = Metric {
        is_null: Some(true),
        ..metric("a", FLOAT, Value::Float(1.0))
    };
    assert_eq!(listed(null), []);
}

#[test]
fn what_is_no_number_is_refused_where_it_is_listed_and_passed_over_otherwise() {
    for (value, said) in [
        (
            Value::DataSet(b"\x08\x00".to_vec()),
            "/metrics/0/value: a data set, expected",
        ),
        (
            Value::Template(Vec::new()),
            "/metrics/0/value: a template, expected",
        ),
        (
            Value::Bytes(vec![0; 9]),
            "/metrics/0/value: bytes or an array, expected",
        ),
        (
            Value::Extension(Vec::new()),
            "/metrics/0/value: an extension, expected",
        ),
        (
            Value::String("on".to_owned()),
            "/metrics/0/string_value: \"on\", expected",
        ),
        (
            Value::Int(7),
            "/metrics/0/datatype: 9, which no whole number has",
        ),
        (
            Value::Double(f64::NAN),
            "/metrics/0/double_value: NaN is no finite",
        ),
    ] {
        let refused = refusal(listed(metric("a", FLOAT, value.clone())));
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
        let other = listed(metric("b", FLOAT, value));
        assert_eq!(other, [], "what is not listed");
    }
}

#[test]
fn a_doubted_value_is_flagged_and_a_stored_one_has_its_own_time() {
    let quality = |code| PropertySet {
        keys: vec!["engUnit".to_owned(), "Quality".to_owned()],
        values: vec![
            PropertyValue::default(),
            PropertyValue {
                datatype: Some(INT_32),
                int_value: Some(code),
            },
        ],
    };
    for (code, flags) in [
        (192, Flags::NONE),
        (0, Flags::DOUBTED),
        (500, Flags::DOUBTED),
    ] {
        let born = listed(Metric {
            properties: Some(quality(code)),
            ..metric("a", FLOAT, Value::Float(1.0))
        });
        assert_eq!(reading(&born).values[0].flags, flags, "{code}");
    }
    let stored = |timestamp| Metric {
        timestamp,
        is_historical: Some(true),
        ..metric("a", FLOAT, Value::Float(1.0))
    };
    let born = listed(stored(Some(SENT_MS - 5)));
    assert_eq!(reading(&born).at.unwrap().us, 1_486_144_502_117_000);
    for (timestamp, said) in [
        (None, "/metrics/0/timestamp: nothing, and a stored"),
        (
            Some(u64::MAX),
            "/metrics/0/timestamp: 18446744073709551615 is no time",
        ),
    ] {
        let refused = refusal(listed(stored(timestamp)));
        assert_eq!(refused.reason, Reason::BadTime);
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
    }
    let fresh = Metric {
        timestamp: None,
        ..metric("a", FLOAT, Value::Float(1.0))
    };
    assert_eq!(
        reading(&listed(fresh)).at.unwrap().us,
        1_486_144_502_122_000
    );
}
