//! `distribution`: how a metric lies over the areas of a level, as a histogram with its limits; or
//! with `metrics`, what a sum is made of, the largest first.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::level::Level;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;

use super::areas::{self, Point};
use crate::format;
use crate::i18n::Key;
use crate::screen::{Screen, screen};
use crate::select::histogram::{Step, steps};
use crate::select;
use crate::widget::figure::{Figure, Figured, Form, next_id};
use crate::widget::frame::{Frame, missing, no_figure, title_of};
use crate::widget::level::{LevelShort, level_class};
use crate::widget::truth::{Basis, Detail, TruthParts};

/// How many of the worst areas are named.
const NAMED: usize = 3;

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let of = |id| select::metric_def(catalog, id);
    if let Some(metric) = def.metric.as_ref().and_then(of) {
        return over_areas(def, metric, catalog);
    }
    let metrics: Vec<&MetricDef> = def.metrics.iter().filter_map(of).collect();
    match metrics.first() {
        Some(first) => made_of(def, &metrics, first, catalog),
        None => missing(def, "distribution"),
    }
}

/// What a sum is made of.
fn made_of(
    def: &PanelDef,
    metrics: &[&MetricDef],
    first: &MetricDef,
    catalog: &Catalog,
) -> AnyView {
    let store = screen().store;
    let parts: Vec<(MetricDef, Point)> = metrics
        .iter()
        .map(|metric| {
            let point = store.metric(&select::city_key(catalog, &metric.id));
            ((*metric).clone(), point)
        })
        .collect();
    let points: Vec<Point> = parts.iter().map(|(_, point)| *point).collect();
    let most = Memo::new(move |_| {
        let values = points.iter().filter_map(|point| areas::value(*point));
        values.fold(0.0, f64::max)
    });
    let root = catalog.city.root.clone();
    let below = first.levels.is_some_and(|levels| levels.below);
    let ranked = Memo::new_owning(move |_| (by_size(&parts, below), true));
    let unit = format::unit(&first.unit).to_owned();
    let bar = move |(metric, point): (MetricDef, Point)| {
        let screen = screen();
        let key = egret_shared::metric::MetricKey {
            metric: metric.id.clone(),
            area: root.clone(),
        };
        let figure = Figured::metric(&metric, &key, point, format::figure);
        let stale = figure.is_stale();
        let level = Memo::new(move |_| areas::level(point));
        let width = move || {
            let share = areas::value(point).unwrap_or(0.0) / most.get().max(1e-9);
            format!("{:.1}%", 100.0 * share.clamp(0.0, 1.0))
        };
        let name = metric.name.clone();
        view! {
            <li class=move || level_class(level.get()) class:stale=stale>
                <Figure figure=figure form=Form::Tight>
                    <span class="rank-name">{move || screen.text(&name)}</span>
                    <span class="rank-bar" aria-hidden="true">
                        <i style:width=width></i>
                    </span>
                </Figure>
            </li>
        }
    };
    view! {
        <Frame title=title_of(def, &first.name) kind="distribution" aside=move || unit.clone()>
            <ol class="ranking made-of">
                <For each=move || ranked.get() key=|(metric, _)| metric.id.clone() let:part>
                    {bar(part)}
                </For>
            </ol>
        </Frame>
    }
    .into_any()
}

/// The largest first, or where little is bad, the smallest; those without a value last, in the order
/// of the file.
fn by_size(parts: &[(MetricDef, Point)], below: bool) -> Vec<(MetricDef, Point)> {
    let mut keyed: Vec<_> = parts
        .iter()
        .map(|part| (areas::value(part.1), part.clone()))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if below => a.total_cmp(b),
        (Some(a), Some(b)) => b.total_cmp(a),
        _ => b.is_some().cmp(&a.is_some()),
    });
    keyed.into_iter().map(|(_, part)| part).collect()
}

/// A histogram over areas.
fn over_areas(def: &PanelDef, metric: &MetricDef, catalog: &Catalog) -> AnyView {
    let screen = screen();
    let rows = areas::points(metric, &areas::of(def, catalog));
    let points: Vec<Point> = rows.iter().map(|(_, point)| *point).collect();
    let truth = areas::truth(&points);
    let truth_told = Signal::derive(move || Some(truth.get()));
    let drawn = Memo::new(move |_| {
        let seen = |point: &Point| Some((areas::value(*point)?, areas::level(*point)));
        let values: Vec<(f64, Level)> = points.iter().filter_map(seen).collect();
        steps(&values)
    });
    let levels = metric.levels.unwrap_or_default();
    let limits: Vec<(Level, f64)> = levels.limits().collect();
    let metric = StoredValue::new(metric.clone());
    let rows = StoredValue::new(rows);
    let worst = Memo::new_owning(move |_| {
        (rows.with_value(|rows| worst_of(rows, levels.below)), true)
    });
    let id = next_id();
    let title = metric.with_value(|metric| title_of(def, &metric.name));
    let unit = metric.with_value(|metric| format::unit(&metric.unit).to_owned());
    let described = id.clone();
    let is_empty = move || drawn.read().is_empty();
    view! {
        <Frame title=title kind="distribution" aside=move || unit.clone()>
            <Show when=is_empty>
                <p class="words">{move || no_figure(screen)}</p>
            </Show>
            <div
                class="histogram"
                class:none=is_empty
                data-figure="distribution"
                aria-describedby=described
            >
                <div class="histogram-plot" aria-hidden="true">
                    {move || bars(&drawn.read())}
                    {move || rules(&drawn.read(), &limits)}
                </div>
                <div class="axis" aria-hidden="true">
                    {move || edges(&drawn.read(), &metric.read_value().unit)}
                </div>
                {move || twin(screen, rows, metric)}
            </div>
            <div class="histogram-foot">
                <ul class="worst-areas">
                    <For
                        each=move || worst.get()
                        key=|(area, _)| area.code.clone()
                        let:row
                    >
                        {named(row, metric)}
                    </For>
                </ul>
                <p class="truth" id=id>
                    <TruthParts truth=truth_told basis=Basis::Areas detail=Detail::Fraction />
                </p>
            </div>
        </Frame>
    }
    .into_any()
}

/// The worst areas, as far as any is out of the ordinary or the worst there is.
fn worst_of(rows: &[(Area, Point)], below: bool) -> Vec<(Area, Point)> {
    let mut keyed: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((areas::value(row.1)?, row.clone())))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| if below { a.total_cmp(b) } else { b.total_cmp(a) });
    let worst = keyed.into_iter().map(|(_, row)| row);
    worst.take(NAMED).collect()
}

fn named((area, point): (Area, Point), metric: StoredValue<MetricDef>) -> impl IntoView {
    let screen = screen();
    let figure = metric.with_value(|metric| areas::figure(metric, &area, point));
    let level = Memo::new(move |_| areas::level(point));
    view! {
        <li class=move || level_class(level.get())>
            <Figure figure=figure form=Form::Line>
                <span class="rank-name">{move || screen.text(&area.name)}</span>
                <LevelShort level=level />
            </Figure>
        </li>
    }
}

fn bars(steps: &[Step]) -> impl IntoView + use<> {
    let most = steps.iter().map(|step| step.n).max().unwrap_or(1).max(1);
    let bars: Vec<_> = steps
        .iter()
        .map(|step| {
            let height = format!("{:.1}%", 100.0 * step.n as f64 / most as f64);
            let class = format!("histogram-bar {}", level_class(step.level));
            let n = (step.n > 0).then(|| step.n.to_string());
            view! {
                <div class=class>
                    <i style:height=height>
                        <span>{n}</span>
                    </i>
                </div>
            }
        })
        .collect();
    bars
}

/// Where levels begin, as far as the picture reaches.
fn rules(steps: &[Step], limits: &[(Level, f64)]) -> Option<impl IntoView + use<>> {
    let (low, high) = (steps.first()?.from, steps.last()?.to);
    let shown = limits.iter().filter(|(_, limit)| *limit > low && *limit < high);
    let rules: Vec<_> = shown
        .map(|(level, limit)| {
            let left = format!("{:.2}%", 100.0 * (limit - low) / (high - low));
            let class = format!("histogram-limit {}", level_class(*level));
            view! { <b class=class style:left=left></b> }
        })
        .collect();
    Some(rules)
}

/// The values at both ends and in the middle.
fn edges(steps: &[Step], unit: &str) -> Option<impl IntoView + use<>> {
    let (low, high) = (steps.first()?.from, steps.last()?.to);
    let middle = steps.get(steps.len() / 2)?.from;
    let label = |v: f64| if v.fract().abs() < 1e-9 { format::figure(v, "1") } else { format::figure(v, unit) };
    let ends = if steps.len() > 2 {
        vec![label(low), label(middle), label(high)]
    } else {
        vec![label(low), label(high)]
    };
    Some(ends.into_iter().map(|end| view! { <span>{end}</span> }).collect_view())
}

/// The same for those who cannot see it.
fn twin(
    screen: Screen,
    rows: StoredValue<Vec<(Area, Point)>>,
    metric: StoredValue<MetricDef>,
) -> impl IntoView {
    let lines: Vec<_> = rows.with_value(|rows| {
        let line = |(area, point): &(Area, Point)| {
            let v = areas::value(*point);
            let text = v.map(|v| metric.with_value(|metric| format::figure(v, &metric.unit)));
            let text = text.unwrap_or_else(|| screen.word(Key::NoArea).to_owned());
            let name = screen.text(&area.name);
            view! { <tr><th scope="row">{name}</th><td>{text}</td></tr> }
        };
        rows.iter().map(line).collect()
    });
    view! {
        <table class="unseen">
            <thead>
                <tr>
                    <th scope="col">{screen.word(Key::Area)}</th>
                    <th scope="col">{screen.word(Key::Value)}</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </table>
    }
}
