//! Reports: requests, calls, accidents and findings, and the steps of their lives.
//!
//! Each report feed has a daily number, a curve over the day and its categories' shares; the
//! storm adds calls where water stands. A case is opened and then taken from step to step.

use egret_shared::id::FeedId;
use egret_shared::report::STATE_OPENED;
use egret_shared::time::TimeMs;

use crate::curve::whole_ms;
use crate::daily::{self, Curve, at_hour};
use crate::dice::Dice;
use crate::plane::Point;
use crate::sensors::Scene;

mod kinds;
mod storm_calls;

pub(crate) use kinds::kind_of;
pub(crate) use storm_calls::{trouble, wet_places};

/// How a report feed lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Short name in report numbers.
    pub(crate) code: &'static str,
    /// Reports on a quiet day.
    pub(crate) per_day: f64,
    /// When in the day.
    pub(crate) curve: &'static Curve,
    /// What they are about, with shares.
    pub(crate) categories: &'static [(&'static str, f64)],
    /// Categories that a storm brings everywhere, with how many times their share.
    pub(crate) in_storm: &'static [(&'static str, f64)],
    /// The steps after opening, each with least and greatest delay after the one before.
    pub(crate) steps: &'static [Step],
    /// What people call about where water stands.
    pub(crate) by_water: &'static [ByWater],
}

/// A step of a case: its state, and how long after the one before, in minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The state it enters.
    pub(crate) state: &'static str,
    /// Least and greatest delay in minutes.
    pub(crate) after_min: [f64; 2],
}

/// Calls near standing water.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByWater {
    /// What about.
    pub(crate) category: &'static str,
    /// From this depth on, mm.
    pub(crate) from_mm: f64,
    /// Calls per hour and place at twice that depth, in a storm played at its own speed.
    pub(crate) per_hour: f64,
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
    /// Where.
    pub(crate) place: Point,
    /// How much water the caller sees, mm; 0 if none.
    pub(crate) depth_mm: f64,
    /// The caller's running number: there is no caller.
    pub(crate) caller: u32,
    /// The state it is in.
    pub(crate) state: &'static str,
    /// What is still to come.
    left: &'static [Step],
    /// Whether the caller has to wait longer, for all hands are busy.
    strain: f64,
}

impl Case {
    /// When the next step comes, and the case as it will be then; `None` when it is closed.
    pub(crate) fn next(mut self, at: TimeMs, dice: &mut Dice) -> Option<(TimeMs, Self)> {
        let (step, left) = self.left.split_first()?;
        let [least, most] = step.after_min;
        // Most cases go quickly, some take long.
        let minutes = least + (most - least) * dice.unit().powi(2) * self.strain;
        self.state = step.state;
        self.left = left;
        Some((TimeMs(at.0 + whole_ms(minutes * 60_000.0)), self))
    }
}

/// One feed's desk, where its cases come in.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    /// The feed.
    pub(crate) feed: FeedId,
    kind: Kind,
    n_cases: u32,
    dice: Dice,
}

/// How often a desk looks for new cases, ms.
pub(crate) const DESK_EVERY_MS: i64 = 5_000;

/// How far from a standing asset a report's place may lie, m: near enough to stay on land.
const AROUND_M: f64 = 140.0;

impl Desk {
    /// The desk of `feed`.
    pub(crate) fn new(feed: FeedId, kind: Kind, dice: Dice) -> Self {
        Self {
            feed,
            kind,
            n_cases: 0,
            dice,
        }
    }

    /// How likely cases are now, per second, away from standing water.
    pub(crate) fn per_s(&self, scene: &Scene<'_>) -> f64 {
        let of_mean = at_hour(self.kind.curve, scene.hour) / daily::mean(self.kind.curve);
        self.kind.per_day / 86_400.0 * of_mean
    }

    /// The cases of the next [`DESK_EVERY_MS`], each with its time; `rate` multiplies their
    /// number, `places` are where people live, `wet` where water stands and how deep in mm.
    pub(crate) fn open(
        &mut self,
        scene: &Scene<'_>,
        rate: f64,
        places: &[Point],
        wet: &[(Point, f64)],
        number_prefix: &str,
    ) -> Vec<(TimeMs, Case)> {
        let seconds = DESK_EVERY_MS as f64 / 1_000.0;
        let mut cases = Vec::new();
        let n_usual = self.dice.poisson(self.per_s(scene) * seconds * rate);
        for _ in 0..n_usual {
            let place = self.dice.pick(places).copied().unwrap_or_default();
            let category = self.category(scene);
            cases.push(self.case(scene, category, place, 0.0, number_prefix));
        }
        for by_water in self.kind.by_water {
            for (place, depth_mm) in wet {
                let per_s = storm_calls::per_s(*by_water, *depth_mm, scene.rain.pace());
                for _ in 0..self.dice.poisson(per_s * seconds * rate) {
                    let category = by_water.category;
                    cases.push(self.case(scene, category, *place, *depth_mm, number_prefix));
                }
            }
        }
        cases
    }

    fn category(&mut self, scene: &Scene<'_>) -> &'static str {
        let in_storm = self.kind.in_storm;
        let factor = |category: &str| {
            let listed = in_storm.iter().find(|(name, _)| *name == category);
            listed.map_or(1.0, |(_, times)| 1.0 + (times - 1.0) * scene.cloud)
        };
        let shares: Vec<(&'static str, f64)> = self
            .kind
            .categories
            .iter()
            .map(|(name, share)| (*name, share * factor(name)))
            .collect();
        self.dice.weighted(&shares).copied().unwrap_or("other")
    }

    fn case(
        &mut self,
        scene: &Scene<'_>,
        category: &'static str,
        near: Point,
        depth_mm: f64,
        number_prefix: &str,
    ) -> (TimeMs, Case) {
        self.n_cases = self.n_cases.wrapping_add(1);
        let (angle, reach_m) = (
            self.dice.between(0.0, std::f64::consts::TAU),
            self.dice.unit(),
        );
        let reach_m = reach_m.sqrt() * AROUND_M;
        let place = Point {
            x: near.x + reach_m * angle.cos(),
            y: near.y + reach_m * angle.sin(),
        };
        let delay_ms = whole_ms(self.dice.unit() * (DESK_EVERY_MS - 1) as f64);
        let case = Case {
            feed: self.feed.clone(),
            report: format!(
                "{}-{number_prefix}-{:04}",
                self.kind.code,
                self.n_cases % 10_000
            ),
            category,
            place,
            depth_mm,
            caller: self.n_cases % 10_000,
            state: STATE_OPENED,
            left: self.kind.steps,
            strain: 1.0 + 0.8 * scene.trouble,
        };
        (TimeMs(scene.at.0 + delay_ms), case)
    }
}
