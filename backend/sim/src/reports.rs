//! Reports: requests, calls, accidents, findings, cases at counters, and the steps of their lives.
//!
//! Each report feed has a daily number, a curve over the day, a share at weekends and its
//! categories' shares; the storm adds calls where water stands. A case is opened at a desk and
//! then taken from step to step.

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};

use crate::curve::whole_ms;
use crate::daily::{self, Curve, OFFICE, at_hour};
use crate::dice::Dice;
use crate::happening::Happening;
use crate::plane::Point;
use crate::sensors::Scene;

mod case;
mod kinds;
mod storm_calls;

pub(crate) use case::Case;
use case::{Other, Step};
pub(crate) use kinds::kind_of;
pub(crate) use storm_calls::{WetPlace, trouble, wet_places};

/// How a report feed lives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Short name in report numbers.
    pub(crate) code: &'static str,
    /// Reports on a quiet working day.
    pub(crate) per_day: f64,
    /// What of that a day at the weekend has.
    pub(crate) weekend: f64,
    /// When in the day.
    pub(crate) curve: &'static Curve,
    /// What they are about, with shares.
    pub(crate) categories: &'static [(&'static str, f64)],
    /// Categories that a storm brings everywhere, with how many times their share.
    pub(crate) in_storm: &'static [(&'static str, f64)],
    /// The state in which they begin.
    pub(crate) first: &'static str,
    /// The steps after that.
    pub(crate) steps: &'static [Step],
    /// Categories that are handled at another pace than the rest, and their limits.
    pub(crate) classes: &'static [Class],
    /// What slows them at some hours.
    pub(crate) slowed_by: SlowedBy,
    /// How many times longer everything takes in the worst storm, less 1.
    pub(crate) strain: f64,
    /// Whether they happen somewhere; calls do not.
    pub(crate) placed: bool,
    /// What people call about where water stands.
    pub(crate) by_water: &'static [ByWater],
}

/// Categories that are handled at one pace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    /// Which.
    pub(crate) categories: &'static [&'static str],
    /// How many times the usual time they take.
    pub(crate) pace: f64,
    /// Within what time they must be replied to; absent if never.
    pub(crate) limit: Option<Span>,
}

/// What slows a case at some hours of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlowedBy {
    /// Nothing.
    Nothing,
    /// Full roads.
    Roads,
    /// Offices that are closed.
    Offices,
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

/// Where people live.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Home {
    /// Where.
    pub(crate) point: Point,
    /// How many times the usual time its district takes for everything.
    pub(crate) slow: f64,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    category: &'static str,
    home: Home,
    /// How much water they see, mm.
    depth_mm: f64,
    /// What made them ask.
    what: Option<Happening>,
}

impl Asked {
    /// What any day brings.
    fn of(category: &'static str, home: Home) -> Self {
        Self {
            category,
            home,
            depth_mm: 0.0,
            what: None,
        }
    }

    /// What a happening at `point` brings.
    fn because_of(what: Happening, category: &'static str, point: Point) -> Self {
        let home = Home { point, slow: 1.0 };
        Self {
            what: Some(what),
            ..Self::of(category, home)
        }
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

/// How much longer the way takes in the worst rush hour, and a reply when offices are closed.
const RUSH_MORE: f64 = 0.45;
const CLOSED_MORE: f64 = 0.7;

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
        self.kind.per_day / 86_400.0 * of_mean * scene.on_weekends(self.kind.weekend)
    }

    /// The cases of the next [`DESK_EVERY_MS`], each with its time; `rate` multiplies their
    /// number, `homes` are where people live, `wet` where water stands.
    pub(crate) fn open(
        &mut self,
        scene: &Scene<'_>,
        rate: f64,
        homes: &[Home],
        wet: &[WetPlace],
        number_prefix: &str,
    ) -> Vec<(TimeMs, Case)> {
        let seconds = DESK_EVERY_MS as f64 / 1_000.0;
        let mut cases = Vec::new();
        let n_usual = self.dice.poisson(self.per_s(scene) * seconds * rate);
        for _ in 0..n_usual {
            let home = self.dice.pick(homes).copied().unwrap_or_default();
            let category = self.category(scene);
            let asked = Asked::of(category, home);
            cases.push(self.case(scene, asked, number_prefix));
        }
        for by_water in self.kind.by_water {
            for place in wet {
                let per_s = storm_calls::per_s(*by_water, place.depth_mm, scene.rain.pace());
                let asked = Asked {
                    depth_mm: place.depth_mm,
                    ..Asked::because_of(place.what, by_water.category, place.point)
                };
                for _ in 0..self.dice.poisson(per_s * seconds * rate) {
                    cases.push(self.case(scene, asked, number_prefix));
                }
            }
        }
        for callers in scene.mishaps.callers(self.feed.as_str(), scene.at) {
            let asked = Asked::because_of(callers.what, callers.category, callers.point);
            for _ in 0..self.dice.poisson(callers.per_s * seconds * rate) {
                cases.push(self.case(scene, asked, number_prefix));
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

    fn case(&mut self, scene: &Scene<'_>, asked: Asked, number_prefix: &str) -> (TimeMs, Case) {
        let Asked { category, home, .. } = asked;
        self.n_cases = self.n_cases.wrapping_add(1);
        let place = self.around(home.point);
        let delay_ms = whole_ms(self.dice.unit() * (DESK_EVERY_MS - 1) as f64);
        let opened_at = TimeMs(scene.at.0 + delay_ms);
        let mut classes = self.kind.classes.iter();
        let class = classes.find(|class| class.categories.contains(&category));
        let pace = class.map_or(1.0, |class| class.pace);
        let limit = class.and_then(|class| class.limit);
        let case = Case {
            feed: self.feed.clone(),
            report: format!(
                "{}-{number_prefix}-{:04}",
                self.kind.code,
                self.n_cases % 10_000
            ),
            category,
            place: self.kind.placed.then_some(place),
            depth_mm: asked.depth_mm,
            what: asked.what,
            caller: self.n_cases % 10_000,
            state: self.kind.first,
            left: self.kind.steps,
            slow: pace * home.slow * self.slow(scene),
            trouble: scene.trouble,
            due_at: limit.map(|limit| opened_at.plus(limit)),
            coming: None,
        };
        (opened_at, case)
    }

    /// A place near `point`.
    fn around(&mut self, point: Point) -> Point {
        let (angle, reach_m) = (
            self.dice.between(0.0, std::f64::consts::TAU),
            self.dice.unit(),
        );
        let reach_m = reach_m.sqrt() * AROUND_M;
        Point {
            x: point.x + reach_m * angle.cos(),
            y: point.y + reach_m * angle.sin(),
        }
    }

    /// How many times the usual time everything takes now.
    fn slow(&self, scene: &Scene<'_>) -> f64 {
        let by_hour = match self.kind.slowed_by {
            SlowedBy::Nothing => 1.0,
            SlowedBy::Roads => 1.0 + RUSH_MORE * scene.rush,
            SlowedBy::Offices => {
                let manned = at_hour(&OFFICE, scene.hour) / 2.0 * scene.on_weekends(0.4);
                1.0 + CLOSED_MORE * (1.0 - manned.min(1.0))
            }
        };
        by_hour * (1.0 + self.kind.strain * scene.trouble)
    }
}
