//! `ranking`: the areas of a level by a metric, worst first.

use leptos::prelude::*;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::level::Level;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use crate::format;
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::frame::{Frame, missing, title_of};
use crate::widget::level::{LevelShort, level_class};

/// An area and its value.
#[derive(Clone)]
struct Row {
    area: Area,
    point: Kept<Option<MetricPoint>>,
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Catalog) -> AnyView {
    let metric = def.metric.as_ref();
    let Some(metric) = metric
        .and_then(|id| select::metric_def(catalog, id))
        .cloned()
    else {
        return missing(def, "ranking");
    };
    let level = def
        .level
        .clone()
        .or_else(|| catalog.city.levels.get(1).cloned());
    let areas: Vec<Area> = catalog
        .areas
        .iter()
        .filter(|area| Some(&area.level) == level.as_ref())
        .cloned()
        .collect();
    let store = screen().store;
    let rows: Vec<Row> = store
        .areas_of(&metric.id, &areas)
        .into_iter()
        .map(|(area, point)| Row { area, point })
        .collect();
    let below = metric.levels.is_some_and(|levels| levels.below);
    let ranked = Memo::new_owning(move |_| (order(&rows, below), true));
    let title = title_of(def, &metric.name);
    let unit = format::unit(&metric.unit).to_owned();
    let metric = StoredValue::new(metric);
    view! {
        <Frame title=title kind="ranking" aside=move || unit.clone()>
            <ol class="ranking">
                <For each=move || ranked.get() key=|row| row.area.code.clone() let:row>
                    {bar(row, metric)}
                </For>
            </ol>
        </Frame>
    }
    .into_any()
}

/// Worst first; areas without a value last, by code.
fn order(rows: &[Row], below: bool) -> Vec<Row> {
    let mut keyed: Vec<(Option<f64>, Row)> = rows
        .iter()
        .map(|row| {
            (
                row.point.read().as_ref().and_then(|point| point.v),
                row.clone(),
            )
        })
        .collect();
    keyed.sort_by(|(a, row_a), (b, row_b)| {
        let worse = match (a, b) {
            (Some(a), Some(b)) if below => a.total_cmp(b),
            (Some(a), Some(b)) => b.total_cmp(a),
            _ => b.is_some().cmp(&a.is_some()),
        };
        worse.then_with(|| row_a.area.code.cmp(&row_b.area.code))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn bar(row: Row, metric: StoredValue<MetricDef>) -> impl IntoView {
    let screen = screen();
    let Row { area, point } = row;
    let v = Memo::new(move |_| point.read().as_ref().and_then(|point| point.v));
    let level = Memo::new(move |_| {
        point
            .read()
            .as_ref()
            .map_or(Level::Normal, |point| point.level)
    });
    let width = move || {
        let share = v
            .get()
            .map_or(0.0, |v| metric.with_value(|def| select::badness(def, v)));
        format!("{:.1}%", 100.0 * share)
    };
    let figure = metric.with_value(|def| {
        let key = MetricKey {
            metric: def.id.clone(),
            area: area.code.clone(),
        };
        Figured::metric(def, &key, point, format::figure)
    });
    let stale = figure.is_stale();
    view! {
        <li class=move || level_class(level.get()) class:stale=stale>
            <Figure figure=figure form=Form::Row>
                <span class="rank-name">{move || screen.text(&area.name)}</span>
                <span class="rank-bar" aria-hidden="true">
                    <i style:width=width></i>
                </span>
                <LevelShort level=level />
            </Figure>
        </li>
    }
}
