//! Derived metrics after what they derive from.

use std::collections::BTreeMap;

use egret_shared::id::MetricId;
use egret_shared::package::metric::MetricDef;

use crate::expression::inputs;
use crate::problem::Problem;
use crate::spans::List;

/// What each metric derives from; none for aggregated ones.
fn inputs_of(metric: &MetricDef) -> Vec<MetricId> {
    let derive = metric.derive.as_deref();
    derive
        .and_then(|text| inputs(text).ok())
        .unwrap_or_default()
        .into_iter()
        .collect()
}

/// Refuses metrics that derive from themselves, naming the way round.
pub(super) fn refuse_circles(metrics: &List<'_, MetricDef>, problems: &mut Vec<Problem>) {
    let inputs: BTreeMap<MetricId, Vec<MetricId>> = metrics
        .entries
        .iter()
        .map(|entry| (entry.def.id.clone(), inputs_of(&entry.def)))
        .collect();
    let mut told: Vec<MetricId> = Vec::new();
    for entry in &metrics.entries {
        let id = &entry.def.id;
        if told.contains(id) {
            continue;
        }
        if let Some(circle) = circle_from(id, &inputs) {
            let way: Vec<&str> = circle.iter().map(MetricId::as_str).collect();
            let message = format!("it derives from itself: {}", way.join(" → "));
            problems.push(entry.problem("derive", message));
            told.extend(circle);
        }
    }
}

/// The way from `start` back to itself, if there is one. Depth first with every metric visited
/// once, so the cost is that of reading the graph.
fn circle_from(
    start: &MetricId,
    inputs: &BTreeMap<MetricId, Vec<MetricId>>,
) -> Option<Vec<MetricId>> {
    let mut visited: Vec<&MetricId> = Vec::new();
    let mut ways = vec![vec![start]];
    while let Some(way) = ways.pop() {
        let here = *way.last()?;
        for next in inputs.get(here).into_iter().flatten() {
            let mut longer = way.clone();
            longer.push(next);
            if next == start {
                return Some(longer.into_iter().cloned().collect());
            }
            if !visited.contains(&next) {
                visited.push(next);
                ways.push(longer);
            }
        }
    }
    None
}

/// The metrics in file order as far as inputs come first. Call only without circles; a metric in
/// a circle would be left out.
pub(crate) fn in_order(metrics: Vec<MetricDef>) -> Vec<MetricDef> {
    let mut ordered: Vec<MetricDef> = Vec::with_capacity(metrics.len());
    let mut waiting = metrics;
    loop {
        let n_waiting = waiting.len();
        let mut left = Vec::new();
        for metric in waiting {
            let is_there = |id: &MetricId| ordered.iter().any(|other| other.id == *id);
            if inputs_of(&metric).iter().all(is_there) {
                ordered.push(metric);
            } else {
                left.push(metric);
            }
        }
        if left.is_empty() || left.len() == n_waiting {
            return ordered;
        }
        waiting = left;
    }
}
