//! What the map's colours and marks mean, and how many there are.

use leptos::prelude::*;

use egret_shared::level::Level;
use egret_shared::package::metric::MetricDef;

use crate::format;
use crate::i18n::Key;
use crate::map::points::Counts;
use crate::screen::screen;
use crate::widget::level::LevelMark;

/// The legend.
#[component]
pub(crate) fn Legend(metric: Option<MetricDef>, counts: RwSignal<Counts>) -> impl IntoView {
    let screen = screen();
    let count = |n: usize| format::figure(n as f64, "1");
    let entry = move |class: &'static str, key: Key, n: fn(&Counts) -> usize| {
        view! {
            <li>
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
            <ul>
                {entry("dot-moving", Key::Vehicles, |counts| counts.moving)}
                {entry("dot-fixed", Key::Fixed, |counts| counts.fixed)}
                {entry("dot-stale", Key::StaleAssets, |counts| counts.stale)}
                <li>
                    {[Level::Blue, Level::Yellow, Level::Orange, Level::Red]
                        .map(|level| view! { <LevelMark level=Signal::stored(level) /> })}
                    {move || screen.word(Key::Alerting)} " "
                    <b>{move || count(counts.read().alerting)}</b>
                </li>
            </ul>
        </div>
    }
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
