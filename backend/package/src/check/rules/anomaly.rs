//! Anomaly: a metric far from what is usual.

use egret_shared::package::rule::RuleDef;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "anomaly",
    on: On::Metric,
    needs: &[],
    may: &["z", "side"],
    placeholders: &["typical", "z"],
    level: Levels::ByValue,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    if let Some(z) = rule.z
        && !(z.is_finite() && z > 0.0)
    {
        let message = format!("{z} is no distance from the usual: above 0, and 3.5 is customary");
        problems.push(entry.problem("z", message));
    }
    let metric = rule.on.metric.as_ref();
    let metric = metric.and_then(|metric| known.metric_defs.get(metric.as_str()));
    if metric.is_some_and(|metric| !metric.baseline) {
        let message = "this metric learns nothing: give it \"baseline = true\"";
        problems.push(entry.problem("on/metric", message));
    }
}
