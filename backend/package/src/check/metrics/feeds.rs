//! Which feeds a source speaks of.

use std::collections::BTreeSet;

use egret_shared::package::feed::FeedDef;
use egret_shared::package::metric::{MetricDef, SourceDef};

use crate::check::Known;
use crate::problem::Problem;
use crate::spans::Entry;

/// A feed of a source, and the path at which it is named.
pub(super) type Chosen<'d> = (String, &'d FeedDef);

/// Checks how the feeds are named and gives those that could be read.
pub(super) fn select<'d>(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    known: &Known<'d>,
    problems: &mut Vec<Problem>,
) -> Vec<Chosen<'d>> {
    let is_quality = source.quality.is_some();
    let ways = ["feed", "class", "department"];
    let written: Vec<&str> = ways
        .into_iter()
        .filter(|key| entry.has(&format!("source/{key}")))
        .collect();
    match written.as_slice() {
        [] => {
            let or_department = if is_quality {
                ", or department = \"…\""
            } else {
                ""
            };
            let message = format!(
                "the source does not say of which feeds: write feed = \"…\", or class = \"…\"{or_department}"
            );
            problems.push(entry.problem("source", message));
            Vec::new()
        }
        ["feed"] => by_id(entry, source, known, problems),
        ["class"] => by_class(entry, source, known, problems),
        ["department"] if is_quality => {
            if let Some(department) = &source.department {
                let department = department.as_str();
                known
                    .departments
                    .refer(entry, "source/department", department, problems);
            }
            Vec::new()
        }
        ["department"] => {
            let message = "department goes with quality only: write feed or class";
            problems.push(entry.problem("source/department", message));
            Vec::new()
        }
        [first, second, ..] => {
            let message = format!("feeds are named in one way: leave {first} or {second} out");
            problems.push(entry.problem(&format!("source/{second}"), message));
            Vec::new()
        }
        [_] => Vec::new(),
    }
}

fn by_id<'d>(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    known: &Known<'d>,
    problems: &mut Vec<Problem>,
) -> Vec<Chosen<'d>> {
    if source.feed.is_empty() {
        let message = "the list of feeds is empty: write feed = \"…\" or feed = [\"…\", \"…\"]";
        problems.push(entry.problem("source/feed", message));
    }
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for (number, feed) in source.feed.iter().enumerate() {
        let path = format!("source/feed/{number}");
        let feed = feed.as_str();
        known.feeds.refer(entry, &path, feed, problems);
        if !seen.insert(feed) {
            let message = format!("feed \"{feed}\" stands here a second time: leave it out");
            problems.push(entry.problem(&path, message));
        } else if let Some(def) = known.feed_defs.get(feed) {
            chosen.push((path, *def));
        }
    }
    chosen
}

fn by_class<'d>(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    known: &Known<'d>,
    problems: &mut Vec<Problem>,
) -> Vec<Chosen<'d>> {
    let Some(class) = source.class.as_deref() else {
        return Vec::new();
    };
    known.classes.refer(entry, "source/class", class, problems);
    let of_class = |feed: &&'d FeedDef| feed.asset_class.as_deref() == Some(class);
    known
        .feed_defs
        .values()
        .copied()
        .filter(of_class)
        .map(|feed| ("source/class".to_owned(), feed))
        .collect()
}
