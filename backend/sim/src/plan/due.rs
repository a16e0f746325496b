//! What is due: the plan's queue, ordered by time and, at one time, by when it was scheduled.

use std::cmp::Ordering;

use egret_shared::time::TimeMs;

use super::Timed;
use crate::reports::Case;

/// Something at its time.
#[derive(Clone, Debug)]
pub(super) struct Due {
    /// When.
    pub(super) at: TimeMs,
    /// Which first of those at one time.
    pub(super) order: u64,
    /// What.
    pub(super) what: What,
}

/// What can happen.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A speaker speaks.
    Speak(usize),
    /// A desk looks for new cases.
    OpenDesk(usize),
    /// A case takes a step.
    Step(Box<Case>),
    /// A message leaves that was held back, or leaves again.
    Send(Box<Timed>),
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
