//! A metric's past as a chart: what was measured with its least and greatest, its limits and
//! target, what was usual, what was corrected since, and what may come. Gaps stay gaps; a pointer
//! or the arrow keys read out a window, and choosing one shows what it is made of.

pub(crate) mod readout;
pub(crate) mod shape;
pub(crate) mod table;

use std::sync::Arc;

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent};

use egret_shared::level::Level;
use egret_shared::time::{Span, TimeMs};

use crate::api::metric::HistoryPoint;
use crate::format;
use crate::i18n::{Key, level_key};
use crate::screen::{Screen, screen};
use crate::store::forecast::Expected;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::scale::{Scale, extent, ticks};

use shape::{Note, Spot};

/// About how many values the axis names.
const TICKS: u32 = 5;

/// How far apart two labels at the right edge must be. Per cent of the height.
const LABEL_APART: f64 = 7.0;

/// Up to here the past is drawn window by window where it was revised; more would be a smear,
/// and the row of marks below tells it as well.
const RINGS_MAX: usize = 120;

/// All that a chart draws.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// The left edge.
    pub(crate) from: TimeMs,
    /// Where what was measured ends: now, or the moment of knowledge.
    pub(crate) now: TimeMs,
    /// The right edge: `now`, and later where there is a forecast.
    pub(crate) to: TimeMs,
    /// The time that one point stands for.
    pub(crate) step: Span,
    /// What was measured, oldest first, as it is or was known.
    pub(crate) points: Vec<HistoryPoint>,
    /// The same as it is known today; empty unless `points` is older knowledge.
    pub(crate) corrected: Vec<HistoryPoint>,
    /// What may come.
    pub(crate) forecast: Vec<Expected>,
    /// UCUM unit.
    pub(crate) unit: String,
    /// Where which level begins, mildest first.
    pub(crate) limits: Vec<(Level, f64)>,
    /// What the city aims at.
    pub(crate) target: Option<f64>,
}

impl Picture {
    /// The part of time and of values that is shown.
    fn scale(&self) -> Scale {
        let all = self.points.iter().chain(&self.corrected);
        let measured = all.flat_map(|point| [point.v, point.least, point.greatest]);
        let usual = self.points.iter().filter_map(|point| point.typical);
        let usual =
            usual.flat_map(|typical| [typical.v - typical.spread, typical.v + typical.spread]);
        let ahead = self.forecast.iter().flat_map(|hour| [hour.low, hour.high]);
        let values = measured.flatten().chain(usual).chain(ahead);
        let (low, high) = extent(values);
        let (low, high) = self.with_limits(low, high);
        Scale {
            from: self.from,
            to: self.to,
            low,
            high,
        }
    }

    /// How far it is to the mildest limit is what a reader wants to know; the next ones and the
    /// target come into the picture as the values come near them.
    fn with_limits(&self, low: f64, high: f64) -> (f64, f64) {
        let span = high - low;
        let near = |v: f64, reach: f64| v >= low - reach * span && v <= high + reach * span;
        let mildest = self.limits.iter().take(1).map(|(_, limit)| (*limit, 2.0));
        let others = self.limits.iter().skip(1).map(|(_, limit)| (*limit, 0.4));
        let target = self.target.into_iter().map(|target| (target, 1.0));
        let worth = mildest.chain(others).chain(target);
        worth
            .filter(|(v, reach)| near(*v, *reach))
            .fold((low, high), |(low, high), (v, _)| {
                let room = 0.05 * span;
                let low = if v > 0.0 {
                    low.min((v - room).max(0.0))
                } else {
                    low.min(v)
                };
                (low, high.max(v + room))
            })
    }

    fn gap(&self) -> Span {
        shape::pace(&self.points, self.step)
    }
}

/// The chart. `read` is the point that is read out, by its place; `choose` takes the end of a
/// window.
#[component]
pub(crate) fn HistoryChart(
    picture: Memo<Arc<Picture>>,
    read: RwSignal<Option<usize>>,
    choose: Callback<TimeMs>,
) -> impl IntoView {
    let screen = screen();
    let scale = Memo::new(move |_| picture.read().scale());
    let place = move || {
        let n = picture.read().points.len();
        read.get()
            .unwrap_or(n.saturating_sub(1))
            .min(n.saturating_sub(1))
    };
    let spoken = move || {
        let picture = picture.read();
        let point = picture.points.get(place());
        point.map(|point| readout::sentence(screen, &picture, point))
    };
    let at_pointer = move |event: &MouseEvent| {
        let plot = event.current_target()?.dyn_into::<Element>().ok()?;
        let edge = plot.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - edge.left()) / edge.width().max(1.0);
        shape::nearest(
            scale.get_untracked(),
            &picture.read_untracked().points,
            share,
        )
    };
    let choose_read = move || {
        let end = picture.with_untracked(|picture| {
            let place = read.get_untracked()?;
            picture.points.get(place).map(|point| point.end)
        });
        if let Some(end) = end {
            choose.run(end);
        }
    };
    let keydown = move |event: KeyboardEvent| {
        let last = picture.with_untracked(|picture| picture.points.len().saturating_sub(1));
        let here = read.get_untracked().unwrap_or(last).min(last);
        if event.key() == "Enter" {
            choose_read();
        } else if let Some(there) = stepped(&event.key(), here, last) {
            event.prevent_default();
            read.set(Some(there));
        }
    };
    view! {
        <div class="history-chart">
            <div
                class="plot"
                role="slider"
                tabindex="0"
                aria-label=move || screen.word(Key::ChartKeys)
                aria-valuemin="0"
                aria-valuemax=move || picture.read().points.len().saturating_sub(1)
                aria-valuenow=place
                aria-valuetext=spoken
                on:mousemove=move |event| read.set(at_pointer(&event))
                on:mouseleave=move |_| read.set(None)
                on:keydown=keydown
                on:click=move |_| choose_read()
            >
                {move || rules(scale.get(), &picture.read())}
                {move || limits(screen, scale.get(), &picture.read())}
                {move || edges(screen, scale.get(), &picture.read())}
                {move || lines(scale.get(), &picture.read())}
                {move || rings(scale.get(), &picture.read())}
                {move || cursor(scale.get(), &picture.read(), read.get())}
            </div>
            {move || notes(screen, scale.get(), &picture.read())}
            <div class="axis" aria-hidden="true">{move || times(screen, scale.get())}</div>
        </div>
    }
}

/// Where a key leads from the place `here`; `None` of keys that lead nowhere.
fn stepped(key: &str, here: usize, last: usize) -> Option<usize> {
    Some(match key {
        "ArrowLeft" | "ArrowDown" => here.saturating_sub(1),
        "ArrowRight" | "ArrowUp" => (here + 1).min(last),
        "PageUp" => here.saturating_sub(10),
        "PageDown" => (here + 10).min(last),
        "Home" => 0,
        "End" => last,
        _ => return None,
    })
}

fn percent(v: f64) -> String {
    format!("{v:.2}%")
}

/// The value axis.
fn rules(scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    let unit = picture.unit.clone();
    ticks(scale.low, scale.high, TICKS)
        .into_iter()
        .map(|tick| {
            let unit = if tick.fract().abs() < 1e-9 {
                "1"
            } else {
                unit.as_str()
            };
            let label = format::figure(tick, unit);
            view! {
                <div class="rule" style:top=percent(scale.y(tick))>
                    <span>{label}</span>
                </div>
            }
        })
        .collect_view()
}

/// Limits and target: a line each, and at the right its shape, word and value.
fn limits(screen: Screen, scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    let inside = |v: &f64| *v > scale.low && *v < scale.high;
    let unit = picture.unit.as_str();
    let limits = picture.limits.iter().filter(|(_, limit)| inside(limit));
    let limits = limits.map(|(level, limit)| (Some(*level), *limit));
    let target = picture.target.filter(inside).map(|target| (None, target));
    let mut marks: Vec<(Option<Level>, f64)> = limits.chain(target).collect();
    marks.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut label_y = f64::NEG_INFINITY;
    marks
        .into_iter()
        .map(|(level, v)| {
            let y = scale.y(v);
            label_y = y.max(label_y + LABEL_APART);
            let key = level.map_or(Key::Target, level_key);
            let class = level.map_or_else(|| "target".to_owned(), level_class);
            let mark = level.map(|level| view! { <LevelMark level=level /> });
            view! {
                <div class=format!("limit {class}") style:top=percent(y)></div>
                <span class=format!("limit-label {class}") style:top=percent(label_y)>
                    {mark}
                    {screen.word(key)}
                    " "
                    {format::figure(v, unit)}
                </span>
            }
        })
        .collect_view()
}

/// Where what is known begins, and where it ends and a forecast begins.
fn edges(screen: Screen, scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    /// Below this share of the width there is no room for a sentence. Per cent.
    const WIDE: f64 = 14.0;
    /// Below this one there is none for a word.
    const NARROW: f64 = 9.0;
    // Where the line begins, not where its first window does: long windows begin long before.
    let known_from = picture.points.first();
    let known_from = known_from.map(|point| scale.x(point.end.minus(picture.step)));
    let unknown = known_from.filter(|x| *x > 2.0).map(|x| {
        let words = (x > WIDE).then(|| screen.word(Key::NoHistoryBefore));
        view! { <div class="unknown" style:width=percent(x)>{words}</div> }
    });
    let x = scale.x(picture.now);
    let ahead = (!picture.forecast.is_empty()).then(|| {
        let words = (100.0 - x > NARROW).then(|| screen.word(Key::ForecastWord));
        view! { <div class="ahead" style:left=percent(x)>{words}</div> }
    });
    (unknown, ahead)
}

fn lines(scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    let gap = picture.gap();
    let points = &picture.points;
    let (usual_band, usual_line) = shape::usual(scale, points, gap);
    let hours: Vec<&Expected> = picture.forecast.iter().collect();
    let edge = |of: fn(&Expected) -> f64| -> Vec<Spot> {
        let spot = |hour: &&Expected| (scale.x(hour.at()), scale.y(of(hour)));
        hours.iter().map(spot).collect()
    };
    let interval = shape::band(&edge(|hour| hour.high), &edge(|hour| hour.low));
    let likely = shape::line(&edge(|hour| hour.v));
    view! {
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
            <path class="usual-band" d=usual_band />
            <path class="usual" d=usual_line />
            <path class="extremes" d=shape::extremes(scale, points, gap) />
            <path class="interval" d=interval />
            <path class="likely" d=likely />
            <path class="corrected" d=shape::measured(scale, &picture.corrected, gap) />
            <path class="line measured" d=shape::measured(scale, points, gap) />
        </svg>
    }
}

/// Revised windows as rings on the line.
fn rings(scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    let revised = picture
        .points
        .iter()
        .filter(|point| Note::Revised.holds(point.flags));
    let spots: Vec<Spot> = revised
        .filter_map(|point| Some((scale.x(point.end), scale.y(point.v?))))
        .collect();
    let few = spots.len() <= RINGS_MAX;
    let ring = |(x, y)| view! { <i class="ring" style:left=percent(x) style:top=percent(y)></i> };
    few.then(|| spots.into_iter().map(ring).collect_view())
}

/// The window that is read out.
fn cursor(scale: Scale, picture: &Picture, read: Option<usize>) -> impl IntoView + use<> {
    let point = read.and_then(|place| picture.points.get(place));
    point.map(|point| {
        let x = percent(scale.x(point.end));
        let dot = point.v.map(|v| {
            let (x, y) = (x.clone(), percent(scale.y(v)));
            view! { <i class="dot" style:left=x style:top=y></i> }
        });
        view! {
            <div class="cursor" style:left=x></div>
            {dot}
        }
    })
}

fn note_key(note: Note) -> Key {
    match note {
        Note::Revised => Key::MarkRevised,
        Note::Partial => Key::MarkPartial,
        Note::Suspect => Key::MarkSuspect,
        Note::Unusual => Key::MarkAnomaly,
    }
}

/// One row for each note that holds anywhere.
fn notes(screen: Screen, scale: Scale, picture: &Picture) -> impl IntoView + use<> {
    let gap = picture.gap();
    Note::ALL
        .into_iter()
        .filter_map(|note| {
            let runs = shape::runs(scale, &picture.points, gap, note);
            let name = screen.word(note_key(note));
            let run = |(left, width)| {
                view! { <i style:left=percent(left) style:width=percent(width)></i> }
            };
            let any = !runs.is_empty();
            any.then(|| {
                view! {
                    <div class="notes" aria-hidden="true">
                        <span>{name}</span>
                        {runs.into_iter().map(run).collect_view()}
                    </div>
                }
            })
        })
        .collect_view()
}

/// The time axis.
fn times(screen: Screen, scale: Scale) -> impl IntoView {
    let zone_ms = screen.zone_ms.get();
    shape::times(scale, zone_ms)
        .into_iter()
        .map(|at| {
            let text = readout::tick(at, scale.to.since(scale.from), zone_ms);
            let x = percent(scale.x(at));
            view! { <span style:left=x>{text}</span> }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(values: &[f64], limits: &[(Level, f64)]) -> Picture {
        let point = |(minute, v): (usize, &f64)| {
            let end = TimeMs(i64::try_from(minute).unwrap() * 60_000);
            let json = serde_json::json!({ "start": end, "end": end, "v": v });
            serde_json::from_value(json).unwrap()
        };
        Picture {
            from: TimeMs(0),
            now: TimeMs(600_000),
            to: TimeMs(600_000),
            step: Span(60_000),
            points: values.iter().enumerate().map(point).collect(),
            corrected: Vec::new(),
            forecast: Vec::new(),
            unit: "1".to_owned(),
            limits: limits.to_vec(),
            target: None,
        }
    }

    #[test]
    fn the_mildest_limit_is_in_the_picture_and_far_ones_are_not() {
        let limits = [(Level::Blue, 20.0), (Level::Red, 500.0)];
        let scale = picture(&[10.0, 12.0], &limits).scale();
        assert!(scale.high > 20.0 && scale.high < 500.0, "{scale:?}");
    }

    #[test]
    fn keys_lead_from_point_to_point_and_never_beyond_the_ends() {
        assert_eq!(stepped("ArrowLeft", 0, 9), Some(0));
        assert_eq!(stepped("ArrowRight", 9, 9), Some(9));
        assert_eq!(stepped("PageUp", 12, 99), Some(2));
        assert_eq!(stepped("End", 3, 99), Some(99));
        assert_eq!(stepped("x", 3, 99), None);
    }

    #[test]
    fn a_forecast_belongs_into_the_picture_with_its_interval() {
        let mut picture = picture(&[10.0, 12.0], &[]);
        picture.forecast.push(Expected {
            start: TimeMs(600_000),
            end: TimeMs(700_000),
            v: 12.0,
            low: 2.0,
            high: 90.0,
        });
        assert!(picture.scale().high > 90.0);
    }
}
