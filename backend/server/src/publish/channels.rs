//! The channels that somebody has subscribed to, and how the fold's changes reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use egret_city::{Changes, City};
use egret_shared::asset::AssetMark;
use egret_shared::channel::Channel;
use egret_shared::delta::Delta;
use egret_shared::snapshot::Snapshot;

use super::assets::AssetChannels;
use super::log::ChannelLog;
use super::tiles::TileView;
use crate::limits::CHANNELS_MAX;

/// Every channel alive. A channel lives as long as a client holds its log.
#[derive(Debug)]
pub(crate) struct Channels {
    generation: u64,
    open: BTreeMap<Channel, Open>,
    assets: AssetChannels,
}

#[derive(Debug)]
struct Open {
    log: Weak<ChannelLog>,
    tile: Option<TileView>,
}

/// There are as many channels as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many channels are open; try again later")]
pub(crate) struct TooManyChannels;

impl Channels {
    /// No channel yet. `generation` tells this start of the server from others.
    pub(crate) fn new(generation: u64) -> Self {
        Self {
            generation,
            open: BTreeMap::new(),
            assets: AssetChannels::default(),
        }
    }

    /// The log of `channel`, begun with a snapshot of `city` if nobody holds it yet. `city` must
    /// have been published up to its newest change.
    ///
    /// # Errors
    /// [`TooManyChannels`].
    pub(crate) fn open(
        &mut self,
        channel: &Channel,
        city: &City,
    ) -> Result<Arc<ChannelLog>, TooManyChannels> {
        let alive = self.open.get(channel).and_then(|open| open.log.upgrade());
        if let Some(log) = alive {
            return Ok(log);
        }
        self.forget();
        if self.open.len() + self.assets.len() >= CHANNELS_MAX {
            return Err(TooManyChannels);
        }
        if let Channel::Asset(feed, asset) = channel {
            return Ok(self.assets.open(feed, asset, self.generation, city));
        }
        let (state, tile) = first_state(channel, city);
        let log = ChannelLog::new(
            channel.clone(),
            self.generation,
            city.seq(),
            city.now(),
            state,
        );
        let log = Arc::new(log);
        self.open.insert(
            channel.clone(),
            Open {
                log: Arc::downgrade(&log),
                tile,
            },
        );
        Ok(log)
    }

    /// Lets channels go that nobody holds any more.
    fn forget(&mut self) {
        self.open.retain(|_, open| open.log.strong_count() > 0);
        self.assets.forget();
    }

    /// Whether an asset's channel has changed and waits for its next frame.
    pub(crate) fn is_due(&self) -> bool {
        self.assets.is_due()
    }

    /// Moves on the channels that do not wait for the city's next frame.
    pub(crate) fn publish_assets(&mut self, city: &City) {
        self.assets.publish(city, Instant::now());
    }

    /// Moves every other channel on to the state of `city`, which has changed by `changes`.
    pub(crate) fn publish(&mut self, city: &City, changes: &Changes) {
        self.forget();
        let now = Instant::now();
        let has_tiles = self.open.values().any(|open| open.tile.is_some());
        let marks: BTreeMap<u32, Option<AssetMark>> = if has_tiles {
            changes
                .assets
                .iter()
                .map(|handle| (*handle, city.mark(*handle)))
                .collect()
        } else {
            BTreeMap::new()
        };
        for (channel, open) in &mut self.open {
            let Some(log) = open.log.upgrade() else {
                continue;
            };
            let delta = match &mut open.tile {
                Some(view) => Some(view.delta(&marks))
                    .filter(|delta| !delta.is_empty())
                    .map(Delta::Tile),
                None => delta_of(channel, city, changes),
            };
            if let Some(delta) = delta {
                log.push(city.seq(), city.now(), delta, now);
            }
        }
    }
}

fn first_state(channel: &Channel, city: &City) -> (Snapshot, Option<TileView>) {
    match channel {
        Channel::City => (Snapshot::City(Box::new(city.city_snapshot())), None),
        Channel::Tile(tile) => {
            let (view, snapshot) = TileView::open(*tile, city.assets());
            (Snapshot::Tile(snapshot), Some(view))
        }
        Channel::Asset(feed, asset) => {
            (Snapshot::Asset(city.asset(feed, asset).map(Box::new)), None)
        }
        Channel::Incident(id) => (Snapshot::Incident(city.incident(id).map(Box::new)), None),
        Channel::Metric(id) => (Snapshot::Metric(city.metric_snapshot(id)), None),
    }
}

/// What `changes` mean for a channel other than a tile; `None` if nothing.
fn delta_of(channel: &Channel, city: &City, changes: &Changes) -> Option<Delta> {
    match channel {
        Channel::City => {
            let delta = city.city_delta(changes);
            (!delta.is_empty()).then(|| Delta::City(Box::new(delta)))
        }
        // These have their own way.
        Channel::Tile(_) | Channel::Asset(..) => None,
        Channel::Incident(id) => {
            let changed = changes.incidents.contains(id);
            changed.then(|| Delta::Incident(city.incident(id).map(Box::new)))
        }
        Channel::Metric(id) => {
            let changed = city.metric_delta(id, changes);
            (!changed.is_empty()).then_some(Delta::Metric(changed))
        }
    }
}
