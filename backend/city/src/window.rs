//! Windows of event time and the slices they are made of.
//!
//! A sliding window moves on by one slice; slices lie on whole multiples of their length since
//! the epoch. Tumbling windows begin at local midnight and are one slice each; the last of a day
//! ends at midnight even if it is cut short.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use egret_shared::package::metric::WindowDef;
use serde::{Deserialize, Serialize};

use crate::limits::{CLOSINGS_MAX, SLICES_SLACK_MS};

/// A piece of event time, milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// Inclusive.
    pub(crate) start_ms: i64,
    /// Exclusive.
    pub(crate) end_ms: i64,
}

impl Slice {
    pub(crate) fn holds(&self, at_ms: i64) -> bool {
        (self.start_ms..self.end_ms).contains(&at_ms)
    }
}

/// How a metric looks at time.
#[derive(Clone, Debug)]
pub(crate) enum Window {
    /// The last `length_ms`, moving on by `every_ms`.
    Sliding { length_ms: i64, every_ms: i64 },
    /// One after the other from local midnight on.
    Tumbling { length_ms: i64, zone: Tz },
}

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

impl Window {
    /// The window that `def` declares; `None` if it declares none or both.
    pub(crate) fn new(def: WindowDef, zone: Tz) -> Option<Self> {
        match (def.sliding, def.every, def.tumbling) {
            (Some(length), Some(every), None) if every.ms() > 0 => Some(Self::Sliding {
                length_ms: length.ms().max(every.ms()),
                every_ms: every.ms(),
            }),
            (None, None, Some(length)) if length.ms() > 0 => Some(Self::Tumbling {
                length_ms: length.ms(),
                zone,
            }),
            _ => None,
        }
    }

    /// The slice that holds `at_ms`.
    pub(crate) fn slice_of(&self, at_ms: i64) -> Slice {
        match self {
            Self::Sliding { every_ms, .. } => {
                let start_ms = at_ms.div_euclid(*every_ms) * every_ms;
                Slice {
                    start_ms,
                    end_ms: start_ms + every_ms,
                }
            }
            Self::Tumbling { length_ms, zone } => tumbling(at_ms, *length_ms, *zone),
        }
    }

    /// The window that ends with the slice that holds `now_ms`.
    pub(crate) fn live(&self, now_ms: i64) -> Slice {
        let newest = self.slice_of(now_ms);
        match self {
            Self::Sliding { length_ms, .. } => Slice {
                start_ms: newest.end_ms - length_ms,
                ..newest
            },
            Self::Tumbling { .. } => newest,
        }
    }

    /// The window as it stood at the closing time `end_ms`: of a tumbling one that was still
    /// running, the part up to then.
    pub(crate) fn closed_at(&self, end_ms: i64) -> Slice {
        match self {
            Self::Sliding {
                length_ms,
                every_ms,
            } => {
                let end_ms = end_ms.div_euclid(*every_ms) * every_ms;
                Slice {
                    start_ms: end_ms - length_ms,
                    end_ms,
                }
            }
            Self::Tumbling { .. } => Slice {
                end_ms,
                ..self.slice_of(end_ms - 1)
            },
        }
    }

    /// Closing times after `after_ms` up to `until_ms`, rising; after a pause only the newest
    /// [`CLOSINGS_MAX`]. Whole minutes (or slices, if longer) and the ends of tumbling windows.
    pub(crate) fn closings(&self, after_ms: i64, until_ms: i64) -> Vec<i64> {
        let step_ms = self.closing_step_ms();
        let first = (after_ms.div_euclid(step_ms) + 1) * step_ms;
        let newest = until_ms.div_euclid(step_ms) * step_ms;
        let earliest = newest - step_ms * (CLOSINGS_MAX - 1);
        let mut closings: Vec<i64> = Vec::new();
        let mut next = first.max(earliest);
        while next <= newest {
            closings.push(next);
            next += step_ms;
        }
        if let Self::Tumbling { .. } = self {
            self.add_ends(&mut closings, after_ms, until_ms);
        }
        closings
    }

    fn add_ends(&self, closings: &mut Vec<i64>, after_ms: i64, until_ms: i64) {
        let mut slice = self.slice_of(until_ms);
        for _ in 0..CLOSINGS_MAX {
            // The window that was running ended where this one began.
            let end_ms = slice.start_ms;
            if end_ms <= after_ms {
                break;
            }
            closings.push(end_ms);
            slice = self.slice_of(end_ms - 1);
        }
        closings.sort_unstable();
        closings.dedup();
    }

    /// Whether a tumbling window ends at `end_ms`.
    pub(crate) fn ends_at(&self, end_ms: i64) -> bool {
        matches!(self, Self::Tumbling { .. }) && self.slice_of(end_ms).start_ms == end_ms
    }

    /// Closing times up to `until_ms` at which the window held `slice` and that a late reading in
    /// it revises. Of a tumbling window its end alone: what it showed on the way was true then.
    pub(crate) fn revised(&self, slice: Slice, until_ms: i64) -> Vec<i64> {
        match self {
            Self::Sliding { length_ms, .. } => {
                let last = (slice.start_ms + length_ms).min(until_ms);
                let mut closings = self.closings(slice.end_ms - 1, last);
                closings.retain(|end_ms| self.closed_at(*end_ms).holds(slice.start_ms));
                closings
            }
            Self::Tumbling { .. } => (slice.end_ms <= until_ms)
                .then_some(slice.end_ms)
                .into_iter()
                .collect(),
        }
    }

    /// How long after its end a slice is still needed.
    pub(crate) fn kept_ms(&self, lateness_ms: i64) -> i64 {
        let length_ms = match self {
            Self::Sliding { length_ms, .. } => *length_ms,
            Self::Tumbling { .. } => 0,
        };
        length_ms + lateness_ms + self.closing_step_ms() + SLICES_SLACK_MS
    }

    fn closing_step_ms(&self) -> i64 {
        match self {
            Self::Sliding { every_ms, .. } => MINUTE_MS.max(*every_ms),
            Self::Tumbling { .. } => MINUTE_MS,
        }
    }
}

/// Local midnight that begins `date`, milliseconds since the epoch. Where clocks jump over
/// midnight, the first moment after.
fn midnight_ms(date: NaiveDate, zone: Tz) -> i64 {
    let midnight = date.and_time(NaiveTime::MIN);
    let from_local = |hours: i64| {
        let local = midnight + chrono::TimeDelta::hours(hours);
        zone.from_local_datetime(&local).earliest()
    };
    let time = (0..3).find_map(from_local);
    time.map_or_else(
        || midnight.and_utc().timestamp_millis(),
        |time| time.timestamp_millis(),
    )
}

/// The local date of `at_ms`; the epoch for times beyond the calendar.
pub(crate) fn local_date(at_ms: i64, zone: Tz) -> NaiveDate {
    let utc = DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    utc.with_timezone(&zone).date_naive()
}

fn tumbling(at_ms: i64, length_ms: i64, zone: Tz) -> Slice {
    let date = local_date(at_ms, zone);
    let n_days = (length_ms / DAY_MS).max(1).unsigned_abs();
    let into = u64::from(date.num_days_from_ce().unsigned_abs()) % n_days;
    let first = date.checked_sub_days(Days::new(into)).unwrap_or(date);
    let next = first.checked_add_days(Days::new(n_days)).unwrap_or(date);
    let (begin_ms, until_ms) = (midnight_ms(first, zone), midnight_ms(next, zone));
    if length_ms >= DAY_MS {
        return Slice {
            start_ms: begin_ms,
            end_ms: until_ms,
        };
    }
    let start_ms = begin_ms + (at_ms - begin_ms).div_euclid(length_ms) * length_ms;
    Slice {
        start_ms,
        end_ms: (start_ms + length_ms).min(until_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egret_shared::time::{Span, TimeMs};

    fn ms(text: &str) -> i64 {
        TimeMs::from_rfc3339(text).unwrap().0
    }

    fn sliding(length: &str, every: &str) -> Window {
        let def = WindowDef {
            sliding: Some(Span::parse(length).unwrap()),
            every: Some(Span::parse(every).unwrap()),
            tumbling: None,
        };
        Window::new(def, Tz::Asia__Shanghai).unwrap()
    }

    fn tumbling_in(zone: Tz, length: &str) -> Window {
        let def = WindowDef {
            sliding: None,
            every: None,
            tumbling: Some(Span::parse(length).unwrap()),
        };
        Window::new(def, zone).unwrap()
    }

    #[test]
    fn a_live_sliding_window_ends_with_the_running_slice() {
        let live = sliding("5m", "10s").live(ms("2026-06-22T06:05:03+08:00"));
        assert_eq!(live.start_ms, ms("2026-06-22T06:00:10+08:00"));
        assert_eq!(live.end_ms, ms("2026-06-22T06:05:10+08:00"));
    }

    #[test]
    fn days_begin_at_local_midnight() {
        let day = tumbling_in(Tz::Asia__Shanghai, "1d").live(ms("2026-06-22T06:05:03+08:00"));
        assert_eq!(day.start_ms, ms("2026-06-22T00:00:00+08:00"));
        assert_eq!(day.end_ms, ms("2026-06-23T00:00:00+08:00"));
    }

    #[test]
    fn a_day_with_a_clock_change_has_23_hours() {
        let day = tumbling_in(Tz::Europe__Berlin, "1d").live(ms("2026-03-29T12:00:00+02:00"));
        assert_eq!(day.end_ms - day.start_ms, 23 * 3_600_000);
        let hours = tumbling_in(Tz::Europe__Berlin, "12h");
        let last = hours.slice_of(ms("2026-03-29T23:59:00+02:00"));
        assert_eq!(last.end_ms, ms("2026-03-30T00:00:00+02:00"));
    }

    #[test]
    fn windows_close_at_whole_minutes_and_at_their_ends() {
        let from = ms("2026-06-22T05:59:59.5+08:00");
        let closings = sliding("5m", "10s").closings(from, from + 61_000);
        assert_eq!(closings, [from + 500, from + 60_500]);
        let quarter = tumbling_in(Tz::Asia__Shanghai, "15s").closings(from, from + 16_000);
        assert_eq!(quarter, [from + 500, from + 15_500]);
        let pause = sliding("5m", "10s").closings(0, from);
        assert_eq!(pause.len(), 60);
    }

    #[test]
    fn a_late_reading_revises_every_closing_that_saw_its_slice() {
        let window = sliding("2m", "10s");
        let slice = window.slice_of(ms("2026-06-22T06:00:35+08:00"));
        let until = ms("2026-06-22T06:09:00+08:00");
        let expected = ["2026-06-22T06:01:00+08:00", "2026-06-22T06:02:00+08:00"].map(ms);
        assert_eq!(window.revised(slice, until), expected);
        assert_eq!(
            window.revised(slice, ms("2026-06-22T06:01:10+08:00")),
            expected[..1]
        );
    }
}
