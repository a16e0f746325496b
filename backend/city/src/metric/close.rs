//! At a tick: the points of windows that have closed since the last one, and those of closed
//! windows that late readings have revised.

use egret_shared::flags::Flags;
use egret_shared::metric::{ClosedPoint, MetricPoint};
use egret_shared::time::TimeMs;

use super::point::When;
use super::revised::{Noted, Revised};
use crate::fold::Fold;
use crate::plan::{Area, Metric, MetricKind, MetricPlan};

/// Derived metrics have no window of their own and close every minute.
const MINUTE_MS: i64 = 60_000;

impl Fold<'_> {
    /// Emits what closed after `before_ms` up to the tick at `now_ms`.
    ///
    /// Minutes in which nobody listened are left out, for a count of nothing would be a lie; what
    /// arrives late for them comes as a revision. Tumbling windows that ended meanwhile are not.
    pub(crate) fn close_metrics(&mut self, before_ms: i64, now_ms: i64) {
        self.close_revised();
        for (number, metric) in (0..).zip(&self.plan.metrics) {
            let since_ms = self.state.listening_ms;
            for end_ms in closings(metric, before_ms, now_ms, since_ms) {
                let cells: Vec<u32> = self.state.metrics.numbers(number).collect();
                for cell in cells {
                    self.close(cell, end_ms, Flags::NONE);
                }
            }
        }
    }

    /// Emits revised windows, cell by cell: half of this tick's share for the whole city if it wants
    /// so many, the rest for its parts. What is beyond it waits for the next, and by then may have
    /// been revised once more.
    fn close_revised(&mut self) {
        let due = self.state.metrics.revised.due();
        let n_left = self.revise_some(due / 2, Revised::take_of_city);
        let n_left = self.revise_some(n_left + due.div_ceil(2), Revised::take_of_parts);
        self.revise_some(n_left, Revised::take_of_city);
    }

    /// Emits at least `n_left` windows if there are so many; how many fewer there were.
    fn revise_some(&mut self, mut n_left: usize, take: fn(&mut Revised) -> Option<Noted>) -> usize {
        while n_left > 0
            && let Some((metric, area, times)) = take(&mut self.state.metrics.revised)
        {
            n_left = n_left.saturating_sub(self.revise(metric, area, &times));
        }
        n_left
    }

    /// Emits the windows of a cell that are others since something came late at `times`; how many.
    fn revise(&mut self, metric: Metric, area: Area, times: &[i64]) -> usize {
        let cell = self.state.metrics.number(metric, area);
        let Some(plan) = self.plan.metric(metric) else {
            return 1;
        };
        let closed_ms = self.state.ticked_ms.unwrap_or(i64::MIN);
        let ends = plan.measured().map_or_else(
            || times.to_vec(),
            |measured| measured.window.revised(times, closed_ms),
        );
        self.state.metrics.take_up(metric, area);
        for end_ms in &ends {
            self.close(cell, *end_ms, Flags::REVISED);
            for dependent in plan.dependents.iter().filter(|_| end_ms % MINUTE_MS == 0) {
                let revised = &mut self.state.metrics.revised;
                revised.note(*dependent, area, *end_ms);
            }
        }
        let now_ms = self.state.now_ms;
        self.state.metrics.lay_down(self.plan, metric, area, now_ms);
        ends.len().max(1)
    }

    fn close(&mut self, cell: u32, end_ms: i64, flags: Flags) {
        let Some((metric, area)) = self.state.metrics.place(cell) else {
            return;
        };
        let point = self.reader().point(metric, area, When::Closed(end_ms));
        let Some((point, v)) = point.and_then(|point| point.v.map(|v| (point, v))) else {
            return;
        };
        let plan = self
            .plan
            .metric(metric)
            .filter(|metric| metric.def.baseline);
        if let Some(plan) = plan.filter(|_| !flags.has(Flags::REVISED)) {
            let measured = plan.measured();
            let step_ms = measured.map_or(MINUTE_MS, |one| one.window.closing_step_ms());
            let zone = self.plan.zone;
            self.state.baselines.take(cell, zone, (end_ms, step_ms), v);
        }
        let point = MetricPoint {
            flags: point.flags.with(flags),
            ..point
        };
        self.dirty.closed.push(ClosedPoint {
            point,
            known_at: TimeMs(self.state.now_ms),
        });
    }
}

fn closings(metric: &MetricPlan, before_ms: i64, now_ms: i64, since_ms: i64) -> Vec<i64> {
    match &metric.kind {
        MetricKind::Measured(measured) => {
            let mut closings = measured.window.closings(before_ms, now_ms);
            closings.retain(|end_ms| *end_ms >= since_ms || measured.window.ends_at(*end_ms));
            closings
        }
        MetricKind::Derived { .. } | MetricKind::Index(_) | MetricKind::Quality { .. } => {
            let newest = now_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
            let is_new = newest > before_ms && newest >= since_ms;
            is_new.then_some(newest).into_iter().collect()
        }
    }
}
