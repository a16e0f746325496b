//! Which closed windows late readings have made others, and in which order they are told.
//!
//! The whole city before its parts: after a pause of many sources its own numbers are right within
//! a few ticks, however many districts follow. Its parts have their turn all the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::limits::{REVISED_IN_TICKS, REVISED_PER_TICK};
use crate::plan::{Area, Areas, Metric};

/// Cells with closed windows that are others.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Revised {
    /// Each with the beginning of a slice that something came late for; of metrics made of others,
    /// with a closing time.
    noted: BTreeSet<(Area, Metric, i64)>,
    /// The cell to go on with. It goes round, so that none waits for ever.
    next: (Area, Metric),
    /// The same of the whole city's cells.
    next_of_city: Metric,
}

impl Revised {
    /// Notes that closed windows of a cell are others since something came late at `at_ms`.
    pub(super) fn note(&mut self, metric: Metric, area: Area, at_ms: i64) {
        self.noted.insert((area, metric, at_ms));
    }

    /// How many windows this tick is to tell, at least.
    pub(super) fn due(&self) -> usize {
        REVISED_PER_TICK.max(self.noted.len() / REVISED_IN_TICKS)
    }

    /// Takes the next cell of the whole city with the times noted with it, rising.
    pub(super) fn take_of_city(&mut self) -> Option<(Metric, Area, Vec<i64>)> {
        let of_city = |from: Metric| (Areas::ROOT, from, i64::MIN)..(Areas::ROOT + 1, 0, i64::MIN);
        let next = self.noted.range(of_city(self.next_of_city)).next();
        let (area, metric, _) = *next.or_else(|| self.noted.range(of_city(0)).next())?;
        self.next_of_city = metric.checked_add(1).unwrap_or_default();
        Some((metric, area, self.take(metric, area)))
    }

    /// Takes the next cell with the times noted with it, rising.
    pub(super) fn take_next(&mut self) -> Option<(Metric, Area, Vec<i64>)> {
        let (area, metric) = self.next;
        let next = self.noted.range((area, metric, i64::MIN)..).next();
        let (area, metric, _) = *next.or_else(|| self.noted.first())?;
        // What is made of others has a higher number than they, and so comes after them.
        self.next = match metric.checked_add(1) {
            Some(metric) => (area, metric),
            None => (area.saturating_add(1), 0),
        };
        Some((metric, area, self.take(metric, area)))
    }

    fn take(&mut self, metric: Metric, area: Area) -> Vec<i64> {
        let cell = (area, metric, i64::MIN)..=(area, metric, i64::MAX);
        let noted = self.noted.range(cell).copied().collect::<Vec<_>>();
        for one in &noted {
            self.noted.remove(one);
        }
        noted.into_iter().map(|(_, _, at_ms)| at_ms).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_city_has_turns_of_its_own_and_none_waits_for_ever() {
        let mut revised = Revised::default();
        for (metric, area) in [(3, 7), (1, 7), (9, 0), (2, 0)] {
            revised.note(metric, area, 60_000);
            revised.note(metric, area, 0);
        }
        assert_eq!(revised.take_of_city(), Some((2, 0, vec![0, 60_000])));
        // Noted again meanwhile: it has had its turn.
        revised.note(2, 0, 5);
        assert_eq!(revised.take_of_city(), Some((9, 0, vec![0, 60_000])));
        assert_eq!(revised.take_of_city(), Some((2, 0, vec![5])));
        assert_eq!(revised.take_of_city(), None);
        revised.note(4, 0, 5);
        assert_eq!(revised.take_next(), Some((4, 0, vec![5])));
        revised.note(4, 0, 6);
        let order: Vec<_> = std::iter::from_fn(|| revised.take_next())
            .map(|(metric, area, _)| (metric, area))
            .collect();
        assert_eq!(order, [(1, 7), (3, 7), (4, 0)]);
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
