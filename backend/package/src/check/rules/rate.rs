//! Rate: a value changes too fast.

use egret_shared::package::rule::{LevelDef, RuleDef};

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "rate",
    on: On::Values,
    needs: &["window"],
    may: &["when", "per"],
    placeholders: &["rate", "now", "window"],
    level: Levels::ByValue,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, _known: &Known<'_>, problems: &mut Vec<Problem>) {
    let by_value = matches!(entry.def.level, LevelDef::ByValue(_));
    if !by_value && entry.def.when.is_none() {
        problems.push(entry.problem("kind", "a rate with one level needs \"when\""));
    }
}
