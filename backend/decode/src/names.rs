//! A feed's names: what its sender calls what is measured, and which property each means.
//!
//! Without `[feed.names]` a name is a property's id. With it, what is not listed is passed over:
//! devices also tell of their battery and their firmware.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use egret_shared::flags::Flags;
use egret_shared::id::PropertyId;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use smol_str::SmolStr;

use crate::limits::VALUES_MAX;
use crate::reading::SentValue;
use crate::refuse::{at_place, bounded, refusal, refusal_of_json, shown};
use crate::scalar::Scalar;

/// What joins the parts of a name in URNs, paths and vendors' habits.
pub(crate) const SEPARATORS: [char; 5] = [':', '/', '_', '-', '.'];

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The property.
    pub(crate) property: PropertyId,
    /// The unit, where the message does not name one.
    pub(crate) unit: Option<SmolStr>,
}

/// One feed's names.
#[derive(Debug)]
pub(crate) struct Names {
    meanings: BTreeMap<SmolStr, Meaning>,
}

impl Names {
    pub(crate) fn new(feed: &FeedDef) -> Self {
        let meanings = feed.names.iter().map(|(name, def)| {
            let meaning = Meaning {
                property: def.property.clone(),
                unit: def.unit.as_deref().map(SmolStr::new),
            };
            (SmolStr::new(name), meaning)
        });
        Self {
            meanings: meanings.collect(),
        }
    }

    /// Whether the feed says which names it takes.
    pub(crate) fn are_listed(&self) -> bool {
        !self.meanings.is_empty()
    }

    /// Whether the feed lists `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.meanings.contains_key(name)
    }

    /// What `name`, which stands at `place`, means; `None` if it is to be passed over.
    ///
    /// # Errors
    /// A name that is too long for a property's.
    pub(crate) fn meaning(&self, name: &str, place: &str) -> Result<Option<Meaning>, Rejection> {
        if self.are_listed() {
            return Ok(self.meanings.get(name).cloned());
        }
        let property = PropertyId::new(bounded(name, place)?);
        let unit = None;
        Ok(Some(Meaning { property, unit }))
    }

    /// The values in `object`, which stands at `base`, by the names of its members: every number,
    /// or, if the feed lists names, what is listed; a text of digits and a boolean, too, then.
    ///
    /// # Errors
    /// A listed member that is no number, a property that stands twice, or no value at all.
    pub(crate) fn values_in(
        &self,
        object: &str,
        base: &str,
        private: bool,
    ) -> Result<Vec<SentValue>, Rejection> {
        let Members(members) = serde_json::from_str(object)
            .map_err(|error| at_place(refusal_of_json(&error, object, private), base))?;
        let mut values: Vec<SentValue> = Vec::new();
        for (name, said) in &members {
            let is_number = matches!(said, Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_));
            if !(is_number || self.are_listed()) || said.is_silent() {
                continue;
            }
            let Some(Meaning { property, unit }) = self.meaning(name, base)? else {
                continue;
            };
            let v = match said {
                Scalar::Bool(is_true) => f64::from(u8::from(*is_true)),
                said => said.number(&format!("{base}/{name}"))?,
            };
            if values.iter().any(|known| known.property == property) {
                let detail = format!("{base}/{name}: a second value of \"{property}\"");
                return Err(refusal(Reason::BadShape, detail));
            }
            if values.len() == VALUES_MAX {
                let detail = format!("{base}: more than {VALUES_MAX} values in one reading");
                return Err(refusal(Reason::TooMany, detail));
            }
            values.push(SentValue {
                property,
                v,
                unit,
                flags: Flags::NONE,
            });
        }
        if values.is_empty() {
            return Err(self.no_value(&members, base));
        }
        Ok(values)
    }

    fn no_value(&self, members: &[(Cow<'_, str>, Scalar<'_>)], base: &str) -> Rejection {
        let there: Vec<String> = members
            .iter()
            .take(4)
            .map(|(name, _)| shown(name))
            .collect();
        let what = if self.are_listed() {
            "nothing that the feed's names list"
        } else {
            "no number"
        };
        let there = match there.as_slice() {
            [] => "it is empty".to_owned(),
            there => format!("it begins with {}", there.join(", ")),
        };
        refusal(Reason::NoValue, format!("{base}: {what}, {there}"))
    }

    /// `full` as a device's name and the longest of the listed names that it ends with, if there
    /// is one after a separator.
    pub(crate) fn split<'a>(&self, full: &'a str) -> Option<(&'a str, &'a str)> {
        let mut best: Option<(&str, &str)> = None;
        for name in self.meanings.keys() {
            let Some(before) = full.strip_suffix(name.as_str()) else {
                continue;
            };
            let device = before.trim_end_matches(SEPARATORS);
            let is_separated = !device.is_empty() && device.len() < before.len();
            let is_longer = best.is_none_or(|(_, known)| name.len() > known.len());
            if is_separated && is_longer {
                best = full.get(before.len()..).map(|name| (device, name));
            }
        }
        best
    }
}

/// An object's members in their order.
struct Members<'a>(Vec<(Cow<'a, str>, Scalar<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by name: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
