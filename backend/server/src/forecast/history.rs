//! Past hours in an unbroken row: gaps are filled if they are few, or refused.

use egret_shared::time::TimeMs;

use super::{HOUR, NEEDED_HOURS, Reason};
use crate::limits::FORECAST_HISTORY_HOURS;

/// Hours at the end that may be missing: the newest is rolled up a little after it has ended, and
/// a short outage must not take the forecast away.
const TRAILING_MAX: usize = 3;

/// One part in so many may be missing.
const MISSING_PART: usize = 10;

const DAY_HOURS: usize = 24;

/// A metric's hours up to a whole hour, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct History {
    until: TimeMs,
    /// From the first known hour to the last known one.
    values: Vec<Option<f64>>,
    /// Hours without a value after those.
    n_trailing: usize,
}

impl History {
    /// The history before `until`, which is a whole hour, of the hours that end at these times.
    /// What is no number counts as missing.
    pub(crate) fn new(hours: impl IntoIterator<Item = (TimeMs, f64)>, until: TimeMs) -> Self {
        let mut values = vec![None; FORECAST_HISTORY_HOURS];
        for (end, v) in hours {
            let age = until.since(end).ms();
            let back = usize::try_from(age.div_euclid(HOUR.ms())).ok();
            let place = back.and_then(|back| values.len().checked_sub(back + 1));
            let place = place.and_then(|place| values.get_mut(place));
            if let (Some(place), 0) = (place, age.rem_euclid(HOUR.ms())) {
                *place = Some(v).filter(|v| v.is_finite());
            }
        }
        let n_trailing = values.iter().rev().take_while(|v| v.is_none()).count();
        values.truncate(values.len() - n_trailing);
        let n_leading = values.iter().take_while(|v| v.is_none()).count();
        values.drain(..n_leading);
        Self {
            until,
            values,
            n_trailing,
        }
    }

    /// End of the newest hour.
    pub(crate) fn until(&self) -> TimeMs {
        self.until
    }

    /// Hours with a value.
    pub(crate) fn n_known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// Hours without one between the first and the last that have one.
    pub(crate) fn n_missing(&self) -> usize {
        self.values.len() - self.n_known()
    }

    /// Newest hours without a value.
    pub(crate) fn n_trailing(&self) -> usize {
        self.n_trailing
    }

    /// The row without gaps, from the first known hour to the last.
    ///
    /// A single missing hour lies between its neighbours; of a longer gap each hour is as the
    /// same hour of the nearest day that has it, for a straight line would cut a rush hour off.
    ///
    /// # Errors
    /// Why it cannot be the ground of a forecast.
    pub(crate) fn filled(&self) -> Result<Vec<f64>, Reason> {
        if self.values.is_empty() {
            return Err(Reason::TooLittleHistory);
        }
        if self.n_trailing > TRAILING_MAX {
            return Err(Reason::NoValue);
        }
        if self.n_missing() * MISSING_PART > self.values.len() {
            return Err(Reason::TooManyGaps);
        }
        if self.n_known() < NEEDED_HOURS {
            return Err(Reason::TooLittleHistory);
        }
        let hours = 0..self.values.len();
        let filled: Option<Vec<f64>> = hours.map(|hour| self.at(hour)).collect();
        filled.ok_or(Reason::TooManyGaps)
    }

    fn known(&self, hour: usize) -> Option<f64> {
        self.values.get(hour).copied().flatten()
    }

    fn at(&self, hour: usize) -> Option<f64> {
        let neighbours = || {
            let before = self.known(hour.checked_sub(1)?)?;
            Some(f64::midpoint(before, self.known(hour + 1)?))
        };
        let same_hour = || {
            let days = 1..=self.values.len().div_ceil(DAY_HOURS);
            days.into_iter().find_map(|days| {
                let before = hour.checked_sub(days * DAY_HOURS);
                before
                    .and_then(|hour| self.known(hour))
                    .or_else(|| self.known(hour + days * DAY_HOURS))
            })
        };
        self.known(hour).or_else(neighbours).or_else(same_hour)
    }
}
