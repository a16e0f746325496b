//! What a metric aggregates: readings, reports entering a state, or the time between two states.

use std::collections::BTreeSet;

use egret_shared::id::PropertyId;
use egret_shared::package::feed::{FeedDef, PropertyPlace};
use egret_shared::package::metric::{MetricDef, SourceDef};

use super::assets;
use super::feeds::{self, Chosen};
use crate::check::Known;
use crate::check::expressions::expression;
use crate::expression::Kind;
use crate::problem::Problem;
use crate::spans::Entry;

/// What one contribution to a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A reading of a property: a value.
    Readings,
    /// A report that enters a state: no value.
    Reports,
    /// The time between two states of a report: a value.
    Durations,
}

impl Of {
    /// In which kind of CEL conditions on it are written.
    pub(super) fn condition(self) -> Kind {
        match self {
            Self::Readings => Kind::Reading,
            Self::Reports | Self::Durations => Kind::Report,
        }
    }
}

/// Checks the source; what its contributions are, if there is nothing to say against it.
pub(super) fn check(
    entry: &Entry<'_, MetricDef>,
    source: &SourceDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Of> {
    if let Some(property) = &source.property {
        known
            .properties
            .refer(entry, "source/property", property.as_str(), problems);
    }
    let chosen = feeds::select(entry, source, known, problems);
    if let Some(problem) = mixed(entry, &chosen) {
        problems.push(problem);
        return None;
    }
    let of = contribution(entry, &chosen, problems)?;
    match of {
        Of::Readings => check_property(entry, source.property.as_ref(), &chosen, known, problems),
        Of::Reports => check_states(entry, source, problems),
        Of::Durations => check_steps(entry, source, problems),
    }
    if of == Of::Readings {
        assets::check(entry, source, &chosen, known, problems);
    } else if entry.has("source/assets") {
        let message = "reports have no assets: leave assets out";
        problems.push(entry.problem("source/assets", message));
    }
    let filter = source.filter.as_ref();
    expression(entry, "source/where", of.condition(), filter, problems);
    Some(of)
}

/// Refuses feeds that carry reports beside some that carry readings.
fn mixed(entry: &Entry<'_, MetricDef>, chosen: &[Chosen<'_>]) -> Option<Problem> {
    let (_, first) = chosen.first()?;
    let (path, other) = chosen
        .iter()
        .find(|(_, feed)| feed.report != first.report)?;
    let carries = |feed: &FeedDef| if feed.report { "reports" } else { "readings" };
    let message = format!(
        "feed \"{}\" carries {}, but \"{}\" carries {}: make a metric of each",
        other.id,
        carries(other),
        first.id,
        carries(first)
    );
    Some(entry.problem(path, message))
}

/// The keys that say what a contribution is.
const KEYS: [(&str, Of); 4] = [
    ("property", Of::Readings),
    ("state", Of::Reports),
    ("from", Of::Durations),
    ("to", Of::Durations),
];

/// What the contributions are by the keys that are written, if the feeds have such.
fn contribution(
    entry: &Entry<'_, MetricDef>,
    chosen: &[Chosen<'_>],
    problems: &mut Vec<Problem>,
) -> Option<Of> {
    let feed = chosen.first().map(|(_, feed)| *feed);
    let is_written = |(key, _): &(&str, Of)| entry.has(&format!("source/{key}"));
    let written: Vec<(&str, Of)> = KEYS.into_iter().filter(is_written).collect();
    let Some((key, of)) = written.first().copied() else {
        problems.push(entry.problem("source", what_is_missing(feed)));
        return None;
    };
    if let Some((other, _)) = written.iter().find(|(_, other)| *other != of) {
        let message = format!(
            "{key} and {other} exclude each other: a source has a property, or a state, or from \
             and to"
        );
        problems.push(entry.problem(&format!("source/{other}"), message));
        return None;
    }
    if let Some(message) = feed.and_then(|feed| does_not_fit(feed, key, of)) {
        problems.push(entry.problem(&format!("source/{key}"), message));
        return None;
    }
    Some(of)
}

fn what_is_missing(feed: Option<&FeedDef>) -> String {
    let Some(FeedDef { id, report, .. }) = feed else {
        return "the source needs a property, or a state, or from and to".to_owned();
    };
    if *report {
        format!(
            "feed \"{id}\" carries reports: the source needs a state, as in state = \"opened\", or \
             from and to"
        )
    } else {
        format!("feed \"{id}\" carries readings: the source needs a property")
    }
}

fn does_not_fit(feed: &FeedDef, key: &str, of: Of) -> Option<String> {
    let id = &feed.id;
    match (feed.report, of) {
        (true, Of::Readings) => Some(format!(
            "feed \"{id}\" carries reports: write state, not property"
        )),
        (false, Of::Reports | Of::Durations) => Some(format!(
            "feed \"{id}\" carries readings, which have no states: write property, not {key}"
        )),
        _ => None,
    }
}

/// Every feed carries the property.
fn check_property(
    entry: &Entry<'_, MetricDef>,
    property: Option<&PropertyId>,
    chosen: &[Chosen<'_>],
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    let Some(property) = property.map(PropertyId::as_str) else {
        return;
    };
    for (path, feed) in chosen {
        if let Some(maps) = maps_without(feed, property, known) {
            let message = format!(
                "feed \"{}\" maps no property \"{property}\", only {}",
                feed.id,
                maps.join(", ")
            );
            // Of several feeds the one is wrong, of a single one the property.
            let several = chosen.len() > 1;
            let path = if several { path } else { "source/property" };
            problems.push(entry.problem(path, message));
        }
    }
}

/// What a feed maps or lists, if it cannot carry the property. A map with only fixed properties
/// tells, and so does a list of names; one with an unknown property is a mistake of its own.
fn maps_without<'d>(feed: &'d FeedDef, property: &str, known: &Known<'_>) -> Option<Vec<&'d str>> {
    let mut maps = Vec::new();
    for value in feed.map.iter().flat_map(|map| &map.values) {
        match &value.property {
            PropertyPlace::Fixed(fixed) => maps.push(fixed.as_str()),
            PropertyPlace::Named(_) => return None,
        }
    }
    maps.extend(feed.names.values().map(|def| def.property.as_str()));
    maps.dedup();
    let is_unknown = |maps: &&str| known.properties.refusal(maps).is_some();
    if maps.is_empty() || maps.contains(&property) || maps.iter().any(is_unknown) {
        return None;
    }
    Some(maps)
}

/// The states are words, each once.
fn check_states(entry: &Entry<'_, MetricDef>, source: &SourceDef, problems: &mut Vec<Problem>) {
    if source.state.is_empty() {
        let message = "the list of states is empty: write state = \"opened\"";
        problems.push(entry.problem("source/state", message));
    }
    let mut seen = BTreeSet::new();
    for (number, state) in source.state.iter().enumerate() {
        let path = format!("source/state/{number}");
        problems.extend(empty(entry, &path, state));
        if !seen.insert(state) {
            let message = format!("state \"{state}\" stands here a second time: leave it out");
            problems.push(entry.problem(&path, message));
        }
    }
}

/// Two different states.
fn check_steps(entry: &Entry<'_, MetricDef>, source: &SourceDef, problems: &mut Vec<Problem>) {
    match (&source.from, &source.to) {
        (Some(from), Some(to)) => {
            problems.extend(empty(entry, "source/from", from));
            problems.extend(empty(entry, "source/to", to));
            if from == to && !from.is_empty() {
                let message = format!(
                    "from and to are both \"{from}\": the time between needs two different states"
                );
                problems.push(entry.problem("source/to", message));
            }
        }
        (Some(from), None) => {
            let message = format!("from = \"{from}\" needs to: until which state?");
            problems.push(entry.problem("source/from", message));
        }
        (_, to) => {
            let to = to.as_deref().unwrap_or_default();
            let message = format!("to = \"{to}\" needs from: since which state?");
            problems.push(entry.problem("source/to", message));
        }
    }
}

fn empty(entry: &Entry<'_, MetricDef>, path: &str, state: &str) -> Option<Problem> {
    let message = "a state must not be empty: write it as the sender does, such as \"opened\"";
    state.is_empty().then(|| entry.problem(path, message))
}
