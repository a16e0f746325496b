//! Feeds for the suites: the tiny city's, as its `feeds.toml` declares them, and short cuts.

use chrono_tz::Tz;
use egret_decode::reading::{Decoded, Reading};
use egret_decode::{Decoder, Element, Message};
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Rejection;
use egret_shared::time::TimeMs;

/// When everything arrives: 2026-06-22T06:05:30+08:00.
pub(crate) const NOW: TimeMs = TimeMs(1_782_079_530_000);

/// The tiny city's feeds, with what has nothing to do with decoding left out.
const FEEDS: &str = r#"
[[feed]]
id = "manhole"
topic = "egret/v1/manhole/+"
format = "egret-json"

[[feed]]
id = "road"
topic = "vendor-x/+/telemetry"
format = "mapped-json"
crs = "gcj02"

[feed.map]
asset = { topic = 1 }
at = { pointer = "/ts", time = "unix_ms" }
position = { lon = "/gps/lng", lat = "/gps/lat" }
values = [{ property = "ponding_depth", pointer = "/depth_mm", unit = "mm" }]
id = { pointer = "/msgId" }

[[feed]]
id = "hotline"
report = true
topic = "egret/v1/hotline/report/+"
format = "egret-json"

[[feed]]
id = "air"
topic = "city/+/+/t"
format = "mapped-json"

[feed.map]
asset = { pointer = "/id" }
at = { pointer = "/ts_us", time = "unix_us" }
position = { lon = "/lon", lat = "/lat" }
values = [{ property = { pointer = "/metric", map = { pm25 = "pm2_5" } }, pointer = "/value", unit = { pointer = "/unit", map = { "µg/m3" = "ug/m3" } } }]
id = { pointer = "/seq" }
"#;

#[derive(serde::Deserialize)]
struct Feeds {
    feed: Vec<toml::Table>,
}

/// A feed of `toml`, its organisational fields filled in.
pub(crate) fn feeds(toml: &str) -> Vec<FeedDef> {
    let Feeds { feed } = toml::from_str(toml).expect("the suite's feeds are TOML");
    feed.into_iter().map(completed).collect()
}

fn completed(mut feed: toml::Table) -> FeedDef {
    let name = toml::Table::from_iter(["zh", "en"].map(|key| (key.to_owned(), "x".into())));
    feed.insert("name".to_owned(), name.into());
    feed.insert("department".to_owned(), "west".into());
    feed.insert("domain".to_owned(), "water".into());
    feed.try_into().expect("the suite's feeds are feeds")
}

/// The decoder of one of the tiny city's feeds.
pub(crate) fn decoder(id: &str) -> Decoder {
    let feed = feeds(FEEDS).into_iter().find(|feed| feed.id.as_str() == id);
    Decoder::new(
        &feed.expect("the tiny city has this feed"),
        Tz::Asia__Shanghai,
    )
}

/// The decoder of the only feed of `toml`.
pub(crate) fn decoder_of(toml: &str) -> Decoder {
    Decoder::new(&feeds(toml).remove(0), Tz::Asia__Shanghai)
}

/// A message that arrives at [`NOW`].
pub(crate) fn message<'a>(topic: &'a str, payload: &'a [u8]) -> Message<'a> {
    Message::new(topic, payload, NOW)
}

/// What a tiny city's feed makes of a message.
pub(crate) fn decode(feed: &str, topic: &str, payload: &str) -> Vec<Element> {
    decoder(feed).decode(&message(topic, payload.as_bytes()))
}

/// What the only feed of `toml` makes of a message.
pub(crate) fn decode_by(toml: &str, topic: &str, payload: &str) -> Vec<Element> {
    decoder_of(toml).decode(&message(topic, payload.as_bytes()))
}

/// What a report feed with fields that identify a person makes of a message by HTTP.
pub(crate) fn decode_private(payload: &str) -> Vec<Element> {
    let toml = r#"
        [[feed]]
        id = "call"
        report = true
        format = "egret-json"
        personal = ["/caller/name", "/caller/phone", "/caller/age", "/people/1", "/text", "/no/x"]
    "#;
    decode_by(toml, "", payload)
}

/// Property, number and unit of a reading's values.
pub(crate) fn values(reading: &Reading) -> Vec<(&str, f64, Option<&str>)> {
    reading
        .values
        .iter()
        .map(|value| (value.property.as_str(), value.v, value.unit.as_deref()))
        .collect()
}

/// The only element, which is a reading.
pub(crate) fn reading(elements: Vec<Element>) -> Reading {
    assert_eq!(elements.len(), 1, "{elements:?}");
    match elements.into_iter().next().unwrap().unwrap() {
        Decoded::Reading(reading) => reading,
        Decoded::Report(report) => panic!("{report:?} is no reading"),
    }
}

/// The only element, which is a refusal.
pub(crate) fn refusal(elements: Vec<Element>) -> Rejection {
    assert_eq!(elements.len(), 1, "{elements:?}");
    elements.into_iter().next().unwrap().unwrap_err()
}
