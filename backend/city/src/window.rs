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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

    pub(crate) fn length_ms(&self) -> i64 {
        self.end_ms - self.start_ms
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

    /// Closing times up to `until_ms`, rising, at which the window held any of the slices that
    /// begin at `starts_ms` (rising), and that late readings in them revise. Of a tumbling window
    /// its end alone: what it showed on the way was true then.
    pub(crate) fn revised(&self, starts_ms: &[i64], until_ms: i64) -> Vec<i64> {
        let mut closings: Vec<i64> = Vec::new();
        for start_ms in starts_ms {
            let after_ms = closings.last().copied().unwrap_or(i64::MIN);
            match self {
                Self::Sliding { length_ms, .. } => {
                    let step_ms = self.closing_step_ms();
                    let end_ms = self
                        .slice_of(*start_ms)
                        .end_ms
                        .max(after_ms.saturating_add(1));
                    let mut next = (end_ms - 1).div_euclid(step_ms) * step_ms + step_ms;
                    while next <= until_ms.min(start_ms + length_ms) {
                        if self.closed_at(next).holds(*start_ms) {
                            closings.push(next);
                        }
                        next += step_ms;
                    }
                }
                Self::Tumbling { .. } => {
                    let end_ms = self.slice_of(*start_ms).end_ms;
                    if (after_ms.saturating_add(1)..=until_ms).contains(&end_ms) {
                        closings.push(end_ms);
                    }
                }
            }
        }
        closings
    }

    /// The piece that the slice of `at_ms` becomes part of once no live window needs it: a whole
    /// minute where every closing is made of whole minutes, else the slice itself.
    pub(crate) fn coarse_of(&self, at_ms: i64) -> Slice {
        if !self.is_of_minutes() {
            return self.slice_of(at_ms);
        }
        let start_ms = at_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
        Slice {
            start_ms,
            end_ms: start_ms + MINUTE_MS,
        }
    }

    /// Up to when event time is past at `now_ms`: no window that is still to close fresh begins
    /// before.
    pub(crate) fn past_until(&self, now_ms: i64) -> i64 {
        let start_ms = self.live(now_ms).start_ms;
        if self.is_of_minutes() {
            start_ms.div_euclid(MINUTE_MS) * MINUTE_MS
        } else {
            start_ms
        }
    }

    fn is_of_minutes(&self) -> bool {
        let whole = |n_ms: i64, of_ms: i64| n_ms % of_ms == 0;
        match self {
            Self::Sliding {
                length_ms,
                every_ms,
            } => whole(MINUTE_MS, *every_ms) && whole(*length_ms, MINUTE_MS),
            Self::Tumbling { .. } => false,
        }
    }

    /// How long after its end a slice is still needed, if readings may be `past_ms` old.
    pub(crate) fn kept_ms(&self, past_ms: i64) -> i64 {
        let length_ms = match self {
            Self::Sliding { length_ms, .. } => *length_ms,
            Self::Tumbling { .. } => 0,
        };
        length_ms + past_ms + self.closing_step_ms() + SLICES_SLACK_MS
    }

    /// How far apart closing times are, but for the ends of tumbling windows.
    pub(crate) fn closing_step_ms(&self) -> i64 {
        match self {
            Self::Sliding { every_ms, .. } => MINUTE_MS.max(*every_ms),
            Self::Tumbling { .. } => MINUTE_MS,
        }
    }
}

/// Local midnight that begins `date`, milliseconds since the epoch. Where clocks jump over
/// midnight, the first moment after.
pub(crate) fn midnight_ms(date: NaiveDate, zone: Tz) -> i64 {
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
        let start = window.slice_of(ms("2026-06-22T06:00:35+08:00")).start_ms;
        let until = ms("2026-06-22T06:09:00+08:00");
        let expected = ["2026-06-22T06:01:00+08:00", "2026-06-22T06:02:00+08:00"].map(ms);
        assert_eq!(window.revised(&[start], until), expected);
        assert_eq!(
            window.revised(&[start], ms("2026-06-22T06:01:10+08:00")),
            expected[..1]
        );
    }

    #[test]
    fn two_hours_of_late_readings_revise_each_closing_once() {
        let window = sliding("5m", "10s");
        let from = ms("2026-06-22T06:00:00+08:00");
        let starts: Vec<i64> = (0..720).map(|n| from + n * 10_000).collect();
        let closings = window.revised(&starts, from + 3 * 3_600_000);
        let expected: Vec<i64> = (1..=124).map(|n| from + n * MINUTE_MS).collect();
        assert_eq!(closings, expected);
        let coarse: Vec<i64> = (0..120).map(|n| from + n * MINUTE_MS).collect();
        assert_eq!(window.revised(&coarse, from + 3 * 3_600_000), expected);
    }

    #[test]
    fn the_past_lies_before_every_window_that_is_still_to_close() {
        for window in [
            sliding("5m", "10s"),
            sliding("7m", "90s"),
            sliding("1h", "5m"),
            tumbling_in(Tz::Asia__Shanghai, "15s"),
        ] {
            let now = ms("2026-06-22T06:09:03+08:00");
            let past = window.past_until(now);
            assert!(past <= window.live(now).start_ms);
            assert!(
                window
                    .closings(now - 60_000, now + 600_000)
                    .iter()
                    .all(|end_ms| { window.closed_at(*end_ms).start_ms >= past || *end_ms <= now })
            );
            // No piece of the past reaches over its end.
            let piece = window.coarse_of(past - 1);
            assert!(
                piece.end_ms <= past
                    || matches!(
                        window,
                        Window::Sliding {
                            every_ms: 90_000,
                            ..
                        }
                    )
            );
        }
    }
}
