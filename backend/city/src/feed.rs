//! A feed's health: counters as messages come, its status as time passes, and who of its assets
//! was heard when.

use std::collections::BTreeMap;

use egret_shared::feed::{FeedHealth, FeedStatus};
use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::bits::Bits;
use crate::plan::{Area, FeedPlan, Plan};

/// Id under which messages are counted that belong to no feed.
pub const UNKNOWN_FEED: &str = "unknown";

/// A feed as it stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct FeedState {
    pub(crate) status: FeedStatus,
    accepted: u64,
    duplicate: u64,
    late: u64,
    rejected: BTreeMap<SmolStr, u64>,
    /// Accepted and refused in the running minute, and in the whole one before.
    running: [u32; 2],
    whole: [u32; 2],
    observed_ms: Option<i64>,
    received_ms: Option<i64>,
    /// Handles of its assets, by their index within the feed.
    pub(crate) members: Vec<u32>,
    /// When each was heard last: city time, or when listening to it began.
    pub(crate) heard_ms: Vec<i64>,
    /// Those silent for longer than promised.
    pub(crate) stale: Bits,
    n_stale: u32,
    /// How many of its assets each area holds.
    known: Vec<u32>,
}

impl FeedState {
    pub(crate) fn new(n_areas: usize) -> Self {
        Self {
            known: vec![0; n_areas],
            ..Self::default()
        }
    }

    /// Whether a count of nothing is a true zero.
    pub(crate) fn is_live(&self) -> bool {
        self.accepted > 0 || !self.members.is_empty()
    }

    /// Whether anything was ever taken in.
    pub(crate) fn has_reported(&self) -> bool {
        self.accepted > 0
    }

    /// Counts a message that was taken in.
    pub(crate) fn accept(&mut self, observed_ms: i64, received_ms: i64) {
        self.accepted += 1;
        let [accepted, _] = &mut self.running;
        *accepted = accepted.saturating_add(1);
        self.observed_ms = self.observed_ms.max(Some(observed_ms));
        self.received_ms = self.received_ms.max(Some(received_ms));
    }

    pub(crate) fn count_duplicate(&mut self) {
        self.duplicate += 1;
    }

    pub(crate) fn count_late(&mut self) {
        self.late += 1;
    }

    pub(crate) fn refuse(&mut self, stage: &str, reason: &str) {
        let counter = SmolStr::from_iter([stage, "/", reason]);
        *self.rejected.entry(counter).or_default() += 1;
        let [_, refused] = &mut self.running;
        *refused = refused.saturating_add(1);
    }

    /// Takes one more asset in, heard at `heard_ms`; its index within the feed.
    pub(crate) fn admit(&mut self, handle: u32, heard_ms: i64) -> u32 {
        let index = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        self.members.push(handle);
        self.heard_ms.push(heard_ms);
        index
    }

    /// Notes that an asset was heard; whether it was stale before.
    pub(crate) fn hear(&mut self, index: u32, at_ms: i64) -> bool {
        if let Some(heard_ms) = self.heard_ms.get_mut(index as usize) {
            *heard_ms = at_ms.max(*heard_ms);
        }
        let was_stale = self.stale.remove(index);
        self.n_stale -= u32::from(was_stale);
        was_stale
    }

    /// Notes assets that were last heard before `before_ms` as stale; the newly stale ones.
    pub(crate) fn fall_silent(&mut self, before_ms: i64) -> Vec<u32> {
        let heard = (0_u32..).zip(&self.heard_ms);
        let silent = heard.filter(|(index, at_ms)| **at_ms <= before_ms && !self.stale.has(*index));
        let newly: Vec<u32> = silent.map(|(index, _)| index).collect();
        for index in &newly {
            self.n_stale += u32::from(self.stale.insert(*index));
        }
        newly
    }

    /// How many of its assets `area` holds.
    pub(crate) fn known(&self, area: Area) -> u32 {
        self.known.get(area as usize).copied().unwrap_or_default()
    }

    /// Notes that an asset came into (`+1`) or left (`-1`) the areas of `path`.
    pub(crate) fn move_known(&mut self, path: &[Area], by: i32) {
        for area in path {
            if let Some(known) = self.known.get_mut(*area as usize) {
                *known = known.saturating_add_signed(by);
            }
        }
    }

    /// Ends the running minute; whether the health shows a difference.
    pub(crate) fn turn_minute(&mut self) -> bool {
        let before = std::mem::replace(&mut self.whole, self.running);
        self.running = [0; 2];
        before != self.whole
    }

    /// The status at `now_ms`, with somebody listening since `since_ms`.
    pub(crate) fn status_at(&self, plan: &FeedPlan, now_ms: i64, since_ms: i64) -> FeedStatus {
        let ([_, running], [_, whole]) = (self.running, self.whole);
        let refused = running > 0 || whole > 0;
        let heard_ms = self.received_ms.map(|at_ms| at_ms.max(since_ms));
        let silent = |(heard, after): (i64, i64)| now_ms - heard >= after;
        if heard_ms.zip(plan.stale_after_ms).is_some_and(silent) {
            FeedStatus::Silent
        } else if refused || u64::from(self.n_stale) * 10 > self.members.len() as u64 {
            FeedStatus::Degraded
        } else if self.accepted == 0 {
            FeedStatus::Waiting
        } else {
            FeedStatus::Live
        }
    }

    fn health(&self, feed: FeedId) -> FeedHealth {
        let [per_minute, _] = self.whole;
        FeedHealth {
            feed,
            status: self.status,
            accepted: self.accepted,
            duplicate: self.duplicate,
            late: self.late,
            rejected: self.rejected.clone(),
            per_minute,
            assets: u32::try_from(self.members.len()).unwrap_or(u32::MAX),
            silent: self.n_stale,
            observed_at: self.observed_ms.map(TimeMs),
            received_at: self.received_ms.map(TimeMs),
        }
    }
}

/// Health of the feed with this number; the one after the last is [`UNKNOWN_FEED`], absent while
/// nothing was counted there.
pub(crate) fn health(plan: &Plan, feeds: &[FeedState], feed: usize) -> Option<FeedHealth> {
    let state = feeds.get(feed)?;
    match plan.feeds.get(feed) {
        Some(known) => Some(state.health(known.def.id.clone())),
        None => (!state.rejected.is_empty()).then(|| state.health(FeedId::new(UNKNOWN_FEED))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_stale_once_until_it_is_heard_again() {
        let mut feed = FeedState::new(1);
        feed.admit(7, 1_000);
        feed.admit(8, 5_000);
        assert_eq!(feed.fall_silent(2_000), [0]);
        assert!(feed.fall_silent(2_000).is_empty());
        assert!(feed.hear(0, 6_000));
        assert!(!feed.hear(0, 6_100));
        assert_eq!(feed.n_stale, 0);
    }
}
