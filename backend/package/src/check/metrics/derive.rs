//! Metrics derived from others by CEL.

use egret_shared::package::metric::MetricDef;

use crate::check::Known;
use crate::check::expressions::{expression, refused};
use crate::expression::{Kind, Refusal, inputs};
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    derive: &String,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    expression(entry, "derive", Kind::Derive, Some(derive), problems);
    for input in inputs(derive).unwrap_or_default() {
        if let Some(message) = known.metrics.refusal(input.as_str()) {
            problems.push(at_input(entry, derive, input.as_str(), message));
        }
    }
}

/// A problem with an input, pointed at within the expression.
pub(super) fn at_input(
    entry: &Entry<'_, MetricDef>,
    derive: &str,
    input: &str,
    message: String,
) -> Problem {
    // In its quotes, so that an id that begins like another is not taken for it.
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{input}{quote}"));
    let at = quoted.iter().find_map(|quoted| derive.find(quoted));
    let before = at.and_then(|at| derive.get(..at));
    let column = before.map_or(1, |before| before.chars().count() + 2);
    let refusal = Refusal {
        place: (1, column),
        message,
    };
    refused(entry, "derive", derive, &refusal)
}
