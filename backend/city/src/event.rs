//! The ticker: the newest events, oldest first, each with its serial number.

use std::collections::VecDeque;

use egret_shared::event::{About, EVENTS_KEPT, Event, EventKind};
use egret_shared::id::AreaCode;
use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::fold::Fold;

/// The newest events.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ticker {
    next_id: u64,
    kept: VecDeque<Event>,
}

impl Ticker {
    /// The events kept, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.kept.iter()
    }
}

/// Puts `event` at the end, and lets the oldest go beyond [`EVENTS_KEPT`].
pub(crate) fn keep(kept: &mut VecDeque<Event>, event: Event) {
    if kept.len() >= EVENTS_KEPT {
        kept.pop_front();
    }
    kept.push_back(event);
}

impl Fold<'_> {
    /// Tells an event as of now.
    pub(crate) fn tell(
        &mut self,
        kind: EventKind,
        level: Level,
        area: Option<AreaCode>,
        (about, source): (About, Text),
        text: Text,
    ) {
        let ticker = &mut self.state.ticker;
        ticker.next_id += 1;
        let event = Event {
            id: ticker.next_id,
            at: TimeMs(self.state.now_ms),
            kind,
            level,
            area,
            about,
            source,
            text,
        };
        keep(&mut ticker.kept, event.clone());
        keep(&mut self.dirty.events, event);
    }
}
