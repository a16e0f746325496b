//! What the number of the chosen window is made of: the formula, the metrics it is derived from,
//! the observations behind it, and each one's raw message.

mod definition;
mod inputs;
mod observations;
mod persons;
mod quality;
mod raw;

use leptos::prelude::*;

use egret_shared::flags::Flags;

use super::Focus;
use crate::api::metric::Lineage;
use crate::format;
use crate::i18n::Key;
use crate::page::loaded::Loaded;
use crate::widget::frame::absent;
use crate::widget::history_chart::readout::with_unit;

/// The section.
pub(super) fn lineage(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let body = move || match &*focus.lineage.read() {
        Loaded::Waiting => said(focus, Key::Loading, None),
        Loaded::Missing => said(focus, Key::NoLineage, None),
        Loaded::Failed(why) => said(focus, Key::LoadFailed, Some(why.clone())),
        Loaded::Here(lineage) => traced(focus, lineage),
    };
    view! {
        <section class="panel metric-lineage" aria-label=move || screen.word(Key::Lineage)>
            <header class="panel-head">
                <h2>{move || screen.word(Key::Lineage)}</h2>
                <span class="other">{move || subject(focus)}</span>
                <div class="panel-aside choices">
                    <button
                        type="button"
                        on:click=move |_| focus.refreshed.update(|n| *n = n.wrapping_add(1))
                    >
                        {move || screen.word(Key::Refresh)}
                    </button>
                </div>
            </header>
            {formula(focus)}
            {body}
        </section>
    }
}

fn said(focus: Focus, key: Key, why: Option<String>) -> AnyView {
    view! {
        <p class="words">
            {focus.screen().word(key)} <small>{why}</small>
        </p>
    }
    .into_any()
}

/// Which number is traced: area, window and value.
fn subject(focus: Focus) -> Option<String> {
    let lineage = focus.lineage.read();
    let lineage = lineage.here()?;
    let point = lineage.point.as_ref();
    let window = point.map(|point| (point.start, point.end));
    let window = window.or(lineage.window.map(|window| (window.start, window.end)))?;
    let zone_ms = focus.screen().zone_ms.get();
    let flags = point.map_or(Flags::NONE, |point| point.flags);
    let value = match point.and_then(|point| point.v) {
        Some(v) => with_unit(v, &focus.unit()),
        None => focus.screen().word(absent(flags, Key::NoValue)).to_owned(),
    };
    let (from, to) = (
        format::stamp(window.0, zone_ms),
        format::stamp(window.1, zone_ms),
    );
    Some(format!("{} · {from} – {to} · {value}", focus.area_name()))
}

/// How the number is made: in words or as an expression, and as it stands in the package.
fn formula(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let cel = focus.def.with_value(|def| def.derive.clone());
    let is_derived = cel.is_some();
    let in_words = move || {
        if is_derived {
            return Some(screen.word(Key::FormulaDerived).to_owned());
        }
        let lineage = focus.lineage.read();
        lineage.here().map(|lineage| screen.text(&lineage.formula))
    };
    let definition = focus.def.with_value(definition::toml_like);
    view! {
        <div class="formula">
            <h3>{move || screen.word(Key::Formula)}</h3>
            <p>{in_words}</p>
            {cel.map(|cel| view! { <code data-formula>{cel}</code> })}
            <details>
                <summary>{move || screen.word(Key::Definition)}</summary>
                <pre tabindex="0">{definition}</pre>
            </details>
        </div>
    }
}

fn traced(focus: Focus, lineage: &Lineage) -> AnyView {
    let (has_feeds, has_inputs) = focus.def.with_value(|def| {
        let aggregates = def.aggregate.is_some();
        (aggregates, def.derive.is_some() || !def.index.is_empty())
    });
    let inputs = (has_inputs || !lineage.inputs.is_empty()).then(|| inputs::inputs(focus, lineage));
    let observed = has_feeds || !lineage.observations.items.is_empty();
    let observations = observed.then(|| observations::observations(focus, lineage));
    let feeds = (!lineage.feeds.is_empty()).then(|| quality::feeds(focus, lineage));
    view! {
        {inputs}
        {feeds}
        {observations}
    }
    .into_any()
}
