//! One metric in one area: its slices of event time, and the level it has.

use std::collections::VecDeque;

use egret_shared::level::Level;
use egret_shared::package::metric::Aggregate;
use serde::{Deserialize, Serialize};

use super::Incoming;
use crate::aggregate::{Accumulate, Accumulator};
use crate::bits::Sources;
use crate::window::Slice;

/// One metric in one area.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    /// Slices with anything in them, by time.
    panes: VecDeque<Pane>,
    /// The level as of the last tick; what a new value is compared with.
    pub(crate) level: Level,
    /// Event time of the newest contribution ever.
    pub(crate) latest_ms: Option<i64>,
    /// Whether that is longer ago than promised.
    pub(crate) stale: bool,
}

/// What a slice holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pane {
    slice: Slice,
    taken: Accumulator,
    /// Assets that said something, whether or not it passed the filter.
    sources: Sources,
    latest_ms: i64,
}

/// What a window holds.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) v: Option<f64>,
    pub(crate) sources: u32,
    pub(crate) latest_ms: Option<i64>,
}

impl Cell {
    /// Takes `incoming` into its slice.
    pub(crate) fn take(&mut self, slice: Slice, aggregate: Aggregate, incoming: &Incoming) {
        let Some(pane) = self.pane(slice, aggregate) else {
            return;
        };
        let at_ms = incoming.one.at_ms;
        if incoming.passes {
            pane.taken.add(&incoming.one);
        }
        if let Some(asset) = incoming.one.asset {
            pane.sources.insert(asset);
        }
        pane.latest_ms = pane.latest_ms.max(at_ms);
        self.latest_ms = self.latest_ms.max(Some(at_ms));
    }

    /// The pane of `slice`, made if it is not there. New ones mostly come at the end.
    fn pane(&mut self, slice: Slice, aggregate: Aggregate) -> Option<&mut Pane> {
        let is_newest = self.panes.back().is_some_and(|last| last.slice == slice);
        let at = if is_newest {
            self.panes.len() - 1
        } else {
            let at = self.panes.partition_point(|pane| pane.slice < slice);
            if self.panes.get(at).is_none_or(|pane| pane.slice != slice) {
                let pane = Pane {
                    slice,
                    taken: Accumulator::new(aggregate),
                    sources: Sources::default(),
                    latest_ms: i64::MIN,
                };
                self.panes.insert(at, pane);
            }
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

    /// Drops panes that ended before `before_ms`.
    pub(crate) fn prune(&mut self, before_ms: i64) {
        while self
            .panes
            .front()
            .is_some_and(|pane| pane.slice.end_ms < before_ms)
        {
            self.panes.pop_front();
        }
    }

    /// What `window` holds. A pane belongs to it by its beginning.
    pub(crate) fn figure(&self, window: Slice, aggregate: Aggregate) -> Figure {
        let first = self
            .panes
            .partition_point(|pane| pane.slice.start_ms < window.start_ms);
        let panes = self.panes.iter().skip(first);
        let mut panes = panes.take_while(|pane| pane.slice.start_ms < window.end_ms);
        let Some(one) = panes.next() else {
            return Figure {
                v: Accumulator::new(aggregate).value(),
                sources: 0,
                latest_ms: None,
            };
        };
        let mut latest_ms = one.latest_ms;
        let Some(two) = panes.next() else {
            return Figure {
                v: one.taken.value(),
                sources: one.sources.len(),
                latest_ms: Some(latest_ms),
            };
        };
        let (mut taken, mut sources) = (one.taken.clone(), one.sources.clone());
        for pane in std::iter::once(two).chain(panes) {
            taken.merge(&pane.taken);
            sources.merge(&pane.sources);
            latest_ms = latest_ms.max(pane.latest_ms);
        }
        Figure {
            v: taken.value(),
            sources: sources.len(),
            latest_ms: Some(latest_ms),
        }
    }
}
