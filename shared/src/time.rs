//! Points in time and spans of it.
//!
//! On the binary wire and in the journal a time is an `i64` of UTC milliseconds; in JSON, for
//! people, it is RFC 3339 in UTC. Nothing here reads a clock.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// # Units
/// Milliseconds. Years 0001 to 9999 have an RFC 3339 form; others print as the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeMs(pub i64);

/// 2000-01-01T00:00:00Z. A sender that claims an earlier time has a clock that was never set.
pub const EARLIEST: TimeMs = TimeMs(946_684_800_000);

impl TimeMs {
    /// The time `span` later.
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The time `span` earlier.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; negative if before.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The time that an RFC 3339 text names.
    ///
    /// # Errors
    /// The parser's message; the caller says where the text stood.
    pub fn from_rfc3339(text: &str) -> Result<Self, chrono::ParseError> {
        DateTime::parse_from_rfc3339(text).map(|time| Self(time.timestamp_millis()))
    }
}

impl fmt::Display for TimeMs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_millis(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for TimeMs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for TimeMs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            Self::from_rfc3339(&text).map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

/// A length of time in milliseconds; in files it is written `"90s"`, `"10m"`, `"6h"`, `"1d"`.
///
/// # Units
/// Milliseconds; a day is 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

/// Suffixes of a span, longest unit last, with their length in milliseconds.
const SPAN_UNITS: [(&str, i64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

impl Span {
    /// The span that a text such as `"90s"` names.
    ///
    /// # Errors
    /// A sentence that shows the text and the forms that are accepted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, suffix) = text.split_at(digits);
        let unit = SPAN_UNITS.iter().find(|(name, _)| *name == suffix);
        match (number.parse::<i64>(), unit) {
            (Ok(number), Some((_, unit_ms))) => number
                .checked_mul(*unit_ms)
                .map(Self)
                .ok_or_else(|| format!("\"{text}\" is too long a time")),
            _ => Err(format!(
                "\"{text}\" is no length of time: write 500ms, 90s, 10m, 6h or 1d"
            )),
        }
    }

    /// Whole milliseconds.
    pub fn ms(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit_ms): &&(&str, i64)| self.0 % unit_ms == 0;
        let (suffix, unit_ms) = SPAN_UNITS.iter().rev().find(fits).unwrap_or(&("ms", 1));
        write!(f, "{}{suffix}", self.0 / unit_ms)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc3339_in_json_and_a_number_in_postcard() {
        let time = TimeMs(1_782_079_500_123);
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            "\"2026-06-21T22:05:00.123Z\""
        );
        let bytes = postcard::to_stdvec(&time).unwrap();
        assert!(bytes.len() <= 7);
        assert_eq!(postcard::from_bytes::<TimeMs>(&bytes).unwrap(), time);
    }

    #[test]
    fn an_offset_is_honoured() {
        let time = TimeMs::from_rfc3339("2026-06-22T06:05:00.123+08:00").unwrap();
        assert_eq!(time, TimeMs(1_782_079_500_123));
    }

    #[test]
    fn spans_are_read_and_written_in_their_largest_whole_unit() {
        for (text, ms) in [
            ("90s", 90_000),
            ("10m", 600_000),
            ("1d", 86_400_000),
            ("5ms", 5),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!(span, Span(ms));
            assert_eq!(span.to_string(), text);
        }
        assert!(Span::parse("5 minutes").unwrap_err().contains("10m"));
        assert!(Span::parse("99999999999999999d").is_err());
    }
}
