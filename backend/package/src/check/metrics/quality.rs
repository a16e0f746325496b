//! Metrics of how well feeds deliver.

use egret_shared::package::metric::{By, MetricDef, QualityPart, SourceDef, WindowDef};
use egret_shared::time::Span;

use super::{feeds, unit};
use crate::check::{Known, windows};
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
    if entry.has("aggregate") {
        let message = "quality is always that of the last hour: leave aggregate out";
        problems.push(entry.problem("aggregate", message));
    }
    match &entry.def.window {
        Some(window) if source.quality == Some(QualityPart::Refused) => {
            check_window(entry, window, problems);
        }
        Some(_) => {
            let message = "quality is always that of the last hour: leave window out; only refused \
                           has one";
            problems.push(entry.problem("window", message));
        }
        None => {}
    }
    if entry.def.by != By::Place {
        let message = "quality is one number for the whole city: leave by out";
        problems.push(entry.problem("by", message));
    }
    unit::per_cent(entry, "quality", problems);
}

/// Refused messages are counted by the minute.
fn check_window(entry: &Entry<'_, MetricDef>, window: &WindowDef, problems: &mut Vec<Problem>) {
    windows::check(entry, window, problems);
    let Some(sliding) = window.sliding else {
        let message =
            "refused messages have a sliding window: { sliding = \"10m\", every = \"1m\" }";
        return problems.push(entry.problem("window", message));
    };
    windows::whole_minutes(entry, "window/sliding", sliding, problems);
    if window.every.is_some_and(|every| every != Span(60_000)) {
        let message = "refused messages are counted by the minute: every = \"1m\"";
        problems.push(entry.problem("window/every", message));
    }
}
