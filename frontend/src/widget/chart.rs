//! A chart over time: axes, thresholds, one line for each series, gaps as gaps, the newest value
//! marked, and a table with the same for those who cannot see it.

use leptos::prelude::*;

use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};

use crate::format;
use crate::i18n::Key;
use crate::screen::{Screen, screen};
use crate::store::trend::{Sample, Trend};
use crate::widget::level::level_class;
use crate::widget::scale::{Scale, extent, ticks};

/// About how many values the axis names: as many as can be read from afar.
const TICKS: u32 = 3;

/// How many rows the table twin has.
const TABLE_ROWS: i64 = 12;

/// One line of a chart.
#[derive(Clone)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: Text,
    /// Its past.
    pub(crate) trend: RwSignal<Trend>,
}

/// What all series of a chart share.
#[derive(Clone)]
pub(crate) struct ChartDef {
    /// UCUM unit.
    pub(crate) unit: String,
    /// How far back.
    pub(crate) range: Span,
    /// Where which level begins; drawn where the values come near.
    pub(crate) limits: Vec<(Level, f64)>,
}

/// The scale that fits all series; the right edge is now, so that silence shows as a gap.
fn scale_of(series: &[Series], def: &ChartDef, now: TimeMs) -> Scale {
    let mut values = Vec::new();
    let mut shown = Span(0);
    for series in series {
        let trend = series.trend.read();
        shown = shown.max(trend.shown(now));
        values.extend(trend.samples().filter_map(|sample| sample.v));
    }
    let (low, high) = extent(values.into_iter());
    // How far it is to the mildest limit is what a reader wants to know; the next ones come into
    // the picture as the values come near them.
    let near = |limit: &f64| *limit <= high + (high - low) * 0.4;
    let limits = def.limits.iter().map(|(_, limit)| *limit);
    let worth = limits.clone().take(1).chain(limits.filter(near));
    let high = worth.fold(high, |high, limit| high.max(limit * 1.04));
    Scale {
        from: now.minus(shown),
        to: now,
        low,
        high,
    }
}

/// The chart.
#[component]
pub(crate) fn Chart(series: Vec<Series>, def: ChartDef) -> impl IntoView {
    let screen = screen();
    let held = StoredValue::new((series, def));
    // A chart of hours need not move more often than every ten seconds.
    let now = Memo::new(move |_| TimeMs(screen.store.now.get().0.div_euclid(10_000) * 10_000));
    let scale =
        Memo::new(move |_| held.with_value(|(series, def)| scale_of(series, def, now.get())));
    let trends = held.with_value(|(series, _)| {
        let trends = series.iter().map(|series| series.trend);
        trends.enumerate().collect::<Vec<_>>()
    });
    let lines: Vec<_> = trends
        .iter()
        .map(|(place, trend)| line(*place, *trend, scale))
        .collect();
    let dots: Vec<_> = trends
        .iter()
        .map(|(place, trend)| dot(*place, *trend, scale))
        .collect();
    view! {
        <div class="chart">
            <div class="plot" aria-hidden="true">
                {move || grid(scale.get(), held)}
                <svg viewBox="0 0 100 100" preserveAspectRatio="none">{lines}</svg>
                {dots}
            </div>
            <div class="axis" aria-hidden="true">{move || times(scale.get(), screen)}</div>
            {move || table(held, now.get(), screen)}
        </div>
    }
}

fn line(place: usize, trend: RwSignal<Trend>, scale: Memo<Scale>) -> impl IntoView {
    let path = Memo::new(move |_| scale.get().line(trend.read().samples()));
    let surface = Memo::new(move |_| scale.get().surface(trend.read().samples()));
    let class = format!("series-{place}");
    view! {
        <path class=format!("surface {class}") d=move || surface.get() />
        <path class=format!("line {class}") d=move || path.get() />
    }
}

fn dot(place: usize, trend: RwSignal<Trend>, scale: Memo<Scale>) -> impl IntoView {
    let at = Memo::new(move |_| {
        let last = *trend.read().samples().last()?;
        let scale = scale.get();
        Some((scale.x(last.at).clamp(0.0, 100.0), scale.y(last.v?)))
    });
    view! {
        <i
            class=format!("dot series-{place}")
            class:none=move || at.get().is_none()
            style:left=move || at.get().map(|at| format!("{:.2}%", at.0))
            style:top=move || at.get().map(|at| format!("{:.2}%", at.1))
        ></i>
    }
}

fn grid(scale: Scale, held: StoredValue<(Vec<Series>, ChartDef)>) -> impl IntoView {
    let top = |v: f64| format!("{:.2}%", scale.y(v));
    let (unit, limits) = held.with_value(|(_, def)| (def.unit.clone(), def.limits.clone()));
    let rules: Vec<_> = ticks(scale.low, scale.high, TICKS)
        .into_iter()
        .map(|tick| {
            let label = tick_label(tick, &unit);
            view! { <div class="rule" style:top=top(tick)><span>{label}</span></div> }
        })
        .collect();
    let limits: Vec<_> = limits
        .into_iter()
        .filter(|(_, limit)| *limit < scale.high && *limit > scale.low)
        .map(|(level, limit)| {
            let class = format!("limit {}", level_class(level));
            view! { <div class=class style:top=top(limit)></div> }
        })
        .collect();
    (rules, limits)
}

/// An axis needs no more digits than tell its ticks apart.
fn tick_label(tick: f64, unit: &str) -> String {
    if tick.fract().abs() < 1e-9 {
        format::figure(tick, "1")
    } else {
        format::figure(tick, unit)
    }
}

fn times(scale: Scale, screen: Screen) -> impl IntoView {
    let middle = TimeMs(i64::midpoint(scale.from.0, scale.to.0));
    [scale.from, middle, scale.to].map(|at| {
        let text = format::clock_short(at, screen.zone_ms.get());
        view! { <span>{text}</span> }
    })
}

/// The table twin: one row for each twelfth of the range.
fn table(held: StoredValue<(Vec<Series>, ChartDef)>, now: TimeMs, screen: Screen) -> impl IntoView {
    let (series, def) = held.get_value();
    let names: Vec<_> = series
        .iter()
        .map(|series| view! { <th scope="col">{screen.text(&series.name)}</th> })
        .collect();
    let shown = series
        .iter()
        .map(|series| series.trend.read_untracked().shown(now))
        .max();
    let step = Span(shown.unwrap_or(def.range).ms() / TABLE_ROWS);
    let rows: Vec<_> = (0..TABLE_ROWS)
        .map(|row| {
            let at = now.minus(Span(step.ms() * row));
            let cells: Vec<_> = series
                .iter()
                .map(|series| view! { <td>{value_at(&series.trend.read_untracked(), at, &def.unit)}</td> })
                .collect();
            let time = format::clock_short(at, screen.zone_ms.get());
            view! { <tr><th scope="row">{time}</th>{cells}</tr> }
        })
        .collect();
    view! {
        <table class="unseen">
            <thead>
                <tr><th scope="col">{screen.word(Key::Time)}</th>{names}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

fn value_at(trend: &Trend, at: TimeMs, unit: &str) -> String {
    let before = |sample: &&Sample| sample.at <= at;
    let sample = trend.samples().rev().find(before);
    sample
        .and_then(|sample| sample.v)
        .map_or_else(String::new, |v| format::figure(v, unit))
}
