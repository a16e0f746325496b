//! `egret-json`: Egret's own JSON, readings and reports, single or in an array.
//!
//! ```text
//! egret/v1/{feed}/{asset}       {"id":"7","at":"2026-06-22T06:05:00+08:00","position":[118.09,24.48],
//!                                "values":{"water_level":{"v":1.42,"u":"m"},"speed":3}}
//! egret/v1/{feed}/report/{id}   {"at":"…","state":"opened","category":"waterlogging","text":"…"}
//! ```
//!
//! The asset (or the report's id) is the topic's level that stands where the feed's filter has its
//! last wildcard; an element may name it itself, in `asset` or `report`, and then it counts.
//! Members that are not named here are ignored, because senders add their own. A member that
//! stands twice, is missing or is of another type has its element refused.

mod reading;
mod report;
mod wire;

use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Rejection;
use smol_str::SmolStr;

use crate::decoder::{Element, Message, Read, Sink};
use crate::elements::one_or_many;
use crate::pointer::Pointer;
use crate::refuse::bounded;
use crate::scalar::Scalar;
use crate::topic::{last_wildcard, level_of};

/// The format for one feed.
pub(crate) struct EgretJson {
    /// Which level of a topic names the asset or report, counted from 0.
    level: Option<usize>,
    /// Whether the feed carries reports.
    report: bool,
    /// Fields that identify a person.
    personal: Vec<Pointer>,
}

impl EgretJson {
    pub(crate) fn new(feed: &FeedDef) -> Self {
        Self {
            level: feed.topic.as_deref().and_then(last_wildcard),
            report: feed.report,
            personal: feed
                .personal
                .iter()
                .map(|text| Pointer::new(text))
                .collect(),
        }
    }
}

impl EgretJson {
    /// The asset or report that a topic names.
    pub(crate) fn named<'t>(&self, topic: &'t str) -> Option<&'t str> {
        self.level.and_then(|level| level_of(topic, level))
    }

    /// Whether refusals keep the sender's text to themselves.
    pub(crate) fn is_private(&self) -> bool {
        !self.personal.is_empty()
    }

    /// The element that `json` is; `named` is what it is of, unless it says so itself.
    pub(crate) fn element(&self, json: &str, named: Option<&str>) -> Element {
        if self.report {
            report::read(json, named, &self.personal)
        } else {
            reading::read(json, named, self.is_private())
        }
    }
}

impl Read for EgretJson {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let named = self.named(message.topic);
        one_or_many(message.payload, self.is_private(), sink, |json| {
            self.element(json, named)
        });
    }
}

/// The id that the element names, or the one that the topic names.
fn id_or(own: &Scalar<'_>, named: Option<&str>, place: &str) -> Result<Option<SmolStr>, Rejection> {
    match (own, named) {
        (Scalar::Absent | Scalar::Null, None) => Ok(None),
        (Scalar::Absent | Scalar::Null, Some(text)) => {
            bounded(text, "topic").map(|text| Some(SmolStr::new(text)))
        }
        (own, _) => own.id(place).map(Some),
    }
}
