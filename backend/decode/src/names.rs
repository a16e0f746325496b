//! A feed's names: what its sender calls what is measured, and which property each means.
//!
//! Without `[feed.names]` a name is a property's id. With it, what is not listed is passed over:
//! devices also tell of their battery and their firmware.

use std::collections::BTreeMap;

use egret_shared::id::PropertyId;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Rejection;
use smol_str::SmolStr;

use crate::refuse::bounded;

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
