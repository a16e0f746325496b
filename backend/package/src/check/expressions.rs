//! CEL expressions, pointed at within their text.

use crate::expression::{Kind, Refusal, check};
use crate::problem::Problem;
use crate::spans::Entry;

/// Checks the expression at `path`, if there is one.
pub(crate) fn expression<T>(
    entry: &Entry<'_, T>,
    path: &str,
    kind: Kind,
    text: Option<&String>,
    problems: &mut Vec<Problem>,
) {
    if let Some(text) = text
        && let Err(refusal) = check(kind, text)
    {
        problems.push(refused(entry, path, text, &refusal));
    }
}

/// The problem that a refused expression at `path` is.
pub(crate) fn refused<T>(
    entry: &Entry<'_, T>,
    path: &str,
    text: &str,
    refusal: &Refusal,
) -> Problem {
    let message = format!("`{text}`: {}", refusal.message);
    entry.problem_inside(path, refusal.place, message)
}
