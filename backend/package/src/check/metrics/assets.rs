//! A source's `assets`: ids, or beginnings of ids followed by `*`.

use std::collections::BTreeSet;

use egret_shared::package::metric::{MetricDef, SourceDef};

use super::feeds::Chosen;
use crate::check::Known;
use crate::names::{did_you_mean, nearest};
use crate::problem::Problem;
use crate::spans::Entry;

pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    chosen: &[Chosen<'_>],
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    if !entry.has("source/assets") {
        return;
    }
    if source.assets.is_empty() {
        let message = "the list of assets is empty: leave it out to mean all of them";
        problems.push(entry.problem("source/assets", message));
    }
    let registered = registered(chosen, known);
    for (number, pattern) in source.assets.iter().enumerate() {
        let wrong =
            malformed(pattern).or_else(|| matches_none(pattern, registered.as_ref()?, chosen));
        if let Some(message) = wrong {
            problems.push(entry.problem(&format!("source/assets/{number}"), message));
        }
    }
}

fn malformed(pattern: &str) -> Option<String> {
    let stem = pattern.strip_suffix('*').unwrap_or(pattern);
    if pattern.is_empty() {
        Some("an asset's id must not be empty: write \"XL-01\" or \"XL-*\"".to_owned())
    } else if stem.is_empty() {
        Some("\"*\" means every asset: leave assets out".to_owned())
    } else if stem.contains('*') {
        let message = format!("\"{pattern}\": * stands at the end only, as in \"XL-*\"");
        Some(message)
    } else {
        None
    }
}

/// The ids of the chosen feeds' assets; `None` unless `assets.csv` names some of every feed: then
/// others may come as they speak.
fn registered<'d>(chosen: &[Chosen<'_>], known: &'d Known<'_>) -> Option<BTreeSet<&'d str>> {
    let by_feed = known.assets.as_ref()?;
    let mut ids = BTreeSet::new();
    for (_, feed) in chosen {
        ids.extend(by_feed.get(feed.id.as_str())?.iter().map(String::as_str));
    }
    (!ids.is_empty()).then_some(ids)
}

fn matches_none(
    pattern: &str,
    registered: &BTreeSet<&str>,
    chosen: &[Chosen<'_>],
) -> Option<String> {
    let fits = |id: &&str| match pattern.strip_suffix('*') {
        Some(stem) => id.starts_with(stem),
        None => *id == pattern,
    };
    if registered.iter().any(fits) {
        return None;
    }
    let feeds: Vec<&str> = chosen.iter().map(|(_, feed)| feed.id.as_str()).collect();
    let hint = nearest(pattern, registered.iter().copied())
        .map(did_you_mean)
        .unwrap_or_default();
    let feeds = feeds.join(", ");
    Some(format!(
        "no asset of {feeds} in assets.csv is called \"{pattern}\"{hint}"
    ))
}
