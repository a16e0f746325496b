//! What a chart shows beside the measured line, each with a stroke of its own so that none is ever
//! taken for measured: what is usual, what is forecast, and which values were revised.

use std::fmt::Write as _;

use leptos::prelude::*;

use egret_shared::time::{Span, TimeMs};

use crate::lasting::Kept;
use crate::store::forecast::Forecast;
use crate::store::trend::{Sample, Trend};
use crate::widget::scale::{GAP, Scale};

use super::Series;

/// Forecasts come by the hour; the first is joined to the newest value.
const FORECAST_GAP: Span = Span(2 * 3_600_000);

/// What is usual: a dashed line within a band of one spread to either side.
pub(super) fn usual(place: usize, trend: Kept<Trend>, scale: Memo<Scale>) -> impl IntoView {
    let band = Memo::new(move |_| {
        let ends = |sample: &Sample| {
            sample
                .typical
                .map(|it| (it.v - it.spread, it.v + it.spread))
        };
        let trend = trend.read();
        let points = trend.samples().map(|sample| (sample.at, ends(sample)));
        scale.get().band(points, GAP)
    });
    let line = Memo::new(move |_| {
        let usual = |sample: &Sample| sample.typical.map(|it| it.v);
        let trend = trend.read();
        let points = trend.samples().map(|sample| (sample.at, usual(sample)));
        scale.get().path(points, GAP)
    });
    view! {
        <path class=format!("usual-band series-{place}") d=move || band.get() />
        <path class=format!("usual-line series-{place}") d=move || line.get() />
    }
}

/// What the next hours may bring: a dashed line that goes on from the newest value, within the
/// interval.
pub(super) fn forecast(place: usize, series: &Series, scale: Memo<Scale>) -> impl IntoView + use<> {
    let Series {
        trend, forecast, ..
    } = series.clone();
    let points = Memo::new(move |_| {
        let forecast = forecast.read();
        let trend = trend.read();
        let newest = trend
            .samples()
            .rev()
            .find_map(|sample| Some((sample.at, sample.v?)));
        let begin = newest.map(|(at, v)| (at, v, v, v));
        let begin_at = begin.map_or(TimeMs(0), |(at, ..)| at);
        let ahead = forecast
            .iter()
            .flat_map(|forecast| forecast.ahead(begin_at));
        let ahead: Vec<_> = ahead.map(|it| (it.at(), it.v, it.low, it.high)).collect();
        let begin = begin.filter(|_| !ahead.is_empty());
        begin.into_iter().chain(ahead).collect::<Vec<_>>()
    });
    let band = Memo::new(move |_| {
        let points = points.read();
        let points = points
            .iter()
            .map(|(at, _, low, high)| (*at, Some((*low, *high))));
        scale.get().band(points, FORECAST_GAP)
    });
    let line = Memo::new(move |_| {
        let points = points.read();
        let points = points.iter().map(|(at, v, ..)| (*at, Some(*v)));
        scale.get().path(points, FORECAST_GAP)
    });
    view! {
        <path class=format!("forecast-band series-{place}") d=move || band.get() />
        <path class=format!("forecast-line series-{place}") d=move || line.get() />
    }
}

/// How high the foot of a chart is at which a revised minute leaves its tick, in per cent.
const TICK: f64 = 4.0;

/// Ticks at the foot of the chart below the values that late readings changed. Not on the line
/// itself: after an outage a whole stretch of it is revised.
pub(super) fn revised(place: usize, trend: Kept<Trend>, scale: Memo<Scale>) -> impl IntoView {
    let foot = 100.0 - TICK * 1.5 * f64::from(u8::try_from(place).unwrap_or(u8::MAX));
    let ticks = Memo::new(move |_| {
        let scale = scale.get();
        let mut path = String::new();
        for sample in trend.read().samples().filter(|sample| sample.is_revised()) {
            if sample.at >= scale.from {
                write!(path, "M{:.2} {foot:.2}v-{TICK}", scale.x(sample.at)).ok();
            }
        }
        path
    });
    view! { <path class=format!("revised series-{place}") d=move || ticks.get() /> }
}

/// The latest time that any forecast reaches.
pub(super) fn reach(forecast: Option<&Forecast>, now: TimeMs) -> Option<TimeMs> {
    forecast?.ahead(now).map(super::Expected::at).max()
}
