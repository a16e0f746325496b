//! The table twin of a chart: one row for each twelfth of the range, and one for each hour of a
//! forecast, which says that it is one.

use leptos::prelude::*;

use egret_shared::time::{Span, TimeMs};

use crate::format;
use crate::i18n::Key;
use crate::screen::Screen;
use crate::store::forecast::Expected;
use crate::store::trend::{Sample, Trend};

use super::{ChartDef, Series};

/// How many rows of the past there are.
const ROWS: i64 = 12;

/// The table.
pub(super) fn view(
    held: StoredValue<(Vec<Series>, ChartDef)>,
    now: TimeMs,
    screen: Screen,
) -> impl IntoView {
    let (series, def) = held.get_value();
    let names: Vec<_> = series
        .iter()
        .map(|series| view! { <th scope="col">{screen.text(&series.name)}</th> })
        .collect();
    let shown = series
        .iter()
        .map(|series| series.trend.read_untracked().shown(now))
        .max();
    let step = Span(shown.unwrap_or(def.range).ms() / ROWS);
    let past: Vec<_> = (0..ROWS)
        .map(|row| {
            let at = now.minus(Span(step.ms() * row));
            let cells: Vec<_> = series
                .iter()
                .map(|series| value_at(screen, &series.trend.read_untracked(), at, &def.unit))
                .map(|value| view! { <td>{value}</td> })
                .collect();
            let time = format::clock_short(at, screen.zone_ms.get());
            view! { <tr><th scope="row">{time}</th>{cells}</tr> }
        })
        .collect();
    let ahead: Vec<_> = hours(&series, now)
        .into_iter()
        .map(|at| {
            let cells: Vec<_> = series
                .iter()
                .map(|series| view! { <td>{expected_at(screen, series, at, &def.unit)}</td> })
                .collect();
            let time = format::clock_short(at, screen.zone_ms.get());
            let word = screen.word(Key::ForecastWord);
            view! { <tr><th scope="row">{format!("{word} {time}")}</th>{cells}</tr> }
        })
        .collect();
    view! {
        <table class="unseen">
            <thead>
                <tr><th scope="col">{screen.word(Key::Time)}</th>{names}</tr>
            </thead>
            <tbody>{past} {ahead}</tbody>
        </table>
    }
}

/// The value at a time, and whether it was revised.
fn value_at(screen: Screen, trend: &Trend, at: TimeMs, unit: &str) -> String {
    let before = |sample: &&Sample| sample.at <= at;
    let Some(sample) = trend.samples().rev().find(before) else {
        return String::new();
    };
    match sample.v {
        None => String::new(),
        Some(v) if sample.is_revised() => {
            format!(
                "{} {}",
                format::figure(v, unit),
                screen.word(Key::MarkRevised)
            )
        }
        Some(v) => format::figure(v, unit),
    }
}

/// The hours that any series has a forecast of.
fn hours(series: &[Series], now: TimeMs) -> Vec<TimeMs> {
    let mut hours: Vec<TimeMs> = Vec::new();
    for series in series {
        let forecast = series.forecast.read();
        let ahead = forecast.iter().flat_map(|forecast| forecast.ahead(now));
        hours.extend(ahead.map(Expected::at));
    }
    hours.sort_unstable();
    hours.dedup();
    hours
}

/// `31 within 28–35`.
fn expected_at(screen: Screen, series: &Series, at: TimeMs, unit: &str) -> Option<String> {
    let forecast = series.forecast.read();
    let mut points = forecast.iter().flat_map(|forecast| &forecast.points);
    let point = points.find(|point| point.at() == at)?;
    let figure = |v: f64| format::figure(v, unit);
    let within = screen.word(Key::ForecastWithin);
    let (low, high) = (figure(point.low), figure(point.high));
    Some(format!("{} {within} {low}–{high}", figure(point.v)))
}
