//! The members of `egret-json` as serde types: borrowed, and as lenient as a refusal that names
//! its place needs them to be.

use std::borrow::Cow;
use std::fmt;

use egret_shared::flags::Flags;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;

use crate::limits::VALUES_MAX;
use crate::reading::SentValue;
use crate::scalar::Scalar;

/// A reading.
#[derive(Deserialize)]
#[serde(expecting = "a reading: an object")]
pub(super) struct Reading<'a> {
    #[serde(borrow, default)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) asset: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) at: Scalar<'a>,
    #[serde(default)]
    pub(super) position: Option<Degrees>,
    #[serde(default)]
    pub(super) values: Option<Values>,
}

/// A step in a report's life.
#[derive(Deserialize)]
#[serde(expecting = "a report: an object")]
pub(super) struct Report<'a> {
    #[serde(borrow, default)]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) report: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) at: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) state: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) category: Scalar<'a>,
    #[serde(borrow, default)]
    pub(super) text: Scalar<'a>,
    #[serde(default)]
    pub(super) position: Option<Degrees>,
}

/// `[lon, lat]` in degrees; a third number, the altitude, is passed over as in GeoJSON.
pub(super) struct Degrees(pub(super) f64, pub(super) f64);

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(DegreesVisitor)
    }
}

struct DegreesVisitor;

impl<'de> Visitor<'de> for DegreesVisitor {
    type Value = Degrees;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position: [longitude, latitude]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Degrees, A::Error> {
        let lon = seq
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let lat = seq
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let altitude = seq.next_element::<f64>()?;
        if altitude.is_some() && seq.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::invalid_length(4, &self));
        }
        Ok(Degrees(lon, lat))
    }
}

/// Values by property, each property once.
pub(super) struct Values {
    /// The first [`VALUES_MAX`] of them.
    pub(super) kept: Vec<SentValue>,
    /// How many there were.
    pub(super) n_sent: usize,
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by property: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut kept: Vec<SentValue> = Vec::new();
        let mut n_sent = 0;
        while let Some(Word(property)) = map.next_key()? {
            n_sent += 1;
            if n_sent > VALUES_MAX {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if kept.iter().any(|value| value.property.as_str() == property) {
                return Err(A::Error::custom(format_args!(
                    "\"{property}\" stands twice"
                )));
            }
            let Amount { v, unit } = map.next_value()?;
            let property = property.as_ref().into();
            let flags = Flags::NONE;
            kept.push(SentValue {
                property,
                v,
                unit,
                flags,
            });
        }
        Ok(Values { kept, n_sent })
    }
}

/// A text, borrowed where it has no escapes.
struct Word<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Borrowed<'b>(#[serde(borrow)] Cow<'b, str>);

        Borrowed::deserialize(deserializer).map(|Borrowed(text)| Self(text))
    }
}

/// `1.42`, or `{"v":1.42,"u":"m"}`.
struct Amount {
    v: f64,
    unit: Option<SmolStr>,
}

/// The long form of an [`Amount`].
#[derive(Deserialize)]
struct LongAmount<'a> {
    v: f64,
    #[serde(borrow, default)]
    u: Scalar<'a>,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl<'de> Visitor<'de> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a number or {"v": number, "u": unit}"#)
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Amount, E> {
        Ok(Amount { v, unit: None })
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Amount, E> {
        self.visit_f64(v as f64)
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Amount, E> {
        self.visit_f64(v as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Amount, A::Error> {
        let LongAmount { v, u } = LongAmount::deserialize(MapAccessDeserializer::new(map))?;
        let unit = match u {
            Scalar::Absent | Scalar::Null => None,
            Scalar::Text(unit) => Some(SmolStr::new(unit)),
            other => {
                let found = other.shown();
                return Err(A::Error::custom(format_args!(
                    "unit {found}, expected a text"
                )));
            }
        };
        Ok(Amount { v, unit })
    }
}
