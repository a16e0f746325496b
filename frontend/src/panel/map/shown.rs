//! What a panel's map shows: the words of its `layers`, looked up in the catalogue. Pure.

use std::collections::BTreeSet;

use egret_shared::catalog::Catalog;
use egret_shared::id::FeedId;
use egret_shared::package::layer::{LayerKind, SceneLayer};
use egret_shared::package::metric::MetricDef;

use crate::select;

/// What heat is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heat {
    /// The alerts in force of these feeds; none named, of all.
    Alerts(BTreeSet<FeedId>),
    /// A metric in the areas of a level.
    Metric(Box<Painted>),
}

impl Default for Heat {
    fn default() -> Self {
        Self::Alerts(BTreeSet::new())
    }
}

/// What paints the areas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Painted {
    /// By which metric.
    pub(super) metric: MetricDef,
    /// The areas of which level.
    pub(super) level: String,
}

/// What a map shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shown {
    /// The kinds of layer, from the ground up.
    pub(super) kinds: Vec<LayerKind>,
    /// `areas`.
    pub(super) painted: Option<Painted>,
    /// `assets` of these feeds; absent, of all.
    pub(super) feeds: Option<BTreeSet<FeedId>>,
    /// `warnings`: metrics whose levels are warnings, beside the alerts of rules.
    pub(super) warnings: Vec<MetricDef>,
    /// `flows`: the file of the lines.
    pub(super) flows: Option<String>,
    /// `heat`.
    pub(super) heat: Heat,
}

impl Shown {
    /// What the words of a panel ask for; without any, assets and incidents.
    pub(super) fn of(words: &[String], catalog: &Catalog) -> Self {
        let mut shown = Self::default();
        // The server has checked them; what this page does not know is left out.
        for layer in words.iter().filter_map(|word| SceneLayer::parse(word).ok()) {
            shown.add(layer, catalog);
        }
        if words.is_empty() {
            shown.kinds = vec![LayerKind::Assets, LayerKind::Incidents];
        }
        shown.kinds.sort_unstable();
        shown.kinds.dedup();
        shown
    }

    /// What the map of a place shows.
    pub(super) fn around() -> Self {
        Self {
            kinds: vec![
                LayerKind::Geofences,
                LayerKind::Warnings,
                LayerKind::Assets,
                LayerKind::Incidents,
            ],
            ..Self::default()
        }
    }

    fn add(&mut self, layer: SceneLayer, catalog: &Catalog) {
        let kind = layer.kind();
        match layer {
            SceneLayer::Areas { metric, level } => {
                let Some(metric) = select::metric_def(catalog, &metric) else {
                    return;
                };
                self.painted = Some(Painted {
                    metric: metric.clone(),
                    level: level.unwrap_or_else(|| districts(catalog)),
                });
            }
            SceneLayer::Assets(feeds) if feeds.is_empty() => self.feeds = None,
            SceneLayer::Assets(feeds) => self.feeds = Some(feeds.into_iter().collect()),
            SceneLayer::Warnings(metrics) => {
                let known = metrics.iter();
                let known = known.filter_map(|metric| select::metric_def(catalog, metric));
                self.warnings = known.cloned().collect();
            }
            SceneLayer::Flows(id) => {
                let Some(layer) = catalog.layers.iter().find(|layer| layer.id == id) else {
                    return;
                };
                self.flows = Some(layer.file.clone());
            }
            SceneLayer::Heat(feeds) => self.heat = Heat::Alerts(feeds.into_iter().collect()),
            SceneLayer::HeatOf { metric, level } => {
                let Some(metric) = select::metric_def(catalog, &metric) else {
                    return;
                };
                let metric = metric.clone();
                self.heat = Heat::Metric(Box::new(Painted { metric, level }));
            }
            SceneLayer::Incidents | SceneLayer::Geofences => {}
        }
        self.kinds.push(kind);
    }

    /// Whether it shows a kind of layer.
    pub(super) fn has(&self, kind: LayerKind) -> bool {
        self.kinds.contains(&kind)
    }
}

/// The level right below the city's.
pub(super) fn districts(catalog: &Catalog) -> String {
    catalog.city.levels.get(1).cloned().unwrap_or_default()
}
