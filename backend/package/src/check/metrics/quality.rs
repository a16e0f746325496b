//! Metrics of how well feeds deliver.

use egret_shared::package::metric::{By, MetricDef, SourceDef};

use super::{feeds, unit};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

/// Keys that mean nothing to quality, which is of whole feeds.
const FOREIGN: [&str; 6] = ["property", "state", "from", "to", "assets", "where"];

pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    feeds::select(entry, source, known, problems);
    for key in FOREIGN {
        let path = format!("source/{key}");
        if entry.has(&path) {
            let message = format!("quality is of whole feeds: leave {key} out");
            problems.push(entry.problem(&path, message));
        }
    }
    for key in ["aggregate", "window"] {
        if entry.has(key) {
            let message = format!("quality is always that of the last hour: leave {key} out");
            problems.push(entry.problem(key, message));
        }
    }
    if entry.def.by != By::Place {
        let message = "quality is one number for the whole city: leave by out";
        problems.push(entry.problem("by", message));
    }
    unit::per_cent(entry, "quality", problems);
}
