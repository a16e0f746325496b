//! How a feed writes: from what was measured to topic and bytes, the way its decoder reads them.
//!
//! The forward side of `egret-decode`: native JSON, and any vendor's JSON as the feed's own map
//! declares it, in the vendor's words, units, times and datum.

use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::position::Position;
use egret_shared::time::TimeMs;

use crate::sensors::Measured;
use crate::setting::Setting;

mod mapped;
mod native;

pub(crate) use native::report;

/// What one asset has to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// The asset's id.
    pub(crate) asset: &'a str,
    /// When it measured.
    pub(crate) at: TimeMs,
    /// Where, WGS 84.
    pub(crate) position: Option<Position>,
    /// What, in the units of `properties.toml`.
    pub(crate) values: &'a [Measured],
}

/// A message to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The topic.
    pub(crate) topic: String,
    /// The payload: JSON.
    pub(crate) payload: String,
}

/// What an asset says, as its feed writes it: one message, or one for each property where the
/// vendor names the property inside. Nothing for a feed that is not published over MQTT, or in a
/// format that the simulator has not learnt.
pub(crate) fn readings(setting: &Setting, feed: &FeedDef, said: &Said<'_>) -> Vec<Written> {
    match (feed.format, &feed.map) {
        (Format::EgretJson, _) => native::reading(setting, feed, said).into_iter().collect(),
        (Format::MappedJson, Some(map)) => mapped::readings(setting, feed, map, said),
        _ => Vec::new(),
    }
}

/// The topic that a filter's last wildcard level and others are filled in to make.
fn topic_of(filter: &str, id: &str, asset_level: Option<usize>) -> String {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels
        .iter()
        .rposition(|level| *level == "+" || *level == "#");
    let named = asset_level.or(last);
    let filled = levels
        .iter()
        .enumerate()
        .map(|(index, level)| match *level {
            "+" | "#" if Some(index) == named => id,
            "+" | "#" => "gw",
            other => other,
        });
    filled.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
