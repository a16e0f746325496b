//! The table twin of what the map paints: areas by their metric, and measured flows.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::text::Text;

use super::PaintedArea;
use super::flows::{self, Line};
use crate::format;
use crate::i18n::{Key, level_key};
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select::metric_def;
use crate::widget::figure::{Figure, Figured, Form};

/// The table.
#[component]
pub(crate) fn Twin(
    areas: Vec<PaintedArea>,
    metric: Option<MetricDef>,
    lines: RwSignal<Arc<[Line]>>,
    catalog: Arc<Catalog>,
) -> impl IntoView {
    let screen = screen();
    let areas = StoredValue::new((areas, metric));
    let of_areas = move || {
        areas.with_value(|(areas, metric)| {
            let metric = metric.as_ref()?;
            let row = |(area, point): &PaintedArea| {
                let key = MetricKey {
                    metric: metric.id.clone(),
                    area: area.code.clone(),
                };
                row(&area.name, metric, &key, *point)
            };
            Some(areas.iter().map(row).collect_view())
        })
    };
    let of_lines = move || {
        let rows = lines.get();
        let rows = rows.iter().flat_map(|line| {
            let (flow, speed) = flows::keys(line, &catalog);
            let row = |key: MetricKey| {
                let def = metric_def(&catalog, &key.metric)?;
                Some(row(&line.name, def, &key, screen.store.metric(&key)))
            };
            [Some(flow), speed]
                .into_iter()
                .flatten()
                .filter_map(row)
                .collect::<Vec<_>>()
        });
        rows.collect_view()
    };
    view! {
        <table class="unseen">
            <caption>{move || screen.word(Key::Map)}</caption>
            <thead>
                <tr>{[Key::Area, Key::Value, Key::Level].map(heading)}</tr>
            </thead>
            <tbody>{of_areas} {of_lines}</tbody>
        </table>
    }
}

fn heading(key: Key) -> impl IntoView {
    let screen = screen();
    view! { <th scope="col">{move || screen.word(key)}</th> }
}

fn row(
    name: &Text,
    metric: &MetricDef,
    key: &MetricKey,
    point: Kept<Option<MetricPoint>>,
) -> AnyView {
    let screen = screen();
    let figure = Figured::metric(metric, key, point, with_unit).unlinked();
    let level = move || {
        let point = point.read();
        let level = point.as_ref().map(|point| point.level);
        level.map(|level| screen.word(level_key(level)))
    };
    view! {
        <tr>
            <th scope="row">{screen.text(name)}</th>
            <td>
                <Figure figure=figure form=Form::Row />
            </td>
            <td>{level}</td>
        </tr>
    }
    .into_any()
}

fn with_unit(v: f64, unit: &str) -> String {
    format!("{} {}", format::figure(v, unit), format::unit(unit))
}
