//! A metric's recent past: a ring of one value a minute, bounded by its range. Pure.
//!
//! History comes once over HTTP; from then on live points are laid on top. A live point replaces
//! the value of its minute, so the newest value is always the figure beside the chart.

use std::collections::VecDeque;

use egret_shared::flags::Flags;
use egret_shared::metric::{MetricPoint, Typical};
use egret_shared::time::{Span, TimeMs};

/// Distance between two values; what history is asked for in.
pub(crate) const STEP: Span = Span(60_000);

/// The longest range a chart may have: a day. Bounds a ring to 1,441 values.
pub(crate) const RANGE_MAX: Span = Span(86_400_000);

/// One value and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// End of the value's window.
    pub(crate) at: TimeMs,
    /// The value; absent where nothing stood behind it.
    pub(crate) v: Option<f64>,
    /// What to know about it.
    pub(crate) flags: Flags,
    /// What was usual then.
    pub(crate) typical: Option<Usual>,
}

/// What is usual at a time: never measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usual {
    /// The usual value.
    pub(crate) v: f64,
    /// How far from it is still usual.
    pub(crate) spread: f64,
}

impl Sample {
    /// A value of which nothing else is known.
    #[cfg(test)]
    pub(crate) fn plain(at: TimeMs, v: Option<f64>) -> Self {
        Self {
            at,
            v,
            flags: Flags::NONE,
            typical: None,
        }
    }

    /// A live point. Its window may end later than `now`, as today's does: it is known as of now.
    pub(crate) fn live(point: &MetricPoint, now: TimeMs) -> Self {
        Self {
            at: point.end.min(now),
            v: point.v,
            flags: point.flags,
            typical: point.typical.map(Into::into),
        }
    }

    /// Whether a late reading changed it after its window had closed.
    pub(crate) fn is_revised(&self) -> bool {
        self.flags.has(Flags::REVISED)
    }
}

impl From<Typical> for Usual {
    fn from(typical: Typical) -> Self {
        Self {
            v: typical.v,
            spread: typical.spread,
        }
    }
}

/// Whether the past is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum History {
    /// It has been asked for.
    #[default]
    Loading,
    /// It is there, or there is none.
    Loaded,
    /// The server would not give it; live points still come.
    Failed,
}

/// Lengths of time that an axis may have while the past is short.
const SHOWN: [Span; 5] = [
    Span(15 * 60_000),
    Span(30 * 60_000),
    Span(3_600_000),
    Span(2 * 3_600_000),
    Span(4 * 3_600_000),
];

/// A metric's recent past in one area.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trend {
    range: Span,
    samples: VecDeque<Sample>,
    /// Whether the past is there.
    pub(crate) history: History,
}

impl Trend {
    /// An empty past of `range`, at most [`RANGE_MAX`]. It takes its memory at once: hundreds of rings
    /// that fill for hours would look like a leak, and leave holes behind as they are moved.
    pub(crate) fn new(range: Span) -> Self {
        let range = range.clamp(STEP, RANGE_MAX);
        let most = usize::try_from(range.ms() / STEP.ms()).unwrap_or(0);
        Self {
            range,
            // One at either end of the range, and the newest, which comes before the oldest goes.
            samples: VecDeque::with_capacity(most.saturating_add(2)),
            history: History::Loading,
        }
    }

    /// How far back it goes.
    pub(crate) fn range(&self) -> Span {
        self.range
    }

    /// How far back a picture of it at `now` should go: its range, or less while there is so
    /// little past that it would be a stroke at the right edge.
    pub(crate) fn shown(&self, now: TimeMs) -> Span {
        let oldest = self.samples.iter().find(|sample| sample.v.is_some());
        let age = oldest.map_or(Span(0), |sample| now.since(sample.at));
        let fitting = SHOWN.into_iter().find(|span| *span >= age);
        fitting.unwrap_or(self.range).min(self.range)
    }

    /// Its values, oldest first.
    pub(crate) fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + Clone {
        self.samples.iter()
    }

    /// Takes the past in: `samples` oldest first. Live points that came meanwhile stay.
    pub(crate) fn load(&mut self, samples: impl IntoIterator<Item = Sample>) {
        let live: Vec<Sample> = self.samples.drain(..).collect();
        for sample in samples {
            self.push(sample);
        }
        for sample in live {
            self.push(sample);
        }
        self.history = History::Loaded;
    }

    /// Lays a live point on top. Older than the newest value, it is left to the next load.
    pub(crate) fn push(&mut self, sample: Sample) {
        let minute = |at: TimeMs| at.0.div_euclid(STEP.ms());
        match self.samples.back_mut() {
            Some(last) if minute(sample.at) < minute(last.at) => return,
            Some(last) if minute(sample.at) == minute(last.at) => *last = sample,
            _ => self.samples.push_back(sample),
        }
        let oldest = sample.at.minus(self.range);
        while self.samples.front().is_some_and(|first| first.at < oldest) {
            self.samples.pop_front();
        }
    }

    /// How much more the newest value is than the one `span` earlier.
    pub(crate) fn change_over(&self, span: Span) -> Option<f64> {
        let last = self.samples.back()?;
        let then = last.at.minus(span);
        let before = self.samples.iter().rev().find(|sample| sample.at <= then)?;
        // A value from long before says nothing about an hour ago.
        (then.since(before.at).ms() <= 5 * STEP.ms())
            .then(|| last.v.zip(before.v).map(|(now, was)| now - was))
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minute: i64, v: f64) -> Sample {
        Sample::plain(TimeMs(minute * 60_000), Some(v))
    }

    #[test]
    fn a_short_past_is_shown_large_and_a_long_one_whole() {
        let mut trend = Trend::new(Span(6 * 3_600_000));
        assert_eq!(trend.shown(TimeMs(0)), Span(15 * 60_000));
        trend.push(sample(0, 1.0));
        assert_eq!(trend.shown(TimeMs(20 * 60_000)), Span(30 * 60_000));
        assert_eq!(trend.shown(TimeMs(5 * 3_600_000)), Span(6 * 3_600_000));
        let short = Trend::new(Span(600_000));
        assert_eq!(short.shown(TimeMs(0)), Span(600_000));
    }

    #[test]
    fn a_ring_never_outgrows_its_range_nor_the_memory_it_began_with() {
        let mut trend = Trend::new(Span(3_600_000));
        let room = trend.samples.capacity();
        for minute in 0..100_000 {
            trend.push(sample(minute, 1.0));
        }
        assert_eq!(trend.samples().count(), 61);
        trend.load((100_000..100_100).map(|minute| sample(minute, 2.0)));
        assert_eq!(trend.samples.capacity(), room);
    }

    #[test]
    fn live_points_replace_the_value_of_their_minute() {
        let mut trend = Trend::new(Span(3_600_000));
        trend.push(sample(1, 1.0));
        trend.push(Sample::plain(TimeMs(60_500), Some(2.0)));
        assert_eq!(trend.samples().count(), 1);
        assert_eq!(trend.samples().next().and_then(|last| last.v), Some(2.0));
    }

    #[test]
    fn a_window_that_ends_in_the_future_is_known_as_of_now() {
        let point = MetricPoint {
            metric: "m".into(),
            area: "a".into(),
            start: TimeMs(0),
            end: TimeMs(86_400_000),
            v: Some(1.0),
            level: egret_shared::level::Level::Normal,
            sources: 1,
            expected: 1,
            latest_at: None,
            flags: Flags::NONE,
            typical: None,
        };
        assert_eq!(Sample::live(&point, TimeMs(60_000)).at, TimeMs(60_000));
        assert_eq!(Sample::live(&point, TimeMs(90_000_000)).at, point.end);
    }

    #[test]
    fn history_comes_beneath_the_points_that_came_meanwhile() {
        let mut trend = Trend::new(Span(3_600_000));
        trend.push(sample(10, 10.0));
        trend.load((5..=9).map(|minute| sample(minute, 0.0)));
        let values: Vec<_> = trend.samples().filter_map(|sample| sample.v).collect();
        assert_eq!(values, [0.0, 0.0, 0.0, 0.0, 0.0, 10.0]);
    }

    #[test]
    fn a_change_is_told_only_where_the_past_is_known() {
        let mut trend = Trend::new(Span(7_200_000));
        trend.push(sample(0, 5.0));
        trend.push(sample(60, 8.0));
        assert_eq!(trend.change_over(Span(3_600_000)), Some(3.0));
        assert_eq!(trend.change_over(Span(1_800_000)), None);
    }
}
