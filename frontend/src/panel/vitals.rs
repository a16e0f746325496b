//! `vitals`: the one number for the whole city, and what it is made of.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::id::MetricId;
use egret_shared::level::Level;
use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::Span;

use crate::format;
use crate::i18n::Key;
use crate::lasting::Kept;
use crate::screen::screen;
use crate::select;
use crate::store::trend::Trend;
use crate::widget::figure::{Figure, Figured, Form};
use crate::widget::frame::{Frame, both, missing, title_of};
use crate::widget::level::{LevelShort, LevelWord, level_class};
use crate::widget::makeup::make_up;
use crate::widget::spark::Spark;

/// How far back the trend goes.
const RANGE: Span = Span(6 * 3_600_000);

/// Against when the number is compared.
const HOUR: Span = Span(3_600_000);

/// The best a vital sign can be.
const FULL: f64 = 100.0;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let metric = def.metric.as_ref();
    let Some(metric) = metric.and_then(|id| select::metric_def(catalog, id)) else {
        return missing(def, "vitals");
    };
    let store = screen().store;
    let key = select::city_key(catalog, &metric.id);
    let point = store.metric(&key);
    let trend = store.trend(&key, def.range.unwrap_or(RANGE));
    // The index whose make-up is shown.
    let opened: Opened = RwSignal::new(None);
    let parts: Vec<_> = parts_of(def, metric)
        .filter_map(|id| select::metric_def(catalog, id))
        .map(|part| bar(part, &select::city_key(catalog, &part.id), opened))
        .collect();
    let level = Memo::new(move |_| level_of(point));
    let is_known = move || point.read().as_ref().is_some_and(|point| point.v.is_some());
    let title = title_of(def, &both(Key::Vitals));
    let figure = Figured::metric(metric, &key, point, whole);
    let of = metric.id.clone();
    let beside = beside(opened, Arc::clone(catalog));
    view! {
        <Frame title=title kind="vitals" aside=move || view! { <Show when=is_known><LevelWord level=level /></Show> }>
            <div
                class="vitals-top"
                on:mouseenter=open(opened, &of)
                on:mouseleave=close(opened)
                on:focusin=open(opened, &of)
                on:focusout=close(opened)
            >
                <Figure figure=figure form=Form::Hero>
                    <Show when=is_known>
                        <p class="hero-change">
                            <span class="unit">"/ 100"</span>
                            {change(trend)}
                        </p>
                    </Show>
                </Figure>
                <Spark trend=trend />
            </div>
            <ul class="vitals-parts">{parts}</ul>
            {beside}
        </Frame>
    }
    .into_any()
}

/// The index whose make-up is shown beside the panel, if any.
type Opened = RwSignal<Option<MetricId>>;

fn open<E>(opened: Opened, metric: &MetricId) -> impl Fn(E) + use<E> {
    let metric = metric.clone();
    move |_| opened.set(Some(metric.clone()))
}

fn close<E>(opened: Opened) -> impl Fn(E) {
    move |_| opened.set(None)
}

fn beside(opened: Opened, catalog: Arc<Catalog>) -> impl IntoView {
    move || {
        let metric = select::metric_def(&catalog, &opened.get()?)?;
        make_up(metric, &catalog.city.root, &catalog)
    }
}

/// What stands below the number: what the scene names, else what the index is made of.
fn parts_of<'a>(
    def: &'a PanelDef,
    metric: &'a MetricDef,
) -> impl Iterator<Item = &'a MetricId> + use<'a> {
    let own = metric.index.iter().map(|part| &part.metric);
    def.metrics
        .iter()
        .chain(own.filter(|_| def.metrics.is_empty()))
}

fn level_of(point: Kept<Option<MetricPoint>>) -> Level {
    point
        .read()
        .as_ref()
        .map_or(Level::Normal, |point| point.level)
}

/// An index without a decimal: the formula is not that exact.
fn whole(v: f64, _unit: &str) -> String {
    format::figure(v.round(), "1")
}

fn change(trend: Kept<Trend>) -> impl IntoView {
    let screen = screen();
    let change = Memo::new(move |_| trend.read().change_over(HOUR).map(f64::round));
    let text = move || {
        let change = change.get()?;
        let arrow = match change {
            change if change > 0.0 => "▲",
            change if change < 0.0 => "▼",
            _ => "＝",
        };
        let size = format::figure(change.abs(), "1");
        Some(format!("{} {arrow} {size}", screen.word(Key::LastHour)))
    };
    view! { <span>{text}</span> }
}

fn bar(def: &MetricDef, key: &MetricKey, opened: Opened) -> impl IntoView + use<> {
    let screen = screen();
    let point = screen.store.metric(key);
    let name = StoredValue::new(def.name.clone());
    let level = Memo::new(move |_| level_of(point));
    let width = move || {
        let v = point.read().as_ref().and_then(|point| point.v);
        format!("{:.0}%", v.unwrap_or(0.0).clamp(0.0, FULL))
    };
    let figure = Figured::metric(def, key, point, whole);
    let stale = figure.is_stale();
    view! {
        <li
            class=move || level_class(level.get())
            class:stale=stale
            on:mouseenter=open(opened, &def.id)
            on:mouseleave=close(opened)
            on:focusin=open(opened, &def.id)
            on:focusout=close(opened)
        >
            <Figure figure=figure form=Form::Tight>
                <span class="part-name">
                    {move || name.with_value(|name| short(&screen.text(name)))}
                </span>
                <span class="rank-bar" aria-hidden="true">
                    <i style:width=width></i>
                </span>
                <LevelShort level=level />
            </Figure>
        </li>
    }
}

/// A part's name without the word that all of them share.
fn short(name: &str) -> String {
    name.strip_suffix("体征").unwrap_or(name).to_owned()
}
