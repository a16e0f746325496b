//! Which closed windows late readings have made others, and in which order they are told.
//!
//! The whole city before its parts: after a pause of many sources its own numbers are right within
//! a few ticks, however many districts follow. Its parts have their turn all the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::limits::{REVISED_IN_TICKS, REVISED_PER_TICK};
use crate::plan::{Area, Areas, Metric};

/// A cell with the times noted with it, rising.
pub(super) type Noted = (Metric, Area, Vec<i64>);

/// Cells with closed windows that are others, each with the beginnings of slices that something came
/// late for; of metrics made of others, with closing times.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Revised {
    /// The whole city's.
    of_city: BTreeSet<(Metric, i64)>,
    /// Those of its parts, a metric's areas beside one another: they share a page of history.
    of_parts: BTreeSet<(Metric, Area, i64)>,
    /// The metric and the cell to go on with. Both go round, so that none waits for ever.
    next_of_city: Metric,
    next_of_parts: (Metric, Area),
}

impl Revised {
    /// Notes that closed windows of a cell are others since something came late at `at_ms`.
    pub(super) fn note(&mut self, metric: Metric, area: Area, at_ms: i64) {
        if area == Areas::ROOT {
            self.of_city.insert((metric, at_ms));
        } else {
            self.of_parts.insert((metric, area, at_ms));
        }
    }

    /// How many windows this tick is to tell, at least.
    pub(super) fn due(&self) -> usize {
        let n_noted = self.of_city.len() + self.of_parts.len();
        REVISED_PER_TICK.max(n_noted / REVISED_IN_TICKS)
    }

    /// Takes the next cell of the whole city with the times noted with it, rising. What is made of
    /// others has a higher number than they, and so comes after them.
    pub(super) fn take_of_city(&mut self) -> Option<Noted> {
        let next = self.of_city.range((self.next_of_city, i64::MIN)..).next();
        let (metric, _) = *next.or_else(|| self.of_city.first())?;
        self.next_of_city = metric.saturating_add(1);
        let cell = (metric, i64::MIN)..=(metric, i64::MAX);
        let noted: Vec<_> = self.of_city.range(cell).copied().collect();
        for one in &noted {
            self.of_city.remove(one);
        }
        let times = noted.into_iter().map(|(_, at_ms)| at_ms).collect();
        Some((metric, Areas::ROOT, times))
    }

    /// The same of its parts.
    pub(super) fn take_of_parts(&mut self) -> Option<Noted> {
        let (metric, area) = self.next_of_parts;
        let next = self.of_parts.range((metric, area, i64::MIN)..).next();
        let (metric, area, _) = *next.or_else(|| self.of_parts.first())?;
        self.next_of_parts = (metric, area.saturating_add(1));
        let cell = (metric, area, i64::MIN)..=(metric, area, i64::MAX);
        let noted: Vec<_> = self.of_parts.range(cell).copied().collect();
        for one in &noted {
            self.of_parts.remove(one);
        }
        let times = noted.into_iter().map(|(_, _, at_ms)| at_ms).collect();
        Some((metric, area, times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_city_and_its_parts_have_turns_of_their_own_and_none_waits_for_ever() {
        let mut revised = Revised::default();
        for (metric, area) in [(3, 7), (1, 7), (1, 4), (9, 0), (2, 0)] {
            revised.note(metric, area, 60_000);
            revised.note(metric, area, 0);
        }
        assert_eq!(revised.take_of_city(), Some((2, 0, vec![0, 60_000])));
        // Noted again meanwhile: it has had its turn.
        revised.note(2, 0, 5);
        assert_eq!(revised.take_of_city(), Some((9, 0, vec![0, 60_000])));
        assert_eq!(revised.take_of_city(), Some((2, 0, vec![5])));
        assert_eq!(revised.take_of_city(), None);
        assert_eq!(revised.take_of_parts(), Some((1, 4, vec![0, 60_000])));
        revised.note(1, 4, 6);
        let order: Vec<_> = std::iter::from_fn(|| revised.take_of_parts())
            .map(|(metric, area, _)| (metric, area))
            .collect();
        assert_eq!(order, [(1, 7), (3, 7), (1, 4)]);
    }

    #[test]
    fn the_more_waits_the_more_a_tick_tells() {
        let mut revised = Revised::default();
        assert_eq!(revised.due(), REVISED_PER_TICK);
        let n = REVISED_PER_TICK * REVISED_IN_TICKS * 3;
        for at_ms in (0..).take(n) {
            revised.note(0, 0, at_ms);
        }
        assert_eq!(revised.due(), 3 * REVISED_PER_TICK);
    }
}
