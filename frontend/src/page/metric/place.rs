//! Where on the metric page a reader is: area, range, chosen window, moment of knowledge. All of
//! it is in the URL, so that a link shows a colleague the same. Pure.

use egret_shared::id::{AreaCode, MetricId};
use egret_shared::time::{Span, TimeMs};

/// How far back a chart goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Range {
    /// Six hours.
    #[default]
    Hours6,
    /// A day.
    Day,
    /// A week.
    Week,
    /// Thirty days.
    Month,
    /// A year.
    Year,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Range {
    /// All of them, shortest first.
    pub(crate) const ALL: [Self; 5] =
        [Self::Hours6, Self::Day, Self::Week, Self::Month, Self::Year];

    /// Its name in a URL, and on its button.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Hours6 => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Year => "1y",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.code() == code)
    }

    /// How long it is.
    pub(crate) fn span(self) -> Span {
        Span(match self {
            Self::Hours6 => 6 * HOUR_MS,
            Self::Day => DAY_MS,
            Self::Week => 7 * DAY_MS,
            Self::Month => 30 * DAY_MS,
            Self::Year => 365 * DAY_MS,
        })
    }

    /// The time that one point stands for: 180 to 370 points, which a chart can tell apart and a
    /// table can still list.
    pub(crate) fn step(self) -> Span {
        Span(match self {
            Self::Hours6 => MINUTE_MS,
            Self::Day => 5 * MINUTE_MS,
            Self::Week => HOUR_MS,
            Self::Month => 4 * HOUR_MS,
            Self::Year => DAY_MS,
        })
    }

    /// How much of a forecast it has room for.
    pub(crate) fn ahead(self) -> Span {
        Span(match self {
            Self::Hours6 => 2 * HOUR_MS,
            Self::Day | Self::Week => 6 * HOUR_MS,
            Self::Month | Self::Year => 0,
        })
    }
}

/// What a reader has chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// Which area; absent, the whole city.
    pub(crate) area: Option<AreaCode>,
    /// How far back.
    pub(crate) range: Range,
    /// The end of the chosen window; absent, the live one.
    pub(crate) at: Option<TimeMs>,
    /// The moment of knowledge; absent, now.
    pub(crate) as_of: Option<TimeMs>,
}

impl Place {
    /// The place that a query names; what it does not name, or names wrongly, is as if absent.
    pub(crate) fn from_query<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Self {
        let time = |name: &str| TimeMs::from_rfc3339(query(name)?).ok();
        Self {
            area: query("area").map(AreaCode::from),
            range: query("range")
                .and_then(Range::from_code)
                .unwrap_or_default(),
            at: time("at"),
            as_of: time("as_of"),
        }
    }

    /// The address of this place on the page of `metric`.
    pub(crate) fn href(&self, metric: &MetricId) -> String {
        let mut query = Vec::new();
        if let Some(area) = &self.area {
            query.push(format!("area={}", percent_encoded(area.as_str())));
        }
        if self.range != Range::default() {
            query.push(format!("range={}", self.range.code()));
        }
        if let Some(at) = self.at {
            query.push(format!("at={at}"));
        }
        if let Some(as_of) = self.as_of {
            query.push(format!("as_of={as_of}"));
        }
        let metric = percent_encoded(metric.as_str());
        if query.is_empty() {
            format!("/metric/{metric}")
        } else {
            format!("/metric/{metric}?{}", query.join("&"))
        }
    }
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%XX`.
fn percent_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_from_its_address() {
        let place = Place {
            area: Some("350203".into()),
            range: Range::Week,
            at: Some(TimeMs(1_782_079_500_000)),
            as_of: Some(TimeMs(1_782_083_100_000)),
        };
        let href = place.href(&"water.stress".into());
        assert_eq!(
            href,
            "/metric/water.stress?area=350203&range=7d&at=2026-06-21T22:05:00.000Z\
             &as_of=2026-06-21T23:05:00.000Z"
        );
        let pairs: Vec<_> = href
            .split(['?', '&'])
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let query = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|pair| pair.1)
        };
        assert_eq!(Place::from_query(query), place);
    }

    #[test]
    fn what_a_query_names_wrongly_is_as_if_absent() {
        let query = |name: &str| match name {
            "range" => Some("9h"),
            "at" => Some("yesterday"),
            _ => None,
        };
        assert_eq!(Place::from_query(query), Place::default());
        assert_eq!(Place::default().href(&"a/b".into()), "/metric/a%2Fb");
    }

    #[test]
    fn every_range_has_points_that_a_chart_can_tell_apart() {
        for range in Range::ALL {
            let n = range.span().ms() / range.step().ms();
            assert!((168..=370).contains(&n), "{range:?}: {n}");
            assert_eq!(Range::from_code(range.code()), Some(range));
        }
    }
}
