//! `sparkplug-b`: the specification's own examples, births, and what is not understood without.

mod commands;
mod past;
mod values;

use egret_decode::protobuf::sparkplug_b::{Metric, Payload, Value};
use egret_decode::reading::{Decoded, Reading};
use egret_decode::{Decoder, Element, Message, Rebirth, limits};
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::TimeMs;
use prost::Message as _;

use crate::feeds::{NOW, decoder_of, message, refusal, values};

const PLAIN: &str = "[[feed]]\nid = \"s\"\nformat = \"sparkplug-b\"\ntopic = \"spBv1.0/#\"";

/// When the specification's examples were sent.
const SENT_MS: u64 = 1_486_144_502_122;

const NODE: &str = "spBv1.0/Sparkplug B Devices/NBIRTH/Raspberry Pi";
const DEVICE: &str = "spBv1.0/Sparkplug B Devices/DBIRTH/Raspberry Pi/Pibrella";

const INT_8: u32 = 1;
const INT_16: u32 = 2;
const INT_32: u32 = 3;
const INT_64: u32 = 4;
const UINT_64: u32 = 8;
const FLOAT: u32 = 9;
const BOOLEAN: u32 = 11;
const STRING: u32 = 12;
const DATE_TIME: u32 = 13;

fn metric(name: &str, datatype: u32, value: Value) -> Metric {
    Metric {
        name: Some(name.to_owned()),
        timestamp: Some(SENT_MS),
        datatype: Some(datatype),
        value: Some(value),
        ..Metric::default()
    }
}

fn with_alias(alias: u64, metric: Metric) -> Metric {
    let alias = Some(alias);
    Metric { alias, ..metric }
}

/// A metric as later messages have it: no name, no kind.
fn changed(alias: u64, value: Value) -> Metric {
    Metric {
        alias: Some(alias),
        timestamp: Some(SENT_MS),
        value: Some(value),
        ..Metric::default()
    }
}

fn payload(seq: Option<u64>, metrics: Vec<Metric>) -> Payload {
    Payload {
        timestamp: Some(SENT_MS),
        metrics,
        seq,
        ..Payload::default()
    }
}

fn hear(decoder: &Decoder, topic: &str, seq: u64, metrics: Vec<Metric>) -> Vec<Element> {
    let payload = payload(Some(seq), metrics).encode_to_vec();
    decoder.decode(&message(topic, &payload))
}

fn bd_seq(number: u64) -> Metric {
    metric("bdSeq", UINT_64, Value::Long(number))
}

fn reading(elements: &[Element]) -> &Reading {
    match elements {
        [Ok(Decoded::Reading(reading))] => reading,
        other => panic!("{other:?}"),
    }
}

fn rebirth() -> Rebirth {
    Rebirth {
        group: "Sparkplug B Devices".into(),
        node: "Raspberry Pi".into(),
    }
}

/// The feed of the specification's example, which takes what can be measured.
fn pibrella() -> Decoder {
    decoder_of(&format!(
        "{PLAIN}\n[feed.names]\n\"Supply Voltage\" = {{ property = \"volts\", unit = \"V\" }}\n\
         \"Inputs/A\" = {{ property = \"a\" }}\n\"Inputs/C\" = {{ property = \"c\" }}"
    ))
}

/// Section 6.4.19, NBIRTH.
fn node_birth() -> Vec<Metric> {
    let control = |name| metric(name, BOOLEAN, Value::Boolean(false));
    let text = |name, text: &str| metric(name, STRING, Value::String(text.to_owned()));
    vec![
        bd_seq(0),
        control("Node Control/Reboot"),
        control("Node Control/Rebirth"),
        control("Node Control/Next Server"),
        metric("Node Control/Scan Rate", INT_64, Value::Long(3_000)),
        text("Properties/Hardware Make", "Raspberry Pi"),
        text("Properties/Hardware Model", "Pi 3 Model B"),
        text("Properties/OS", "Raspbian"),
        text("Properties/OS Version", "Jessie with PIXEL/11.01.2017"),
        metric("Supply Voltage", FLOAT, Value::Float(12.1)),
    ]
}

/// Section 6.4.20, DBIRTH.
fn device_birth() -> Vec<Metric> {
    let names = [
        "Inputs/A",
        "Inputs/B",
        "Inputs/C",
        "Inputs/D",
        "Inputs/Button",
        "Outputs/E",
        "Outputs/F",
        "Outputs/G",
        "Outputs/H",
        "Outputs/LEDs/Green",
        "Outputs/LEDs/Red",
        "Outputs/LEDs/Yellow",
        "Outputs/Buzzer",
    ];
    let low = names.map(|name| metric(name, BOOLEAN, Value::Boolean(false)));
    let make = metric(
        "Properties/Hardware Make",
        STRING,
        Value::String("Pibrella".to_owned()),
    );
    low.into_iter().chain([make]).collect()
}

#[test]
fn the_specifications_session_is_read_from_birth_to_death() {
    let decoder = pibrella();
    let born = hear(&decoder, NODE, 0, node_birth());
    let node = reading(&born);
    assert_eq!(node.asset.as_str(), "Sparkplug B Devices:Raspberry Pi");
    assert_eq!(node.at.unwrap().us, 1_486_144_502_122_000);
    assert_eq!(values(node), [("volts", 12.1, Some("V"))]);

    let born = hear(&decoder, DEVICE, 1, device_birth());
    let device = reading(&born);
    assert_eq!(
        device.asset.as_str(),
        "Sparkplug B Devices:Raspberry Pi:Pibrella"
    );
    assert_eq!(values(device), [("a", 0.0, None), ("c", 0.0, None)]);

    // Section 6.4.21, NDATA, and 6.4.22, DDATA, with the numbers of one session.
    let data = vec![metric("Supply Voltage", FLOAT, Value::Float(12.3))];
    let data = hear(&decoder, &NODE.replace("BIRTH", "DATA"), 2, data);
    assert_eq!(values(reading(&data)), [("volts", 12.3, Some("V"))]);
    let high = |name| metric(name, BOOLEAN, Value::Boolean(true));
    let data = vec![high("Inputs/A"), high("Inputs/C")];
    let data = hear(&decoder, &DEVICE.replace("BIRTH", "DATA"), 3, data);
    assert_eq!(values(reading(&data)), [("a", 1.0, None), ("c", 1.0, None)]);

    let death = payload(None, vec![bd_seq(0)]).encode_to_vec();
    for (topic, payload) in [
        (
            DEVICE.replace("BIRTH", "DEATH"),
            payload(Some(4), Vec::new()).encode_to_vec(),
        ),
        (NODE.replace("BIRTH", "DEATH"), death),
    ] {
        assert_eq!(decoder.decode(&message(&topic, &payload)), [], "{topic}");
    }
    assert_eq!(decoder.rebirths(), []);
}

#[test]
fn what_hosts_say_is_nothing_of_the_city() {
    let decoder = decoder_of(PLAIN);
    let command = rebirth();
    assert_eq!(
        command.topic(),
        "spBv1.0/Sparkplug B Devices/NCMD/Raspberry Pi"
    );
    for (topic, payload) in [
        (command.topic().as_str(), Rebirth::payload(NOW).as_slice()),
        ("spBv1.0/g/DCMD/n/d", b""),
        (
            "spBv1.0/STATE/egret",
            br#"{"online":true,"timestamp":1668114759262}"#,
        ),
    ] {
        assert_eq!(decoder.decode(&message(topic, payload)), [], "{topic}");
    }
    let sent = Payload::decode(Rebirth::payload(NOW).as_slice()).unwrap();
    assert_eq!(
        sent.metrics[0].name.as_deref(),
        Some("Node Control/Rebirth")
    );
    assert_eq!(sent.metrics[0].value, Some(Value::Boolean(true)));
    assert_eq!(
        (sent.seq, sent.timestamp),
        (None, u64::try_from(NOW.0).ok())
    );
}

#[test]
fn an_alias_means_what_the_birth_of_its_node_has_said() {
    let decoder = decoder_of(PLAIN);
    let level = with_alias(7, metric("level", INT_16, Value::Int(5)));
    hear(&decoder, "spBv1.0/g/NBIRTH/n", 255, vec![bd_seq(1)]);
    hear(&decoder, "spBv1.0/g/DBIRTH/n/d", 0, vec![level]);
    // -2 in 16 bits, and stretched to 32.
    for (seq, bits) in [(1, 0xfffe), (2, 0xffff_fffe)] {
        let data = vec![changed(7, Value::Int(bits))];
        let data = hear(&decoder, "spBv1.0/g/DDATA/n/d", seq, data);
        assert_eq!(values(reading(&data)), [("level", -2.0, None)]);
    }
    // Another node's alias 7 is another metric.
    hear(&decoder, "spBv1.0/g/NBIRTH/m", 0, vec![bd_seq(0)]);
    let refused = refusal(hear(
        &decoder,
        "spBv1.0/g/NDATA/m",
        1,
        vec![changed(7, Value::Int(1))],
    ));
    assert!(refused.detail.contains("alias 7"), "{}", refused.detail);
    // Born again, it means something else; what the device had is gone with the node's old life.
    let other = with_alias(7, metric("other", FLOAT, Value::Float(1.0)));
    hear(&decoder, "spBv1.0/g/NBIRTH/n", 0, vec![bd_seq(2), other]);
    let data = hear(
        &decoder,
        "spBv1.0/g/NDATA/n",
        1,
        vec![changed(7, Value::Float(2.0))],
    );
    assert_eq!(values(reading(&data)), [("other", 2.0, None)]);
}

#[test]
fn an_unknown_alias_is_refused_once_for_a_message_and_the_nodes_rebirth_is_wanted() {
    let decoder = decoder_of(PLAIN);
    let topic = NODE.replace("BIRTH", "DATA");
    let data = vec![
        metric("level", FLOAT, Value::Float(1.5)),
        changed(7, Value::Float(1.0)),
        changed(8, Value::Float(1.0)),
        changed(9, Value::Float(1.0)),
    ];
    let elements = hear(&decoder, &topic, 9, data);
    let [Ok(Decoded::Reading(level)), Err(refused)] = elements.as_slice() else {
        panic!("{elements:?}");
    };
    assert_eq!(values(level), [("level", 1.5, None)]);
    assert_eq!(refused.reason, Reason::BadShape);
    let said = "/metrics/1: the alias 7, and 2 more: no birth of node \"Raspberry Pi\" of group \
                \"Sparkplug B Devices\" has been heard";
    assert!(refused.detail.starts_with(said), "{}", refused.detail);
    assert_eq!(decoder.rebirths(), [rebirth()]);
    assert_eq!(decoder.rebirths(), []);
}

#[test]
fn a_whole_number_of_an_unknown_kind_is_refused_and_a_float_is_not() {
    let decoder = decoder_of(PLAIN);
    let kindless = |value| Metric {
        datatype: None,
        ..metric("a", 0, value)
    };
    let refused = refusal(hear(
        &decoder,
        "spBv1.0/g/NDATA/n",
        0,
        vec![kindless(Value::Int(7))],
    ));
    assert!(
        refused.detail.contains("the kind of \"a\""),
        "{}",
        refused.detail
    );
    let data = hear(
        &decoder,
        "spBv1.0/g/NDATA/n",
        1,
        vec![kindless(Value::Double(0.5))],
    );
    assert_eq!(values(reading(&data)), [("a", 0.5, None)]);
    let birth = vec![metric("a", INT_8, Value::Int(0xff))];
    let born = hear(&decoder, "spBv1.0/g/NBIRTH/n", 0, birth);
    assert_eq!(values(reading(&born)), [("a", -1.0, None)]);
    let data = hear(
        &decoder,
        "spBv1.0/g/NDATA/n",
        1,
        vec![kindless(Value::Int(0x80))],
    );
    assert_eq!(values(reading(&data)), [("a", -128.0, None)]);
}

#[test]
fn a_gap_loses_nothing_that_can_be_read_and_has_the_rebirth_asked_for_once_a_minute() {
    let decoder = pibrella();
    let topic = NODE.replace("BIRTH", "DATA");
    let say = |seq, after_ms| {
        let data = vec![metric("Supply Voltage", FLOAT, Value::Float(12.3))];
        let payload = payload(Some(seq), data).encode_to_vec();
        let said = decoder.decode(&Message {
            received_at: TimeMs(NOW.0 + after_ms),
            ..message(&topic, &payload)
        });
        assert_eq!(values(reading(&said)), [("volts", 12.3, Some("V"))]);
        decoder.rebirths().len()
    };
    hear(&decoder, NODE, 0, node_birth());
    assert_eq!([say(1, 0), say(2, 1), say(4, 2), say(5, 3)], [0, 0, 1, 0]);
    let again_ms = i64::try_from(limits::REBIRTH_AGAIN_MS).unwrap();
    assert_eq!(
        [say(7, 4), say(9, 2 + again_ms), say(10, 3 + again_ms)],
        [0, 1, 0]
    );
    hear(&decoder, NODE, 0, node_birth());
    assert_eq!([say(1, 0), say(3, 1)], [0, 1], "a birth ends the wait");
}

#[test]
fn numbers_go_round_after_255() {
    let decoder = pibrella();
    hear(&decoder, NODE, 255, node_birth());
    hear(&decoder, DEVICE, 0, device_birth());
    hear(&decoder, &DEVICE.replace("BIRTH", "DATA"), 1, Vec::new());
    assert_eq!(decoder.rebirths(), []);
    let refused = refusal(hear(&decoder, NODE, 256, node_birth()));
    assert_eq!(refused.detail, "/seq: 256, expected 0 to 255");
}

#[test]
fn a_late_will_of_an_earlier_life_ends_no_later_one() {
    let decoder = decoder_of(PLAIN);
    let level = with_alias(7, metric("level", FLOAT, Value::Float(1.0)));
    hear(&decoder, "spBv1.0/g/NBIRTH/n", 0, vec![bd_seq(4), level]);
    let death = |number| payload(None, vec![bd_seq(number)]).encode_to_vec();
    let data = |seq| {
        hear(
            &decoder,
            "spBv1.0/g/NDATA/n",
            seq,
            vec![changed(7, Value::Float(2.0))],
        )
    };
    decoder.decode(&message("spBv1.0/g/NDEATH/n", &death(3)));
    assert_eq!(values(reading(&data(1))), [("level", 2.0, None)]);
    decoder.decode(&message("spBv1.0/g/NDEATH/n", &death(4)));
    assert!(refusal(data(2)).detail.contains("alias 7"));
    assert_eq!(decoder.rebirths().len(), 1);
}

#[test]
fn the_asset_is_the_topics_level_that_the_feed_names() {
    let feed = format!("{PLAIN}\n[feed.map]\nasset = {{ topic = 4 }}");
    let decoder = decoder_of(&feed);
    for (topic, asset) in [("spBv1.0/g/DBIRTH/n/d", "d"), ("spBv1.0/g/NBIRTH/n", "n")] {
        let born = hear(
            &decoder,
            topic,
            0,
            vec![metric("a", FLOAT, Value::Float(1.0))],
        );
        assert_eq!(reading(&born).asset.as_str(), asset);
    }
}

#[test]
fn a_message_that_is_none_is_refused() {
    let refused = |topic: &str, payload: &[u8]| -> Rejection {
        refusal(decoder_of(PLAIN).decode(&message(topic, payload)))
    };
    for topic in [
        "",
        "spBv1.0",
        "spBv1.0/g/NBIRTH",
        "spBv1.0/g/NBIRTH/n/d",
        "spBv1.0/g/DDATA/n",
        "spBv1.0/g/X/n",
        "spAv1.0/g/NDATA/n",
        "spBv1.0/g/DDATA/n/d/e",
        "spBv1.0//NDATA/n",
    ] {
        let refused = refused(topic, b"");
        assert!(
            refused.detail.contains("none of Sparkplug's"),
            "{topic}: {}",
            refused.detail
        );
    }
    let long = format!("spBv1.0/{}/NDATA/n", "g".repeat(129));
    assert_eq!(refused(&long, b"").reason, Reason::BadId);
    let packed = Payload {
        body: Some(vec![1]),
        uuid: Some("SPBV1.0_COMPRESSED".to_owned()),
        ..Payload::default()
    };
    for (payload, said) in [
        (packed.encode_to_vec(), "/body: a payload packed"),
        (b"{}".to_vec(), "byte 1: no protobuf"),
        (
            b"\x12\x80\x80\x80\x80\x04".to_vec(),
            "byte 6: no protobuf: 1073741824 bytes",
        ),
        (
            b"\x12\x02\x0a\x05".to_vec(),
            "/metrics/0: not as its protobuf type says",
        ),
    ] {
        let refused = refused("spBv1.0/g/NDATA/n", &payload);
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
    }
    let many = [0x12, 0x00].repeat(limits::ELEMENTS_MAX + 1);
    assert_eq!(refused("spBv1.0/g/NDATA/n", &many).reason, Reason::TooMany);
}

#[test]
fn threads_that_share_a_decoder_hear_of_the_same_births() {
    let decoder = decoder_of(PLAIN);
    std::thread::scope(|threads| {
        for number in 0..4 {
            let decoder = &decoder;
            threads.spawn(move || {
                let topic = |kind: &str| format!("spBv1.0/g/{kind}/n{number}");
                let level = with_alias(7, metric("level", FLOAT, Value::Float(1.0)));
                hear(decoder, &topic("NBIRTH"), 0, vec![level]);
                for seq in 1..200 {
                    let data = vec![changed(7, Value::Float(2.0))];
                    let data = hear(decoder, &topic("NDATA"), seq, data);
                    assert_eq!(values(reading(&data)), [("level", 2.0, None)]);
                }
            });
        }
    });
    assert_eq!(decoder.rebirths(), []);
}
