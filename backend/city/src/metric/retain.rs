//! What is kept of event time that no live window needs: laid down compactly until no reading may
//! be late enough to revise it; and which closed windows late readings have made others.

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

    /// Notes that a closed slice is another.
    pub(super) fn revise(&mut self, metric: Metric, area: Area, slice: Slice) {
        self.revised
            .insert((self.number(metric, area), slice.start_ms));
    }

    /// The next cell whose closed windows are others, and the times noted with it, rising.
    pub(super) fn next_revised(&mut self) -> Option<(u32, Vec<i64>)> {
        let first = self.revised.range((self.revises_next, i64::MIN)..).next();
        let (cell, _) = *first.or_else(|| self.revised.first())?;
        // Dependents have higher numbers than their inputs and so come after them.
        self.revises_next = cell.saturating_add(1);
        let noted = self.revised.range((cell, i64::MIN)..=(cell, i64::MAX));
        let times: Vec<i64> = noted.map(|(_, at_ms)| *at_ms).collect();
        for at_ms in &times {
            self.revised.remove(&(cell, *at_ms));
        }
        Some((cell, times))
    }

    /// Notes that the window of a metric made of others, closed at `end_ms`, is another.
    pub(super) fn revise_closing(&mut self, metric: Metric, area: Area, end_ms: i64) {
        self.revised.insert((self.number(metric, area), end_ms));
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
