//! `metrics.toml`: numbers by area and window.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::id::{DomainId, FeedId, MetricId, PropertyId};
use crate::level::Level;
use crate::text::Text;
use crate::time::Span;

/// One `[[metric]]`: either aggregated (`source`, `aggregate`, `window`) or derived (`derive`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricDef {
    /// Its id.
    pub id: MetricId,
    /// Its name.
    pub name: Text,
    /// The domain of city operations it belongs to.
    pub domain: DomainId,
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
}

/// What a metric is made of: a property's readings, or reports entering a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceDef {
    /// Of which feed.
    pub feed: FeedId,
    /// Readings of this property.
    #[serde(default)]
    pub property: Option<PropertyId>,
    /// Reports when they enter this state.
    #[serde(default)]
    pub state: Option<SmolStr>,
    /// Only those for which this CEL expression holds: over `value` for readings, over
    /// `report.category`, `report.state`, `report.text` for reports.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
}

/// How contributions become one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    /// How many different assets.
    DistinctAssets,
    /// A quantile, 0 to 1, by DDSketch within 1 % of the value.
    Quantile(f64),
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
