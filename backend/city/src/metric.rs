//! Metrics by area: cells of slices, the live windows, and what has to be looked at again.
//!
//! A cell is one metric in one area; its number is `metric × areas + area`. Cells come to be when
//! something contributes, when an asset that should contribute is known, and for the whole city.

pub(crate) mod cell;
pub(crate) mod close;
mod pane;
mod past;
pub(crate) mod point;
mod retain;
mod revised;
pub(crate) mod settle;

use egret_shared::flags::Flags;
use egret_shared::package::metric::By;
use serde::{Deserialize, Serialize};

use crate::aggregate::Contribution;
use crate::bits::Marked;
use crate::plan::{Area, Areas, FeedPlan, Measured, Metric, MetricKind, Plan};
use crate::window::Slice;
use cell::Cell;
use revised::Revised;

/// Every metric in every area.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Metrics {
    n_areas: u32,
    cells: Vec<Option<Box<Cell>>>,
    /// Cells whose level has to be decided again at the next tick.
    unsettled: Marked,
    /// Closed windows that late readings have made others.
    revised: Revised,
    /// Up to when the slices of each metric are laid down with the past.
    past_until_ms: Vec<i64>,
    /// The metric with which the next tick goes on to lay down.
    lays_next: Metric,
    /// The live window of each metric: a function of the time, kept for speed.
    #[serde(skip)]
    live: Vec<Option<Slice>>,
    /// When the next live window moves.
    #[serde(skip)]
    moves_ms: i64,
    /// The time in steps of [`PACE_MS`]: up to when a number over a growing window is told.
    #[serde(skip)]
    paced_ms: i64,
}

/// How often a number changes that grows or shrinks with time alone, milliseconds.
///
/// Such as calls per hour of a running day. Every second would tell a wall nothing more; after the
/// first minute ten seconds are a sixth of a window at most, and soon nothing.
const PACE_MS: i64 = 10_000;

/// A contribution on its way to a metric's cells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    pub(crate) one: Contribution,
    /// Whether it passes the metric's filter. What does not is no contribution, but its sender
    /// stands behind the number all the same.
    pub(crate) passes: bool,
    /// Those of [`Flags::SUSPECT`] that its value has.
    pub(crate) doubts: Flags,
    pub(crate) now_ms: i64,
    /// Time of the last tick, up to which windows are closed.
    pub(crate) closed_ms: i64,
}

impl Metrics {
    /// Cells of the whole city, and none else yet.
    pub(crate) fn new(plan: &Plan) -> Self {
        let n_cells = plan.metrics.len() * plan.areas.len();
        let mut metrics = Self {
            n_areas: u32::try_from(plan.areas.len()).unwrap_or(u32::MAX),
            cells: std::iter::repeat_with(|| None).take(n_cells).collect(),
            live: vec![None; plan.metrics.len()],
            past_until_ms: vec![i64::MIN; plan.metrics.len()],
            ..Self::default()
        };
        for metric in 0..Metric::try_from(plan.metrics.len()).unwrap_or(Metric::MAX) {
            metrics.present(plan, metric, Areas::ROOT);
        }
        metrics
    }

    /// Number of the cell of `metric` in `area`.
    pub(crate) fn number(&self, metric: Metric, area: Area) -> u32 {
        u32::from(metric) * self.n_areas + area
    }

    /// Metric and area of the cell with this number.
    pub(crate) fn place(&self, number: u32) -> Option<(Metric, Area)> {
        let metric = number.checked_div(self.n_areas)?;
        Some((Metric::try_from(metric).ok()?, number % self.n_areas))
    }

    pub(crate) fn cell(&self, metric: Metric, area: Area) -> Option<&Cell> {
        self.cells
            .get(self.number(metric, area) as usize)?
            .as_deref()
    }

    /// Numbers of all cells of `metric`, by area.
    pub(crate) fn numbers(&self, metric: Metric) -> impl Iterator<Item = u32> + '_ {
        let first = self.number(metric, 0);
        let is_there = |number: &u32| matches!(self.cells.get(*number as usize), Some(Some(_)));
        (first..first + self.n_areas).filter(is_there)
    }

    /// Makes sure that the cell exists, and the cells of metrics derived from it.
    pub(crate) fn present(&mut self, plan: &Plan, metric: Metric, area: Area) -> Option<&mut Cell> {
        let number = self.number(metric, area) as usize;
        if self.cells.get(number)?.is_none() {
            for dependent in plan
                .metric(metric)
                .iter()
                .flat_map(|metric| &metric.dependents)
            {
                self.present(plan, *dependent, area);
            }
        }
        Some(self.cells.get_mut(number)?.get_or_insert_default())
    }

    /// Notes that a cell's point may be another, and those derived from it.
    pub(crate) fn touch(&mut self, plan: &Plan, dirty: &mut Marked, metric: Metric, area: Area) {
        let number = self.number(metric, area);
        // Whoever marked it before marked what is derived from it, too.
        let fresh = dirty.insert(number) | self.unsettled.insert(number);
        if fresh {
            for dependent in plan
                .metric(metric)
                .iter()
                .flat_map(|metric| &metric.dependents)
            {
                self.touch(plan, dirty, *dependent, area);
            }
        }
    }

    /// Touches every cell of `metric` and of what is derived from it, also where it has no cell
    /// itself: what is derived there reads its window and its zero.
    pub(crate) fn touch_all(&mut self, plan: &Plan, dirty: &mut Marked, metric: Metric) {
        let numbers: Vec<u32> = self.numbers(metric).collect();
        for number in numbers {
            dirty.insert(number);
            self.unsettled.insert(number);
        }
        for dependent in plan
            .metric(metric)
            .iter()
            .flat_map(|metric| &metric.dependents)
        {
            self.touch_all(plan, dirty, *dependent);
        }
    }

    /// The live window of `metric`; none of one that is made of others, or of quality.
    pub(crate) fn live(&self, metric: Metric) -> Option<Slice> {
        self.live.get(usize::from(metric)).copied().flatten()
    }

    /// Takes `incoming` into every cell on the way from `area` to the city.
    pub(crate) fn contribute(
        &mut self,
        plan: &Plan,
        dirty: &mut Marked,
        metric: Metric,
        area: Area,
        incoming: &Incoming,
    ) {
        let Some(measured) = plan.metric(metric).and_then(|metric| metric.measured()) else {
            return;
        };
        // A clock that runs ahead counts as now.
        let at_ms = incoming.one.at_ms.min(incoming.now_ms);
        let mut incoming = *incoming;
        incoming.one.at_ms = at_ms;
        let slice = self.slice_for(metric, &measured.window, at_ms);
        let stale_after_ms = plan.stale_after_ms(measured);
        for area in plan.areas.path(area) {
            let Some(cell) = self.present(plan, metric, *area) else {
                continue;
            };
            let is_news = cell.take(slice, measured.how, &incoming);
            cell.grow_old(incoming.now_ms, stale_after_ms);
            if is_news {
                self.revised.note(metric, *area, slice.start_ms);
            }
            self.touch(plan, dirty, metric, *area);
        }
    }

    /// Moves the live windows on to `now_ms`.
    pub(crate) fn advance(&mut self, plan: &Plan, dirty: &mut Marked, now_ms: i64) {
        if now_ms < self.moves_ms {
            return;
        }
        let before_ms = std::mem::replace(&mut self.paced_ms, paced(now_ms));
        self.moves_ms = self.paced_ms + PACE_MS;
        for (number, metric) in (0..).zip(&plan.metrics) {
            let moves = match &metric.kind {
                MetricKind::Measured(measured) => {
                    let grows = measured.how.is_per_time() && before_ms != self.paced_ms;
                    self.move_live(number, measured, now_ms) || grows
                }
                MetricKind::Quality { .. } => last_hour(before_ms) != last_hour(self.paced_ms),
                MetricKind::Derived { .. } | MetricKind::Index(_) => false,
            };
            let turns = metric.def.baseline && quarter(before_ms) != quarter(self.paced_ms);
            if moves || turns {
                self.touch_all(plan, dirty, number);
            }
        }
    }

    /// Moves a live window on; whether it is another one.
    fn move_live(&mut self, number: Metric, measured: &Measured, now_ms: i64) -> bool {
        let live = measured.window.live(now_ms);
        self.moves_ms = self.moves_ms.min(live.end_ms);
        if self.live(number) == Some(live) {
            return false;
        }
        if let Some(place) = self.live.get_mut(usize::from(number)) {
            *place = Some(live);
        }
        true
    }

    /// The time up to which numbers over growing windows are told, milliseconds.
    pub(crate) fn paced_ms(&self) -> i64 {
        self.paced_ms
    }

    /// The hour up to the last whole minute: what quality is told of.
    pub(crate) fn last_hour(&self) -> Slice {
        last_hour(self.paced_ms)
    }

    /// Sets the live windows anew after a restore, without touching anything.
    pub(crate) fn index(&mut self, plan: &Plan, now_ms: i64) {
        let live = |metric: &crate::plan::MetricPlan| {
            metric
                .measured()
                .map(|measured| measured.window.live(now_ms))
        };
        self.live = plan.metrics.iter().map(live).collect();
        self.paced_ms = paced(now_ms);
        let ends = self.live.iter().flatten().map(|live| live.end_ms);
        self.moves_ms = ends.fold(self.paced_ms + PACE_MS, i64::min);
    }
}

fn paced(now_ms: i64) -> i64 {
    now_ms.div_euclid(PACE_MS) * PACE_MS
}

/// The quarter of an hour that ends at, or holds, `at_ms`: in every time zone, hours of the week
/// change with it.
fn quarter(at_ms: i64) -> i64 {
    (at_ms - 1).div_euclid(900_000)
}

fn last_hour(now_ms: i64) -> Slice {
    let end_ms = now_ms.div_euclid(60_000) * 60_000;
    Slice {
        start_ms: end_ms - 3_600_000,
        end_ms,
    }
}

/// The area that a contribution from `place` counts for; `None` outside the city.
pub(crate) fn counting_area(
    measured: &Measured,
    feed: &FeedPlan,
    place: Option<Area>,
) -> Option<Area> {
    match measured.by {
        By::Place => place,
        By::Responsible => Some(feed.home),
    }
}
