//! All and any: alerts of other rules that come together.

use egret_shared::package::rule::RuleDef;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const ALL: Spec = Spec {
    word: "rule of all",
    on: On::Rules,
    needs: &["of"],
    may: &["by", "within"],
    placeholders: &["parts"],
    level: Levels::Parts,
    check: check_all,
};

pub(super) const ANY: Spec = Spec {
    word: "rule of any",
    on: On::Rules,
    needs: &["of", "by"],
    may: &[],
    placeholders: &["parts"],
    level: Levels::Parts,
    check: check_by,
};

fn check_all(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    if rule.by.is_some() == rule.within.is_some() {
        let message =
            "say \"by\" what its parts go together, or \"within\" what they lie: one of both";
        problems.push(entry.problem("kind", message));
    }
    if rule.of.len() == 1 {
        problems.push(entry.problem("of", "two rules are the least that come together"));
    }
    check_by(entry, known, problems);
}

fn check_by(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let Some(by) = &entry.def.by else {
        return;
    };
    if by != "asset"
        && let Some(refusal) = known.levels.refusal(by)
    {
        let message = format!("{refusal}; parts are on one \"asset\", or in an area of a level");
        problems.push(entry.problem("by", message));
    }
}
