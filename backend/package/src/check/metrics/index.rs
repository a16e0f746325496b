//! Indices from 0 to 100 and their parts.

use std::collections::BTreeSet;

use egret_shared::package::metric::{IndexPart, MetricDef};

use super::unit;
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) fn check(entry: &Entry<'_, MetricDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let metric = &entry.def;
    if metric.index.is_empty() {
        let message = "an index needs parts: index = [{ metric = \"…\", weight = 2, zero = 0, \
                       full = 100 }]";
        problems.push(entry.problem("index", message));
    }
    let mut seen = BTreeSet::new();
    for (number, part) in metric.index.iter().enumerate() {
        let path = format!("index/{number}");
        let id = part.metric.as_str();
        known
            .metrics
            .refer(entry, &format!("{path}/metric"), id, problems);
        if !seen.insert(id) {
            let message = format!("metric \"{id}\" is a part already: add the weights up in one");
            problems.push(entry.problem(&format!("{path}/metric"), message));
        }
        check_part(entry, &path, part, problems);
    }
    unit::one(entry, "an index", problems);
}

fn check_part(
    entry: &Entry<'_, MetricDef>,
    path: &str,
    part: &IndexPart,
    problems: &mut Vec<Problem>,
) {
    let IndexPart {
        weight, zero, full, ..
    } = *part;
    if !(weight.is_finite() && weight > 0.0) {
        let message =
            format!("weight {weight} must be above 0; leave out a part that is to weigh nothing");
        problems.push(entry.problem(&format!("{path}/weight"), message));
    }
    let mut is_finite = true;
    for (key, v) in [("zero", zero), ("full", full)] {
        if !v.is_finite() {
            is_finite = false;
            let message = format!("{key} must be a finite number, not {v}");
            problems.push(entry.problem(&format!("{path}/{key}"), message));
        }
    }
    // Far apart enough that dividing by their distance is possible.
    if is_finite && !(full - zero).is_normal() {
        let key = if entry.has(&format!("{path}/full")) {
            "full"
        } else {
            "zero"
        };
        let message = format!(
            "zero and full are both {full}: zero is the value worth 0, full the value worth 100"
        );
        problems.push(entry.problem(&format!("{path}/{key}"), message));
    }
}
