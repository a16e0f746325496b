//! Where a number comes from: its formula in words, the metrics it reads, the window it looks at,
//! and which entries of the journal count for it, with the reason where one does not.
//!
//! A function of the package alone: built once, asked from any thread. It looks at entries with
//! the fold's own plan, so that filters, areas, windows and lateness mean the same here and there.

mod doubts;
mod formula;
mod identity;
mod steps;
mod trace;

use std::collections::HashMap;

use egret_package::Package;
use egret_shared::id::{AssetId, DepartmentId, FeedId, MetricId};
use egret_shared::package::metric::IndexPart;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::Serialize;

pub use trace::{AreaOf, Step, Trace, Traced, Why};

use crate::plan::{Area, Feed, Lookup, MetricKind, MetricPlan, Plan};

/// Knows where the numbers of one city package come from.
pub struct Lineage {
    plan: Plan,
    words: formula::Words,
    /// Where assets count, of which the register says so wherever they stand.
    pinned: HashMap<Feed, Lookup<AssetId, Area>>,
    /// Rows of the register's assets.
    rows: HashMap<Feed, Lookup<AssetId, u32>>,
}

/// In which way a metric is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Of observations or reports.
    Aggregated,
    /// Of other metrics, by a formula.
    Derived,
    /// Of other metrics' scores.
    Index,
    /// Of how well feeds deliver.
    Quality,
}

/// A metric that another reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Which metric.
    pub metric: MetricId,
    /// Its part in an index; absent in a formula.
    pub part: Option<IndexPart>,
}

impl Lineage {
    /// The lineage of the metrics of a checked package.
    pub fn new(package: &Package) -> Self {
        let plan = Plan::new(package);
        let mut pinned: HashMap<Feed, Lookup<AssetId, Area>> = HashMap::new();
        let mut rows: HashMap<Feed, Lookup<AssetId, u32>> = HashMap::new();
        for (row, def) in (0..).zip(&package.assets) {
            if let Some(feed) = plan.feed_number(&def.feed) {
                rows.entry(feed).or_default().insert(def.asset.clone(), row);
            }
            let area = def.area.as_ref().and_then(|code| plan.areas.number(code));
            if let (Some(feed), Some(area)) = (plan.feed_number(&def.feed), area) {
                let assets = pinned.entry(feed).or_default();
                assets.insert(def.asset.clone(), area);
            }
        }
        Self {
            plan,
            words: formula::Words::new(package),
            pinned,
            rows,
        }
    }

    /// The row of an asset in the package's register.
    fn row(&self, feed: Feed, asset: &AssetId) -> Option<u32> {
        self.rows.get(&feed)?.get(asset).copied()
    }

    /// In which way `metric` is made; `None` if there is no such metric.
    pub fn kind(&self, metric: &MetricId) -> Option<Kind> {
        Some(match self.metric(metric)?.kind {
            MetricKind::Measured(_) => Kind::Aggregated,
            MetricKind::Derived { .. } => Kind::Derived,
            MetricKind::Index(_) => Kind::Index,
            MetricKind::Quality { .. } => Kind::Quality,
        })
    }

    /// The metrics that `metric` reads, in the order of its definition.
    pub fn inputs(&self, metric: &MetricId) -> Vec<Input> {
        let id = |number: &u16| Some(self.plan.metric(*number)?.def.id.clone());
        let of = |number: &u16, part: Option<&IndexPart>| {
            id(number).map(|metric| Input {
                metric,
                part: part.cloned(),
            })
        };
        match self.metric(metric).map(|metric| &metric.kind) {
            Some(MetricKind::Derived { inputs, .. }) => inputs
                .iter()
                .filter_map(|number| of(number, None))
                .collect(),
            Some(MetricKind::Index(parts)) => parts
                .iter()
                .filter_map(|(number, part)| of(number, Some(part)))
                .collect(),
            Some(MetricKind::Measured(_) | MetricKind::Quality { .. }) | None => Vec::new(),
        }
    }

    /// The feeds whose quality `metric` tells; none of other metrics.
    pub fn feeds(&self, metric: &MetricId) -> Vec<FeedId> {
        let feeds = match self.metric(metric).map(|metric| &metric.kind) {
            Some(MetricKind::Quality { feeds, .. }) => feeds.as_slice(),
            _ => &[],
        };
        let plans = feeds.iter().filter_map(|feed| self.plan.feed(*feed));
        plans.map(|feed| feed.def.id.clone()).collect()
    }

    /// The feeds whose messages, or whose quality, `metric` is made of; none of a metric of metrics.
    pub fn sources(&self, metric: &MetricId) -> Vec<FeedId> {
        let feeds: Vec<Feed> = match self.metric(metric).map(|metric| &metric.kind) {
            Some(MetricKind::Measured(measured)) => measured.feeds().collect(),
            Some(MetricKind::Quality { feeds, .. }) => feeds.clone(),
            Some(MetricKind::Derived { .. } | MetricKind::Index(_)) | None => Vec::new(),
        };
        let plans = feeds.iter().filter_map(|feed| self.plan.feed(*feed));
        plans.map(|feed| feed.def.id.clone()).collect()
    }

    /// The department that answers for `metric`: its own, or that of the first feed it is made
    /// of; of a metric of metrics, absent unless it names one.
    pub fn owner(&self, metric: &MetricId) -> Option<DepartmentId> {
        let metric = self.metric(metric)?;
        let feed = match &metric.kind {
            MetricKind::Measured(measured) => measured.feeds().next(),
            MetricKind::Quality { feeds, .. } => feeds.first().copied(),
            MetricKind::Derived { .. } | MetricKind::Index(_) => None,
        };
        let of_feed = || Some(self.plan.feed(feed?)?.def.department.clone());
        metric.def.owner.clone().or_else(of_feed)
    }

    /// How `metric` is computed, in words.
    pub fn formula(&self, metric: &MetricId) -> Option<Text> {
        Some(formula::of(&self.plan, self.metric(metric)?, &self.words))
    }

    /// Begin and end of the window of `metric` that closed last at `at`; `None` for metrics that
    /// are not made of contributions.
    pub fn window(&self, metric: &MetricId, at: TimeMs) -> Option<(TimeMs, TimeMs)> {
        let window = &self.metric(metric)?.measured()?.window;
        let slice = window.closed_at(at.0);
        Some((TimeMs(slice.start_ms), TimeMs(slice.end_ms)))
    }

    fn metric(&self, id: &MetricId) -> Option<&MetricPlan> {
        self.plan.metric(self.plan.metric_number(id)?)
    }
}
