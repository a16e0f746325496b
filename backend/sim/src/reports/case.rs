//! One case on its way from step to step.
//!
//! How long a step takes is drawn from a log-normal distribution, as times of service are: most
//! are quick, a few take very long, none is negative. What slows a case as a whole (the district,
//! the hour, a storm) was settled when it came in.

use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;

use crate::curve::whole_ms;
use crate::dice::Dice;
use crate::happening::Happening;
use crate::plane::Point;

/// The state of a request that was not replied to within its limit.
const OVERDUE: &str = "overdue";

/// So many deviations from the median a delay may lie: the longest are 30 times the median at
/// most, so that no case stays open for weeks.
const DEVIATIONS_MAX: f64 = 3.0;

/// A step of a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The state it enters.
    pub(crate) state: &'static str,
    /// Which state a few enter instead.
    pub(crate) or: Option<Other>,
    /// How long after the step before, in the middle of all cases, minutes.
    pub(crate) median_min: f64,
    /// Standard deviation of the delay's logarithm.
    pub(crate) spread: f64,
    /// The share of cases that take this step; the others end before it.
    pub(crate) share: f64,
    /// Whether the category's limit runs until this step.
    pub(crate) limited: bool,
}

/// A state that some cases enter instead of the usual one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Other {
    /// The state.
    pub(crate) state: &'static str,
    /// How many of them on a quiet day, 0 to 1.
    pub(crate) share: f64,
    /// How many more in the worst storm, 0 to 1.
    pub(crate) in_trouble: f64,
    /// Whether the case ends there.
    pub(crate) ends: bool,
}

/// A case between two steps.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The feed that tells of it.
    pub(crate) feed: FeedId,
    /// Its number upstream.
    pub(crate) report: String,
    /// What it is about.
    pub(crate) category: &'static str,
    /// Where; nowhere for calls.
    pub(crate) place: Option<Point>,
    /// How much water the caller sees, mm; 0 if none.
    pub(crate) depth_mm: f64,
    /// What made them call; nothing for what any day brings.
    pub(crate) what: Option<Happening>,
    /// The caller's running number: there is no caller.
    pub(crate) caller: u32,
    /// The state it is in.
    pub(crate) state: &'static str,
    /// What is still to come.
    pub(super) left: &'static [Step],
    /// How many times the usual time everything takes.
    pub(super) slow: f64,
    /// How much trouble there was when it came in, 0 to 1.
    pub(super) trouble: f64,
    /// When its limit passes; absent if its category has none.
    pub(super) due_at: Option<TimeMs>,
    /// The step that comes after the limit has passed, and when.
    pub(super) coming: Option<(TimeMs, &'static str)>,
}

impl Case {
    /// When the next step comes, and the case as it will be then; `None` when it has ended.
    pub(crate) fn next(mut self, at: TimeMs, dice: &mut Dice) -> Option<(TimeMs, Self)> {
        if let Some((then, state)) = self.coming.take() {
            self.state = state;
            return Some((then, self));
        }
        let (step, left) = self.left.split_first()?;
        if !dice.chance(step.share) {
            return None;
        }
        let deviations = dice.normal().clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX);
        let minutes = step.median_min * (step.spread * deviations).exp() * self.slow;
        let then = TimeMs(at.0 + whole_ms(minutes * 60_000.0).max(1));
        let other = step.or.filter(|or| {
            let share = or.share + or.in_trouble * self.trouble;
            dice.chance(share)
        });
        let state = other.map_or(step.state, |or| or.state);
        self.left = if other.is_some_and(|or| or.ends) {
            &[]
        } else {
            left
        };
        if let Some(due_at) = self.due_at.filter(|due_at| step.limited && then > *due_at) {
            self.coming = Some((then, state));
            self.state = OVERDUE;
            return Some((due_at.max(at), self));
        }
        self.state = state;
        Some((then, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLIED: Step = Step {
        state: "replied",
        or: None,
        median_min: 60.0,
        spread: 0.9,
        share: 1.0,
        limited: true,
    };

    const EITHER: Step = Step {
        state: "answered",
        or: Some(Other {
            state: "abandoned",
            share: 0.25,
            in_trouble: 0.5,
            ends: true,
        }),
        limited: false,
        ..REPLIED
    };

    fn case(left: &'static [Step]) -> Case {
        Case {
            feed: FeedId::new("hotline"),
            report: "12345-1".to_owned(),
            category: "waterlogging",
            place: None,
            depth_mm: 0.0,
            what: None,
            caller: 1,
            state: "opened",
            left,
            slow: 1.0,
            trouble: 0.0,
            due_at: None,
            coming: None,
        }
    }

    #[test]
    fn half_of_the_delays_are_under_the_median_and_some_are_several_times_it() {
        let mut dice = Dice::new(1, "case", 0);
        let delays: Vec<i64> = (0..4_000)
            .map(|_| case(&[REPLIED]).next(TimeMs(0), &mut dice).unwrap().0.0)
            .collect();
        let share = |limit_min: i64| {
            let under = delays.iter().filter(|ms| **ms < limit_min * 60_000);
            under.count() as f64 / 4_000.0
        };
        assert!((share(60) - 0.5).abs() < 0.03, "{}", share(60));
        // e^(1.2816 × 0.9) times the median is the 90th percentile.
        assert!((share(190) - 0.9).abs() < 0.02, "{}", share(190));
    }

    #[test]
    fn a_limit_that_passes_is_told_of_before_the_reply() {
        let mut dice = Dice::new(1, "case", 0);
        let due_at = TimeMs(1_000);
        let late = Case {
            due_at: Some(due_at),
            ..case(&[REPLIED])
        };
        let (at, overdue) = late.next(TimeMs(0), &mut dice).unwrap();
        assert_eq!((at, overdue.state), (due_at, "overdue"));
        let (replied_at, replied) = overdue.next(at, &mut dice).unwrap();
        assert_eq!(replied.state, "replied");
        assert!(replied_at > due_at);
        assert!(replied.next(replied_at, &mut dice).is_none());
    }

    #[test]
    fn some_take_the_other_way_more_of_them_in_trouble_and_may_end_there() {
        for (trouble, expected) in [(0.0, 0.25), (1.0, 0.75)] {
            let mut dice = Dice::new(1, "case", 0);
            let mut n_other = 0;
            for _ in 0..4_000 {
                let steps = const { &[EITHER, REPLIED] };
                let begun = Case {
                    trouble,
                    ..case(steps)
                };
                let (at, case) = begun.next(TimeMs(0), &mut dice).unwrap();
                let is_other = case.state == "abandoned";
                n_other += i32::from(is_other);
                assert_eq!(case.next(at, &mut dice).is_none(), is_other);
            }
            let share = f64::from(n_other) / 4_000.0;
            assert!((share - expected).abs() < 0.03, "{share}");
        }
    }
}
