//! What holds for any message: no panic, at least one element, nothing unbounded; and that what
//! is written as `egret-json` is read as it was meant.

use egret_decode::reading::Decoded;
use egret_decode::{Decoder, Element, limits};
use egret_shared::id::MessageId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::feeds::{self, message};

/// Decoders of every shape of feed, and of every other format by its names.
fn decoders() -> Vec<Decoder> {
    let tiny = ["manhole", "hotline", "road", "air"].map(feeds::decoder);
    let by_name = [
        "senml",
        "chirpstack-v4",
        "tts-v3",
        "hj212",
        "ngsi-ld",
        "cloudevents",
    ]
    .map(|format| {
        let toml = format!("[[feed]]\nid = \"f\"\nformat = \"{format}\"\ntopic = \"city/+/+/t\"");
        feeds::decoder_of(&toml)
    });
    tiny.into_iter().chain(by_name).collect()
}

/// What holds for any message's elements.
fn check(elements: &[Element]) -> Result<(), TestCaseError> {
    prop_assert!(!elements.is_empty());
    for element in elements {
        match element {
            Err(refused) => {
                prop_assert!(!refused.detail.is_empty() && refused.detail.len() < 1_000);
            }
            Ok(Decoded::Reading(reading)) => {
                prop_assert!((1..=limits::VALUES_MAX).contains(&reading.values.len()));
                prop_assert!(reading.asset.as_str().len() <= limits::WORD_BYTES_MAX);
            }
            Ok(Decoded::Report(report)) => {
                let n_bytes = report.text.as_ref().map_or(0, String::len);
                prop_assert!(n_bytes <= limits::TEXT_BYTES_MAX);
            }
        }
    }
    Ok(())
}

/// Any JSON, its keys mostly ones that a format looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}|2026-06-22T06:05:00Z|[0-9]{1,20}".prop_map(Value::from),
    ];
    let key = "id|at|asset|report|position|values|v|u|text|state|gps|lng|lat|depth_mm|ts|value|\
               metric|unit|ts_us|seq|n|bn|bt|t|vb|vs|s|bv|object|deviceInfo|devEui|time|\
               uplink_message|decoded_payload|source|type|subject|data|location|coordinates|\
               observedAt|unitCode|dateObserved|end_device_ids|device_id|locations|user|\\PC{0,4}";
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_on_any_topic_are_taken_or_refused(
        topic in "\\PC{0,20}|egret/v1/manhole/M-1",
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for decoder in decoders() {
            check(&decoder.decode(&message(&topic, &payload)))?;
        }
    }

    #[test]
    fn any_json_is_taken_or_refused(json in any_json(), cut in 0_usize..100) {
        let text = json.to_string();
        let torn = text.as_bytes().get(..cut).unwrap_or(text.as_bytes());
        for decoder in decoders() {
            for payload in [text.as_bytes(), torn] {
                check(&decoder.decode(&message("city/west/A-1/t", payload)))?;
            }
        }
    }

    #[test]
    fn a_native_message_is_read_as_it_was_meant(
        id in prop::option::of("[!-~]{1,40}|[\u{4e00}-\u{9fff}\"\\\\]{1,9}"),
        ms in prop::option::of(0_i64..4_102_444_800_000),
        position in prop::option::of((-180.0..180.0_f64, -90.0..90.0_f64)),
        values in prop::collection::btree_map(
            "[a-z0-9_]{1,20}",
            (prop::num::f64::NORMAL, prop::option::of("[a-zA-Z0-9/%\\[\\]]{1,9}")),
            1..6,
        ),
        copies in 1_usize..4,
    ) {
        let at = ms.map(|ms| egret_shared::time::TimeMs(ms).to_string());
        let sent: serde_json::Map<_, _> = values
            .iter()
            .map(|(property, (v, unit))| match unit {
                Some(unit) => (property.clone(), json!({"v": v, "u": unit})),
                None => (property.clone(), json!(v)),
            })
            .collect();
        let element = json!({"id": id, "at": at, "position": position, "values": sent});
        let json = if copies == 1 { element } else { Value::from(vec![element; copies]) };
        let elements = feeds::decode("manhole", "egret/v1/manhole/M-1", &json.to_string());
        prop_assert_eq!(elements.len(), copies);
        for element in elements {
            let Ok(Decoded::Reading(reading)) = element else {
                return Err(TestCaseError::fail(format!("{element:?}")));
            };
            prop_assert_eq!(reading.asset.as_str(), "M-1");
            prop_assert_eq!(reading.message.as_ref().map(MessageId::as_str), id.as_deref());
            prop_assert_eq!(reading.at.map(|at| at.us), ms.map(|ms| ms * 1_000));
            prop_assert_eq!(reading.position, position);
            prop_assert_eq!(reading.values.len(), values.len());
            for value in &reading.values {
                let (v, unit) = &values[value.property.as_str()];
                prop_assert_eq!((value.v, value.unit.as_deref()), (*v, unit.as_deref()));
            }
        }
    }
}
