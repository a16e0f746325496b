//! The plan: everything the city will say, in order, as an endless iterator.
//!
//! Pure: the same seed, options, package and start give the same messages, byte for byte. The
//! plan knows event time only; the publisher decides when now is. Memory: one entry per asset,
//! the open cases (a few thousand), and what an offline gateway holds back for five minutes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use egret_package::Package;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::time::{Span, TimeMs};

use crate::curve::{stream, whole_ms};
use crate::dice::Dice;
use crate::faults::{Fault, duplicate_after_ms};
use crate::happening::Happening;
use crate::options::Options;
use crate::payload::{self, Written};
use crate::plane::Plane;
use crate::reports::{Case, DESK_EVERY_MS};
use crate::setting::Setting;
use crate::world::{PlanError, Spoken, World};

mod due;

use due::{Due, What};

/// Within so long of its beginning every asset has spoken once, ms.
const FIRST_WORDS_MS: f64 = 10_000.0;

/// How often an asset speaks in the back-fill, ms.
const BACKFILL_EVERY_MS: i64 = 60_000;

/// From one message to the next when a gateway delivers what it held back, ms.
const DELIVER_EVERY_MS: i64 = 15;

/// So much less than its lateness before the run a desk opens, so that the first of its messages
/// are taken in while they still count.
const DESK_MARGIN: Span = Span(120_000);

/// One message, when it is sent and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// When it is handed to MQTT, in event time.
    pub send_at: TimeMs,
    /// When what it tells of happened; earlier if a gateway was offline.
    pub observed_at: TimeMs,
    /// The feed it belongs to.
    pub feed: FeedId,
    /// Which gateway sends it: messages of one gateway keep their order.
    pub gateway: u64,
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// How far its gateway's clock is ahead, ms: its payload tells a time that much too late.
    pub ahead_ms: i64,
    /// What is wrong with it on purpose.
    pub fault: Option<Fault>,
    /// Whether it was sent before.
    pub duplicate: bool,
    /// Ground truth, never sent: the happenings that it tells of, the worst first. More than one
    /// only where several together slow a road.
    pub causes: Vec<Happening>,
}

impl Timed {
    /// A message that is right, and sent when it happened.
    fn now(at: TimeMs, feed: FeedId, written: Written) -> Self {
        Self {
            send_at: at,
            observed_at: at,
            feed,
            gateway: 0,
            topic: written.topic,
            payload: written.payload.into_bytes(),
            ahead_ms: 0,
            fault: None,
            duplicate: false,
            causes: Vec::new(),
        }
    }
}

/// Everything the city will say.
#[derive(Clone, Debug)]
pub struct Plan {
    world: World,
    due: BinaryHeap<Reverse<Due>>,
    outbox: VecDeque<Timed>,
    n_scheduled: u64,
    live_from: TimeMs,
    rate: f64,
    /// Messages each gateway holds back for one time; only the last time counts.
    held: Vec<(u64, TimeMs, i64)>,
    dice: Dice,
}

impl Plan {
    /// The plan of a run whose present begins at `start`; back-fill goes before it.
    ///
    /// # Errors
    /// Options that make no sense, or roads that cannot be read.
    pub fn new(package: &Package, options: &Options, start: TimeMs) -> Result<Self, PlanError> {
        let setting = Setting {
            feeds: package.feeds.clone(),
            properties: package.properties.clone(),
            assets: package.assets.clone(),
            words: package.words.clone(),
            timezone: package.timezone,
            plane: Plane::new(package.city.centre),
        };
        for (name, value) in [
            ("rate", options.rate),
            ("speed", options.speed),
            ("storm_speed", options.storm_speed),
        ] {
            if value.is_nan() || value <= 0.0 {
                return Err(PlanError::NotPositive { name, value });
            }
        }
        let first = start.minus(options.backfill);
        let mut plan = Self {
            world: World::new(setting, options, start, first)?,
            due: BinaryHeap::new(),
            outbox: VecDeque::new(),
            n_scheduled: 0,
            live_from: start,
            rate: options.rate,
            held: Vec::new(),
            dice: Dice::new(options.seed, "plan", 0),
        };
        plan.begin(first, start);
        Ok(plan)
    }

    /// Feeds that nobody plays: no model, or no registered asset.
    pub fn unplayed(&self) -> &[FeedId] {
        &self.world.unplayed
    }

    /// The share of the storm's sky that is overhead at `at`, 0 to 1: for logs.
    pub fn cloud(&self, at: TimeMs) -> f64 {
        self.world.rain().cloud(at)
    }

    /// Why an asset says nothing at `at`: its gateway has no network, or it has never spoken. `None`
    /// if it speaks, or is patchy.
    pub fn why_silent(&self, feed: &FeedId, asset: &AssetId, at: TimeMs) -> Option<Happening> {
        self.world.why_silent(feed, asset, at)
    }

    /// Everyone's first word, and the desks open.
    ///
    /// Desks open before the run does, by what their feed allows to be late: so a receiver hears
    /// of cases under way at once, and has times between steps to tell within minutes. What is
    /// older than that nobody could still take in, and is not sent.
    fn begin(&mut self, first: TimeMs, start: TimeMs) {
        for index in 0..self.world.speakers.len() {
            let offset_ms = self.world.speakers.get_mut(index).map_or(0, |speaker| {
                let within_ms = FIRST_WORDS_MS.min(speaker.interval_ms as f64);
                whole_ms(speaker.dice.between(0.0, within_ms))
            });
            self.schedule(TimeMs(first.0 + offset_ms), What::Speak(index));
        }
        for index in 0..self.world.desks.len() {
            let feed = self.world.desks.get(index).map(|desk| &desk.feed);
            let lateness = feed
                .and_then(|id| self.world.setting.feed(id))
                .map_or(Span(0), |feed| feed.lateness);
            let heard_from = start.minus(lateness).plus(DESK_MARGIN);
            self.schedule(first.min(heard_from), What::OpenDesk(index));
        }
    }

    fn schedule(&mut self, at: TimeMs, what: What) {
        self.n_scheduled += 1;
        let order = self.n_scheduled;
        self.due.push(Reverse(Due { at, order, what }));
    }

    fn happen(&mut self, at: TimeMs, what: What) {
        self.world.refresh(at);
        match what {
            What::Speak(index) => self.speak(index, at),
            What::OpenDesk(index) => {
                for (opened_at, case) in self.world.open_cases(index, at, self.rate) {
                    self.schedule(opened_at, What::Step(Box::new(case)));
                }
                self.schedule(TimeMs(at.0 + DESK_EVERY_MS), What::OpenDesk(index));
            }
            What::Step(case) => self.step(at, *case),
            What::Send(timed) => self.outbox.push_back(*timed),
        }
    }

    fn speak(&mut self, index: usize, at: TimeMs) {
        let Spoken { written, causes } = self.world.speak(index, at);
        let Some(speaker) = self.world.speakers.get_mut(index) else {
            return;
        };
        let next_ms = next_after(speaker.interval_ms, at, self.live_from, &mut speaker.dice);
        let (gateway, ahead_ms) = (speaker.gateway, speaker.ahead_ms);
        let fixed = speaker.is_fixed();
        let offline_until = fixed
            .then(|| self.world.outages.end_of(gateway, at))
            .flatten();
        self.schedule(TimeMs(at.0 + next_ms), What::Speak(index));
        let feed = self.world.feed_of(index);
        for message in written {
            let send_at = offline_until.map_or(at, |end| self.delivery(gateway, end));
            let gateway = if fixed { gateway } else { stream(index) };
            let timed = Timed {
                send_at,
                gateway,
                ahead_ms,
                causes: causes.clone(),
                ..Timed::now(at, feed.clone(), message)
            };
            self.send(timed);
        }
    }

    /// When the next message is delivered that `gateway` holds back until `end`.
    fn delivery(&mut self, gateway: u64, end: TimeMs) -> TimeMs {
        let held = self
            .held
            .iter_mut()
            .find(|(g, e, _)| *g == gateway && *e == end);
        let n_held = if let Some((_, _, n_held)) = held {
            *n_held += 1;
            *n_held
        } else {
            self.held.retain(|(_, e, _)| *e >= end);
            self.held.push((gateway, end, 1));
            1
        };
        TimeMs(end.0 + n_held * DELIVER_EVERY_MS)
    }

    fn step(&mut self, at: TimeMs, case: Case) {
        let Some(feed) = self.world.setting.feed(&case.feed) else {
            return;
        };
        let written = payload::report(&self.world.setting, feed, &case, at);
        let feeds = &self.world.setting.feeds;
        let gateway = stream(
            feeds
                .iter()
                .position(|f| f.id == case.feed)
                .unwrap_or_default(),
        );
        if let Some(written) = written {
            self.send(Timed {
                gateway,
                causes: case.what.into_iter().collect(),
                ..Timed::now(at, case.feed.clone(), written)
            });
        }
        if let Some((next_at, case)) = case.next(at, &mut self.dice) {
            self.schedule(next_at, What::Step(Box::new(case)));
        }
    }

    /// Sends a message, and what goes wrong with it.
    fn send(&mut self, mut timed: Timed) {
        timed.fault = Fault::of(&mut self.dice);
        if let Some(fault) = timed.fault {
            let payload = String::from_utf8_lossy(&timed.payload);
            timed.payload = fault.spoil(&payload).into_bytes();
        }
        if let Some(after_ms) = duplicate_after_ms(&mut self.dice) {
            let send_at = TimeMs(timed.send_at.0 + after_ms);
            let again = Timed {
                send_at,
                duplicate: true,
                ..timed.clone()
            };
            self.schedule(send_at, What::Send(Box::new(again)));
        }
        if timed.send_at == timed.observed_at {
            self.outbox.push_back(timed);
        } else {
            self.schedule(timed.send_at, What::Send(Box::new(timed)));
        }
    }
}

/// How long until an asset speaks again: its interval, a little early or late as real clocks are;
/// thinned before `live_from`.
fn next_after(interval_ms: i64, at: TimeMs, live_from: TimeMs, dice: &mut Dice) -> i64 {
    let interval_ms = if at < live_from {
        interval_ms.max(BACKFILL_EVERY_MS)
    } else {
        interval_ms
    };
    let jitter = 1.0 + 0.02 * (dice.unit() - 0.5);
    whole_ms(interval_ms as f64 * jitter).max(1)
}

impl Iterator for Plan {
    type Item = Timed;

    /// The next message; `None` only if the package has nobody who speaks.
    fn next(&mut self) -> Option<Timed> {
        loop {
            if let Some(timed) = self.outbox.pop_front() {
                return Some(timed);
            }
            let Reverse(due) = self.due.pop()?;
            self.happen(due.at, due.what);
        }
    }
}
