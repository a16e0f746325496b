//! What is kept of event time that no live window needs: laid down compactly until no reading may
//! be late enough to revise it.

use super::Metrics;
use crate::limits::LAID_DOWN_IN_TICKS;
use crate::plan::{Area, Metric, Plan};
use crate::window::{Slice, Window};

impl Metrics {
    /// The slice to which a contribution of `at_ms` goes.
    pub(super) fn slice_for(&self, metric: Metric, window: &Window, at_ms: i64) -> Slice {
        let past_until_ms = self.past_until_ms.get(usize::from(metric));
        if past_until_ms.is_some_and(|until_ms| at_ms < *until_ms) {
            return window.coarse_of(at_ms);
        }
        let live = self.live(metric).filter(|live| live.holds(at_ms));
        match (window, live) {
            // Local time takes its time to compute.
            (Window::Tumbling { .. }, Some(live)) => live,
            (window, _) => window.slice_of(at_ms),
        }
    }

    /// Takes a cell's past up for many questions about it.
    pub(super) fn take_up(&mut self, metric: Metric, area: Area) {
        let number = self.number(metric, area) as usize;
        if let Some(Some(cell)) = self.cells.get_mut(number) {
            cell.take_up();
        }
    }

    /// Lays a cell's past down again.
    pub(super) fn lay_down(&mut self, plan: &Plan, metric: Metric, area: Area, now_ms: i64) {
        let number = self.number(metric, area) as usize;
        let measured = plan.metric(metric).and_then(|metric| metric.measured());
        let until_ms = self.past_until_ms.get(usize::from(metric)).copied();
        if let (Some(Some(cell)), Some((measured, until_ms))) =
            (self.cells.get_mut(number), measured.zip(until_ms))
        {
            let before_ms = now_ms - measured.window.kept_ms(measured.past_ms);
            cell.lay_down(&measured.window, until_ms, before_ms);
        }
    }

    /// Lays down what has become past, and drops what no window needs any more: at each tick for
    /// some of the metrics.
    pub(crate) fn lay_down_some(&mut self, plan: &Plan, now_ms: i64) {
        let n_metrics = plan.metrics.len();
        for _ in 0..n_metrics.div_ceil(LAID_DOWN_IN_TICKS) {
            let metric = self.lays_next;
            let next = usize::from(metric) + 1;
            self.lays_next = if next < n_metrics { metric + 1 } else { 0 };
            let measured = plan.metric(metric).and_then(|metric| metric.measured());
            let until_ms = self.past_until_ms.get_mut(usize::from(metric));
            let (Some(measured), Some(until_ms)) = (measured, until_ms) else {
                continue;
            };
            *until_ms = measured.window.past_until(now_ms);
            for area in 0..self.n_areas {
                self.lay_down(plan, metric, area, now_ms);
            }
        }
    }
}
