//! What stands behind a figure: sources and age, yellow where they fall short.

use leptos::prelude::*;

use egret_shared::metric::MetricPoint;

use crate::i18n::Key;
use crate::screen::screen;
use crate::select;

/// `41/52 sources · 14 s`.
#[component]
pub(crate) fn TruthLine(point: RwSignal<Option<MetricPoint>>) -> impl IntoView {
    let screen = screen();
    let truth = Memo::new(move |_| point.read().as_ref().map(select::truth));
    let sources = move || {
        let truth = truth.get().filter(|truth| truth.expected > 0)?;
        let word = screen.word(Key::SourcesShort);
        Some(format!("{}/{} {word}", truth.sources, truth.expected))
    };
    let age = move || {
        let truth = truth.get()?;
        let age = screen.age(truth.latest_at?);
        Some(if truth.stale {
            format!("{} · {age}", screen.word(Key::Stale))
        } else {
            age
        })
    };
    view! {
        <p class="truth">
            <span class:short=move || truth.get().is_some_and(|truth| truth.short)>{sources}</span>
            <span class:short=move || truth.get().is_some_and(|truth| truth.stale)>{age}</span>
        </p>
    }
}
