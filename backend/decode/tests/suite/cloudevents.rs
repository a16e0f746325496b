//! `cloudevents` by the examples of its JSON format, around native and mapped data.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::Element;
use egret_decode::reading::Decoded;
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
