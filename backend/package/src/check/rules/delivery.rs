//! Delivery: how a feed delivers.

use egret_shared::package::rule::{DeliveryFault, LevelDef, RuleDef};

use super::{Levels, On, Spec};
use crate::check::Known;
use crate::check::windows::whole_minutes;
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) const SPEC: Spec = Spec {
    word: "delivery",
    on: On::Feeds,
    needs: &["fault"],
    may: &["when", "window", "count", "after"],
    placeholders: &["feed", "total", "window", "silent_for", "gateway"],
    level: Levels::ByValue,
    check,
};

fn check(entry: &Entry<'_, RuleDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let rule = &entry.def;
    let Some(fault) = rule.fault else { return };
    let (word, own): (&str, &[&str]) = match fault {
        DeliveryFault::Refused => ("refused", &["when", "window", "count"]),
        DeliveryFault::Late => ("late", &["when", "window", "count"]),
        DeliveryFault::Silent => ("silent", &["after"]),
        DeliveryFault::Clock => ("clock", &["when"]),
    };
    for (key, is_there) in [
        ("when", rule.when.is_some()),
        ("window", rule.window.is_some()),
        ("count", rule.count.is_some()),
        ("after", rule.after.is_some()),
    ] {
        if is_there && !own.contains(&key) {
            let message = format!("a delivery with fault = \"{word}\" has no \"{key}\"");
            problems.push(entry.problem(key, message));
        }
    }
    let by_value = matches!(rule.level, LevelDef::ByValue(_));
    if fault == DeliveryFault::Silent && by_value {
        let message = "silence has no value that a level could go by";
        problems.push(entry.problem("level", message));
    }
    if fault != DeliveryFault::Silent && !by_value && rule.when.is_none() {
        let message = "a delivery with one level needs \"when\", but where fault = \"silent\"";
        problems.push(entry.problem("kind", message));
    }
    if let Some(window) = rule.window {
        whole_minutes(entry, "window", window, problems);
    }
    if rule.count == Some(0) {
        problems.push(entry.problem("count", "one message at least"));
    }
    check_interval(entry, fault, known, problems);
}

/// A feed is not silent between two messages that it promises.
fn check_interval(
    entry: &Entry<'_, RuleDef>,
    fault: DeliveryFault,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let rule = &entry.def;
    let feed = rule.on.feed.as_ref();
    let feed = feed.and_then(|feed| known.feed_defs.get(feed.as_str()));
    let promised = feed.and_then(|feed| feed.expect_every);
    let (Some(after), Some(every)) = (rule.after, promised) else {
        return;
    };
    if fault == DeliveryFault::Silent && after < every {
        let message = format!("{after} is shorter than {every}, at which its assets speak");
        problems.push(entry.problem("after", message));
    }
}
