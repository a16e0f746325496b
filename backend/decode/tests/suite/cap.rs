//! `cap-1.2`: the standard's own examples, what belongs together, and messages that lie.
//!
//! `tests/standard/cap-1.2` has the four examples of Common Alerting Protocol 1.2, appendix A.

use egret_decode::reading::{Decoded, RawReport, RawShape};
use egret_decode::{Element, Message, limits};
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::TimeMs;

use crate::feeds::{decoder_of, message, refusal};

const FEED: &str = "[[feed]]\nid = \"w\"\nformat = \"cap-1.2\"\nreport = true";

const SECURITY: &str = include_str!("../standard/cap-1.2/a1-homeland-security.xml");
const THUNDERSTORM: &str = include_str!("../standard/cap-1.2/a2-severe-thunderstorm.xml");
const EARTHQUAKE: &str = include_str!("../standard/cap-1.2/a3-earthquake.xml");
const AMBER: &str = include_str!("../standard/cap-1.2/a4-amber.xml");

/// A warning of the city's own weather bureau.
const RAIN: &str = r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>R-1</identifier><sender>w@example.org</sender><sent>2026-06-22T06:05:00+08:00</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-US</language><event>Rainstorm</event><urgency>Expected</urgency>
<severity>Moderate</severity><certainty>Likely</certainty><headline>Yellow rain</headline></info>
<info><language>zh-CN</language><event>暴雨</event><urgency>Expected</urgency>
<severity>Severe</severity><certainty>Likely</certainty><onset>2026-06-22T07:00:00+08:00</onset>
<expires>2026-06-22T12:00:00+08:00</expires><headline>暴雨橙色预警</headline>
<instruction>请勿外出。</instruction>
<area><areaDesc>思明区</areaDesc><polygon>24.4,118.0 24.4,118.2 24.5,118.2 24.5,118.0 24.4,118.0</polygon>
<circle>24.0,118.0 500</circle><geocode><valueName>GB/T 2260</valueName><value>350203</value></geocode></area>
<area><areaDesc>鼓浪屿</areaDesc><polygon>24.44,118.06 24.44,118.07 24.45,118.07 24.44,118.06</polygon></area>
</info></alert>"#;

fn decode(payload: &str) -> Vec<Element> {
    decoder_of(FEED).decode(&message("", payload.as_bytes()))
}

/// The report that a message is, if it arrives at this time.
fn heard(payload: &str, received_at: &str) -> RawReport {
    let elements = decoder_of(FEED).decode(&Message {
        received_at: TimeMs(us(received_at) / 1_000),
        ..message("", payload.as_bytes())
    });
    assert_eq!(elements.len(), 1, "{elements:?}");
    match elements.into_iter().next().unwrap().unwrap() {
        Decoded::Report(report) => report,
        Decoded::Reading(reading) => panic!("{reading:?}"),
    }
}

fn us(time: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(time)
        .unwrap()
        .timestamp_micros()
}

fn refused(old: &str, new: &str) -> Rejection {
    assert!(RAIN.contains(old), "{old}");
    refusal(decode(&RAIN.replacen(old, new, 1)))
}

#[test]
fn the_standards_advisory_becomes_a_report_without_a_place() {
    let report = heard(SECURITY, "2003-04-02T14:39:02-05:00");
    assert_eq!(report.report.unwrap().as_str(), "43b080713727");
    assert_eq!(
        report.message.unwrap().as_str(),
        "43b080713727,2003-04-02T14:39:01-05:00"
    );
    assert_eq!(report.at.unwrap().us, us("2003-04-02T14:39:01-05:00"));
    assert_eq!((report.position, report.state), (None, None));
    assert_eq!(
        report.category.unwrap(),
        "Homeland Security Advisory System Update-orange"
    );
    let text = report.text.unwrap();
    assert!(
        text.starts_with("Homeland Security Sets Code ORANGE\nThe Department of"),
        "{text}"
    );
    assert!(
        text.ends_with("\nU.S. nationwide and interests worldwide"),
        "{text}"
    );
}

#[test]
fn the_standards_thunderstorm_holds_in_its_polygon_until_it_expires() {
    let report = heard(THUNDERSTORM, "2003-06-17T15:59:59-07:00");
    assert_eq!(
        (report.category.as_deref(), report.state),
        (Some("SEVERE THUNDERSTORM-orange"), None)
    );
    let (lon, lat) = report.position.unwrap();
    assert!(
        (lon + 119.93).abs() < 0.01 && (lat - 38.49).abs() < 0.01,
        "{lon} {lat}"
    );
    let text = report.text.unwrap();
    assert!(
        text.starts_with("SEVERE THUNDERSTORM WARNING\n– 2003-06-17 16:00 (-07:00)\nAT 254 PM")
    );
    assert!(
        text.contains("TAKE COVER IN A SUBSTANTIAL SHELTER"),
        "{text}"
    );
    assert!(text.ends_with("SOUTHWESTERN ALPINE COUNTY IN CALIFORNIA (006109, 006009, 006003)"));
    let later = heard(THUNDERSTORM, "2003-06-17T16:00:00-07:00");
    assert_eq!(later.state.as_deref(), Some("expired"));
    assert_ne!(later.message, report.message);
}

#[test]
fn the_standards_update_is_a_step_of_what_it_refers_to() {
    let report = heard(EARTHQUAKE, "2003-06-11T20:57:00-07:00");
    assert_eq!(report.report.unwrap().as_str(), "TRI13970876.1");
    assert_eq!(report.state.as_deref(), Some("updated"));
    assert_eq!(
        report.message.unwrap().as_str(),
        "TRI13970876.2,2003-06-11T20:56:00-07:00"
    );
    assert_eq!(report.category.as_deref(), Some("Earthquake-normal"));
    assert_eq!(report.position, Some((-115.5527, 32.9525)));
}

#[test]
fn the_standards_alert_in_two_languages_is_told_in_english_and_headed_in_spanish() {
    let report = heard(AMBER, "2003-06-11T22:40:00-07:00");
    assert_eq!(report.category.as_deref(), Some("Child Abduction-orange"));
    let text = report.text.unwrap();
    assert!(text.starts_with("Amber Alert in Los Angeles County\nDATE/TIME: 06/11/03, 1915 HRS."));
    assert!(
        text.contains("\nLos Angeles County (006037)") && !text.contains("VÍCTIMAS"),
        "{text}"
    );
    assert!(
        text.ends_with("\nAlerta Amber en el condado de Los Ángeles"),
        "{text}"
    );
}

#[test]
fn a_warning_is_told_in_chinese_and_is_as_bad_as_the_worst_of_it() {
    let report = heard(RAIN, "2026-06-22T06:05:01+08:00");
    assert_eq!(report.category.as_deref(), Some("暴雨-orange"));
    let text = "暴雨橙色预警\n2026-06-22 07:00 – 12:00 (+08:00)\n请勿外出。\n\
                思明区 (350203)\n鼓浪屿\nYellow rain";
    assert_eq!(report.text.as_deref(), Some(text));
    let (lon, lat) = report.position.unwrap();
    assert!(
        (lon - 118.1).abs() < 1e-9 && (lat - 24.45).abs() < 1e-9,
        "{lon} {lat}"
    );
    assert!(report.personal.is_empty());
}

#[test]
fn a_warning_says_where_it_holds_until_when_and_who_says_so() {
    let issued = heard(RAIN, "2026-06-22T06:05:01+08:00").issued.unwrap();
    assert_eq!(issued.by, "w@example.org");
    assert_eq!(issued.headline, "暴雨橙色预警");
    assert_eq!(issued.until, None, "of two languages one does not end");
    let [siming, gulangyu] = issued.areas.as_slice() else {
        panic!("{issued:?}");
    };
    assert_eq!(siming.codes, ["350203"]);
    let [RawShape::Polygon(ring), RawShape::Circle(middle, radius_m)] = siming.shapes.as_slice()
    else {
        panic!("{siming:?}");
    };
    assert_eq!((ring.len(), ring.first()), (5, Some(&(118.0, 24.4))));
    assert_eq!((*middle, *radius_m), ((118.0, 24.0), 500_000.0));
    assert!(gulangyu.codes.is_empty() && gulangyu.shapes.len() == 1);

    let named = RAIN.replace(
        "<headline>暴雨",
        "<senderName>市气象台</senderName><headline>暴雨",
    );
    let ends = "<certainty>Likely</certainty><expires>2026-06-22T13:00:00+08:00</expires>";
    let both = named.replacen("<certainty>Likely</certainty>", ends, 1);
    let issued = heard(&both, "2026-06-22T06:05:01+08:00").issued.unwrap();
    assert_eq!(issued.by, "市气象台");
    assert_eq!(issued.until.unwrap().us, us("2026-06-22T13:00:00+08:00"));
}

#[test]
fn the_same_area_in_two_languages_is_one_and_an_ended_warning_has_none() {
    let area = |name: &str| {
        let code = "<geocode><valueName>x</valueName><value>350206</value></geocode>";
        format!("<area><areaDesc>{name}</areaDesc>{code}</area></info>")
    };
    let twice = RAIN.replacen("</info>", &area("Huli"), 1);
    let last = twice.rfind("</info>").unwrap();
    let twice = format!("{}{}{}", &twice[..last], area("湖里区"), &twice[last + 7..]);
    let issued = heard(&twice, "2026-06-22T06:05:01+08:00").issued.unwrap();
    let of_huli = issued.areas.iter().filter(|area| area.codes == ["350206"]);
    assert_eq!(of_huli.count(), 1);

    let cancel =
        "<msgType>Cancel</msgType><references>w,R-1,2026-06-22T05:00:00+08:00</references>";
    let over = RAIN.replace("<msgType>Alert</msgType>", cancel);
    assert_eq!(heard(&over, "2026-06-22T06:05:01+08:00").issued, None);
}

#[test]
fn a_chain_is_one_report_from_its_first_message_to_its_cancelling() {
    let step = |kind: &str, references: &str| {
        let step = format!("<msgType>{kind}</msgType><references>{references}</references>");
        let text = RAIN.replace("<msgType>Alert</msgType>", &step);
        heard(&text.replace("R-1<", "R-4<"), "2026-06-22T06:05:01+08:00")
    };
    let chain = "w@example.org,R-2,2026-06-22T05:00:00+08:00 w@example.org,R-1,2026-06-21T20:00:00Z\n\
                 w@example.org,R-3,2026-06-22T05:30:00+08:00";
    for (kind, state) in [("Update", "updated"), ("Cancel", "cancelled")] {
        let report = step(kind, chain);
        assert_eq!(report.report.unwrap().as_str(), "R-1");
        assert_eq!(report.state.as_deref(), Some(state));
    }
    // What an Alert refers to is no part of its own chain.
    assert_eq!(step("Alert", chain).report.unwrap().as_str(), "R-4");
    assert_eq!(step("Update", "").report.unwrap().as_str(), "R-4");
}

#[test]
fn only_what_is_meant_and_warns_of_something_is_taken() {
    for (old, new, said) in [
        (
            ">Actual<",
            ">Exercise<",
            "/alert/status: this is an exercise, and only",
        ),
        (">Actual<", ">Test<", "/alert/status: this is a test"),
        (">Actual<", ">Draft<", "/alert/status: this is a draft"),
        (
            ">Actual<",
            ">System<",
            "/alert/status: this is a message about",
        ),
        (">Alert<", ">Ack<", "/alert/msgType: Ack, which answers"),
    ] {
        let refused = refused(old, new);
        assert_eq!(refused.reason, Reason::NoValue);
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
    }
}

/// Each change of the warning has it refused for this reason, in these words.
fn assert_refused(changes: &[(&str, &str, Reason, &str)]) {
    for (old, new, reason, said) in changes {
        let refused = refused(old, new);
        assert_eq!(refused.reason, *reason, "{}", refused.detail);
        assert!(refused.detail.starts_with(said), "{}", refused.detail);
    }
}

#[test]
fn what_is_missing_or_twice_is_refused_with_its_place() {
    let twice = "<sent>2026-06-22T06:05:00+08:00</sent>";
    assert_refused(&[
        (
            ">Actual<",
            ">Real<",
            Reason::BadShape,
            "/alert/status: \"Real\", expected Actual,",
        ),
        (
            ">Alert<",
            ">Cancel<",
            Reason::BadShape,
            "/alert/references: nothing, and a Cancel",
        ),
        (
            "<msgType>Alert</msgType>",
            "<msgType>Update</msgType><references>R-0</references>",
            Reason::BadShape,
            "/alert/references: \"R-0\", expected sender,identifier,sent",
        ),
        (
            "<identifier>R-1</identifier>",
            "",
            Reason::BadShape,
            "/alert/identifier: nothing",
        ),
        (
            twice,
            &twice.repeat(2),
            Reason::BadShape,
            "/alert/sent: it stands twice",
        ),
        (
            "<severity>Severe</severity>",
            "<severity>Minor</severity><severity>Severe</severity>",
            Reason::BadShape,
            "/alert/info/1/severity: it stands twice",
        ),
    ]);
}

#[test]
fn times_places_and_namespaces_that_are_none_are_refused_with_their_place() {
    assert_refused(&[
        (
            "2026-06-22T06:05:00+08:00",
            "yesterday",
            Reason::BadTime,
            "/alert/sent: \"yesterday\"",
        ),
        (
            "2026-06-22T12:00:00+08:00",
            "12:00",
            Reason::BadTime,
            "/alert/info/1/expires: \"12:00\"",
        ),
        (
            "24.4,118.0 24.4,118.2",
            "118.0,24.4 118.2,24.4",
            Reason::BadPosition,
            "/alert/info/1/area/0/polygon: \"118.0,24.4\", expected a latitude up to 90",
        ),
        (
            "24.0,118.0 500",
            "24.0,NaN 500",
            Reason::BadPosition,
            "/alert/info/1/area/0/circle: ",
        ),
        ("cap:1.2", "cap:1.1", Reason::BadShape, "line 1, column "),
        (
            " xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"",
            "",
            Reason::BadShape,
            "line 1, column ",
        ),
    ]);
}

#[test]
fn a_document_that_reaches_out_or_blows_up_is_refused() {
    let outside = "<!DOCTYPE alert [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><alert";
    let laughs = "<!DOCTYPE alert [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><alert";
    for document in [outside, laughs] {
        let refused = refused("<alert", document);
        assert!(refused.detail.contains("a DOCTYPE"), "{}", refused.detail);
    }
    let refused = refused("暴雨橙色预警", "&x;");
    assert!(
        refused.detail.contains("the entity \"x\""),
        "{}",
        refused.detail
    );
    let deep = "<info>".repeat(20_000);
    let refused = refusal(decode(&RAIN.replacen("<info>", &deep, 1)));
    assert!(refused.detail.contains("deep"), "{}", refused.detail);
}

#[test]
fn a_warning_told_at_length_is_cut_off_and_one_without_a_level_keeps_its_event() {
    let long = RAIN.replace("请勿外出。", &"请勿外出。".repeat(10_000));
    let report = heard(&long, "2026-06-22T06:05:01+08:00");
    let text = report.text.unwrap();
    assert!(text.len() <= limits::TEXT_BYTES_MAX && text.ends_with('…'));
    let level = RAIN
        .replace("Severe<", "Unknown<")
        .replace("Moderate<", "Unknown<");
    let report = heard(&level, "2026-06-22T06:05:01+08:00");
    assert_eq!(report.category.as_deref(), Some("暴雨"));
    let year = RAIN.replace("2026-06-22T06", "9999-06-22T06");
    let report = heard(&year, "2026-06-22T06:05:01+08:00");
    assert_eq!(report.at.unwrap().us, us("9999-06-22T06:05:00+08:00"));
}
