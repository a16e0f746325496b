//! What a run can be told, and what it tells when it ends.

use std::collections::{BTreeMap, BTreeSet};

use egret_package::Package;
use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};

/// What happens to the city.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// An ordinary day with brief showers.
    #[default]
    Quiet,
    /// The rain of 21–22 June 2021.
    Storm,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to publish: `mqtt://[user:password@]host[:port]`.
    pub broker: String,
    /// What chance begins with; the same seed gives the same city.
    pub seed: u64,
    /// How many times as often everyone speaks; 1 is as the feeds declare.
    pub rate: f64,
    /// Event seconds per second; event times are right at any speed. Infinity publishes as fast
    /// as messages are acknowledged.
    pub speed: f64,
    /// What happens.
    pub scenario: Scenario,
    /// The first event time; `None` is now.
    pub start: Option<TimeMs>,
    /// The hour of the day, 0 to 24, that the city lives at `start` whatever its clocks say: rush
    /// hours, calls, lights. Event times are not moved. `None` follows the clocks.
    pub hour: Option<f64>,
    /// Storm seconds per event second: 30 plays the storm's 14 hours in 28 minutes while event
    /// times stay the present.
    pub storm_speed: f64,
    /// The storm's clock at `start`; `None` has it begin two minutes later.
    pub storm_offset: Option<Span>,
    /// How much of the past before `start` is published first, as fast as it is taken, each asset
    /// once a minute. What a feed's lateness does not allow is refused by the receiver.
    pub backfill: Span,
    /// How many MQTT connections, each a group of gateways; one more is for a gateway by itself.
    pub connections: usize,
    /// How much event time; `None` runs until it is stopped.
    pub duration: Option<Span>,
    /// GeoJSON text of the road layer ([`road_layer`]); without it nothing drives.
    pub roads: Option<String>,
    /// Only these feeds; all of them if empty.
    pub feeds: BTreeSet<FeedId>,
    /// Whether to log how it goes every ten seconds.
    pub progress: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            broker: "mqtt://127.0.0.1:1883".to_owned(),
            seed: 1,
            rate: 1.0,
            speed: 1.0,
            scenario: Scenario::Quiet,
            start: None,
            hour: None,
            storm_speed: 30.0,
            storm_offset: None,
            backfill: Span(0),
            connections: 8,
            duration: None,
            roads: None,
            feeds: BTreeSet::new(),
            progress: true,
        }
    }
}

/// The storm's worst time for a picture: the middle burst has fallen and the roads are under.
pub const STORM_PEAK: Span = Span(25_500_000);

/// The text of the layer that vehicles drive on, out of the package's files.
pub fn road_layer(package: &Package, files: &BTreeMap<String, String>) -> Option<String> {
    let mut layers = package.layers.iter();
    let layer = layers.find(|layer| layer.kind == "road" && !layer.is_tiled())?;
    files.get(&format!("map/{}", layer.file)).cloned()
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages handed to MQTT.
    pub published: u64,
    /// PUBACKs that came back.
    pub acknowledged: u64,
    /// Messages left out because the publisher had fallen more than a minute behind the present.
    pub skipped: u64,
    /// How many of the published were sent twice on purpose.
    pub duplicates: u64,
    /// How many of the published were wrong on purpose.
    pub bad: u64,
    /// Published messages by feed.
    pub by_feed: BTreeMap<FeedId, u64>,
    /// Feeds that the simulator has no model for, or no registered asset.
    pub unplayed: Vec<FeedId>,
}
