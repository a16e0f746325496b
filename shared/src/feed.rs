//! A feed's health: what arrived, what was refused and why, and how late it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::id::FeedId;
use crate::table::Keyed;
use crate::time::TimeMs;

/// How a feed does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedHealth {
    /// Which feed.
    pub feed: FeedId,
    /// Whether it delivers as promised.
    pub status: FeedStatus,
    /// Messages taken in, duplicates not among them.
    pub accepted: u64,
    /// Messages seen before.
    pub duplicate: u64,
    /// Messages that came after their window was closed for good.
    pub late: u64,
    /// Refused messages by stage and reason, as `stage/reason`.
    pub rejected: BTreeMap<SmolStr, u64>,
    /// Messages taken in during the last whole minute.
    pub per_minute: u32,
    /// Assets known.
    pub assets: u32,
    /// Assets that are silent for longer than promised.
    pub silent: u32,
    /// Event time of the newest message.
    pub observed_at: Option<TimeMs>,
    /// When the newest message arrived.
    pub received_at: Option<TimeMs>,
}

/// Whether a feed delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedStatus {
    /// Nothing has ever arrived.
    #[default]
    Waiting,
    /// As promised.
    Live,
    /// More than a tenth of its assets are silent, or messages are being refused.
    Degraded,
    /// Nothing within three promised intervals (feeds that promise one).
    Silent,
}

impl Keyed for FeedHealth {
    type Key = FeedId;

    fn key(&self) -> FeedId {
        self.feed.clone()
    }
}
