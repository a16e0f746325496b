//! What the map's colours and marks mean, and how many there are.

use leptos::prelude::*;

use egret_shared::level::Level;
use egret_shared::package::metric::MetricDef;

use crate::format;
use crate::i18n::Key;
use crate::map::points::Counts;
use crate::screen::{Screen, screen};
use crate::select::Truth;
use crate::widget::level::LevelMark;
use crate::widget::truth::{Basis, Detail, TruthParts};

/// The legend.
#[component]
pub(crate) fn Legend(metric: Option<MetricDef>, counts: RwSignal<Counts>) -> impl IntoView {
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
        <div class="legend-box">
            {metric.map(ramp)}
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
        </div>
    }
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

/// What paints the areas, from good to worst.
fn ramp(metric: MetricDef) -> impl IntoView {
    let screen = screen();
    let levels = metric.levels.unwrap_or_default();
    let worst = levels.limits().last().map_or(100.0, |(_, limit)| limit);
    let (good, bad) = if levels.below {
        (metric.target.unwrap_or(worst * 2.0), worst)
    } else {
        (0.0, worst)
    };
    let unit = format::unit(&metric.unit).to_owned();
    let scale = [good, bad].map(|v| {
        let text = format!("{} {unit}", format::figure(v, "1"));
        view! { <span>{text}</span> }
    });
    view! {
        <h2>{move || screen.text(&metric.name)}</h2>
        <div class="ramp"></div>
        <p class="ramp-scale">{scale}</p>
    }
}
