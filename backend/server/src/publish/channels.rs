//! The channels that somebody has subscribed to, and how the fold's changes reach them.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use egret_city::{Changes, City};
use egret_shared::channel::Channel;
use egret_shared::delta::{CityDelta, Delta};
use egret_shared::id::IncidentId;
use egret_shared::metric::MetricPoint;
use egret_shared::snapshot::Snapshot;
use egret_shared::table::Changed;
use egret_shared::tile::TileSnapshot;

use super::assets::{AssetChannels, seen};
use super::log::ChannelLog;
use super::tiles::{Placed, Sources, TileIndex, TileView};
use crate::auth::sight::Sight;
use crate::limits::CHANNELS_MAX;

/// Every channel alive. A channel lives as long as a client holds its log.
#[derive(Debug)]
pub(crate) struct Channels {
    generation: u64,
    /// By channel, and who looks.
    open: BTreeMap<(Channel, u64), Open>,
    assets: AssetChannels,
    /// Where everything is, from the first tile on that somebody asks for.
    index: Option<TileIndex>,
    /// Whether a tile has something to tell that waits for its time.
    tiles_wait: bool,
}

#[derive(Debug)]
struct Open {
    log: Weak<ChannelLog>,
    sight: Arc<Sight>,
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
            index: None,
            tiles_wait: false,
        }
    }

    /// The log of `channel` as `sight` sees it, begun with a snapshot of `city` if nobody holds it
    /// yet. `city` must have been published up to its newest change.
    ///
    /// # Errors
    /// [`TooManyChannels`].
    pub(crate) fn open(
        &mut self,
        channel: &Channel,
        sight: &Arc<Sight>,
        city: &City,
    ) -> Result<Arc<ChannelLog>, TooManyChannels> {
        let key = (channel.clone(), sight.id());
        let alive = self.open.get(&key).and_then(|open| open.log.upgrade());
        if let Some(log) = alive {
            return Ok(log);
        }
        self.forget();
        if self.open.len() + self.assets.len() >= CHANNELS_MAX {
            return Err(TooManyChannels);
        }
        if let Channel::Asset(feed, asset) = channel {
            let asset = (feed, asset);
            let generation = sight.generation(self.generation);
            return Ok(self.assets.open(asset, sight, generation, city));
        }
        let (state, tile) = if let Channel::Tile(tile) = channel {
            let index = self.index.get_or_insert_with(|| indexed(city));
            let from = (&*index, &**sight);
            let opened = with_sources(city, from, |from| {
                TileView::open(*tile, from, Instant::now())
            });
            (Snapshot::Tile(opened.1), Some(opened.0))
        } else {
            (first_state(channel, sight, city), None)
        };
        let log = ChannelLog::new(
            channel.clone(),
            sight.generation(self.generation),
            city.seq(),
            city.now(),
            state,
        );
        let log = Arc::new(log);
        let open = Open {
            log: Arc::downgrade(&log),
            sight: Arc::clone(sight),
            tile,
        };
        self.open.insert(key, open);
        Ok(log)
    }

    /// The log of `channel` as `sight` sees it, if somebody holds it.
    pub(crate) fn held(&self, channel: &Channel, sight: &Sight) -> Option<Arc<ChannelLog>> {
        let key = (channel.clone(), sight.id());
        let log = self.open.get(&key).and_then(|open| open.log.upgrade());
        match channel {
            Channel::Asset(feed, asset) => self.assets.held(feed, asset, sight),
            _ => log,
        }
    }

    /// Lets channels go that nobody holds any more.
    fn forget(&mut self) {
        self.open.retain(|_, open| open.log.strong_count() > 0);
        self.assets.forget();
    }

    /// Whether an asset's channel or a tile has changed and waits for its next frame.
    pub(crate) fn is_due(&self) -> bool {
        self.assets.is_due() || self.tiles_wait
    }

    /// Moves on the channels that do not wait for the city's next frame.
    pub(crate) fn publish_assets(&mut self, city: &City) {
        self.assets.publish(city, Instant::now());
    }

    /// Moves every other channel on to the state of `city`, which has changed by `changes`.
    pub(crate) fn publish(&mut self, city: &City, changes: &Changes) {
        self.forget();
        let now = Instant::now();
        if let Some(index) = &mut self.index {
            let changed = changes.assets.iter();
            index.advance(changed.map(|handle| (*handle, placed(city, *handle))));
        }
        let index = self.index.as_ref();
        // Made once, however many look at the city.
        let whole = OnceCell::new();
        let whole = || whole.get_or_init(|| city.city_delta(changes));
        for ((channel, _), open) in &mut self.open {
            let Some(log) = open.log.upgrade() else {
                continue;
            };
            let (sight, tile) = (&open.sight, &mut open.tile);
            log.push_of(city.seq(), city.now(), now, |held| match channel {
                Channel::City => city_delta(sight, city, whole(), held),
                Channel::Tile(_) => tile.as_mut().zip(index).and_then(|(view, index)| {
                    with_sources(city, (index, sight), |from| view.news(held, from, now))
                }),
                // Assets have their own way, and walls are none of the city's.
                Channel::Asset(..) | Channel::Wall(_) => None,
                Channel::Incident(id) => {
                    let changed = changes.incidents.contains(id);
                    changed
                        .then(|| incident_delta(sight, city, id, held))
                        .flatten()
                }
                Channel::Metric(id) => {
                    let changed = city.metric_delta(id, changes);
                    metric_delta(sight, changed, held)
                }
            });
        }
        let waits = |open: &Open| open.tile.as_ref().is_some_and(TileView::is_due);
        self.tiles_wait = self.open.values().any(waits);
    }
}

/// Where every asset of `city` is.
fn indexed(city: &City) -> TileIndex {
    let moving = city.package().feeds.iter().filter(|feed| feed.moving);
    let moving = moving.map(|feed| feed.id.clone()).collect();
    let all = city.assets().map(|mark| {
        let area = city.area_of(mark.handle).cloned();
        (mark, area)
    });
    TileIndex::new(moving, all)
}

fn with_sources<R>(
    city: &City,
    (index, sight): (&TileIndex, &Sight),
    look: impl FnOnce(&Sources<'_>) -> R,
) -> R {
    look(&Sources {
        index,
        mark: &|handle| city.mark(handle),
        sees: &|feed, area| sight.is_everything() || sight.feed_at(feed, area),
    })
}

/// What a client of a channel gets first; tiles have their own way.
fn first_state(channel: &Channel, sight: &Sight, city: &City) -> Snapshot {
    match channel {
        Channel::City => {
            let seen = sight.city_snapshot(city.city_snapshot());
            Snapshot::City(Box::new(seen))
        }
        Channel::Tile(tile) => Snapshot::Tile(TileSnapshot {
            tile: *tile,
            ..TileSnapshot::default()
        }),
        Channel::Asset(feed, asset) => Snapshot::Asset(seen(city, sight, feed, asset)),
        Channel::Incident(id) => {
            let dossier = city.dossier(id);
            let dossier =
                dossier.and_then(|dossier| sight.dossier(dossier, &|id| city.incident(id)));
            Snapshot::Incident(dossier.map(Box::new))
        }
        Channel::Metric(id) => {
            let points = city.metric_snapshot(id);
            Snapshot::Metric(sight.metric_snapshot(points))
        }
        // Told by [`crate::walls`]; here none is known.
        Channel::Wall(_) => Snapshot::Wall(Box::default()),
    }
}

fn placed(city: &City, handle: u32) -> Option<Placed> {
    let mark = city.mark(handle)?;
    Some((mark, city.area_of(handle).cloned()))
}

fn city_delta(sight: &Sight, city: &City, whole: &CityDelta, held: &Snapshot) -> Option<Delta> {
    let delta = match held {
        Snapshot::City(held) if !sight.is_everything() => {
            sight.city_delta(whole, held, &|id| city.incident(id))
        }
        _ => whole.clone(),
    };
    (!delta.is_empty()).then(|| Delta::City(Box::new(delta)))
}

/// Nothing for one who may not see it: not even that something happened.
fn incident_delta(sight: &Sight, city: &City, id: &IncidentId, held: &Snapshot) -> Option<Delta> {
    let newer = city.dossier(id);
    let seen = newer.and_then(|dossier| sight.dossier(dossier, &|id| city.incident(id)));
    let seen = seen.map(Box::new);
    let is_news = !matches!(held, Snapshot::Incident(held) if *held == seen);
    is_news.then_some(Delta::Incident(seen))
}

fn metric_delta(sight: &Sight, changed: Changed<MetricPoint>, held: &Snapshot) -> Option<Delta> {
    let changed = match held {
        Snapshot::Metric(held) if !sight.is_everything() => sight.metric_delta(&changed, held),
        _ => changed,
    };
    (!changed.is_empty()).then_some(Delta::Metric(changed))
}
