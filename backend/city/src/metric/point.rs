//! A metric's number with its truth: computed when it is asked for, from slices or other metrics.

mod composed;

use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::metric::{ANOMALY_Z, MetricPoint, Typical};
use egret_shared::package::metric::By;
use egret_shared::time::TimeMs;

use super::Metrics;
use crate::baseline::Baselines;
use crate::feed::FeedState;
use crate::plan::{Area, Measured, Metric, MetricKind, MetricPlan, Part, Plan, Source};
use crate::selected::Selected;
use crate::window::{Slice, Window};

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
    pub(crate) selected: &'a Selected,
    pub(crate) baselines: &'a Baselines,
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
    /// derived one, if its formula reads none.
    pub(crate) fn point(&self, metric: Metric, area: Area, when: When) -> Option<MetricPoint> {
        let plan = self.plan.metric(metric)?;
        let code = self.plan.areas.code(area)?;
        let number = self.number(metric, plan, area, when)?;
        let typical = self.typical(metric, plan, area, when, number.v);
        let z = typical.and_then(|typical| typical.z);
        let is_odd = z.is_some_and(|z| z.abs() >= ANOMALY_Z);
        let odd = if is_odd { Flags::ANOMALY } else { Flags::NONE };
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
            flags: number.flags.with(odd),
            typical,
        })
    }

    /// What is usual at this time, if the metric learns that and has seen enough.
    fn typical(
        &self,
        metric: Metric,
        plan: &MetricPlan,
        area: Area,
        when: When,
        v: Option<f64>,
    ) -> Option<Typical> {
        if !plan.def.baseline {
            return None;
        }
        let at_ms = match when {
            When::Live => self.metrics.paced_ms(),
            When::Closed(end_ms) => end_ms,
        };
        let cell = self.metrics.number(metric, area);
        self.baselines.typical(cell, self.plan.zone, at_ms, v)
    }

    /// What is usual now, and how far the live value `v` is from it.
    pub(crate) fn typical_now(
        &self,
        (metric, area): (Metric, Area),
        v: Option<f64>,
    ) -> Option<Typical> {
        let plan = self.plan.metric(metric)?;
        self.typical(metric, plan, area, When::Live, v)
    }

    /// The live value alone.
    pub(crate) fn value(&self, metric: Metric, area: Area) -> Option<f64> {
        let plan = self.plan.metric(metric)?;
        let Some(measured) = plan.measured() else {
            return self.number(metric, plan, area, When::Live)?.v;
        };
        let window = self.metrics.live(metric)?;
        let cell = self.metrics.cell(metric, area);
        let nothing = || self.zero(measured);
        let v = match cell {
            Some(cell) => cell.number(window, measured.how, nothing),
            None => nothing(),
        };
        let length_ms = self.passed_ms(&measured.window, window);
        v.map(|v| measured.how.over(v, length_ms))
    }

    /// Event time of the newest of what the live value is made of; `None` if that is nothing.
    pub(crate) fn latest_ms(&self, metric: Metric, area: Area) -> Option<i64> {
        let number = self.number(metric, self.plan.metric(metric)?, area, When::Live)?;
        let latest_ms = number.latest_ms?;
        // A cell knows its newest of ever.
        (latest_ms >= number.window.start_ms).then_some(latest_ms)
    }

    /// What nothing at all comes to: 0 where things are counted and somebody would tell of them.
    fn zero(&self, measured: &Measured) -> Option<f64> {
        let mut feeds = self.feeds_of(measured);
        let is_zero = measured.how.is_zero_without_contributions() && feeds.any(FeedState::is_live);
        is_zero.then_some(0.0)
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
            MetricKind::Derived { formula, inputs } => self.derived(formula, inputs, area, when),
            MetricKind::Index(parts) => self.index(parts, area, when),
            MetricKind::Quality {
                feeds,
                of,
                n_minutes,
            } => Some(self.quality(feeds, (*of, *n_minutes), area, when)),
        }
    }

    fn measured(
        &self,
        metric: Metric,
        measured: &Measured,
        area: Area,
        when: When,
    ) -> Option<Number> {
        let (window, length_ms) = match when {
            When::Live => {
                let window = self.metrics.live(metric)?;
                (window, self.passed_ms(&measured.window, window))
            }
            When::Closed(end_ms) => {
                let window = measured.window.closed_at(end_ms);
                (window, window.length_ms())
            }
        };
        let cell = self.metrics.cell(metric, area);
        let figure = cell.map(|cell| cell.figure(window, measured.how));
        let v = match &figure {
            Some(figure) if figure.latest_ms.is_some() => figure.v,
            _ => self.zero(measured),
        };
        let in_window = figure.as_ref().map_or(0, |figure| figure.sources);
        let (sources, expected) = self.sources(measured, area, in_window);
        let latest_ms = match when {
            When::Live => cell.and_then(|cell| cell.latest_ms),
            When::Closed(_) => figure.as_ref().and_then(|figure| figure.latest_ms),
        };
        let mut flags = figure.map_or(Flags::NONE, |figure| figure.flags);
        if sources < expected {
            flags = flags.with(Flags::PARTIAL);
        }
        if when == When::Live && cell.is_some_and(|cell| cell.stale) {
            flags = flags.with(Flags::STALE);
        }
        Some(Number {
            window,
            v: v.map(|v| measured.how.over(v, length_ms)),
            sources,
            expected,
            latest_ms,
            flags,
        })
    }

    /// How much of a live window has passed, as far as it is told, milliseconds.
    fn passed_ms(&self, window: &Window, live: Slice) -> i64 {
        let passed_ms = self.metrics.paced_ms() - live.start_ms;
        match window {
            Window::Sliding { .. } => live.length_ms(),
            Window::Tumbling { .. } => passed_ms.clamp(0, live.length_ms()),
        }
    }

    fn feeds_of(&self, measured: &Measured) -> impl Iterator<Item = &FeedState> {
        let states = |feed| self.feeds.get(usize::from(feed));
        measured.feeds().filter_map(states)
    }

    /// How many stand behind a number, and how many should. Of reports the feeds themselves are
    /// the sources.
    fn sources(&self, measured: &Measured, area: Area, in_window: u32) -> (u32, u32) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        match measured.source {
            Source::Readings(..) => {
                let parts = measured.parts.iter();
                let expected: u32 = parts
                    .map(|part| self.expected(*part, measured.by, area))
                    .sum();
                (in_window, expected.max(in_window))
            }
            Source::Reports(..) | Source::Durations(_) => {
                let reporting = self.feeds_of(measured).filter(|feed| feed.has_reported());
                (count(reporting.count()), count(measured.parts.len()))
            }
        }
    }

    /// How many assets of a feed should contribute in `area`.
    fn expected(&self, part: Part, by: By, area: Area) -> u32 {
        let feed = self.feeds.get(usize::from(part.feed));
        let Some((plan, feed)) = self.plan.feed(part.feed).zip(feed) else {
            return 0;
        };
        // Nobody is missed of whom nothing can be expected.
        if feed.stale_after_ms(plan).is_none() {
            return 0;
        }
        match (by, part.only) {
            (By::Place, None) => feed.known(area),
            (By::Place, Some(only)) => self.selected.known(only, area),
            (By::Responsible, _) if !self.plan.areas.holds(area, plan.home) => 0,
            (By::Responsible, None) => u32::try_from(feed.members.len()).unwrap_or(u32::MAX),
            (By::Responsible, Some(only)) => self.selected.len(only),
        }
    }
}

impl Number {
    /// What stands behind a number, with the number made of it; `partial` if some of it is missing.
    fn with(self, v: Option<f64>, partial: bool) -> Self {
        let missing = if partial { Flags::PARTIAL } else { Flags::NONE };
        Self {
            v,
            flags: self.flags.with(missing),
            ..self
        }
    }

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
