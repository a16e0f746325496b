//! `metrics.toml`.
//!
//! A metric is made in one of four ways, a file each: [`source`] with [`aggregate`] and [`unit`],
//! [`derive`], [`index`], [`quality`]. What all have in common is here and in [`levels`].

mod aggregate;
mod assets;
mod derive;
mod feeds;
mod index;
mod levels;
mod order;
mod quality;
mod source;
mod unit;

use egret_shared::package::metric::{Aggregate, MetricDef};

pub(crate) use order::in_order;

use super::{Known, known_unit, windows};
use crate::problem::Problem;
use crate::spans::{Entry, List};

pub(crate) fn check(metrics: &List<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    metrics.refuse_duplicates(problems);
    for entry in &metrics.entries {
        check_head(entry, known, problems);
        check_make(entry, known, problems);
        levels::check(entry, bounds(&entry.def), reach(&entry.def), problems);
    }
    order::refuse_circles(metrics, problems);
}

/// What every metric has, however it is made.
fn check_head(entry: &Entry<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let metric = &entry.def;
    known_unit(entry, "unit", &metric.unit, problems);
    if let Some(owner) = &metric.owner {
        known
            .departments
            .refer(entry, "owner", owner.as_str(), problems);
    }
    if metric.version == 0 {
        let message = "version 0: the first version of a definition is 1";
        problems.push(entry.problem("version", message));
    }
}

/// The ways in which a metric can be made, by the key that says so.
fn makes(entry: &Entry<'_, MetricDef>) -> Vec<&'static str> {
    let metric = &entry.def;
    let is_aggregated = ["source", "aggregate", "window"]
        .into_iter()
        .find(|key| entry.has(key));
    let derived = metric.derive.is_some().then_some("derive");
    let index = entry.has("index").then_some("index");
    [is_aggregated, derived, index]
        .into_iter()
        .flatten()
        .collect()
}

/// Exactly one of aggregated, derived, index and quality.
fn check_make(entry: &Entry<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let metric = &entry.def;
    match (makes(entry).as_slice(), &metric.derive, &metric.source) {
        ([], ..) => {
            let message = "it does not say what it is made of: write source, aggregate and window, \
                           or derive, or index";
            problems.push(entry.problem("", message));
        }
        ([first, second, ..], ..) => {
            let message = format!(
                "it has {first} and {second}: a metric is made in one way only, leave one of \
                 them out"
            );
            problems.push(entry.problem(second, message));
        }
        (_, Some(derive), _) => derive::check(entry, derive, known, problems),
        (["index"], ..) => index::check(entry, known, problems),
        (_, _, Some(source)) if source.quality.is_some() => {
            quality::check(entry, source, known, problems);
        }
        _ => check_aggregated(entry, known, problems),
    }
    if (metric.derive.is_some() || entry.has("index")) && entry.has("by") {
        let message = "it is made of metrics, which know their areas: leave by out";
        problems.push(entry.problem("by", message));
    }
}

/// Source, aggregate and window together.
fn check_aggregated(entry: &Entry<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let metric = &entry.def;
    let parts = [
        ("source", metric.source.is_some()),
        ("aggregate", metric.aggregate.is_some()),
        ("window", metric.window.is_some()),
    ];
    let missing = parts.iter().filter(|(_, there)| !there);
    let missing: Vec<&str> = missing.map(|(key, _)| *key).collect();
    if !missing.is_empty() {
        let message = format!("it needs {} as well", missing.join(" and "));
        problems.push(entry.problem("", message));
    }
    if let Some(window) = &metric.window {
        windows::check(entry, window, problems);
    }
    if let Some(source) = &metric.source
        && let Some(of) = source::check(entry, source, known, problems)
        && let Some(aggregate) = &metric.aggregate
        && aggregate::check(entry, aggregate, of, problems)
    {
        unit::check(entry, source, aggregate, of, known, problems);
    }
}

/// Between which values the number always lies, if its definition tells.
fn bounds(metric: &MetricDef) -> Option<[f64; 2]> {
    let is_share = matches!(
        metric.aggregate,
        Some(Aggregate::Ratio(_) | Aggregate::Share(_))
    );
    let is_quality = metric
        .source
        .as_ref()
        .is_some_and(|source| source.quality.is_some());
    (is_share || is_quality || !metric.index.is_empty()).then_some([0.0, 100.0])
}

/// The least and the greatest that the number can be: one that counts is never below 0.
fn reach(metric: &MetricDef) -> [f64; 2] {
    let source = metric.source.as_ref();
    let is_of_reports = source.is_some_and(|source| source.property.is_none());
    let counts = match metric.aggregate {
        Some(Aggregate::Count | Aggregate::DistinctAssets | Aggregate::Distinct(_)) => true,
        // Of reports it is their number, of readings their sum.
        Some(Aggregate::Rate(_)) => is_of_reports,
        _ => false,
    };
    let least = if counts { 0.0 } else { f64::NEG_INFINITY };
    bounds(metric).unwrap_or([least, f64::INFINITY])
}
