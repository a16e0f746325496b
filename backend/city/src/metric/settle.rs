//! At a tick: what has grown old, and which level each changed number has come to.

use egret_shared::event::{About, EventKind};
use egret_shared::level::Level;
use egret_shared::text::Text;

use super::point::Reader;
use crate::fold::Fold;
use crate::plan::{Area, Areas, Feed, Measured, Metric, MetricPlan};
use crate::words;

impl Fold<'_> {
    /// Decides levels and metric rules of every cell that changed since the last tick.
    pub(crate) fn settle_metrics(&mut self) {
        self.age_metrics();
        for number in self.state.metrics.unsettled.take() {
            let Some((metric, area)) = self.state.metrics.place(number) else {
                continue;
            };
            let Some(plan) = self.plan.metric(metric).filter(|plan| plan.is_judged()) else {
                continue;
            };
            let v = self.reader().value(metric, area);
            self.settle_level(metric, plan, area, v);
            self.show_metric(&plan.rules, (metric, area), v);
        }
    }

    /// What reads of metrics need.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            plan: self.plan,
            feeds: &self.state.feeds,
            selected: &self.state.selected,
            baselines: &self.state.baselines,
            metrics: &self.state.metrics,
        }
    }

    fn age_metrics(&mut self) {
        let now_ms = self.state.now_ms;
        for (metric, plan) in (0..).zip(&self.plan.metrics) {
            let measured = plan.measured();
            let after_ms = measured.and_then(|measured| self.stale_after_ms(measured));
            let Some(stale_after_ms) = after_ms else {
                continue;
            };
            for area in self.state.metrics.grow_old(metric, now_ms, stale_after_ms) {
                self.touch_metric(metric, area);
            }
        }
    }

    /// Interval after which a metric is stale: the longest of its feeds, promised or learned.
    fn stale_after_ms(&self, measured: &Measured) -> Option<i64> {
        let after_ms = |feed: Feed| {
            let state = self.state.feeds.get(usize::from(feed))?;
            state.stale_after_ms(self.plan.feed(feed)?)
        };
        measured.feeds().filter_map(after_ms).max()
    }

    fn settle_level(&mut self, metric: Metric, plan: &MetricPlan, area: Area, v: Option<f64>) {
        let level = self.reader().level(metric, plan, area, v);
        let Some(cell) = self.state.metrics.present(self.plan, metric, area) else {
            return;
        };
        let before = std::mem::replace(&mut cell.level, level);
        if before == level || area != Areas::ROOT {
            return;
        }
        let text = level_text(level, before, v, &plan.def.unit);
        let area = self.plan.areas.code(area).cloned();
        self.tell(
            EventKind::MetricLevel,
            level,
            area,
            (About::Metric(plan.def.id.clone()), plan.def.name.clone()),
            text,
        );
    }
}

impl super::Metrics {
    /// The areas in which `metric` is stale from now on, or no longer.
    fn grow_old(&mut self, metric: Metric, now_ms: i64, stale_after_ms: i64) -> Vec<Area> {
        let first = self.number(metric, 0) as usize;
        let cells = self
            .cells
            .iter_mut()
            .skip(first)
            .take(self.n_areas as usize);
        let mut changed = Vec::new();
        for (area, cell) in (0..).zip(cells) {
            let Some(cell) = cell else { continue };
            if cell.grow_old(now_ms, Some(stale_after_ms)) {
                changed.push(area);
            }
        }
        changed
    }
}

/// "Rose to orange: 2.1 m".
fn level_text(level: Level, before: Level, v: Option<f64>, unit: &str) -> Text {
    let (zh, en) = if level > before {
        ("升至", "rose to")
    } else {
        ("降至", "fell to")
    };
    let word = words::level(level);
    let value = v.map_or_else(String::new, |v| {
        format!("{} {}", words::number(v), words::unit(unit))
    });
    let value = value.trim_end();
    let joint = |mark: &'static str| if value.is_empty() { "" } else { mark };
    Text::new(
        format!("{zh}{}{}{value}", word.zh, joint("：")),
        format!("{en} {}{}{value}", word.en, joint(": ")),
    )
}
