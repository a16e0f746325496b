//! A chart over time: axes, thresholds, one line for each series, gaps as gaps, the newest value
//! marked, what is usual and what is forecast each in a stroke of its own, and a table with the
//! same for those who cannot see it.

mod layers;
mod table;

use leptos::prelude::*;

use egret_shared::level::Level;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};

use crate::format;
use crate::lasting::Kept;
use crate::screen::{Screen, screen};
use crate::store::forecast::{Expected, Forecast};
use crate::store::trend::Trend;
use crate::widget::level::level_class;
use crate::widget::scale::{Scale, extent, ticks};

/// About how many values the axis names: as many as can be read from afar.
const TICKS: u32 = 3;

/// The least room that a forecast gets: less than an hour of it says nothing.
const AHEAD_MIN: Span = Span(3_600_000);

/// One line of a chart.
#[derive(Clone)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: Text,
    /// Its past.
    pub(crate) trend: Kept<Trend>,
    /// What may come.
    pub(crate) forecast: Kept<Option<Forecast>>,
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
    let mut reach = None;
    for series in series {
        let trend = series.trend.read();
        shown = shown.max(trend.shown(now));
        values.extend(trend.samples().filter_map(|sample| sample.v));
        let usual = trend.samples().filter_map(|sample| sample.typical);
        values.extend(usual.map(|usual| usual.v));
        reach = reach.max(layers::reach(series.forecast.read().as_ref(), now));
    }
    // What was takes most of the room; what may be, at most a third.
    let ahead_max = Span((shown.ms() / 2).max(AHEAD_MIN.ms()));
    let to = reach.map_or(now, |reach| reach.min(TimeMs(now.0 + ahead_max.ms())));
    for series in series {
        let forecast = series.forecast.read();
        let ahead = forecast.iter().flat_map(|forecast| forecast.ahead(now));
        let ahead = ahead.filter(|point| point.at() <= to);
        values.extend(ahead.flat_map(|point| [point.low, point.high]));
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
        to,
        low,
        high,
    }
}

/// The chart.
#[component]
pub(crate) fn Chart(
    /// Its lines.
    series: Vec<Series>,
    /// What they share.
    def: ChartDef,
    /// The element that holds the truth about its figures.
    truth_id: String,
) -> impl IntoView {
    let screen = screen();
    let held = StoredValue::new((series, def));
    // A chart of hours need not move more often than every ten seconds.
    let now = Memo::new(move |_| TimeMs(screen.store.now.get().0.div_euclid(10_000) * 10_000));
    let scale =
        Memo::new(move |_| held.with_value(|(series, def)| scale_of(series, def, now.get())));
    let layers = held.with_value(|(series, _)| {
        let series = series.iter().enumerate();
        let layers = series.map(|(place, series)| {
            (
                layers::usual(place, series.trend, scale),
                layers::forecast(place, series, scale),
            )
        });
        layers.collect::<Vec<_>>()
    });
    let trends = held.with_value(|(series, _)| {
        let trends = series.iter().map(|series| series.trend);
        trends.enumerate().collect::<Vec<_>>()
    });
    let revised: Vec<_> = trends
        .iter()
        .map(|(place, trend)| layers::revised(*place, *trend, scale))
        .collect();
    let lines: Vec<_> = trends
        .iter()
        .map(|(place, trend)| line(*place, *trend, scale))
        .collect();
    let dots: Vec<_> = trends
        .iter()
        .map(|(place, trend)| dot(*place, *trend, scale))
        .collect();
    view! {
        <div class="chart" data-figure="history" aria-describedby=truth_id>
            <div class="plot" aria-hidden="true">
                {move || grid(scale.get(), held)} {move || now_rule(scale.get(), now.get())}
                <svg viewBox="0 0 100 100" preserveAspectRatio="none">
                    {layers} {lines} {revised}
                </svg>
                {dots}
            </div>
            <div class="axis" aria-hidden="true">{move || times(scale.get(), screen)}</div>
            {move || table::view(held, now.get(), screen)}
        </div>
    }
}

fn line(place: usize, trend: Kept<Trend>, scale: Memo<Scale>) -> impl IntoView {
    let path = Memo::new(move |_| scale.get().line(trend.read().samples()));
    let surface = Memo::new(move |_| scale.get().surface(trend.read().samples()));
    let class = format!("series-{place}");
    view! {
        <path class=format!("surface {class}") d=move || surface.get() />
        <path class=format!("line {class}") d=move || path.get() />
    }
}

fn dot(place: usize, trend: Kept<Trend>, scale: Memo<Scale>) -> impl IntoView {
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

/// Where measured ends and forecast begins; nothing while there is no forecast.
fn now_rule(scale: Scale, now: TimeMs) -> Option<impl IntoView> {
    let left = format!("{:.2}%", scale.x(now));
    (scale.to > now).then(|| view! { <i class="now" style:left=left></i> })
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
