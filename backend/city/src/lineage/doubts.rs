//! Readings that came too late, unless they fill a gap of their asset: what the asset sent before
//! decides, and that lies outside the window.

use std::collections::HashMap;

use egret_shared::flags::Flags;
use egret_shared::observation::Observation;
use egret_shared::time::{Span, TimeMs};

use super::trace::{Trace, Traced, Why};
use crate::asset::{Assets, observed_us};
use crate::bits::Bits;
use crate::entry::{Entry, Seq};
use crate::plan::{Areas, Feed};

/// Late readings that may count after all.
pub(super) struct Doubts {
    /// Those of them, and whether each fills a gap.
    fills_gap: HashMap<Seq, bool>,
    /// Their assets, as they stood when each of their messages came.
    assets: Assets,
    /// Which of them have been heard within the range.
    heard: Bits,
    /// Event times between which their assets' messages have to be looked at.
    range: Option<(TimeMs, TimeMs)>,
}

impl Doubts {
    pub(super) fn new(n_feeds: usize) -> Self {
        Self {
            fills_gap: HashMap::new(),
            assets: Assets::new(n_feeds),
            heard: Bits::default(),
            range: None,
        }
    }
}

impl Trace<'_> {
    /// The event times, from inclusive to exclusive, of the entries that [`Self::hear`] has to
    /// see, in order, before [`Self::settle`] is called; `None` if no row is in doubt.
    pub fn doubtful_range(&self) -> Option<(TimeMs, TimeMs)> {
        self.doubts.range
    }

    /// Notes that a late reading may fill a gap, if it is not too old for that.
    pub(super) fn doubt(&mut self, seq: Seq, feed: Feed, observation: &Observation) {
        let Some(plan) = self.lineage.plan.feed(feed) else {
            return;
        };
        let (backfill, lateness) = (plan.def.backfill, plan.def.lateness);
        let (observed, received) = (observation.observed_at, observation.received_at);
        if received.since(observed) > backfill {
            return;
        }
        let doubts = &mut self.doubts;
        doubts.fills_gap.insert(seq, false);
        if doubts.assets.handle(feed, &observation.asset).is_none() && doubts.assets.has_room() {
            let register = self.lineage.row(feed, &observation.asset);
            let assets = &mut doubts.assets;
            assets.add(feed, 0, &observation.asset, Areas::ROOT, register);
        }
        let from = observed.minus(Span(backfill.ms() + lateness.ms()));
        let to = received.plus(Span(1));
        doubts.range = Some(match doubts.range {
            Some((first, last)) => (first.min(from), last.max(to)),
            None => (from, to),
        });
    }

    /// Follows the assets of doubtful readings as the fold does: when they fell silent, and when
    /// they were heard again.
    pub fn hear(&mut self, seq: Seq, entry: &Entry) {
        let Entry::Observation(observation) = entry else {
            return;
        };
        let Some((feed, plan)) = self.part(&observation.feed) else {
            return;
        };
        let doubts = &mut self.doubts;
        let Some(handle) = doubts.assets.handle(feed, &observation.asset) else {
            return;
        };
        let Some(asset) = doubts.assets.get_mut(handle) else {
            return;
        };
        let now_ms = observation.received_at.0;
        asset.end_silence(now_ms, plan.def.lateness.ms());
        if let Some(fills) = doubts.fills_gap.get_mut(&seq) {
            // What was not heard within the range was silent all along.
            *fills = !doubts.heard.has(handle) || asset.was_silent_at(observation.observed_at.0);
        }
        let at_us = observed_us(observation, now_ms).unwrap_or(now_ms.saturating_mul(1_000));
        asset.note(observation, at_us);
        doubts.heard.insert(handle);
    }

    /// Counts a row that was in doubt and fills a gap.
    pub fn settle(&self, row: &mut Traced) {
        let fills_gap = self.doubts.fills_gap.get(&row.seq) == Some(&true);
        if fills_gap && row.why == Some(Why::Late) {
            row.why = None;
            row.counted = true;
            row.flags = row.flags.without(Flags::LATE);
        }
    }
}
