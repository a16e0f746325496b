//! Threshold: a value meets a condition.

use egret_shared::package::rule::{LevelDef, RuleDef};

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "threshold",
    on: On::Values,
    needs: &[],
    may: &["when"],
    placeholders: &[],
    level: Levels::ByValue,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, _known: &Known<'_>, problems: &mut Vec<Problem>) {
    let by_value = matches!(entry.def.level, LevelDef::ByValue(_));
    if !by_value && entry.def.when.is_none() {
        problems.push(entry.problem("kind", "a threshold with one level needs \"when\""));
    }
}
