//! `table`: areas by metrics, levels by shape and colour. The first row is the whole city with its
//! truth in full; of the areas' figures the truth is seen where it falls short.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use super::areas;
use crate::format;
use crate::i18n::Key;
use crate::i18n::panel::Panel as Word;
use crate::screen::screen;
use crate::select;
use crate::widget::figure::{Figure, Form};
use crate::widget::frame::{Frame, missing, title_of};
use crate::widget::level::{LevelShort, level_class};

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let metrics: Vec<&MetricDef> = def
        .metrics
        .iter()
        .filter_map(|id| select::metric_def(catalog, id))
        .collect();
    let Some(first) = metrics.first() else {
        return missing(def, "table");
    };
    let heads: Vec<_> = metrics
        .iter()
        .map(|metric| {
            let (name, unit) = (metric.name.clone(), format::unit(&metric.unit).to_owned());
            let unit = (!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> });
            view! { <th scope="col">{move || screen.text(&name)} {unit}</th> }
        })
        .collect();
    let mut root = catalog.areas.iter();
    let root = root.find(|area| area.code == catalog.city.root);
    let whole = root.map(|root| {
        let cells: Vec<_> = metrics
            .iter()
            .map(|metric| cell(metric, root, Form::Tight))
            .collect();
        view! {
            <tr class="whole">
                <th scope="row">{move || screen.word(Word::WholeCity)}</th>
                {cells}
            </tr>
        }
    });
    let rows: Vec<_> = areas::of(def, catalog)
        .into_iter()
        .map(|area| {
            let cells: Vec<_> = metrics
                .iter()
                .map(|metric| cell(metric, &area, Form::Tight))
                .collect();
            view! {
                <tr>
                    <th scope="row">{move || screen.text(&area.name)}</th>
                    {cells}
                </tr>
            }
        })
        .collect();
    view! {
        <Frame title=title_of(def, &first.name) kind="table">
            <table class="areas-table">
                <thead>
                    <tr>
                        <th scope="col">
                            <span class="unseen">{move || screen.word(Key::Area)}</span>
                        </th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{whole} {rows}</tbody>
            </table>
        </Frame>
    }
    .into_any()
}

fn cell(metric: &MetricDef, area: &Area, form: Form) -> impl IntoView + use<> {
    let rows = areas::points(metric, std::slice::from_ref(area));
    let point = rows.first().map(|(_, point)| *point);
    point.map(|point| {
        let figure = areas::figure(metric, area, point);
        let stale = figure.is_stale();
        let level = Memo::new(move |_| areas::level(point));
        view! {
            <td class=move || level_class(level.get()) class:stale=stale>
                <Figure figure=figure form=form>
                    <LevelShort level=level />
                </Figure>
            </td>
        }
    })
}
