//! What a slice of event time holds: contributions made one, who sent them, and what to know.

use egret_shared::flags::Flags;
use serde::{Deserialize, Serialize};

use super::Incoming;
use crate::aggregate::{Accumulate, Accumulator, How};
use crate::bits::Sources;
use crate::window::Slice;

/// What a slice holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pane {
    pub(crate) slice: Slice,
    pub(crate) taken: Accumulator,
    /// Assets that said something, whether or not it passed the filter.
    pub(crate) sources: Sources,
    /// Event time of the newest.
    pub(crate) latest_ms: i64,
    /// Doubts about any of what was taken.
    pub(crate) flags: Flags,
    /// Whether it is noted already that closed windows are others by it.
    pub(crate) noted: bool,
}

impl Pane {
    /// A pane with nothing in it.
    pub(crate) fn new(slice: Slice, how: How) -> Self {
        Self {
            slice,
            taken: Accumulator::new(how),
            sources: Sources::default(),
            latest_ms: slice.start_ms,
            flags: Flags::NONE,
            noted: false,
        }
    }

    /// Takes one more contribution in.
    pub(crate) fn add(&mut self, incoming: &Incoming) {
        if incoming.passes {
            self.taken.add(&incoming.one);
            self.flags = self.flags.with(incoming.doubts);
        }
        if let Some(asset) = incoming.one.asset {
            self.sources.insert(asset);
        }
        self.latest_ms = self.latest_ms.max(incoming.one.at_ms);
    }

    /// Takes in all that `other` has, whichever of them is the later.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.taken.merge(&other.taken);
        self.sources.merge(&other.sources);
        self.latest_ms = self.latest_ms.max(other.latest_ms);
        self.flags = self.flags.with(other.flags);
    }
}

/// `panes` with those of one slice merged; in the order of time, as they are.
pub(crate) fn merged(panes: impl IntoIterator<Item = Pane>) -> Vec<Pane> {
    let mut merged: Vec<Pane> = Vec::new();
    for pane in panes {
        match merged.last_mut() {
            Some(last) if last.slice == pane.slice => last.merge(&pane),
            _ => merged.push(pane),
        }
    }
    merged
}
