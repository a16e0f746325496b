//! Stuck: a value does not change.

use egret_shared::package::rule::RuleDef;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "stuck",
    on: On::Property,
    needs: &["after"],
    may: &["when", "tolerance"],
    placeholders: &["same_for"],
    level: Levels::Fixed,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, _known: &Known<'_>, problems: &mut Vec<Problem>) {
    if let Some(tolerance) = entry.def.tolerance
        && !(tolerance.is_finite() && tolerance >= 0.0)
    {
        let message = format!("{tolerance} is no tolerance: 0 or more");
        problems.push(entry.problem("tolerance", message));
    }
}
