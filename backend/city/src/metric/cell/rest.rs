//! What a live window holds but for its newest slice, put together once and kept.
//!
//! Most of what comes belongs to the newest slice, and a window is read many times before the next
//! slice begins: by each tick and for each frame of a screen. What it holds besides stays the same
//! meanwhile. Kept beside the state and no part of it: made anew wherever it is missing.

use std::sync::{Mutex, PoisonError};

use egret_shared::flags::Flags;

use super::super::Incoming;
use super::super::pane::Pane;
use crate::aggregate::{Accumulate, Accumulator};
use crate::bits::Sources;
use crate::window::Slice;

/// The panes of a window but its newest, merged.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Option<Box<Kept>>>);

#[derive(Debug)]
struct Kept {
    /// Where the window begins.
    start_ms: i64,
    /// The newest slice, which is not in it.
    newest: Slice,
    /// What numbers are made of. A tick asks for no more.
    taken: Accumulator,
    /// The rest of what there is to know, made once somebody asks for it: putting sources together
    /// is most of the work.
    truth: Option<Truth>,
}

/// What stands behind a number.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) sources: Sources,
    pub(super) latest_ms: i64,
    pub(super) flags: Flags,
}

impl Rest {
    /// What was taken in before the `newest` pane of `window`, of `before`; `None` if nothing was.
    pub(super) fn taken<'a, T>(
        &self,
        window: Slice,
        newest: &Pane,
        before: impl Iterator<Item = &'a Pane> + Clone,
        then: impl FnOnce(Option<&Accumulator>) -> T,
    ) -> T {
        self.kept(window, newest, before, |kept| {
            then(kept.map(|kept| &kept.taken))
        })
    }

    /// The same with what stands behind it.
    pub(super) fn whole<'a, T>(
        &self,
        window: Slice,
        newest: &Pane,
        before: impl Iterator<Item = &'a Pane> + Clone,
        then: impl FnOnce(Option<(&Accumulator, &Truth)>) -> T,
    ) -> T {
        self.kept(window, newest, before.clone(), |kept| {
            let Some(Kept { taken, truth, .. }) = kept else {
                return then(None);
            };
            if truth.is_none() {
                *truth = Truth::of(before);
            }
            then(truth.as_ref().map(|truth| (&*taken, truth)))
        })
    }

    fn kept<'a, T>(
        &self,
        window: Slice,
        newest: &Pane,
        before: impl Iterator<Item = &'a Pane>,
        then: impl FnOnce(Option<&mut Kept>) -> T,
    ) -> T {
        let fresh = || Kept::of(window, newest, before);
        // Never waited for: who reads it beside another merges for himself.
        let Ok(mut kept) = self.0.try_lock() else {
            return then(fresh().as_mut());
        };
        let is_of = |kept: &Kept| (kept.start_ms, kept.newest) == (window.start_ms, newest.slice);
        if !kept.as_deref().is_some_and(is_of) {
            let Some(fresh) = fresh() else {
                return then(None);
            };
            // The place is kept, so that memory does not move about every few seconds.
            match kept.as_mut() {
                Some(place) => **place = fresh,
                None => *kept = Some(Box::new(fresh)),
            }
        }
        then(kept.as_deref_mut())
    }

    /// Takes `incoming` in, which came to an older slice than the newest: order leaves no trace.
    pub(super) fn add(&mut self, slice: Slice, incoming: &Incoming) {
        let Some(kept) = self.place() else { return };
        if !(kept.start_ms..kept.newest.start_ms).contains(&slice.start_ms) {
            return;
        }
        if incoming.passes {
            kept.taken.add(&incoming.one);
        }
        // Rare enough to be put together anew.
        kept.truth = None;
    }

    /// Forgets it: panes that are in it are taken out or others put in.
    pub(super) fn forget(&mut self) {
        *self.place() = None;
    }

    /// Forgets it if its window begins before `until_ms`, up to where panes are taken out.
    pub(super) fn forget_before(&mut self, until_ms: i64) {
        self.place().take_if(|kept| kept.start_ms < until_ms);
    }

    fn place(&mut self) -> &mut Option<Box<Kept>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn of<'a>(
        window: Slice,
        newest: &Pane,
        mut before: impl Iterator<Item = &'a Pane>,
    ) -> Option<Self> {
        let mut taken = before.next()?.taken.clone();
        for pane in before {
            taken.merge(&pane.taken);
        }
        Some(Self {
            start_ms: window.start_ms,
            newest: newest.slice,
            taken,
            truth: None,
        })
    }
}

impl Truth {
    fn of<'a>(mut panes: impl Iterator<Item = &'a Pane>) -> Option<Self> {
        let first = panes.next()?;
        let mut truth = Self {
            sources: first.sources.clone(),
            latest_ms: first.latest_ms,
            flags: first.flags,
        };
        for pane in panes {
            truth.sources.merge(&pane.sources);
            truth.latest_ms = truth.latest_ms.max(pane.latest_ms);
            truth.flags = truth.flags.with(pane.flags);
        }
        Some(truth)
    }
}

/// A copy makes its own.
impl Clone for Rest {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// It makes no difference.
impl PartialEq for Rest {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}
