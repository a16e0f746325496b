//! In which unit a metric must be.
//!
//! The fold does not convert: a metric is in its property's unit, the time between two states in
//! a unit of time, a count in none. A unit that is none at all is told by itself.

use egret_shared::id::PropertyId;
use egret_shared::package::metric::{Aggregate, MetricDef, SourceDef};

use super::source::Of;
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;
use crate::units::{Conversion, convert, is_known};

/// Units in which the time between two states can be given.
const TIMES: [&str; 4] = ["s", "min", "h", "d"];

/// Refuses a unit that is not what the aggregate yields.
pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    aggregate: &Aggregate,
    of: Of,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    match (aggregate, of) {
        (Aggregate::Count | Aggregate::DistinctAssets | Aggregate::Distinct(_), _) => {
            one(entry, "a count", problems);
        }
        (Aggregate::Ratio(_), _) => per_cent(entry, "a ratio", problems),
        (Aggregate::Share(_), _) => per_cent(entry, "a share", problems),
        (_, Of::Reports) => one(entry, "a rate of reports", problems),
        (_, Of::Durations) => time(entry, problems),
        (_, Of::Readings) => property(entry, source.property.as_ref(), known, problems),
    }
}

/// Refuses any unit but that of a mere number.
pub(super) fn one(entry: &Entry<'_, MetricDef>, what: &str, problems: &mut Vec<Problem>) {
    plain(entry, what, "1", problems);
}

/// Refuses any unit but per cent.
pub(super) fn per_cent(entry: &Entry<'_, MetricDef>, what: &str, problems: &mut Vec<Problem>) {
    plain(entry, what, "%", problems);
}

fn plain(entry: &Entry<'_, MetricDef>, what: &str, must: &str, problems: &mut Vec<Problem>) {
    let unit = entry.def.unit.as_str();
    if is_known(unit) && !convert(unit, must).is_some_and(Conversion::is_identity) {
        let message = format!("{what} is in \"{must}\", not in \"{unit}\"");
        problems.push(entry.problem("unit", message));
    }
}

fn time(entry: &Entry<'_, MetricDef>, problems: &mut Vec<Problem>) {
    let unit = entry.def.unit.as_str();
    if is_known(unit) && !TIMES.contains(&unit) {
        let hint = if unit == "m" {
            "; minutes are \"min\""
        } else {
            ""
        };
        let message =
            format!("the time between two states is in s, min, h or d, not in \"{unit}\"{hint}");
        problems.push(entry.problem("unit", message));
    }
}

fn property(
    entry: &Entry<'_, MetricDef>,
    property: Option<&PropertyId>,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let unit = entry.def.unit.as_str();
    let def = property.and_then(|property| known.property_defs.get(property.as_str()));
    if let Some(def) = def
        && def.unit != unit
        && is_known(unit)
        && is_known(&def.unit)
    {
        let (id, must) = (&def.id, &def.unit);
        let message = format!("property \"{id}\" is in \"{must}\", not in \"{unit}\"");
        problems.push(entry.problem("unit", message));
    }
}
