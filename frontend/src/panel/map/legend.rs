//! What the map's colours and marks mean, how many there are, and a switch for each layer.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::level::Level;
use egret_shared::package::layer::LayerKind;
use egret_shared::package::metric::MetricDef;
use egret_shared::text::Text;

use super::flows::Line;
use super::shown::{Heat, Shown};
use crate::format;
use crate::i18n::map::{MapWord, layer_word};
use crate::i18n::{Key, level_key};
use crate::map::points::Counts;
use crate::map::style::FLOW_U;
use crate::screen::hidden::hidden;
use crate::screen::{Screen, screen};
use crate::select::{Truth, badness};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::{Basis, Detail, TruthParts};

/// What the legend tells of.
#[derive(Clone)]
pub(super) struct Told {
    /// The layers.
    pub(super) shown: Shown,
    /// What is on the map.
    pub(super) counts: RwSignal<Counts>,
    /// The lines with a measured flow, and the end of the scale of their widths.
    pub(super) lines: RwSignal<Arc<[Line]>>,
    /// See [`super::flows::paint`].
    pub(super) top: RwSignal<f64>,
    /// The value at which heat of a metric is strongest.
    pub(super) densest: RwSignal<Option<f64>>,
    /// How much room the legend takes. CSS pixels from the map's top left.
    pub(super) room: RwSignal<(f64, f64)>,
}

/// The legend; where there is little room, the switches alone.
pub(super) fn legend(told: &Told, catalog: &Catalog, is_small: bool) -> AnyView {
    let screen = screen();
    let room = told.room;
    let element = NodeRef::<Div>::new();
    if !is_small {
        measure(element, told);
    }
    let kinds = told.shown.kinds.clone();
    let sections = kinds.into_iter().rev().map(|kind| {
        let content = (!is_small).then(|| content(kind, told, catalog));
        let name = metric_of(kind, &told.shown).map(|metric| metric.name.clone());
        view! { <section>{switch(kind, name)} {content}</section> }
    });
    let sections = sections.collect_view();
    on_cleanup(move || {
        room.try_set((0.0, 0.0));
    });
    if is_small {
        view! {
            <details class="layer-menu">
                <summary>{move || screen.word(MapWord::Layers)}</summary>
                {sections}
            </details>
        }
        .into_any()
    } else {
        view! {
            <div
                class="legend-box"
                role="group"
                aria-label=move || screen.word(MapWord::Layers)
                node_ref=element
            >
                {sections}
            </div>
        }
        .into_any()
    }
}

/// The metric that a kind of layer shows.
fn metric_of(kind: LayerKind, shown: &Shown) -> Option<&MetricDef> {
    let painted = match (kind, &shown.heat) {
        (LayerKind::Areas, _) => shown.painted.as_ref(),
        (LayerKind::Heat, Heat::Metric(painted)) => Some(&**painted),
        _ => None,
    };
    painted.map(|painted| &painted.metric)
}

/// Tells how much room the legend takes, whenever that may have changed.
fn measure(element: NodeRef<Div>, told: &Told) {
    let (screen, room) = (screen(), told.room);
    let (lines, hidden) = (told.lines, hidden());
    let kinds = told.shown.kinds.clone();
    let second = Memo::new(move |_| screen.store.now.get().0.div_euclid(1_000));
    Effect::new(move || {
        screen.language.track();
        screen.store.has_city.track();
        lines.track();
        // Read, not only tracked: a memo that nobody has read yet tells of no change.
        second.with(|_| ());
        for kind in &kinds {
            hidden.shows(*kind);
        }
        let Some(element) = element.get() else {
            return;
        };
        let far = |start: i32, length: i32| f64::from(start.saturating_add(length));
        let taken = (
            far(element.offset_left(), element.offset_width()),
            far(element.offset_top(), element.offset_height()),
        );
        if room.get_untracked() != taken {
            room.set(taken);
        }
    });
}

/// The switch of a layer: its name, and whether it is shown.
fn switch(kind: LayerKind, name: Option<Text>) -> impl IntoView {
    let screen = screen();
    let hidden = hidden();
    // Beside the name, not within it: names are told word for word.
    let of = (kind == LayerKind::Heat && name.is_some())
        .then(|| view! { " · " {move || screen.word(MapWord::HeatOf)} });
    let name = move || match &name {
        Some(name) => screen.text(name),
        None => screen.word(layer_word(kind)).to_owned(),
    };
    view! {
        <label class="layer-switch">
            <input
                type="checkbox"
                prop:checked=move || hidden.shows(kind)
                on:change=move |event| hidden.show(kind, event_target_checked(&event))
            />
            {swatch(kind)}
            <span>{name} {of}</span>
        </label>
    }
}

/// How the layer looks.
fn swatch(kind: LayerKind) -> Option<AnyView> {
    let class = match kind {
        LayerKind::Geofences => "swatch swatch-zone",
        LayerKind::Warnings => "swatch swatch-warning",
        _ => return None,
    };
    Some(view! { <i class=class></i> }.into_any())
}

fn content(kind: LayerKind, told: &Told, catalog: &Catalog) -> Option<AnyView> {
    let content = match kind {
        LayerKind::Areas => ramp(&told.shown.painted.as_ref()?.metric),
        LayerKind::Flows => flow_scale(told, catalog),
        LayerKind::Assets => assets(told.counts),
        LayerKind::Incidents => levels(),
        LayerKind::Heat => heat_scale(metric_of(kind, &told.shown), told.densest),
        LayerKind::Geofences | LayerKind::Warnings => return None,
    };
    let hidden = hidden();
    Some(view! { <div class:none=move || !hidden.shows(kind)>{content}</div> }.into_any())
}

/// From few to many; of a metric, from nothing to the highest value, and that it is by area.
fn heat_scale(metric: Option<&MetricDef>, densest: RwSignal<Option<f64>>) -> AnyView {
    let screen = screen();
    let Some(metric) = metric else {
        return view! {
            <p class="heat-scale">
                {move || screen.word(MapWord::Less)} <i></i> {move || screen.word(MapWord::More)}
            </p>
        }
        .into_any();
    };
    let ucum = metric.unit.clone();
    let unit = format::unit(&metric.unit).to_owned();
    let top = move || densest.get().map(|top| format::figure(top, &ucum));
    view! {
        <p class="heat-scale">"0" <i></i> {top} " " {unit}</p>
        <p class="small-print">{move || screen.word(MapWord::HeatByArea)}</p>
    }
    .into_any()
}

/// The levels with shape and word.
fn levels() -> AnyView {
    let screen = screen();
    let level = |level: Level| {
        view! {
            <span class=level_class(level)>
                <LevelMark level=Signal::stored(level) />
                {move || screen.word(level_key(level))}
            </span>
        }
    };
    let levels = [Level::Blue, Level::Yellow, Level::Orange, Level::Red].map(level);
    view! { <p class="level-row">{levels}</p> }.into_any()
}

fn assets(counts: RwSignal<Counts>) -> AnyView {
    let screen = screen();
    let count = |n: usize| format::figure(n as f64, "1");
    let truth = truth_of(screen, counts);
    let entry = move |class: &'static str, key: Key, n: fn(&Counts) -> usize| {
        view! {
            <li data-figure="assets" aria-describedby=TRUTH>
                <i class=class></i>
                {move || screen.word(key)}
                " "
                <b>{move || count(n(&counts.read()))}</b>
            </li>
        }
    };
    view! {
        // Before a city has come there is nothing to count.
        <Show when=move || screen.store.has_city.get()>
            <ul>
                {entry("dot-moving", Key::Vehicles, |counts| counts.moving)}
                {entry("dot-fixed", Key::Fixed, |counts| counts.fixed)}
                {entry("dot-stale", Key::StaleAssets, |counts| counts.stale)}
                <li data-figure="assets" aria-describedby=TRUTH>
                    {[Level::Blue, Level::Yellow, Level::Orange, Level::Red]
                        .map(|level| view! { <LevelMark level=Signal::stored(level) /> })}
                    {move || screen.word(Key::Alerting)} " "
                    <b>{move || count(counts.read().alerting)}</b>
                </li>
            </ul>
            <p class="truth" id=TRUTH>
                <TruthParts truth=truth basis=Basis::Assets detail=Detail::Fraction />
            </p>
        </Show>
    }
    .into_any()
}

/// Under which id all counts of the legend find their truth: a wall has one map.
const TRUTH: &str = "truth-of-the-map";

/// How many of the assets in the picture are heard of in time, and how old the picture is.
fn truth_of(screen: Screen, counts: RwSignal<Counts>) -> Signal<Option<Truth>> {
    let heard_at = screen.store.heard_at;
    Signal::derive(move || {
        let counts = counts.get();
        let all = counts.moving + counts.fixed;
        let heard_at = heard_at.get()?;
        let heard = all.saturating_sub(counts.stale);
        Some(Truth::of_count(heard, all, Some(heard_at), heard_at))
    })
}

/// What paints the areas, from good to worst, with the limits of its levels.
fn ramp(metric: &MetricDef) -> AnyView {
    let levels = metric.levels.unwrap_or_default();
    let limits: Vec<(Level, f64)> = levels.limits().collect();
    let worst = limits.last().map_or(100.0, |(_, limit)| *limit);
    let good = if levels.below {
        metric.target.unwrap_or(worst * 2.0)
    } else {
        0.0
    };
    let unit = format::unit(&metric.unit).to_owned();
    let ticks = limits.iter().map(|(level, limit)| {
        let place = format!("{:.1}%", 100.0 * badness(metric, *limit));
        view! { <i class=level_class(*level) style:left=place></i> }
    });
    let ticks = ticks.collect_view();
    let sign = if levels.below { "≤" } else { "≥" };
    let named = limits.iter().map(|(level, limit)| {
        view! {
            <span class=level_class(*level)>
                <LevelMark level=Signal::stored(*level) />
                {format::figure(*limit, "1")}
            </span>
        }
    });
    let named = named.collect_view();
    let first = format::figure(good, "1");
    let ends = limits.is_empty().then(|| format::figure(worst, "1"));
    view! {
        <div class="ramp">{ticks}</div>
        <p class="ramp-scale">
            <span>{first}</span>
            {(!limits.is_empty()).then_some(sign)}
            {named}
            {ends}
            <span class="unit">{unit}</span>
        </p>
    }
    .into_any()
}

/// How wide a flow is drawn, and that its colour is the level of its speed.
fn flow_scale(told: &Told, catalog: &Catalog) -> AnyView {
    let screen = screen();
    let (lines, top) = (told.lines, told.top);
    let catalog = StoredValue::new(catalog.metrics.clone());
    let unit = Memo::new(move |_| {
        let lines = lines.read();
        let flow = lines.first().map(|line| line.flow.clone())?;
        catalog.with_value(|metrics| {
            let def = metrics.iter().find(|def| def.id == flow)?;
            Some(format::unit(&def.unit).to_owned())
        })
    });
    let (thin, wide) = (FLOW_U.0 / 2.0, FLOW_U.1 / 2.0);
    let wedge = format!(
        "M0 {:.2}L100 0V{}L0 {:.2}Z",
        wide - thin,
        FLOW_U.1,
        wide + thin
    );
    view! {
        <svg
            class="flow-wedge"
            viewBox=format!("0 0 100 {}", FLOW_U.1)
            preserveAspectRatio="none"
            aria-hidden="true"
        >
            <path d=wedge />
        </svg>
        <p class="ramp-scale">
            <span>"0"</span>
            <span>
                {move || format::figure(top.get(), "1")} " " {move || unit.get()}
            </span>
        </p>
        <p class="small-print">
            {move || screen.word(MapWord::FlowWidth)} " · "
            {move || screen.word(MapWord::FlowColour)}
        </p>
    }
    .into_any()
}
