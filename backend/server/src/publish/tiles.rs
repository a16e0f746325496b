//! Which assets are in which subscribed tile, and what changed there.

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::asset::AssetMark;
use egret_shared::channel::Tile;
use egret_shared::delta::TileDelta;
use egret_shared::snapshot::TileSnapshot;

/// The assets of one subscribed tile, as its clients know them.
#[derive(Debug)]
pub(crate) struct TileView {
    tile: Tile,
    members: BTreeSet<u32>,
}

impl TileView {
    /// The view of `tile` and its first snapshot, from all assets of the city.
    pub(crate) fn open(
        tile: Tile,
        assets: impl Iterator<Item = AssetMark>,
    ) -> (Self, TileSnapshot) {
        let inside = assets.filter(|mark| Tile::of(tile.z, mark.spot.position) == tile);
        let snapshot = TileSnapshot {
            assets: inside.collect(),
        };
        let members = snapshot.assets.iter().map(|mark| mark.handle).collect();
        (Self { tile, members }, snapshot)
    }

    /// What `changed` assets mean for this tile: some enter, some move within, some leave.
    pub(crate) fn delta(&mut self, changed: &BTreeMap<u32, Option<AssetMark>>) -> TileDelta {
        let mut delta = TileDelta::default();
        for (handle, mark) in changed {
            let inside = mark
                .as_ref()
                .filter(|m| Tile::of(self.tile.z, m.spot.position) == self.tile);
            match inside {
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
