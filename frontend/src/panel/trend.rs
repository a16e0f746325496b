//! `trend`: metrics of one unit over time.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;
use egret_shared::time::Span;

use crate::format;
use crate::i18n::Key;
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select;
use crate::store::trend::{History, Sample, Trend};
use crate::widget::chart::{Chart, ChartDef, Series};
use crate::widget::figure::{Figure, Figured, Form, next_id};
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
        .map(|metric| {
            let key = select::city_key(catalog, &metric.id);
            Series {
                name: metric.name.clone(),
                trend: store.trend(&key, range),
                forecast: store.forecast(&key),
            }
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
    let legend: Vec<_> = metrics
        .iter()
        .filter(|metric| metric.unit == first.unit)
        .enumerate()
        .map(|(place, metric)| entry(place, metric, catalog))
        .collect();
    let truth_id = StoredValue::new(next_id());
    let drawn = StoredValue::new(series.clone());
    let chart = StoredValue::new(chart);
    let past = past_note(&series);
    view! {
        <Frame title=title kind="trend">
            <ul class="legend" id=truth_id.get_value()>
                {legend}
            </ul>
            {state(&series)}
            // The past comes over a way of its own, and may come before the truth about it.
            <Show when=move || store.has_city.get()>
                <Chart
                    series=drawn.get_value()
                    def=chart.get_value()
                    truth_id=truth_id.get_value()
                />
            </Show>
            <p class="small-print" data-not-measured>
                {strokes(&series)} {forecast_note(series)} {past}
            </p>
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

/// Which line is which, and its newest value with its truth: numbers first.
fn entry(place: usize, metric: &MetricDef, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let key = select::city_key(catalog, &metric.id);
    let figure = Figured::metric(metric, &key, screen.store.metric(&key), format::figure);
    let stale = figure.is_stale();
    let name = metric.name.clone();
    view! {
        <li class=format!("series-{place}") class:stale=stale>
            <i></i>
            <Figure figure=figure form=Form::Slim>
                <span class="legend-name">{move || screen.text(&name)}</span>
            </Figure>
        </li>
    }
}

/// What the other strokes mean, where there are any.
fn strokes(series: &[Series]) -> impl IntoView + use<> {
    let screen = screen();
    let series = series.to_vec();
    let has = Memo::new(move |_| {
        let usual = |series: &Series| {
            let trend = series.trend.read();
            trend.samples().any(|sample| sample.typical.is_some())
        };
        let forecast = |series: &Series| {
            let forecast = series.forecast.read();
            forecast.as_ref().is_some_and(|forecast| forecast.available)
        };
        let revised = |series: &Series| series.trend.read().samples().any(Sample::is_revised);
        [
            series.iter().any(usual),
            series.iter().any(forecast),
            series.iter().any(revised),
        ]
    });
    let keys = [
        ("stroke-usual", Key::TypicalWord),
        ("stroke-forecast", Key::ForecastWord),
        ("stroke-revised", Key::MarkRevised),
    ];
    move || {
        let shown = keys.iter().zip(has.get()).filter(|(_, has)| *has);
        shown
            .map(|((class, key), _)| {
                view! { <span><i class=*class></i> {screen.word(*key)}</span> }
            })
            .collect_view()
    }
}

/// Why there is no forecast, in small print.
fn forecast_note(series: Vec<Series>) -> impl IntoView {
    let screen = screen();
    let lacking = Memo::new(move |_| {
        let lacking = |series: &Series| series.forecast.read().as_ref()?.lacking();
        series
            .iter()
            .filter_map(lacking)
            .min_by_key(|(_, has)| *has)
    });
    move || {
        let (needed, has) = lacking.get()?;
        let (needs, have) = (
            screen.word(Key::ForecastNeeds),
            screen.word(Key::ForecastHoursHave),
        );
        let text = format!("{needs} {needed} {have} {has}");
        Some(view! { <span class="forecast-lacks">{text}</span> })
    }
}

/// What the chart says while it has no line to draw.
fn state(series: &[Series]) -> impl IntoView + use<> {
    let screen = screen();
    let trends: Vec<_> = series.iter().map(|series| series.trend).collect();
    move || {
        let empty = are_bare(&trends);
        let history = trends.last().map(|trend| trend.read().history);
        let key = match history {
            Some(History::Loading) => Key::Loading,
            Some(History::Failed) => Key::LoadFailed,
            Some(History::Loaded) | None => Key::NoHistory,
        };
        empty.then(|| view! { <p class="words over">{screen.word(key)}</p> })
    }
}

/// Whether there is no line to draw.
fn are_bare(trends: &[Kept<Trend>]) -> bool {
    let mut trends = trends.iter();
    trends.all(|trend| trend.read().samples().count() < 2)
}

/// That the newest of the past cannot be had, in small print: the hole in a line is not the sensors'.
/// Behind what the strokes mean, which a chart cannot be read without.
fn past_note(series: &[Series]) -> impl IntoView + use<> {
    let screen = screen();
    let trends: Vec<_> = series.iter().map(|series| series.trend).collect();
    let has_failed = Memo::new(move |_| {
        let failed = |trend: &Kept<Trend>| trend.read().history == History::Failed;
        trends.iter().any(failed) && !are_bare(&trends)
    });
    move || {
        let failed = has_failed.get();
        failed.then(|| {
            view! {
                <span class="past-failed" role="status" title=screen.word(Key::PastFailedAbout)>
                    {screen.word(Key::PastFailed)}
                </span>
            }
        })
    }
}
