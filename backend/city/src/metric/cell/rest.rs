//! What a live window holds but for its newest slice, put together once and kept.
//!
//! Most of what comes belongs to the newest slice, and a window is read many times before the next
//! slice begins: by each tick and for each frame of a screen. What it holds besides stays the same
//! meanwhile. Kept beside the state and no part of it: made anew wherever it is missing.

use std::sync::{Mutex, PoisonError};

use super::super::Incoming;
use super::super::pane::Pane;
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
    merged: Pane,
}

impl Rest {
    /// What `then` makes of the panes `before` the `newest` of `window`, merged; `None` if there
    /// are none. One alone is not worth keeping.
    pub(super) fn with<'a, T>(
        &self,
        window: Slice,
        newest: &Pane,
        mut before: impl Iterator<Item = &'a Pane>,
        then: impl FnOnce(Option<&Pane>) -> T,
    ) -> T {
        // Never waited for: who reads it beside another merges for himself.
        let Ok(mut kept) = self.0.try_lock() else {
            return then(merged(before).as_ref());
        };
        if let Some(kept) = kept.as_deref()
            && (kept.start_ms, kept.newest) == (window.start_ms, newest.slice)
        {
            return then(Some(&kept.merged));
        }
        let (one, two) = (before.next(), before.next());
        if two.is_none() {
            return then(one);
        }
        let Some(merged) = merged(one.into_iter().chain(two).chain(before)) else {
            return then(None);
        };
        let fresh = Kept {
            start_ms: window.start_ms,
            newest: newest.slice,
            merged,
        };
        // The place is kept, so that memory does not move about every few seconds.
        let place = match kept.as_mut() {
            Some(place) => {
                **place = fresh;
                place
            }
            None => kept.insert(Box::new(fresh)),
        };
        then(Some(&place.merged))
    }

    /// Takes `incoming` in, which came to an older slice than the newest: order leaves no trace.
    pub(super) fn add(&mut self, slice: Slice, incoming: &Incoming) {
        if let Some(kept) = self.kept()
            && (kept.start_ms..kept.newest.start_ms).contains(&slice.start_ms)
        {
            kept.merged.add(incoming);
        }
    }

    /// Forgets it: panes that are in it are taken out or others put in.
    pub(super) fn forget(&mut self) {
        *self.kept() = None;
    }

    fn kept(&mut self) -> &mut Option<Box<Kept>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

fn merged<'a>(mut panes: impl Iterator<Item = &'a Pane>) -> Option<Pane> {
    let mut whole = panes.next()?.clone();
    for pane in panes {
        whole.merge(pane);
    }
    Some(whole)
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
