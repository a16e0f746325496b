//! An asset 部件 as it stands: its newest values, and the mark it leaves in lists and on the map.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::flags::Flags;
use crate::id::{AreaCode, AssetId, FeedId, PropertyId};
use crate::level::Level;
use crate::position::Position;
use crate::text::Text;
use crate::time::TimeMs;

/// An asset with its newest value of every property, newest by event time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetState {
    /// The feed it belongs to.
    pub feed: FeedId,
    /// Its id within the feed.
    pub asset: AssetId,
    /// What people call it, where the city package registers it.
    pub name: Option<Text>,
    /// Where it was last seen, or where the register says it stands.
    pub position: Option<Position>,
    /// The areas that hold it, widest first.
    pub areas: Vec<AreaCode>,
    /// Newest value by property.
    pub values: BTreeMap<PropertyId, AssetValue>,
    /// Event time of the newest observation; absent if none ever came.
    pub observed_at: Option<TimeMs>,
    /// The same in microseconds, where the sender gave them.
    pub observed_at_us: Option<i64>,
    /// When the newest observation arrived; absent if none ever came.
    pub received_at: Option<TimeMs>,
    /// The highest level among its open alerts.
    pub level: Level,
    /// Nothing new for longer than its feed promises.
    pub stale: bool,
}

/// A property's newest value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetValue {
    /// How much.
    pub v: f64,
    /// UCUM unit of `v`.
    pub u: String,
    /// When it was so.
    pub at: TimeMs,
    /// What to know about it.
    pub flags: Flags,
}

/// An asset as lists show it: who it is, where, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetMark {
    /// The server's short name for the asset, valid within one generation.
    pub handle: u32,
    /// The feed it belongs to.
    pub feed: FeedId,
    /// Its id within the feed.
    pub asset: AssetId,
    /// Where it is and how it is.
    pub spot: AssetSpot,
}

/// The changing part of a mark. On the map it is a [`crate::tile::TileSpot`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssetSpot {
    /// Where.
    pub position: Position,
    /// When it was there; absent if only the register knows it.
    pub at: Option<TimeMs>,
    /// The highest level among its open alerts.
    pub level: Level,
    /// Nothing new for longer than its feed promises.
    pub stale: bool,
}
