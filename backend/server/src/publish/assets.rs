//! Channels of single assets: each keeps its own pace.
//!
//! Somebody who looks at one asset wants its next value at once. So an asset's channel does not
//! wait for the city's next frame: it moves as soon as its last frame is old enough.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use egret_city::City;
use egret_shared::asset::AssetState;
use egret_shared::channel::Channel;
use egret_shared::delta::Delta;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::snapshot::Snapshot;

use super::log::ChannelLog;
use crate::auth::sight::Sight;
use crate::limits::FRAME_EVERY;

/// Every asset that somebody looks at.
#[derive(Debug, Default)]
pub(crate) struct AssetChannels {
    /// By feed, asset, and who looks.
    open: BTreeMap<(FeedId, AssetId, u64), Open>,
}

#[derive(Debug)]
struct Open {
    log: Weak<ChannelLog>,
    sight: Arc<Sight>,
    handle: Option<u32>,
    pushed_at: Option<Instant>,
    is_due: bool,
}

impl AssetChannels {
    /// How many there are, including those that have just lost their last client.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The log of the asset's channel as `sight` sees it, begun with a snapshot of `city` if nobody
    /// holds it yet.
    pub(crate) fn open(
        &mut self,
        (feed, asset): (&FeedId, &AssetId),
        sight: &Arc<Sight>,
        generation: u64,
        city: &City,
    ) -> Arc<ChannelLog> {
        let key = (feed.clone(), asset.clone(), sight.id());
        if let Some(log) = self.open.get(&key).and_then(|open| open.log.upgrade()) {
            return log;
        }
        let channel = Channel::Asset(feed.clone(), asset.clone());
        let state = Snapshot::Asset(seen(city, sight, feed, asset));
        let log = Arc::new(ChannelLog::new(
            channel,
            generation,
            city.seq(),
            city.now(),
            state,
        ));
        let open = Open {
            log: Arc::downgrade(&log),
            sight: Arc::clone(sight),
            handle: city.handle(feed, asset),
            pushed_at: None,
            is_due: false,
        };
        self.open.insert(key, open);
        log
    }

    /// The log of the asset's channel as `sight` sees it, if somebody holds it.
    pub(crate) fn held(
        &self,
        feed: &FeedId,
        asset: &AssetId,
        sight: &Sight,
    ) -> Option<Arc<ChannelLog>> {
        let key = (feed.clone(), asset.clone(), sight.id());
        self.open.get(&key)?.log.upgrade()
    }

    /// Lets channels go that nobody holds any more.
    pub(crate) fn forget(&mut self) {
        self.open.retain(|_, open| open.log.strong_count() > 0);
    }

    /// Whether a channel has changed and waits for its next frame.
    pub(crate) fn is_due(&self) -> bool {
        self.open.values().any(|open| open.is_due)
    }

    /// Moves on every channel whose asset has changed and whose last frame is old enough.
    pub(crate) fn publish(&mut self, city: &City, now: Instant) {
        for ((feed, asset, _), open) in &mut self.open {
            if open.handle.is_none() {
                open.handle = city.handle(feed, asset);
            }
            open.is_due |= open.handle.is_some_and(|handle| city.has_changed(handle));
            let is_old = open
                .pushed_at
                .is_none_or(|at| now.duration_since(at) >= FRAME_EVERY);
            if !(open.is_due && is_old) {
                continue;
            }
            open.is_due = false;
            let Some(log) = open.log.upgrade() else {
                continue;
            };
            let state = seen(city, &open.sight, feed, asset);
            // The city goes on calling an asset changed until its own next frame.
            if log.push_new(city.seq(), city.now(), Delta::Asset(state), now) {
                open.pushed_at = Some(now);
            }
        }
    }
}

/// The asset, if it may be seen where it is: else it is as if there were none.
pub(super) fn seen(
    city: &City,
    sight: &Sight,
    feed: &FeedId,
    asset: &AssetId,
) -> Option<Box<AssetState>> {
    let state = city.asset(feed, asset)?;
    sight.asset(&state).then(|| Box::new(state))
}
