//! What the number is called, who answers for it, and what it says now.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::flags::Flags;
use egret_shared::level::Level;
use egret_shared::package::metric::MetricDef;
use egret_shared::text::Text;

use super::Focus;
use crate::format;
use crate::i18n::{Key, metric as words};
use crate::select::{self, Window};
use crate::widget::figure::nothing;
use crate::widget::history_chart::readout::with_unit;
use crate::widget::level::{LevelWord, level_class};
use crate::widget::truth::{Basis, Detail, Marks, TruthParts};

/// The head of the page.
pub(super) fn head(focus: Focus) -> impl IntoView {
    let level = Memo::new(move |_| focus.point().map_or(Level::Normal, |point| point.level));
    view! {
        <section class=move || {
            format!("panel metric-head {}", level_class(level.get()))
        }>
            <div class="metric-name">
                <h1>{move || focus.def.with_value(|def| focus.screen().text(&def.name))}</h1>
                <p class="other" lang=move || focus.screen().other_tag()>
                    {move || focus.def.with_value(|def| focus.screen().other_text(&def.name))}
                </p>
                <p class="about">{move || about(focus)}</p>
            </div>
            {figure(focus, level)}
            <dl class="metric-facts">{move || facts(focus)}</dl>
        </section>
    }
}

fn about(focus: Focus) -> Option<String> {
    let about = focus.def.with_value(|def| def.about.clone())?;
    Some(focus.screen().text(&about))
}

/// The number with all of its truth.
fn figure(focus: Focus, level: Memo<Level>) -> impl IntoView {
    let screen = focus.screen();
    let window = focus.def.with_value(Window::of);
    let truth = Signal::derive(move || {
        let point = focus.point()?;
        Some(select::truth(&point).over(window))
    });
    let value = Memo::new(move |_| {
        let v = focus.point()?.v?;
        Some(format::figure(v, &focus.unit()))
    });
    let stale = move || truth.read().is_some_and(|truth| truth.stale);
    let of = focus.def.with_value(|def| def.id.to_string());
    let unit = focus
        .def
        .with_value(|def| format::unit(&def.unit).to_owned());
    view! {
        <div class="metric-now" class:stale=stale data-figure=of>
            <p class="metric-where">
                <b>{move || focus.area_name()}</b>
                {move || window_text(focus)}
            </p>
            <p class="metric-figure">
                <span class="hero-figure" class:none=move || value.read().is_none()>
                    {move || value.get()}
                    <span class="unit">{unit}</span>
                </span>
                <Show
                    when=move || value.read().is_some()
                    fallback=move || view! { <span class="words">{nothing(screen, truth)}</span> }
                >
                    <LevelWord level=level />
                </Show>
            </p>
            <p class="truth">
                <TruthParts truth=truth basis=Basis::Sources detail=Detail::Full />
            </p>
            <p class="metric-flags">
                <Marks truth=truth unit=focus.unit() detail=Detail::Full />
                <span class="flag-words">{move || flag_words(focus)}</span>
            </p>
        </div>
    }
}

/// The live window, or when the chosen one ended.
fn window_text(focus: Focus) -> AnyView {
    let screen = focus.screen();
    match focus.place.read().at {
        None => view! { <span>{screen.word(Key::LiveWindow)}</span> }.into_any(),
        Some(at) => {
            let text = format!(
                "{} {}",
                screen.word(Key::ChosenWindow),
                format::stamp(at, screen.zone_ms.get())
            );
            let href = focus.href(|place| place.at = None);
            view! {
                <span class="chosen">{text}</span>
                <a class="action" href=href>{screen.word(Key::BackToNow)}</a>
            }
            .into_any()
        }
    }
}

/// Flags that have no mark of their own.
fn flag_words(focus: Focus) -> Option<String> {
    let marked = Flags::STALE
        .with(Flags::PARTIAL)
        .with(Flags::REVISED)
        .with(Flags::ANOMALY)
        .with(Flags::SUSPECT);
    let flags = focus.point()?.flags.without(marked);
    Some(words::flags(flags, focus.screen().language.get()))
}

/// Label and text, as far as there is something to say.
fn facts(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let language = screen.language.get();
    let typical = focus.point().and_then(|point| point.typical);
    let def = focus.def.get_value();
    let usual = {
        let learning = focus.lineage.read().here().and_then(|one| one.learning);
        let mut text = words::typical(typical.as_ref(), &def, learning, language);
        if let Some(z) = typical.and_then(|typical| typical.z) {
            text.push_str(" · ");
            text.push_str(&words::distance(z, language));
        }
        text
    };
    let unit = match format::unit(&def.unit) {
        "" => None,
        shown => Some(shown.to_owned()),
    };
    let facts = [
        (
            Key::Domain,
            Some(
                named(focus, &def, domain)
                    .map_or_else(|| def.domain.to_string(), |name| screen.text(&name)),
            ),
        ),
        (
            Key::Owner,
            named(focus, &def, owner).map(|name| screen.text(&name)),
        ),
        (Key::Unit, unit),
        (
            Key::WindowOf,
            def.window
                .as_ref()
                .and_then(|window| words::window(window, language)),
        ),
        (
            Key::Target,
            def.target.map(|target| with_unit(target, &def.unit)),
        ),
        (Key::TypicalName, Some(usual)),
        (Key::Version, Some(format!("{} · {}", def.version, def.id))),
    ];
    facts
        .into_iter()
        .filter_map(|(key, text)| {
            let text = text?;
            Some(view! {
                <div>
                    <dt>{screen.word(key)}</dt>
                    <dd>{text}</dd>
                </div>
            })
        })
        .collect_view()
}

type Catalogued = fn(&Catalog, &MetricDef) -> Option<Text>;

fn named(focus: Focus, def: &MetricDef, name: Catalogued) -> Option<Text> {
    focus.catalog.with_value(|catalog| name(catalog, def))
}

fn domain(catalog: &Catalog, def: &MetricDef) -> Option<Text> {
    catalog.words.domain.get(&def.domain).cloned()
}

/// The department that answers for the number: its own, else the one whose feeds it is about,
/// else that of its first feed.
fn owner(catalog: &Catalog, def: &MetricDef) -> Option<Text> {
    let of_source = || {
        let source = def.source.as_ref()?;
        let of_feed = || {
            let id = source.feed.first()?;
            let feed = catalog.feeds.iter().find(|def| def.id == *id)?;
            Some(feed.department.clone())
        };
        source.department.clone().or_else(of_feed)
    };
    let department = def.owner.clone().or_else(of_source)?;
    select::department(catalog, &department).cloned()
}
