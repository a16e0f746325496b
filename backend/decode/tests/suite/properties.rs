//! What holds for any message: no panic, at least one element, nothing unbounded; and that what
//! is written as `egret-json` is read as it was meant.

use egret_decode::reading::Decoded;
use egret_decode::{Decoder, Element, limits};
use egret_shared::id::MessageId;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::feeds::{self, message};

/// Formats by names that always have something to say of a message.
const HEARD: [&str; 7] = [
    "senml",
    "chirpstack-v4",
    "tts-v3",
    "hj212",
    "ngsi-ld",
    "cap-1.2",
    "cloudevents",
];

/// Formats that have messages which rightly say nothing.
const SILENT: [&str; 4] = [
    "gtfs-rt",
    "gtfs-rt\"\nreport = true\n#",
    "open311",
    "sparkplug-b",
];

/// Decoders of every shape of feed, and of every other format by its names; whether each always
/// has something to say.
fn decoders() -> Vec<(Decoder, bool)> {
    let tiny = ["manhole", "hotline", "road", "air"].map(|id| (feeds::decoder(id), true));
    let of_format = |format: &str| {
        let toml = format!("[[feed]]\nid = \"f\"\ntopic = \"city/+/+/t\"\nformat = \"{format}\"");
        feeds::decoder_of(&toml)
    };
    let heard = HEARD.map(|format| (of_format(format), true));
    let silent = SILENT.map(|format| (of_format(format), false));
    tiny.into_iter().chain(heard).chain(silent).collect()
}

/// What holds for any message's elements.
fn check(elements: &[Element], is_heard: bool) -> Result<(), TestCaseError> {
    prop_assert!(!is_heard || !elements.is_empty());
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
               observedAt|unitCode|dateObserved|end_device_ids|device_id|locations|user|\
               service_request_id|status|lat|long|requested_datetime|\\PC{0,4}";
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Any message of protobuf, its fields mostly ones that a format looks for.
fn any_protobuf() -> impl Strategy<Value = Vec<u8>> {
    let field = |kind: u8, value: Vec<u8>| {
        (1_u8..16).prop_map(move |number| [&[number << 3 | kind], value.as_slice()].concat())
    };
    let leaf = prop_oneof![
        (0_u8..128).prop_flat_map(move |value| field(0, vec![value])),
        any::<[u8; 4]>().prop_flat_map(move |value| field(5, value.to_vec())),
        any::<[u8; 8]>().prop_flat_map(move |value| field(1, value.to_vec())),
        "[a-z0-9.]{0,6}".prop_flat_map(move |text| {
            let length = u8::try_from(text.len()).unwrap();
            field(2, [&[length], text.as_bytes()].concat())
        }),
    ];
    let message = prop::collection::vec(leaf, 0..6).prop_map(|fields| fields.concat());
    message.prop_recursive(4, 48, 6, move |inner| {
        prop::collection::vec(inner, 0..6).prop_flat_map(move |parts| {
            let number = prop::collection::vec(1_u8..6, parts.len());
            number.prop_map(move |numbers| {
                let member = |(part, number): (&Vec<u8>, &u8)| {
                    let length = u8::try_from(part.len() & 0x7f).unwrap();
                    [&[number << 3 | 2, length], part.as_slice()].concat()
                };
                parts
                    .iter()
                    .zip(&numbers)
                    .map(member)
                    .collect::<Vec<_>>()
                    .concat()
            })
        })
    })
}

/// Any XML, its names mostly ones that a format looks for, well-formed more often than not.
fn any_xml() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just("Actual".to_owned()),
        Just("Update".to_owned()),
        Just("2026-06-22T06:05:00+08:00".to_owned()),
        Just("24.4,118.0 24.4,118.2 24.5,118.2 24.4,118.0".to_owned()),
        Just("&amp;&#65;<![CDATA[x]]>".to_owned()),
        "\\PC{0,8}",
    ];
    let name = "info|area|polygon|circle|status|msgType|sent|identifier|sender|references|event|\
                request|service_request_id|lat|long|x:y|[a-z]{1,3}";
    let inner = text.prop_recursive(4, 48, 6, move |inner| {
        prop::collection::vec((name, inner), 0..6).prop_map(|elements| {
            let element = |(name, inner)| format!("<{name}>{inner}</{name}>");
            elements.into_iter().map(element).collect::<String>()
        })
    });
    inner.prop_map(|inner| {
        let namespace = "xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\" xmlns:x=\"u\"";
        format!("<alert {namespace}>{inner}</alert>")
    })
}

proptest! {
    #[test]
    fn any_protobuf_is_taken_or_refused(
        payload in any_protobuf(),
        topic in "spBv1.0/g/NBIRTH/n|spBv1.0/g/DDATA/n/d|spBv1.0/g/NDEATH/n",
    ) {
        // A header first, so that some of it is a feed.
        let feed = [b"\x0a\x05\x0a\x032.0", payload.as_slice()].concat();
        for (decoder, is_heard) in decoders() {
            for payload in [&payload, &feed] {
                check(&decoder.decode(&message(&topic, payload)), is_heard)?;
            }
        }
    }

    #[test]
    fn any_xml_is_taken_or_refused(xml in any_xml(), cut in 0_usize..200) {
        let requests = xml.replace("alert", "service_requests").replace("xmlns=", "xmlns:c=");
        let torn = xml.as_bytes().get(..cut).unwrap_or(xml.as_bytes());
        for (decoder, is_heard) in decoders() {
            for payload in [xml.as_bytes(), torn, requests.as_bytes()] {
                check(&decoder.decode(&message("city/west/A-1/t", payload)), is_heard)?;
            }
        }
    }

    #[test]
    fn any_bytes_on_any_topic_are_taken_or_refused(
        topic in "\\PC{0,20}|egret/v1/manhole/M-1|spBv1.0/g/[ND](BIRTH|DATA|DEATH)/n(/d)?",
        payload in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for (decoder, is_heard) in decoders() {
            check(&decoder.decode(&message(&topic, &payload)), is_heard)?;
        }
    }

    #[test]
    fn any_json_is_taken_or_refused(json in any_json(), cut in 0_usize..100) {
        let text = json.to_string();
        let torn = text.as_bytes().get(..cut).unwrap_or(text.as_bytes());
        for (decoder, is_heard) in decoders() {
            for payload in [text.as_bytes(), torn] {
                check(&decoder.decode(&message("city/west/A-1/t", payload)), is_heard)?;
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
