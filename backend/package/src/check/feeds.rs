//! `feeds.toml`.

use std::collections::BTreeMap;

use egret_shared::package::feed::{
    FeedDef, MapDef, NameDef, Place, PropertyPlace, UnitPlace, ValuePlace,
};
use egret_shared::time::Span;

use super::pointers::pointer;
use super::{Known, commands, formats, known_unit, polls, positive, topics};
use crate::problem::Problem;
use crate::spans::{Entry, List};

pub(crate) fn check(feeds: &List<'_, FeedDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    feeds.refuse_duplicates(problems);
    let mut by_topic: BTreeMap<&str, &FeedDef> = BTreeMap::new();
    for entry in &feeds.entries {
        check_feed(entry, known, problems);
        let Some(topic) = &entry.def.topic else {
            continue;
        };
        if let Err(message) = topics::filter(topic) {
            problems.push(entry.problem("topic", message));
        } else if let Some(other) = by_topic.insert(topic, &entry.def) {
            let message = format!("topic \"{topic}\" is feed \"{}\"'s already", other.id);
            problems.push(entry.problem("topic", message));
        }
    }
    commands::check_topics(feeds, problems);
}

fn check_feed(entry: &Entry<'_, FeedDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    known
        .departments
        .refer(entry, "department", feed.department.as_str(), problems);
    positive(entry, "expect_every", feed.expect_every, problems);
    check_past(entry, problems);
    for (number, personal) in feed.personal.iter().enumerate() {
        pointer(entry, &format!("personal/{number}"), personal, problems);
    }
    if feed.report {
        check_report(entry, problems);
    } else if feed.asset_class.is_none() {
        problems.push(entry.problem("", "it needs asset_class, or report = true"));
    }
    formats::check(entry, problems);
    polls::check(entry, problems);
    if let Some(map) = &feed.map {
        check_map(entry, map, known, problems);
    }
    for (name, def) in &feed.names {
        check_name(entry, name, def, known, problems);
    }
    commands::check(entry, known, problems);
}

/// The longest past that windows are kept open for: the fold holds it in memory.
const PAST_MAX: Span = Span(86_400_000);

/// How far back readings may come: no further than is kept, and stored ones no less far than late
/// ones. A backfill that is not written gives way to the lateness.
fn check_past(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let FeedDef {
        lateness, backfill, ..
    } = entry.def;
    for (key, span) in [("lateness", lateness), ("backfill", backfill)] {
        if span > PAST_MAX {
            let message = format!("{key} {span} is too long: {PAST_MAX} is the most");
            problems.push(entry.problem(key, message));
            return;
        }
    }
    if entry.has("backfill") && backfill < lateness {
        let message =
            format!("backfill {backfill} must be lateness {lateness} at least, or be left out");
        problems.push(entry.problem("backfill", message));
    }
}

/// Reports have no assets.
fn check_report(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    for (key, is_there) in [
        ("asset_class", feed.asset_class.is_some()),
        ("moving", feed.moving),
    ] {
        if is_there {
            problems.push(entry.problem(key, format!("reports have no assets: leave {key} out")));
        }
    }
}

fn check_map(
    entry: &Entry<'_, FeedDef>,
    map: &MapDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    for (path, place) in [("map/asset", &map.asset), ("map/id", &map.id)] {
        if let Some(place) = place {
            check_place(entry, path, place, problems);
        }
    }
    if let Some(each) = &map.each {
        pointer(entry, "map/each", each, problems);
    }
    if let Some(at) = &map.at {
        pointer(entry, "map/at/pointer", &at.pointer, problems);
    }
    if let Some(position) = &map.position {
        pointer(entry, "map/position/lon", &position.lon, problems);
        pointer(entry, "map/position/lat", &position.lat, problems);
    }
    if entry.has("map/values") && map.values.is_empty() {
        problems.push(entry.problem("map/values", "there must be one value at least"));
    }
    for (number, value) in map.values.iter().enumerate() {
        check_value(
            entry,
            &format!("map/values/{number}"),
            value,
            known,
            problems,
        );
    }
}

fn check_place(entry: &Entry<'_, FeedDef>, path: &str, place: &Place, problems: &mut Vec<Problem>) {
    match (place, &entry.def.topic) {
        (Place::Pointer { pointer: text }, _) => {
            pointer(entry, &format!("{path}/pointer"), text, problems);
        }
        (Place::Topic { topic }, Some(filter)) if topics::has_level(filter, *topic) => {}
        (Place::Topic { topic }, Some(filter)) => {
            let message = format!("topic \"{filter}\" has no level {topic}, counted from 0");
            problems.push(entry.problem(&format!("{path}/topic"), message));
        }
        (Place::Topic { .. }, None) => {
            problems.push(entry.problem(path, "a feed without topic has no topic levels"));
        }
    }
}

/// A name means a property, in a unit that converts to the property's own.
fn check_name(
    entry: &Entry<'_, FeedDef>,
    name: &str,
    def: &NameDef,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    // In a path, / parts the steps: of a name with one in it only the table is pointed at.
    let path = if name.contains('/') {
        "names".to_owned()
    } else {
        format!("names/{name}")
    };
    let property = def.property.as_str();
    known
        .properties
        .refer(entry, &format!("{path}/property"), property, problems);
    if let Some(unit) = &def.unit {
        let own_unit = known.property_defs.get(property);
        let own_unit = own_unit.map(|def| def.unit.as_str());
        check_unit(entry, &format!("{path}/unit"), unit, own_unit, problems);
    }
}

/// A unit that converts to the property's own, where that is known.
fn check_unit(
    entry: &Entry<'_, FeedDef>,
    path: &str,
    unit: &str,
    own_unit: Option<&str>,
    problems: &mut Vec<Problem>,
) {
    match own_unit {
        Some(own) if crate::units::convert(unit, own).is_none() => {
            let message = format!("\"{unit}\" does not convert to the property's unit \"{own}\"");
            problems.push(entry.problem(path, message));
        }
        Some(_) => {}
        None => known_unit(entry, path, unit, problems),
    }
}

fn check_value(
    entry: &Entry<'_, FeedDef>,
    path: &str,
    value: &ValuePlace,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) {
    pointer(entry, &format!("{path}/pointer"), &value.pointer, problems);
    let mut own_unit = None;
    match &value.property {
        PropertyPlace::Fixed(property) => {
            let property = property.as_str();
            known
                .properties
                .refer(entry, &format!("{path}/property"), property, problems);
            own_unit = known
                .property_defs
                .get(property)
                .map(|def| def.unit.as_str());
        }
        PropertyPlace::Named(named) => {
            pointer(
                entry,
                &format!("{path}/property/pointer"),
                &named.pointer,
                problems,
            );
            for (theirs, ours) in &named.map {
                known.properties.refer(
                    entry,
                    &format!("{path}/property/map/{theirs}"),
                    ours,
                    problems,
                );
            }
        }
    }
    match &value.unit {
        None => {}
        Some(UnitPlace::Fixed(unit)) => {
            check_unit(entry, &format!("{path}/unit"), unit, own_unit, problems);
        }
        Some(UnitPlace::Named(named)) => {
            pointer(
                entry,
                &format!("{path}/unit/pointer"),
                &named.pointer,
                problems,
            );
            for (theirs, ours) in &named.map {
                known_unit(entry, &format!("{path}/unit/map/{theirs}"), ours, problems);
            }
        }
    }
}
