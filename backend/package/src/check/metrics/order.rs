//! Metrics after those that they are made of: derived ones and indices.

use std::collections::BTreeMap;

use egret_shared::id::MetricId;
use egret_shared::package::metric::{IndexPart, MetricDef};

use super::derive::at_input;
use crate::expression::inputs;
use crate::problem::Problem;
use crate::spans::{Entry, List};

/// The metrics that a metric is made of; none for aggregated ones and qualities.
fn inputs_of(metric: &MetricDef) -> Vec<MetricId> {
    let derive = metric.derive.as_deref();
    let derived = derive.and_then(|text| inputs(text).ok());
    let parts = metric.index.iter().map(|part| part.metric.clone());
    derived.into_iter().flatten().chain(parts).collect()
}

/// Refuses metrics that are made of themselves, naming the way round, at the first step of it.
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
            problems.push(round(entry, &circle));
            told.extend(circle);
        }
    }
}

fn round(entry: &Entry<'_, MetricDef>, circle: &[MetricId]) -> Problem {
    let way: Vec<&str> = circle.iter().map(MetricId::as_str).collect();
    let message = format!(
        "it is made of itself: {}; break the circle at one of them",
        way.join(" → ")
    );
    let next = way.get(1).copied().unwrap_or_default();
    let part = |part: &IndexPart| part.metric.as_str() == next;
    match (&entry.def.derive, entry.def.index.iter().position(part)) {
        (Some(derive), _) => at_input(entry, derive, next, message),
        (None, Some(number)) => entry.problem(&format!("index/{number}/metric"), message),
        (None, None) => entry.problem("", message),
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
