//! Durations, traced: a report's steps meet as they do in the fold, and each pair is one row.

use std::collections::HashMap;

use egret_shared::id::ReportId;
use egret_shared::report::Report;
use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use super::identity;
use super::trace::{Step, Trace, Traced, Why, is_late, with_late};
use crate::entry::Seq;
use crate::journey::{Journeys, Stage};
use crate::metric::counting_area;
use crate::plan::{Area, Durations, Feed, FeedPlan};

/// Steps of reports that have been seen.
#[derive(Default)]
pub(super) struct Steps {
    journeys: Journeys,
    /// The messages that told of them.
    taken: HashMap<(Feed, ReportId, SmolStr), Step>,
}

impl Trace<'_> {
    /// What a step is to a metric of the time between two of them: a row if it completes a pair,
    /// and if it is an end without a begin.
    pub(super) fn step(
        &mut self,
        seq: Seq,
        report: &Report,
        durations: &Durations,
    ) -> Option<Traced> {
        let (feed, feed_plan) = self.part(&report.feed)?;
        let is_end = report.state == durations.to && self.window.holds(report.observed_at.0);
        let named = self.place_named(report);
        if !self.is_new(Some(identity::of_step(feed, report))) {
            let place = named.area(feed_plan.home);
            let why = self
                .elsewhere_of(feed_plan, place)
                .unwrap_or(Why::Duplicate);
            let again = Traced::of_report(seq, report, Some(why));
            return is_end.then_some(again);
        }
        self.note_step(seq, feed, report);
        let journeys = &mut self.steps.journeys;
        let stage = journeys.step(feed, feed_plan, report, named)?;
        let Some(times) = stage.between(feed_plan, &durations.from, &durations.to) else {
            let place = stage.area(feed_plan.home);
            let why = self.elsewhere_of(feed_plan, place).unwrap_or(Why::NoBegin);
            let ended = stage.whole(report, &durations.to);
            let alone = Traced::of_report(seq, &ended, Some(why));
            return is_end.then_some(alone);
        };
        if !self.window.holds(times.1) {
            return None;
        }
        Some(self.pair(
            seq,
            report,
            &Pair {
                feed,
                feed_plan,
                durations,
                stage,
                times,
            },
        ))
    }

    /// Why what happened at `place` counts for another area, if it does.
    fn elsewhere_of(&self, feed: &FeedPlan, place: Option<Area>) -> Option<Why> {
        self.elsewhere(counting_area(self.measured, feed, place))
    }

    fn note_step(&mut self, seq: Seq, feed: Feed, report: &Report) {
        let key = (feed, report.report.clone(), report.state.clone());
        let step = Step {
            seq,
            state: report.state.clone(),
            observed_at: report.observed_at,
            received_at: report.received_at,
        };
        self.steps.taken.insert(key, step);
    }

    fn pair(&self, seq: Seq, report: &Report, pair: &Pair<'_>) -> Traced {
        let (from_ms, to_ms) = pair.times;
        let durations = pair.durations;
        let ended = Report {
            observed_at: TimeMs(to_ms),
            ..pair.stage.whole(report, &durations.to)
        };
        let late = is_late(pair.feed_plan, ended.observed_at, report.received_at);
        let passes = durations.filter.holds(&self.lineage.plan.engine, &ended);
        let why = self
            .elsewhere_of(pair.feed_plan, pair.stage.area(pair.feed_plan.home))
            .or((to_ms < from_ms).then_some(Why::Negative))
            .or((!passes).then_some(Why::Filtered))
            .or(late.then_some(Why::Late));
        let taken = |state: &SmolStr| {
            let key = (pair.feed, report.report.clone(), state.clone());
            self.steps.taken.get(&key).cloned()
        };
        Traced {
            v: (to_ms >= from_ms).then(|| durations.v_from_ms(to_ms - from_ms)),
            flags: with_late(report.flags, late),
            begin: taken(&durations.from),
            end: taken(&durations.to),
            ..Traced::of_report(seq, &ended, why)
        }
    }
}

/// Two steps that have met.
struct Pair<'a> {
    feed: Feed,
    feed_plan: &'a FeedPlan,
    durations: &'a Durations,
    stage: Stage,
    /// When the report entered the one state and the other, milliseconds.
    times: (i64, i64),
}
