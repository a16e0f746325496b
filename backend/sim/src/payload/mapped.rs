//! `mapped-json`: any vendor's JSON, written the way the feed's map reads it.

use egret_package::units::convert;
use egret_shared::package::feed::{
    FeedDef, MapDef, NamedPlace, Place, PropertyPlace, TimeForm, UnitPlace, ValuePlace,
};
use egret_shared::time::TimeMs;
use serde_json::{Value, json};

use super::native::insert_at;
use super::{Said, Written, topic_of};
use crate::curve::rounded;
use crate::daily::{digits, rfc3339};
use crate::plane::in_crs;
use crate::sensors::Measured;
use crate::setting::Setting;

/// What an asset says, in the vendor's words.
pub(super) fn readings(
    setting: &Setting,
    feed: &FeedDef,
    map: &MapDef,
    said: &Said<'_>,
) -> Vec<Written> {
    let Some(filter) = feed.topic.as_deref() else {
        return Vec::new();
    };
    let level = match map.asset {
        Some(Place::Topic { topic }) => Some(topic),
        Some(Place::Pointer { .. }) | None => None,
    };
    let topic = topic_of(filter, said.asset, level);
    let bodies = bodies(setting, feed, map, said);
    let messages = bodies.into_iter().map(|body| Written {
        topic: topic.clone(),
        payload: body.to_string(),
    });
    messages.collect()
}

fn bodies(setting: &Setting, feed: &FeedDef, map: &MapDef, said: &Said<'_>) -> Vec<Value> {
    let mut together = frame(setting, feed, map, said, 0);
    let (mut alone, mut any_fixed) = (Vec::new(), false);
    for place in &map.values {
        match &place.property {
            PropertyPlace::Fixed(property) => {
                let value = said.values.iter().find(|(id, _)| *id == property.as_str());
                if let Some(measured) = value {
                    any_fixed = true;
                    put_value(setting, &mut together, place, *measured);
                }
            }
            PropertyPlace::Named(named) => {
                for (index, measured) in (0..).zip(said.values) {
                    let mut body = frame(setting, feed, map, said, index);
                    let word = their_word(named, measured.0);
                    insert_at(&mut body, &named.pointer, json!(word));
                    put_value(setting, &mut body, place, *measured);
                    alone.push(body);
                }
            }
        }
    }
    let mut bodies = alone;
    bodies.extend(any_fixed.then_some(together));
    let wrap = |body: Value| match &map.each {
        Some(pointer) => {
            let mut message = json!({});
            insert_at(&mut message, pointer, json!([body]));
            message
        }
        None => body,
    };
    bodies.into_iter().map(wrap).collect()
}

/// Everything but the values: asset, time, place, and an id that tells apart what one asset says
/// at one time.
fn frame(setting: &Setting, feed: &FeedDef, map: &MapDef, said: &Said<'_>, index: i64) -> Value {
    let mut body = json!({});
    if let Some(Place::Pointer { pointer }) = &map.asset {
        insert_at(&mut body, pointer, json!(said.asset));
    }
    if let Some(at) = &map.at {
        insert_at(
            &mut body,
            &at.pointer,
            their_time(setting, at.time, said.at),
        );
    }
    if let (Some(place), Some(position)) = (&map.position, said.position) {
        let (lon, lat) = in_crs(position, feed.crs);
        insert_at(&mut body, &place.lon, json!(rounded(lon, 6)));
        insert_at(&mut body, &place.lat, json!(rounded(lat, 6)));
    }
    if let Some(Place::Pointer { pointer }) = &map.id {
        insert_at(&mut body, pointer, json!(said.at.0 * 10 + index));
    }
    body
}

fn put_value(setting: &Setting, body: &mut Value, place: &ValuePlace, (property, v): Measured) {
    let ours = setting.property(property).map_or("1", |p| p.unit.as_str());
    let theirs = match &place.unit {
        Some(UnitPlace::Fixed(unit)) => unit.clone(),
        Some(UnitPlace::Named(named)) => {
            let word = their_word(named, ours);
            insert_at(body, &named.pointer, json!(word));
            ours.to_owned()
        }
        None => ours.to_owned(),
    };
    // The package's check has seen that the units convert.
    let value = convert(ours, &theirs).map_or(v, |conversion| conversion.apply(v));
    insert_at(body, &place.pointer, json!(rounded(value, 3)));
}

/// What the vendor says for our word.
fn their_word(named: &NamedPlace, ours: &str) -> String {
    let pair = named.map.iter().find(|(_, our)| our.as_str() == ours);
    pair.map_or(ours, |(their, _)| their.as_str()).to_owned()
}

fn their_time(setting: &Setting, form: TimeForm, at: TimeMs) -> Value {
    match form {
        TimeForm::Rfc3339 => json!(rfc3339(at, setting.timezone)),
        TimeForm::UnixS => json!(at.0 as f64 / 1_000.0),
        TimeForm::UnixMs => json!(at.0),
        TimeForm::UnixUs => json!(at.0 * 1_000),
        TimeForm::Local => json!(digits(at, setting.timezone)),
    }
}
