//! Where alerts of each rule have fired, by squares of the map: so that one that fires looks at its
//! neighbours and not at the whole list.
//!
//! A function of the groups and the list of alerts, rebuilt after a restart; no part of the state.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::alert::AlertKey;
use egret_shared::position::Position;

use crate::plan::Rule;

/// The side of a square, in degrees: about a kilometre, as far as most causes reach.
const SIDE_DEG: f64 = 0.01;

/// Metres per degree of latitude, a little less than anywhere, so that no neighbour is missed.
const METRES_PER_DEG: f64 = 110_000.0;

/// The number of a column or row of squares.
type Step = i32;

/// Alerts that have fired, by rule and place.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    squares: BTreeMap<(Rule, Step, Step), BTreeSet<AlertKey>>,
    /// Those that are nowhere in particular, such as a metric's in its area.
    anywhere: BTreeMap<Rule, BTreeSet<AlertKey>>,
}

impl Places {
    pub(super) fn insert(&mut self, rule: Rule, position: Option<Position>, key: AlertKey) {
        match position {
            Some(at) => {
                let square = (rule, step(at.lat), step(at.lon));
                self.squares.entry(square).or_default().insert(key);
            }
            None => {
                self.anywhere.entry(rule).or_default().insert(key);
            }
        }
    }

    pub(super) fn remove(&mut self, rule: Rule, position: Option<Position>, key: &AlertKey) {
        if let Some(at) = position {
            let square = (rule, step(at.lat), step(at.lon));
            if let Some(keys) = self.squares.get_mut(&square) {
                keys.remove(key);
                if keys.is_empty() {
                    self.squares.remove(&square);
                }
            }
        } else if let Some(keys) = self.anywhere.get_mut(&rule) {
            keys.remove(key);
        }
    }

    /// Alerts of `rule` in the squares that reach within `metres` of `position`, and those that are
    /// nowhere in particular; all of them without a position.
    pub(super) fn near(
        &self,
        rule: Rule,
        position: Option<Position>,
        metres: f64,
    ) -> impl Iterator<Item = &AlertKey> {
        let anywhere = self.anywhere.get(&rule).into_iter().flatten();
        let (rows, columns) = match position {
            Some(at) => {
                let high = metres / METRES_PER_DEG;
                let narrow = (at.lat.abs() + high).min(89.0).to_radians().cos();
                let wide = high / narrow;
                (
                    step(at.lat - high)..=step(at.lat + high),
                    step(at.lon - wide)..=step(at.lon + wide),
                )
            }
            None => (Step::MIN..=Step::MAX, Step::MIN..=Step::MAX),
        };
        let (first, last) = (*columns.start(), *columns.end());
        // One walk along each row that there is.
        let all = (rule, *rows.start(), first)..=(rule, *rows.end(), last);
        let squares = self.squares.range(all);
        let within = squares.filter(move |((_, _, column), _)| (first..=last).contains(column));
        within.flat_map(|(_, keys)| keys).chain(anywhere)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees are at most 180, and `as` saturates"
)]
fn step(degrees: f64) -> Step {
    (degrees / SIDE_DEG).floor() as Step
}

#[cfg(test)]
mod tests {
    use egret_shared::alert::Subject;

    use super::*;

    fn key(name: &str) -> AlertKey {
        AlertKey {
            rule: "ponding".into(),
            subject: Subject::Asset {
                feed: "road".into(),
                asset: name.into(),
            },
        }
    }

    #[test]
    fn whatever_is_near_is_among_the_neighbours() {
        for lat in [0.003, 24.499_9, -33.45, 69.6] {
            let here = Position { lon: 18.099_9, lat };
            let mut places = Places::default();
            let mut near = BTreeSet::new();
            for (n, dlat) in (-40..=40).step_by(4).enumerate() {
                for (m, dlon) in (-90..=90).step_by(9).enumerate() {
                    let at = Position {
                        lon: here.lon + f64::from(dlon) / 1e3,
                        lat: here.lat + f64::from(dlat) / 1e3,
                    };
                    let key = key(&format!("{n}-{m}"));
                    if here.distance_m(at) <= 2_500.0 {
                        near.insert(key.clone());
                    }
                    places.insert(3, Some(at), key);
                }
            }
            let found: BTreeSet<AlertKey> = places.near(3, Some(here), 2_500.0).cloned().collect();
            assert!(near.len() > 20 && near.is_subset(&found), "at {lat}");
            assert!(found.len() < 441, "at {lat}: {}", found.len());
            assert_eq!(places.near(4, Some(here), 2_500.0).count(), 0);
        }
    }

    #[test]
    fn what_was_taken_out_is_not_found() {
        let here = Position {
            lon: 118.1,
            lat: 24.5,
        };
        let mut places = Places::default();
        places.insert(1, Some(here), key("a"));
        places.insert(1, None, key("b"));
        assert_eq!(places.near(1, Some(here), 1.0).count(), 2);
        assert_eq!(places.near(1, None, 1.0).count(), 2);
        places.remove(1, Some(here), &key("a"));
        places.remove(1, None, &key("b"));
        assert_eq!(places.near(1, None, 1.0).count(), 0);
    }
}
