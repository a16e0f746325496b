//! `mapped-json`: any vendor's JSON, by the places that the feed's `map` declares.
//!
//! A message that is an array itself is read element by element, and so is the array that `each`
//! finds; the map's pointers then count from each element.

use chrono_tz::Tz;
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::Reason;

use crate::decoder::{Message, Read, Sink};
use crate::elements::{many_at, one_or_many};
use crate::map::Map;
use crate::pointer::Pointer;
use crate::refuse::refusal;

/// The format for one feed; without a map it refuses everything.
pub(crate) struct MappedJson {
    map: Option<Map>,
    each: Option<Pointer>,
    /// Whether refusals keep the sender's text to themselves.
    private: bool,
}

impl MappedJson {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let map = feed.map.as_ref();
        let each = map.and_then(|map| map.each.as_deref());
        Self {
            map: map.map(|map| Map::new(map, timezone)),
            each: each.map(Pointer::new),
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
        let read = |json: &str| map.read(json, message.topic, None, private);
        match &self.each {
            Some(each) => many_at(message.payload, each, private, sink, read),
            None => one_or_many(message.payload, private, sink, read),
        }
    }
}
