//! `vitals`: the one number for the whole city, and what it is made of.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::Span;

use crate::format;
use crate::i18n::Key;
use crate::screen::screen;
use crate::select;
use crate::store::trend::Trend;
use crate::widget::frame::{Frame, both, missing, no_figure, title_of};
use crate::widget::level::{LevelMark, LevelWord, level_class};
use crate::widget::spark::Spark;

/// How far back the trend goes.
const RANGE: Span = Span(6 * 3_600_000);

/// Against when the number is compared.
const HOUR: Span = Span(3_600_000);

/// The best a vital sign can be.
const FULL: f64 = 100.0;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Catalog) -> AnyView {
    let metric = def.metric.as_ref();
    let Some(metric) = metric.and_then(|id| select::metric_def(catalog, id)) else {
        return missing(def, "vitals");
    };
    let store = screen().store;
    let key = select::city_key(catalog, &metric.id);
    let point = store.metric(&key);
    let trend = store.trend(&key, def.range.unwrap_or(RANGE));
    let parts: Vec<_> = def
        .metrics
        .iter()
        .filter_map(|id| select::metric_def(catalog, id))
        .map(|part| bar(part, store.metric(&select::city_key(catalog, &part.id))))
        .collect();
    let level = Memo::new(move |_| level_of(point));
    let is_known = move || point.read().as_ref().is_some_and(|point| point.v.is_some());
    let title = title_of(def, &both(Key::Vitals));
    view! {
        <Frame title=title kind="vitals" aside=move || view! { <Show when=is_known><LevelWord level=level /></Show> }>
            <div class="vitals-top">
                {hero(point, trend)}
                <Spark trend=trend />
            </div>
            <ul class="vitals-parts">{parts}</ul>
        </Frame>
    }
    .into_any()
}

fn level_of(point: RwSignal<Option<MetricPoint>>) -> Level {
    point
        .read()
        .as_ref()
        .map_or(Level::Normal, |point| point.level)
}

fn whole(point: RwSignal<Option<MetricPoint>>) -> Option<f64> {
    let v = point.read().as_ref().and_then(|point| point.v)?;
    Some(v.round())
}

fn hero(point: RwSignal<Option<MetricPoint>>, trend: RwSignal<Trend>) -> impl IntoView {
    let screen = screen();
    let value = Memo::new(move |_| whole(point).map(|v| format::figure(v, "1")));
    let nothing = move || value.get().is_none().then(|| no_figure(screen));
    let change = Memo::new(move |_| trend.read().change_over(HOUR).map(f64::round));
    let change_text = move || {
        let change = change.get()?;
        let arrow = match change {
            change if change > 0.0 => "▲",
            change if change < 0.0 => "▼",
            _ => "＝",
        };
        let size = format::figure(change.abs(), "1");
        Some(format!("{} {arrow} {size}", screen.word(Key::LastHour)))
    };
    view! {
        <div class="hero">
            <p class="hero-figure">{move || value.get()}</p>
            <p class="words">{nothing}</p>
            <p class="hero-change" class:none=move || value.get().is_none()>
                <span class="unit">"/ 100"</span> <span>{change_text}</span>
            </p>
        </div>
    }
}

fn bar(def: &MetricDef, point: RwSignal<Option<MetricPoint>>) -> impl IntoView + use<> {
    let screen = screen();
    let name = StoredValue::new(def.name.clone());
    let level = Memo::new(move |_| level_of(point));
    let value = Memo::new(move |_| whole(point));
    let width = move || {
        let share = value.get().map_or(0.0, |v| v.clamp(0.0, FULL));
        format!("{share:.0}%")
    };
    let text = move || {
        value
            .get()
            .map_or_else(|| "–".to_owned(), |v| format::figure(v, "1"))
    };
    view! {
        <li class=move || level_class(level.get())>
            <span class="part-name">
                {move || name.with_value(|name| short(&screen.text(name)))}
            </span>
            <span class="rank-bar" aria-hidden="true">
                <i style:width=width></i>
            </span>
            <b>{text}</b>
            <LevelMark level=level />
        </li>
    }
}

/// A part's name without the word that all of them share.
fn short(name: &str) -> String {
    name.strip_suffix("体征").unwrap_or(name).to_owned()
}
