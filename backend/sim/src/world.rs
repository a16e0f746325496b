//! The city as it plays: everyone who speaks, and what is the same for all of them.

use egret_shared::id::{AssetId, FeedId};
use egret_shared::time::TimeMs;

use crate::curve::{rounded, stream};
use crate::daily::{digits, local_hour};
use crate::dice::Dice;
use crate::faults::{Health, JUMP_SHARE, Outages, PATCHY_LOSS, Trips};
use crate::fleet::{Fleet, Weather};
use crate::happening::Happening;
use crate::mishap::Mishaps;
use crate::options::{Options, Scenario};
use crate::payload::{self, Said, Written};
use crate::rain::Rain;
use crate::reports::{Case, Desk, Home};
use crate::roads::{Roads, RoadsError};
use crate::sensors::{Measured, Model, Sensor, causes};
use crate::setting::Setting;
use crate::vehicle::Vehicle;

mod cast;
mod stage;
mod water;

use cast::homes;
use stage::Stage;
use water::water;

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
    /// How far its gateway's clock is ahead, ms.
    pub(crate) ahead_ms: i64,
    body: Body,
    health: Health,
    /// What one that sticks tells as long as it does.
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

/// What an asset says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spoken {
    /// The messages.
    pub(crate) written: Vec<Written>,
    /// What they tell of, the worst first.
    pub(crate) causes: Vec<Happening>,
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
    /// When gateways are offline, and whose clock is off.
    pub(crate) outages: Outages,
    /// When sensors stick or jump for a while.
    trips: Trips,
    /// Feeds that nobody plays.
    pub(crate) unplayed: Vec<FeedId>,
    stage: Stage,
    roads: Roads,
    /// Where most assets of one kind stand, people live.
    homes: Vec<Home>,
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
        let mishaps = match options.scenario {
            Scenario::Quiet => Mishaps::default(),
            Scenario::Storm => Mishaps::new(&setting, options.seed, start),
        };
        let roads = match &options.roads {
            Some(text) => Roads::from_geojson(text, setting.plane)?,
            None => Roads::default(),
        };
        let homes = homes(&setting, options.seed);
        let clocks = local_hour(start, setting.timezone);
        let hours_ahead = options.hour.map_or(0.0, |hour| hour - clocks);
        let mut world = Self {
            speakers: Vec::new(),
            desks: Vec::new(),
            outages: Outages::new(options.seed, first),
            trips: Trips::new(options.seed, first),
            unplayed: Vec::new(),
            stage: Stage::new(&setting, rain, (drainage, mishaps), &roads, hours_ahead),
            setting,
            roads,
            homes,
        };
        world.fill(options, first);
        world.refresh(first);
        Ok(world)
    }

    /// Brings what changes slowly up to `at`, if it is time.
    pub(crate) fn refresh(&mut self, at: TimeMs) {
        self.stage.refresh(at);
    }

    /// What speaker `index` says at `at`, and what that tells of; nothing if its radio loses it.
    pub(crate) fn speak(&mut self, index: usize, at: TimeMs) -> Spoken {
        let scene = self.stage.scene(at);
        let Some(speaker) = self.speakers.get_mut(index) else {
            return Spoken::default();
        };
        let feed = self.setting.feeds.get(speaker.feed);
        let asset = self.setting.assets.get(speaker.asset);
        let (Some(feed), Some(asset)) = (feed, asset) else {
            return Spoken::default();
        };
        let mut told_of = Vec::new();
        let (place, mut values) = match &mut speaker.body {
            Body::Fixed(sensor, model) => {
                let interval_s = speaker.interval_ms as f64 / 1_000.0;
                let measured = sensor.measure(*model, &scene, interval_s);
                told_of = causes(feed.id.as_str(), sensor, &scene);
                (None, measured)
            }
            Body::Moving(vehicle, fleet) => {
                let weather = Weather {
                    cloud: scene.cloud,
                    trouble: scene.trouble,
                };
                let (place, values) =
                    fleet.report(vehicle, at, &self.roads, self.stage.traffic(), weather);
                (Some(self.setting.plane.position_from(place)), values)
            }
        };
        if speaker.health == Health::Patchy && speaker.dice.chance(PATCHY_LOSS) {
            return Spoken::default();
        }
        let trips = self.trips.of(feed.id.as_str(), stream(speaker.asset), at);
        if speaker.health == Health::Stuck || trips.sticks {
            let told = speaker.frozen.get_or_insert_with(|| values.clone());
            values.clone_from(told);
            // It tells of nothing that goes on now.
            told_of.clear();
        } else {
            speaker.frozen = None;
        }
        if trips.may_jump && speaker.dice.chance(JUMP_SHARE) {
            jump(&mut values, &self.setting);
        }
        let said = Said {
            asset: asset.asset.as_str(),
            at: TimeMs(at.0 + speaker.ahead_ms),
            position: place.or(asset.position),
            values: &values,
        };
        Spoken {
            written: payload::readings(&self.setting, feed, &said),
            causes: told_of,
        }
    }

    /// Why an asset says nothing at `at`; `None` if nothing keeps it from speaking.
    pub(crate) fn why_silent(
        &self,
        feed: &FeedId,
        asset: &AssetId,
        at: TimeMs,
    ) -> Option<Happening> {
        let mut assets = self.setting.assets.iter();
        let number = assets.position(|one| one.feed == *feed && one.asset == *asset)?;
        let speaks = self.speakers.iter().any(|one| one.asset == number);
        if !speaks {
            return Some(Happening::Dead(number));
        }
        let gateway = self.outages.gateway_of(stream(number));
        let number = self.outages.number_of(gateway, at)?;
        Some(Happening::Outage(number))
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
        let scene = self.stage.scene(at);
        let prefix = digits(at, self.setting.timezone);
        let desk = self.desks.get_mut(index);
        desk.map_or_else(Vec::new, |desk| {
            desk.open(&scene, rate, &self.homes, self.stage.wet(), &prefix)
        })
    }

    /// The rain over it.
    pub(crate) fn rain(&self) -> &Rain {
        self.stage.rain()
    }
}

/// Makes one value leap by a little more than its property allows, upwards.
fn jump(values: &mut [Measured], setting: &Setting) {
    for (property, v) in values {
        let def = setting.property(property);
        if let Some(allowed) = def.and_then(|def| def.jump) {
            *v = rounded(*v + 1.3 * allowed, 2);
            return;
        }
    }
}
