//! `ngsi-ld`: entities of NGSI-LD, alone, in an array, or in a notification's `data`.
//!
//! ```text
//! {"id":"urn:ngsi-ld:AirQualityObserved:7","type":"AirQualityObserved",
//!  "pm25":{"type":"Property","value":35.5,"unitCode":"GQ","observedAt":"2026-06-21T22:05:00Z"},
//!  "location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[118.09,24.48]}}}
//! ```
//!
//! Attributes may be written in full (normalized), without their types (concise), or as their bare
//! values (key-values), also beside one another. The entity's id is the asset, unless the feed's
//! map says where else it is: Smart Data Models put an observation's time into its id. Attributes
//! of one `observedAt` become one reading; where an attribute has none, the entity's `dateObserved`
//! counts. The position is the `location`, if it is a point.
//!
//! # Source
//! ETSI GS CIM 009 V1.8.1, sections 4.5 and 5.2, and annex C; smartdatamodels.org for
//! `dateObserved`.

mod attribute;
mod units;

use chrono_tz::Tz;
use egret_shared::flags::Flags;
use egret_shared::package::feed::{FeedDef, MapDef, TimeForm};
use egret_shared::rejection::{Reason, Rejection};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::decoder::{Message, Read, Sink};
use crate::elements::{array_of, find, text_of};
use crate::gathered::Gathered;
use crate::map::Map;
use crate::names::{Meaning, Names};
use crate::reading::{SentTime, SentValue};
use crate::refuse::{at_element, at_place, beginning, bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::sent_time::{TimeReader, rfc3339};
use attribute::{Attribute, Entity};

/// Members of an entity that are no attributes of its own.
///
/// # Source
/// ETSI GS CIM 009, section 4.5 and 4.8.
const NO_ATTRIBUTES: [&str; 9] = [
    "id",
    "@id",
    "type",
    "@type",
    "@context",
    "scope",
    "createdAt",
    "modifiedAt",
    "deletedAt",
];

/// Bytes of an attribute's name that a place shows.
const NAME_BYTES_MAX: usize = 60;

/// The format for one feed.
pub(crate) struct NgsiLd {
    names: Names,
    asset: Map,
    local: TimeReader,
    private: bool,
}

impl NgsiLd {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let asset = feed.map.as_ref().and_then(|map| map.asset.clone());
        let def = MapDef {
            asset,
            ..MapDef::default()
        };
        let mut asset = Map::new(&def, timezone);
        asset.or_asset("/id");
        let form = TimeForm::Local;
        Self {
            names: Names::new(feed),
            asset,
            local: TimeReader { form, timezone },
            private: !feed.personal.is_empty(),
        }
    }

    /// The entities in a message, each as written, and where they stand.
    fn entities<'a>(
        &self,
        json: &'a str,
    ) -> Result<(Vec<&'a str>, Option<&'static str>), Rejection> {
        if json.trim_ascii_start().starts_with('[') {
            return Ok((texts(array_of(json, "", self.private)?), Some("")));
        }
        let member = |name: &str| {
            let found = find(json, &[name.to_owned()]);
            found.map_err(|error| refusal_of_json(&error, json, self.private))
        };
        let is_notification = member("type")?.is_some_and(|kind| kind.get() == "\"Notification\"");
        if !is_notification {
            return Ok((vec![json], None));
        }
        let Some(data) = member("data")? else {
            let detail = "/data: nothing, expected a notification's entities";
            return Err(refusal(Reason::BadShape, detail));
        };
        let entities = array_of(data.get(), "/data", self.private)?;
        Ok((texts(entities), Some("/data")))
    }

    fn gather(&self, gathered: &mut Gathered, json: &str, topic: &str) -> Result<(), Rejection> {
        let slots = self.asset.walk(json, self.private)?;
        let asset = self.asset.frame(&slots, topic, None)?.asset;
        let Entity(members) = serde_json::from_str(json)
            .map_err(|error| refusal_of_json(&error, json, self.private))?;
        let observed = self.date_observed(&members)?;
        let position = self.position(&members)?;
        for (name, raw) in &members {
            if NO_ATTRIBUTES.contains(&&**name) {
                continue;
            }
            let place = format!("/{}", beginning(name, NAME_BYTES_MAX));
            let Some(attribute) = self.attribute(raw, &place)? else {
                continue;
            };
            let Some((value, at)) = self.value(name, &attribute, &place)? else {
                continue;
            };
            let at = match (at, &observed) {
                (Some(at), _) => Some(at),
                (None, Some(observed)) => Some(observed.clone()?),
                (None, None) => None,
            };
            if let Some(making) = gathered.reading(asset.as_str(), at, &place) {
                if let Some((lon, lat)) = position {
                    making.at_lon(lon);
                    making.at_lat(lat);
                }
                making.put(value, &place);
            }
        }
        if gathered.n_elements() == 0 {
            let detail = "no attribute with a number that the feed takes";
            return Err(refusal(Reason::NoValue, detail));
        }
        Ok(())
    }

    fn attribute<'a>(
        &self,
        raw: &'a RawValue,
        place: &str,
    ) -> Result<Option<Attribute<'a>>, Rejection> {
        attribute::read(raw)
            .map_err(|error| at_place(refusal_of_json(&error, raw.get(), self.private), place))
    }

    /// The value of an attribute and its time, if the feed takes it.
    fn value(
        &self,
        name: &str,
        attribute: &Attribute<'_>,
        place: &str,
    ) -> Result<Option<(SentValue, Option<SentTime>)>, Rejection> {
        let said = &attribute.value;
        let is_number = matches!(said, Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_));
        let name = if self.names.has(name) {
            name
        } else {
            short(name)
        };
        let is_taken = if self.names.are_listed() {
            self.names.has(name) && !said.is_silent()
        } else {
            is_number
        };
        if !is_taken {
            return Ok(None);
        }
        let Some(Meaning { property, unit }) = self.names.meaning(name, place)? else {
            return Ok(None);
        };
        let v = match said {
            Scalar::Bool(is_true) => f64::from(u8::from(*is_true)),
            said => said.number(place)?,
        };
        let value = SentValue {
            property,
            v,
            unit: unit_of(attribute, place)?.or(unit),
            flags: Flags::NONE,
        };
        let at = match &attribute.observed_at {
            silent if silent.is_silent() => None,
            Scalar::Text(text) => Some(rfc3339(text, &format!("{place}/observedAt"))?),
            other => {
                let found = other.shown();
                let detail = format!("{place}/observedAt: {found} is no RFC 3339 time");
                return Err(refusal(Reason::BadTime, detail));
            }
        };
        Ok(Some((value, at)))
    }

    /// When the entity as a whole was observed, if it says so; a refusal, if it cannot be read,
    /// for those of its attributes that have no time of their own.
    fn date_observed(
        &self,
        members: &[(std::borrow::Cow<'_, str>, &RawValue)],
    ) -> Result<Option<Result<SentTime, Rejection>>, Rejection> {
        let found = members
            .iter()
            .find(|(name, _)| short(name) == "dateObserved");
        let Some((_, raw)) = found else {
            return Ok(None);
        };
        let place = "/dateObserved";
        let value = self.attribute(raw, place)?.map(|attribute| attribute.value);
        Ok(match value {
            Some(Scalar::Text(text)) if !text.trim().is_empty() => {
                Some(self.instant(text.trim(), place))
            }
            _ => None,
        })
    }

    /// A time with an offset, or on the city's clocks; of an interval the beginning.
    fn instant(&self, text: &str, place: &str) -> Result<SentTime, Rejection> {
        let begin = text.split('/').next().unwrap_or(text);
        rfc3339(begin, place).or_else(|refused| {
            let local = Scalar::Text(begin.replacen('T', " ", 1).into());
            self.local
                .read(&local, place)
                .map_err(|_no_local_time| refused)
        })
    }

    fn position(
        &self,
        members: &[(std::borrow::Cow<'_, str>, &RawValue)],
    ) -> Result<Option<(f64, f64)>, Rejection> {
        let found = members.iter().find(|(name, _)| short(name) == "location");
        let Some((_, raw)) = found else {
            return Ok(None);
        };
        attribute::point(raw).map_err(|error| {
            let refused = refusal_of_json(&error, raw.get(), self.private);
            let reason = Reason::BadPosition;
            at_place(Rejection { reason, ..refused }, "/location")
        })
    }
}

fn texts(elements: Vec<&RawValue>) -> Vec<&str> {
    elements.into_iter().map(RawValue::get).collect()
}

/// An attribute's name without what it was expanded by.
fn short(name: &str) -> &str {
    if !name.contains("://") {
        return name;
    }
    name.rsplit(['/', '#']).next().unwrap_or(name)
}

fn unit_of(attribute: &Attribute<'_>, place: &str) -> Result<Option<SmolStr>, Rejection> {
    match &attribute.unit_code {
        silent if silent.is_silent() => Ok(None),
        Scalar::Text(code) => {
            let code = bounded(code, &format!("{place}/unitCode"))?;
            Ok(Some(SmolStr::new(units::ucum(code))))
        }
        other => Err(other.unfit(&format!("{place}/unitCode"), "a text")),
    }
}

impl Read for NgsiLd {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let entities = text_of(message.payload).and_then(|json| self.entities(json));
        let (entities, base) = match entities {
            Ok(found) => found,
            Err(refused) => return sink(Err(refused)),
        };
        for (index, json) in entities.into_iter().enumerate() {
            let placed = |refused: Rejection| match base {
                Some(base) => at_element(refused, base, index),
                None => refused,
            };
            let mut gathered = Gathered::default();
            match self.gather(&mut gathered, json, message.topic) {
                Ok(()) => gathered.finish(&mut |element| sink(element.map_err(placed))),
                Err(refused) => sink(Err(placed(refused))),
            }
        }
    }
}
