//! What panels about several areas share: which areas, and a metric in each.

use leptos::prelude::*;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::level::Level;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use crate::format;
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select::Truth;
use crate::widget::figure::Figured;

/// A metric's newest point, as it is followed.
pub(super) type Point = Kept<Option<MetricPoint>>;

/// The areas that a panel shows: of its level, else of the one below the city.
pub(super) fn of(def: &PanelDef, catalog: &Catalog) -> Vec<Area> {
    let own = def.level.as_ref();
    let level = own.or_else(|| catalog.city.levels.get(1));
    let areas = catalog.areas.iter();
    areas
        .filter(|area| Some(&area.level) == level)
        .cloned()
        .collect()
}

/// A metric in each of `areas`.
pub(super) fn points(metric: &MetricDef, areas: &[Area]) -> Vec<(Area, Point)> {
    screen().store.areas_of(&metric.id, areas)
}

/// A metric's figure in an area.
pub(super) fn figure(metric: &MetricDef, area: &Area, point: Point) -> Figured {
    let key = MetricKey {
        metric: metric.id.clone(),
        area: area.code.clone(),
    };
    Figured::metric(metric, &key, point, format::figure)
}

/// The value of a point, if there is one.
pub(super) fn value(point: Point) -> Option<f64> {
    point.read().as_ref().and_then(|point| point.v)
}

/// How bad a point is.
pub(super) fn level(point: Point) -> Level {
    let point = point.read();
    point.as_ref().map_or(Level::Normal, |point| point.level)
}

/// What stands behind a picture of all of them: how many have a value, and how old the newest is.
pub(super) fn truth(points: &[Point]) -> Memo<Truth> {
    let store = screen().store;
    let points = points.to_vec();
    Memo::new(move |_| {
        let with = points.iter().filter(|point| value(**point).is_some());
        let newest = points
            .iter()
            .filter_map(|point| point.read().as_ref()?.latest_at);
        let heard_at = store.heard_at.get_untracked().unwrap_or_default();
        Truth::of_count(with.count(), points.len(), newest.max(), heard_at)
    })
}
