//! `trend`: metrics of one unit over time.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;
use egret_shared::time::Span;

use crate::format;
use crate::i18n::Key;
use crate::screen::screen;
use crate::select;
use crate::store::trend::History;
use crate::widget::chart::{Chart, ChartDef, Series};
use crate::widget::frame::{Frame, missing, title_of};

/// How far back unless the scene says otherwise.
const RANGE: Span = Span(6 * 3_600_000);

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Catalog) -> AnyView {
    let ids = def.metric.iter().chain(&def.metrics);
    let metrics: Vec<&MetricDef> = ids
        .filter_map(|id| select::metric_def(catalog, id))
        .collect();
    let Some(first) = metrics.first() else {
        return missing(def, "trend");
    };
    let range = def.range.unwrap_or(RANGE);
    let store = screen().store;
    // One axis has one unit: a metric of another unit has no place on it.
    let series: Vec<Series> = metrics
        .iter()
        .filter(|metric| metric.unit == first.unit)
        .map(|metric| Series {
            name: metric.name.clone(),
            trend: store.trend(&select::city_key(catalog, &metric.id), range),
        })
        .collect();
    let chart = ChartDef {
        unit: first.unit.clone(),
        range,
        limits: first
            .levels
            .iter()
            .flat_map(|levels| levels.limits().collect::<Vec<_>>())
            .collect(),
    };
    let title = with_unit(title_of(def, &first.name), &first.unit);
    let unit = first.unit.clone();
    let legend: Vec<_> = series
        .iter()
        .enumerate()
        .map(|(place, series)| entry(place, series, unit.clone()))
        .collect();
    view! {
        <Frame title=title kind="trend">
            <ul class="legend">{legend}</ul>
            {state(&series)}
            <Chart series=series def=chart />
        </Frame>
    }
    .into_any()
}

/// `Speed · km/h`: an axis without its unit says nothing.
fn with_unit(title: Text, unit: &str) -> Text {
    match format::unit(unit) {
        "" => title,
        shown => Text::new(format!("{} {shown}", title.zh), title.en),
    }
}

/// Which line is which, and its newest value: numbers first.
fn entry(place: usize, series: &Series, unit: String) -> impl IntoView + use<> {
    let screen = screen();
    let Series { name, trend } = series.clone();
    let newest = Memo::new(move |_| {
        let v = trend.read().samples().last().and_then(|sample| sample.v)?;
        Some(format::figure(v, &unit))
    });
    view! {
        <li class=format!("series-{place}")>
            <i></i>
            <span>{move || screen.text(&name)}</span>
            <b>{move || newest.get()}</b>
        </li>
    }
}

/// What the chart says while it has no line to draw.
fn state(series: &[Series]) -> impl IntoView + use<> {
    let screen = screen();
    let trends: Vec<_> = series.iter().map(|series| series.trend).collect();
    move || {
        let empty = trends
            .iter()
            .all(|trend| trend.read().samples().count() < 2);
        let history = trends.last().map(|trend| trend.read().history);
        let key = match history {
            Some(History::Loading) => Key::Loading,
            Some(History::Failed) => Key::LoadFailed,
            Some(History::Loaded) | None => Key::NoHistory,
        };
        empty.then(|| view! { <p class="words over">{screen.word(key)}</p> })
    }
}
