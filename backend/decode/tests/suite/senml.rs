//! `senml` by the examples of RFC 8428, and by what hostile packs hold.

use crate::feeds::{NOW, decode_by, decoder_of, message, refusal, values};
use egret_decode::reading::{Decoded, Reading, SentTime};
use egret_decode::{Element, limits};
use egret_shared::rejection::Reason;
use proptest::prelude::*;

const PLAIN: &str = "[[feed]]\nid = \"s\"\nformat = \"senml\"";

/// A feed that lists its names.
fn listed(names: &str) -> String {
    format!("{PLAIN}\n[feed.names]\n{names}")
}

fn plain(payload: &str) -> Vec<Element> {
    decode_by(PLAIN, "", payload)
}

fn readings(elements: Vec<Element>) -> Vec<Reading> {
    let reading = |element: Element| match element {
        Ok(Decoded::Reading(reading)) => reading,
        other => panic!("{other:?} is no reading"),
    };
    elements.into_iter().map(reading).collect()
}

fn only(elements: Vec<Element>) -> Reading {
    let mut readings = readings(elements);
    assert_eq!(readings.len(), 1, "{readings:?}");
    readings.remove(0)
}

fn at_ms(ms: i64) -> SentTime {
    SentTime {
        us: ms * 1_000,
        fine: false,
    }
}

/// RFC 8428, section 5.1.1.
#[test]
fn a_single_data_point_is_of_the_device_that_is_its_name_and_of_its_unit() {
    let pack = r#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#;
    let reading = only(decode_by(
        &listed(r#"Cel = { property = "air_temperature" }"#),
        "",
        pack,
    ));
    assert_eq!(reading.asset.as_str(), "urn:dev:ow:10e2073a01080063");
    assert_eq!(values(&reading), [("air_temperature", 23.1, Some("Cel"))]);
    assert_eq!((reading.at, reading.position), (None, None));
}

/// RFC 8428, section 5.1.2, the first example.
#[test]
fn data_points_without_time_are_one_reading_of_now() {
    let reading = only(plain(
        r#"[{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
            {"n":"current","u":"A","v":1.2}]"#,
    ));
    assert_eq!(reading.asset.as_str(), "urn:dev:ow:10e2073a01080063");
    let expected = [("voltage", 120.1, Some("V")), ("current", 1.2, Some("A"))];
    assert_eq!(values(&reading), expected);
    assert_eq!(reading.at, None, "the arrival stands in");
}

/// RFC 8428, section 5.1.2, the second example.
#[test]
fn records_of_one_time_are_one_reading_and_base_fields_hold_for_what_follows() {
    let readings = readings(plain(
        r#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,
             "bu":"A","bver":5,
             "n":"voltage","u":"V","v":120.1},
            {"n":"current","t":-5,"v":1.2},
            {"n":"current","t":-4,"v":1.3},
            {"n":"current","t":-3,"v":1.4},
            {"n":"current","t":-2,"v":1.5},
            {"n":"current","t":-1,"v":1.6},
            {"n":"current","v":1.7}]"#,
    ));
    let read: Vec<_> = readings
        .iter()
        .map(|reading| (reading.at, values(reading)))
        .collect();
    let now = 1_276_020_076_001;
    let current = |seconds: i64, v: f64| {
        (
            Some(at_ms(now - seconds * 1_000)),
            vec![("current", v, Some("A"))],
        )
    };
    let mut newest = current(0, 1.7);
    newest.1.insert(0, ("voltage", 120.1, Some("V")));
    let expected = [
        newest,
        current(5, 1.2),
        current(4, 1.3),
        current(3, 1.4),
        current(2, 1.5),
        current(1, 1.6),
    ];
    assert_eq!(read, expected);
    let device = "urn:dev:ow:10e2073a0108006";
    assert!(
        readings
            .iter()
            .all(|reading| reading.asset.as_str() == device)
    );
}

/// RFC 8428, section 5.1.3: a device that is named alone, its measurements told by their units.
const MOVING: &str = r#"[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,
     "bu":"%RH","v":20},
    {"u":"lon","v":24.30621},
    {"u":"lat","v":60.07965},
    {"t":60,"v":20.3},
    {"u":"lon","t":60,"v":24.30622},
    {"u":"lat","t":60,"v":60.07965},
    {"t":120,"v":20.7},
    {"u":"lon","t":120,"v":24.30623},
    {"u":"lat","t":120,"v":60.07966},
    {"u":"%EL","t":150,"v":98},
    {"t":180,"v":21.2},
    {"u":"lon","t":180,"v":24.30628},
    {"u":"lat","t":180,"v":60.07967}]"#;

/// RFC 8428, section 5.1.4: the beginning of the same, resolved.
const MOVING_RESOLVED: &str = r#"[{"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067464e+09,"v":20},
    {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067464e+09,"v":24.30621},
    {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067464e+09,"v":60.07965}]"#;

#[test]
fn records_in_lon_and_lat_are_the_devices_position_at_their_time() {
    let names =
        listed("\"%RH\" = { property = \"humidity\" }\n\"%EL\" = { property = \"battery\" }");
    let read: Vec<_> = readings(decode_by(&names, "", MOVING))
        .iter()
        .map(|reading| {
            let (property, v, unit) = values(reading)[0];
            assert_eq!((reading.values.len(), unit), (1, Some("%")));
            let seconds = reading.at.unwrap().us / 1_000_000 - 1_320_067_464;
            (seconds, property.to_owned(), v, reading.position)
        })
        .collect();
    let humidity = |seconds, v, lon, lat| (seconds, "humidity".to_owned(), v, Some((lon, lat)));
    let expected = [
        humidity(0, 20.0, 24.30621, 60.07965),
        humidity(60, 20.3, 24.30622, 60.07965),
        humidity(120, 20.7, 24.30623, 60.07966),
        (150, "battery".to_owned(), 98.0, None),
        humidity(180, 21.2, 24.30628, 60.07967),
    ];
    assert_eq!(read, expected);

    let first = readings(decode_by(&names, "", MOVING)).remove(0);
    assert_eq!(only(decode_by(&names, "", MOVING_RESOLVED)), first);
}

/// RFC 8428, section 5.1.5.
const TYPES: &str = r#"[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
    {"n":"label","vs":"Machine Room"},
    {"n":"open","vb":false},
    {"n":"nfc-reader","vd":"aGkgCg"}]"#;

#[test]
fn a_boolean_is_a_number_and_a_text_is_none() {
    let names = "temp = { property = \"air_temperature\" }\nopen = { property = \"door_open\" }";
    let reading = only(decode_by(&listed(names), "", TYPES));
    let expected = [
        ("air_temperature", 23.1, Some("Cel")),
        ("door_open", 0.0, None),
    ];
    assert_eq!(values(&reading), expected);

    let elements = plain(TYPES);
    let refused: Vec<String> = elements
        .iter()
        .filter_map(|e| Some(e.as_ref().err()?.detail.clone()))
        .collect();
    assert_eq!(
        refused,
        [
            "/1/vs: a text, and a property is a number",
            "/3/vd: binary data, and a property is a number"
        ]
    );
    assert_eq!(elements.len(), 3, "{elements:?}");
}

/// RFC 8428, section 5.1.6.
#[test]
fn a_pack_may_tell_of_several_devices() {
    let readings = readings(plain(
        r#"[{"bn":"2001:db8::2/","bt":1.320078429e+09,
             "n":"temperature","u":"Cel","v":25.2},
            {"n":"humidity","u":"%RH","v":30},
            {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
            {"n":"humidity","u":"%RH","v":67}]"#,
    ));
    let read: Vec<_> = readings
        .iter()
        .map(|reading| (reading.asset.as_str(), reading.at, values(reading)))
        .collect();
    let both = |t, h| vec![("temperature", t, Some("Cel")), ("humidity", h, Some("%"))];
    let at = Some(at_ms(1_320_078_429_000));
    let expected = [
        ("2001:db8::2", at, both(25.2, 30.0)),
        ("2001:db8::1", at, both(12.3, 67.0)),
    ];
    assert_eq!(read, expected);
}

#[test]
fn a_resolved_name_is_parted_at_a_name_that_the_feed_lists() {
    let names = "flow = { property = \"flow\" }\n\"inner-flow\" = { property = \"inner\" }";
    let pack = r#"[{"n":"urn:dev:ow:1:inner-flow","v":1},{"n":"urn:dev:ow:1:flow","v":2},
                   {"n":"urn:dev:ow:1:overflow","v":3}]"#;
    let reading = only(decode_by(&listed(names), "", pack));
    assert_eq!(reading.asset.as_str(), "urn:dev:ow:1");
    assert_eq!(
        values(&reading),
        [("inner", 1.0, None), ("flow", 2.0, None)]
    );
}

#[test]
fn the_topic_names_the_device_where_no_base_name_does() {
    let toml = format!("{PLAIN}\ntopic = \"senml/+/up\"");
    let read = |pack: &str| only(decode_by(&toml, "senml/D-7/up", pack));
    let reading = read(r#"[{"n":"temp","u":"Cel","v":1}]"#);
    assert_eq!(reading.asset.as_str(), "D-7");
    assert_eq!(values(&reading), [("temp", 1.0, Some("Cel"))]);
    assert_eq!(
        values(&read(r#"[{"u":"Cel","v":1}]"#)),
        [("Cel", 1.0, Some("Cel"))]
    );
    let own = read(r#"[{"bn":"urn:dev:x:","n":"temp","v":1}]"#);
    assert_eq!(own.asset.as_str(), "urn:dev:x");
}

#[test]
fn times_below_the_limit_count_from_the_arrival() {
    let now_us = NOW.0 * 1_000;
    for (record, us) in [
        (r#"{"n":"t","v":1,"t":-5}"#, Some(now_us - 5_000_000)),
        (
            r#"{"n":"t","v":1,"bt":-60,"t":0.25}"#,
            Some(now_us - 59_750_000),
        ),
        (r#"{"n":"t","v":1,"bt":60,"t":-60}"#, None),
        (r#"{"n":"t","v":1,"t":0}"#, None),
        (
            r#"{"n":"t","v":1,"t":268435456}"#,
            Some(268_435_456_000_000),
        ),
    ] {
        let at = only(decode_by(
            &format!("{PLAIN}\ntopic = \"a/+\""),
            "a/d",
            &format!("[{record}]"),
        ))
        .at;
        assert_eq!(at.map(|at| at.us), us, "{record}");
    }
}

#[test]
fn base_values_and_sums_are_added_and_a_sum_has_a_name_of_its_own() {
    let reading = only(plain(
        r#"[{"bn":"m:","bu":"W","bv":1000,"bs":50},
            {"n":"power","v":-1.5,"s":10},{"n":"energy","s":0}]"#,
    ));
    let expected = [
        ("power", 998.5, Some("W")),
        ("power-sum", 60.0, Some("W.s")),
        ("energy-sum", 50.0, Some("W.s")),
    ];
    assert_eq!(values(&reading), expected);
    let names = listed(r#"power = { property = "power", unit = "kW" }"#);
    let passed_over = only(decode_by(
        &names,
        "",
        r#"[{"bn":"m:","n":"power","v":2,"s":9}]"#,
    ));
    assert_eq!(values(&passed_over), [("power", 2.0, Some("kW"))]);
}

/// Packs that are refused as a whole, why, and what the sentence has to name.
const REFUSED: &[(&str, Reason, &str)] = &[
    ("", Reason::BadJson, "EOF"),
    ("7", Reason::BadJson, "an array of records"),
    (
        r#"{"n":"a","v":1}"#,
        Reason::BadShape,
        "expected a sequence",
    ),
    ("[]", Reason::NoValue, "empty array"),
    (
        "[1]",
        Reason::BadShape,
        "/0: invalid type: integer `1`, expected a record",
    ),
    (
        r#"[{"n":"a","v":1},{"n":"a"}]"#,
        Reason::NoValue,
        "/1: no value",
    ),
    (
        r#"[{"bn":"a:","bt":1700000000}]"#,
        Reason::NoValue,
        "no value in the pack",
    ),
    (
        r#"[{"n":"a","v":1,"v":2}]"#,
        Reason::BadShape,
        "\"v\" stands twice",
    ),
    (
        r#"[{"n":"a","v":1,"vb":true}]"#,
        Reason::BadShape,
        "one value only",
    ),
    (
        r#"[{"n":"a","v":"1"}]"#,
        Reason::BadShape,
        "/0/v: \"1\", expected a number",
    ),
    (r#"[{"n":"a","v":null}]"#, Reason::BadShape, "/0/v: null"),
    (
        r#"[{"n":"a","vb":1}]"#,
        Reason::BadShape,
        "/0/vb: 1, expected true or false",
    ),
    (
        r#"[{"n":"a","vs":1}]"#,
        Reason::BadShape,
        "/0/vs: 1, expected a text",
    ),
    (
        r#"[{"n":7,"v":1}]"#,
        Reason::BadShape,
        "/0/n: 7, expected a text",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":1,"bver":11}]"#,
        Reason::BadShape,
        "/0/bver: version 11",
    ),
    (
        r#"[{"n":"a","v":1,"must_":1}]"#,
        Reason::BadShape,
        "\"must_\" must be understood",
    ),
    (r#"[{"v":1}]"#, Reason::BadShape, "/0/n: nothing"),
    (
        r#"[{"n":"a","v":1}]"#,
        Reason::BadShape,
        "no unit tells what is measured",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":1,"t":1e300}]"#,
        Reason::BadTime,
        "/0/t: ",
    ),
    (
        r#"[{"bn":"a:","bt":1e308,"n":"a","v":1,"t":1e308}]"#,
        Reason::BadTime,
        "/0/t: inf",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":1e999}]"#,
        Reason::BadJson,
        "number out of range",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":NaN}]"#,
        Reason::BadJson,
        "line 1",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":1},{"n":"a","v":2}]"#,
        Reason::BadShape,
        "a second value of \"a\"",
    ),
    (
        r#"[{"bn":"a:","n":"a","v":1},{"u":"lon","v":2}]"#,
        Reason::BadPosition,
        "without its latitude",
    ),
    (
        r#"[{"bn":"a","u":"lon","v":1},{"u":"lat","v":2}]"#,
        Reason::NoValue,
        "no value of \"a\"",
    ),
];

#[test]
fn what_is_refused_says_why_and_where() {
    for (pack, reason, said) in REFUSED {
        let refused = refusal(plain(pack));
        assert_eq!(refused.reason, *reason, "{pack}: {}", refused.detail);
        assert!(refused.detail.contains(said), "{pack}: {}", refused.detail);
    }
}

#[test]
fn a_pack_beyond_the_limits_is_refused() {
    let pack = |n: usize, record: &dyn Fn(usize) -> String| {
        let records: Vec<String> = (0..n).map(record).collect();
        format!("[{{\"bn\":\"d:\"}},{}]", records.join(","))
    };
    let timed = |i: usize| format!(r#"{{"n":"a","v":1,"t":{}}}"#, 1_700_000_000 + i);
    assert_eq!(
        plain(&pack(limits::ELEMENTS_MAX - 1, &timed)).len(),
        limits::ELEMENTS_MAX - 1
    );
    let refused = refusal(plain(&pack(limits::ELEMENTS_MAX, &timed)));
    assert_eq!(refused.reason, Reason::TooMany);
    let named = |i: usize| format!(r#"{{"n":"p{i}","v":1}}"#);
    assert_eq!(
        only(plain(&pack(limits::VALUES_MAX, &named))).values.len(),
        limits::VALUES_MAX
    );
    let refused = refusal(plain(&pack(limits::VALUES_MAX + 1, &named)));
    assert_eq!(refused.reason, Reason::TooMany);
    let long = format!(r#"[{{"bn":"{}:","n":"a","v":1}}]"#, "x".repeat(200));
    assert_eq!(refusal(plain(&long)).reason, Reason::BadId);
}

#[test]
fn bytes_that_are_no_text_and_nesting_without_end_are_refused() {
    let decoder = decoder_of(PLAIN);
    for payload in [
        &b"[{\"n\":\"\xc0\xaf\",\"v\":1}]"[..],
        b"\xff",
        "[".repeat(100_000).as_bytes(),
    ] {
        let elements = decoder.decode(&message("", payload));
        assert_eq!(refusal(elements).reason, Reason::BadJson);
    }
    let deep = format!(
        r#"[{{"bn":"a:","n":"a","v":1,"x":{}}}]"#,
        "[".repeat(50_000)
    );
    assert_eq!(refusal(plain(&deep)).reason, Reason::BadJson);
}

proptest! {
    #[test]
    fn a_pack_and_its_resolved_form_say_the_same(
        base_s in 1_700_000_000_u32..1_800_000_000,
        records in prop::collection::vec((0_usize..3, -500_i32..500, -1e6..1e6_f64), 1..20),
    ) {
        let names = ["a", "b", "c"];
        let mut packed = vec![serde_json::json!({"bn": "urn:dev:x:", "bt": base_s, "bu": "m"})];
        let mut resolved = Vec::new();
        for (name, t, v) in records {
            let name = names[name];
            packed.push(serde_json::json!({"n": name, "t": t, "v": v}));
            resolved.push(serde_json::json!({
                "n": format!("urn:dev:x:{name}"), "u": "m", "t": i64::from(base_s) + i64::from(t), "v": v,
            }));
        }
        let toml = listed("a = { property = \"a\" }\nb = { property = \"b\" }\nc = { property = \"c\" }");
        let read = |pack: Vec<serde_json::Value>| decode_by(&toml, "", &serde_json::Value::from(pack).to_string());
        let (packed, resolved) = (read(packed), read(resolved));
        prop_assert_eq!(packed.len(), resolved.len());
        for pair in packed.into_iter().zip(resolved) {
            match pair {
                (Ok(one), Ok(other)) => prop_assert_eq!(one, other),
                (Err(one), Err(other)) => prop_assert_eq!(one.reason, other.reason),
                (one, other) => return Err(TestCaseError::fail(format!("{one:?} {other:?}"))),
            }
        }
    }
}
