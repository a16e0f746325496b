//! Sensors that stick or jump for a while, so that a screen has something to flag within the hour.
//!
//! Only sensors whose numbers carry no alert are among them: a city whose screens are red for a
//! faulty gauge is another story than the one that is played here.

use egret_shared::time::TimeMs;

use crate::dice::Dice;

/// Share of readings that jump, of the feeds that may.
pub(crate) const JUMP_SHARE: f64 = 0.001;

/// Feeds whose sensors may stick: their properties are known to move all the time.
const STICKING: [&str; 2] = ["water-supply", "weather"];
/// Feeds whose readings may jump.
const JUMPING: [&str; 3] = ["water-supply", "weather", "water-quality"];

/// Sensors that may stick, in so many groups: about two sensors in each.
const GROUPS: u64 = 30;
/// From one group's sticking to the next one's.
const STICK_EVERY_MS: i64 = 60 * 60_000;
/// How long a group sticks: some minutes more than its properties allow.
const STICK_MS: i64 = 25 * 60_000;
/// When the first group begins to stick: after a back-fill of half an hour it is told of within
/// minutes.
const FIRST_STICK_MS: i64 = 20 * 60_000;

/// Which sensors trip when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trips {
    seed: u64,
    start: TimeMs,
}

/// How one sensor trips at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tripping {
    /// Whether it tells the same all the time.
    pub(crate) sticks: bool,
    /// Whether [`JUMP_SHARE`] is for it.
    pub(crate) may_jump: bool,
}

impl Trips {
    /// The trips of a run that begins at `start`.
    pub(crate) fn new(seed: u64, start: TimeMs) -> Self {
        Self { seed, start }
    }

    /// How asset number `asset` of `feed` trips at `at`.
    pub(crate) fn of(&self, feed: &str, asset: u64, at: TimeMs) -> Tripping {
        let sticks = STICKING.contains(&feed)
            && self
                .sticking_at(at)
                .is_some_and(|group| Dice::new(self.seed, "trip", asset).bits() % GROUPS == group);
        Tripping {
            sticks,
            may_jump: !sticks && JUMPING.contains(&feed),
        }
    }

    /// The group that sticks at `at`.
    fn sticking_at(&self, at: TimeMs) -> Option<u64> {
        let since = at.0 - self.start.0 - FIRST_STICK_MS;
        let number = u64::try_from(since.div_euclid(STICK_EVERY_MS)).ok()?;
        let into_ms = since.rem_euclid(STICK_EVERY_MS);
        let group = Dice::new(self.seed, "stick", number).bits() % GROUPS;
        (into_ms < STICK_MS).then_some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_sensors_stick_at_a_time_and_recover() {
        let trips = Trips::new(1, TimeMs(0));
        let stuck = |feed: &str, minute: i64| -> Vec<u64> {
            let at = TimeMs(minute * 60_000);
            (0..600)
                .filter(|asset| trips.of(feed, *asset, at).sticks)
                .collect()
        };
        assert!(stuck("weather", 0).is_empty());
        let first = stuck("weather", 21);
        assert!((8..40).contains(&first.len()), "{}", first.len());
        assert_eq!(stuck("weather", 44), first);
        assert!(stuck("weather", 46).is_empty());
        assert_ne!(stuck("weather", 81), first);
        assert!(stuck("manhole", 21).is_empty());
    }
}
