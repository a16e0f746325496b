//! `mapped-json` by example: the tiny city's two vendors, and every word of a map.

use crate::feeds::{self, decode, decode_by, reading, refusal, values};
use egret_decode::Element;
use egret_decode::reading::{Decoded, SentTime};
use egret_shared::rejection::Reason;

fn road(payload: &str) -> Vec<Element> {
    decode("road", "vendor-x/R-7/telemetry", payload)
}

fn air(payload: &str) -> Vec<Element> {
    decode("air", "city/west/A-1/t", payload)
}

/// A feed with this map.
fn mapped(map: &str) -> String {
    format!("[[feed]]\nid = \"v\"\nformat = \"mapped-json\"\ntopic = \"v/+\"\n[feed.map]\n{map}")
}

#[test]
fn the_tiny_citys_road_gauge_is_read() {
    let reading = road(
        r#"{"msgId":900719,"ts":1782079500123,"gps":{"lng":"118.1049","lat":24.4973},
            "depth_mm":142,"battery":{"v":3.6}}"#,
    );
    let reading = feeds::reading(reading);
    assert_eq!(reading.asset.as_str(), "R-7");
    assert_eq!(reading.message.as_ref().unwrap().as_str(), "900719");
    assert_eq!(
        reading.at,
        Some(SentTime {
            us: 1_782_079_500_123_000,
            fine: false
        })
    );
    assert_eq!(reading.position, Some((118.1049, 24.4973)));
    assert_eq!(values(&reading), [("ponding_depth", 142.0, Some("mm"))]);
}

#[test]
fn the_tiny_citys_air_station_names_its_property_and_unit_in_the_message() {
    let long = |metric: &str, unit: &str| {
        reading(air(&format!(
            r#"{{"id":"A-1","ts_us":1782079500123456,"lon":118.05,"lat":24.5,
                 "metric":"{metric}","value":"35.5","unit":"{unit}","seq":"8/17+3"}}"#,
        )))
    };
    let translated = long("pm25", "µg/m3");
    assert_eq!(translated.asset.as_str(), "A-1");
    assert_eq!(translated.message.as_ref().unwrap().as_str(), "8/17+3");
    assert_eq!(
        translated.at,
        Some(SentTime {
            us: 1_782_079_500_123_456,
            fine: true
        })
    );
    assert_eq!(values(&translated), [("pm2_5", 35.5, Some("ug/m3"))]);
    let as_it_is = long("no2", "mg/m3");
    assert_eq!(values(&as_it_is), [("no2", 35.5, Some("mg/m3"))]);
}

#[test]
fn what_is_missing_or_silent_is_less_and_no_mistake() {
    for payload in [
        r#"{"depth_mm":"5"}"#,
        r#"{"depth_mm":5.0,"msgId":null,"ts":null,"gps":null}"#,
        r#"{"depth_mm":5,"msgId":"","ts":" ","gps":{"lng":"","lat":null}}"#,
        r#"{"depth_mm":5,"gps":"no fix"}"#,
    ] {
        let reading = reading(road(payload));
        assert_eq!(
            values(&reading),
            [("ponding_depth", 5.0, Some("mm"))],
            "{payload}"
        );
        assert_eq!(
            (reading.message, reading.at, reading.position),
            (None, None, None)
        );
    }
}

#[test]
fn a_message_that_is_an_array_is_read_element_by_element() {
    let elements = road(r#"[{"depth_mm":1},{"depth_mm":"deep"},{"x":1},{"depth_mm":2}]"#);
    let taken: Vec<_> = elements
        .iter()
        .map(|e| e.as_ref().map_err(|r| r.reason))
        .collect();
    assert_eq!(elements.len(), 4);
    assert!(taken[0].is_ok() && taken[3].is_ok());
    assert_eq!(taken[1], Err(Reason::BadShape));
    assert_eq!(taken[2], Err(Reason::NoValue));
    let detail = elements[1].clone().unwrap_err().detail;
    assert_eq!(detail, "/1/depth_mm: \"deep\", expected a number");
}

#[test]
fn each_leads_to_the_array_and_the_places_count_from_its_elements() {
    let toml = mapped(
        r#"each = "/payload/readings"
           asset = { pointer = "/dev/0" }
           values = [ { property = "level", pointer = "/v" } ]"#,
    );
    let payload = r#"{"payload":{"n":2,"readings":[ {"dev":["a"],"v":1}, {"dev":[],"v":2} ]}}"#;
    let elements = decode_by(&toml, "", payload);
    assert!(matches!(&elements[0], Ok(Decoded::Reading(r)) if r.asset.as_str() == "a"));
    let refused = elements[1].clone().unwrap_err();
    assert_eq!(
        refused.detail,
        "/payload/readings/1/dev/0: nothing, expected the asset's id"
    );

    for (payload, reason) in [
        (r#"{"payload":{}}"#, Reason::BadShape),
        (r#"{"payload":{"readings":{}}}"#, Reason::BadShape),
        (r#"{"payload":{"readings":[]}}"#, Reason::NoValue),
        (r#"{"payload":7}"#, Reason::BadShape),
        (
            r#"{"payload":{"readings":[],"readings":[]}}"#,
            Reason::BadShape,
        ),
        (r#"{"payload":{"readings":[}}"#, Reason::BadJson),
    ] {
        let refused = refusal(decode_by(&toml, "", payload));
        assert_eq!(refused.reason, reason, "{payload}: {}", refused.detail);
    }
}

#[test]
fn several_values_are_read_and_each_property_once() {
    let toml = mapped(
        r#"asset = { topic = 1 }
           values = [ { property = "a", pointer = "/x/0" }, { property = "b", pointer = "/x/1" },
                      { property = { pointer = "/p" }, pointer = "/v" } ]"#,
    );
    let read = |payload: &str| decode_by(&toml, "v/1", payload);
    let both = reading(read(r#"{"x":[1,2]}"#));
    assert_eq!(values(&both), [("a", 1.0, None), ("b", 2.0, None)]);
    let named = reading(read(r#"{"p":"c","v":3}"#));
    assert_eq!(values(&named), [("c", 3.0, None)]);
    let refused = refusal(read(r#"{"x":[1],"p":"a","v":3}"#));
    assert_eq!(refused.detail, "/v: a second value of \"a\" in one reading");
}

#[test]
fn local_times_are_the_citys_own() {
    let toml = mapped(
        r#"asset = { topic = 1 }
           at = { pointer = "/t", time = "local" }
           values = [ { property = "a", pointer = "/v" } ]"#,
    );
    for time in [
        r#""2026-06-22 06:05:00""#,
        r#""20260622060500""#,
        "20260622060500",
    ] {
        let at = reading(decode_by(&toml, "v/1", &format!(r#"{{"t":{time},"v":1}}"#))).at;
        assert_eq!(at.unwrap().us, 1_782_079_500_000_000, "{time}");
    }
}

#[test]
fn what_is_refused_says_why_and_where() {
    for (payload, reason, said) in [
        ("{", Reason::BadJson, "EOF"),
        (r#"{"depth_mm":1} x"#, Reason::BadJson, "trailing"),
        (
            r#"{"depth_mm":1,"depth_mm":2}"#,
            Reason::BadShape,
            "stands twice",
        ),
        ("7", Reason::NoValue, "no value at /depth_mm"),
        (
            r#"{"depth_mm":null}"#,
            Reason::NoValue,
            "no value at /depth_mm",
        ),
        (
            r#"{"depth_mm":"NaN"}"#,
            Reason::BadShape,
            "/depth_mm: \"NaN\", expected a number",
        ),
        (
            r#"{"depth_mm":true}"#,
            Reason::BadShape,
            "/depth_mm: true, expected a number",
        ),
        (
            r#"{"depth_mm":[1]}"#,
            Reason::BadShape,
            "/depth_mm: an array or object",
        ),
        (
            r#"{"depth_mm":1,"ts":"noon"}"#,
            Reason::BadTime,
            "/ts: \"noon\" is no time",
        ),
        (
            r#"{"depth_mm":1,"gps":{"lng":118}}"#,
            Reason::BadShape,
            "/gps/lat: nothing",
        ),
        (r#"{"depth_mm":1,"msgId":0.5}"#, Reason::BadId, "/msgId"),
    ] {
        let refused = refusal(road(payload));
        assert_eq!(refused.reason, reason, "{payload}: {}", refused.detail);
        assert!(
            refused.detail.contains(said),
            "{payload}: {}",
            refused.detail
        );
    }
    let refused = refusal(decode("road", "", r#"{"depth_mm":1}"#));
    assert!(refused.detail.contains("no level 1"), "{}", refused.detail);
}

#[test]
fn a_value_without_the_name_of_its_property_or_unit_is_no_fact() {
    let refused = refusal(air(r#"{"id":1,"value":3,"unit":"ug/m3"}"#));
    assert_eq!(refused.reason, Reason::BadShape);
    assert!(
        refused.detail.starts_with("/metric: nothing"),
        "{}",
        refused.detail
    );
    let refused = refusal(air(r#"{"id":1,"value":3,"metric":"pm25","unit":""}"#));
    assert_eq!(refused.reason, Reason::BadUnit);
    let refused = refusal(air(r#"{"value":3,"metric":"pm25","unit":"ug/m3"}"#));
    assert_eq!(refused.detail, "/id: nothing, expected the asset's id");
}

#[test]
fn a_feed_without_a_map_refuses_everything_and_says_why() {
    let toml = "[[feed]]\nid = \"v\"\nformat = \"mapped-json\"";
    let refused = refusal(decode_by(toml, "", "{}"));
    assert!(refused.detail.contains("no map"), "{}", refused.detail);
}
