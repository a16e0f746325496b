//! `tts-v3` by the examples of The Things Stack's documentation, and by what it leaves out.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::Element;
use egret_decode::reading::{Decoded, SentTime};
use egret_shared::rejection::Reason;

const TOPIC: &str = "v3/app1@tenant1/devices/dev1/up";

/// The Things Stack's documentation, "Data Formats", "Uplink message example".
const DOCUMENTED: &str = r#"{
  "end_device_ids" : {
    "device_id" : "dev1",
    "application_ids" : {
      "application_id" : "app1"
    },
    "dev_eui" : "0004A30B001C0530",
    "join_eui" : "800000000000000C",
    "dev_addr" : "00BCB929"
  },
  "correlation_ids" : [
    "as:up:01E0WZGT6Y7657CPFPE5WEYDSQ",
    "gs:conn:01E0WDEC6T5T4XXBAX7S1VMFKE",
    "gs:uplink:01E0WZGSZWT07NE5TS2APTV1Z9",
    "ns:uplink:01E0WZGSZXZXZS8RFAWZX0F2FY",
    "rpc:/ttn.lorawan.v3.GsNs/HandleUplink:01E0WZGSZXGE1KS577PFBWRJEE"
  ],
  "received_at" : "2020-02-12T15:15:46.014773143Z",
  "uplink_message" : {
    "session_key_id" : "AXA50tHUGUucuzS/bCGMNw==",
    "f_cnt" : 1,
    "frm_payload" : "gkHe",
    "decoded_payload" : {
      "temperature": 1.0,
      "luminosity": 0.64
    },
    "rx_metadata" : [ {
      "gateway_ids" : {
        "gateway_id" : "gtw1",
        "eui" : "9C5C8E00001A05C4"
      },
      "time" : "2020-02-12T15:15:45.787Z",
      "timestamp" : 2463457000,
      "rssi" : -35,
      "channel_rssi" : -35,
      "snr" : 5,
      "uplink_token" : "ChIKEAoEZ3R3MRIInFyOAAAaBcQQ6L3Vlgk=",
      "channel_index" : 2
    } ],
    "settings" : {
      "data_rate" : {
        "lora" : {
          "bandwidth" : 125000,
          "spreading_factor" : 7
        }
      },
      "data_rate_index" : 5,
      "coding_rate" : "4/6",
      "frequency" : "868300000",
      "timestamp" : 2463457000,
      "time" : "2020-02-12T15:15:45.787Z"
    },
    "consumed_airtime": "0.056576s",
    "locations": {
      "user": {
        "latitude": 37.97155556731436,
        "longitude": 23.72678801175413,
        "altitude": 10,
        "source": "SOURCE_REGISTRY"
      }
    },
    "received_at" : "2020-02-12T15:15:45.789585559Z"
  }
}"#;

/// The same documentation, "Join message example", without its correlation ids.
const JOIN: &str = r#"{"end_device_ids":{"device_id":"dev1","application_ids":{"application_id":"app1"},
    "dev_eui":"0004A30B001C0530","join_eui":"800000000000000C","dev_addr":"01497ECC"},
    "received_at":"2020-02-17T07:49:09.935284891Z",
    "join_accept":{"session_key_id":"AXBSH1Pk6Z0G166RlH16CQ==","received_at":"2020-02-17T07:49:09.736532315Z"}}"#;

/// The same documentation, "Downlink failed event message example".
const FAILED: &str = r#"{"end_device_ids":{"device_id":"dev1","application_ids":{"application_id":"app1"}},
    "correlation_ids":["as:downlink:01E19Z5W3BZBG7CXSJE9C0A3CE"],
    "downlink_failed":{"downlink":{"f_port":15,"frm_payload":"vu8=","confirmed":true,"priority":"NORMAL",
    "correlation_ids":["as:downlink:01E19Z5W3BZBG7CXSJE9C0A3CE"]},
    "error":{"namespace":"pkg/networkserver","name":"application_downlink_too_long",
    "message_format":"application downlink payload is too long",
    "correlation_id":"2e7f786912e946e597894e381d0ad7b0","code":3}}}"#;

fn feed(more: &str) -> String {
    format!("[[feed]]\nid = \"lora\"\nformat = \"tts-v3\"\ntopic = \"v3/+/devices/+/up\"\n{more}")
}

fn read(more: &str, payload: &str) -> Vec<Element> {
    decode_by(&feed(more), TOPIC, payload)
}

/// The documented message with `new` in place of `old`.
fn with(old: &str, new: &str) -> String {
    assert!(DOCUMENTED.contains(old), "{old}");
    DOCUMENTED.replace(old, new)
}

#[test]
fn the_documented_uplink_is_read_by_name() {
    let reading = reading(read("", DOCUMENTED));
    assert_eq!(reading.asset.as_str(), "dev1");
    assert_eq!(reading.message, None);
    let us = 1_581_520_545_789_585;
    assert_eq!(reading.at, Some(SentTime { us, fine: true }));
    assert_eq!(
        reading.position,
        Some((23.726_788_011_754_13, 37.971_555_567_314_36))
    );
    assert_eq!(
        values(&reading),
        [("temperature", 1.0, None), ("luminosity", 0.64, None)]
    );
}

#[test]
fn without_the_network_servers_time_the_application_servers_counts() {
    let payload = with(
        ",\n    \"received_at\" : \"2020-02-12T15:15:45.789585559Z\"",
        "",
    );
    assert_eq!(
        reading(read("", &payload)).at.unwrap().us,
        1_581_520_546_014_773
    );
}

#[test]
fn listed_names_are_taken_and_a_zero_in_the_payload_is_a_value() {
    let names = "[feed.names]\ntemperature = { property = \"air_temperature\", unit = \"Cel\" }";
    let payload = with("\"temperature\": 1.0", "\"temperature\": 0");
    let reading = reading(read(names, &payload));
    assert_eq!(values(&reading), [("air_temperature", 0.0, Some("Cel"))]);
}

const MAP: &str = r#"[feed.map]
values = [ { property = "light", pointer = "/uplink_message/decoded_payload/luminosity" },
           { property = "rssi", pointer = "/uplink_message/rx_metadata/0/rssi" },
           { property = "port", pointer = "/uplink_message/f_port" },
           { property = "load", pointer = "/uplink_message/rx_metadata/1/rssi" } ]"#;

#[test]
fn a_field_that_the_envelope_leaves_out_is_zero_and_only_there() {
    let read_map = |payload: &str| {
        let reading = reading(read(MAP, payload));
        let values = values(&reading);
        values
            .iter()
            .map(|(name, v, _)| ((*name).to_owned(), *v))
            .collect::<Vec<_>>()
    };
    let named = |name: &str, v: f64| (name.to_owned(), v);
    let expected = [
        named("light", 0.64),
        named("rssi", -35.0),
        named("port", 0.0),
    ];
    assert_eq!(read_map(DOCUMENTED), expected, "there is no second gateway");
    let payload = with("\"rssi\" : -35,\n      \"channel", "\"channel");
    let payload = payload.replace(",\n      \"luminosity\": 0.64", "");
    assert_eq!(read_map(&payload), [named("rssi", 0.0), named("port", 0.0)]);
}

#[test]
fn the_payloads_own_position_counts_before_the_registered_and_a_half_is_on_a_zero_line() {
    let own =
        "\"locations\": {\n      \"frm-payload\": {\"latitude\": 24.5, \"longitude\": 118.1},";
    let position = |payload: &str| reading(read("", payload)).position;
    assert_eq!(
        position(&with("\"locations\": {", own)),
        Some((118.1, 24.5))
    );
    let on_the_meridian = with("        \"longitude\": 23.72678801175413,\n", "");
    assert_eq!(
        position(&on_the_meridian),
        Some((0.0, 37.971_555_567_314_36))
    );
    let empty = on_the_meridian.replace("        \"latitude\": 37.97155556731436,\n", "");
    assert_eq!(position(&empty), None);
}

#[test]
fn other_kinds_of_messages_are_refused_by_their_kind() {
    for (payload, place) in [(JOIN, "/join_accept"), (FAILED, "/downlink_failed")] {
        let refused = refusal(read("", payload));
        let expected = format!("{place}: another kind of message, and only uplinks have values");
        assert_eq!(
            (refused.reason, refused.detail),
            (Reason::NoValue, expected)
        );
    }
    let simulated = with(
        "\"received_at\" : \"2020-02-12T15:15:46.014773143Z\"",
        "\"simulated\": true",
    );
    let refused = refusal(read("", &simulated));
    assert!(
        refused.detail.starts_with("/simulated: true"),
        "{}",
        refused.detail
    );
}

#[test]
fn what_is_refused_says_why_and_where() {
    let decoded = |payload: &str| {
        with(
            "{\n      \"temperature\": 1.0,\n      \"luminosity\": 0.64\n    }",
            payload,
        )
    };
    for (payload, reason, said) in [
        (String::new(), Reason::BadJson, "EOF"),
        (
            "{}".to_owned(),
            Reason::BadShape,
            "/uplink_message: nothing, expected an uplink",
        ),
        (
            "[]".to_owned(),
            Reason::BadShape,
            "/uplink_message: nothing",
        ),
        (
            r#"{"uplink_message":7}"#.to_owned(),
            Reason::BadShape,
            "/uplink_message: 7",
        ),
        (
            with("\"device_id\" : \"dev1\",", ""),
            Reason::BadShape,
            "/end_device_ids/device_id: nothing",
        ),
        (
            with("\"decoded_payload\"", "\"x\""),
            Reason::NoValue,
            "no codec has decoded",
        ),
        (decoded("{}"), Reason::NoValue, "it is empty"),
        (decoded("[1]"), Reason::BadShape, "expected values by name"),
        (decoded(r#"{"a":{"b":1}}"#), Reason::NoValue, "no number"),
        (
            decoded(r#"{"a":1,"a":1}"#),
            Reason::BadShape,
            "a second value of \"a\"",
        ),
        (decoded(r#"{"a":-Infinity}"#), Reason::BadJson, "line"),
        (
            decoded(&"{\"a\":".repeat(200)),
            Reason::BadJson,
            "expected value",
        ),
        (
            with("2020-02-12T15:15:45.789585559Z", "yesterday"),
            Reason::BadTime,
            "/uplink_message/received_at: ",
        ),
        (
            with("37.97155556731436", "\"north\""),
            Reason::BadShape,
            "/user/latitude: \"north\"",
        ),
    ] {
        let refused = refusal(read("", &payload));
        assert_eq!(refused.reason, reason, "{}", refused.detail);
        assert!(refused.detail.contains(said), "{said}: {}", refused.detail);
    }
    let payload = DOCUMENTED.replace("dev1", "dev\u{1}").into_bytes();
    let refused = refusal(decoder_of(&feed("")).decode(&message(TOPIC, &payload)));
    assert_eq!(
        refused.reason,
        Reason::BadJson,
        "a control character that is not escaped"
    );
}

#[test]
fn huge_numbers_and_the_year_9999_are_read_and_left_to_the_validator() {
    let payload = with("\"temperature\": 1.0", "\"temperature\": 1.7e308");
    let payload = payload.replace("2020-02-12T15:15:45.789585559Z", "9999-12-31T23:59:59Z");
    let Some(Ok(Decoded::Reading(reading))) = read("", &payload).pop() else {
        panic!("both can be written");
    };
    assert_eq!(values(&reading)[0], ("temperature", 1.7e308, None));
    assert!(reading.at.unwrap().us > 253_402_000_000_000_000);
}
