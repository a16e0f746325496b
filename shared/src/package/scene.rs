//! `scenes.toml`: screens as panels in a grid of cells, and from how far they are read.

mod reading;

use serde::{Deserialize, Serialize};

use super::rule::Metres;
use crate::id::{MetricId, SceneId};
use crate::text::Text;
use crate::time::Span;

pub use reading::{SMALLEST_UNITS, UNITS_WIDE, least_text_m};

/// `[screen]`: how large the wall is and from how far it is read, from which the smallest text
/// follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenDef {
    /// From the eye to the wall.
    pub distance: Metres,
    /// How wide a picture of 16:9 is; one of another shape is taken to be as high.
    pub width: Metres,
}

/// One `[[scene]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneDef {
    /// Its id, also in the URL.
    pub id: SceneId,
    /// Its name.
    pub name: Text,
    /// How long it stays in a rotation.
    #[serde(default)]
    pub dwell: Option<Span>,
    /// Columns and rows; the grid fills any screen.
    pub grid: [u16; 2],
    /// Columns and rows on a screen of twice the usual width, 32:9; absent, `grid` is stretched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid_wide: Option<[u16; 2]>,
    /// Its panels.
    #[serde(default, rename = "panel")]
    pub panels: Vec<PanelDef>,
}

/// One `[[scene.panel]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PanelDef {
    /// What it shows.
    pub kind: PanelKind,
    /// Column, row, width and height in cells, from the top left.
    pub at: [u16; 4],
    /// The same in `grid_wide`; a panel without it is not shown there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_wide: Option<[u16; 4]>,
    /// Its heading; absent, the kind's or the metric's own name.
    #[serde(default)]
    pub title: Option<Text>,
    /// `map`: what it shows, in the words of [`SceneLayer`](crate::package::layer::SceneLayer).
    #[serde(default)]
    pub layers: Vec<String>,
    /// The metric it shows.
    #[serde(default)]
    pub metric: Option<MetricId>,
    /// The metrics it shows, where it can show several.
    #[serde(default)]
    pub metrics: Vec<MetricId>,
    /// The level of areas, where it shows areas; absent, the one below the city.
    #[serde(default)]
    pub level: Option<String>,
    /// How far back, where it shows a past.
    #[serde(default)]
    pub range: Option<Span>,
    /// `plan`: what it says instead of the plan of the worst case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

/// Kinds of panel; one file each in `frontend/src/panel`, and a line each in `docs/scenes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    /// The live map.
    Map,
    /// City vital signs with their make-up: `metric` first, `metrics` beneath.
    Vitals,
    /// One figure with its truth and a small trend.
    Stat,
    /// A chart over time.
    Trend,
    /// Areas by a metric.
    Ranking,
    /// How a metric lies over the areas of a level, or what a sum is made of.
    Distribution,
    /// A metric in each area, with its past, all on one scale.
    Multiples,
    /// Areas by several metrics.
    Table,
    /// Incidents and open alerts.
    Incidents,
    /// Warnings in force, of whom and for where.
    Warnings,
    /// How departments do with what they are given.
    Scorecard,
    /// The plan of the worst case in hand, or a fixed text.
    Plan,
    /// The newest events.
    Ticker,
    /// Feed health.
    Feeds,
    /// Clock, date and weather.
    Clock,
}
