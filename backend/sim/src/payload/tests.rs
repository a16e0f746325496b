//! What is written, letter by letter.

use super::*;
use crate::plane::Plane;

const AT: TimeMs = TimeMs(1_782_079_500_123);

fn setting(feeds: &str) -> Setting {
    #[derive(serde::Deserialize)]
    struct Feeds {
        feed: Vec<FeedDef>,
    }
    let properties = r#"[
        {"id":"water_level","name":{"zh":"","en":""},"unit":"m","range":[-1.0,20.0]},
        {"id":"ponding_depth","name":{"zh":"","en":""},"unit":"cm","range":[0.0,300.0]},
        {"id":"pm2_5","name":{"zh":"","en":""},"unit":"ug/m3","range":[0.0,1000.0]}]"#;
    Setting {
        feeds: toml::from_str::<Feeds>(feeds).unwrap().feed,
        properties: serde_json::from_str(properties).unwrap(),
        assets: Vec::new(),
        words: egret_shared::package::words::WordsDef::default(),
        timezone: chrono_tz::Tz::Asia__Shanghai,
        plane: Plane::new([118.1, 24.5]),
    }
}

fn written(feed_toml: &str, values: &[Measured]) -> Vec<Written> {
    let head = format!(
        "[[feed]]\nid = \"f\"\nname = {{ zh = \"\", en = \"\" }}\ndepartment = \"d\"\ndomain = \"water\"\n{feed_toml}"
    );
    let setting = setting(&head);
    let said = Said {
        asset: "A-1",
        at: AT,
        position: Some(Position {
            lon: 118.1,
            lat: 24.5,
        }),
        values,
    };
    readings(&setting, &setting.feeds[0], &said)
}

#[test]
fn a_native_reading_has_time_place_and_values_with_units() {
    let messages = written(
        "topic = \"egret/v1/f/+\"\nformat = \"egret-json\"",
        &[("water_level", 1.42)],
    );
    let expected = r#"{"at":"2026-06-22T06:05:00.123+08:00","position":[118.1,24.5],"values":{"water_level":{"v":1.42,"u":"m"}}}"#;
    assert_eq!(messages[0].topic, "egret/v1/f/A-1");
    assert_eq!(messages[0].payload, expected);
}

#[test]
fn a_vendor_gets_its_own_units_times_and_datum() {
    let messages = written(
        r#"
        topic = "hydro/+/telemetry"
        format = "mapped-json"
        crs = "gcj02"
        [feed.map]
        asset = { topic = 1 }
        at = { pointer = "/ts", time = "unix_ms" }
        position = { lon = "/gps/lng", lat = "/gps/lat" }
        values = [ { property = "ponding_depth", pointer = "/depth_mm", unit = "mm" } ]
        id = { pointer = "/msgId" }"#,
        &[("ponding_depth", 23.4)],
    );
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].topic, "hydro/A-1/telemetry");
    let json: serde_json::Value = serde_json::from_str(&messages[0].payload).unwrap();
    assert_eq!(json["ts"], AT.0);
    assert_eq!(json["depth_mm"], 234.0);
    let moved = json["gps"]["lng"].as_f64().unwrap() - 118.1;
    assert!(
        (0.003..0.006).contains(&moved),
        "GCJ-02 lies east of it: {moved}"
    );
}

#[test]
fn a_vendor_that_names_the_property_gets_one_message_each_with_its_own_id() {
    let messages = written(
        r#"
        topic = "env/+/+/t"
        format = "mapped-json"
        [feed.map]
        asset = { pointer = "/id" }
        at = { pointer = "/ts_us", time = "unix_us" }
        values = [ { property = { pointer = "/metric", map = { pm25 = "pm2_5" } }, pointer = "/value", unit = { pointer = "/unit", map = { "µg/m3" = "ug/m3" } } } ]
        id = { pointer = "/seq" }"#,
        &[("pm2_5", 21.0), ("water_level", 1.0)],
    );
    assert_eq!(messages.len(), 2);
    let json = |index: usize| -> serde_json::Value {
        serde_json::from_str(&messages[index].payload).unwrap()
    };
    assert_eq!(
        (&json(0)["metric"], &json(0)["unit"]),
        (&"pm25".into(), &"µg/m3".into())
    );
    assert_eq!(
        (&json(1)["metric"], &json(1)["unit"]),
        (&"water_level".into(), &"m".into())
    );
    assert_eq!(json(0)["id"], "A-1");
    assert_eq!(json(0)["ts_us"], AT.0 * 1_000);
    assert_ne!(json(0)["seq"], json(1)["seq"]);
}
