//! `cloudevents` by the examples of its JSON format, around native and mapped data.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::reading::Decoded;
use egret_decode::{Element, Message};
use egret_shared::rejection::Reason;

const PLAIN: &str = "[[feed]]\nid = \"c\"\nformat = \"cloudevents\"\ntopic = \"ce/+\"";

const MAPPED: &str = r#"[[feed]]
id = "c"
format = "cloudevents"
topic = "ce/+"
[feed.map]
values = [ { property = "level", pointer = "/appinfoB", unit = "mm" } ]"#;

/// JSON Event Format for CloudEvents 1.0.2, section 3.2: JSON data.
const DOCUMENTED: &str = r#"{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "subject": null,
    "id" : "C234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "comexampleextension1" : "value",
    "comexampleothervalue" : 5,
    "datacontenttype" : "application/json",
    "data" : {
        "appinfoA" : "abc",
        "appinfoB" : 123,
        "appinfoC" : true
    }
}"#;

/// The same, section 4.3: a batch.
const BATCH: &str = r#"[
  {
      "specversion" : "1.0",
      "type" : "com.example.someevent",
      "source" : "/mycontext/4",
      "id" : "B234-1234-1234",
      "time" : "2018-04-05T17:31:00Z",
      "comexampleextension1" : "value",
      "comexampleothervalue" : 5,
      "datacontenttype" : "application/vnd.apache.thrift.binary",
      "data_base64" : "... base64 encoded string ..."
  },
  {
      "specversion" : "1.0",
      "type" : "com.example.someotherevent",
      "source" : "/mycontext/9",
      "id" : "C234-1234-1234",
      "time" : "2018-04-05T17:31:05Z",
      "comexampleextension1" : "value",
      "comexampleothervalue" : 5,
      "datacontenttype" : "application/json",
      "data" : {
          "appinfoA" : "abc",
          "appinfoB" : 123,
          "appinfoC" : true
      }
  }
]"#;

/// The same, section 3.2: XML in a text.
const XML: &str = r#"{
    "specversion" : "1.0",
    "type" : "com.example.someevent",
    "source" : "/mycontext",
    "id" : "B234-1234-1234",
    "time" : "2018-04-05T17:31:00Z",
    "unsetextension": null,
    "datacontenttype" : "application/xml",
    "data" : "<much wow=\"xml\"/>"
}"#;

/// 2018-04-05T17:31:00Z.
const AT_US: i64 = 1_522_949_460_000_000;

fn plain(payload: &str) -> Vec<Element> {
    decode_by(PLAIN, "ce/M-1", payload)
}

/// An event with these members beside those that every event must have.
fn event(members: &str) -> String {
    format!(r#"{{"specversion":"1.0","type":"t","source":"/s","id":"7",{members}}}"#)
}

#[test]
fn the_documented_event_is_read_by_a_map_that_counts_from_its_data() {
    let reading = reading(decode_by(MAPPED, "ce/M-1", DOCUMENTED));
    assert_eq!(
        reading.asset.as_str(),
        "M-1",
        "there is no subject: the topic names the asset"
    );
    assert_eq!(
        reading.message.as_ref().unwrap().as_str(),
        "/mycontext#C234-1234-1234"
    );
    assert_eq!(reading.at.unwrap().us, AT_US);
    assert_eq!(values(&reading), [("level", 123.0, Some("mm"))]);
}

#[test]
fn the_documented_batch_loses_its_binary_event_only() {
    let elements = decode_by(MAPPED, "ce/M-1", BATCH);
    let [Err(refused), Ok(Decoded::Reading(taken))] = elements.as_slice() else {
        panic!("{elements:?}");
    };
    assert_eq!(
        refused.detail,
        "/0/data_base64: binary data, expected JSON in data"
    );
    assert_eq!(
        taken.message.as_ref().unwrap().as_str(),
        "/mycontext/9#C234-1234-1234"
    );
    let refused = refusal(plain(XML));
    assert_eq!(
        refused.detail,
        "/datacontenttype: \"application/xml\" is no JSON"
    );
}

#[test]
fn native_data_is_filled_in_from_the_envelope_and_counts_before_it() {
    let bare = reading(plain(&event(
        r#""subject":"M-7","time":"2018-04-05T17:31:00Z","data":{"values":{"level":1}}"#,
    )));
    assert_eq!(bare.asset.as_str(), "M-7");
    assert_eq!(bare.message.as_ref().unwrap().as_str(), "/s#7");
    assert_eq!(bare.at.unwrap().us, AT_US);

    let own = reading(plain(&event(
        r#""subject":"M-7","time":"2018-04-05T17:31:00Z","datacontenttype":"application/vnd.x+json; charset=utf-8",
           "data":{"asset":"M-8","id":9,"at":"2018-04-05T17:31:01Z","values":{"level":1}}"#,
    )));
    assert_eq!(own.asset.as_str(), "M-8");
    assert_eq!(own.message.as_ref().unwrap().as_str(), "9");
    assert_eq!(own.at.unwrap().us, AT_US + 1_000_000);

    let timeless = reading(plain(&event(r#""data":{"values":{"level":1}}"#)));
    assert_eq!((timeless.asset.as_str(), timeless.at), ("M-1", None));
}

#[test]
fn several_readings_of_one_event_have_ids_of_their_own() {
    let elements = plain(&event(
        r#""data":[{"values":{"level":1}},{"values":{}},{"values":{"level":3}}]"#,
    ));
    let ids: Vec<Result<String, String>> = elements
        .into_iter()
        .map(|element| match element {
            Ok(Decoded::Reading(reading)) => Ok(reading.message.unwrap().to_string()),
            Ok(other) => panic!("{other:?} is no reading"),
            Err(refused) => Err(refused.detail),
        })
        .collect();
    let refused = Err("/data/1/values: no value in it".to_owned());
    assert_eq!(
        ids,
        [Ok("/s#7".to_owned()), refused, Ok("/s#7/2".to_owned())]
    );

    let each = MAPPED.replace("[feed.map]", "[feed.map]\neach = \"/list\"");
    let data = r#""data":{"list":[{"appinfoB":1},{"appinfoB":2},{"x":3}]}"#;
    let elements = decode_by(&each, "ce/M-1", &event(data));
    assert_eq!(elements.len(), 3);
    let refused = elements[2].clone().unwrap_err();
    assert_eq!(refused.detail, "/data/list/2: no value at /appinfoB");
}

#[test]
fn a_feed_of_reports_reads_reports() {
    let toml = format!("{PLAIN}\nreport = true\npersonal = [\"/caller\"]");
    let payload = event(
        r#""subject":"T-1","time":"2018-04-05T17:31:00Z","data":{"state":"opened","caller":"Somebody"}"#,
    );
    let Some(Ok(Decoded::Report(report))) = decode_by(&toml, "", &payload).pop() else {
        panic!("the event has a report");
    };
    assert_eq!(report.report.unwrap().as_str(), "T-1");
    assert_eq!(report.at.unwrap().us, AT_US);
    assert_eq!(
        report.personal,
        [("/caller".to_owned(), "Somebody".to_owned())]
    );
    let torn = payload.replace("\"T-1\"", "Somebody");
    let refused = refusal(decode_by(&toml, "", &torn));
    assert!(!refused.detail.contains("Somebody"), "{}", refused.detail);
}

#[track_caller]
fn assert_refused(payload: &str, reason: Reason, said: &str) {
    let refused = refusal(plain(payload));
    assert_eq!(refused.reason, reason, "{payload}: {}", refused.detail);
    assert!(refused.detail.contains(said), "{said}: {}", refused.detail);
}

const DATA: &str = r#""data":{"values":{"a":1}}"#;

#[test]
fn an_envelope_that_is_refused_says_why_and_where() {
    let data = DATA;
    for (payload, reason, said) in [
        (String::new(), Reason::BadJson, "EOF"),
        ("[]".to_owned(), Reason::NoValue, "empty array"),
        ("7".to_owned(), Reason::BadShape, "expected a CloudEvent"),
        (
            "{}".to_owned(),
            Reason::BadShape,
            "/specversion: nothing, expected \"1.0\"",
        ),
        (
            event(data).replace("1.0", "0.3"),
            Reason::BadShape,
            "/specversion: \"0.3\"",
        ),
        (
            event(data).replace("\"/s\"", "\"\""),
            Reason::BadShape,
            "/source: \"\"",
        ),
        (
            event(data).replace("\"7\"", "7"),
            Reason::BadShape,
            "/id: 7",
        ),
        (
            event(data).replace("\"t\"", "null"),
            Reason::BadShape,
            "/type: null",
        ),
        (
            event(&format!("\"time\":\"noon\",{data}")),
            Reason::BadTime,
            "/time: \"noon\"",
        ),
        (
            event(&format!("\"time\":5,{data}")),
            Reason::BadTime,
            "/time: 5",
        ),
        (
            event(&format!("\"subject\":5,{data}")),
            Reason::BadShape,
            "/subject: 5",
        ),
        (
            event(data).replace("\"7\"", &format!("\"{}\"", "x".repeat(200))),
            Reason::BadId,
            "/id with /source: ",
        ),
    ] {
        assert_refused(&payload, reason, said);
    }
}

#[test]
fn data_that_is_refused_says_why_and_where() {
    for (payload, reason, said) in [
        (event(r#""x":1"#), Reason::NoValue, "/data: nothing"),
        (event(r#""data":null"#), Reason::NoValue, "/data: nothing"),
        (
            event(r#""data":"{\"values\":{\"a\":1}}""#),
            Reason::BadShape,
            "/data: invalid type",
        ),
        (
            event(r#""data":{"values":{"a":1,"a":2}}"#),
            Reason::BadShape,
            "/data: \"a\" stands twice",
        ),
        (
            event(&format!("{DATA},{DATA}")),
            Reason::BadShape,
            "duplicate field `data`",
        ),
        (
            event(r#""data":{"values":{"a":NaN}}"#),
            Reason::BadJson,
            "line",
        ),
        (
            event(r#""data":{"values":{"a":1e999}}"#),
            Reason::BadJson,
            "number out of range",
        ),
    ] {
        assert_refused(&payload, reason, said);
    }
    let refused = refusal(decoder_of(PLAIN).decode(&message("", b"{\"id\":\"\xf0\x80\x80\xaf\"}")));
    assert_eq!(refused.reason, Reason::BadJson);
    let deep = event(&format!(
        "\"data\":{}1{}",
        "[".repeat(50_000),
        "]".repeat(50_000)
    ));
    assert_eq!(plain(&deep).len(), 1);
}

/// HTTP Protocol Binding for CloudEvents 1.0.2, section 3.1.4, with the attributes of its MQTT
/// counterpart (section 3.1.3 there): the same names, as user properties.
const BESIDE: [(&str, &str); 6] = [
    ("specversion", "1.0"),
    ("type", "com.example.someevent"),
    ("time", "2018-04-05T03:56:24Z"),
    ("id", "1234-1234-1234"),
    ("source", "/mycontext/subcontext"),
    ("subject", "M-1"),
];

/// What a feed makes of data whose attributes came beside it.
fn beside(properties: &[(&str, &str)], content_type: &str, payload: &str) -> Vec<Element> {
    decoder_of(PLAIN).decode(&Message {
        content_type,
        properties,
        ..message("ce/gateway-7", payload.as_bytes())
    })
}

const LEVEL: &str = r#"{"values":{"level":1.42}}"#;

#[test]
fn an_event_in_binary_mode_has_its_attributes_from_beside_its_data() {
    let headers = BESIDE.map(|(name, value)| (format!("CE-{name}"), value));
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (&**name, *value))
        .collect();
    for properties in [&BESIDE[..], &headers] {
        for content_type in ["application/json; charset=utf-8", ""] {
            let event = reading(beside(properties, content_type, LEVEL));
            assert_eq!(event.asset.as_str(), "M-1");
            let id = event.message.as_ref().unwrap();
            assert_eq!(id.as_str(), "/mycontext/subcontext#1234-1234-1234");
            assert_eq!(event.at.unwrap().us, 1_522_900_584_000_000);
            assert_eq!(values(&event), [("level", 1.42, None)]);
        }
    }
}

#[test]
fn several_elements_in_binary_mode_are_numbered_and_placed() {
    let two = format!("[{LEVEL},{LEVEL},{{}}]");
    let elements = beside(&BESIDE, "application/json", &two);
    let [Ok(_), Ok(Decoded::Reading(second)), Err(refused)] = elements.as_slice() else {
        panic!("{elements:?}");
    };
    let id = second.message.as_ref().unwrap();
    assert_eq!(id.as_str(), "/mycontext/subcontext#1234-1234-1234/1");
    assert!(
        refused.detail.starts_with("/2/values: "),
        "{}",
        refused.detail
    );
}

#[test]
fn a_header_is_read_through_its_percents_and_a_property_as_it_is() {
    // HTTP Protocol Binding, section 3.1.3.2: the euro sign and an emoji.
    let coded = "Euro%20%E2%82%AC%20%F0%9F%98%80%";
    let mut properties = BESIDE;
    properties[5] = ("ce-subject", coded);
    let event = reading(beside(&properties, "", LEVEL));
    assert_eq!(event.asset.as_str(), "Euro € 😀%");
    properties[5] = ("subject", coded);
    assert_eq!(
        reading(beside(&properties, "", LEVEL)).asset.as_str(),
        coded
    );
    properties[5] = ("ce-subject", "%C0%AF");
    let refused = refusal(beside(&properties, "", LEVEL));
    assert!(
        refused.detail.starts_with("/subject: "),
        "{}",
        refused.detail
    );
}

#[test]
fn an_event_that_is_json_as_a_whole_is_no_less_so_for_properties_beside_it() {
    let whole = DOCUMENTED.replace("\"appinfoA\" : \"abc\"", "\"values\":{\"a\":1}");
    for content_type in [
        "application/cloudevents+json",
        "Application/CloudEvents+json; charset=utf-8",
    ] {
        let event = reading(beside(&BESIDE, content_type, &whole));
        assert_eq!(event.message.unwrap().as_str(), "/mycontext#C234-1234-1234");
    }
    let other = [("traceparent", "00-1"), ("id", "x")];
    let event = reading(beside(&other, "application/json", &whole));
    assert_eq!(event.message.unwrap().as_str(), "/mycontext#C234-1234-1234");
}

#[test]
fn what_is_missing_double_or_no_json_in_binary_mode_is_refused() {
    let without = |gone: &str| -> Vec<(&str, &str)> {
        BESIDE
            .into_iter()
            .filter(|(name, _)| *name != gone)
            .collect()
    };
    let twice = [&BESIDE[..], &[("ce-id", "2")]].concat();
    let mut strange = BESIDE;
    strange[0].1 = "0.3";
    let mut timeless = BESIDE;
    timeless[2].1 = "noon";
    for (properties, content_type, payload, said) in [
        (without("id"), "", LEVEL, "/id: nothing"),
        (without("source"), "", LEVEL, "/source: nothing"),
        (without("type"), "", LEVEL, "/type: nothing"),
        (twice, "", LEVEL, "/id: the attribute stands twice"),
        (strange.to_vec(), "", LEVEL, "/specversion: \"0.3\""),
        (timeless.to_vec(), "", LEVEL, "/time: \"noon\""),
        (
            BESIDE.to_vec(),
            "text/xml",
            LEVEL,
            "/datacontenttype: \"text/xml\" is no JSON",
        ),
        (BESIDE.to_vec(), "", "", "EOF"),
    ] {
        let refused = refusal(beside(&properties, content_type, payload));
        assert!(
            refused.detail.starts_with(said),
            "{said}: {}",
            refused.detail
        );
    }
}
