//! `scenes.toml`: screens as panels in a grid of cells.

use serde::{Deserialize, Serialize};

use crate::id::{MetricId, SceneId};
use crate::text::Text;
use crate::time::Span;

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
    /// Its heading; absent, the kind's or the metric's own name.
    #[serde(default)]
    pub title: Option<Text>,
    /// `map`: layers from bottom to top: `areas:METRIC`, `assets`, `incidents`.
    #[serde(default)]
    pub layers: Vec<String>,
    /// The metric it shows.
    #[serde(default)]
    pub metric: Option<MetricId>,
    /// The metrics it shows, where it can show several.
    #[serde(default)]
    pub metrics: Vec<MetricId>,
    /// `ranking`: the level of areas to rank.
    #[serde(default)]
    pub level: Option<String>,
    /// `trend`: how far back.
    #[serde(default)]
    pub range: Option<Span>,
}

/// Kinds of panel; one file each in `frontend/src/panel`.
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
    /// Incidents and open alerts.
    Incidents,
    /// The newest events.
    Ticker,
    /// Feed health.
    Feeds,
}
