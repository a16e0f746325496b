//! Gateways' clocks: how far each is off, as the intake has seen.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use egret_shared::feed::ClockOffset;
use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::entry::GatewayClock;
use crate::fold::Fold;
use crate::limits::{CLOCK_OFF_MS, GATEWAY_KEPT_MS, GATEWAYS_MAX};
use crate::plan::{Feed, Plan};

/// Every gateway's clock, by the feed that it delivers; at most [`GATEWAYS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gateways(BTreeMap<(Feed, SmolStr), Offset>);

/// How far a clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Offset {
    ahead_ms: i64,
    at_ms: i64,
}

impl Gateways {
    fn take(&mut self, feed: Feed, clock: &GatewayClock) {
        let offset = Offset {
            ahead_ms: clock.ahead_ms,
            at_ms: clock.at.0,
        };
        self.0.insert((feed, clock.gateway.clone()), offset);
    }

    /// Forgets the one heard of longest ago if there are too many; its feed.
    fn make_room(&mut self) -> Option<Feed> {
        if self.0.len() <= GATEWAYS_MAX {
            return None;
        }
        let oldest = self.0.iter().min_by_key(|(_, offset)| offset.at_ms);
        let key = oldest.map(|(key, _)| key.clone())?;
        self.0.remove(&key);
        Some(key.0)
    }

    /// Forgets those not heard of for long; their feeds.
    fn expire(&mut self, now_ms: i64) -> Vec<Feed> {
        let is_old = |offset: &Offset| now_ms - offset.at_ms > GATEWAY_KEPT_MS;
        let old = self.0.iter().filter(|(_, offset)| is_old(offset));
        let feeds = old.map(|((feed, _), _)| *feed).collect();
        self.0.retain(|_, offset| !is_old(offset));
        feeds
    }

    /// The gateway of `feed` whose clock is furthest off, if it is off by more than
    /// [`CLOCK_OFF_MS`]; of equals the first by name.
    fn furthest(&self, feed: Feed) -> Option<ClockOffset> {
        let of_feed = self.0.range((feed, SmolStr::default())..);
        let of_feed = of_feed.take_while(|((other, _), _)| *other == feed);
        let off = of_feed.filter(|(_, offset)| offset.ahead_ms.abs() > CLOCK_OFF_MS);
        let furthest = off.min_by_key(|(_, offset)| Reverse(offset.ahead_ms.abs()));
        furthest.map(|((_, gateway), offset)| offset.told(gateway))
    }

    /// All of them, by feed in the package's order and then by name.
    pub(crate) fn all<'a>(
        &'a self,
        plan: &'a Plan,
    ) -> impl Iterator<Item = (FeedId, ClockOffset)> + 'a {
        self.0.iter().filter_map(|((feed, gateway), offset)| {
            let feed = plan.feed(*feed)?.def.id.clone();
            Some((feed, offset.told(gateway)))
        })
    }
}

impl Offset {
    fn told(self, gateway: &SmolStr) -> ClockOffset {
        ClockOffset {
            gateway: gateway.clone(),
            ahead_ms: self.ahead_ms,
            at: TimeMs(self.at_ms),
        }
    }
}

impl Fold<'_> {
    /// Takes note of how far a gateway's clock is off.
    pub(crate) fn note_clock(&mut self, clock: &GatewayClock) {
        let Some(feed) = self.plan.feed_number(&clock.feed) else {
            return;
        };
        self.state.gateways.take(feed, clock);
        let left = self.state.gateways.make_room();
        for feed in left.into_iter().chain([feed]) {
            self.tell_clock(feed);
        }
    }

    /// Forgets gateways that have left.
    pub(crate) fn forget_gateways(&mut self) {
        for feed in self.state.gateways.expire(self.state.now_ms) {
            self.tell_clock(feed);
        }
    }

    fn tell_clock(&mut self, feed: Feed) {
        let furthest = self.state.gateways.furthest(feed);
        let state = self.state.feeds.get_mut(usize::from(feed));
        if let Some(state) = state.filter(|state| state.clock != furthest) {
            state.clock = furthest;
            self.dirty.feeds.insert(u32::from(feed));
        }
    }
}
