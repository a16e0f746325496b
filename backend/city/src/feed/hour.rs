//! What a feed delivered in each minute of the last hour, and how good that was.

use std::collections::VecDeque;

use egret_shared::feed::Quality;
use serde::{Deserialize, Serialize};

/// Whole minutes that are looked back on.
pub(crate) const MINUTES: usize = 60;

const MINUTE_MS: i64 = 60_000;

/// What came in one minute, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Minute {
    /// Messages taken in.
    pub(super) came: u32,
    /// Of these, those within the feed's lateness.
    pub(super) on_time: u32,
    /// Of these, those with a doubtful value.
    suspect: u32,
    pub(super) refused: u32,
    /// Promised messages that were kept.
    kept: u32,
    /// Thousandths of messages that were promised.
    due_milli: u64,
}

/// The last hour of a feed by minutes, the running one last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hour {
    /// Number of the running minute since the epoch.
    running: i64,
    minutes: VecDeque<Minute>,
}

impl Hour {
    /// Lets the running minute be that of `now_ms`.
    pub(super) fn come_to(&mut self, now_ms: i64) {
        let minute = now_ms.div_euclid(MINUTE_MS);
        let n_new = minute.saturating_sub(self.running).max(0).unsigned_abs();
        let n_new = usize::try_from(n_new).map_or(MINUTES + 1, |n| n.min(MINUTES + 1));
        for _ in 0..n_new {
            self.minutes.push_back(Minute::default());
        }
        let surplus = self.minutes.len().saturating_sub(MINUTES + 1);
        self.minutes.drain(..surplus);
        self.running = self.running.max(minute);
    }

    /// Counts a message that was taken in.
    pub(super) fn count(&mut self, on_time: bool) {
        if let Some(minute) = self.minutes.back_mut() {
            minute.came += 1;
            minute.on_time += u32::from(on_time);
        }
    }

    pub(super) fn count_suspect(&mut self) {
        if let Some(minute) = self.minutes.back_mut() {
            minute.suspect += 1;
        }
    }

    pub(super) fn count_refused(&mut self) {
        if let Some(minute) = self.minutes.back_mut() {
            minute.refused += 1;
        }
    }

    /// Counts a kept promise in the running minute, or, where it was due long before it came, in
    /// the minute of `at_ms`.
    pub(super) fn count_kept(&mut self, at_ms: Option<i64>) {
        let minute = at_ms.map_or(self.running, |at_ms| at_ms.div_euclid(MINUTE_MS));
        let back = self.running.saturating_sub(minute);
        let at = usize::try_from(back)
            .ok()
            .and_then(|back| self.minutes.len().checked_sub(back + 1));
        if let Some(minute) = at.and_then(|at| self.minutes.get_mut(at)) {
            minute.kept += 1;
        }
    }

    /// Adds thousandths of messages to what was promised for the running minute.
    pub(super) fn promise(&mut self, due_milli: u64) {
        if let Some(minute) = self.minutes.back_mut() {
            minute.due_milli += due_milli;
        }
    }

    /// What came in the last `n_minutes` whole minutes, an hour at most.
    pub(super) fn whole(&self, n_minutes: usize) -> Minute {
        let n_whole = self.minutes.len().saturating_sub(1);
        let first = n_whole.saturating_sub(n_minutes);
        Minute::sum(self.minutes.range(first..n_whole))
    }

    /// What came in the running minute and the `n_minutes` before it, an hour at most.
    pub(super) fn of_late(&self, n_minutes: usize) -> Minute {
        let first = self.minutes.len().saturating_sub(n_minutes + 1);
        Minute::sum(self.minutes.range(first..))
    }
}

impl Minute {
    fn sum<'a>(minutes: impl Iterator<Item = &'a Self>) -> Self {
        minutes.fold(Self::default(), |sum, minute| Self {
            came: sum.came + minute.came,
            on_time: sum.on_time + minute.on_time,
            suspect: sum.suspect + minute.suspect,
            refused: sum.refused + minute.refused,
            kept: sum.kept + minute.kept,
            due_milli: sum.due_milli + minute.due_milli,
        })
    }

    /// Refused messages, of all that came, in per cent; `None` if none came.
    pub(super) fn refused_share(&self) -> Option<f64> {
        let all = u64::from(self.came) + u64::from(self.refused);
        (all > 0).then(|| percent(self.refused.into(), all))
    }

    /// How good it was, to a tenth of a per cent; `None` if nothing came and nothing was due.
    ///
    /// Of a feed that delivers nothing of what is due nothing is good: left out, it would make the
    /// mean over a department better by falling silent.
    pub(super) fn quality(&self) -> Option<Quality> {
        let all = u64::from(self.came) + u64::from(self.refused);
        if all == 0 && self.due_milli == 0 {
            return None;
        }
        let sound = self.came.saturating_sub(self.suspect);
        let timeliness = percent(self.on_time.into(), self.came.into());
        let validity = percent(sound.into(), all);
        let is_due = self.due_milli > 0;
        let completeness = is_due.then(|| percent(u64::from(self.kept) * 1_000, self.due_milli));
        let known = 2.0 + f64::from(u8::from(is_due));
        let score = (timeliness + validity + completeness.unwrap_or_default()) / known;
        Some(Quality {
            timeliness,
            completeness,
            validity,
            score: tenths(score),
        })
    }
}

/// `part` of `whole` in per cent, at most 100; 0 of nothing.
fn percent(part: u64, whole: u64) -> f64 {
    tenths(100.0 * (part as f64 / whole.max(1) as f64).min(1.0))
}

fn tenths(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour_of(minutes: i64, each: impl Fn(&mut Hour, i64)) -> Hour {
        let mut hour = Hour::default();
        for minute in 0..minutes {
            hour.come_to(29_000_000 * MINUTE_MS + minute * MINUTE_MS);
            each(&mut hour, minute);
        }
        hour
    }

    #[test]
    fn quality_is_of_the_whole_minutes_of_an_hour() {
        let hour = hour_of(70, |hour, minute| {
            hour.promise(2_000);
            hour.count(minute % 2 == 0);
            hour.count_kept(None);
            if minute < 9 {
                // Longer ago than an hour.
                hour.count_suspect();
            }
        });
        let quality = hour.whole(MINUTES).quality().unwrap();
        let expected = Quality {
            timeliness: 50.0,
            completeness: Some(50.0),
            validity: 100.0,
            score: 66.7,
        };
        assert_eq!(quality, expected);
    }

    #[test]
    fn of_nothing_due_there_is_no_quality_and_of_nothing_delivered_none_is_good() {
        assert_eq!(hour_of(3, |_, _| {}).whole(MINUTES).quality(), None);
        let silent = hour_of(3, |hour, _| hour.promise(1_000));
        let silent = silent.whole(MINUTES).quality().unwrap();
        assert_eq!((silent.completeness, silent.score), (Some(0.0), 0.0));
    }

    #[test]
    fn a_window_is_of_its_own_minutes_and_the_running_one_counts_where_it_is_asked_for() {
        let hour = hour_of(30, |hour, minute| {
            hour.count(true);
            if minute >= 28 {
                hour.count_refused();
            }
        });
        let whole = hour.whole(10);
        assert_eq!((whole.came, whole.refused), (10, 1));
        assert_eq!(whole.refused_share(), Some(9.1));
        let of_late = hour.of_late(10);
        assert_eq!((of_late.came, of_late.refused), (11, 2));
        assert_eq!(Hour::default().of_late(10).refused_share(), None);
    }

    #[test]
    fn what_was_stored_counts_in_the_minute_in_which_it_was_due() {
        let mut hour = hour_of(30, |hour, _| hour.promise(1_000));
        for minute in 0..29 {
            hour.count_kept(Some((29_000_000 + minute) * MINUTE_MS));
        }
        hour.count_kept(Some(0));
        assert_eq!(
            hour.whole(MINUTES).quality().unwrap().completeness,
            Some(100.0)
        );
    }
}
