//! `multiples`: a metric in each area with its past, all on one scale, so that areas compare.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::{Area, Catalog};
use egret_shared::level::Level;
use egret_shared::metric::MetricKey;
use egret_shared::package::metric::MetricDef;
use egret_shared::package::scene::PanelDef;
use egret_shared::time::{Span, TimeMs};

use super::areas::{self, Point};
use crate::format;
use crate::i18n::Key;
use crate::i18n::panel::Panel as Word;
use crate::lasting::Kept;
use crate::screen::{Screen, screen};
use crate::select;
use crate::store::trend::Trend;
use crate::widget::figure::{Figure, Form};
use crate::widget::frame::{Frame, missing, title_of};
use crate::widget::level::{LevelShort, level_class};
use crate::widget::scale::{Scale, extent};

/// How far back unless the scene says otherwise.
const RANGE: Span = Span(2 * 3_600_000);

/// One area.
#[derive(Clone)]
struct One {
    area: Area,
    point: Point,
    trend: Kept<Trend>,
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let metric = def.metric.as_ref();
    let Some(metric) = metric.and_then(|id| select::metric_def(catalog, id)) else {
        return missing(def, "multiples");
    };
    let screen = screen();
    let range = def.range.unwrap_or(RANGE);
    let ones: Vec<One> = areas::points(metric, &areas::of(def, catalog))
        .into_iter()
        .map(|(area, point)| {
            let key = MetricKey {
                metric: metric.id.clone(),
                area: area.code.clone(),
            };
            let trend = screen.store.trend(&key, range);
            One { area, point, trend }
        })
        .collect();
    let levels = metric.levels.unwrap_or_default();
    let limits: Vec<(Level, f64)> = levels.limits().collect();
    let scale = {
        let (ones, limits) = (ones.clone(), limits.clone());
        // A past of hours need not move more often than every ten seconds.
        let now = Memo::new(move |_| screen.store.now.get().0.div_euclid(10_000));
        Memo::new(move |_| scale_of(&ones, &limits, TimeMs(now.get() * 10_000)))
    };
    let limits = StoredValue::new(limits);
    let cells: Vec<_> = ones
        .iter()
        .map(|one| cell(one, metric, scale, limits))
        .collect();
    let twin = {
        let (ones, unit) = (ones, metric.unit.clone());
        move || twin(screen, &ones, &unit)
    };
    view! {
        <Frame title=title_of(def, &metric.name) kind="multiples">
            <ul class="multiples">{cells}</ul>
            {twin}
        </Frame>
    }
    .into_any()
}

/// One scale for all; how far it is to the mildest limit is always seen.
fn scale_of(ones: &[One], limits: &[(Level, f64)], now: TimeMs) -> Scale {
    let mut values = Vec::new();
    let mut shown = Span(0);
    for one in ones {
        let trend = one.trend.read();
        shown = shown.max(trend.shown(now));
        values.extend(trend.samples().filter_map(|sample| sample.v));
    }
    let (low, high) = extent(values.into_iter());
    let near = high + (high - low) * 0.6;
    let limit = limits.iter().map(|(_, limit)| *limit).find(|limit| *limit <= near);
    Scale {
        from: now.minus(shown),
        to: now,
        low,
        high: limit.map_or(high, |limit| high.max(limit * 1.04)),
    }
}

fn cell(
    one: &One,
    metric: &MetricDef,
    scale: Memo<Scale>,
    limits: StoredValue<Vec<(Level, f64)>>,
) -> impl IntoView + use<> {
    let screen = screen();
    let One { area, point, trend } = one.clone();
    let figure = areas::figure(metric, &area, point);
    let stale = figure.is_stale();
    let level = Memo::new(move |_| areas::level(point));
    let line = Memo::new(move |_| scale.get().line(trend.read().samples()));
    let surface = Memo::new(move |_| scale.get().surface(trend.read().samples()));
    let rules = move || {
        let scale = scale.get();
        let inside = |(_, limit): &&(Level, f64)| *limit > scale.low && *limit < scale.high;
        limits.with_value(|limits| {
            let rule = |(level, limit): &(Level, f64)| {
                let class = format!("limit {}", level_class(*level));
                view! { <div class=class style:top=format!("{:.2}%", scale.y(*limit))></div> }
            };
            limits.iter().filter(inside).map(rule).collect_view()
        })
    };
    view! {
        <li class=move || level_class(level.get()) class:stale=stale>
            <Figure figure=figure form=Form::Line>
                <span class="rank-name">{move || screen.text(&area.name)}</span>
                <LevelShort level=level />
            </Figure>
            <div class="spark" aria-hidden="true">
                {rules}
                <svg viewBox="0 0 100 100" preserveAspectRatio="none">
                    <path class="surface" d=move || surface.get() />
                    <path class="line" d=move || line.get() />
                </svg>
            </div>
        </li>
    }
}

/// The same for those who cannot see it: least, greatest and newest of each area.
fn twin(screen: Screen, ones: &[One], unit: &str) -> impl IntoView + use<> {
    let text = |v: f64| {
        let figure = format::figure(v, unit);
        format!("{figure} {}", format::unit(unit))
    };
    let rows: Vec<_> = ones
        .iter()
        .map(|one| {
            let trend = one.trend.read();
            let values = || trend.samples().filter_map(|sample| sample.v);
            let low = values().reduce(f64::min).map(text);
            let high = values().reduce(f64::max).map(text);
            let now = areas::value(one.point).map(text);
            view! {
                <tr>
                    <th scope="row">{screen.text(&one.area.name)}</th>
                    <td>{low}</td>
                    <td>{high}</td>
                    <td>{now}</td>
                </tr>
            }
        })
        .collect();
    view! {
        <table class="unseen" data-not-measured>
            <thead>
                <tr>
                    <th scope="col">{screen.word(Key::Area)}</th>
                    <th scope="col">{screen.word(Word::LeastOf)}</th>
                    <th scope="col">{screen.word(Word::GreatestOf)}</th>
                    <th scope="col">{screen.word(Word::NowOf)}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
