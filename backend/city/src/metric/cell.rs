//! One metric in one area: what it took in by slices of event time, and the level it has.

use std::collections::VecDeque;

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use super::Incoming;
use super::pane::{Pane, merged};
use super::past::Past;
use crate::aggregate::{Accumulate, Accumulator, How};
use crate::window::{Slice, Window};

/// One metric in one area.
///
/// Live slices are `panes`. What no live window needs any more is `past`, in coarser pieces; late
/// readings come to `panes` again, in pieces as coarse, until they are put there with the rest.
/// Since merging does not depend on the order, a number is the same either way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// Slices with anything in them, by time.
    panes: VecDeque<Pane>,
    past: Past,
    /// Where in `panes` something came late: what follows mostly belongs there, too.
    #[serde(skip)]
    late_at: usize,
    /// The level as of the last tick; what a new value is compared with.
    pub(crate) level: Level,
    /// Event time of the newest contribution ever.
    pub(crate) latest_ms: Option<i64>,
    /// Whether that is longer ago than promised.
    pub(crate) stale: bool,
}

/// What a window holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) v: Option<f64>,
    pub(crate) sources: u32,
    pub(crate) latest_ms: Option<i64>,
    /// Doubts about any of the values it is made of.
    pub(crate) flags: Flags,
}

impl Cell {
    /// Takes `incoming` into its slice; whether it has to be noted that closed windows are others
    /// by that.
    pub(crate) fn take(&mut self, slice: Slice, how: How, incoming: &Incoming) -> bool {
        let Some(pane) = self.pane(slice, how) else {
            return false;
        };
        pane.add(incoming);
        let is_closed = slice.end_ms <= incoming.closed_ms;
        let is_news = is_closed && !std::mem::replace(&mut pane.noted, is_closed);
        self.latest_ms = self.latest_ms.max(Some(incoming.one.at_ms));
        is_news
    }

    /// The pane of `slice`, made if it is not there. New ones mostly come at the end.
    fn pane(&mut self, slice: Slice, how: How) -> Option<&mut Pane> {
        let is_at = |at: usize| self.panes.get(at).is_some_and(|pane| pane.slice == slice);
        let last = self.panes.len().saturating_sub(1);
        let at = if is_at(last) {
            last
        } else if is_at(self.late_at) {
            self.late_at
        } else {
            let at = self.panes.partition_point(|pane| pane.slice < slice);
            if !is_at(at) {
                self.panes.insert(at, Pane::new(slice, how));
            }
            self.late_at = at;
            at
        };
        self.panes.get_mut(at)
    }

    /// Looks whether the newest contribution is longer ago than promised; whether that changed.
    pub(crate) fn grow_old(&mut self, now_ms: i64, stale_after_ms: Option<i64>) -> bool {
        let age_ms = self.latest_ms.map(|at_ms| now_ms - at_ms);
        let stale = age_ms
            .zip(stale_after_ms)
            .is_some_and(|(age, after)| age >= after);
        std::mem::replace(&mut self.stale, stale) != stale
    }

    /// Puts what lies before `past_until_ms` with the past, and forgets what ended before
    /// `before_ms`.
    pub(crate) fn lay_down(&mut self, window: &Window, past_until_ms: i64, before_ms: i64) {
        let is_past = |pane: &Pane| pane.slice.end_ms <= past_until_ms;
        let n_past = self.panes.iter().take_while(|pane| is_past(pane)).count();
        if n_past > 0 {
            let coarse = self.panes.drain(..n_past).map(|pane| Pane {
                slice: window.coarse_of(pane.slice.start_ms),
                ..pane
            });
            let mut panes = merged(coarse);
            let first_ms = panes.first().map(|pane| pane.slice.start_ms);
            if first_ms < self.past.until_ms() {
                panes.extend(self.past.take());
                panes.sort_by_key(|pane| pane.slice);
                panes = merged(panes);
            }
            self.past.append(&panes);
            give_back(&mut self.panes);
        }
        self.past.prune(before_ms);
    }

    /// Takes the past up again, for many questions about it, after which nothing that came late
    /// is news any more; [`Self::lay_down`] puts it back.
    pub(crate) fn take_up(&mut self) {
        let mut panes = self.past.take();
        panes.extend(self.panes.drain(..));
        panes.sort_by_key(|pane| pane.slice);
        self.panes = merged(panes).into();
        self.panes.iter_mut().for_each(|pane| pane.noted = false);
    }

    /// What `window` holds. A pane belongs to it by its beginning.
    pub(crate) fn figure(&self, window: Slice, how: How) -> Figure {
        let first = self
            .panes
            .partition_point(|pane| pane.slice.start_ms < window.start_ms);
        let panes = self.panes.iter().skip(first);
        let mut panes = panes.take_while(|pane| pane.slice.start_ms < window.end_ms);
        let mut past: Option<Pane> = None;
        self.past.each_in(window, |pane| match &mut past {
            Some(past) => past.merge(&pane),
            None => past = Some(pane),
        });
        let (one, two) = match past {
            Some(past) => (Some(past), panes.next()),
            None => match (panes.next(), panes.next()) {
                (Some(one), None) => return Figure::of(one),
                (one, two) => (one.cloned(), two),
            },
        };
        let Some(mut whole) = one else {
            return Figure::of_nothing(how);
        };
        for pane in two.into_iter().chain(panes) {
            whole.merge(pane);
        }
        Figure::of(&whole)
    }

    /// The number alone of what `window` holds, as [`Self::figure`] has it: a level needs no more,
    /// and putting sources together is most of the work. `nothing` if nothing is in it.
    pub(crate) fn number(
        &self,
        window: Slice,
        how: How,
        nothing: impl FnOnce() -> Option<f64>,
    ) -> Option<f64> {
        if self
            .past
            .until_ms()
            .is_some_and(|end_ms| end_ms > window.start_ms)
        {
            let figure = self.figure(window, how);
            return figure.latest_ms.map_or_else(nothing, |_| figure.v);
        }
        let first = self
            .panes
            .partition_point(|pane| pane.slice.start_ms < window.start_ms);
        let panes = self.panes.iter().skip(first);
        let mut panes = panes.take_while(|pane| pane.slice.start_ms < window.end_ms);
        let Some(one) = panes.next() else {
            return nothing();
        };
        let Some(two) = panes.next() else {
            return one.taken.value();
        };
        let mut taken = one.taken.clone();
        for pane in std::iter::once(two).chain(panes) {
            taken.merge(&pane.taken);
        }
        taken.value()
    }
}

impl Figure {
    fn of(pane: &Pane) -> Self {
        Self {
            v: pane.taken.value(),
            sources: pane.sources.len(),
            latest_ms: Some(pane.latest_ms),
            flags: pane.flags,
        }
    }

    fn of_nothing(how: How) -> Self {
        Self {
            v: Accumulator::new(how).value(),
            sources: 0,
            latest_ms: None,
            flags: Flags::NONE,
        }
    }
}

/// Gives back memory that a burst has left, but not what the next minute takes again.
fn give_back(panes: &mut VecDeque<Pane>) {
    if panes.capacity() > 64 && panes.capacity() > 4 * panes.len() {
        panes.shrink_to(2 * panes.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::aggregate::Contribution;

    const KINDS: [How; 5] = [
        How::Count,
        How::Mean,
        How::Max,
        How::Last,
        How::Quantile(0.9),
    ];

    proptest! {
        #[test]
        fn the_number_alone_is_that_of_the_whole_figure(
            readings in prop::collection::vec((0_i64..600_000, -5.0_f64..5.0), 0..60),
            kind in 0..KINDS.len(),
            laid_ms in 0_i64..600_000,
            window in (0_i64..60, 1_i64..60),
        ) {
            let how = KINDS[kind];
            let sliding = Window::Sliding { length_ms: 300_000, every_ms: 10_000 };
            let mut cell = Cell::default();
            for (at_ms, v) in &readings {
                let incoming = Incoming {
                    one: Contribution::plain(*at_ms, *v),
                    passes: true,
                    doubts: Flags::NONE,
                    now_ms: 600_000,
                    closed_ms: 0,
                };
                cell.take(sliding.slice_of(*at_ms), how, &incoming);
            }
            cell.lay_down(&sliding, laid_ms.div_euclid(60_000) * 60_000, 0);
            let (start, length) = window;
            let window = Slice { start_ms: start * 10_000, end_ms: (start + length) * 10_000 };
            let figure = cell.figure(window, how);
            let nothing = Some(-77.0);
            let number = cell.number(window, how, || nothing);
            prop_assert_eq!(number, figure.latest_ms.map_or(nothing, |_| figure.v));
        }
    }
}
