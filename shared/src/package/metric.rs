//! `metrics.toml`: numbers by area and window.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::city::Classification;
use crate::id::{DepartmentId, DomainId, FeedId, MetricId, PropertyId};
use crate::level::Level;
use crate::text::Text;
use crate::time::Span;

/// One `[[metric]]`, made in exactly one of three ways: aggregated (`source`, `aggregate`,
/// `window`), derived (`derive`), or an index of others (`index`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricDef {
    /// Its id.
    pub id: MetricId,
    /// Its name.
    pub name: Text,
    /// The domain of city operations it belongs to.
    pub domain: DomainId,
    /// What it says and what it does not, in a sentence for whoever looks at the number.
    #[serde(default)]
    pub about: Option<Text>,
    /// The department that answers for the number; absent, the one that owns its feed.
    #[serde(default)]
    pub owner: Option<DepartmentId>,
    /// Raised whenever the definition changes what the number means.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What it is made of.
    #[serde(default)]
    pub source: Option<SourceDef>,
    /// How that becomes one number.
    #[serde(default)]
    pub aggregate: Option<Aggregate>,
    /// Over how long.
    #[serde(default)]
    pub window: Option<WindowDef>,
    /// A CEL expression over `m['metric.id']` of the same area and window end.
    #[serde(default)]
    pub derive: Option<String>,
    /// Parts of an index from 0 to 100; empty for other metrics.
    #[serde(default)]
    pub index: Vec<IndexPart>,
    /// Which area a contribution counts for.
    #[serde(default)]
    pub by: By,
    /// UCUM unit of the number.
    pub unit: String,
    /// What the city aims at, in `unit`.
    #[serde(default)]
    pub target: Option<f64>,
    /// From where on it is how bad.
    #[serde(default)]
    pub levels: Option<LevelsDef>,
    /// Who may see it; absent, whoever may see every feed it is made of. Lower than those, it
    /// publishes an aggregate: see `docs/access.md` for what happens to small numbers of people.
    #[serde(default)]
    pub classification: Option<Classification>,
    /// Whether its typical value by hour of the week is learned, and values far from it are told.
    #[serde(default)]
    pub baseline: bool,
}

fn first_version() -> u32 {
    1
}

/// One part of an index: another metric, placed between a value that is worth 0 and one that is
/// worth 100, and how much it weighs.
///
/// The index is the weighted mean of its parts' scores, each cut to 0–100. A part without a value
/// is left out with its weight, and the index is flagged as partial; with less than half of the
/// weight left there is no index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPart {
    /// Which metric.
    pub metric: MetricId,
    /// How much it weighs against the other parts; above 0.
    #[serde(default = "one")]
    pub weight: f64,
    /// Its value that is worth 0, in its own unit. May lie above `full`, where small is good.
    #[serde(default)]
    pub zero: f64,
    /// Its value that is worth 100.
    #[serde(default = "hundred")]
    pub full: f64,
}

fn one() -> f64 {
    1.0
}

fn hundred() -> f64 {
    100.0
}

impl IndexPart {
    /// What a value is worth: 0 to 100.
    pub fn score(&self, v: f64) -> f64 {
        (100.0 * (v - self.zero) / (self.full - self.zero)).clamp(0.0, 100.0)
    }
}

/// What a metric is made of: a property's readings, reports entering a state, the time between
/// two states of a report, or the quality of what feeds deliver. Which feeds: `feed` (one or a
/// list), `class`, or for `quality` also `department`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDef {
    /// Of which feed, or feeds.
    #[serde(default)]
    pub feed: OneOrMany<FeedId>,
    /// Of every feed of this asset class.
    #[serde(default)]
    pub class: Option<String>,
    /// Of every feed that this department owns; only for `quality`.
    #[serde(default)]
    pub department: Option<DepartmentId>,
    /// Only of these assets: ids, or beginnings of ids followed by `*`.
    #[serde(default)]
    pub assets: Vec<String>,
    /// Readings of this property.
    #[serde(default)]
    pub property: Option<PropertyId>,
    /// Reports when they enter this state, or one of these.
    #[serde(default)]
    pub state: OneOrMany<SmolStr>,
    /// The time from a report's entering this state …
    #[serde(default)]
    pub from: Option<SmolStr>,
    /// … until it enters this one, in the metric's unit of time. It counts at the latter.
    #[serde(default)]
    pub to: Option<SmolStr>,
    /// How well the feeds deliver, in per cent.
    #[serde(default)]
    pub quality: Option<QualityPart>,
    /// Only those for which this CEL expression holds: over `value` for readings, over
    /// `report.category`, `report.state`, `report.text` for reports.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
}

/// What of a feed's quality is meant. Each is 0 to 100 per cent, over the last hour or the metric's
/// window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QualityPart {
    /// The mean of the other three, as far as they are known.
    Score,
    /// Messages that came within the feed's lateness, of all that came.
    Timeliness,
    /// Messages that came, of those that were promised.
    Completeness,
    /// Messages that were neither refused nor flagged as implausible, of all that came.
    Validity,
    /// Messages that were refused, of all that came; no number while none came.
    Refused,
}

/// One thing, or a list of them: `"a"` or `["a", "b"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    /// The first, if there is any.
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    /// All of them.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a, T> IntoIterator for &'a OneOrMany<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a text or a list of texts")]
        enum Form<T> {
            One(T),
            Many(Vec<T>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::One(one) => Self(vec![one]),
            Form::Many(many) => Self(many),
        })
    }
}

/// How contributions become one number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// How many contributions.
    Count,
    /// Their sum.
    Sum,
    /// Their arithmetic mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The newest by event time.
    Last,
    /// How many different assets. Exact.
    DistinctAssets,
    /// How many different ones of something, by `HyperLogLog` within 2 % (one standard error).
    Distinct(DistinctOf),
    /// A quantile, 0 to 1, by `DDSketch` within 1 % of the value.
    Quantile(f64),
    /// Their sum (of reports: their number) for each so long a time.
    Rate(Span),
    /// How many of them, in per cent, also fulfil this CEL expression, written as `where` is.
    Ratio(String),
    /// How many of them, in per cent, lie within limits.
    Share(ShareDef),
}

/// What is told apart by [`Aggregate::Distinct`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistinctOf {
    /// Reports, by id.
    Report,
    /// Categories of reports.
    Category,
    /// Values of readings.
    Value,
    /// Assets, by id; unlike `distinct_assets` in bounded memory.
    Asset,
}

/// Limits of [`Aggregate::Share`], inclusive: for values at least one of `at_least` and `at_most`,
/// for the time between two states `within`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareDef {
    /// No less than this, in the property's unit.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// No more than this, in the property's unit.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// No longer than this.
    #[serde(default)]
    pub within: Option<Span>,
}

/// Over how long a metric looks: exactly one of `sliding` and `tumbling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowDef {
    /// The last so long, moving on by `every`.
    #[serde(default)]
    pub sliding: Option<Span>,
    /// Step of a sliding window; its slices are this long. Divides `sliding`.
    #[serde(default)]
    pub every: Option<Span>,
    /// So long, one after the other, beginning at local midnight.
    #[serde(default)]
    pub tumbling: Option<Span>,
}

/// Which area a contribution counts for; its ancestors count it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Where it happened.
    #[default]
    Place,
    /// The area of the feed's department.
    Responsible,
}

/// From where on a number is how bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelsDef {
    /// Whether small is bad.
    #[serde(default)]
    pub below: bool,
    /// Limit of blue.
    #[serde(default)]
    pub blue: Option<f64>,
    /// Limit of yellow.
    #[serde(default)]
    pub yellow: Option<f64>,
    /// Limit of orange.
    #[serde(default)]
    pub orange: Option<f64>,
    /// Limit of red.
    #[serde(default)]
    pub red: Option<f64>,
    /// How far back over a limit a number must come before its level falls, in the metric's unit.
    #[serde(default)]
    pub hysteresis: f64,
}

impl LevelsDef {
    /// The limits that are set, in rising level.
    pub fn limits(&self) -> impl Iterator<Item = (Level, f64)> {
        [
            (Level::Blue, self.blue),
            (Level::Yellow, self.yellow),
            (Level::Orange, self.orange),
            (Level::Red, self.red),
        ]
        .into_iter()
        .filter_map(|(level, limit)| limit.map(|limit| (level, limit)))
    }

    /// The level of `v`, when it was `before` a moment ago: rising at once, falling only when
    /// `v` is back over the limit by the hysteresis.
    pub fn level(&self, v: f64, before: Level) -> Level {
        let reached = |slack: f64| {
            let beyond = |(_, limit): &(Level, f64)| {
                if self.below {
                    v <= limit + slack
                } else {
                    v >= limit - slack
                }
            };
            self.limits()
                .filter(beyond)
                .map(|(level, _)| level)
                .max()
                .unwrap_or_default()
        };
        let now = reached(0.0);
        if now >= before {
            now
        } else {
            reached(self.hysteresis).min(before)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_rises_at_once_and_falls_only_beyond_the_hysteresis() {
        let levels = LevelsDef {
            yellow: Some(1.5),
            orange: Some(2.0),
            hysteresis: 0.1,
            ..LevelsDef::default()
        };
        assert_eq!(levels.level(2.0, Level::Normal), Level::Orange);
        assert_eq!(levels.level(1.95, Level::Orange), Level::Orange);
        assert_eq!(levels.level(1.85, Level::Orange), Level::Yellow);
        assert_eq!(levels.level(1.95, Level::Normal), Level::Yellow);
    }

    #[test]
    fn where_small_is_bad_the_limits_are_reached_from_above() {
        let levels = LevelsDef {
            below: true,
            yellow: Some(25.0),
            red: Some(8.0),
            hysteresis: 2.0,
            ..LevelsDef::default()
        };
        assert_eq!(levels.level(20.0, Level::Normal), Level::Yellow);
        assert_eq!(levels.level(9.0, Level::Red), Level::Red);
        assert_eq!(levels.level(28.0, Level::Yellow), Level::Normal);
    }
}
