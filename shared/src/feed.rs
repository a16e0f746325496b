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
    /// Messages that came too late to count: after their window was closed for good. One that is late by
    /// [`Quality::timeliness`] and fills a gap of its asset is none of them.
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
    /// Messages with a value that is implausible, stuck or jumped.
    pub suspect: u64,
    /// How often an asset speaks: as promised, or as learned; absent while neither is known.
    pub interval: Option<Interval>,
    /// Event time up to which windows are taken to be complete: the newest event time, less the
    /// feed's lateness.
    pub watermark: Option<TimeMs>,
    /// How well it delivered in the last hour; absent while nothing came and nothing was due.
    pub quality: Option<Quality>,
    /// The gateway whose clock is furthest off; absent while none is known to be.
    pub clock: Option<ClockOffset>,
}

/// How often an asset of a feed speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Milliseconds between two messages of an asset.
    pub ms: i64,
    /// Whether it was learned from what came, for the feed promises nothing.
    pub learned: bool,
}

/// How well a feed delivered in the last hour, each in per cent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Messages that were not late, which is within the feed's lateness, of all that came.
    pub timeliness: f64,
    /// Messages that came, of those that were due; absent while no interval is known.
    pub completeness: Option<f64>,
    /// Messages neither refused nor suspect, of all that came.
    pub validity: f64,
    /// The mean of those that are known.
    pub score: f64,
}

/// How far a gateway's clock is from ours, as estimated from its fastest messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// The gateway: an MQTT client id or the address of an HTTP sender.
    pub gateway: SmolStr,
    /// Milliseconds its clock is ahead; negative if behind. A delay on the way counts as behind.
    pub ahead_ms: i64,
    /// When that was estimated.
    pub at: TimeMs,
}

/// Who makes a feed worse, and by what: `GET /api/v1/feeds/{feed}/quality`.
///
/// Counted are refused messages that are in quarantine: one that was read again with success or
/// discarded since is none of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedQuality {
    /// Which feed.
    pub feed: FeedId,
    /// How well it delivered in the last hour; absent while nothing came and nothing was due.
    pub quality: Option<Quality>,
    /// Refused messages that came at this time or later are counted …
    pub from: TimeMs,
    /// … up to this: now.
    pub to: TimeMs,
    /// How many there are.
    pub refused: u64,
    /// Who sent them, those with most first: MQTT clients, brokers, addresses. At most twenty.
    pub senders: Vec<Offender>,
    /// By which topics they came, which often name the asset; those with most first, at most twenty.
    pub topics: Vec<Offender>,
    /// How far the clocks of its gateways are off, those furthest off first.
    pub clocks: Vec<ClockOffset>,
}

/// Where refused messages of a feed come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offender {
    /// A sender, or a topic.
    pub name: String,
    /// How many of its messages were refused.
    pub refused: u64,
    /// The same by stage and reason, as `stage/reason`.
    pub reasons: BTreeMap<SmolStr, u64>,
    /// When the newest came.
    pub received_at: TimeMs,
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
