//! Silence: an asset says nothing for too long.

use egret_shared::package::rule::RuleDef;

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "silence",
    on: On::Assets,
    needs: &["after"],
    may: &["by", "share", "alone_after"],
    placeholders: &["silent_for", "group", "total"],
    level: Levels::Fixed,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    let Some(by) = &rule.by else {
        for (key, is_there) in [
            ("share", rule.share.is_some()),
            ("alone_after", rule.alone_after.is_some()),
        ] {
            if is_there {
                let message = format!("\"{key}\" is about groups: say \"by\" what they are");
                problems.push(entry.problem(key, message));
            }
        }
        return;
    };
    if by != "gateway"
        && let Some(refusal) = known.levels.refusal(by)
    {
        let message = format!("{refusal}; groups share a \"gateway\", or an area of a level");
        problems.push(entry.problem("by", message));
    }
    if let Some(share) = rule.share
        && !(share > 0.0 && share <= 1.0)
    {
        let message = format!("{share} is no share: above 0 and up to 1");
        problems.push(entry.problem("share", message));
    }
    if let (Some(alone), Some(after)) = (rule.alone_after, rule.after)
        && alone < after
    {
        let message = format!("{alone} is shorter than {after}, after which a group counts");
        problems.push(entry.problem("alone_after", message));
    }
}
