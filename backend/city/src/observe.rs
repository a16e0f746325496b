//! What an observation does: to its asset, its feed's health, the metrics made of it, and the
//! rules that watch it.

use egret_shared::alert::Subject;
use egret_shared::flags::Flags;
use egret_shared::observation::{Observation, Value};
use egret_shared::position::Position;

use crate::aggregate::Contribution;
use crate::alert::{Target, Trigger};
use crate::asset::observed_us;
use crate::dedup::Identity;
use crate::fold::Fold;
use crate::metric::{Incoming, counting_area};
use crate::plan::{Area, Feed, FeedPlan, Metric, PropertyUse, Rule, Source, Watch};

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
    /// Past its feed's lateness.
    late: bool,
    flags: Flags,
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
        if new.as_ref().is_some_and(|new| !new.contains(&true)) {
            if let Some(feed) = self.feed_mut(feed) {
                feed.count_duplicate();
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
        for (number, value) in observation.values.iter().enumerate() {
            if new
                .as_ref()
                .is_none_or(|new| new.get(number) == Some(&true))
            {
                self.take_value(&seen, value);
            }
        }
    }

    /// Which of the values are new: `None` for all of a new message with an id of its own, or of
    /// one that has neither id nor time.
    fn new_values(&mut self, feed: Feed, observation: &Observation) -> Option<Vec<bool>> {
        let now_ms = self.state.now_ms;
        let asset = Identity::start(OBSERVATIONS | u64::from(feed))
            .with(observation.asset.as_str().as_bytes());
        if let Some(message) = &observation.message {
            let new = self
                .dedup
                .insert(asset.with(message.as_str().as_bytes()), now_ms);
            return (!new).then(Vec::new);
        }
        if observation.flags.has(Flags::NO_TIME) {
            // Arrival time tells nothing apart: two messages may arrive in one millisecond. Nothing
            // says that they are the same, so both count.
            return None;
        }
        let timed = asset.with_number(observation.observed_at.0);
        if observation.values.is_empty() {
            return (!self.dedup.insert(timed, now_ms)).then(Vec::new);
        }
        let mut is_new = |value: &Value| {
            let identity = timed.with(value.property.as_str().as_bytes());
            self.dedup.insert(identity, now_ms)
        };
        Some(observation.values.iter().map(&mut is_new).collect())
    }

    /// Works out what there is to know of an observation, and moves its asset.
    fn see<'a>(
        &mut self,
        observation: &'a Observation,
        feed: Feed,
        plan: &'a FeedPlan,
        handle: u32,
    ) -> Option<Seen<'a>> {
        let at_us = observed_us(observation);
        let late = self.state.now_ms - observation.observed_at.0 > plan.def.lateness.ms();
        let mut flags = observation.flags;
        let area = if let Some(position) = observation.position {
            let area = observation
                .area
                .as_ref()
                .and_then(|code| self.plan.areas.number(code));
            // What the wire carries, so that a restored city is the same to the last bit.
            let (lon, lat) = position.to_steps();
            let pinned = self.state.assets.get(handle).filter(|asset| asset.pinned);
            let area = pinned.map_or(area, |asset| asset.area);
            let asset = self.state.assets.get_mut(handle)?;
            if asset.place(Position::from_steps(lon, lat), at_us) {
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
            late,
            flags,
        })
    }

    /// Counts the message, and notes that its asset speaks.
    fn hear(&mut self, seen: &Seen<'_>) {
        let now_ms = self.state.now_ms;
        let observation = seen.observation;
        if let Some(feed) = self.feed_mut(seen.feed) {
            feed.accept(observation.observed_at.0, observation.received_at.0);
            feed.hear(seen.index, now_ms);
            if seen.late {
                feed.count_late();
            }
        }
        if let Some(asset) = self.state.assets.get_mut(seen.handle) {
            asset.note(observation, seen.at_us);
        }
        self.dirty.assets.insert(seen.handle);
        for rule in &seen.plan.silence {
            self.end_silence(*rule, seen.handle, seen.index);
        }
    }

    fn take_value(&mut self, seen: &Seen<'_>, value: &Value) {
        let Some(property) = self.plan.property_number(&value.property) else {
            return self.refuse(Some(&seen.observation.feed), "fold", "unknown_property");
        };
        let (Some(def), Some(asset)) = (
            self.plan.property(property),
            self.state.assets.get_mut(seen.handle),
        ) else {
            return;
        };
        let newest = asset.take(
            def,
            property,
            value.v,
            seen.at_us,
            value.flags.with(seen.flags),
        );
        let Some(uses) = seen.plan.uses_of(property) else {
            return;
        };
        if !seen.late {
            self.count_value(seen, uses, value.v);
        }
        if newest {
            for rule in &uses.rules {
                self.judge_value(seen, *rule, value.v);
            }
        }
    }

    fn count_value(&mut self, seen: &Seen<'_>, uses: &PropertyUse, v: f64) {
        let incoming = |passes: bool, fold: &Self| Incoming {
            one: Contribution {
                at_ms: seen.observation.observed_at.0,
                v,
                asset: Some(seen.index),
            },
            passes,
            now_ms: fold.state.now_ms,
            closed_ms: fold.state.ticked_ms.unwrap_or(i64::MIN),
        };
        for metric in &uses.metrics {
            let Some((area, passes)) = self.weigh(seen, *metric, v) else {
                continue;
            };
            let incoming = incoming(passes, self);
            self.state.metrics.contribute(
                self.plan,
                &mut self.dirty.metrics,
                *metric,
                area,
                &incoming,
            );
        }
    }

    /// Where a value counts for `metric`, and whether it passes its filter.
    fn weigh(&self, seen: &Seen<'_>, metric: Metric, v: f64) -> Option<(Area, bool)> {
        let measured = self.plan.metric(metric)?.measured()?;
        let Source::Readings(_, condition) = &measured.source else {
            return None;
        };
        let area = counting_area(measured, seen.plan, seen.area)?;
        Some((area, condition.holds(&self.plan.engine, v)))
    }

    fn judge_value(&mut self, seen: &Seen<'_>, rule: Rule, v: f64) {
        let Some(Watch::Reading(_, _, condition)) = self.plan.rule(rule).map(|rule| &rule.watch)
        else {
            return;
        };
        let holds = condition.holds(&self.plan.engine, v);
        let is_open = self
            .state
            .assets
            .get(seen.handle)
            .is_some_and(|asset| asset.has_open(rule));
        if !holds && !is_open {
            return;
        }
        self.judge(&Trigger {
            rule,
            subject: Subject::Asset {
                feed: seen.observation.feed.clone(),
                asset: seen.observation.asset.clone(),
            },
            target: Target::Asset(seen.handle),
            holds,
            at_ms: seen.observation.observed_at.0.min(self.state.now_ms),
            v: Some(v),
            count: 1,
        });
    }
}
