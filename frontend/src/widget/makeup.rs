//! What an index is made of, beside the panel while a part of it has the pointer or the focus:
//! each part with its value, its score and its weight. The metric's page has the rest.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::id::AreaCode;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::{IndexPart, MetricDef};

use crate::format;
use crate::i18n::Key;
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select;
use crate::widget::figure::{Figure, Figured, Form};

/// The make-up of `metric` in `area`; nothing of a metric that is made of no others.
pub(crate) fn make_up(
    metric: &MetricDef,
    area: &AreaCode,
    catalog: &Catalog,
) -> Option<impl IntoView + use<>> {
    let screen = screen();
    let whole: f64 = metric.index.iter().map(|part| part.weight).sum();
    let parts: Vec<_> = metric
        .index
        .iter()
        .filter_map(|part| Some((part, select::metric_def(catalog, &part.metric)?)))
        .map(|(part, def)| row(part, def, area, whole))
        .collect();
    let name = metric.name.clone();
    let formula = metric.derive.clone();
    let none = parts.is_empty() && formula.is_none();
    (!none).then(|| {
        view! {
            <div class="makeup" role="tooltip">
                <h3>{move || screen.text(&name)} " · " {move || screen.word(Key::MakeUp)}</h3>
                <ol>{parts}</ol>
                {formula.map(|formula| view! { <code data-formula>{formula}</code> })}
            </div>
        }
    })
}

fn row(part: &IndexPart, def: &MetricDef, area: &AreaCode, whole: f64) -> impl IntoView + use<> {
    let screen = screen();
    let key = MetricKey {
        metric: def.id.clone(),
        area: area.clone(),
    };
    let point = screen.store.metric(&key);
    let figure = Figured::metric(def, &key, point, format::figure);
    let name = def.name.clone();
    let unit = format::unit(&def.unit).to_owned();
    let weight = format!("{:.0}%", 100.0 * part.weight / whole.max(f64::MIN_POSITIVE));
    let part = part.clone();
    let score = move || score(&part, point);
    view! {
        <li>
            <Figure figure=figure form=Form::Slim>
                <span class="part-name">{move || screen.text(&name)} " " <small>{unit}</small></span>
                <span class="part-weight">{move || screen.word(Key::Weight)} " " {weight}</span>
                <span class="part-score">{move || screen.word(Key::Score)} " " {score}</span>
            </Figure>
        </li>
    }
}

/// What the part is worth now, 0 to 100; a dash without a value.
fn score(part: &IndexPart, point: Kept<Option<MetricPoint>>) -> String {
    let v = point.read().as_ref().and_then(|point| point.v);
    v.map_or_else(|| "–".to_owned(), |v| format!("{:.0}", part.score(v)))
}
