//! Target and limits of a metric: finite, in order, and where the number can come.

use egret_shared::level::Level;
use egret_shared::package::metric::{LevelsDef, MetricDef};

use crate::problem::Problem;
use crate::spans::Entry;

/// `bounds`: between which values the number always lies, if that is known; `reach`: the least and
/// the greatest that it can be, infinite where that is not known.
pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    bounds: Option<[f64; 2]>,
    reach: [f64; 2],
    problems: &mut Vec<Problem>,
) {
    if let Some(target) = entry.def.target {
        problems.extend(out_of_reach(entry, "target", "the target", target, bounds));
    }
    let Some(levels) = &entry.def.levels else {
        return;
    };
    if levels.limits().next().is_none() {
        let message = "there must be one limit at least: blue, yellow, orange or red";
        problems.push(entry.problem("levels", message));
    }
    check_limits(entry, levels, bounds, problems);
    if levels.hysteresis.is_finite() && levels.hysteresis >= 0.0 {
        problems.extend(never_left(entry, levels, reach));
    } else {
        let message = format!(
            "hysteresis {} must be 0 or more, in the metric's unit",
            levels.hysteresis
        );
        problems.push(entry.problem("levels/hysteresis", message));
    }
}

/// Refuses a hysteresis that holds the mildest level for ever once it is reached: a level falls
/// only beyond its limit by the hysteresis, where no number may be able to come.
fn never_left(
    entry: &Entry<'_, MetricDef>,
    levels: &LevelsDef,
    [least, greatest]: [f64; 2],
) -> Option<Problem> {
    let (level, limit) = levels.limits().next()?;
    let (room, side, beyond) = if levels.below {
        (greatest - limit, "above", limit + levels.hysteresis)
    } else {
        (limit - least, "below", limit - levels.hysteresis)
    };
    let message = format!(
        "hysteresis {} holds {} for ever: it falls only {side} {beyond}, where this metric never \
         comes; it must be less than {room}",
        levels.hysteresis,
        level.as_str(),
    );
    // A limit at the end itself, or out of reach, is held whatever the hysteresis.
    (room > 0.0 && levels.hysteresis >= room).then(|| entry.problem("levels/hysteresis", message))
}

fn check_limits(
    entry: &Entry<'_, MetricDef>,
    levels: &LevelsDef,
    bounds: Option<[f64; 2]>,
    problems: &mut Vec<Problem>,
) {
    let mut before: Option<(Level, f64)> = None;
    for (level, limit) in levels.limits() {
        let word = level.as_str();
        let path = format!("levels/{word}");
        if let Some(problem) = out_of_reach(entry, &path, word, limit, bounds) {
            problems.push(problem);
        } else if let Some((lower, lower_limit)) = before
            && let Some(should) = disorder(levels.below, lower_limit, limit)
        {
            let lower = lower.as_str();
            let message = format!("{word} at {limit} must lie {should} {lower} at {lower_limit}");
            problems.push(entry.problem(&path, message));
        }
        before = Some((level, limit));
    }
}

/// On which side of the milder level's limit this one should lie, if it does not.
fn disorder(below: bool, milder: f64, limit: f64) -> Option<&'static str> {
    match below {
        true if limit >= milder => Some("below"),
        false if limit <= milder => Some("above"),
        _ => None,
    }
}

/// Refuses a value that the number can never have.
fn out_of_reach(
    entry: &Entry<'_, MetricDef>,
    path: &str,
    what: &str,
    v: f64,
    bounds: Option<[f64; 2]>,
) -> Option<Problem> {
    if !v.is_finite() {
        let message = format!("{what} must be a finite number, not {v}");
        return Some(entry.problem(path, message));
    }
    let [least, greatest] = bounds?;
    let message = format!(
        "{what} at {v} is out of reach: this metric lies between {least} and {greatest} {}",
        entry.def.unit
    );
    (v < least || v > greatest).then(|| entry.problem(path, message))
}
