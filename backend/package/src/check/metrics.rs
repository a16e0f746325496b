//! `metrics.toml`.

mod order;

use egret_shared::package::feed::{FeedDef, PropertyPlace};
use egret_shared::package::metric::{Aggregate, LevelsDef, MetricDef, SourceDef};

pub(crate) use order::in_order;

use super::expressions::{expression, refused};
use super::{Known, known_unit, windows};
use crate::expression::{Kind, inputs};
use crate::problem::Problem;
use crate::spans::{Entry, List};
use crate::units::{Conversion, convert, is_known};

pub(crate) fn check(metrics: &List<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    metrics.refuse_duplicates(problems);
    for entry in &metrics.entries {
        let metric = &entry.def;
        known_unit(entry, "unit", &metric.unit, problems);
        if let Some(target) = metric.target
            && !target.is_finite()
        {
            problems.push(entry.problem("target", "the target must be finite"));
        }
        check_make(entry, known, problems);
        if let Some(levels) = &metric.levels {
            check_levels(entry, levels, problems);
        }
    }
    order::refuse_circles(metrics, problems);
}

/// Either source, aggregate and window, or derive.
fn check_make(entry: &Entry<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let metric = &entry.def;
    match (
        &metric.source,
        metric.aggregate,
        metric.window,
        &metric.derive,
    ) {
        (Some(source), Some(aggregate), Some(window), None) => {
            check_source(entry, source, aggregate, known, problems);
            windows::check(entry, &window, problems);
        }
        (None, None, None, Some(derive)) => check_derive(entry, derive, known, problems),
        (_, _, _, Some(_)) => {
            let message = "a derived metric has no source, aggregate and window of its own";
            problems.push(entry.problem("derive", message));
        }
        (source, aggregate, window, None) => {
            let parts = [
                ("source", source.is_some()),
                ("aggregate", aggregate.is_some()),
                ("window", window.is_some()),
            ];
            let missing: Vec<&str> = parts
                .iter()
                .filter(|(_, there)| !there)
                .map(|(key, _)| *key)
                .collect();
            let message = if missing.len() == parts.len() {
                "it needs source, aggregate and window, or derive".to_owned()
            } else {
                format!("it needs {} as well", missing.join(" and "))
            };
            problems.push(entry.problem("", message));
        }
    }
}

fn check_source(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    aggregate: Aggregate,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    known
        .feeds
        .refer(entry, "source/feed", source.feed.as_str(), problems);
    if let Some(property) = &source.property {
        known
            .properties
            .refer(entry, "source/property", property.as_str(), problems);
    }
    let feed = known.feed_defs.get(source.feed.as_str());
    if let Some(feed) = feed {
        check_source_kind(entry, source, feed, known, problems);
        let kind = if feed.report {
            Kind::Report
        } else {
            Kind::Reading
        };
        expression(
            entry,
            "source/where",
            kind,
            source.filter.as_ref(),
            problems,
        );
        if feed.report && aggregate != Aggregate::Count {
            problems.push(entry.problem("aggregate", "reports can only be counted"));
        }
    }
    if let Aggregate::Quantile(quantile) = aggregate
        && !(0.0..=1.0).contains(&quantile)
    {
        let message = format!("quantile {quantile} must be 0 to 1");
        problems.push(entry.problem("aggregate/quantile", message));
    }
    check_unit(entry, source, aggregate, known, problems);
}

/// Readings are of a property, reports enter a state.
fn check_source_kind(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    feed: &FeedDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let feed_id = &feed.id;
    match (feed.report, &source.property, &source.state) {
        (true, Some(_), _) => {
            let message = format!("feed \"{feed_id}\" carries reports: write state, not property");
            problems.push(entry.problem("source/property", message));
        }
        (true, None, None) => {
            let message = format!("feed \"{feed_id}\" carries reports: the source needs a state");
            problems.push(entry.problem("source", message));
        }
        (false, _, Some(_)) => {
            let message = format!("feed \"{feed_id}\" carries readings, which have no state");
            problems.push(entry.problem("source/state", message));
        }
        (false, None, None) => {
            let message =
                format!("feed \"{feed_id}\" carries readings: the source needs a property");
            problems.push(entry.problem("source", message));
        }
        (false, Some(property), None) if !carries(feed, property.as_str(), known) => {
            let message = format!("feed \"{feed_id}\" maps no property \"{property}\"");
            problems.push(entry.problem("source/property", message));
        }
        _ => {}
    }
}

/// Whether a feed can carry a property. A map with only fixed properties tells; one that names an
/// unknown property is a mistake of its own.
fn carries(feed: &FeedDef, property: &str, known: &Known<'_>) -> bool {
    feed.map.as_ref().is_none_or(|map| {
        map.values.iter().any(|value| match &value.property {
            PropertyPlace::Fixed(fixed) => {
                fixed.as_str() == property || known.properties.refusal(fixed.as_str()).is_some()
            }
            PropertyPlace::Named(_) => true,
        })
    })
}

/// The fold does not convert: a metric is in its property's unit, and a count has none.
fn check_unit(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    aggregate: Aggregate,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let unit = entry.def.unit.as_str();
    if matches!(aggregate, Aggregate::Count | Aggregate::DistinctAssets) {
        if !convert(unit, "1").is_some_and(Conversion::is_identity) {
            let message = format!("a count is in \"1\", not in \"{unit}\"");
            problems.push(entry.problem("unit", message));
        }
        return;
    }
    let property = source
        .property
        .as_ref()
        .map(egret_shared::id::PropertyId::as_str);
    if let Some(def) = property.and_then(|property| known.property_defs.get(property))
        && def.unit != unit
        && is_known(&def.unit)
    {
        let message = format!(
            "property \"{}\" is in \"{}\", not in \"{unit}\"",
            def.id, def.unit
        );
        problems.push(entry.problem("unit", message));
    }
}

fn check_derive(
    entry: &Entry<'_, MetricDef>,
    derive: &String,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    expression(entry, "derive", Kind::Derive, Some(derive), problems);
    for input in inputs(derive).unwrap_or_default() {
        if let Some(message) = known.metrics.refusal(input.as_str()) {
            let at = derive.find(input.as_str()).and_then(|at| derive.get(..at));
            let column = at.map_or(1, |before| before.chars().count() + 1);
            let refusal = crate::expression::Refusal {
                place: (1, column),
                message,
            };
            problems.push(refused(entry, "derive", derive, &refusal));
        }
    }
}

fn check_levels(entry: &Entry<'_, MetricDef>, levels: &LevelsDef, problems: &mut Vec<Problem>) {
    if levels.limits().next().is_none() {
        problems.push(entry.problem("levels", "there must be one limit at least"));
    }
    let mut before = None;
    for (level, limit) in levels.limits() {
        let path = format!("levels/{}", level.as_str());
        if !limit.is_finite() {
            problems.push(entry.problem(&path, "a limit must be finite"));
        }
        if let Some((lower, lower_limit)) = before
            && (if levels.below {
                limit >= lower_limit
            } else {
                limit <= lower_limit
            })
        {
            let lower: egret_shared::level::Level = lower;
            let should = if levels.below { "below" } else { "above" };
            let message = format!(
                "{} at {limit} must lie {should} {} at {lower_limit}",
                level.as_str(),
                lower.as_str()
            );
            problems.push(entry.problem(&path, message));
        }
        before = Some((level, limit));
    }
    if !(levels.hysteresis.is_finite() && levels.hysteresis >= 0.0) {
        problems.push(entry.problem("levels/hysteresis", "the hysteresis must not be negative"));
    }
}
