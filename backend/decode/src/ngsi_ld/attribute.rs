//! Attributes of an entity, in any of the ways in which they may be written.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::scalar::Scalar;

/// An entity's members, each still as written, each once.
pub(super) struct Entity<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entity<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntityVisitor)
    }
}

struct EntityVisitor;

impl<'de> Visitor<'de> for EntityVisitor {
    type Value = Entity<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entity<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((name, raw)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("\"{name}\" stands twice")));
            }
            members.push((name, raw));
        }
        Ok(Entity(members))
    }
}

/// What is taken of an attribute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Attribute<'a> {
    pub(super) value: Scalar<'a>,
    pub(super) observed_at: Scalar<'a>,
    pub(super) unit_code: Scalar<'a>,
}

/// An attribute as an object: normalized, concise, or a value that is an object itself.
#[derive(Deserialize)]
#[serde(expecting = "an attribute: an object")]
struct Written<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "@value")]
    typed_value: Scalar<'a>,
    #[serde(borrow, default, rename = "observedAt")]
    observed_at: Scalar<'a>,
    #[serde(borrow, default, rename = "unitCode")]
    unit_code: Scalar<'a>,
    #[serde(borrow, default, rename = "datasetId")]
    dataset_id: Scalar<'a>,
}

/// A value that carries its JSON-LD type: `{"@type":"DateTime","@value":"…"}`.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, default, rename = "@value")]
    value: Scalar<'a>,
}

/// The attribute that is written so; of several with a `datasetId`, the one without. `None` for a
/// list that has no such.
pub(super) fn read(raw: &RawValue) -> Result<Option<Attribute<'_>>, serde_json::Error> {
    let json = raw.get();
    if json.starts_with('{') {
        return of_object(json).map(|(attribute, _)| Some(attribute));
    }
    if !json.starts_with('[') {
        let value = serde_json::from_str(json)?;
        return Ok(Some(Attribute {
            value,
            ..Attribute::default()
        }));
    }
    let instances: Vec<&RawValue> = serde_json::from_str(json)?;
    for instance in instances {
        if instance.get().starts_with('{')
            && let (attribute, true) = of_object(instance.get())?
        {
            return Ok(Some(attribute));
        }
    }
    Ok(None)
}

/// The attribute, and whether it is the default among several.
fn of_object(json: &str) -> Result<(Attribute<'_>, bool), serde_json::Error> {
    let written: Written<'_> = serde_json::from_str(json)?;
    let value = match written.value {
        Some(value) if value.get().starts_with('{') => {
            serde_json::from_str::<Typed<'_>>(value.get())?.value
        }
        Some(value) => serde_json::from_str(value.get())?,
        None => written.typed_value,
    };
    let attribute = Attribute {
        value,
        observed_at: written.observed_at,
        unit_code: written.unit_code,
    };
    Ok((attribute, written.dataset_id.is_silent()))
}

/// A geometry, or the GeoProperty around it.
#[derive(Deserialize)]
#[serde(expecting = "a GeoProperty or a geometry: an object")]
struct Geometry<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Scalar<'a>,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
}

/// Longitude and latitude, if the location is a point; other geometries are no position.
pub(super) fn point(raw: &RawValue) -> Result<Option<(f64, f64)>, serde_json::Error> {
    if !raw.get().starts_with('{') {
        return Ok(None);
    }
    let mut geometry: Geometry<'_> = serde_json::from_str(raw.get())?;
    if let Some(value) = geometry.value {
        if !value.get().starts_with('{') {
            return Ok(None);
        }
        geometry = serde_json::from_str(value.get())?;
    }
    match (&geometry.kind, geometry.coordinates) {
        (Scalar::Text(kind), Some(coordinates)) if kind == "Point" => {
            let degrees: Vec<f64> = serde_json::from_str(coordinates.get())?;
            match degrees.as_slice() {
                [lon, lat] | [lon, lat, _] => Ok(Some((*lon, *lat))),
                _ => Err(serde_json::Error::custom(
                    "a point has longitude and latitude",
                )),
            }
        }
        _ => Ok(None),
    }
}
