//! `egret-json`: Egret's own JSON, readings and reports.

use std::fmt::Write;

use egret_shared::package::feed::FeedDef;
use egret_shared::time::TimeMs;
use serde_json::{Value, json};

use super::{Said, Written, topic_of};
use crate::curve::rounded;
use crate::daily::rfc3339;
use crate::plane::in_crs;
use crate::reports::Case;
use crate::setting::Setting;

/// A native reading.
///
/// Written by hand: nine of ten messages of the run are these, and every part of one is a number
/// or an id of the package.
pub(super) fn reading(setting: &Setting, feed: &FeedDef, said: &Said<'_>) -> Option<Written> {
    let topic = topic_of(feed.topic.as_deref()?, said.asset, None);
    let mut text = format!("{{\"at\":\"{}\"", rfc3339(said.at, setting.timezone));
    if let Some(position) = said.position {
        let (lon, lat) = in_crs(position, feed.crs);
        write!(
            text,
            ",\"position\":[{},{}]",
            rounded(lon, 6),
            rounded(lat, 6)
        )
        .ok()?;
    }
    text.push_str(",\"values\":{");
    for (index, (property, v)) in said.values.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let unit = setting.property(property).map_or("1", |p| p.unit.as_str());
        let unit = json!(unit);
        write!(text, "{comma}\"{property}\":{{\"v\":{v},\"u\":{unit}}}").ok()?;
    }
    text.push_str("}}");
    Some(Written {
        topic,
        payload: text,
    })
}

/// A step of a case.
///
/// Feeds with personal fields get a caller that cannot be taken for a person: a number from a
/// range that no exchange has, and a name that says it is simulated.
pub(crate) fn report(
    setting: &Setting,
    feed: &FeedDef,
    case: &Case,
    at: TimeMs,
) -> Option<Written> {
    let topic = topic_of(feed.topic.as_deref()?, &case.report, None);
    let mut message = json!({
        "at": rfc3339(at, setting.timezone),
        "state": case.state,
        "category": case.category,
        "text": text_of(setting, feed, case),
    });
    if let Some(place) = case.place {
        let (lon, lat) = in_crs(setting.plane.position_from(place), feed.crs);
        insert_at(
            &mut message,
            "/position",
            json!([rounded(lon, 6), rounded(lat, 6)]),
        );
    }
    for pointer in &feed.personal {
        let value = if pointer.ends_with("phone") {
            json!(format!("000-0000-{:04}", case.caller))
        } else if pointer.ends_with("address") {
            json!(format!("SIM-ADDRESS-{}", case.caller))
        } else {
            json!(format!("SIM-CALLER-{}", case.caller))
        };
        insert_at(&mut message, pointer, value);
    }
    Some(Written {
        topic,
        payload: message.to_string(),
    })
}

/// A short free text in the city's own word for the category.
fn text_of(setting: &Setting, feed: &FeedDef, case: &Case) -> String {
    let words = setting.words.category.get(&feed.id);
    let word = words.and_then(|words| words.get(case.category));
    let word = word.map_or(case.category, |text| text.zh.as_str());
    if case.depth_mm > 0.0 {
        format!("{word} {:.0} cm", case.depth_mm / 10.0)
    } else {
        word.to_owned()
    }
}

/// Puts `value` where the JSON Pointer points, making the objects on the way.
pub(super) fn insert_at(message: &mut Value, pointer: &str, value: Value) {
    let mut place = message;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if !place.is_object() {
            *place = json!({});
        }
        let Some(object) = place.as_object_mut() else {
            return;
        };
        place = object.entry(step).or_insert(Value::Null);
    }
    *place = value;
}
