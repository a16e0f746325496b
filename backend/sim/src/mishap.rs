//! What a stormy day brings besides the water, by chance and each at its own place: burst mains,
//! gas that leaks, pile-ups.
//!
//! They go by the clock and not by the storm's pace: a pipe does not burst faster in a storm that
//! is played faster. A quiet day has none, so that its screens stay quiet.

use egret_shared::time::TimeMs;

use crate::curve::whole_ms;
use crate::dice::Dice;
use crate::happening::Happening;
use crate::plane::Point;
use crate::setting::{Setting, Site};

/// How many of each a stormy day brings.
const N_BURSTS: usize = 2;
const N_LEAKS: usize = 2;
const N_CRASHES: usize = 3;

/// What happens to an asset of which feed, and how often.
const KINDS: [Kind; 3] = [
    ("water-supply", N_BURSTS, Happening::Burst),
    ("gas", N_LEAKS, Happening::Leak),
    ("arterial", N_CRASHES, Happening::Crash),
];

/// The feed at one of whose assets it happens, how many, and what.
type Kind = (&'static str, usize, fn(usize) -> Happening);

/// When the first can begin, and how much later the last, minutes after the beginning.
const FIRST_MIN: f64 = 3.0;
const SPREAD_MIN: f64 = 20.0;

/// How long one goes on, minutes.
const LASTS_MIN: [f64; 2] = [12.0, 25.0];

/// How far a burst takes the pressure down, a leak is smelt, and a pile-up is felt, m.
const BURST_REACH_M: f64 = 900.0;
const LEAK_REACH_M: f64 = 250.0;
const CRASH_REACH_M: f64 = 500.0;

/// What a pile-up leaves of the speed.
const CRASH_LEAVES: f64 = 0.22;

/// People's calls about mishaps: feed, category, how many an hour.
const BURST_CALLS: &[(&str, &str, f64)] = &[("hotline", "burst-pipe", 34.0)];
const LEAK_CALLS: &[(&str, &str, f64)] = &[("hotline", "gas-smell", 16.0)];
const CRASH_CALLS: &[(&str, &str, f64)] = &[
    ("accident", "collision", 36.0),
    ("call-110", "traffic-accident", 14.0),
];

/// Something by chance.
#[derive(Clone, Copy, Debug)]
struct Mishap {
    what: Happening,
    point: Point,
    from: TimeMs,
    until: TimeMs,
    /// How bad, 0 to 1.
    force: f64,
}

/// People who call about one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callers {
    /// Where.
    pub(crate) point: Point,
    /// What about.
    pub(crate) category: &'static str,
    /// How many a second.
    pub(crate) per_s: f64,
    /// What makes them call.
    pub(crate) what: Happening,
}

/// Everything that the day brings by chance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mishaps(Vec<Mishap>);

impl Mishaps {
    /// The mishaps of a stormy day whose present begins at `start`: by a supply station, a gas
    /// detector, a road detector each.
    pub(crate) fn new(setting: &Setting, seed: u64, start: TimeMs) -> Self {
        let mut all = Vec::new();
        for (feed, n, what) in KINDS {
            let sites: Vec<Site> = setting.sites(feed);
            let mut dice = Dice::new(seed, "mishap", 0);
            dice = Dice::new(dice.bits(), feed, 0);
            for number in 0..n {
                let Some(site) = dice.pick(&sites) else {
                    continue;
                };
                let begins_min = FIRST_MIN + SPREAD_MIN * dice.unit();
                let [least, most] = LASTS_MIN;
                let from = TimeMs(start.0 + whole_ms(begins_min * 60_000.0));
                all.push(Mishap {
                    what: what(number),
                    point: site.point,
                    from,
                    until: TimeMs(from.0 + whole_ms(dice.between(least, most) * 60_000.0)),
                    force: dice.unit(),
                });
            }
        }
        Self(all)
    }

    fn near(&self, point: Point, at: TimeMs, reach_m: f64) -> impl Iterator<Item = &Mishap> {
        self.0.iter().filter(move |mishap| {
            (mishap.from..mishap.until).contains(&at) && mishap.point.distance_m(point) < reach_m
        })
    }

    /// The share of the supply pressure that bursts near `point` leave, and which.
    pub(crate) fn pressure(&self, point: Point, at: TimeMs) -> (f64, Option<Happening>) {
        let bursts = self
            .near(point, at, BURST_REACH_M)
            .filter(|mishap| matches!(mishap.what, Happening::Burst(_)));
        let left = bursts.map(|burst| {
            let near = 1.0 - burst.point.distance_m(point) / BURST_REACH_M;
            (1.0 - (0.62 + 0.2 * burst.force) * near, Some(burst.what))
        });
        least(left)
    }

    /// Methane that leaks add near `point`, in % of the lower explosive limit, and which.
    pub(crate) fn methane(&self, point: Point, at: TimeMs) -> (f64, Option<Happening>) {
        let leaks = self
            .near(point, at, LEAK_REACH_M)
            .find(|mishap| matches!(mishap.what, Happening::Leak(_)));
        leaks.map_or((0.0, None), |leak| {
            (12.0 + 20.0 * leak.force, Some(leak.what))
        })
    }

    /// The share of the speed that pile-ups near `point` leave, and which.
    pub(crate) fn passable(&self, point: Point, at: TimeMs) -> (f64, Option<Happening>) {
        let crashes = self
            .near(point, at, CRASH_REACH_M)
            .filter(|mishap| matches!(mishap.what, Happening::Crash(_)));
        let left = crashes.map(|crash| {
            let near = 1.0 - crash.point.distance_m(point) / CRASH_REACH_M;
            (1.0 - (1.0 - CRASH_LEAVES) * near, Some(crash.what))
        });
        least(left)
    }

    /// Who calls `feed` now, about what.
    pub(crate) fn callers(&self, feed: &str, at: TimeMs) -> Vec<Callers> {
        let mut callers = Vec::new();
        for mishap in &self.0 {
            if !(mishap.from..mishap.until).contains(&at) {
                continue;
            }
            let calls = match mishap.what {
                Happening::Burst(_) => BURST_CALLS,
                Happening::Leak(_) => LEAK_CALLS,
                Happening::Crash(_) => CRASH_CALLS,
                _ => &[],
            };
            let of_feed = calls.iter().filter(|(to, ..)| *to == feed);
            callers.extend(of_feed.map(|(_, category, per_hour)| Callers {
                point: mishap.point,
                category,
                per_s: per_hour / 3_600.0 * (0.7 + 0.6 * mishap.force),
                what: mishap.what,
            }));
        }
        callers
    }
}

/// The smallest share, and whose; all of it if there is none.
fn least(shares: impl Iterator<Item = (f64, Option<Happening>)>) -> (f64, Option<Happening>) {
    shares.fold(
        (1.0, None),
        |least, one| {
            if one.0 < least.0 { one } else { least }
        },
    )
}
