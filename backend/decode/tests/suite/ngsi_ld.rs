//! `ngsi-ld` by the examples of ETSI GS CIM 009 and of the Smart Data Models.

use crate::feeds::{decode_by, decoder_of, message, reading, refusal, values};
use egret_decode::Element;
use egret_decode::reading::{Decoded, Reading};
use egret_shared::rejection::Reason;

const PLAIN: &str = "[[feed]]\nid = \"n\"\nformat = \"ngsi-ld\"";

/// ETSI GS CIM 009, annex C: an entity in normalized form.
const PARKING: &str = r#"{
    "id": "urn:ngsi-ld:OffStreetParking:Downtown1",
    "type": "OffStreetParking",
    "name": { "type": "Property", "value": "Downtown One" },
    "availableSpotNumber": {
        "type": "Property",
        "value": 121,
        "observedAt": "2017-07-29T12:05:02Z",
        "reliability": { "type": "Property", "value": 0.7 },
        "providedBy": { "type": "Relationship", "object": "urn:ngsi-ld:Camera:C1" }
    },
    "totalSpotNumber": { "type": "Property", "value": 200 },
    "location": {
        "type": "GeoProperty",
        "value": { "type": "Point", "coordinates": [-8.5, 41.2] }
    },
    "@context": [
        "http://example.org/ngsi-ld/latest/parking.jsonld",
        "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"
    ]
}"#;

/// smart-data-models/dataModel.Environment, AirQualityObserved/examples: key-values.
const AIR: &str = r#"{
    "id": "urn:ngsi-ld:AirQualityObserved:Madrid-AmbientObserved-28079004-2016-03-15T11:00:00",
    "type": "AirQualityObserved",
    "CO": 500,
    "CO_Level": "moderate",
    "NO": 45,
    "NO2": 69,
    "NOx": 139,
    "SO2": 11,
    "address": {
        "addressCountry": "ES",
        "addressLocality": "Madrid",
        "streetAddress": "Plaza de Espa\u00f1a",
        "type": "PostalAddress"
    },
    "airQualityIndex": 65,
    "airQualityLevel": "moderate",
    "areaServed": "Brooklands",
    "dateObserved": "2016-03-15T11:00:00/2016-03-15T12:00:00",
    "location": {
        "coordinates": [
            -3.712247222222222,
            40.423852777777775
        ],
        "type": "Point"
    },
    "precipitation": 0,
    "refPointOfInterest": "urn:ngsi-ld:PointOfInterest:28079004-Pza.deEspanya",
    "relativeHumidity": 0.54,
    "reliability": 0.7,
    "source": "http://datos.madrid.es",
    "temperature": 12.2,
    "typeOfLocation": "outdoor",
    "windDirection": 186,
    "windSpeed": 0.64,
    "@context": [
        "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld",
        "https://raw.githubusercontent.com/smart-data-models/dataModel.Environment/master/context.jsonld"
    ]
}"#;

fn listed(more: &str) -> String {
    format!("{PLAIN}\n{more}")
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

/// An entity with these members.
fn entity(members: &str) -> String {
    format!(r#"{{"id":"urn:ngsi-ld:T:1","type":"T",{members}}}"#)
}

#[test]
fn attributes_of_one_time_are_one_reading_and_those_without_time_another() {
    let readings = readings(plain(PARKING));
    let read: Vec<_> = readings
        .iter()
        .map(|reading| {
            assert_eq!(
                reading.asset.as_str(),
                "urn:ngsi-ld:OffStreetParking:Downtown1"
            );
            assert_eq!(reading.position, Some((-8.5, 41.2)));
            (reading.at.map(|at| at.us), values(reading))
        })
        .collect();
    let expected = [
        (
            Some(1_501_329_902_000_000),
            vec![("availableSpotNumber", 121.0, None)],
        ),
        (None, vec![("totalSpotNumber", 200.0, None)]),
    ];
    assert_eq!(read, expected);
}

#[test]
fn key_values_are_of_the_date_that_was_observed_and_the_map_may_name_the_asset() {
    let toml = listed(
        "[feed.map]\nasset = { pointer = \"/refPointOfInterest\" }\n[feed.names]\n\
         NO2 = { property = \"no2\", unit = \"ug/m3\" }\n\
         temperature = { property = \"air_temperature\", unit = \"Cel\" }",
    );
    let reading = reading(decode_by(&toml, "", AIR));
    assert_eq!(
        reading.asset.as_str(),
        "urn:ngsi-ld:PointOfInterest:28079004-Pza.deEspanya"
    );
    assert_eq!(
        reading.position,
        Some((-3.712_247_222_222_222, 40.423_852_777_777_775))
    );
    let expected = [
        ("no2", 69.0, Some("ug/m3")),
        ("air_temperature", 12.2, Some("Cel")),
    ];
    assert_eq!(values(&reading), expected);
    // Eleven on the clocks of the suite's city, which is Shanghai's.
    assert_eq!(reading.at.unwrap().us, 1_458_010_800_000_000);
}

#[test]
fn every_way_to_write_an_attribute_says_the_same() {
    let at = "2026-06-21T22:05:00Z";
    for members in [
        format!(r#""pm25":{{"type":"Property","value":35.5,"unitCode":"GQ","observedAt":"{at}"}}"#),
        format!(r#""pm25":{{"value":35.5,"unitCode":"GQ","observedAt":"{at}"}}"#),
        format!(
            r#""https://uri.fiware.org/ns/data-models#pm25":{{"value":35.5,"unitCode":"GQ","observedAt":"{at}"}}"#
        ),
        format!(
            r#""pm25":[{{"value":1,"datasetId":"urn:x:1"}},{{"value":35.5,"unitCode":"GQ","observedAt":"{at}"}}]"#
        ),
        format!(
            r#""pm25":{{"value":{{"@type":"xsd:float","@value":35.5}},"unitCode":"GQ","observedAt":"{at}"}}"#
        ),
        format!(
            r#""pm25":{{"value":35.5,"unitCode":"GQ"}},"dateObserved":{{"type":"Property","value":{{"@type":"DateTime","@value":"{at}"}}}}"#
        ),
        format!(r#""pm25":{{"value":35.5,"unitCode":"GQ"}},"dateObserved":"{at}""#),
    ] {
        let reading = reading(plain(&entity(&members)));
        assert_eq!(
            values(&reading),
            [("pm25", 35.5, Some("ug/m3"))],
            "{members}"
        );
        assert_eq!(reading.at.unwrap().us, 1_782_079_500_000_000, "{members}");
    }
}

#[test]
fn a_location_is_taken_where_it_is_a_point() {
    for (location, position) in [
        (
            r#"{"type":"GeoProperty","value":{"type":"Point","coordinates":[118.1,24.5]}}"#,
            Some((118.1, 24.5)),
        ),
        (
            r#"{"value":{"type":"Point","coordinates":[118.1,24.5,3]}}"#,
            Some((118.1, 24.5)),
        ),
        (
            r#"{"type":"Point","coordinates":[118.1,24.5]}"#,
            Some((118.1, 24.5)),
        ),
        (
            r#"{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}"#,
            None,
        ),
        (r#""somewhere""#, None),
        (r#"{"type":"GeoProperty","value":null}"#, None),
    ] {
        let payload = entity(&format!(r#""level":1,"location":{location}"#));
        assert_eq!(reading(plain(&payload)).position, position, "{location}");
    }
    let payload = entity(r#""level":1,"location":{"type":"Point","coordinates":[118.1]}"#);
    let refused = refusal(plain(&payload));
    assert_eq!(refused.reason, Reason::BadPosition);
    assert!(
        refused.detail.starts_with("/location: "),
        "{}",
        refused.detail
    );
}

#[test]
fn a_notifications_entities_stand_or_fall_on_their_own() {
    let notification = format!(
        r#"{{"id":"urn:ngsi-ld:Notification:7","type":"Notification",
            "subscriptionId":"urn:ngsi-ld:Subscription:1","notifiedAt":"2026-06-21T22:05:01Z",
            "data":[{PARKING},{},{}]}}"#,
        entity(r#""level":{"value":1,"observedAt":"noon"}"#),
        entity(r#""level":{"value":2}"#),
    );
    let elements = plain(&notification);
    let taken: Vec<bool> = elements.iter().map(Result::is_ok).collect();
    assert_eq!(taken, [true, true, false, true]);
    let refused = elements[2].clone().unwrap_err();
    assert_eq!(refused.reason, Reason::BadTime);
    assert!(
        refused
            .detail
            .starts_with("/data/1/level/observedAt: \"noon\""),
        "{}",
        refused.detail
    );

    let array = plain(&format!("[{},7]", entity(r#""level":1"#)));
    assert!(array[0].is_ok());
    let refused = array[1].clone().unwrap_err();
    assert!(refused.detail.starts_with("/1"), "{}", refused.detail);
}

#[test]
fn relationships_texts_and_languages_are_no_numbers() {
    let payload = entity(
        r#""a":{"type":"Relationship","object":"urn:x"},"b":{"type":"LanguageProperty","languageMap":{"en":"x"}},
           "c":"text","d":true,"e":[1,2],"f":{"value":[1]},"g":null,"h":{"value":8}"#,
    );
    assert_eq!(values(&reading(plain(&payload))), [("h", 8.0, None)]);
    let names = listed("[feed.names]\nd = { property = \"open\" }");
    assert_eq!(
        values(&reading(decode_by(&names, "", &payload))),
        [("open", 1.0, None)]
    );
    let names = listed("[feed.names]\nc = { property = \"open\" }");
    assert_eq!(
        refusal(decode_by(&names, "", &payload)).detail,
        "/c: \"text\", expected a number"
    );
}

#[test]
fn what_is_refused_says_why_and_where() {
    for (payload, reason, said) in [
        (String::new(), Reason::BadJson, "EOF"),
        ("[]".to_owned(), Reason::NoValue, "empty array"),
        (
            "{}".to_owned(),
            Reason::BadShape,
            "/id: nothing, expected the asset's id",
        ),
        (
            r#"{"type":"Notification"}"#.to_owned(),
            Reason::BadShape,
            "/data: nothing",
        ),
        (
            r#"{"type":"Notification","data":{}}"#.to_owned(),
            Reason::BadShape,
            "expected a sequence",
        ),
        (
            entity(r#""name":"x""#),
            Reason::NoValue,
            "no attribute with a number",
        ),
        (
            entity(r#""a":1,"a":2"#),
            Reason::BadShape,
            "\"a\" stands twice",
        ),
        (
            entity(r#""a":{"value":1,"value":2}"#),
            Reason::BadShape,
            "/a: duplicate field `value`",
        ),
        (
            entity(r#""a":{"value":1,"unitCode":7}"#),
            Reason::BadShape,
            "/a/unitCode: 7",
        ),
        (
            entity(r#""a":{"value":1,"observedAt":7}"#),
            Reason::BadTime,
            "/a/observedAt: 7",
        ),
        (
            entity(r#""a":1,"dateObserved":"noon""#),
            Reason::BadTime,
            "/dateObserved: \"noon\"",
        ),
        (entity(r#""a":{"value":NaN}"#), Reason::BadJson, "line"),
        (
            entity(r#""a":1e999"#),
            Reason::BadJson,
            "number out of range",
        ),
        (
            entity(&format!("\"a\":{}", "[".repeat(1_000))),
            Reason::BadJson,
            "expected value",
        ),
        (
            entity(&format!("\"{}\":1", "x".repeat(200))),
            Reason::BadId,
            "200 bytes",
        ),
    ] {
        let refused = refusal(plain(&payload));
        assert_eq!(refused.reason, reason, "{payload}: {}", refused.detail);
        assert!(refused.detail.contains(said), "{said}: {}", refused.detail);
    }
}

#[test]
fn bytes_that_are_no_text_and_nesting_without_end_do_no_harm() {
    let refused = refusal(decoder_of(PLAIN).decode(&message("", b"{\"id\":\"\xc0\x80\"}")));
    assert_eq!(refused.reason, Reason::BadJson);
    let deep = format!(
        "\"a\":{}1{},\"b\":2",
        "[".repeat(50_000),
        "]".repeat(50_000)
    );
    assert_eq!(values(&reading(plain(&entity(&deep)))), [("b", 2.0, None)]);
    let deep = format!(
        "\"a\":{}1{}",
        "{\"value\":".repeat(50_000),
        "}".repeat(50_000)
    );
    assert_eq!(refusal(plain(&entity(&deep))).reason, Reason::NoValue);
}
