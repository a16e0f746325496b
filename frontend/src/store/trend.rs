//! A metric's recent past: a ring of one value a minute, bounded by its range. Pure.
//!
//! History comes over HTTP: first all of it, then what has become known since. One live point is
//! laid on top, so that the newest value is always the figure beside the chart. Only one: live values
//! of windows that close late would stand on a page that has seen them and on no other.

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
    /// Whether its window is still open.
    pub(crate) is_live: bool,
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
            is_live: false,
        }
    }

    /// A live point. Its window may end later than `now`, as today's does: it is known as of now.
    pub(crate) fn live(point: &MetricPoint, now: TimeMs) -> Self {
        Self {
            at: point.end.min(now),
            v: point.v,
            flags: point.flags,
            typical: point.typical.map(Into::into),
            is_live: true,
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
    /// Until when the past is known; what has become known since is to be asked for.
    pub(crate) known_at: Option<TimeMs>,
    /// How often the server has told of the past, so that a question that comes to nothing can tell
    /// whether another one did better.
    pub(crate) answers: u32,
}

impl Trend {
    /// A range that a past may have.
    pub(crate) fn bounded(range: Span) -> Span {
        range.clamp(STEP, RANGE_MAX)
    }

    /// An empty past of `range`, at most [`RANGE_MAX`]. It takes its memory at once: hundreds of rings
    /// that fill for hours would look like a leak, and leave holes behind as they are moved.
    pub(crate) fn new(range: Span) -> Self {
        let range = Self::bounded(range);
        let most = usize::try_from(range.ms() / STEP.ms()).unwrap_or(0);
        Self {
            range,
            // One at either end of the range, a live one, and the newest, which comes before the
            // oldest goes.
            samples: VecDeque::with_capacity(most.saturating_add(3)),
            history: History::Loading,
            known_at: None,
            answers: 0,
        }
    }

    /// Lets go of all that is known, and of the memory for it: nobody will look at it again.
    pub(crate) fn let_go(&mut self) {
        self.samples = VecDeque::new();
        self.history = History::Loading;
        self.known_at = None;
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

    /// Takes the past in: all windows of the range that have closed, oldest first. Live points that
    /// came meanwhile stay.
    pub(crate) fn load(&mut self, closed: &[Sample]) {
        let newest = closed.last().map(|sample| sample.at);
        let live = self.samples.drain(..);
        let live: Vec<Sample> = live
            .filter(|sample| sample.is_live && Some(sample.at) > newest)
            .collect();
        self.samples.extend(closed);
        self.samples.extend(live);
        self.history = History::Loaded;
        self.forget(newest);
    }

    /// Takes in what has become known of the past since it was loaded: windows that have closed, and
    /// some that late readings changed; oldest first.
    pub(crate) fn revise(&mut self, closed: &[Sample]) {
        let newest = closed.last().map(|sample| sample.at);
        self.samples
            .retain(|one| !one.is_live || Some(one.at) > newest);
        // First, so that there is room for what comes.
        self.forget(newest);
        for sample in closed {
            let place = self.samples.partition_point(|one| one.at < sample.at);
            match self.samples.get_mut(place) {
                Some(known) if known.at == sample.at => *known = *sample,
                _ => self.samples.insert(place, *sample),
            }
        }
        self.history = History::Loaded;
        self.forget(newest);
    }

    /// Lays a live point on top, in place of the one before. Older than the newest value, it is left
    /// to the past.
    pub(crate) fn push(&mut self, sample: Sample) {
        match self.samples.back_mut() {
            Some(last) if sample.at < last.at => return,
            Some(last) if last.is_live => *last = sample,
            // What has closed is not undone by the same as a live value.
            Some(last) if sample.at == last.at => {
                *last = Sample {
                    is_live: false,
                    ..sample
                };
            }
            _ => self.samples.push_back(sample),
        }
        self.forget(Some(sample.at));
    }

    /// Lets go of what is older than the range, which ends at `end` or with the newest value.
    fn forget(&mut self, end: Option<TimeMs>) {
        let newest = self.samples.back().map(|sample| sample.at);
        let Some(newest) = newest.max(end) else {
            return;
        };
        let oldest = newest.minus(self.range);
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

    /// A live value so many seconds after the epoch.
    fn live(second: i64, v: f64) -> Sample {
        Sample {
            is_live: true,
            ..Sample::plain(TimeMs(second * 1_000), Some(v))
        }
    }

    fn values(trend: &Trend) -> Vec<f64> {
        trend.samples().filter_map(|sample| sample.v).collect()
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
        for second in 0..1_000_000 {
            trend.push(live(second, 1.0));
        }
        assert_eq!(trend.samples().count(), 1);
        let closed: Vec<_> = (16_639..16_700).map(|minute| sample(minute, 2.0)).collect();
        trend.load(&closed);
        assert_eq!(trend.samples().count(), 61);
        for minute in 16_700..18_000 {
            trend.push(live(minute * 60 + 30, 1.0));
            trend.revise(&[sample(minute - 1, 3.0), sample(minute, 2.0)]);
            trend.push(live(minute * 60 + 45, 1.0));
        }
        assert_eq!(trend.samples().count(), 61);
        let since: Vec<_> = (18_029..18_090).map(|minute| sample(minute, 2.0)).collect();
        trend.revise(&since);
        assert_eq!(trend.samples.capacity(), room);
    }

    #[test]
    fn a_live_point_takes_the_place_of_the_one_before() {
        let mut trend = Trend::new(Span(3_600_000));
        trend.push(live(1, 1.0));
        trend.push(live(62, 2.0));
        assert_eq!(values(&trend), [2.0]);
        trend.push(live(60, 3.0));
        assert_eq!(values(&trend), [2.0], "it is older than what is known");
        trend.load(&[sample(2, 4.0)]);
        trend.push(live(120, 5.0));
        trend.push(live(130, 6.0));
        assert_eq!(values(&trend), [5.0, 6.0], "what has closed stays");
    }

    #[test]
    fn what_has_become_known_since_is_taken_in_where_it_belongs() {
        let mut trend = Trend::new(Span(3_600_000));
        trend.load(&[sample(1, 1.0), sample(2, 2.0)]);
        for second in [150, 179, 185] {
            trend.push(live(second, 9.0));
        }
        assert_eq!(values(&trend), [1.0, 2.0, 9.0]);
        trend.revise(&[sample(1, 1.5), sample(3, 3.0)]);
        assert_eq!(
            values(&trend),
            [1.5, 2.0, 3.0, 9.0],
            "what was live before the window closed is gone, what came after is not"
        );
        let mut fresh = Trend::new(Span(3_600_000));
        fresh.push(live(185, 9.0));
        fresh.load(&[sample(1, 1.5), sample(2, 2.0), sample(3, 3.0)]);
        assert_eq!(trend, fresh, "as if it had been loaded just now");
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
        trend.push(live(600, 10.0));
        trend.load(&[sample(8, 0.0), sample(9, 1.0)]);
        assert_eq!(values(&trend), [0.0, 1.0, 10.0]);
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
