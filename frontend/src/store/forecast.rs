//! What the next hours may bring, as the server computed it from what was measured. Never mixed
//! with measured values: it has a type, a signal and a stroke of its own.

use serde::Deserialize;

use egret_shared::time::TimeMs;

/// How many hours ahead are asked for.
pub(crate) const HOURS: u32 = 6;

/// A forecast, or why there is none.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Forecast {
    /// Whether there is one.
    pub(crate) available: bool,
    /// How much of a chance the interval stands for, 0 to 1.
    #[serde(default)]
    pub(crate) level: f64,
    /// Hours of history that there are.
    #[serde(default)]
    pub(crate) history_hours: u32,
    /// Hours of history that it takes.
    #[serde(default)]
    pub(crate) needed_hours: u32,
    /// Hour by hour, oldest first.
    #[serde(default)]
    pub(crate) points: Vec<Expected>,
}

/// What is expected of one hour, in the metric's unit.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(crate) struct Expected {
    /// Begin of the hour.
    pub(crate) start: TimeMs,
    /// End of the hour.
    pub(crate) end: TimeMs,
    /// The likeliest mean of the hour.
    pub(crate) v: f64,
    /// Lower end of the interval.
    pub(crate) low: f64,
    /// Upper end of the interval.
    pub(crate) high: f64,
}

impl Expected {
    /// Where it stands on a time axis: a mean of an hour belongs to its middle.
    pub(crate) fn at(&self) -> TimeMs {
        TimeMs(i64::midpoint(self.start.0, self.end.0))
    }
}

impl Forecast {
    /// The hours after `now`, none if there is no forecast.
    pub(crate) fn ahead(&self, now: TimeMs) -> impl Iterator<Item = &Expected> {
        let points = if self.available {
            self.points.as_slice()
        } else {
            &[]
        };
        points.iter().filter(move |point| point.at() > now)
    }

    /// Hours of history needed and there, while that is why there is none.
    pub(crate) fn lacking(&self) -> Option<(u32, u32)> {
        let lacks = !self.available && self.history_hours < self.needed_hours;
        lacks.then_some((self.needed_hours, self.history_hours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn forecast(available: bool) -> Forecast {
        let hour = |n: i64| Expected {
            start: TimeMs(n * HOUR),
            end: TimeMs((n + 1) * HOUR),
            v: 1.0,
            low: 0.0,
            high: 2.0,
        };
        Forecast {
            available,
            level: 0.9,
            history_hours: 5,
            needed_hours: 72,
            points: (0..3).map(hour).collect(),
        }
    }

    #[test]
    fn what_has_passed_is_no_forecast_any_more() {
        assert_eq!(forecast(true).ahead(TimeMs(HOUR)).count(), 2);
        assert_eq!(forecast(false).ahead(TimeMs(0)).count(), 0);
    }

    #[test]
    fn too_little_history_is_said_with_both_figures() {
        assert_eq!(forecast(false).lacking(), Some((72, 5)));
        assert_eq!(forecast(true).lacking(), None);
    }
}
