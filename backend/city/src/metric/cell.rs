//! One metric in one area: what it took in by slices of event time, and the level it has.

mod rest;

use std::collections::VecDeque;

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use serde::{Deserialize, Serialize};

use super::Incoming;
use super::pane::{Pane, merged};
use super::past::Past;
use crate::aggregate::{Accumulate, Accumulator, How};
use crate::window::{Slice, Window};
use rest::{Rest, Truth};

/// One metric in one area.
///
/// Live slices are `newest` and `older`. What no live window needs any more is `past`, in coarser
/// pieces; late readings come to `older` again, in pieces as coarse, until they are put there with
/// the rest. Since merging does not depend on the order, a number is the same either way.
///
/// Nearly all that comes belongs to the newest slice, which therefore lies here and not with the
/// others: an observation touches a few such cells, and what it costs is waiting for memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]

pub(crate) struct Cell {
    /// The newest slice with anything in it.
    newest: Option<Pane>,
    /// Event time of the newest contribution ever.
    pub(crate) latest_ms: Option<i64>,
    /// Whether that is longer ago than promised.
    pub(crate) stale: bool,
    /// The level as of the last tick; what a new value is compared with.
    pub(crate) level: Level,
    /// Those before it, by time.
    older: VecDeque<Pane>,
    past: Past,
    /// Where in `older` something came late: what follows mostly belongs there, too.
    #[serde(skip)]
    late_at: usize,
    #[serde(skip)]
    rest: Rest,
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
        let newest = self.newest.as_ref().map(|newest| newest.slice);
        let pane = match newest {
            Some(newest) if newest == slice => self.newest.as_mut(),
            Some(newest) if newest > slice => {
                self.rest.add(slice, incoming);
                self.older_pane(slice, how)
            }
            _ => {
                let before = self.newest.replace(Pane::new(slice, how));
                if self.older.len() == self.older.capacity() {
                    self.older.reserve_exact(PANES_MORE);
                }
                self.older.extend(before);
                self.newest.as_mut()
            }
        };
        let Some(pane) = pane else {
            return false;
        };
        pane.add(incoming);
        let is_closed = slice.end_ms <= incoming.closed_ms;
        let is_news = is_closed && !std::mem::replace(&mut pane.noted, is_closed);
        self.latest_ms = self.latest_ms.max(Some(incoming.one.at_ms));
        is_news
    }

    /// The pane of a slice before the newest, made if it is not there.
    fn older_pane(&mut self, slice: Slice, how: How) -> Option<&mut Pane> {
        let is_at = |at: usize| self.older.get(at).is_some_and(|pane| pane.slice == slice);
        if !is_at(self.late_at) {
            let at = self.older.partition_point(|pane| pane.slice < slice);
            if !is_at(at) {
                self.older.insert(at, Pane::new(slice, how));
            }
            self.late_at = at;
        }
        self.older.get_mut(self.late_at)
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
        let is_past = |pane: &&Pane| pane.slice.end_ms <= past_until_ms;
        let n_past = self.older.iter().take_while(is_past).count();
        let newest = self.newest.take_if(|newest| is_past(&&*newest));
        if n_past > 0 || newest.is_some() {
            self.rest.forget_before(past_until_ms);
            let coarse = self.older.drain(..n_past).chain(newest).map(|pane| Pane {
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
            give_back(&mut self.older);
        }
        self.past.prune(before_ms);
    }

    /// Takes the past up again, for many questions about it, after which nothing that came late
    /// is news any more; [`Self::lay_down`] puts it back.
    pub(crate) fn take_up(&mut self) {
        self.rest.forget();
        let mut panes = self.past.take();
        panes.extend(self.older.drain(..).chain(self.newest.take()));
        panes.sort_by_key(|pane| pane.slice);
        self.older = merged(panes).into();
        self.older.iter_mut().for_each(|pane| pane.noted = false);
        self.newest = self.older.pop_back();
    }

    /// What `window` holds. A pane belongs to it by its beginning.
    pub(crate) fn figure(&self, window: Slice, how: How) -> Figure {
        let mut past: Option<Pane> = None;
        self.past.each_in(window, |pane| match &mut past {
            Some(past) => past.merge(&pane),
            None => past = Some(pane),
        });
        match (past, self.newest_in(window)) {
            (None, None) => Figure::of_nothing(how),
            (None, Some((newest, before))) => self
                .rest
                .whole(window, newest, before, |rest| Figure::of_both(rest, newest)),
            (Some(mut whole), newest) => {
                for pane in newest
                    .into_iter()
                    .flat_map(|(newest, before)| before.chain([newest]))
                {
                    whole.merge(pane);
                }
                Figure::of(&whole)
            }
        }
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
        let Some((newest, before)) = self.newest_in(window) else {
            return nothing();
        };
        let both = |rest: Option<&Accumulator>| value_of_both(rest, newest);
        self.rest.taken(window, newest, before, both)
    }

    /// The newest pane of `window`, and those before it, the later ones first.
    fn newest_in(&self, window: Slice) -> Option<(&Pane, impl Iterator<Item = &Pane> + Clone)> {
        let newest = self.newest.as_ref()?;
        if newest.slice.start_ms < window.start_ms {
            return None;
        }
        let before = self.older.iter().rev();
        let mut panes = std::iter::once(newest).chain(before);
        let within = move |pane: &&Pane| pane.slice.start_ms >= window.start_ms;
        let newest = panes.find(|pane| pane.slice.start_ms < window.end_ms)?;
        within(&newest).then(|| (newest, panes.take_while(within)))
    }
}

/// The number of what a window took in before its newest pane, and in that.
fn value_of_both(rest: Option<&Accumulator>, newest: &Pane) -> Option<f64> {
    let Some(rest) = rest else {
        return newest.taken.value();
    };
    let mut taken = rest.clone();
    taken.merge(&newest.taken);
    taken.value()
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

    /// Of what a window took in before its newest pane, and in that.
    fn of_both(rest: Option<(&Accumulator, &Truth)>, newest: &Pane) -> Self {
        let Some((taken, truth)) = rest else {
            return Self::of(newest);
        };
        Self {
            v: value_of_both(Some(taken), newest),
            sources: truth.sources.len_with(&newest.sources),
            latest_ms: Some(truth.latest_ms.max(newest.latest_ms)),
            flags: truth.flags.with(newest.flags),
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

/// So many panes find room when one more finds none. A window of thirty slices keeps up to forty:
/// doubled, that would be room for sixty-four in each of some thousand cells.
const PANES_MORE: usize = 8;

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

            #[test]
            fn what_was_read_before_makes_no_difference(
                readings in prop::collection::vec((0_i64..400_000, -5.0_f64..5.0, any::<bool>()), 1..80),
                kind in 0..KINDS.len(),
            ) {
                let how = KINDS[kind];
                let sliding = Window::Sliding { length_ms: 60_000, every_ms: 10_000 };
                let (mut cell, mut now_ms) = (Cell::default(), 0);
                for (number, (at_ms, v, is_late)) in (0..).zip(&readings) {
                    now_ms += if *is_late { 0 } else { at_ms / 40 };
                    let at_ms = if *is_late { now_ms - at_ms / 5 } else { now_ms };
                    let incoming = Incoming {
                        one: Contribution { asset: Some(number % 11), ..Contribution::plain(at_ms, *v) },
                        passes: true,
                        doubts: Flags::NONE,
                        now_ms,
                        closed_ms: 0,
                    };
                    cell.take(sliding.slice_of(at_ms), how, &incoming);
                    if number % 16 == 15 {
                        cell.lay_down(&sliding, sliding.past_until(now_ms), 0);
                    }
                    let window = sliding.live(now_ms);
                    // A copy has read nothing.
                    let fresh = cell.clone();
                    prop_assert_eq!(cell.figure(window, how), fresh.figure(window, how));
                    let number = |cell: &Cell| cell.number(window, how, || None);
                    prop_assert_eq!(number(&cell), number(&cell.clone()));
                    let whole = fresh.figure(window, how);
                prop_assert_eq!(number(&cell), whole.latest_ms.and(whole.v));
                }
            }
    }
}
