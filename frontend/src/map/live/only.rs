//! Tiles as a map sees them that shows some feeds alone. Pure.
//!
//! Cells count assets of every feed, so such a map goes without them.

use std::collections::BTreeSet;

use egret_shared::id::FeedId;
use egret_shared::table::{Changed, Table};
use egret_shared::tile::{TileDelta, TileSnapshot};

/// A tile's assets of these feeds alone.
pub(super) fn of_snapshot(feeds: &BTreeSet<FeedId>, snapshot: &TileSnapshot) -> TileSnapshot {
    let shown = snapshot.assets.iter();
    let shown = shown.filter(|mark| feeds.contains(&mark.feed)).cloned();
    TileSnapshot {
        tile: snapshot.tile,
        assets: shown.collect(),
        cells: Table::default(),
    }
}

/// A tile's news without assets of other feeds. Moves of what has not been shown mean nothing.
pub(super) fn of_delta(feeds: &BTreeSet<FeedId>, delta: &TileDelta) -> TileDelta {
    let shown = delta.enter.iter();
    let shown = shown.filter(|mark| feeds.contains(&mark.feed)).cloned();
    TileDelta {
        tile: delta.tile,
        enter: shown.collect(),
        update: delta.update.clone(),
        leave: delta.leave.clone(),
        cells: Changed::default(),
    }
}
