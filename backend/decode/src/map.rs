//! A feed's map at work: taking a reading out of one JSON text by the places that it declares.
//!
//! Each place is a JSON Pointer. What a place leads to may be missing: then there is no time,
//! position or id, or one value less. No value at all, or no asset, has the element refused. A
//! value whose property or unit is named by the message is refused if the name is missing: a
//! number without its unit is no fact.
//!
//! Formats that know where things are begin with what the feed's map says and add their own places
//! behind it, for what the map does not say.

use chrono_tz::Tz;
use egret_shared::id::{AssetId, MessageId};
use egret_shared::package::feed::{MapDef, Place, TimeForm};
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
    /// The first that is not silent counts.
    ats: Vec<(Spot, TimeReader)>,
    /// The first that is not silent counts.
    positions: Vec<PositionReader>,
    values: Vec<ValueReader>,
    id: Option<IdPlace>,
}

/// Where a position is.
struct PositionReader {
    lon: Spot,
    lat: Spot,
    /// Whether a coordinate that is left out beside the other is 0.
    half_is_zero: bool,
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
            ats: def
                .at
                .iter()
                .map(|at| {
                    let form = at.time;
                    (plan.want(&at.pointer), TimeReader { form, timezone })
                })
                .collect(),
            positions: def
                .position
                .iter()
                .map(|place| PositionReader {
                    lon: plan.want(&place.lon),
                    lat: plan.want(&place.lat),
                    half_is_zero: false,
                })
                .collect(),
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
        let slots = self.walk(json, private)?;
        let mut reading = self.frame(&slots, topic, named)?;
        reading.values = self.values(&slots)?;
        Ok(Decoded::Reading(reading))
    }

    /// What stands at every place in `json`.
    pub(crate) fn walk<'a>(
        &self,
        json: &'a str,
        private: bool,
    ) -> Result<Vec<Scalar<'a>>, Rejection> {
        let walked = self.plan.walk(json);
        walked.map_err(|error| refusal_of_json(&error, json, private))
    }

    /// A reading with everything but its values.
    pub(crate) fn frame(
        &self,
        slots: &[Scalar<'_>],
        topic: &str,
        named: Option<&str>,
    ) -> Result<Reading, Rejection> {
        let message = match &self.id {
            Some(place) => place.read(slots, topic)?,
            None => None,
        };
        Ok(Reading {
            asset: self.asset(slots, topic, named)?,
            message: message.map(MessageId::new),
            at: self.time(slots)?,
            position: self.position(slots)?,
            values: Vec::new(),
        })
    }

    /// Also wants what `pointer` leads to.
    pub(crate) fn want(&mut self, pointer: &str) -> Spot {
        self.plan.want(pointer)
    }

    /// The asset's id is there, unless the feed's map says where.
    pub(crate) fn or_asset(&mut self, pointer: &str) {
        if self.asset.is_none() {
            self.asset = Some(IdPlace::Spot(self.plan.want(pointer)));
        }
    }

    /// The message's id is there, unless the feed's map says where.
    pub(crate) fn or_id(&mut self, pointer: &str) {
        if self.id.is_none() {
            self.id = Some(IdPlace::Spot(self.plan.want(pointer)));
        }
    }

    /// The event time is there, in RFC 3339, if it is nowhere before.
    pub(crate) fn or_time(&mut self, pointer: &str, timezone: Tz) {
        let form = TimeForm::Rfc3339;
        let reader = TimeReader { form, timezone };
        self.ats.push((self.plan.want(pointer), reader));
    }

    /// The position is in `object`, as protobuf writes it, if it is nowhere before.
    pub(crate) fn or_position(&mut self, object: &str) {
        self.positions.push(PositionReader {
            lon: self.plan.want(&format!("{object}/longitude")),
            lat: self.plan.want(&format!("{object}/latitude")),
            half_is_zero: true,
        });
    }

    /// Takes protobuf's JSON for what it is: of `fields` outside the object at `free`, one that is
    /// left out of its message is 0.
    pub(crate) fn read_zeros(&mut self, fields: &[&str], free: &str) {
        let parent_of = |place: &str| {
            let (parent, field) = place.rsplit_once('/')?;
            let is_field = fields.contains(&field) && !parent.starts_with(free);
            is_field.then(|| parent.to_owned())
        };
        for position in &mut self.positions {
            let both = [&position.lon.place, &position.lat.place];
            position.half_is_zero = both.iter().all(|place| parent_of(place).is_some());
        }
        for value in &mut self.values {
            if let Some(parent) = parent_of(value.place()) {
                value.zero_within(self.plan.want(&parent));
            }
        }
    }

    /// Whether the feed's map says where values are.
    pub(crate) fn has_values(&self) -> bool {
        !self.values.is_empty()
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
        let mut said = self.ats.iter();
        said.find(|(spot, _)| !spot.of(slots).is_silent())
            .map(|(spot, reader)| reader.read(spot.of(slots), &spot.place))
            .transpose()
    }

    /// Both coordinates or none: one alone is a mistake, unless it is protobuf's.
    fn position(&self, slots: &[Scalar<'_>]) -> Result<Option<(f64, f64)>, Rejection> {
        let is_silent = |spot: &Spot| spot.of(slots).is_silent();
        let mut said = self.positions.iter();
        let Some(said) = said.find(|place| !is_silent(&place.lon) || !is_silent(&place.lat)) else {
            return Ok(None);
        };
        let degrees = |spot: &Spot| match spot.of(slots) {
            Scalar::Absent if said.half_is_zero => Ok(0.0),
            found => found.number(&spot.place),
        };
        Ok(Some((degrees(&said.lon)?, degrees(&said.lat)?)))
    }

    /// The values at the places that the feed's map names: one at least.
    ///
    /// # Errors
    /// What stands there is no number, or nothing stands anywhere.
    pub(crate) fn values(&self, slots: &[Scalar<'_>]) -> Result<Vec<SentValue>, Rejection> {
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
