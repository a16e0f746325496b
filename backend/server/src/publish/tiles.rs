//! Which assets are in which subscribed tile, and what changed there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egret_shared::asset::AssetMark;
use egret_shared::channel::Tile;
use egret_shared::delta::TileDelta;
use egret_shared::id::AreaCode;
use egret_shared::snapshot::TileSnapshot;

use crate::auth::sight::Sight;

/// An asset's mark, and the area that it counts for.
pub(crate) type Placed = (AssetMark, Option<AreaCode>);

/// The assets of one subscribed tile, as its clients know them.
#[derive(Debug)]
pub(crate) struct TileView {
    tile: Tile,
    sight: Arc<Sight>,
    members: BTreeSet<u32>,
}

impl TileView {
    /// What `sight` sees of `tile`, and its first snapshot, from all assets of the city.
    pub(crate) fn open(
        tile: Tile,
        sight: &Arc<Sight>,
        assets: impl Iterator<Item = Placed>,
    ) -> (Self, TileSnapshot) {
        let mut view = Self {
            tile,
            sight: Arc::clone(sight),
            members: BTreeSet::new(),
        };
        let inside = assets.filter(|placed| view.holds(placed));
        let snapshot = TileSnapshot {
            assets: inside.map(|(mark, _)| mark).collect(),
        };
        view.members = snapshot.assets.iter().map(|mark| mark.handle).collect();
        (view, snapshot)
    }

    /// Whether an asset is in the tile and may be seen.
    fn holds(&self, (mark, area): &Placed) -> bool {
        Tile::of(self.tile.z, mark.spot.position) == self.tile
            && self.sight.feed_at(&mark.feed, area.as_ref())
    }

    /// What `changed` assets mean for this tile: some enter, some move within, some leave.
    pub(crate) fn delta(&mut self, changed: &BTreeMap<u32, Option<Placed>>) -> TileDelta {
        let mut delta = TileDelta::default();
        for (handle, placed) in changed {
            let inside = placed.as_ref().filter(|placed| self.holds(placed));
            match inside.map(|(mark, _)| mark) {
                Some(mark) if self.members.contains(handle) => {
                    delta.update.push((*handle, mark.spot));
                }
                Some(mark) => {
                    self.members.insert(*handle);
                    delta.enter.push(mark.clone());
                }
                None if self.members.remove(handle) => delta.leave.push(*handle),
                None => {}
            }
        }
        delta
    }
}
