//! What the files must agree on, one module per file.
//!
//! Every check adds to the list of problems and goes on. References into a file that could not be
//! read are taken on trust: one mistake gives one message.

pub(crate) mod assets;
pub(crate) mod casework;
pub(crate) mod city;
pub(crate) mod commands;
pub(crate) mod departments;
pub(crate) mod expressions;
pub(crate) mod feeds;
pub(crate) mod formats;
pub(crate) mod layers;
pub(crate) mod metrics;
pub(crate) mod open311;
pub(crate) mod pointers;
pub(crate) mod polls;
pub(crate) mod properties;
pub(crate) mod rules;
pub(crate) mod scenes;
pub(crate) mod topics;
pub(crate) mod windows;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};

use egret_shared::package::feed::FeedDef;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::property::PropertyDef;
use egret_shared::package::rule::RuleDef;
use egret_shared::time::Span;

use crate::names::{Names, did_you_mean};
use crate::problem::Problem;
use crate::spans::Entry;

/// What can be referred to.
pub(crate) struct Known<'d> {
    pub(crate) areas: Names,
    pub(crate) levels: Names,
    pub(crate) departments: Names,
    pub(crate) properties: Names,
    pub(crate) feeds: Names,
    pub(crate) classes: Names,
    pub(crate) metrics: Names,
    pub(crate) rules: Names,
    pub(crate) plans: Names,
    /// Files of zones.
    pub(crate) zones: Names,
    pub(crate) scenes: Names,
    /// Layers of the base map.
    pub(crate) layers: Names,
    /// Those of them that are drawn from tiles.
    pub(crate) tiled: BTreeSet<&'d str>,
    /// Definitions of feeds that could be read, by id.
    pub(crate) feed_defs: BTreeMap<&'d str, &'d FeedDef>,
    /// Definitions of rules that could be read, by id.
    pub(crate) rule_defs: BTreeMap<&'d str, &'d RuleDef>,
    /// Definitions of properties that could be read, by id.
    pub(crate) property_defs: BTreeMap<&'d str, &'d PropertyDef>,
    /// Definitions of metrics that could be read, by id.
    pub(crate) metric_defs: BTreeMap<&'d str, &'d MetricDef>,
    /// Ids of the assets in `assets.csv` by feed; absent if there is no such file, or it has
    /// mistakes of its own.
    pub(crate) assets: Option<BTreeMap<String, BTreeSet<String>>>,
}

/// Refuses a length of time that is zero or less.
pub(crate) fn positive<T>(
    entry: &Entry<'_, T>,
    path: &str,
    span: Option<Span>,
    problems: &mut Vec<Problem>,
) {
    if let Some(span) = span
        && span.ms() <= 0
    {
        problems.push(entry.problem(path, format!("{span} must be longer than nothing")));
    }
}

/// Refuses a unit that cannot be converted.
pub(crate) fn known_unit<T>(
    entry: &Entry<'_, T>,
    path: &str,
    unit: &str,
    problems: &mut Vec<Problem>,
) {
    if !crate::units::is_known(unit) {
        let hint = crate::units::meant(unit).map_or_else(
            || "; m, km/h, ug/m3, Cel, min, % and 1 are".to_owned(),
            did_you_mean,
        );
        let message = format!("\"{unit}\" is no known UCUM unit{hint}");
        problems.push(entry.problem(path, message));
    }
}
