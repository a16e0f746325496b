//! `egret-json` by example: what is taken, and what is refused with which words.

use crate::feeds::{self, decode, message, reading, refusal, values};
use egret_decode::reading::{Decoded, RawReport, SentTime};
use egret_decode::{Element, limits};
use egret_shared::rejection::{Reason, Stage};

const TOPIC: &str = "egret/v1/manhole/M-1";
/// 2026-06-22T06:05:00+08:00.
const AT_US: i64 = 1_782_079_500_000_000;

fn manhole(payload: &str) -> Vec<Element> {
    decode("manhole", TOPIC, payload)
}

#[test]
fn the_contracts_example_is_read() {
    let reading = reading(manhole(
        r#"{"id":"m7","at":"2026-06-22T06:05:00+08:00","position":[118.09,24.48],
            "values":{"water_level":{"v":1.42,"u":"m"}}}"#,
    ));
    assert_eq!(reading.asset.as_str(), "M-1");
    assert_eq!(reading.message.as_ref().unwrap().as_str(), "m7");
    assert_eq!(
        reading.at,
        Some(SentTime {
            us: AT_US,
            fine: false
        })
    );
    assert_eq!(reading.position, Some((118.09, 24.48)));
    assert_eq!(values(&reading), [("water_level", 1.42, Some("m"))]);
}

#[test]
fn everything_but_the_values_may_be_missing_and_a_bare_number_is_a_value() {
    let bare = reading(manhole(r#"{"values":{"water_level":1,"speed":-2.5e1}}"#));
    assert_eq!(
        values(&bare),
        [("water_level", 1.0, None), ("speed", -25.0, None)]
    );
    assert_eq!((bare.message, bare.at, bare.position), (None, None, None));
    let nulls =
        r#"{"id":null,"at":null,"position":null,"values":{"water_level":{"v":1,"u":null}}}"#;
    let nulls = reading(manhole(nulls));
    assert_eq!(values(&nulls), [("water_level", 1.0, None)]);
    assert_eq!(
        (nulls.message, nulls.at, nulls.position),
        (None, None, None)
    );
}

#[test]
fn an_id_may_be_a_number_and_is_taken_by_its_digits() {
    for (id, text) in [
        ("7", "7"),
        ("18446744073709551615", "18446744073709551615"),
        ("-3", "-3"),
        ("12.0", "12"),
        (r#""\u0061b""#, "ab"),
    ] {
        let payload = format!(r#"{{"id":{id},"values":{{"water_level":1}}}}"#);
        let message = reading(manhole(&payload)).message.unwrap();
        assert_eq!(message.as_str(), text, "{id}");
    }
    for inexact in ["1.5", "1e30", "18446744073709551616"] {
        let payload = format!(r#"{{"id":{inexact},"values":{{"water_level":1}}}}"#);
        assert_eq!(
            refusal(manhole(&payload)).reason,
            Reason::BadId,
            "{inexact}"
        );
    }
}

#[test]
fn microseconds_are_kept_and_known_to_be_microseconds() {
    let payload = r#"{"at":"2026-06-22T06:05:00.123456+08:00","values":{"water_level":1}}"#;
    let at = reading(manhole(payload)).at;
    assert_eq!(
        at,
        Some(SentTime {
            us: AT_US + 123_456,
            fine: true
        })
    );
}

#[test]
fn unknown_members_an_altitude_and_escapes_do_no_harm() {
    let payload = r#"{"vendor":{"x":[1,{"y":null}]},"rssi":-70,"position":[118.09,24.48,12.5],
                      "values":{"water\u005flevel":{"v":1,"q":"good","u":"\u006d"}}}"#;
    let reading = reading(manhole(payload));
    assert_eq!(values(&reading), [("water_level", 1.0, Some("m"))]);
    assert_eq!(reading.position, Some((118.09, 24.48)));
}

#[test]
fn an_elements_own_asset_counts_before_the_topics() {
    let payload = r#"{"asset":"M-2","values":{"water_level":1}}"#;
    assert_eq!(reading(manhole(payload)).asset.as_str(), "M-2");
    assert_eq!(
        reading(decode("manhole", "", payload)).asset.as_str(),
        "M-2"
    );
    let refused = refusal(decode("manhole", "", r#"{"values":{"water_level":1}}"#));
    assert_eq!(refused.reason, Reason::BadShape);
    assert!(refused.detail.starts_with("/asset: "), "{}", refused.detail);
}

#[test]
fn each_element_of_an_array_stands_or_falls_on_its_own() {
    let elements = manhole(
        r#" [{"values":{"water_level":1}}, {"at":"noon","values":{"water_level":2}},
             {"values":{"water_level":"3"}}, 4, {"values":{"water_level":5}}]"#,
    );
    let level = |element: &Element| match element {
        Ok(Decoded::Reading(reading)) => Ok(values(reading)[0].1),
        Ok(other) => panic!("{other:?} is no reading"),
        Err(refused) => Err(refused.reason),
    };
    let levels: Vec<_> = elements.iter().map(level).collect();
    let [bad_time, bad_shape] = [Reason::BadTime, Reason::BadShape].map(Err);
    assert_eq!(levels, [Ok(1.0), bad_time, bad_shape, bad_shape, Ok(5.0)]);
    let detail = |index: usize| elements[index].clone().unwrap_err().detail;
    assert!(detail(1).starts_with("/1/at: \"noon\""), "{}", detail(1));
    assert!(
        detail(2).starts_with("/2: invalid type: string \"3\""),
        "{}",
        detail(2)
    );
    assert!(detail(3).contains("expected a reading"), "{}", detail(3));
}

#[test]
fn a_payload_that_is_torn_is_refused_whole() {
    let refused = refusal(manhole(r#"[{"values":{"water_level":1}},{"values":{"wat"#));
    assert_eq!(
        (refused.stage, refused.reason),
        (Stage::Decode, Reason::BadJson)
    );
    assert!(
        refused.detail.contains("line 1, column 45"),
        "{}",
        refused.detail
    );
}

/// Payloads, why each is refused, and what the sentence has to name.
const REFUSED: &[(&str, Reason, &str)] = &[
    ("", Reason::BadJson, "EOF"),
    ("{", Reason::BadJson, "line 1, column 1"),
    (
        "{\n \"values\": nope}",
        Reason::BadJson,
        "near \" \\\"values\\\": nope}\"",
    ),
    ("{} {}", Reason::BadJson, "trailing"),
    ("42", Reason::BadShape, "expected a reading"),
    ("[]", Reason::NoValue, "empty array"),
    ("{}", Reason::BadShape, "/values: nothing"),
    (r#"{"values":{}}"#, Reason::NoValue, "/values"),
    (
        r#"{"values":[1]}"#,
        Reason::BadShape,
        "expected values by property",
    ),
    (
        r#"{"values":{"a":true}}"#,
        Reason::BadShape,
        "boolean `true`",
    ),
    (
        r#"{"values":{"a":{"u":"m"}}}"#,
        Reason::BadShape,
        "missing field `v`",
    ),
    (r#"{"values":{"a":{"v":null}}}"#, Reason::BadShape, "null"),
    (
        r#"{"values":{"a":{"v":1,"u":5}}}"#,
        Reason::BadShape,
        "unit 5",
    ),
    (
        r#"{"values":{"a":1,"a":1}}"#,
        Reason::BadShape,
        "\"a\" stands twice",
    ),
    (
        r#"{"id":1,"id":2,"values":{"a":1}}"#,
        Reason::BadShape,
        "duplicate field `id`",
    ),
    (
        r#"{"id":[1],"values":{"a":1}}"#,
        Reason::BadShape,
        "/id: an array or object",
    ),
    (
        r#"{"position":[118],"values":{"a":1}}"#,
        Reason::BadShape,
        "a position",
    ),
    (
        r#"{"position":[1,2,3,4],"values":{"a":1}}"#,
        Reason::BadShape,
        "a position",
    ),
    (
        r#"{"position":"x","values":{"a":1}}"#,
        Reason::BadShape,
        "\"x\"",
    ),
    (
        r#"{"at":1782079500,"values":{"a":1}}"#,
        Reason::BadTime,
        "/at: 1782079500",
    ),
    (
        r#"{"at":"2026-06-22 06:05","values":{"a":1}}"#,
        Reason::BadTime,
        "06:05",
    ),
];

#[test]
fn what_is_refused_says_why_and_where() {
    for (payload, reason, said) in REFUSED {
        let refused = refusal(manhole(payload));
        assert_eq!(refused.reason, *reason, "{payload}: {}", refused.detail);
        assert!(
            refused.detail.contains(said),
            "{payload}: {}",
            refused.detail
        );
    }
}

#[test]
fn a_word_that_is_too_long_is_refused_and_not_repeated() {
    let long = "x".repeat(200);
    for (payload, place) in [
        (
            format!(r#"{{"asset":"{long}","values":{{"a":1}}}}"#),
            "/asset: ",
        ),
        (format!(r#"{{"id":"{long}","values":{{"a":1}}}}"#), "/id: "),
        (format!(r#"{{"values":{{"{long}":1}}}}"#), "/values: "),
        (
            format!(r#"{{"values":{{"a":{{"v":1,"u":"{long}"}}}}}}"#),
            "/values: ",
        ),
    ] {
        let refused = refusal(manhole(&payload));
        assert_eq!(refused.reason, Reason::BadId);
        assert!(refused.detail.starts_with(place), "{}", refused.detail);
        assert!(refused.detail.contains("200 bytes"), "{}", refused.detail);
        assert!(!refused.detail.contains(&long), "{}", refused.detail);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_as_json() {
    let decoder = feeds::decoder("manhole");
    let payload = b"{\"id\":\"\xff\",\"values\":{\"a\":1}}";
    let refused = refusal(decoder.decode(&message(TOPIC, payload)));
    assert_eq!(refused.reason, Reason::BadJson);
    assert!(refused.detail.contains("UTF-8"), "{}", refused.detail);
}

#[test]
fn a_message_or_a_reading_with_more_than_its_limit_is_refused() {
    let element = r#"{"values":{"a":1}}"#;
    let array = |n: usize| format!("[{}]", vec![element; n].join(","));
    assert_eq!(
        manhole(&array(limits::ELEMENTS_MAX)).len(),
        limits::ELEMENTS_MAX
    );
    let refused = refusal(manhole(&array(limits::ELEMENTS_MAX + 1)));
    assert_eq!(refused.reason, Reason::TooMany);

    let object = |n: usize| {
        let values: Vec<String> = (0..n).map(|i| format!(r#""p{i}":1"#)).collect();
        format!(r#"{{"values":{{{}}}}}"#, values.join(","))
    };
    assert_eq!(
        reading(manhole(&object(limits::VALUES_MAX))).values.len(),
        limits::VALUES_MAX
    );
    let refused = refusal(manhole(&object(limits::VALUES_MAX + 1)));
    assert_eq!(refused.reason, Reason::TooMany);
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    for payload in ["[".repeat(100_000), r#"{"values":"#.repeat(50_000)] {
        assert_eq!(manhole(&payload).len(), 1);
        assert!(manhole(&payload)[0].is_err());
    }
    let deep = format!(
        r#"{{"x":{}1{},"values":{{"a":1}}}}"#,
        "[".repeat(99_999),
        "]".repeat(99_999)
    );
    assert_eq!(manhole(&deep).len(), 1);
}

fn report(elements: Vec<Element>) -> RawReport {
    match elements.into_iter().next().unwrap().unwrap() {
        Decoded::Report(report) => report,
        Decoded::Reading(reading) => panic!("{reading:?} is no report"),
    }
}

#[test]
fn a_report_takes_its_id_from_the_topic_unless_it_names_it() {
    let topic = "egret/v1/hotline/report/T-1";
    let full = report(decode(
        "hotline",
        topic,
        r#"{"id":5,"at":"2026-06-22T06:05:00+08:00","state":"dispatched",
            "category":"waterlogging","position":[118.05,24.52],"text":"a metre deep","x":1}"#,
    ));
    assert_eq!(full.report.as_ref().unwrap().as_str(), "T-1");
    assert_eq!(full.message.as_ref().unwrap().as_str(), "5");
    assert_eq!(
        full.at,
        Some(SentTime {
            us: AT_US,
            fine: false
        })
    );
    assert_eq!(full.state.as_deref(), Some("dispatched"));
    assert_eq!(full.category.as_deref(), Some("waterlogging"));
    assert_eq!(full.position, Some((118.05, 24.52)));
    assert_eq!(full.text.as_deref(), Some("a metre deep"));
    assert_eq!(full.personal, []);

    let empty = report(decode("hotline", topic, "{}"));
    assert_eq!(
        empty,
        RawReport {
            report: Some("T-1".into()),
            ..RawReport::default()
        }
    );
    let own = report(decode("hotline", "", r#"{"report":"T-2"}"#));
    assert_eq!(own.report.unwrap().as_str(), "T-2");
    let refused = refusal(decode("hotline", "", "{}"));
    assert!(
        refused.detail.starts_with("/report: "),
        "{}",
        refused.detail
    );
    let elements = decode("hotline", topic, r#"[{},{"report":"T-3"},7,{"state":1}]"#);
    let taken: Vec<bool> = elements.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, true, false, false]);
}

#[test]
fn a_call_told_at_length_is_cut_off_visibly_and_not_refused() {
    let text = "水".repeat(1_000);
    let cut = report(decode(
        "hotline",
        "",
        &format!(r#"{{"report":"T","text":"{text}"}}"#),
    ));
    let text = cut.text.unwrap();
    assert!(
        text.len() <= limits::TEXT_BYTES_MAX && text.ends_with("水…"),
        "{}",
        text.len()
    );
}

#[test]
fn fields_that_identify_a_person_are_taken_out_and_never_repeated() {
    let payload = r#"{"report":"T","text":"help","position":[118.0,24.0],
        "caller":{"name":"Somebody","phone":5550100,"age":null},"people":["a","b"]}"#;
    let taken = report(feeds::decode_private(payload));
    let personal = |pointer: &str, text: &str| (pointer.to_owned(), text.to_owned());
    let expected = [
        personal("/caller/name", "Somebody"),
        personal("/caller/phone", "5550100"),
        personal("/people/1", "b"),
        personal("/text", "help"),
    ];
    assert_eq!(taken.personal, expected);
    assert_eq!(taken.text, None);

    for payload in [
        r#"{"report":"T","caller":{"name":"Somebody"},}"#,
        r#"{"report":"T","caller":{"name":"Somebody"},"position":["Somebody"]}"#,
        r#"[{"report":"T","caller":{"name":"Somebody"},"position":"Somebody"}]"#,
    ] {
        let refused = refusal(feeds::decode_private(payload));
        assert!(!refused.detail.contains("Somebody"), "{}", refused.detail);
    }
}

#[test]
fn a_report_in_which_a_member_stands_twice_is_refused_wherever_that_is() {
    for (payload, name) in [
        (
            r#"{"report":"T-1","state":"opened","state":"closed"}"#,
            "state",
        ),
        (
            r#"{"report":"T-1","caller":{"phone":"1","phone":"2"}}"#,
            "phone",
        ),
    ] {
        let refused = refusal(decode("hotline", "egret/v1/hotline/report/T-1", payload));
        assert_eq!(refused.reason, Reason::BadShape);
        let said = format!("\"{name}\" stands twice");
        assert!(refused.detail.starts_with(&said), "{}", refused.detail);
    }
}
