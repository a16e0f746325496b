//! Hours of the week in the city's time zone, and when they next begin.

use chrono::{DateTime, Datelike as _, Days, LocalResult, NaiveDate, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use egret_shared::time::{Span, TimeMs};

use crate::config::Day;
use crate::limits::HOLD_DAYS_MAX;

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;

/// When a route is awake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hours {
    zone: Tz,
    windows: Vec<Window>,
    /// Whether a window may begin, by days from Monday.
    days: [bool; 7],
}

/// From one minute of the day to another one; the next day's, where that is not later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: u32,
    until: u32,
}

impl Window {
    fn is_over_midnight(self) -> bool {
        self.until <= self.from
    }
}

impl Hours {
    /// The hours of `text`, on these days; on every day if there are none.
    ///
    /// # Errors
    /// A sentence that shows the text and the form that is accepted.
    pub(crate) fn parse(text: &str, days: &[Day], zone: Tz) -> Result<Self, String> {
        let windows: Option<Vec<Window>> = text.split(',').map(window).collect();
        let windows = windows.ok_or_else(|| {
            format!("\"{text}\" are no hours: write \"08:00-18:00\", or several with commas")
        })?;
        let days = if days.is_empty() {
            [true; 7]
        } else {
            [
                Day::Mon,
                Day::Tue,
                Day::Wed,
                Day::Thu,
                Day::Fri,
                Day::Sat,
                Day::Sun,
            ]
            .map(|day| days.contains(&day))
        };
        Ok(Self {
            zone,
            windows,
            days,
        })
    }

    /// Whether `at` is within them.
    pub(crate) fn hold(&self, at: TimeMs) -> bool {
        let Some(local) = self.local(at) else {
            return true;
        };
        let minute = local.hour() * 60 + local.minute();
        let today = self.begins_on(local.date_naive());
        let yesterday = local
            .date_naive()
            .checked_sub_days(Days::new(1))
            .is_some_and(|day| self.begins_on(day));
        self.windows.iter().any(|window| {
            let has_begun = today && minute >= window.from;
            if window.is_over_midnight() {
                has_begun || (yesterday && minute < window.until)
            } else {
                has_begun && minute < window.until
            }
        })
    }

    /// When they begin next after `at`; at most a week later.
    pub(crate) fn begin_after(&self, at: TimeMs) -> TimeMs {
        let week_later = at.plus(Span(
            i64::from(HOLD_DAYS_MAX) * i64::from(DAY_MINUTES) * 60_000,
        ));
        let Some(local) = self.local(at) else {
            return at;
        };
        let days = (0..=HOLD_DAYS_MAX).filter_map(|ahead| {
            let day = local
                .date_naive()
                .checked_add_days(Days::new(ahead.into()))?;
            self.begins_on(day).then_some(day)
        });
        let begins = days.flat_map(|day| {
            let windows = self.windows.iter();
            windows.filter_map(move |window| self.instant(day, window.from))
        });
        begins
            .filter(|begin| *begin > at)
            .min()
            .map_or(week_later, |begin| begin.min(week_later))
    }

    fn begins_on(&self, day: NaiveDate) -> bool {
        let index = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
        self.days.get(index).copied().unwrap_or(false)
    }

    fn local(&self, at: TimeMs) -> Option<DateTime<Tz>> {
        Some(DateTime::from_timestamp_millis(at.0)?.with_timezone(&self.zone))
    }

    /// The first instant of that minute; where a clock that is put forward skips it, an hour later.
    fn instant(&self, day: NaiveDate, minute: u32) -> Option<TimeMs> {
        let at = |minute: u32| {
            let naive = day.and_hms_opt(minute / 60, minute % 60, 0)?;
            match self.zone.from_local_datetime(&naive) {
                LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => {
                    Some(TimeMs(time.timestamp_millis()))
                }
                LocalResult::None => None,
            }
        };
        at(minute).or_else(|| at(minute + 60))
    }
}

fn window(text: &str) -> Option<Window> {
    let (from, until) = text.trim().split_once('-')?;
    let window = Window {
        from: minute(from)?,
        until: minute(until)?,
    };
    (window.from < DAY_MINUTES).then_some(window)
}

/// `08:00`, up to `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let is_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(hour) || !is_digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn at(text: &str) -> TimeMs {
        TimeMs::from_rfc3339(text).unwrap()
    }

    fn hours(text: &str, days: &[Day]) -> Hours {
        Hours::parse(text, days, ZONE).unwrap()
    }

    #[test]
    fn hours_are_those_of_the_city() {
        let hours = hours("08:00-18:00", &[]);
        assert!(!hours.hold(at("2026-06-22T07:59:59+08:00")));
        assert!(hours.hold(at("2026-06-22T08:00:00+08:00")));
        assert!(hours.hold(at("2026-06-22T17:59:59+08:00")));
        assert!(!hours.hold(at("2026-06-22T18:00:00+08:00")));
        assert_eq!(
            hours.begin_after(at("2026-06-22T18:00:00+08:00")),
            at("2026-06-23T08:00:00+08:00")
        );
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        // 2026-06-22 is a Monday.
        let hours = hours("22:00-06:00", &[Day::Mon]);
        assert!(hours.hold(at("2026-06-22T23:00:00+08:00")));
        assert!(hours.hold(at("2026-06-23T05:59:00+08:00")));
        assert!(!hours.hold(at("2026-06-23T22:30:00+08:00")));
        assert!(!hours.hold(at("2026-06-22T05:00:00+08:00")));
        assert_eq!(
            hours.begin_after(at("2026-06-23T06:00:00+08:00")),
            at("2026-06-29T22:00:00+08:00")
        );
    }

    #[test]
    fn the_next_of_several_windows_is_found() {
        let hours = hours("08:00-12:00,14:00-18:00", &[Day::Mon, Day::Fri]);
        let begin = |text| hours.begin_after(at(text)).to_string();
        assert_eq!(
            begin("2026-06-22T12:30:00+08:00"),
            "2026-06-22T06:00:00.000Z"
        );
        assert_eq!(
            begin("2026-06-22T18:30:00+08:00"),
            "2026-06-26T00:00:00.000Z"
        );
    }

    #[test]
    fn an_hour_that_the_clock_skips_begins_an_hour_later() {
        // In Berlin 2026-03-29 has no 02:30.
        let hours = Hours::parse("02:30-05:00", &[], chrono_tz::Europe::Berlin).unwrap();
        assert_eq!(
            hours.begin_after(at("2026-03-29T00:30:00+01:00")),
            at("2026-03-29T03:30:00+02:00")
        );
    }

    #[test]
    fn what_are_no_hours_is_shown() {
        for text in [
            "",
            "8-18",
            "08:00",
            "08:00-25:00",
            "24:00-06:00",
            "08:60-09:00",
            "08:00-18:00,",
        ] {
            let error = Hours::parse(text, &[], ZONE).unwrap_err();
            assert!(error.contains(&format!("\"{text}\"")), "{error}");
        }
        assert!(Hours::parse("00:00-24:00", &[], ZONE).is_ok());
    }
}
