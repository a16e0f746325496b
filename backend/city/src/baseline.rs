//! What a metric usually is: for each hour of the week, the median of the same hour in the weeks
//! before, and how far from it is usual.
//!
//! Learned from closed windows as they were first known, so that it costs nothing while readings
//! come in. A value is compared with the hours of weeks before and joins them only once its hour
//! is over; what is learned is shown beside what is measured and never mixed into it.
//!
//! # Source
//! Median and median absolute deviation with the 0.6745 (1.4826) of the normal distribution:
//! Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use egret_shared::metric::Typical;
use serde::{Deserialize, Serialize};

use crate::limits::{BASELINE_CLOSINGS_LEAST, BASELINE_WEEKS, BASELINE_WEEKS_LEAST};

/// Hours of a week, from Monday's first.
const HOURS: usize = 7 * 24;

const HOUR_MS: i64 = 3_600_000;

/// Makes the median absolute deviation of normal values their standard deviation.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The least spread, as a share of the median: a number that was the same to the last digit for
/// three weeks must not turn its first wobble into an anomaly.
const SPREAD_LEAST: f64 = 0.02;

/// The least spread where the median is 0, in the metric's unit.
const SPREAD_AT_ZERO: f64 = 0.01;

/// What was learned of every metric that learns, by its cell's number.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Baselines(BTreeMap<u32, Baseline>);

/// One metric in one area.
#[derive(Debug, Serialize, Deserialize)]
struct Baseline {
    /// The hour that is running, by its beginning.
    hour_ms: i64,
    sum: f64,
    n: u32,
    /// By hour of the week.
    hours: Vec<Hour>,
}

/// One hour of the week.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Hour {
    /// Means of that hour in the last [`BASELINE_WEEKS`] weeks, oldest first.
    means: VecDeque<f32>,
    median: f64,
    spread: f64,
}

impl Baselines {
    /// Takes in `v` over the window that closed at `end_ms`, one of those that close every
    /// `step_ms`.
    pub(crate) fn take(&mut self, cell: u32, zone: Tz, (end_ms, step_ms): (i64, i64), v: f64) {
        let hour_ms = (end_ms - 1).div_euclid(HOUR_MS) * HOUR_MS;
        let one = self.0.entry(cell).or_insert_with(|| Baseline::new(hour_ms));
        if hour_ms > one.hour_ms {
            one.turn(zone, hour_ms, step_ms);
        }
        // What comes late for an hour that is over changes the history, not what was usual.
        if hour_ms == one.hour_ms {
            one.sum += v;
            one.n += 1;
        }
    }

    /// What is usual in the hour in which `end_ms` ends, and how far `v` is from it; `None` until
    /// enough weeks have been seen.
    pub(crate) fn typical(
        &self,
        cell: u32,
        zone: Tz,
        end_ms: i64,
        v: Option<f64>,
    ) -> Option<Typical> {
        let hour = self.0.get(&cell)?.hours.get(hour_of_week(zone, end_ms)?)?;
        let weeks = u8::try_from(hour.means.len()).unwrap_or(u8::MAX);
        (weeks >= BASELINE_WEEKS_LEAST).then(|| Typical {
            v: hour.median,
            spread: hour.spread,
            weeks,
            z: v.map(|v| (v - hour.median) / hour.spread),
        })
    }

    /// How many weeks stand behind the hour in which `end_ms` ends.
    pub(crate) fn weeks(&self, cell: u32, zone: Tz, end_ms: i64) -> u8 {
        let hour = hour_of_week(zone, end_ms).and_then(|hour| self.0.get(&cell)?.hours.get(hour));
        hour.map_or(0, |hour| u8::try_from(hour.means.len()).unwrap_or(u8::MAX))
    }
}

impl Baseline {
    fn new(hour_ms: i64) -> Self {
        Self {
            hour_ms,
            sum: 0.0,
            n: 0,
            hours: vec![Hour::default(); HOURS],
        }
    }

    /// Ends the running hour and begins the one at `hour_ms`.
    fn turn(&mut self, zone: Tz, hour_ms: i64, step_ms: i64) {
        let due = (HOUR_MS / step_ms.max(1)).max(1);
        let ended = hour_of_week(zone, self.hour_ms + 1).and_then(|hour| self.hours.get_mut(hour));
        if let Some(hour) = ended
            && i64::from(self.n) * 100 >= due * BASELINE_CLOSINGS_LEAST
        {
            hour.learn(self.sum / f64::from(self.n));
        }
        (self.hour_ms, self.sum, self.n) = (hour_ms, 0.0, 0);
    }
}

impl Hour {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "seven digits are more than a typical value deserves, and halve the memory"
    )]
    fn learn(&mut self, mean: f64) {
        self.means.push_back(mean as f32);
        if self.means.len() > BASELINE_WEEKS {
            self.means.pop_front();
        }
        let means: Vec<f64> = self.means.iter().copied().map(f64::from).collect();
        self.median = median(means.clone());
        let middle = self.median;
        let deviation = median(means.iter().map(|mean| (mean - middle).abs()).collect());
        let least = (SPREAD_LEAST * middle.abs()).max(SPREAD_AT_ZERO);
        self.spread = (MAD_TO_DEVIATION * deviation).max(least);
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = values
        .get((values.len() / 2).wrapping_sub(1))
        .copied()
        .unwrap_or_default();
    f64::midpoint(lower, upper)
}

/// Which hour of the local week ends at, or holds, `end_ms`; 0 is Monday's first.
fn hour_of_week(zone: Tz, end_ms: i64) -> Option<usize> {
    let local = DateTime::from_timestamp_millis(end_ms - 1)?.with_timezone(&zone);
    let hour = local.weekday().num_days_from_monday() * 24 + local.hour();
    usize::try_from(hour).ok()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "medians of the values themselves")]
mod tests {
    use super::*;

    const ZONE: Tz = chrono_tz::Asia::Shanghai;
    const MINUTE_MS: i64 = 60_000;
    const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
    /// Monday 2026-06-01 08:00 in Xiamen.
    const MONDAY_8: i64 = 1_780_272_000_000;

    /// `weeks` weeks in which the hour after [`MONDAY_8`] is `v(week)` and nothing else is known.
    fn learned(weeks: i64, v: impl Fn(i64) -> f64) -> Baselines {
        let mut baselines = Baselines::default();
        for week in 0..weeks {
            let start = MONDAY_8 + week * WEEK_MS;
            for minute in 1..=60 {
                baselines.take(3, ZONE, (start + minute * MINUTE_MS, MINUTE_MS), v(week));
            }
        }
        // The next minute ends the last hour.
        let after = MONDAY_8 + weeks * WEEK_MS - WEEK_MS + HOUR_MS + MINUTE_MS;
        baselines.take(3, ZONE, (after, MINUTE_MS), 0.0);
        baselines
    }

    #[test]
    fn the_hour_of_the_week_is_the_citys_own() {
        assert_eq!(hour_of_week(ZONE, MONDAY_8 + 1), Some(8));
        assert_eq!(hour_of_week(ZONE, MONDAY_8), Some(7));
        assert_eq!(hour_of_week(ZONE, MONDAY_8 - 8 * HOUR_MS), Some(HOURS - 1));
    }

    #[test]
    fn nothing_is_typical_before_enough_weeks() {
        let end = MONDAY_8 + 30 * MINUTE_MS;
        let few = learned(i64::from(BASELINE_WEEKS_LEAST) - 1, |_| 5.0);
        assert_eq!(few.typical(3, ZONE, end, Some(5.0)), None);
        assert_eq!(few.weeks(3, ZONE, end), BASELINE_WEEKS_LEAST - 1);
        let enough = learned(i64::from(BASELINE_WEEKS_LEAST), |_| 5.0);
        assert_eq!(enough.typical(3, ZONE, end, None).unwrap().v, 5.0);
        assert_eq!(enough.typical(4, ZONE, end, None), None);
    }

    #[test]
    fn one_odd_week_moves_neither_the_median_nor_the_spread_much() {
        let values = [100.0, 104.0, 96.0, 900.0, 102.0];
        let baselines = learned(5, |week| values[usize::try_from(week).unwrap()]);
        let typical = baselines
            .typical(3, ZONE, MONDAY_8 + MINUTE_MS, Some(120.0))
            .unwrap();
        assert_eq!(typical.v, 102.0);
        assert!((typical.spread - MAD_TO_DEVIATION * 2.0).abs() < 1e-9);
        assert!((typical.z.unwrap() - 18.0 / typical.spread).abs() < 1e-9);
    }

    #[test]
    fn old_weeks_are_forgotten() {
        let weeks = i64::try_from(BASELINE_WEEKS).unwrap();
        let baselines = learned(2 * weeks, |week| if week < weeks { 1.0 } else { 50.0 });
        let typical = baselines
            .typical(3, ZONE, MONDAY_8 + MINUTE_MS, None)
            .unwrap();
        assert_eq!(
            (typical.v, usize::from(typical.weeks)),
            (50.0, BASELINE_WEEKS)
        );
    }

    #[test]
    fn a_number_that_never_moved_still_has_a_spread() {
        let baselines = learned(4, |_| 0.0);
        let typical = baselines
            .typical(3, ZONE, MONDAY_8 + MINUTE_MS, Some(0.005))
            .unwrap();
        assert!(typical.spread > 0.0 && typical.z.unwrap() < 1.0);
    }

    #[test]
    fn less_than_half_an_hour_is_not_learned_whatever_the_step() {
        for (step, closings, learned) in [(1, 29, 0), (1, 30, 4), (5, 5, 0), (5, 6, 4), (60, 1, 4)]
        {
            let mut baselines = Baselines::default();
            for week in 0..5 {
                for closing in 1..=closings {
                    let end = MONDAY_8 + week * WEEK_MS + closing * step * MINUTE_MS;
                    baselines.take(3, ZONE, (end, step * MINUTE_MS), 7.0);
                }
            }
            let weeks = baselines.weeks(3, ZONE, MONDAY_8 + MINUTE_MS);
            assert_eq!(weeks, learned, "{closings} closings every {step} minutes");
        }
    }
}
