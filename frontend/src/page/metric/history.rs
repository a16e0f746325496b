//! How the number came: the chart or its table, ranges, and what was known at another time.

use std::sync::Arc;

use leptos::prelude::*;
use web_sys::HtmlInputElement;
use web_sys::wasm_bindgen::JsCast;

use egret_shared::metric::MetricPoint;
use egret_shared::time::TimeMs;

use super::Focus;
use super::place::Range;
use crate::api;
use crate::api::metric::{HistoryPoint, HistoryQuery};
use crate::format;
use crate::i18n::{Key, metric as words};
use crate::page::loaded::{Loaded, ask};
use crate::store::forecast::{self, Expected, Forecast};
use crate::widget::history_chart::readout::Readout;
use crate::widget::history_chart::table::HistoryTable;
use crate::widget::history_chart::{HistoryChart, Picture};

/// How often a live chart is asked for anew. Milliseconds: windows close once a minute.
const AGAIN_MS: i64 = 60_000;

/// What was known at a moment, and what is known of the same today.
#[derive(Clone, Debug, PartialEq)]
struct Past {
    from: TimeMs,
    to: TimeMs,
    points: Vec<HistoryPoint>,
    corrected: Vec<HistoryPoint>,
}

/// The section.
pub(super) fn history(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let past = ask_past(focus);
    let ahead = ask(
        move || focus.key.get(),
        None,
        |key| async move { api::forecast(&key, forecast::HOURS).await },
    );
    let picture = Memo::new(move |_| Arc::new(picture(focus, &past.read(), ahead.read().here())));
    let as_table = RwSignal::new(false);
    let read = RwSignal::new(None);
    let choose = Callback::new(move |end: TimeMs| focus.goto(|place| place.at = Some(end)));
    let body = move || {
        if let Some(words) = nothing(focus, &past.read(), &picture.read()) {
            return words.into_any();
        }
        if as_table.get() {
            return view! { <HistoryTable picture=picture /> }.into_any();
        }
        view! {
            <Readout picture=picture read=read />
            <HistoryChart picture=picture read=read choose=choose />
        }
        .into_any()
    };
    let body = {
        // The body is built anew when its kind changes, not with every live number.
        let kind = Memo::new(move |_| {
            let answer = std::mem::discriminant(&*past.read());
            let is_empty = picture.read().points.is_empty();
            (answer, is_empty, as_table.get(), screen.language.get())
        });
        move || {
            // A memo that nobody reads notices nothing: tracking alone would not do.
            kind.with(|_| untrack(body))
        }
    };
    view! {
        <section class="panel metric-history" aria-label=move || screen.word(Key::History)>
            <header class="panel-head">
                <h2>{move || screen.word(Key::History)}</h2>
                {move || legend(focus, &picture.read())}
                <div class="panel-aside">
                    {move || ranges(focus)} {toggle(focus, as_table)}
                </div>
            </header>
            {knowledge(focus)}
            <div class="panel-body">{body}</div>
            <p class="metric-forecast">{move || forecast_words(focus, &ahead.read())}</p>
        </section>
    }
}

fn ask_past(focus: Focus) -> RwSignal<Loaded<Past>> {
    let question = move || {
        let place = focus.place.get();
        (focus.key.get(), place.range, place.as_of)
    };
    let now = focus.screen().store.now;
    ask(question, Some(AGAIN_MS), move |(key, range, as_of)| {
        let to = as_of.unwrap_or_else(|| now.get_untracked());
        let from = to.minus(range.span());
        let step = range.step();
        async move {
            let query = HistoryQuery {
                key,
                from,
                to,
                step,
                as_of,
            };
            let points = api::metric::points(&query).await?;
            let corrected = if as_of.is_some() {
                let today = HistoryQuery {
                    as_of: None,
                    ..query
                };
                api::metric::points(&today).await?
            } else {
                Vec::new()
            };
            Ok(Past {
                from,
                to,
                points,
                corrected,
            })
        }
    })
}

/// What is drawn: the past, the live number at its end, and what may come.
fn picture(focus: Focus, past: &Loaded<Past>, ahead: Option<&Forecast>) -> Picture {
    let place = focus.place.get();
    let live = focus.live.get().filter(|_| place.as_of.is_none());
    let mut points = past
        .here()
        .map_or_else(Vec::new, |past| past.points.clone());
    let newest = points.last().map(|point| point.end);
    // A running day's window ends at midnight; its number is known as of now.
    let as_of_now = |live: &MetricPoint| HistoryPoint {
        end: live.end.min(focus.screen().store.now.get_untracked()),
        ..HistoryPoint::from(live)
    };
    let live = live.as_ref().map(as_of_now);
    points.extend(live.filter(|live| newest.is_none_or(|newest| live.end > newest)));
    let loaded_to = past.here().map_or(TimeMs(0), |past| past.to);
    let now = points
        .last()
        .map_or(loaded_to, |point| point.end.max(loaded_to));
    let from = past
        .here()
        .map_or(now.minus(place.range.span()), |past| past.from);
    let last = now.plus(place.range.ahead());
    let hours = ahead.filter(|_| place.as_of.is_none());
    let forecast: Vec<_> = hours
        .into_iter()
        .flat_map(|ahead| ahead.ahead(now))
        .filter(|hour| hour.at() <= last)
        .copied()
        .collect();
    let to = forecast.last().map_or(now, Expected::at);
    focus.def.with_value(|def| Picture {
        from,
        now,
        to,
        step: place.range.step(),
        points,
        corrected: past
            .here()
            .map_or_else(Vec::new, |past| past.corrected.clone()),
        forecast,
        unit: def.unit.clone(),
        limits: def
            .levels
            .iter()
            .flat_map(|levels| levels.limits().collect::<Vec<_>>())
            .collect(),
        target: def.target,
    })
}

/// What stands in the chart's place while there is none.
fn nothing(focus: Focus, past: &Loaded<Past>, picture: &Picture) -> Option<impl IntoView + use<>> {
    let screen = focus.screen();
    let is_empty = picture.points.is_empty() && picture.corrected.is_empty();
    let (key, why) = match past {
        Loaded::Waiting => (Key::Loading, None),
        Loaded::Missing => (Key::NoHistory, None),
        Loaded::Failed(why) => (Key::LoadFailed, Some(why.clone())),
        Loaded::Here(_) if is_empty => (Key::NoHistory, None),
        Loaded::Here(_) => return None,
    };
    Some(view! {
        <p class="words">
            {screen.word(key)} <small>{why}</small>
        </p>
    })
}

fn legend(focus: Focus, picture: &Picture) -> impl IntoView + use<> {
    let banded = |point: &HistoryPoint| point.least < point.greatest;
    let entries = [
        ("measured", Key::Measured, true),
        (
            "extremes",
            Key::LeastGreatest,
            picture.points.iter().any(banded),
        ),
        (
            "usual",
            Key::TypicalName,
            picture.points.iter().any(|point| point.typical.is_some()),
        ),
        ("corrected", Key::Corrected, !picture.corrected.is_empty()),
        ("likely", Key::ForecastWord, !picture.forecast.is_empty()),
    ];
    let entry = |(class, key, _)| {
        view! {
            <li class=class>
                <i></i>
                {focus.screen().word(key)}
            </li>
        }
    };
    let shown = entries.into_iter().filter(|(.., shown)| *shown);
    view! { <ul class="legend">{shown.map(entry).collect_view()}</ul> }
}

fn ranges(focus: Focus) -> impl IntoView {
    let chosen = focus.place.read().range;
    let link = |range: Range| {
        let href = focus.href(|place| place.range = range);
        let current = (range == chosen).then_some("true");
        view! { <a href=href aria-current=current>{range.code()}</a> }
    };
    view! {
        <nav class="choices" aria-label=focus.screen().word(Key::RangeName)>
            {Range::ALL.map(link)}
        </nav>
    }
}

fn toggle(focus: Focus, as_table: RwSignal<bool>) -> impl IntoView {
    let button = move |table: bool, key: Key| {
        view! {
            <button
                type="button"
                aria-pressed=move || (as_table.get() == table).to_string()
                on:click=move |_| as_table.set(table)
            >
                {move || focus.screen().word(key)}
            </button>
        }
    };
    view! { <div class="choices">{button(false, Key::AsChart)} {button(true, Key::AsTable)}</div> }
}

/// Choosing a moment of knowledge, and saying which one is chosen.
fn knowledge(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let input = NodeRef::<leptos::html::Input>::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let value = input
            .get_untracked()
            .map(|input| input.unchecked_into::<HtmlInputElement>().value());
        let chosen =
            value.and_then(|text| format::from_field(&text, screen.zone_ms.get_untracked()));
        focus.goto(|place| place.as_of = chosen);
    };
    let banner = move || {
        let as_of = focus.knowledge()?;
        let text = format!(
            "{} {}",
            screen.word(Key::KnownAt),
            format::stamp(as_of, screen.zone_ms.get())
        );
        let href = focus.href(|place| place.as_of = None);
        Some(view! {
            <p class="known-at" role="status">
                <b>{text}</b>
                <span>{screen.word(Key::CorrectedAbout)}</span>
                <a class="action" href=href>{screen.word(Key::BackToNow)}</a>
            </p>
        })
    };
    let chosen = move || {
        let as_of = focus
            .knowledge()
            .unwrap_or_else(|| screen.store.now.get_untracked());
        format::in_field(as_of, screen.zone_ms.get())
    };
    view! {
        <form class="knowledge" on:submit=submit>
            <label for="known-at">{move || screen.word(Key::KnowledgeMoment)}</label>
            <input
                id="known-at"
                type="datetime-local"
                step="1"
                required
                node_ref=input
                prop:value=chosen
            />
            <button type="submit">{move || screen.word(Key::Show)}</button>
            {banner}
        </form>
    }
}

/// What the chart does not say of the forecast.
fn forecast_words(focus: Focus, ahead: &Loaded<Forecast>) -> Option<String> {
    let screen = focus.screen();
    let place = focus.place.read();
    if place.as_of.is_some() || place.range.ahead().ms() == 0 {
        return None;
    }
    let name = screen.word(Key::ForecastWord);
    let text = match ahead {
        Loaded::Waiting => return None,
        Loaded::Missing | Loaded::Failed(_) => {
            return Some(screen.word(Key::NoForecast).to_owned());
        }
        Loaded::Here(ahead) if ahead.available => {
            words::forecast_interval(ahead.level, screen.language.get())
        }
        Loaded::Here(ahead) => match ahead.lacking() {
            Some((needed, have)) => words::forecast_needs(needed, have, screen.language.get()),
            None => return Some(screen.word(Key::NoForecast).to_owned()),
        },
    };
    Some(format!("{name} · {text}"))
}
