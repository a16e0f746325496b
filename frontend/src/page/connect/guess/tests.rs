//! What samples are taken for.

use serde_json::json;

use egret_shared::text::Text;

use super::*;

fn sample(topic: &str, payload: &Value) -> Sample {
    Sample {
        topic: topic.to_owned(),
        payload: payload.to_string(),
    }
}

fn city() -> City {
    let property = |id: &str, unit: &str| PropertyDef {
        id: id.into(),
        name: Text::new(id, id),
        unit: unit.to_owned(),
        range: [0.0, 1.0],
        plausible: None,
        jump: None,
        stuck_after: None,
    };
    City {
        properties: vec![property("pm2_5", "ug/m3"), property("water_level", "m")],
        feeds: vec!["acme".to_owned()],
    }
}

#[test]
fn every_format_is_known_by_its_shape() {
    for (payload, format) in [
        ("##0149QN=1;CP=&&&&9E81", Format::Hj212),
        (
            r#"{"deviceInfo":{"devEui":"01"},"object":{}}"#,
            Format::ChirpstackV4,
        ),
        (r#"{"end_device_ids":{"device_id":"a"}}"#, Format::TtsV3),
        (r#"[{"bn":"urn:x:","n":"level","v":1}]"#, Format::Senml),
        (r#"[{"n":"level","v":1}]"#, Format::Senml),
        (r#"{"specversion":"1.0","id":"1"}"#, Format::Cloudevents),
        (r#"[{"specversion":"1.0","id":"1"}]"#, Format::Cloudevents),
        (
            r#"{"id":"urn:1","type":"A","@context":"x"}"#,
            Format::NgsiLd,
        ),
        (
            r#"{"id":"urn:1","type":"A","v":{"type":"Property","value":1}}"#,
            Format::NgsiLd,
        ),
        (
            r#"{"id":"urn:1","type":"Notification","data":[]}"#,
            Format::NgsiLd,
        ),
        (
            r#"{"at":"2026-06-22T06:05:00Z","values":{"water_level":1}}"#,
            Format::EgretJson,
        ),
        (r#"{"id":"a","type":"meter","v":1}"#, Format::MappedJson),
        ("no JSON at all", Format::MappedJson),
        ("[]", Format::MappedJson),
    ] {
        assert_eq!(format_of(payload), format, "{payload}");
    }
}

#[test]
fn the_form_of_a_time_is_told_by_its_value() {
    for (value, form) in [
        (json!(1_782_079_500), Some(TimeForm::UnixS)),
        (json!(1_782_079_500.25), Some(TimeForm::UnixS)),
        (json!(1_782_079_500_000_i64), Some(TimeForm::UnixMs)),
        (json!("1782079500000"), Some(TimeForm::UnixMs)),
        (json!(1_782_079_500_000_000_i64), Some(TimeForm::UnixUs)),
        (json!("2026-06-22T06:05:00+08:00"), Some(TimeForm::Rfc3339)),
        (json!("2026-06-22T06:05:00Z"), Some(TimeForm::Rfc3339)),
        (json!("2026-06-22 06:05:00"), Some(TimeForm::Local)),
        (json!("20260622060500"), Some(TimeForm::Local)),
        (json!("2026-06-22T06:05:00"), None),
        (json!("yesterday"), None),
        (json!(7), None),
        (json!(null), None),
    ] {
        assert_eq!(time_form(&value), form, "{value}");
    }
}

#[test]
fn an_unknown_vendors_message_is_understood_but_for_whose_it_is() {
    let payload = json!({
        "t": 1_782_079_500_000_i64,
        "where": {"x": 118.05, "y": 24.45},
        "dB": 71.5,
        "rssi": -70,
    });
    let draft = guess(&[sample("acme/meter-7/up", &payload)], &city());
    assert_eq!(draft.feed.format, Format::MappedJson);
    assert_eq!(draft.topic(), "acme/+/up");
    assert_eq!(draft.map.asset, Some(Place::Topic { topic: 1 }));
    let at = draft.map.at.clone().unwrap();
    assert_eq!((at.pointer.as_str(), at.time), ("/t", TimeForm::UnixMs));
    assert_eq!(
        (draft.lon.as_str(), draft.lat.as_str()),
        ("/where/x", "/where/y")
    );
    assert_eq!(
        draft.values.len(),
        1,
        "the device's own signal is none of the city's"
    );
    let noise = &draft.values[0];
    assert_eq!(
        (noise.from.as_str(), noise.property.as_str()),
        ("/dB", "db")
    );
    assert_eq!(noise.new.as_ref().unwrap().unit, "dB");
    assert!(noise.tile.is_some());
    assert_eq!(
        draft.feed.id.as_str(),
        "acme-2",
        "there is an \"acme\" already"
    );
}

#[test]
fn a_property_that_the_city_has_is_found_by_its_name() {
    let payload = json!({"deviceId": "s-1", "ts": 1_782_079_500, "PM25": 12.5, "battery": 3.6});
    let draft = guess(&[sample("x/s-1", &payload)], &city());
    assert_eq!(draft.values.len(), 1);
    assert_eq!(draft.values[0].property, "pm2_5");
    assert_eq!(draft.values[0].new, None);
    let asset = Place::Pointer {
        pointer: "/deviceId".to_owned(),
    };
    assert_eq!(draft.map.asset, Some(asset));
    assert_eq!(
        draft.topic(),
        "x/+",
        "the level that is the asset's id is any"
    );
}

#[test]
fn keys_in_chinese_are_read_too() {
    let payload = json!({
        "设备编号": "S-9", "采集时间": "2026-06-22 06:05:00",
        "经度": 118.1, "纬度": 24.5, "水位": 1.2,
    });
    let draft = guess(&[sample("shuiwu/up", &payload)], &city());
    assert_eq!(draft.map.at.as_ref().unwrap().time, TimeForm::Local);
    assert_eq!((draft.lon.as_str(), draft.lat.as_str()), ("/经度", "/纬度"));
    assert_eq!(draft.values[0].from, "/水位");
    assert_eq!(draft.values[0].property, "value");
    assert_eq!(draft.values[0].new.as_ref().unwrap().unit, "m");
    assert_eq!(draft.feed.id.as_str(), "shuiwu");
}

#[test]
fn readings_in_an_array_are_read_one_by_one() {
    let wrapped =
        json!({"gateway": "g1", "rows": [{"sn": "a", "temp": 20.5}, {"sn": "b", "temp": 21.0}]});
    let draft = guess(&[sample("acme/g1", &wrapped)], &city());
    assert_eq!(draft.map.each.as_deref(), Some("/rows"));
    assert_eq!(draft.values.len(), 1);
    assert_eq!(draft.values[0].from, "/temp");
    let bare = json!([{"sn": "a", "temp": 20.5}]);
    let draft = guess(&[sample("acme/g1", &bare)], &city());
    assert_eq!(
        (draft.map.each.as_deref(), draft.values[0].from.as_str()),
        (None, "/temp")
    );
}

#[test]
fn a_lorawan_uplink_is_taken_by_its_names() {
    let payload =
        json!({"deviceInfo": {"devEui": "0101"}, "object": {"distance_mm": 142, "battery": 3.6}});
    let draft = guess(
        &[sample("application/1/device/0101/event/up", &payload)],
        &city(),
    );
    assert_eq!(draft.way(), Way::Names);
    assert_eq!(draft.topic(), "application/1/device/+/event/up");
    assert_eq!(draft.values.len(), 1);
    assert_eq!(draft.values[0].from, "distance_mm");
}

#[test]
fn a_packet_of_a_station_is_taken_by_its_factors() {
    let sample = Sample {
        topic: "hj212/gateway-1".to_owned(),
        payload: "##0149QN=1;MN=air-7;CP=&&a34004-Rtd=35.5,a34004-Flag=N&&9E81".to_owned(),
    };
    let draft = guess(&[sample], &city());
    assert_eq!(draft.feed.format, Format::Hj212);
    assert_eq!(draft.values.len(), 1);
    assert_eq!(draft.values[0].from, "a34004");
    assert_eq!(draft.values[0].property, "a34004");
}

#[test]
fn messages_in_our_own_words_need_only_what_is_new() {
    let payload =
        json!({"values": {"water_level": {"v": 1.4}, "turbidity": {"v": 3, "u": "[ppm]"}}});
    let draft = guess(&[sample("egret/v1/brook/b-1", &payload)], &city());
    assert_eq!(draft.feed.format, Format::EgretJson);
    let turbidity = draft.value_of("turbidity").unwrap();
    assert_eq!(turbidity.new.as_ref().unwrap().unit, "[ppm]");
    assert_eq!(draft.value_of("water_level").unwrap().new, None);
}

#[test]
fn events_around_any_json_are_mapped_from_their_data() {
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/a", "type": "t",
        "data": {"level": {"mm": 1420}},
    });
    let draft = guess(&[sample("ce/level", &event)], &city());
    assert_eq!(draft.way(), Way::Pointers);
    assert_eq!(draft.values[0].from, "/level/mm");
}

#[test]
fn topics_come_to_the_filter_that_covers_them_all() {
    let none: [String; 0] = [];
    let id = ["m-1".to_owned()];
    assert_eq!(
        filter_of(&["a/1/up", "a/2/up"], &none),
        Some(("a/+/up".to_owned(), Some(1)))
    );
    assert_eq!(
        filter_of(&["a/m-1/up"], &id),
        Some(("a/+/up".to_owned(), Some(1)))
    );
    assert_eq!(
        filter_of(&["v3/site/meter9"], &none),
        Some(("v3/site/+".to_owned(), Some(2)))
    );
    assert_eq!(
        filter_of(&["v3/site"], &none),
        Some(("v3/site".to_owned(), None))
    );
    assert_eq!(filter_of(&["", ""], &none), None);
    for (filter, topic, is_covered) in [
        ("a/+/up", "a/1/up", true),
        ("a/+/up", "a/1/up/x", false),
        ("a/#", "a", true),
        ("a/#", "a/b/c", true),
        ("a/+", "a", false),
        ("#", "$SYS/x", false),
    ] {
        assert_eq!(covers(filter, topic), is_covered, "{filter} {topic}");
    }
}

#[test]
fn nothing_that_is_pasted_makes_the_guess_stumble() {
    for payload in [
        "",
        "   ",
        "null",
        "[]",
        "[[[]]]",
        "{}",
        "\"x\"",
        "{\"values\": null}",
        "{\"a\": [",
        "##",
    ] {
        let sample = Sample {
            topic: "//".to_owned(),
            payload: payload.to_owned(),
        };
        let draft = guess(&[sample], &City::default());
        assert!(draft.values.is_empty(), "{payload}");
    }
    assert_eq!(guess(&[], &City::default()), Draft::new());
}

#[test]
fn ids_are_small_letters_and_free() {
    assert_eq!(slug("ACME Meters!", '-', "feed"), "acme-meters");
    assert_eq!(slug("水位", '_', "value"), "value");
    assert_eq!(slug("7up", '-', "feed"), "feed-7up");
    assert_eq!(free("a", '-', |id| ["a", "a-2"].contains(&id)), "a-3");
}
