//! The city as it plays: everyone who speaks, and what is the same for all of them.

use egret_shared::id::FeedId;
use egret_shared::time::TimeMs;

use crate::daily::{digits, local_hour};
use crate::dice::Dice;
use crate::drainage::Drainage;
use crate::faults::{Health, Outages, PATCHY_LOSS};
use crate::fleet::{Fleet, Weather};
use crate::options::Options;
use crate::payload::{self, Said, Written};
use crate::plane::Point;
use crate::rain::Rain;
use crate::reports::{Case, Desk, trouble, wet_places};
use crate::roads::{Roads, RoadsError};
use crate::sensors::{Measured, Model, Scene, Sensor};
use crate::setting::Setting;
use crate::traffic::Traffic;
use crate::vehicle::Vehicle;

mod cast;
mod water;

use cast::most_sites;
use water::water;

/// How often what changes slowly is worked out anew, in event time: a minute of a storm at 30×.
const REFRESH_MS: i64 = 2_000;

/// Why a city cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The road layer.
    #[error(transparent)]
    Roads(#[from] RoadsError),
    /// The storm's table, which is part of the program.
    #[error("the storm's table: {0}")]
    Storm(#[from] toml::de::Error),
    /// A number that makes no sense.
    #[error("{name} is {value}, it must be greater than 0")]
    NotPositive {
        /// Which option.
        name: &'static str,
        /// What it is.
        value: f64,
    },
}

/// One asset that speaks.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    /// Index of its feed in the setting.
    feed: usize,
    /// Index of its asset in the setting.
    asset: usize,
    /// How often it speaks.
    pub(crate) interval_ms: i64,
    /// Its gateway.
    pub(crate) gateway: u64,
    body: Body,
    health: Health,
    /// What a stuck one tells for ever.
    frozen: Option<Vec<Measured>>,
    /// Its own chance, for when it speaks and what goes wrong.
    pub(crate) dice: Dice,
}

#[derive(Clone, Debug)]
enum Body {
    Fixed(Box<Sensor>, Model),
    Moving(Box<Vehicle>, Fleet),
}

impl Speaker {
    /// Whether it stands still: only these are behind gateways that lose the network.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.body, Body::Fixed(..))
    }
}

/// The city.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// What it is made of.
    pub(crate) setting: Setting,
    /// Who speaks.
    pub(crate) speakers: Vec<Speaker>,
    /// Where reports come in.
    pub(crate) desks: Vec<Desk>,
    /// When gateways are offline.
    pub(crate) outages: Outages,
    /// Feeds that nobody plays.
    pub(crate) unplayed: Vec<FeedId>,
    rain: Rain,
    drainage: Drainage,
    roads: Roads,
    traffic: Traffic,
    /// Where most assets of one kind stand, people live.
    places: Vec<Point>,
    wet: Vec<(Point, f64)>,
    trouble: f64,
    hour: f64,
    /// How many hours the city lives ahead of its clocks.
    hours_ahead: f64,
    refreshed: Option<TimeMs>,
}

impl World {
    /// The city at `first`, with the storm's clock and showers set by `start`.
    ///
    /// # Errors
    /// Options that make no sense, or roads that cannot be read.
    pub(crate) fn new(
        setting: Setting,
        options: &Options,
        start: TimeMs,
        first: TimeMs,
    ) -> Result<Self, PlanError> {
        let (rain, drainage) = water(&setting, options, start)?;
        let roads = match &options.roads {
            Some(text) => Roads::from_geojson(text, setting.plane)?,
            None => Roads::default(),
        };
        let places = most_sites(&setting);
        let clocks = local_hour(start, setting.timezone);
        let hours_ahead = options.hour.map_or(0.0, |hour| hour - clocks);
        let mut world = Self {
            speakers: Vec::new(),
            desks: Vec::new(),
            outages: Outages::new(options.seed, first),
            unplayed: Vec::new(),
            traffic: Traffic::new(&roads, &drainage, &rain),
            setting,
            rain,
            drainage,
            roads,
            places,
            wet: Vec::new(),
            trouble: 0.0,
            hour: 0.0,
            hours_ahead,
            refreshed: None,
        };
        world.fill(options, first);
        world.refresh(first);
        Ok(world)
    }

    /// Brings what changes slowly up to `at`, if it is time.
    pub(crate) fn refresh(&mut self, at: TimeMs) {
        let fresh = self
            .refreshed
            .is_some_and(|then| at.since(then).ms() < REFRESH_MS);
        if fresh {
            return;
        }
        self.refreshed = Some(at);
        let clocks = local_hour(at, self.setting.timezone);
        self.hour = (clocks + self.hours_ahead).rem_euclid(24.0);
        self.traffic
            .refresh(at, self.hour, &self.drainage, &self.rain);
        self.wet = wet_places(&self.drainage, &self.rain, at);
        self.trouble = trouble(&self.wet);
    }

    /// What speaker `index` says at `at`; nothing if its radio loses it.
    pub(crate) fn speak(&mut self, index: usize, at: TimeMs) -> Vec<Written> {
        let scene = scene(
            self.hour,
            self.trouble,
            &self.traffic,
            &self.rain,
            &self.drainage,
            at,
        );
        let Some(speaker) = self.speakers.get_mut(index) else {
            return Vec::new();
        };
        let feed = self.setting.feeds.get(speaker.feed);
        let asset = self.setting.assets.get(speaker.asset);
        let (Some(feed), Some(asset)) = (feed, asset) else {
            return Vec::new();
        };
        let (place, mut values) = match &mut speaker.body {
            Body::Fixed(sensor, model) => {
                let interval_s = speaker.interval_ms as f64 / 1_000.0;
                (None, sensor.measure(*model, &scene, interval_s))
            }
            Body::Moving(vehicle, fleet) => {
                let weather = Weather {
                    cloud: scene.cloud,
                    trouble: scene.trouble,
                };
                let (place, values) =
                    fleet.report(vehicle, at, &self.roads, &self.traffic, weather);
                (Some(self.setting.plane.position_from(place)), values)
            }
        };
        match speaker.health {
            Health::Stuck => {
                let told = speaker.frozen.get_or_insert_with(|| values.clone());
                values.clone_from(told);
            }
            Health::Patchy if speaker.dice.chance(PATCHY_LOSS) => return Vec::new(),
            Health::Well | Health::Silent | Health::Patchy => {}
        }
        let said = Said {
            asset: asset.asset.as_str(),
            at,
            position: place.or(asset.position),
            values: &values,
        };
        payload::readings(&self.setting, feed, &said)
    }

    /// The feed of speaker `index`.
    pub(crate) fn feed_of(&self, index: usize) -> FeedId {
        let speaker = self.speakers.get(index);
        let feed = speaker.and_then(|speaker| self.setting.feeds.get(speaker.feed));
        feed.map_or_else(|| FeedId::new(""), |feed| feed.id.clone())
    }

    /// The cases that come in at desk `index` in the next moments, each with its time.
    pub(crate) fn open_cases(
        &mut self,
        index: usize,
        at: TimeMs,
        rate: f64,
    ) -> Vec<(TimeMs, Case)> {
        let scene = scene(
            self.hour,
            self.trouble,
            &self.traffic,
            &self.rain,
            &self.drainage,
            at,
        );
        let prefix = digits(at, self.setting.timezone);
        let desk = self.desks.get_mut(index);
        desk.map_or_else(Vec::new, |desk| {
            desk.open(&scene, rate, &self.places, &self.wet, &prefix)
        })
    }

    /// The rain over it.
    pub(crate) fn rain(&self) -> &Rain {
        &self.rain
    }
}

/// What is the same for all sensors at `at`.
fn scene<'a>(
    hour: f64,
    trouble: f64,
    traffic: &Traffic,
    rain: &'a Rain,
    drainage: &'a Drainage,
    at: TimeMs,
) -> Scene<'a> {
    Scene {
        at,
        hour,
        rush: traffic.rush(),
        cloud: rain.cloud(at),
        trouble,
        rain,
        drainage,
    }
}
