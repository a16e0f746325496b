//! `open311`: the standard's own examples, and requests as servers really write them.

use egret_decode::Element;
use egret_decode::reading::{Decoded, RawReport};
use egret_shared::rejection::Reason;

use crate::feeds::{decode_by, refusal};

const FEED: &str = "[[feed]]\nid = \"r\"\nformat = \"open311\"\nreport = true";

/// GeoReport v2, "GET Service Requests", in XML. What is `…` there is left out.
const STANDARD_XML: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<service_requests>
	<request>
		<service_request_id>638344</service_request_id>
		<status>closed</status>
		<status_notes>Duplicate request.</status_notes>
		<service_name>Sidewalk and Curb Issues</service_name>
		<service_code>006</service_code>
		<description></description>
		<agency_responsible></agency_responsible>
		<service_notice></service_notice>
		<requested_datetime>2010-04-14T06:37:38-08:00</requested_datetime>
		<updated_datetime>2010-04-14T06:37:38-08:00</updated_datetime>
		<expected_datetime>2010-04-15T06:37:38-08:00</expected_datetime>
		<address>8TH AVE and JUDAH ST</address>
		<address_id>545483</address_id>
		<zipcode>94122</zipcode>
		<lat>37.762221815</lat>
		<long>-122.4651145</long>
		<media_url>http://city.gov.s3.amazonaws.com/requests/media/638344.jpg </media_url>
	</request>
	<request>
		<service_request_id>638349</service_request_id>
		<status>open</status>
		<status_notes></status_notes>
		<service_name>Sidewalk and Curb Issues</service_name>
		<service_code>006</service_code>
		<description></description>
		<agency_responsible></agency_responsible>
		<service_notice></service_notice>
		<requested_datetime>2010-04-19T06:37:38-08:00</requested_datetime>
		<updated_datetime>2010-04-19T06:37:38-08:00</updated_datetime>
		<expected_datetime>2010-04-19T06:37:38-08:00</expected_datetime>
		<address>8TH AVE and JUDAH ST</address>
		<address_id>545483</address_id>
		<zipcode>94122</zipcode>
		<lat>37.762221815</lat>
		<long>-122.4651145</long>
		<media_url>http://city.gov.s3.amazonaws.com/requests/media/638349.jpg</media_url>
	</request>
</service_requests>"#;

/// The same in JSON, where the standard writes the code as the number 006, which is no JSON: here
/// it is a text.
const STANDARD_JSON: &str = r#"[
  {
    "service_request_id":638344,
    "status":"closed",
    "status_notes":"Duplicate request.",
    "service_name":"Sidewalk and Curb Issues",
    "service_code":"006",
    "description":null,
    "agency_responsible":null,
    "service_notice":null,
    "requested_datetime":"2010-04-14T06:37:38-08:00",
    "updated_datetime":"2010-04-14T06:37:38-08:00",
    "expected_datetime":"2010-04-15T06:37:38-08:00",
    "address":"8TH AVE and JUDAH ST",
    "address_id":545483,
    "zipcode":94122,
    "lat":37.762221815,
    "long":-122.4651145,
    "media_url":"http://city.gov.s3.amazonaws.com/requests/media/638344.jpg "
  },
  {
    "service_request_id":638349,
    "status":"open",
    "status_notes":null,
    "service_name":"Sidewalk and Curb Issues",
    "service_code":"006",
    "description":null,
    "agency_responsible":null,
    "service_notice":null,
    "requested_datetime":"2010-04-19T06:37:38-08:00",
    "updated_datetime":"2010-04-19T06:37:38-08:00",
    "expected_datetime":"2010-04-19T06:37:38-08:00",
    "address":"8TH AVE and JUDAH ST",
    "address_id":545483,
    "zipcode":94122,
    "lat":37.762221815,
    "long":-122.4651145,
    "media_url":"http://city.gov.s3.amazonaws.com/requests/media/638349.jpg"
  }
]"#;

const POTHOLE: &str = r#"{"service_request_id":"P-1","status":"open","service_code":"7",
"description":"Pothole","requested_datetime":"2026-06-22T06:05:00+08:00",
"updated_datetime":"2026-06-22T07:05:00+08:00","lat":"24.48","long":"118.09","phone":"5550100"}"#;

fn decode(payload: &str) -> Vec<Element> {
    decode_by(FEED, "", payload)
}

fn reports(elements: Vec<Element>) -> Vec<RawReport> {
    let report = |element: Element| match element.unwrap() {
        Decoded::Report(report) => report,
        Decoded::Reading(reading) => panic!("{reading:?}"),
    };
    elements.into_iter().map(report).collect()
}

fn report(payload: &str) -> RawReport {
    let mut reports = reports(decode(payload));
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

fn us(time: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(time)
        .unwrap()
        .timestamp_micros()
}

#[test]
fn the_standards_requests_are_the_same_reports_in_json_and_in_xml() {
    let in_json = reports(decode(STANDARD_JSON));
    assert_eq!(in_json, reports(decode(STANDARD_XML)));
    let [closed, open] = in_json.as_slice() else {
        panic!("{in_json:?}");
    };
    assert_eq!(closed.report.as_ref().unwrap().as_str(), "638344");
    assert_eq!(closed.state.as_deref(), Some("closed"));
    assert_eq!(closed.category.as_deref(), Some("006"));
    assert_eq!(closed.at.unwrap().us, us("2010-04-14T06:37:38-08:00"));
    assert_eq!(closed.position, Some((-122.465_114_5, 37.762_221_815)));
    let text = "Sidewalk and Curb Issues\n8TH AVE and JUDAH ST\nDuplicate request.";
    assert_eq!(closed.text.as_deref(), Some(text));
    assert_eq!(open.report.as_ref().unwrap().as_str(), "638349");
    assert_eq!(open.state, None);
    assert_ne!(open.message, closed.message);
}

#[test]
fn a_request_was_opened_when_it_was_requested_and_closed_when_it_was_updated() {
    let (requested, updated) = (
        us("2026-06-22T06:05:00+08:00"),
        us("2026-06-22T07:05:00+08:00"),
    );
    let open = report(POTHOLE);
    assert_eq!((open.at.unwrap().us, open.state), (requested, None));
    assert_eq!(open.position, Some((118.09, 24.48)));
    let closed = report(&POTHOLE.replace("\"open\"", "\" Closed \""));
    assert_eq!(
        (closed.at.unwrap().us, closed.state.as_deref()),
        (updated, Some("closed"))
    );
    let other = report(&POTHOLE.replace("\"open\"", "\"investigating\""));
    assert_eq!(other.state.as_deref(), Some("investigating"));
    let silent = POTHOLE
        .replace("\"open\"", "\"closed\"")
        .replace("updated_", "expected_");
    assert_eq!(report(&silent).at, None);
}

#[test]
fn news_of_a_request_is_another_message_and_a_repetition_is_not() {
    let once = report(POTHOLE).message;
    assert_eq!(report(POTHOLE).message, once);
    assert_ne!(report(&POTHOLE.replace("07:05", "07:06")).message, once);
    assert_ne!(
        report(&POTHOLE.replace("\"open\"", "\"closed\"")).message,
        once
    );
}

#[test]
fn one_request_a_wrapped_list_and_a_list_of_nothing_are_read() {
    let in_xml = "<request><service_request_id>P-1</service_request_id></request>";
    assert_eq!(report(in_xml).report.unwrap().as_str(), "P-1");
    let wrapped = format!("{{\"service_requests\":[{POTHOLE}]}}");
    assert_eq!(report(&wrapped), report(POTHOLE));
    for nothing in ["[]", " [ ]\n", "<service_requests/>"] {
        assert_eq!(decode(nothing), [], "{nothing}");
    }
}

#[test]
fn a_time_without_an_offset_is_on_the_citys_clocks_and_half_of_it_is_none() {
    let local = report(&POTHOLE.replace("+08:00", ""));
    assert_eq!(local.at, report(POTHOLE).at);
    let far = report(&POTHOLE.replace("2026-06-22T06", "9999-06-22T06"));
    assert_eq!(far.at.unwrap().us, us("9999-06-22T06:05:00+08:00"));
    let empty = POTHOLE
        .replace("\"24.48\"", "\"\"")
        .replace("\"118.09\"", "null");
    assert_eq!(report(&empty).position, None);
    // A swapped position goes on as it was sent, to where the earth is known.
    let swapped = POTHOLE
        .replace("\"lat\"", "\"x\"")
        .replace("\"long\"", "\"lat\"");
    let swapped = report(&swapped.replace("\"x\"", "\"long\""));
    assert_eq!(swapped.position, Some((24.48, 118.09)));
}

#[test]
fn a_bad_request_is_refused_with_its_place_and_the_others_are_taken() {
    for (old, new, reason, said) in [
        (
            "\"P-1\"",
            "null",
            Reason::BadId,
            "/0/service_request_id: nothing",
        ),
        (
            "\"P-1\"",
            "1.5",
            Reason::BadId,
            "/0/service_request_id: the number 1.5",
        ),
        (
            "\"open\"",
            "7",
            Reason::BadShape,
            "/0/status: 7, expected open or closed",
        ),
        (
            "\"24.48\"",
            "\"north\"",
            Reason::BadShape,
            "/0/lat: \"north\", expected a number",
        ),
        (
            "\"24.48\"",
            "\"NaN\"",
            Reason::BadShape,
            "/0/lat: \"NaN\", expected a number",
        ),
        (
            "\"24.48\"",
            "null",
            Reason::BadPosition,
            "/0/lat: nothing, and half",
        ),
        (
            "06:05:00+08:00\"",
            "soon\"",
            Reason::BadTime,
            "/0/requested_datetime: \"2026",
        ),
        (
            "\"lat\":",
            "\"lat\":1,\"lat\":",
            Reason::BadShape,
            "/0: \"lat\" stands twice",
        ),
        (
            "\"phone\"",
            "\"a\":{\"b\":1,\"b\":2},\"phone\"",
            Reason::BadShape,
            "/0: \"b\" stands",
        ),
    ] {
        assert!(POTHOLE.contains(old), "{old}");
        let elements = decode(&format!("[{},{POTHOLE}]", POTHOLE.replacen(old, new, 1)));
        let [Err(refused), Ok(_)] = elements.as_slice() else {
            panic!("{elements:?}");
        };
        assert_eq!(refused.reason, reason, "{}", refused.detail);
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
    }
    let twice = "<service_requests><request><service_request_id>1</service_request_id>\
                 <lat>1</lat><lat>2</lat></request></service_requests>";
    let refused = refusal(decode(twice));
    assert_eq!(refused.detail, "/service_requests/0/lat: it stands twice");
}

#[test]
fn what_is_neither_is_refused() {
    for (payload, said) in [
        ("", "EOF"),
        ("[{]", "key must be a string"),
        ("{\"service_code\":006}", "invalid number"),
        ("<errors/>", "/\"errors\": expected service_requests"),
        ("<!DOCTYPE r><r/>", "a DOCTYPE"),
        ("<service_requests><request>", "is not closed"),
        ("7", "expected a service request"),
    ] {
        let refused = refusal(decode(payload));
        assert!(
            refused.detail.contains(said),
            "{payload}: {}",
            refused.detail
        );
    }
}

#[test]
fn a_persons_fields_are_split_off_in_json_and_in_xml() {
    let feed = format!("{FEED}\npersonal = [\"/phone\", \"/email\"]");
    let in_xml = "<request><service_request_id>P-1</service_request_id><description>Pothole\
                  </description><phone>5550100</phone></request>";
    for payload in [POTHOLE, in_xml] {
        let report = reports(decode_by(&feed, "", payload)).remove(0);
        assert_eq!(
            report.personal,
            [("/phone".to_owned(), "5550100".to_owned())]
        );
        assert_eq!(report.text.as_deref(), Some("Pothole"));
    }
}
