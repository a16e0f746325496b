//! What an observation does: to its asset, its feed's health, the metrics made of it, and the
//! rules that watch it.

use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::package::metric::DistinctOf;
use egret_shared::position::Position;

use crate::aggregate::{Contribution, distinct_id, distinct_value};
use crate::asset::observed_us;
use crate::dedup::Identity;
use crate::fold::Fold;
use crate::metric::{Incoming, counting_area};
use crate::plan::{Area, Asked, Feed, FeedPlan, Metric, PropertyUse, Source};
use crate::rule::{Moved, Valued};

/// Tells identities of observations from those of reports.
const OBSERVATIONS: u64 = 1 << 32;

/// An observation with everything known about it.
struct Seen<'a> {
    observation: &'a Observation,
    feed: Feed,
    plan: &'a FeedPlan,
    handle: u32,
    /// The asset's index within its feed.
    index: u32,
    at_us: i64,
    /// Where it counts; `None` outside the city.
    area: Option<Area>,
    /// Within its feed's lateness.
    on_time: bool,
    /// Neither that nor of the time in which nothing came of its asset: in no window.
    late: bool,
    /// Where it has come to, if it is elsewhere than before.
    moved_to: Option<Position>,
    flags: Flags,
}

/// Which values of a message are new.
#[derive(Clone, Debug, PartialEq, Eq)]
enum New {
    All,
    None,
    /// Those at which it says so.
    Some(Vec<bool>),
}

impl New {
    fn all(new: bool) -> Self {
        if new { Self::All } else { Self::None }
    }

    fn some(new: Vec<bool>) -> Self {
        if new.contains(&true) {
            Self::Some(new)
        } else {
            Self::None
        }
    }

    fn has(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Some(new) => new.get(number) == Some(&true),
        }
    }
}

impl Fold<'_> {
    /// Takes an observation in.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        let Some(feed) = self.plan.feed_number(&observation.feed) else {
            return self.refuse(None, "fold", "unknown_feed");
        };
        let Some(plan) = self.plan.feed(feed) else {
            return;
        };
        let new = self.new_values(feed, observation);
        if new == New::None {
            let now_ms = self.state.now_ms;
            if let Some(feed) = self.feed_mut(feed) {
                feed.count_duplicate(now_ms);
            }
            return;
        }
        let Some(handle) = self.admit(feed, plan, &observation.asset) else {
            return self.refuse(Some(&observation.feed), "fold", "too_many_assets");
        };
        let Some(seen) = self.see(observation, feed, plan, handle) else {
            return;
        };
        self.hear(&seen);
        if let Some(position) = seen.moved_to {
            self.show_place(&seen.plan.moved, &seen.moved(position, self.state.now_ms));
        }
        let wants_values = self.state.actuations.want_values();
        let mut flags = Flags::NONE;
        for (number, value) in observation.values.iter().enumerate() {
            if new.has(number) {
                flags = flags.with(self.take_value(&seen, value));
                if wants_values {
                    let of = (&observation.feed, &observation.asset);
                    let at_ms = seen.at_us.div_euclid(1_000);
                    self.show_actuations(of, &value.property, value.v, at_ms);
                }
            }
        }
        if flags.has_any(Flags::SUSPECT)
            && let Some(feed) = self.feed_mut(seen.feed)
        {
            feed.count_suspect();
        }
    }

    /// Which of the values are new; all of a new message with an id of its own, or of one that has
    /// neither id nor time.
    fn new_values(&mut self, feed: Feed, observation: &Observation) -> New {
        let now_ms = self.state.now_ms;
        let asset = Identity::start(OBSERVATIONS | u64::from(feed))
            .with(observation.asset.as_str().as_bytes());
        let mut is_new = |identity: Identity| self.dedup.insert(identity, now_ms);
        if let Some(message) = &observation.message {
            return New::all(is_new(asset.with(message.as_str().as_bytes())));
        }
        if observation.flags.has(Flags::NO_TIME) {
            // Arrival time tells nothing apart: two messages may arrive in one millisecond. Nothing
            // says that they are the same, so both count.
            return New::All;
        }
        let timed = asset.with_number(observation.observed_at.0);
        let mut is_new_value =
            |value: &Value| is_new(timed.with(value.property.as_str().as_bytes()));
        match observation.values.as_slice() {
            [] => New::all(is_new(timed)),
            [value] => New::all(is_new_value(value)),
            values => New::some(values.iter().map(&mut is_new_value).collect()),
        }
    }

    /// Works out what there is to know of an observation, and moves its asset.
    fn see<'a>(
        &mut self,
        observation: &'a Observation,
        feed: Feed,
        plan: &'a FeedPlan,
        handle: u32,
    ) -> Option<Seen<'a>> {
        let now_ms = self.state.now_ms;
        let believed_us = observed_us(observation, now_ms);
        let at_us = believed_us.unwrap_or_else(|| now_ms.saturating_mul(1_000));
        let mut flags = observation.flags;
        if believed_us.is_none() {
            flags = flags.with(Flags::FUTURE);
        }
        let (on_time, late) = self.lateness(plan, handle, at_us.div_euclid(1_000))?;
        let mut moved_to = None;
        let area = if let Some(position) = observation.position {
            let area = observation
                .area
                .as_ref()
                .and_then(|code| self.plan.areas.number(code));
            // What the wire carries, so that a restored city is the same to the last bit.
            let (lon, lat) = position.to_steps();
            let pinned = self.state.assets.get(handle).filter(|asset| asset.pinned);
            let area = pinned.map_or(area, |asset| asset.area);
            let position = Position::from_steps(lon, lat);
            let asset = self.state.assets.get_mut(handle)?;
            if asset.place(position, at_us) {
                moved_to = Some(position);
                self.recount(feed, plan, handle, area);
            }
            area
        } else {
            let asset = self.state.assets.get(handle)?;
            if asset.position.is_none() {
                flags = flags.with(Flags::NO_POSITION);
            }
            asset.area
        };
        if late {
            flags = flags.with(Flags::LATE);
        }
        let index = self.state.assets.get(handle)?.index;
        Some(Seen {
            observation,
            feed,
            plan,
            handle,
            index,
            at_us,
            area,
            on_time,
            late,
            moved_to,
            flags,
        })
    }

    /// Whether what the asset says of `at_ms` comes within the feed's lateness, and whether it
    /// comes too late for any window.
    ///
    /// Stored readings count as far back as the feed's `backfill`, but only for the time in which
    /// nothing came of the asset: what is repeated later than that is no news.
    fn lateness(&mut self, plan: &FeedPlan, handle: u32, at_ms: i64) -> Option<(bool, bool)> {
        let now_ms = self.state.now_ms;
        let (age_ms, lateness_ms) = (now_ms - at_ms, plan.def.lateness.ms());
        let asset = self.state.assets.get_mut(handle)?;
        asset.end_silence(now_ms, lateness_ms);
        let on_time = age_ms <= lateness_ms;
        let fills_gap = age_ms <= plan.def.backfill.ms() && asset.was_silent_at(at_ms);
        Some((on_time, !on_time && !fills_gap))
    }

    /// Counts the message, and notes that its asset speaks.
    fn hear(&mut self, seen: &Seen<'_>) {
        let now_ms = self.state.now_ms;
        let observation = seen.observation;
        let at_ms = seen.at_us.div_euclid(1_000);
        if let Some(feed) = self.feed_mut(seen.feed) {
            feed.accept(at_ms, observation.received_at.0, seen.on_time);
            feed.hear(seen.index, now_ms);
            feed.keep_pace(seen.plan, seen.index, at_ms, seen.on_time);
            if seen.late {
                feed.count_late();
            }
        }
        if let Some(asset) = self.state.assets.get_mut(seen.handle) {
            asset.note(observation, seen.at_us);
        }
        self.dirty.assets.insert(seen.handle);
        self.show_speech(&seen.plan.heard, seen.handle, seen.index);
    }

    /// Takes one value in; what is to be known about it.
    fn take_value(&mut self, seen: &Seen<'_>, value: &Value) -> Flags {
        let Some(property) = self.plan.property_number(&value.property) else {
            self.refuse(Some(&seen.observation.feed), "fold", "unknown_property");
            return Flags::NONE;
        };
        let (Some(def), Some(asset)) = (
            self.plan.property(property),
            self.state.assets.get_mut(seen.handle),
        ) else {
            return Flags::NONE;
        };
        let flags = value.flags.with(seen.flags);
        let taken = asset.take(def, property, value.v, seen.at_us, flags);
        let Some(uses) = seen.plan.uses_of(property) else {
            return taken.flags;
        };
        if !seen.late {
            let doubts = taken.flags.without(taken.flags.without(Flags::SUSPECT));
            self.count_value(seen, uses, value.v, doubts);
        }
        if taken.newest {
            let valued = seen.valued(value.v, self.state.now_ms);
            self.show_value(&uses.rules, &valued);
        }
        taken.flags
    }

    fn count_value(&mut self, seen: &Seen<'_>, uses: &PropertyUse, v: f64, doubts: Flags) {
        for one in &uses.metrics {
            if !self.state.selected.has(one.only, seen.index) {
                continue;
            }
            let Some((area, contribution, passes)) = self.weigh(seen, one.metric, v) else {
                continue;
            };
            let incoming = Incoming {
                one: contribution,
                passes,
                doubts,
                now_ms: self.state.now_ms,
                closed_ms: self.state.ticked_ms.unwrap_or(i64::MIN),
            };
            self.state.metrics.contribute(
                self.plan,
                &mut self.dirty.metrics,
                one.metric,
                area,
                &incoming,
            );
        }
    }

    /// What a value is for `metric`: where it counts, as what, and whether it passes the filter.
    fn weigh(&self, seen: &Seen<'_>, metric: Metric, v: f64) -> Option<(Area, Contribution, bool)> {
        let measured = self.plan.metric(metric)?.measured()?;
        let Source::Readings(_, condition) = &measured.source else {
            return None;
        };
        let area = counting_area(measured, seen.plan, seen.area)?;
        let engine = &self.plan.engine;
        let (fulfils, key) = match &measured.asked {
            Asked::Nothing
            | Asked::Report(_)
            | Asked::Which(DistinctOf::Report | DistinctOf::Category) => (false, 0),
            Asked::Limits(limits) => (limits.hold(v), 0),
            Asked::Reading(condition) => (condition.holds(engine, v), 0),
            Asked::Which(DistinctOf::Value) => (false, distinct_value(v)),
            Asked::Which(DistinctOf::Asset) => (
                false,
                distinct_id(seen.feed, seen.observation.asset.as_str()),
            ),
        };
        let contribution = Contribution {
            asset: Some(measured.number_of(seen.index, seen.handle)),
            fulfils,
            key,
            ..Contribution::plain(seen.observation.observed_at.0, v)
        };
        Some((area, contribution, condition.holds(engine, v)))
    }
}

impl<'a> Seen<'a> {
    /// A value of it for rules.
    fn valued(&self, v: f64, now_ms: i64) -> Valued<'a> {
        Valued {
            feed: &self.observation.feed,
            asset: &self.observation.asset,
            handle: self.handle,
            at_ms: self.observation.observed_at.0.min(now_ms),
            v,
        }
    }

    /// Its new place for rules.
    fn moved(&self, position: Position, now_ms: i64) -> Moved<'a> {
        Moved {
            feed: &self.observation.feed,
            asset: &self.observation.asset,
            handle: self.handle,
            position,
            area: self.area,
            at_ms: self.observation.observed_at.0.min(now_ms),
        }
    }
}
