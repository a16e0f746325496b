//! Times as senders write them.

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use egret_shared::package::feed::TimeForm;
use egret_shared::rejection::{Reason, Rejection};

use crate::reading::SentTime;
use crate::refuse::{refusal, shown};
use crate::scalar::Scalar;

/// Digits of a fraction that milliseconds can carry.
const MS_DIGITS: usize = 3;

/// How a city's local time may be written, longest first; each may carry a fraction.
const LOCAL_FORMS: [&str; 3] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y%m%d%H%M%S%.f",
];

/// Reads one form of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeReader {
    /// How it is written.
    pub(crate) form: TimeForm,
    /// Where it is, if it says no offset.
    pub(crate) timezone: Tz,
}

impl TimeReader {
    /// The time that `scalar` writes.
    ///
    /// # Errors
    /// [`Reason::BadTime`] with the place, the value and the form it should have.
    pub(crate) fn read(self, scalar: &Scalar<'_>, place: &str) -> Result<SentTime, Rejection> {
        let time = match self.form {
            TimeForm::Rfc3339 => match scalar {
                Scalar::Text(text) => return rfc3339(text, place),
                _ => None,
            },
            TimeForm::UnixS => unix(scalar, 1_000_000),
            TimeForm::UnixMs => unix(scalar, 1_000),
            TimeForm::UnixUs => unix(scalar, 1).map(|time| SentTime { fine: true, ..time }),
            TimeForm::Local => match scalar {
                Scalar::Text(text) => local(text.trim(), self.timezone),
                Scalar::Int(digits) => local(&digits.to_string(), self.timezone),
                _ => None,
            },
        };
        time.ok_or_else(|| {
            let (found, form) = (scalar.shown(), form_name(self.form));
            refusal(
                Reason::BadTime,
                format!("{place}: {found} is no time {form}"),
            )
        })
    }
}

/// The time that an RFC 3339 text writes.
///
/// # Errors
/// [`Reason::BadTime`] with the place and the text.
pub(crate) fn rfc3339(text: &str, place: &str) -> Result<SentTime, Rejection> {
    match DateTime::parse_from_rfc3339(text.trim()) {
        Ok(time) => Ok(SentTime {
            us: time.timestamp_micros(),
            fine: is_fine(text),
        }),
        Err(error) => {
            let found = shown(text);
            let detail = format!("{place}: {found} is no RFC 3339 time with offset ({error})");
            Err(refusal(Reason::BadTime, detail))
        }
    }
}

/// Whether a written time has a fraction finer than milliseconds, be its last digits zero or not.
fn is_fine(text: &str) -> bool {
    text.split_once('.').is_some_and(|(_, fraction)| {
        fraction.bytes().take_while(u8::is_ascii_digit).count() > MS_DIGITS
    })
}

/// The whole microseconds that `seconds` are, if an `f64` still tells them apart.
pub(crate) fn us_of_seconds(seconds: f64) -> Option<i64> {
    rounded_us(seconds * 1_000_000.0)
}

/// A count of units since the epoch, each of `unit_us` microseconds.
fn unix(scalar: &Scalar<'_>, unit_us: i64) -> Option<SentTime> {
    let us = match scalar {
        Scalar::Int(count) => count.checked_mul(unit_us)?,
        Scalar::Float(count) => rounded_us(count * unit_us as f64)?,
        Scalar::Text(text) => match text.trim().parse::<i64>() {
            Ok(count) => count.checked_mul(unit_us)?,
            Err(_) => rounded_us(scalar.number("").ok()? * unit_us as f64)?,
        },
        _ => return None,
    };
    Some(SentTime {
        us,
        fine: us % 1_000 != 0,
    })
}

/// Whole microseconds, if an `f64` still tells them apart: until the year 2255.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is whole and within ±9e15, which an i64 holds exactly"
)]
fn rounded_us(us: f64) -> Option<i64> {
    (us.abs() < 9e15).then(|| us.round() as i64)
}

/// A time on the city's own clocks; where an hour is told twice, the first of the two.
fn local(text: &str, timezone: Tz) -> Option<SentTime> {
    let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    let naive = LOCAL_FORMS.iter().find_map(read)?;
    match timezone.from_local_datetime(&naive) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(SentTime {
            us: time.timestamp_micros(),
            fine: is_fine(text),
        }),
        LocalResult::None => None,
    }
}

/// How a form is named in a refusal.
fn form_name(form: TimeForm) -> &'static str {
    match form {
        TimeForm::Rfc3339 => "of RFC 3339 with offset",
        TimeForm::UnixS => "in seconds since the epoch",
        TimeForm::UnixMs => "in milliseconds since the epoch",
        TimeForm::UnixUs => "in microseconds since the epoch",
        TimeForm::Local => "as YYYY-MM-DD HH:MM:SS or YYYYMMDDHHMMSS that the city's clocks show",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn read(form: TimeForm, scalar: &Scalar<'_>) -> Result<SentTime, Rejection> {
        let timezone = Tz::Asia__Shanghai;
        TimeReader { form, timezone }.read(scalar, "/at")
    }

    fn text(text: &str) -> Scalar<'_> {
        Scalar::Text(Cow::Borrowed(text))
    }

    #[test]
    fn every_form_names_the_same_instant() {
        let us = 1_782_079_500_000_000;
        for (form, scalar) in [
            (TimeForm::Rfc3339, text("2026-06-22T06:05:00+08:00")),
            (TimeForm::Rfc3339, text("2026-06-21T22:05:00Z")),
            (TimeForm::UnixS, Scalar::Int(1_782_079_500)),
            (TimeForm::UnixS, text("1782079500.0")),
            (TimeForm::UnixMs, Scalar::Float(1_782_079_500_000.0)),
            (TimeForm::UnixMs, text("1782079500000")),
            (TimeForm::Local, text("2026-06-22 06:05:00")),
            (TimeForm::Local, text("2026-06-22T06:05:00")),
            (TimeForm::Local, text("20260622060500")),
            (TimeForm::Local, Scalar::Int(20_260_622_060_500)),
        ] {
            let expected = SentTime { us, fine: false };
            assert_eq!(read(form, &scalar), Ok(expected), "{form:?} {scalar:?}");
        }
        let expected = SentTime { us, fine: true };
        assert_eq!(read(TimeForm::UnixUs, &Scalar::Int(us)), Ok(expected));
    }

    #[test]
    fn a_fraction_beyond_milliseconds_is_fine_even_if_it_ends_in_zeros() {
        for (sent, us, fine) in [
            ("2026-06-21T22:05:00.123Z", 123_000, false),
            ("2026-06-21T22:05:00.123000Z", 123_000, true),
            ("2026-06-21T22:05:00.123456789Z", 123_456, true),
        ] {
            let us = 1_782_079_500_000_000 + us;
            assert_eq!(rfc3339(sent, "/at"), Ok(SentTime { us, fine }), "{sent}");
        }
        let float = read(TimeForm::UnixS, &Scalar::Float(1_782_079_500.25)).unwrap();
        assert_eq!(float.us, 1_782_079_500_250_000);
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_place() {
        for (form, scalar) in [
            (TimeForm::Rfc3339, text("2026-06-22T06:05:00")),
            (TimeForm::Rfc3339, text("yesterday")),
            (TimeForm::Rfc3339, Scalar::Int(1_782_079_500)),
            (TimeForm::UnixS, Scalar::Int(i64::MAX)),
            (TimeForm::UnixMs, Scalar::Uint(u64::MAX)),
            (TimeForm::UnixMs, Scalar::Float(f64::INFINITY)),
            (TimeForm::UnixMs, text("inf")),
            (TimeForm::Local, text("2026-02-30 00:00:00")),
            (TimeForm::Local, Scalar::Bool(true)),
        ] {
            let refused = read(form, &scalar).unwrap_err();
            assert_eq!(refused.reason, Reason::BadTime, "{form:?} {scalar:?}");
            assert!(refused.detail.starts_with("/at: "), "{}", refused.detail);
        }
    }
}
