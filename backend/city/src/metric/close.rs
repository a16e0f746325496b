//! At a tick: the points of windows that have closed since the last one, and those of closed
//! windows that late readings have revised.

use egret_shared::flags::Flags;
use egret_shared::metric::MetricPoint;

use super::point::When;
use crate::fold::Fold;
use crate::plan::{MetricKind, MetricPlan};

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

    fn close_revised(&mut self) {
        let mut revised = std::mem::take(&mut self.state.metrics.revised);
        // Metrics are numbered after their inputs, so that going up meets every dependent.
        while let Some((cell, end_ms)) = revised.pop_first() {
            self.close(cell, end_ms, Flags::REVISED);
            let Some((metric, area)) = self.state.metrics.place(cell) else {
                continue;
            };
            let dependents = self.plan.metric(metric).map(|metric| &metric.dependents);
            for dependent in dependents.into_iter().flatten() {
                if end_ms % MINUTE_MS == 0 {
                    revised.insert((self.state.metrics.number(*dependent, area), end_ms));
                }
            }
        }
    }

    fn close(&mut self, cell: u32, end_ms: i64, flags: Flags) {
        let Some((metric, area)) = self.state.metrics.place(cell) else {
            return;
        };
        let point = self.reader().point(metric, area, When::Closed(end_ms));
        let Some(point) = point.filter(|point| point.v.is_some()) else {
            return;
        };
        self.dirty.closed.push(MetricPoint {
            flags: point.flags.with(flags),
            ..point
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
        MetricKind::Derived { .. } => {
            let newest = now_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
            let is_new = newest > before_ms && newest >= since_ms;
            is_new.then_some(newest).into_iter().collect()
        }
    }
}
