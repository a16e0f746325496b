//! Points of a metric over time, as history keeps them: closed windows by the minute, and what
//! they come to by the hour and by the day.
//!
//! [`SeriesPoint::roll_up`] is the one way in which finer points become a coarser one, in the
//! store and for a reader who wants other steps.

use chrono::{NaiveTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, MetricId};
use egret_shared::level::Level;
use egret_shared::metric::{MetricPoint, Typical};
use egret_shared::time::{Span, TimeMs};

use crate::auth::sight::is_few;

/// How finely history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Resolution {
    /// Closed windows, as the fold emits them: one a minute, or fewer of long windows.
    Minute,
    /// Made of minutes.
    Hour,
    /// A day of the city's time zone, made of hours.
    Day,
}

/// An hour in milliseconds.
const HOUR_MS: i64 = 3_600_000;

impl Resolution {
    /// All of them, from fine to coarse.
    pub(crate) const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The coarsest that is no coarser than `step`.
    pub(crate) fn of_step(step: Span) -> Self {
        match step.ms() {
            86_400_000.. => Self::Day,
            HOUR_MS.. => Self::Hour,
            _ => Self::Minute,
        }
    }

    /// Its name in answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its number in the store.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Minute => 0,
            Self::Hour => 1,
            Self::Day => 2,
        }
    }

    /// The resolution with this number in the store.
    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// What is made of it.
    pub(crate) fn coarser(self) -> Option<Self> {
        match self {
            Self::Minute => Some(Self::Hour),
            Self::Hour => Some(Self::Day),
            Self::Day => None,
        }
    }

    /// What it is made of.
    pub(crate) fn finer(self) -> Option<Self> {
        match self {
            Self::Minute => None,
            Self::Hour => Some(Self::Minute),
            Self::Day => Some(Self::Hour),
        }
    }

    /// Begin and end of the hour or day (in `zone`) within which a window ends at `end`; an end on
    /// the boundary belongs to what ends there. For minutes, the minute.
    pub(crate) fn bucket(self, end: TimeMs, zone: Tz) -> (TimeMs, TimeMs) {
        let grid = |length_ms: i64| {
            let start_ms = (end.0 - 1).div_euclid(length_ms) * length_ms;
            (TimeMs(start_ms), TimeMs(start_ms + length_ms))
        };
        match self {
            Self::Minute => grid(60_000),
            Self::Hour => grid(HOUR_MS),
            Self::Day => day(end, zone).unwrap_or_else(|| grid(24 * HOUR_MS)),
        }
    }
}

/// Begin and end of the local day in which `end` lies, midnight belonging to the day that ends.
/// Where clocks skip midnight the day begins an hour on, at the first time there is.
fn day(end: TimeMs, zone: Tz) -> Option<(TimeMs, TimeMs)> {
    let last_ms = end.0.checked_sub(1)?;
    let date = zone.timestamp_millis_opt(last_ms).single()?.date_naive();
    let midnight = |date: chrono::NaiveDate| {
        let local = date.and_time(NaiveTime::MIN);
        let found = zone.from_local_datetime(&local).earliest();
        let found = found.or_else(|| {
            zone.from_local_datetime(&(local + TimeDelta::hours(1)))
                .earliest()
        });
        found.map(|time| TimeMs(time.timestamp_millis()))
    };
    Some((midnight(date)?, midnight(date.succ_opt()?)?))
}

/// A metric in an area over a minute, an hour or a day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeriesPoint {
    /// Begin, inclusive: of the window (minute), or of the hour or day.
    pub start: TimeMs,
    /// End, exclusive.
    pub end: TimeMs,
    /// The number, in the metric's unit; of several windows, the last one's that has any.
    pub v: Option<f64>,
    /// The least of the windows'.
    pub least: Option<f64>,
    /// The mean of the windows' that have a number, each weighing the same.
    pub mean: Option<f64>,
    /// The greatest of the windows'.
    pub greatest: Option<f64>,
    /// The worst level of the windows'.
    pub level: Level,
    /// The fewest assets that stood behind one of the windows.
    pub sources: u32,
    /// The most that should have.
    pub expected: u32,
    /// Event time of the newest contribution; absent if there is none.
    pub latest_at: Option<TimeMs>,
    /// What to know about any of the windows.
    pub flags: Flags,
    /// What was usual at the last of the windows.
    pub typical: Option<Typical>,
    /// City time at which it was known so.
    pub known_at: TimeMs,
    /// How many closed windows with a number stand behind it.
    pub windows: u32,
}

impl SeriesPoint {
    /// Withholds the numbers if any of them counts some people and fewer than `least`.
    pub(crate) fn withhold_below(&mut self, least: f64) {
        let is_few = |v: &Option<f64>| v.is_some_and(|v| is_few(v, least));
        self.typical = self.typical.filter(|typical| typical.v >= least);
        if [self.v, self.least, self.mean, self.greatest]
            .iter()
            .any(is_few)
        {
            (self.v, self.least, self.mean, self.greatest) = (None, None, None, None);
            (self.typical, self.latest_at) = (None, None);
            self.level = Level::Normal;
            let flags = self.flags.without(Flags::ANOMALY);
            self.flags = flags.with(Flags::SUPPRESSED);
        }
    }

    /// A closed window, known since `known_at`.
    pub(crate) fn of_window(point: &MetricPoint, known_at: TimeMs) -> Self {
        Self {
            start: point.start,
            end: point.end,
            v: point.v,
            least: point.v,
            mean: point.v,
            greatest: point.v,
            level: point.level,
            sources: point.sources,
            expected: point.expected,
            latest_at: point.latest_at,
            flags: point.flags,
            typical: point.typical,
            known_at,
            windows: u32::from(point.v.is_some()),
        }
    }

    /// What `finer` points, oldest first, come to from `start` to `end`; `None` of none.
    pub(crate) fn roll_up(finer: &[Self], start: TimeMs, end: TimeMs) -> Option<Self> {
        let (first, last) = (finer.first()?, finer.last()?);
        let mut rolled = Self {
            start,
            end,
            v: None,
            least: None,
            mean: None,
            greatest: None,
            ..first.clone()
        };
        rolled.windows = 0;
        rolled.typical = last.typical;
        // One addend after the other, oldest first, so that it comes out the same every time.
        let mut sum = 0.0;
        for point in finer {
            rolled.v = point.v.or(rolled.v);
            rolled.least = least(rolled.least, point.least);
            rolled.greatest =
                least(rolled.greatest.map(|v| -v), point.greatest.map(|v| -v)).map(|v| -v);
            sum += point.mean.unwrap_or(0.0) * f64::from(point.windows);
            rolled.windows += point.windows;
            rolled.level = rolled.level.max(point.level);
            rolled.sources = rolled.sources.min(point.sources);
            rolled.expected = rolled.expected.max(point.expected);
            rolled.latest_at = rolled.latest_at.max(point.latest_at);
            rolled.flags = rolled.flags.with(point.flags);
            rolled.known_at = rolled.known_at.max(point.known_at);
        }
        rolled.mean = (rolled.windows > 0).then(|| sum / f64::from(rolled.windows));
        Some(rolled)
    }
}

fn least(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Which points to list.
#[derive(Clone, Debug)]
pub(crate) struct SeriesFilter {
    /// Of this metric.
    pub metric: MetricId,
    /// In this area.
    pub area: AreaCode,
    /// Points that end after this.
    pub from: TimeMs,
    /// Points that end at or before this.
    pub to: TimeMs,
    /// How finely. Hours and days appear once they are over.
    pub resolution: Resolution,
    /// As known at this city time; absent, as known now.
    pub as_of: Option<TimeMs>,
    /// At most so many, the oldest first.
    pub limit: usize,
}
