//! A feed's map at work: taking a reading out of one JSON text by the places that it declares.
//!
//! Each place is a JSON Pointer. What a place leads to may be missing: then there is no time,
//! position or id, or one value less. No value at all, or no asset, has the element refused. A
//! value whose property or unit is named by the message is refused if the name is missing: a
//! number without its unit is no fact.

use chrono_tz::Tz;
use egret_shared::id::{AssetId, MessageId};
use egret_shared::package::feed::{MapDef, Place};
use egret_shared::rejection::{Reason, Rejection};
use smol_str::SmolStr;

use crate::decoder::Element;
use crate::extract::{Plan, Spot};
use crate::limits::VALUES_MAX;
use crate::reading::{Decoded, Reading, SentTime, SentValue};
use crate::refuse::{bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::sent_time::TimeReader;
use crate::topic::level_of;

mod value;

use value::ValueReader;

/// A feed's map, its pointers merged into one plan.
pub(crate) struct Map {
    plan: Plan,
    asset: Option<IdPlace>,
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

impl Map {
    /// The map that `def` declares, with local times in `timezone`.
    pub(crate) fn new(def: &MapDef, timezone: Tz) -> Self {
        let mut plan = Plan::default();
        let mut id_place =
            |place: &Option<Place>| place.as_ref().map(|place| IdPlace::new(place, &mut plan));
        let (asset, id) = (id_place(&def.asset), id_place(&def.id));
        Self {
            asset,
            id,
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
            plan,
        }
    }

    /// The reading that `json` is; `named` is its asset if the map finds none.
    pub(crate) fn read(
        &self,
        json: &str,
        topic: &str,
        named: Option<&str>,
        private: bool,
    ) -> Element {
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
            asset: self.asset(&slots, topic, named)?,
            message: message.flatten().map(MessageId::new),
            at: self.time(&slots)?,
            position: self.position(&slots)?,
            values: self.values(&slots)?,
        }))
    }

    fn asset(
        &self,
        slots: &[Scalar<'_>],
        topic: &str,
        named: Option<&str>,
    ) -> Result<AssetId, Rejection> {
        let found = match &self.asset {
            Some(place) => place.read(slots, topic)?,
            None => None,
        };
        if let Some(found) = found {
            return Ok(AssetId::new(found));
        }
        if let Some(named) = named {
            return bounded(named, "asset").map(AssetId::new);
        }
        Err(match &self.asset {
            Some(IdPlace::Level(level)) => {
                let detail = format!("the topic has no level {level}, which names the asset");
                refusal(Reason::BadShape, detail)
            }
            Some(IdPlace::Spot(spot)) => spot.of(slots).unfit(&spot.place, "the asset's id"),
            None => refusal(Reason::BadShape, "nothing names the asset"),
        })
    }

    fn time(&self, slots: &[Scalar<'_>]) -> Result<Option<SentTime>, Rejection> {
        match &self.at {
            Some((spot, reader)) if !spot.of(slots).is_silent() => {
                reader.read(spot.of(slots), &spot.place).map(Some)
            }
            _ => Ok(None),
        }
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
