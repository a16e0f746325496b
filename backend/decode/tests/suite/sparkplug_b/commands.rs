//! What nodes and devices are told, as they read it.

use egret_decode::command_payload;
use egret_decode::protobuf::sparkplug_b::{Metric, Payload, Value};
use egret_shared::package::sparkplug::Unsayable;
use egret_shared::time::TimeMs;
use prost::Message as _;
use serde_json::json;

use super::{BOOLEAN, DATE_TIME, FLOAT, INT_8, INT_16, INT_32, INT_64, PLAIN, STRING, UINT_64};
use crate::feeds::{NOW, decoder_of, message};

const UINT_8: u32 = 5;
const UINT_16: u32 = 6;
const UINT_32: u32 = 7;
const DOUBLE: u32 = 10;
const TEXT: u32 = 14;

/// The metric that a node reads of one that is told.
fn told(datatype: &str, value: &serde_json::Value) -> Metric {
    let text = json!({ "metrics": [
        { "name": "Outputs/A", "timestamp": 7, "dataType": datatype, "value": value },
    ] });
    let bytes = command_payload(&text.to_string(), NOW).unwrap();
    let payload = Payload::decode(bytes.as_slice()).unwrap();
    assert_eq!(payload.timestamp, u64::try_from(NOW.0).ok());
    assert_eq!(
        (payload.seq, payload.uuid, payload.body),
        (None, None, None)
    );
    let [metric] = payload.metrics.as_slice() else {
        panic!("{:?}", payload.metrics);
    };
    metric.clone()
}

#[test]
fn a_command_is_the_bytes_that_the_field_numbers_come_to() {
    let text = r#"{"metrics":[
        {"name":"On","timestamp":150,"dataType":"Boolean","value":true},
        {"name":"Sp","dataType":"UInt8","value":200}]}"#;
    // By hand, after `sparkplug_b.proto`: payload `timestamp` 1, `metrics` 2; metric `name` 1,
    // `timestamp` 3, `datatype` 4, `int_value` 10, `boolean_value` 14.
    let expected = [
        &[0x08, 0xac, 0x02][..],
        &[
            0x12, 11, 0x0a, 2, b'O', b'n', 0x18, 0x96, 0x01, 0x20, 11, 0x70, 1,
        ],
        &[0x12, 9, 0x0a, 2, b'S', b'p', 0x20, 5, 0x50, 0xc8, 0x01],
    ]
    .concat();
    assert_eq!(command_payload(text, TimeMs(300)).unwrap(), expected);
}

#[test]
fn every_datatype_stands_in_the_field_that_it_has() {
    for (datatype, value, code, expected) in [
        ("Int8", json!(-128), INT_8, Value::Int(0xffff_ff80)),
        ("Int16", json!(-2), INT_16, Value::Int(0xffff_fffe)),
        ("Int32", json!(i32::MIN), INT_32, Value::Int(0x8000_0000)),
        ("Int64", json!(-1), INT_64, Value::Long(u64::MAX)),
        ("UInt8", json!(255), UINT_8, Value::Int(255)),
        ("UInt16", json!(65_535), UINT_16, Value::Int(65_535)),
        ("UInt32", json!(u32::MAX), UINT_32, Value::Int(u32::MAX)),
        ("UInt64", json!(1_u64 << 40), UINT_64, Value::Long(1 << 40)),
        ("DateTime", json!(7), DATE_TIME, Value::Long(7)),
        ("Float", json!(12.1), FLOAT, Value::Float(12.1)),
        ("Float", json!(3), FLOAT, Value::Float(3.0)),
        ("Double", json!(-0.25), DOUBLE, Value::Double(-0.25)),
        ("Boolean", json!(false), BOOLEAN, Value::Boolean(false)),
        (
            "String",
            json!("开"),
            STRING,
            Value::String("开".to_owned()),
        ),
        ("Text", json!(""), TEXT, Value::String(String::new())),
        // An option of a choice.
        ("Int16", json!("-3"), INT_16, Value::Int(0xffff_fffd)),
    ] {
        let metric = told(datatype, &value);
        assert_eq!(metric.name.as_deref(), Some("Outputs/A"));
        assert_eq!((metric.alias, metric.timestamp), (None, Some(7)));
        assert_eq!(
            (metric.datatype, metric.value),
            (Some(code), Some(expected)),
            "{datatype} {value}"
        );
    }
}

#[test]
fn what_is_no_command_is_never_sent() {
    for text in [
        "",
        "[]",
        r#"{"cmd":"on"}"#,
        r#"{"metrics":[{"name":"A","dataType":"Bytes","value":"00"}]}"#,
        r#"{"metrics":[{"name":"A","value":1}]}"#,
    ] {
        let refused = command_payload(text, NOW).unwrap_err();
        assert!(matches!(refused, Unsayable::Shape(_)), "{text}: {refused}");
    }
    let beyond = r#"{"metrics":[{"name":"A","dataType":"Int8","value":128}]}"#;
    let refused = command_payload(beyond, NOW).unwrap_err();
    assert_eq!(refused.to_string(), "metric \"A\": 128 is no Int8");
}

#[test]
fn a_command_that_comes_back_from_a_broker_is_nothing_of_the_city() {
    let decoder = decoder_of(PLAIN);
    let text = r#"{"metrics":[{"name":"A","timestamp":1,"dataType":"Double","value":1.5}]}"#;
    let bytes = command_payload(text, NOW).unwrap();
    for topic in ["spBv1.0/g/DCMD/n/d", "spBv1.0/g/NCMD/n"] {
        assert_eq!(decoder.decode(&message(topic, &bytes)), [], "{topic}");
    }
    assert_eq!(decoder.rebirths(), []);
}
