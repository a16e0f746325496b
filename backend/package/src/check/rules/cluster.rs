//! Cluster: reports near one another in space and time.

use egret_shared::package::rule::RuleDef;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "cluster",
    on: On::Reports,
    needs: &["count", "within"],
    may: &[],
    placeholders: &[],
    level: Levels::ByValue,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, _known: &Known<'_>, problems: &mut Vec<Problem>) {
    if entry.def.count.is_some_and(|count| count < 2) {
        problems.push(entry.problem("count", "two reports are the least that make a cluster"));
    }
}
