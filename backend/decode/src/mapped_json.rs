//! `mapped-json`: any vendor's JSON, by the places that the feed's `map` declares.
//!
//! Each place is a JSON Pointer into the message, or into each element of the array that `each`
//! finds; a message that is an array itself is read element by element. What a place leads to
//! may be missing: then there is no time, position or id, or one value less. No value at all,
//! or no asset, has the element refused. A value whose property or unit is named by the message
//! is refused if the name is missing: a number without its unit is no fact.

use chrono_tz::Tz;
use egret_shared::id::{AssetId, MessageId};
use egret_shared::package::feed::{FeedDef, MapDef, Place};
use egret_shared::rejection::{Reason, Rejection};
use smol_str::SmolStr;

use crate::decoder::{Element, Message, Read, Sink};
use crate::elements::{many_at, one_or_many};
use crate::extract::{Plan, Spot};
use crate::limits::VALUES_MAX;
use crate::pointer::Pointer;
use crate::reading::{Decoded, Reading, SentValue};
use crate::refuse::{bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::sent_time::TimeReader;
use crate::topic::level_of;

mod value;

use value::ValueReader;

/// The format for one feed; without a map it refuses everything.
pub(crate) struct MappedJson {
    map: Option<Map>,
    /// Whether refusals keep the sender's text to themselves.
    private: bool,
}

/// A feed's map, its pointers merged into one plan.
struct Map {
    plan: Plan,
    each: Option<Pointer>,
    asset: IdPlace,
    at: Option<(Spot, TimeReader)>,
    position: Option<(Spot, Spot)>,
    values: Vec<ValueReader>,
    id: Option<IdPlace>,
}

/// Where an id is.
enum IdPlace {
    /// A level of the topic.
    Level(usize),
    /// In the element.
    Spot(Spot),
}

impl MappedJson {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        Self {
            map: feed.map.as_ref().map(|map| Map::new(map, timezone)),
            private: !feed.personal.is_empty(),
        }
    }
}

impl Read for MappedJson {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let Some(map) = &self.map else {
            let detail = "the feed's definition has no map, without which no JSON can be read";
            return sink(Err(refusal(Reason::BadShape, detail)));
        };
        let private = self.private;
        let read = |json: &str| map.read(json, message.topic, private);
        match &map.each {
            Some(each) => many_at(message.payload, each, private, sink, read),
            None => one_or_many(message.payload, private, sink, read),
        }
    }
}

impl Map {
    fn new(def: &MapDef, timezone: Tz) -> Self {
        let mut plan = Plan::default();
        Self {
            each: def.each.as_deref().map(Pointer::new),
            asset: IdPlace::new(&def.asset, &mut plan),
            at: def.at.as_ref().map(|at| {
                let form = at.time;
                (plan.want(&at.pointer), TimeReader { form, timezone })
            }),
            position: def
                .position
                .as_ref()
                .map(|place| (plan.want(&place.lon), plan.want(&place.lat))),
            values: def
                .values
                .iter()
                .map(|place| ValueReader::new(place, &mut plan))
                .collect(),
            id: def.id.as_ref().map(|place| IdPlace::new(place, &mut plan)),
            plan,
        }
    }

    fn read(&self, json: &str, topic: &str, private: bool) -> Element {
        let slots = self
            .plan
            .walk(json)
            .map_err(|error| refusal_of_json(&error, json, private))?;
        let message = self
            .id
            .as_ref()
            .map(|place| place.read(&slots, topic))
            .transpose()?;
        Ok(Decoded::Reading(Reading {
            asset: self.asset(&slots, topic)?,
            message: message.flatten().map(MessageId::new),
            at: match &self.at {
                Some((spot, reader)) if !spot.of(&slots).is_silent() => {
                    Some(reader.read(spot.of(&slots), &spot.place)?)
                }
                _ => None,
            },
            position: self.position(&slots)?,
            values: self.values(&slots)?,
        }))
    }

    fn asset(&self, slots: &[Scalar<'_>], topic: &str) -> Result<AssetId, Rejection> {
        let found = self.asset.read(slots, topic)?;
        found.map(AssetId::new).ok_or_else(|| match &self.asset {
            IdPlace::Level(level) => {
                let detail = format!("the topic has no level {level}, which names the asset");
                refusal(Reason::BadShape, detail)
            }
            IdPlace::Spot(spot) => spot.of(slots).unfit(&spot.place, "the asset's id"),
        })
    }

    /// Both coordinates or none: one alone is a mistake.
    fn position(&self, slots: &[Scalar<'_>]) -> Result<Option<(f64, f64)>, Rejection> {
        let Some((lon, lat)) = &self.position else {
            return Ok(None);
        };
        if lon.of(slots).is_silent() && lat.of(slots).is_silent() {
            return Ok(None);
        }
        let lon = lon.of(slots).number(&lon.place)?;
        let lat = lat.of(slots).number(&lat.place)?;
        Ok(Some((lon, lat)))
    }

    fn values(&self, slots: &[Scalar<'_>]) -> Result<Vec<SentValue>, Rejection> {
        let mut values: Vec<SentValue> = Vec::with_capacity(self.values.len().min(VALUES_MAX));
        for reader in &self.values {
            let Some(value) = reader.read(slots)? else {
                continue;
            };
            if values.iter().any(|known| known.property == value.property) {
                let (place, property) = (reader.place(), &value.property);
                let detail = format!("{place}: a second value of \"{property}\" in one reading");
                return Err(refusal(Reason::BadShape, detail));
            }
            values.push(value);
        }
        if values.is_empty() {
            let places: Vec<&str> = self.values.iter().map(ValueReader::place).take(8).collect();
            let detail = format!("no value at {}", places.join(", "));
            return Err(refusal(Reason::NoValue, detail));
        }
        Ok(values)
    }
}

impl IdPlace {
    fn new(place: &Place, plan: &mut Plan) -> Self {
        match place {
            Place::Topic { topic } => Self::Level(*topic),
            Place::Pointer { pointer } => Self::Spot(plan.want(pointer)),
        }
    }

    fn read(&self, slots: &[Scalar<'_>], topic: &str) -> Result<Option<SmolStr>, Rejection> {
        match self {
            Self::Level(level) => level_of(topic, *level)
                .map(|text| bounded(text, "topic").map(SmolStr::new))
                .transpose(),
            Self::Spot(spot) => match spot.of(slots) {
                silent if silent.is_silent() => Ok(None),
                found => found.id(&spot.place).map(Some),
            },
        }
    }
}
