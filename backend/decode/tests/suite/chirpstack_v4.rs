//! `chirpstack-v4` by the example of ChirpStack's documentation, and by what servers leave out.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::Element;
use egret_decode::reading::{Decoded, SentTime};
use egret_shared::rejection::Reason;

const TOPIC: &str =
    "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event/up";

/// ChirpStack's documentation, "Event types", "up"; what its codec would have made is put in for
/// `OBJECT`.
const DOCUMENTED: &str = r#"{
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2022-07-18T09:34:15.775023242+00:00",
    "deviceInfo": {
        "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
        "tenantName": "ChirpStack",
        "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
        "applicationName": "Test application",
        "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad",
        "deviceProfileName": "Test device-profile",
        "deviceName": "Test device",
        "devEui": "0101010101010101",
        "tags": {
            "key": "value"
        }
    },
    "devAddr": "00189440",
    "dr": 1,
    "fPort": 1,
    "data": "qg==",OBJECT
    "rxInfo": [{
        "gatewayId": "0016c001f153a14c",
        "uplinkId": 4217106255,
        "rssi": -36,
        "snr": 10.5,LOCATION
        "context": "E3OWOQ==",
        "metadata": {
            "region_name": "eu868",
            "region_common_name": "EU868"
        }
    }],
    "txInfo": {
        "frequency": 867100000,
        "modulation": {
            "lora": {
                "bandwidth": 125000,
                "spreadingFactor": 11,
                "codeRate": "CR_4_5"
            }
        }
    }
}"#;

fn event(object: &str, location: &str) -> String {
    let member = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("\"{name}\": {value},"),
    };
    DOCUMENTED
        .replace("OBJECT", &member("object", object))
        .replace("LOCATION", &member("location", location))
}

fn feed(more: &str) -> String {
    format!(
        "[[feed]]\nid = \"lora\"\nformat = \"chirpstack-v4\"\n\
         topic = \"application/+/device/+/event/+\"\n{more}"
    )
}

fn read(more: &str, payload: &str) -> Vec<Element> {
    decode_by(&feed(more), TOPIC, payload)
}

#[test]
fn the_documented_event_with_a_decoded_object_is_read_by_name() {
    let payload = event(
        r#"{"level":1.42,"battery":3,"fw":"2.1","ok":true,"x":null,"gps":{"a":1}}"#,
        "",
    );
    let reading = reading(read("", &payload));
    assert_eq!(reading.asset.as_str(), "0101010101010101");
    let id = reading.message.as_ref().unwrap().as_str();
    assert_eq!(id, "3ac7e3c4-4401-4b8d-9386-a5c902f9202d");
    let us = 1_658_136_855_775_023;
    assert_eq!(reading.at, Some(SentTime { us, fine: true }));
    assert_eq!(reading.position, None);
    assert_eq!(
        values(&reading),
        [("level", 1.42, None), ("battery", 3.0, None)]
    );
}

#[test]
fn the_documented_event_as_it_stands_has_not_been_decoded() {
    let refused = refusal(read("", &event("", "")));
    assert_eq!(refused.reason, Reason::NoValue);
    assert_eq!(
        refused.detail,
        "/object: nothing, for no codec has decoded this uplink"
    );
    assert_eq!(
        refusal(read("", &event("null", ""))).reason,
        Reason::NoValue
    );
}

#[test]
fn listed_names_are_taken_in_their_unit_and_others_passed_over() {
    let names = "[feed.names]\nlevel = { property = \"water_level\", unit = \"cm\" }\n\
                 open = { property = \"door_open\" }";
    let object = r#"{"level":"142.0","open":true,"battery":3.6,"note":"x"}"#;
    let taken = reading(read(names, &event(object, "")));
    assert_eq!(
        values(&taken),
        [("water_level", 142.0, Some("cm")), ("door_open", 1.0, None)]
    );
    let refused = refusal(read(names, &event(r#"{"level":"deep"}"#, "")));
    assert_eq!(refused.detail, "/object/level: \"deep\", expected a number");
    let refused = refusal(read(names, &event(r#"{"battery":3.6}"#, "")));
    assert_eq!(refused.reason, Reason::NoValue);
    assert!(
        refused.detail.contains("it begins with \"battery\""),
        "{}",
        refused.detail
    );
}

const MAP: &str = r#"[feed.map]
asset = { pointer = "/deviceInfo/deviceName" }
position = { lon = "/rxInfo/0/location/longitude", lat = "/rxInfo/0/location/latitude" }
values = [ { property = "water_level", pointer = "/object/probe/0", unit = "mm" },
           { property = "rssi", pointer = "/rxInfo/0/rssi" }, { property = "counter", pointer = "/fCnt" } ]"#;

#[test]
fn a_map_counts_from_the_event_and_what_the_envelope_leaves_out_is_zero() {
    let location = r#"{"latitude":24.4872,"longitude":118.0934,"altitude":12}"#;
    let taken = reading(read(MAP, &event(r#"{"probe":[1420]}"#, location)));
    assert_eq!(taken.asset.as_str(), "Test device");
    assert_eq!(taken.position, Some((118.0934, 24.4872)));
    let expected = [
        ("water_level", 1420.0, Some("mm")),
        ("rssi", -36.0, None),
        ("counter", 0.0, None),
    ];
    assert_eq!(values(&taken), expected);

    for (location, position) in [
        ("", None),
        ("{}", None),
        (r#"{"latitude":51.47}"#, Some((0.0, 51.47))),
        (r#"{"longitude":118.1}"#, Some((118.1, 0.0))),
    ] {
        let taken = reading(read(MAP, &event(r#"{"probe":[1]}"#, location)));
        assert_eq!(taken.position, position, "{location}");
    }
    let undecoded = reading(read(MAP, &event(r#"{"probe":[]}"#, "")));
    assert_eq!(
        undecoded.values.len(),
        2,
        "nothing is nothing in the codec's object"
    );
}

#[test]
fn a_position_that_the_codec_made_needs_both_its_halves() {
    let map = "[feed.map]\nposition = { lon = \"/object/longitude\", lat = \"/object/latitude\" }";
    let taken = reading(read(
        map,
        &event(r#"{"longitude":118.1,"latitude":24.5}"#, ""),
    ));
    assert_eq!(taken.position, Some((118.1, 24.5)));
    assert_eq!(
        taken.values.len(),
        2,
        "without values in the map, numbers count by name"
    );
    let refused = refusal(read(map, &event(r#"{"longitude":118.1}"#, "")));
    assert_eq!(
        refused.detail,
        "/object/latitude: nothing, expected a number"
    );
}

#[test]
fn other_events_are_told_apart_by_their_topic() {
    let status = r#"{"deviceInfo":{"devEui":"0101010101010101"},"margin":5,"batteryLevel":94}"#;
    for event in [
        "status",
        "join",
        "ack",
        "txack",
        "log",
        "location",
        "integration",
    ] {
        let topic = format!("application/a/device/0101010101010101/event/{event}");
        let refused = refusal(decode_by(&feed(""), &topic, status));
        let expected = format!("topic: an event \"{event}\", and only \"up\" has values");
        assert_eq!(
            (refused.reason, refused.detail),
            (Reason::NoValue, expected)
        );
    }
    let by_http = reading(decode_by(&feed(""), "", &event(r#"{"level":1}"#, "")));
    assert_eq!(values(&by_http), [("level", 1.0, None)]);
}

#[test]
fn what_is_refused_says_why_and_where() {
    let object = |object: &str| event(object, "");
    for (payload, reason, said) in [
        (String::new(), Reason::BadJson, "EOF"),
        (
            "{}".to_owned(),
            Reason::BadShape,
            "/deviceInfo/devEui: nothing",
        ),
        (
            "[]".to_owned(),
            Reason::BadShape,
            "/deviceInfo/devEui: nothing",
        ),
        (object("7"), Reason::BadShape, "expected values by name"),
        (
            object("{}"),
            Reason::NoValue,
            "/object: no number, it is empty",
        ),
        (
            object(r#"{"a":1,"a":2}"#),
            Reason::BadShape,
            "/object/a: a second value",
        ),
        (object(r#"{"a":NaN}"#), Reason::BadJson, "line"),
        (
            object(r#"{"a":1e999}"#),
            Reason::BadJson,
            "number out of range",
        ),
        (
            object("{\"a\":1},\"object\":{}"),
            Reason::BadShape,
            "stands twice",
        ),
        (
            object(r#"{"a":1}"#).replace("2022-07", "2022-13"),
            Reason::BadTime,
            "/time: ",
        ),
        (
            object(r#"{"a":1}"#).replace("2022-07", "12022-07"),
            Reason::BadTime,
            "/time: ",
        ),
        (
            object(&"[".repeat(1_000)),
            Reason::BadJson,
            "expected value",
        ),
        (
            object(&format!("{{\"{}\":1}}", "x".repeat(200))),
            Reason::BadId,
            "200 bytes",
        ),
    ] {
        let refused = refusal(read("", &payload));
        assert_eq!(refused.reason, reason, "{}", refused.detail);
        assert!(refused.detail.contains(said), "{said}: {}", refused.detail);
    }
    let decoder = decoder_of(&feed(""));
    let refused = refusal(decoder.decode(&message(TOPIC, b"{\"object\":{\"\xe0\x80\xaf\":1}}")));
    assert_eq!(refused.reason, Reason::BadJson);
}

#[test]
fn the_year_9999_is_read_and_left_to_the_validator() {
    let payload = event(r#"{"a":1}"#, "").replace("2022-07-18T", "9999-12-31T");
    let Some(Ok(Decoded::Reading(reading))) = read("", &payload).pop() else {
        panic!("the year 9999 can be written");
    };
    assert_eq!(reading.at.unwrap().us / 31_557_600_000_000, 8029);
}
