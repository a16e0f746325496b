//! A metric's number with its truth: computed when it is asked for, from slices or other metrics.

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::By;
use egret_shared::time::TimeMs;

use super::Metrics;
use crate::aggregate::is_zero_without_contributions;
use crate::feed::FeedState;
use crate::plan::{Area, Measured, Metric, MetricKind, MetricPlan, Plan, Source};
use crate::window::Slice;

/// Which window is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// The one that ends now.
    Live,
    /// The one that closed at this time, milliseconds.
    Closed(i64),
}

/// What a point is computed from.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) feeds: &'a [FeedState],
    pub(crate) metrics: &'a Metrics,
}

/// A number before it is dressed as a point.
#[derive(Clone, Copy)]
struct Number {
    window: Slice,
    v: Option<f64>,
    sources: u32,
    expected: u32,
    latest_ms: Option<i64>,
    flags: Flags,
}

impl Reader<'_> {
    /// The point of `metric` in `area`; `None` if there is no such metric or area, or, of a
    /// derived one, if it is made of nothing.
    pub(crate) fn point(&self, metric: Metric, area: Area, when: When) -> Option<MetricPoint> {
        let plan = self.plan.metric(metric)?;
        let code = self.plan.areas.code(area)?;
        let number = self.number(metric, plan, area, when)?;
        Some(MetricPoint {
            metric: plan.def.id.clone(),
            area: code.clone(),
            start: TimeMs(number.window.start_ms),
            end: TimeMs(number.window.end_ms),
            v: number.v,
            level: self.level(metric, plan, area, number.v),
            sources: number.sources,
            expected: number.expected,
            latest_at: number.latest_ms.map(TimeMs),
            flags: number.flags,
        })
    }

    /// The live value alone.
    pub(crate) fn value(&self, metric: Metric, area: Area) -> Option<f64> {
        let plan = self.plan.metric(metric)?;
        self.number(metric, plan, area, When::Live)?.v
    }

    /// The level of `v`, seen from the level at the last tick.
    pub(crate) fn level(
        &self,
        metric: Metric,
        plan: &MetricPlan,
        area: Area,
        v: Option<f64>,
    ) -> Level {
        let before = self
            .metrics
            .cell(metric, area)
            .map_or(Level::Normal, |cell| cell.level);
        let levels = plan.def.levels.as_ref();
        levels
            .zip(v)
            .map_or(Level::Normal, |(levels, v)| levels.level(v, before))
    }

    fn number(&self, metric: Metric, plan: &MetricPlan, area: Area, when: When) -> Option<Number> {
        match &plan.kind {
            MetricKind::Measured(measured) => self.measured(metric, measured, area, when),
            MetricKind::Derived { formula, inputs } => {
                let inputs: Option<Vec<Number>> = inputs
                    .iter()
                    .map(|input| self.number(*input, self.plan.metric(*input)?, area, when))
                    .collect();
                let inputs = inputs?;
                let values: Option<Vec<f64>> = inputs.iter().map(|input| input.v).collect();
                let v = values.and_then(|values| formula.value(&self.plan.engine, &values));
                let together = inputs.into_iter().reduce(Number::beside)?;
                Some(Number { v, ..together })
            }
        }
    }

    fn measured(
        &self,
        metric: Metric,
        measured: &Measured,
        area: Area,
        when: When,
    ) -> Option<Number> {
        let feed = self.feeds.get(usize::from(measured.feed))?;
        let window = match when {
            When::Live => self.metrics.live(metric)?,
            When::Closed(end_ms) => measured.window.closed_at(end_ms),
        };
        let cell = self.metrics.cell(metric, area);
        let figure = cell.map(|cell| cell.figure(window, measured.aggregate));
        let is_zero = is_zero_without_contributions(measured.aggregate) && feed.is_live();
        let v = match &figure {
            Some(figure) if figure.latest_ms.is_some() => figure.v,
            _ => is_zero.then_some(0.0),
        };
        let in_window = figure.as_ref().map_or(0, |figure| figure.sources);
        let (sources, expected) = self.sources(measured, feed, area, in_window);
        let latest_ms = match when {
            When::Live => cell.and_then(|cell| cell.latest_ms),
            When::Closed(_) => figure.and_then(|figure| figure.latest_ms),
        };
        let mut flags = Flags::NONE;
        if sources < expected {
            flags = flags.with(Flags::PARTIAL);
        }
        if when == When::Live && cell.is_some_and(|cell| cell.stale) {
            flags = flags.with(Flags::STALE);
        }
        Some(Number {
            window,
            v,
            sources,
            expected,
            latest_ms,
            flags,
        })
    }

    /// How many stand behind a number, and how many should. Of reports the feed itself is the
    /// one source.
    fn sources(
        &self,
        measured: &Measured,
        feed: &FeedState,
        area: Area,
        in_window: u32,
    ) -> (u32, u32) {
        if matches!(measured.source, Source::Reports(..)) {
            return (u32::from(feed.has_reported()), 1);
        }
        let plan = self.plan.feed(measured.feed);
        let promising = plan.filter(|plan| plan.stale_after_ms.is_some());
        let expected = promising.map_or(0, |plan| match measured.by {
            By::Place => feed.known(area),
            By::Responsible if self.plan.areas.holds(area, plan.home) => {
                u32::try_from(feed.members.len()).unwrap_or(u32::MAX)
            }
            By::Responsible => 0,
        });
        (in_window, expected.max(in_window))
    }
}

impl Number {
    /// Two inputs of one formula, as what stands behind its number.
    fn beside(self, other: Self) -> Self {
        Self {
            window: Slice {
                start_ms: self.window.start_ms.min(other.window.start_ms),
                end_ms: self.window.end_ms.max(other.window.end_ms),
            },
            v: None,
            sources: self.sources.saturating_add(other.sources),
            expected: self.expected.saturating_add(other.expected),
            latest_ms: self.latest_ms.max(other.latest_ms),
            flags: self.flags.with(other.flags),
        }
    }
}
