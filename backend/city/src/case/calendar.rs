//! Working time: all 24 hours of every working day, in the city's time zone.
//!
//! With that, time that has run and time that is left add up, whenever a clock was stopped.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use egret_shared::package::casework::CalendarDef;
use egret_shared::time::TimeMs;

use crate::limits::CALENDAR_DAYS_MAX;
use crate::window::{local_date, midnight_ms};

/// Which days are worked.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: Tz,
    /// Days without work, beside Saturdays and Sundays.
    holidays: BTreeSet<NaiveDate>,
    /// Saturdays and Sundays that are worked.
    workdays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The calendar of `def`. Dates that a check would have refused are left out.
    pub(crate) fn new(def: &CalendarDef, zone: Tz) -> Self {
        let dates = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            zone,
            holidays: dates(&def.holidays),
            workdays: dates(&def.workdays),
        }
    }

    pub(crate) fn zone(&self) -> Tz {
        self.zone
    }

    fn is_worked(&self, date: NaiveDate) -> bool {
        let is_weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        if is_weekend {
            self.workdays.contains(&date)
        } else {
            !self.holidays.contains(&date)
        }
    }

    /// The time at which `span_ms` of working time are over since `from`. Beyond the days that it
    /// looks ahead, time runs round the clock.
    pub(crate) fn after(&self, from: TimeMs, span_ms: i64) -> TimeMs {
        let mut left_ms = span_ms;
        let mut at_ms = from.0;
        for day in self.days_from(from.0) {
            let begin_ms = at_ms.max(day.begin_ms);
            let here_ms = (day.end_ms - begin_ms).max(0);
            if day.is_worked && left_ms <= here_ms {
                return TimeMs(begin_ms + left_ms);
            }
            if day.is_worked {
                left_ms -= here_ms;
            }
            at_ms = at_ms.max(day.end_ms);
        }
        TimeMs(at_ms.saturating_add(left_ms))
    }

    /// How much working time lies between `from` and `until`; nothing if that is before. Milliseconds.
    pub(crate) fn between(&self, from: TimeMs, until: TimeMs) -> i64 {
        let mut worked_ms = 0;
        for day in self.days_from(from.0) {
            if day.begin_ms >= until.0 {
                break;
            }
            if day.is_worked {
                let (begin_ms, end_ms) = (day.begin_ms.max(from.0), day.end_ms.min(until.0));
                worked_ms += (end_ms - begin_ms).max(0);
            }
        }
        worked_ms
    }

    fn days_from(&self, from_ms: i64) -> impl Iterator<Item = Day> + '_ {
        let first = local_date(from_ms, self.zone);
        (0..CALENDAR_DAYS_MAX).filter_map(move |n| {
            let date = first.checked_add_days(Days::new(n))?;
            let next = date.checked_add_days(Days::new(1))?;
            Some(Day {
                begin_ms: midnight_ms(date, self.zone),
                end_ms: midnight_ms(next, self.zone),
                is_worked: self.is_worked(date),
            })
        })
    }
}

/// A local day.
struct Day {
    begin_ms: i64,
    end_ms: i64,
    is_worked: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn at(text: &str) -> TimeMs {
        TimeMs::from_rfc3339(&format!("{text}:00+08:00")).unwrap()
    }

    fn calendar() -> Calendar {
        let def = CalendarDef {
            holidays: vec!["2026-06-19".to_owned()],
            workdays: vec!["2026-06-28".to_owned()],
        };
        Calendar::new(&def, "Asia/Shanghai".parse().unwrap())
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays_and_count_days_worked_instead() {
        for (from, days, until) in [
            // Wednesday to Thursday; Friday is a holiday, then the weekend.
            ("2026-06-17T15:00", 1, "2026-06-18T15:00"),
            ("2026-06-17T15:00", 2, "2026-06-22T15:00"),
            // What comes in on a holiday counts from the next working day on.
            ("2026-06-19T10:00", 1, "2026-06-23T00:00"),
            // The Sunday in the middle is worked.
            ("2026-06-26T15:00", 1, "2026-06-28T15:00"),
            // The example of docs/casework.md.
            ("2026-07-03T15:00", 7, "2026-07-14T15:00"),
        ] {
            let due = calendar().after(at(from), days * DAY_MS);
            assert_eq!(due, at(until), "{from} + {days}");
        }
    }

    #[test]
    fn what_has_run_and_what_is_left_add_up() {
        let calendar = calendar();
        let from = at("2026-06-17T15:00");
        for hours in 0..24 * 14 {
            let stop = TimeMs(from.0 + hours * 3_600_000);
            let due = calendar.after(from, 5 * DAY_MS);
            if stop < due {
                let left = calendar.between(stop, due);
                assert_eq!(calendar.between(from, stop) + left, 5 * DAY_MS);
            }
        }
        assert_eq!(calendar.between(at("2026-06-20T00:00"), from), 0);
    }

    #[test]
    fn the_end_of_all_calendars_is_no_trap() {
        let calendar = calendar();
        assert_eq!(calendar.after(TimeMs(i64::MAX), DAY_MS), TimeMs(i64::MAX));
        let far = calendar.after(at("2026-06-17T15:00"), 4_000 * DAY_MS);
        assert!(far > at("2030-01-01T00:00"));
    }
}
