//! An observation 观测: one asset's values at one time, checked and placed.
//!
//! `backend/decode` makes readings from payloads; the server's `validate` and `locate` make
//! observations of them: units converted, time and place checked. The journal keeps observations.

use serde::{Deserialize, Serialize};

use crate::flags::Flags;
use crate::id::{AreaCode, AssetId, FeedId, MessageId, PropertyId};
use crate::position::Position;
use crate::time::TimeMs;

/// One message's values of one asset at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The feed that it came by.
    pub feed: FeedId,
    /// The asset within the feed.
    pub asset: AssetId,
    /// The sender's id; absent, then feed, asset, property and time are the identity.
    pub message: Option<MessageId>,
    /// When it was so (event time): what metrics go by.
    pub observed_at: TimeMs,
    /// The same in microseconds, where the sender gave them; carried for latency measurement.
    pub observed_at_us: Option<i64>,
    /// When Egret took it in.
    pub received_at: TimeMs,
    /// Where, in WGS 84; absent if the message names no place.
    pub position: Option<Position>,
    /// The finest area that holds `position`; absent outside the city or without a position.
    pub area: Option<AreaCode>,
    /// Values in their property's own unit, each property once.
    pub values: Vec<Value>,
    /// What to know about the message as a whole.
    pub flags: Flags,
}

/// One property's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// What was measured.
    pub property: PropertyId,
    /// How much, in the unit of `properties.toml`. Always finite.
    pub v: f64,
    /// What to know about this value.
    pub flags: Flags,
}
