//! One metric's number in one area over one window, traced through the journal: each entry is
//! looked at once, in the journal's order.

use std::collections::HashSet;

use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, AssetId, FeedId, MetricId, PropertyId, ReportId};
use egret_shared::observation::Observation;
use egret_shared::report::Report;
use egret_shared::time::TimeMs;
use serde::Serialize;
use smol_str::SmolStr;

use super::doubts::Doubts;
use super::steps::Steps;
use super::{Lineage, identity};
use crate::dedup::Identity;
use crate::entry::{Entry, Seq};
use crate::expr::ReportFilter;
use crate::journey::Named;
use crate::metric::counting_area;
use crate::plan::{Area, Feed, FeedPlan, Measured, Plan, Source};
use crate::window::Slice;

/// What an entry is to the number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// Its place in the journal; of a duration, the later of its two steps'.
    pub seq: Seq,
    /// The feed that it came by.
    pub feed: FeedId,
    /// The asset that was observed; absent of a report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetId>,
    /// The report that took a step; absent of an observation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportId>,
    /// The state that the report entered; of a duration, the one in which it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<SmolStr>,
    /// What kind of thing the report tells of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<SmolStr>,
    /// What was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<PropertyId>,
    /// How much: in the property's unit; of a duration, in the metric's; of a report, 1.
    pub v: Option<f64>,
    /// When it was so.
    pub observed_at: TimeMs,
    /// When Egret took it in.
    pub received_at: TimeMs,
    /// What to know about it.
    pub flags: Flags,
    /// Whether it is part of the number.
    pub counted: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// The step from which a duration is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin: Option<Step>,
    /// The step to which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Step>,
}

/// A report's entering a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its place in the journal.
    pub seq: Seq,
    /// The state.
    pub state: SmolStr,
    /// When it entered it.
    pub observed_at: TimeMs,
    /// When Egret heard of that.
    pub received_at: TimeMs,
}

/// Why an entry is no part of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It happened outside the city.
    Outside,
    /// It counts for another area.
    OtherArea,
    /// It came before, with the same identity.
    Duplicate,
    /// The metric's filter lets it not through.
    Filtered,
    /// It came after its feed's allowed lateness, and fills no gap of its asset.
    Late,
    /// Its report was not known to have entered the state from which time is measured, at least
    /// when this came.
    NoBegin,
    /// Its report ended before it began.
    Negative,
}

/// Asks where an asset counts whose message names no place.
pub type AreaOf<'a> = dyn FnMut(&Observation) -> Option<AreaCode> + 'a;

/// A number being traced.
pub struct Trace<'a> {
    pub(super) lineage: &'a Lineage,
    pub(super) measured: &'a Measured,
    area: Area,
    pub(super) window: Slice,
    seen: HashSet<Identity>,
    pub(super) steps: Steps,
    pub(super) doubts: Doubts,
}

impl Lineage {
    /// Traces `metric` in `area` over the window from `start`, inclusive, to `end`, exclusive;
    /// `None` if there is no such metric or area, or if it is not made of contributions.
    pub fn trace(
        &self,
        metric: &MetricId,
        area: &AreaCode,
        (start, end): (TimeMs, TimeMs),
    ) -> Option<Trace<'_>> {
        Some(Trace {
            lineage: self,
            measured: self.metric(metric)?.measured()?,
            area: self.plan.areas.number(area)?,
            window: Slice {
                start_ms: start.0,
                end_ms: end.0,
            },
            seen: HashSet::new(),
            steps: Steps::default(),
            doubts: Doubts::new(self.plan.feeds.len()),
        })
    }
}

impl<'a> Trace<'a> {
    /// Whether it measures the time between two steps of reports: then [`Self::take`] has to see
    /// also the steps that were taken before the window.
    pub fn is_of_durations(&self) -> bool {
        matches!(self.measured.source, Source::Durations(_))
    }

    /// What `entry` is to the number; `None` if it is of another feed, property, state or time,
    /// or of an asset that the metric is not made of. `area_of` is asked for assets that do not
    /// say where they are.
    pub fn take(&mut self, seq: Seq, entry: &Entry, area_of: &mut AreaOf<'_>) -> Option<Traced> {
        let measured: &'a Measured = self.measured;
        match (entry, &measured.source) {
            (Entry::Observation(observation), Source::Readings(..)) => {
                self.observation(seq, observation, area_of)
            }
            (Entry::Report(report) | Entry::Issued(report, _), Source::Reports(states, filter)) => {
                let enters = states.contains(&report.state);
                enters.then(|| self.report(seq, report, filter))?
            }
            (Entry::Report(report) | Entry::Issued(report, _), Source::Durations(durations)) => {
                self.step(seq, report, durations)
            }
            _ => None,
        }
    }

    /// The feed, if the metric is made of it.
    pub(super) fn part(&self, id: &FeedId) -> Option<(Feed, &'a FeedPlan)> {
        let plan: &'a Plan = &self.lineage.plan;
        let feed = plan.feed_number(id)?;
        let is_part = self.measured.feeds().any(|part| part == feed);
        is_part.then(|| plan.feed(feed).map(|plan| (feed, plan)))?
    }

    fn observation(
        &mut self,
        seq: Seq,
        observation: &Observation,
        area_of: &mut AreaOf<'_>,
    ) -> Option<Traced> {
        let plan: &'a Plan = &self.lineage.plan;
        let measured: &'a Measured = self.measured;
        let Source::Readings(property, condition) = &measured.source else {
            return None;
        };
        let property = &plan.property(*property)?.id;
        let value = observation
            .values
            .iter()
            .find(|v| v.property == *property)?;
        let (feed, feed_plan) = self.part(&observation.feed)?;
        if !self.window.holds(observation.observed_at.0) || !self.selects(feed, &observation.asset)
        {
            return None;
        }
        let late = is_late(feed_plan, observation.observed_at, observation.received_at);
        let place = self.place(feed, observation, area_of);
        let area = counting_area(self.measured, feed_plan, place);
        let passes = condition.holds(&plan.engine, value.v);
        let is_new = self.is_new(identity::of_value(feed, observation, value));
        let why = self
            .elsewhere(area)
            .or((!is_new).then_some(Why::Duplicate))
            .or((!passes).then_some(Why::Filtered))
            .or(late.then_some(Why::Late));
        if why == Some(Why::Late) {
            self.doubt(seq, feed, observation);
        }
        Some(Traced {
            asset: Some(observation.asset.clone()),
            property: Some(value.property.clone()),
            v: Some(value.v),
            flags: with_late(observation.flags.with(value.flags), late),
            ..Traced::new(
                seq,
                &observation.feed,
                (observation.observed_at, observation.received_at),
                why,
            )
        })
    }

    fn report(&mut self, seq: Seq, report: &Report, filter: &ReportFilter) -> Option<Traced> {
        let plan: &'a Plan = &self.lineage.plan;
        let (feed, feed_plan) = self.part(&report.feed)?;
        if !self.window.holds(report.observed_at.0) {
            return None;
        }
        let late = is_late(feed_plan, report.observed_at, report.received_at);
        let place = self.place_named(report).area(feed_plan.home);
        let area = counting_area(self.measured, feed_plan, place);
        let passes = filter.holds(&plan.engine, report);
        let is_new = self.is_new(Some(identity::of_step(feed, report)));
        let why = self
            .elsewhere(area)
            .or((!is_new).then_some(Why::Duplicate))
            .or((!passes).then_some(Why::Filtered))
            .or(late.then_some(Why::Late));
        Some(Traced {
            v: Some(1.0),
            flags: with_late(report.flags, late),
            ..Traced::of_report(seq, report, why)
        })
    }

    /// Where the report says that it happened.
    pub(super) fn place_named(&self, report: &Report) -> Named {
        Named::by(report, &self.lineage.plan.areas)
    }

    /// Whether the metric is made of the asset.
    fn selects(&self, feed: Feed, asset: &AssetId) -> bool {
        let mut parts = self.measured.parts.iter().filter(|part| part.feed == feed);
        let selections = &self.lineage.plan.selections;
        parts.any(|part| {
            let selection = part.only.map(|only| selections.get(usize::from(only)));
            selection.is_none_or(|one| one.is_some_and(|one| one.selects(asset)))
        })
    }

    fn place(
        &self,
        feed: Feed,
        observation: &Observation,
        area_of: &mut AreaOf<'_>,
    ) -> Option<Area> {
        let pinned = self.lineage.pinned.get(&feed);
        if let Some(area) = pinned.and_then(|assets| assets.get(&observation.asset)) {
            return Some(*area);
        }
        let code = match observation.position {
            Some(_) => observation.area.clone(),
            None => area_of(observation),
        };
        self.lineage.plan.areas.number(&code?)
    }

    pub(super) fn elsewhere(&self, area: Option<Area>) -> Option<Why> {
        let Some(area) = area else {
            return Some(Why::Outside);
        };
        let holds = self.lineage.plan.areas.holds(self.area, area);
        (!holds).then_some(Why::OtherArea)
    }

    pub(super) fn is_new(&mut self, identity: Option<Identity>) -> bool {
        identity.is_none_or(|identity| self.seen.insert(identity))
    }
}

impl Traced {
    /// An entry of `feed` that was so and came at `times`, and why it does not count.
    fn new(seq: Seq, feed: &FeedId, times: (TimeMs, TimeMs), why: Option<Why>) -> Self {
        Self {
            seq,
            feed: feed.clone(),
            asset: None,
            report: None,
            state: None,
            category: None,
            property: None,
            v: None,
            observed_at: times.0,
            received_at: times.1,
            flags: Flags::NONE,
            counted: why.is_none(),
            why,
            begin: None,
            end: None,
        }
    }

    /// A step of a report. Its text is left out: it is not for everybody, and the way to the raw
    /// message is given.
    pub(super) fn of_report(seq: Seq, report: &Report, why: Option<Why>) -> Self {
        let times = (report.observed_at, report.received_at);
        Self {
            report: Some(report.report.clone()),
            state: Some(report.state.clone()),
            category: Some(report.category.clone()).filter(|category| !category.is_empty()),
            flags: report.flags,
            ..Self::new(seq, &report.feed, times, why)
        }
    }
}

/// Whether something came too late to count. The city's time at its arrival is taken to be the
/// arrival itself: they are less than a second apart.
pub(super) fn is_late(feed: &FeedPlan, observed_at: TimeMs, received_at: TimeMs) -> bool {
    received_at.since(observed_at) > feed.def.lateness
}

pub(super) fn with_late(flags: Flags, late: bool) -> Flags {
    if late { flags.with(Flags::LATE) } else { flags }
}
