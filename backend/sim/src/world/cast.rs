//! Who speaks: every registered asset whose feed is wanted and has a model.

use egret_shared::id::FeedId;
use egret_shared::time::{Span, TimeMs};

use super::{Body, Speaker, World};
use crate::curve::{stream, whole_ms};
use crate::dice::Dice;
use crate::faults::{Health, SMALL_FEED};
use crate::fleet::fleet_of;
use crate::options::Options;
use crate::reports::{Desk, Home, kind_of};
use crate::sensors::{Sensor, model_of};
use crate::setting::{Setting, Site};
use crate::traffic::low_points_near;
use crate::vehicle::Vehicle;

/// How far a detector feels standing water, m.
const DETECTOR_REACH_M: f64 = 900.0;

/// How often an asset speaks whose feed does not say, ms.
const INTERVAL_MS: i64 = 60_000;

impl World {
    /// Everyone of the register whose feed is wanted and has a model.
    pub(super) fn fill(&mut self, options: &Options, first: TimeMs) {
        let wanted = |id: &FeedId| options.feeds.is_empty() || options.feeds.contains(id);
        for (index, feed) in self.setting.feeds.iter().enumerate() {
            if !wanted(&feed.id) {
                continue;
            }
            let n_before = self.speakers.len();
            if let Some(kind) = kind_of(feed.id.as_str()).filter(|_| feed.report) {
                let dice = Dice::new(options.seed, feed.id.as_str(), 0);
                self.desks.push(Desk::new(feed.id.clone(), kind, dice));
                continue;
            }
            let speakers = self.speakers_of(index, options, first);
            self.speakers.extend(speakers);
            if self.speakers.len() == n_before {
                self.unplayed.push(feed.id.clone());
            }
        }
    }

    fn speakers_of(&self, feed_index: usize, options: &Options, first: TimeMs) -> Vec<Speaker> {
        let Some(feed) = self.setting.feeds.get(feed_index) else {
            return Vec::new();
        };
        let assets = self.setting.assets.iter().enumerate();
        let members: Vec<usize> = assets
            .filter(|(_, asset)| asset.feed == feed.id)
            .map(|(index, _)| index)
            .collect();
        let interval_ms = feed.expect_every.map_or(INTERVAL_MS, Span::ms) as f64 / options.rate;
        let mut rank = 0;
        let mut speakers = Vec::with_capacity(members.len());
        for asset in &members {
            let dice = Dice::new(options.seed, feed.id.as_str(), stream(*asset));
            let Some(body) = self.body(feed.id.as_str(), *asset, rank, first, dice.clone()) else {
                continue;
            };
            let important = self.in_the_story(feed.id.as_str(), rank);
            rank += 1;
            let mut dice = Dice::new(options.seed, "speaker", stream(*asset));
            let health = Health::of(&mut dice);
            let spared = important || members.len() < SMALL_FEED;
            let gateway = self.outages.gateway_of(stream(*asset));
            let ahead_ms = match body {
                Body::Fixed(..) => self.outages.ahead_ms(gateway),
                Body::Moving(..) => 0,
            };
            let speaker = Speaker {
                feed: feed_index,
                asset: *asset,
                interval_ms: whole_ms(interval_ms).max(1),
                gateway,
                ahead_ms,
                body,
                health: if spared { Health::Well } else { health },
                frozen: None,
                dice,
            };
            if speaker.health != Health::Silent {
                speakers.push(speaker);
            }
        }
        speakers
    }

    /// Whether the storm's story needs this sensor, so that it may not be a dead one.
    fn in_the_story(&self, feed: &str, rank: usize) -> bool {
        match feed {
            "ponding" => self.stage.drainage().goes_under(rank),
            "manhole" => self.stage.drainage().feeds_ponding(rank),
            _ => false,
        }
    }

    fn body(
        &self,
        feed: &str,
        asset: usize,
        rank: usize,
        first: TimeMs,
        mut dice: Dice,
    ) -> Option<Body> {
        if let Some(fleet) = fleet_of(feed) {
            let home = dice.pick(&self.homes).copied().unwrap_or_default().point;
            if self.roads.edges().is_empty() {
                return None;
            }
            let load = fleet.first_load(&mut dice);
            let mut vehicle = Vehicle::new(fleet.driving(), home, first, &self.roads, dice);
            vehicle.carried = load;
            return Some(Body::Moving(Box::new(vehicle), fleet));
        }
        let model = model_of(feed)?;
        let site = self.setting.site(self.setting.assets.get(asset)?)?;
        let gauge = self.stage.rain().gauge_near(site.point);
        let low_points = low_points_near(self.stage.drainage(), site.point, DETECTOR_REACH_M);
        let sensor = Sensor::new(site.point, rank, gauge, low_points, first, dice);
        Some(Body::Fixed(Box::new(sensor), model))
    }
}

/// How much slower or quicker than the mean a district can be.
const DISTRICT_SLOW: [f64; 2] = [0.86, 1.28];

/// A district is told by this many digits of an area's code, GB/T 2260.
const DISTRICT_DIGITS: usize = 6;

/// Where people live: the sites of the feed with most of them. Every district has its own pace.
pub(super) fn homes(setting: &Setting, seed: u64) -> Vec<Home> {
    let sites = setting
        .feeds
        .iter()
        .map(|feed| setting.sites(feed.id.as_str()));
    let most = sites.max_by_key(Vec::len).unwrap_or_default();
    let home = |site: Site| {
        let code = site.area.as_ref().map_or("", |area| area.as_str());
        let district = code.get(..DISTRICT_DIGITS).unwrap_or(code);
        let [quick, slow] = DISTRICT_SLOW;
        Home {
            point: site.point,
            slow: Dice::new(seed, district, 0).between(quick, slow),
        }
    };
    most.into_iter().map(home).collect()
}
