//! Which aggregates go with which contributions, and their figures.

use egret_shared::package::metric::{Aggregate, DistinctOf, MetricDef, ShareDef};

use super::source::Of;
use crate::check::expressions::expression;
use crate::check::positive;
use crate::problem::Problem;
use crate::spans::Entry;

/// Whether the aggregate goes with the contributions; its figures are checked on the way.
pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    aggregate: &Aggregate,
    of: Of,
    problems: &mut Vec<Problem>,
) -> bool {
    if let Some(message) = refusal(aggregate, of) {
        problems.push(entry.problem("aggregate", message));
        return false;
    }
    match aggregate {
        Aggregate::Quantile(quantile) if !(0.0..=1.0).contains(quantile) => {
            let message = format!("quantile {quantile} must be 0 to 1: the median is 0.5");
            problems.push(entry.problem("aggregate/quantile", message));
        }
        Aggregate::Rate(span) => positive(entry, "aggregate/rate", Some(*span), problems),
        Aggregate::Ratio(condition) => {
            let kind = of.condition();
            expression(entry, "aggregate/ratio", kind, Some(condition), problems);
        }
        Aggregate::Share(share) => check_share(entry, share, of, problems),
        _ => {}
    }
    true
}

/// Why an aggregate does not go with the contributions, if it does not.
fn refusal(aggregate: &Aggregate, of: Of) -> Option<String> {
    let (goes, instead) = match of {
        Of::Readings => (goes_with_readings(aggregate), READINGS),
        Of::Reports => (goes_with_reports(aggregate), REPORTS),
        Of::Durations => (goes_with_durations(aggregate), DURATIONS),
    };
    (!goes).then(|| format!("{} does not fit: {instead}", word(aggregate)))
}

/// What readings allow, for whoever wrote something else.
const READINGS: &str = "readings have a value and an asset, but neither id nor category; write \
                        { distinct = \"value\" } or \"distinct_assets\"";

/// What reports allow.
const REPORTS: &str = "reports have neither value nor asset; write \"count\", { rate = \"1h\" }, \
                       { ratio = \"report.category == '…'\" } or { distinct = \"category\" }";

/// What times between two states allow.
const DURATIONS: &str = "the time between two states allows \"mean\", \"min\", \"max\", \
                         \"count\", { quantile = 0.9 } and { share = { within = \"15m\" } }";

fn goes_with_readings(aggregate: &Aggregate) -> bool {
    !matches!(
        aggregate,
        Aggregate::Distinct(DistinctOf::Report | DistinctOf::Category)
    )
}

fn goes_with_reports(aggregate: &Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::Count
            | Aggregate::Rate(_)
            | Aggregate::Ratio(_)
            | Aggregate::Distinct(DistinctOf::Report | DistinctOf::Category)
    )
}

fn goes_with_durations(aggregate: &Aggregate) -> bool {
    matches!(
        aggregate,
        Aggregate::Count
            | Aggregate::Mean
            | Aggregate::Min
            | Aggregate::Max
            | Aggregate::Quantile(_)
            | Aggregate::Share(_)
    )
}

/// How the language writes an aggregate.
fn word(aggregate: &Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum",
        Aggregate::Mean => "mean",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Last => "last",
        Aggregate::DistinctAssets => "distinct_assets",
        Aggregate::Distinct(DistinctOf::Report) => "distinct = \"report\"",
        Aggregate::Distinct(DistinctOf::Category) => "distinct = \"category\"",
        Aggregate::Distinct(DistinctOf::Value) => "distinct = \"value\"",
        Aggregate::Distinct(DistinctOf::Asset) => "distinct = \"asset\"",
        Aggregate::Quantile(_) => "quantile",
        Aggregate::Rate(_) => "rate",
        Aggregate::Ratio(_) => "ratio",
        Aggregate::Share(_) => "share",
    }
}

/// Times have one limit, values one or two.
fn check_share(
    entry: &Entry<'_, MetricDef>,
    share: &ShareDef,
    of: Of,
    problems: &mut Vec<Problem>,
) {
    let path = |key: &str| format!("aggregate/share/{key}");
    let (own, foreign): (&[&str], &[&str]) = match of {
        Of::Durations => (&["within"], &["at_least", "at_most"]),
        Of::Readings | Of::Reports => (&["at_least", "at_most"], &["within"]),
    };
    if let Some(key) = foreign.iter().find(|key| entry.has(&path(key))) {
        let message = match of {
            Of::Durations => format!("{key} is for values: of times write within = \"15m\""),
            _ => "within is for the time between two states: of values write at_most = 10.0"
                .to_owned(),
        };
        problems.push(entry.problem(&path(key), message));
        return;
    }
    if !own.iter().any(|key| entry.has(&path(key))) {
        let message = format!("a share needs a limit: write {}", own.join(" or "));
        problems.push(entry.problem("aggregate/share", message));
    }
    positive(entry, &path("within"), share.within, problems);
    for (key, limit) in [("at_least", share.at_least), ("at_most", share.at_most)] {
        if let Some(limit) = limit
            && !limit.is_finite()
        {
            let message = format!("{key} must be a finite number, not {limit}");
            problems.push(entry.problem(&path(key), message));
        }
    }
    if let (Some(least), Some(most)) = (share.at_least, share.at_most)
        && least >= most
    {
        let message = format!("at_most {most} must lie above at_least {least}: nothing fits both");
        problems.push(entry.problem(&path("at_most"), message));
    }
}
