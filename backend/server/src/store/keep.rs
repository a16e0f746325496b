//! How long what is kept is kept.

use egret_shared::time::{Span, TimeMs};

use super::series::Resolution;

/// Ages beyond which things are let go. The journal is kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// Closed windows by the minute.
    pub minute: Span,
    /// What they come to by the hour.
    pub hour: Span,
    /// What they come to by the day.
    pub day: Span,
    /// Accepted messages as their senders wrote them; 0 to keep none.
    pub raw: Span,
    /// Refused messages.
    pub quarantine: Span,
    /// Personal fields, and the keys of whatever is sealed because of them.
    pub personal: Span,
    /// Bytes of those messages, compressed; the oldest beyond it go early.
    pub raw_bytes: u64,
}

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

impl Default for Keep {
    /// A week of minutes to look closely at, a year and a bit of hours to compare with, ten years
    /// of days, three days to ask where a number came from, over a weekend, a season to mend a feed whose
    /// messages are refused, and half a year to call somebody back.
    fn default() -> Self {
        Self {
            minute: Span(7 * DAY_MS),
            hour: Span(400 * DAY_MS),
            day: Span(3_650 * DAY_MS),
            raw: Span(3 * DAY_MS),
            quarantine: Span(90 * DAY_MS),
            personal: Span(180 * DAY_MS),
            raw_bytes: 2_000_000_000,
        }
    }
}

impl Keep {
    /// The age at which points of `resolution` are let go.
    pub(crate) fn age(&self, resolution: Resolution) -> Span {
        match resolution {
            Resolution::Minute => self.minute,
            Resolution::Hour => self.hour,
            Resolution::Day => self.day,
        }
    }

    /// The time before which points of `resolution` are let go at `now`.
    pub(crate) fn oldest(&self, resolution: Resolution, now: TimeMs) -> TimeMs {
        now.minus(self.age(resolution))
    }

    /// Whether messages are archived at all.
    pub(crate) fn archives(&self) -> bool {
        self.raw.ms() > 0 && self.raw_bytes > 0
    }
}
