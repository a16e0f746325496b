//! The observations behind a number, a page at a time: what each said, when it happened and when
//! it came, whether it counted and why not, and its raw message on request.

use egret_shared::text::Language;
use leptos::prelude::*;

use super::super::Focus;
use super::persons::persons_button;
use super::raw::raw_button;
use crate::api::metric::{self as api, Lineage, Observed};
use crate::format;
use crate::format::stamp;
use crate::i18n::{Key, metric as words};

const COLUMNS: [Key; 8] = [
    Key::Source,
    Key::Property,
    Key::Value,
    Key::Observed,
    Key::Delay,
    Key::FlagsName,
    Key::CountedName,
    Key::Raw,
];

/// The table of observations.
pub(super) fn observations(focus: Focus, lineage: &Lineage) -> AnyView {
    let screen = focus.screen();
    let first = &lineage.observations;
    if first.items.is_empty() {
        return view! {
            <h3>{screen.word(Key::Observations)}</h3>
            <p class="words">{screen.word(Key::NoObservations)}</p>
        }
        .into_any();
    }
    let items = RwSignal::new(first.items.clone());
    let next = RwSignal::new(first.next.clone());
    let at = lineage.point.as_ref().map(|point| point.end);
    let load = move |_| {
        let (key, Some(cursor)) = (focus.key.get_untracked(), next.get_untracked()) else {
            return;
        };
        next.set(None);
        leptos::task::spawn_local(async move {
            match api::lineage(&key, at, Some(cursor.as_str())).await {
                // The signals end with the table.
                Ok(more) => {
                    items.try_update(|items| items.extend(more.observations.items));
                    next.try_set(more.observations.next);
                }
                Err(error) => {
                    leptos::logging::warn!("more observations: {error}");
                    next.try_set(Some(cursor));
                }
            }
        });
    };
    let heads = COLUMNS.map(|key| view! { <th scope="col">{screen.word(key)}</th> });
    view! {
        <h3>{screen.word(Key::Observations)}</h3>
        <div class="scroll" tabindex="0" role="group" aria-label=screen.word(Key::Observations)>
            <table class="observations">
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <For
                    each=move || items.get().into_iter().enumerate()
                    key=|(place, _)| *place
                    let((_, observed))
                >
                    {row(focus, &observed)}
                </For>
            </table>
        </div>
        <Show when=move || next.read().is_some()>
            <button type="button" class="action more" on:click=load>
                {screen.word(Key::More)}
            </button>
        </Show>
    }
    .into_any()
}

/// An observation, and below it the place where its raw message opens.
fn row(focus: Focus, observed: &Observed) -> impl IntoView + use<> {
    let screen = focus.screen();
    let language = screen.language.get_untracked();
    let zone_ms = screen.zone_ms.get_untracked();
    let delay_ms = observed.received_at.since(observed.observed_at).ms();
    let received = stamp(observed.received_at, zone_ms);
    let counted = match (observed.counted, observed.why.as_deref()) {
        (true, _) => screen.word(Key::Counted).to_owned(),
        (false, Some(why)) => {
            format!(
                "{}: {}",
                screen.word(Key::NotCounted),
                words::not_counted(why, language)
            )
        }
        (false, None) => screen.word(Key::NotCounted).to_owned(),
    };
    let (property, value) = said(focus, observed, language);
    let begin = observed.begin.as_ref();
    let begun = begin.map(|begin| format!("{} – ", stamp(begin.observed_at, zone_ms)));
    let messages = begin
        .map(|begin| begin.seq)
        .into_iter()
        .chain([observed.seq]);
    let (buttons, opened): (Vec<_>, Vec<_>) = messages.map(|seq| raw_button(screen, seq)).unzip();
    let report = observed.report.as_ref();
    let persons = report.map(|report| persons_button(screen, &observed.feed, report));
    let (person_button, person_row) = persons.unzip();
    view! {
        <tbody class:left-out=!observed.counted>
            <tr>
                <th scope="row">{source(focus, observed, language)}</th>
                <td>{property}</td>
                <td class="number">{value}</td>
                <td>{begun} {stamp(observed.observed_at, zone_ms)}</td>
                <td class="number" title=received>{delay(delay_ms, language)}</td>
                <td>{words::flags(observed.flags, language)}</td>
                <td class="counted">{counted}</td>
                <td>{buttons} {person_button}</td>
            </tr>
            {opened}
            {person_row}
        </tbody>
    }
}

/// How long it took to arrive: to the tenth of a second, or in the unit that fits.
fn delay(ms: i64, language: Language) -> String {
    /// From here on tenths say nothing.
    const LONG_MS: i64 = 100_000;
    if ms < LONG_MS {
        format::delay(ms, language)
    } else {
        format::age(ms, language)
    }
}

/// Who told it: the feed, and its asset or report.
fn source(focus: Focus, observed: &Observed, language: Language) -> String {
    let feed = focus.catalog.with_value(|catalog| {
        let mut feeds = catalog.feeds.iter();
        let def = feeds.find(|def| def.id == observed.feed);
        def.map_or_else(
            || observed.feed.to_string(),
            |def| def.name.get(language).to_owned(),
        )
    });
    let asset = observed.asset.as_ref().map(ToString::to_string);
    let report = observed.report.as_ref().map(ToString::to_string);
    match asset.or(report) {
        Some(which) => format!("{feed} · {which}"),
        None => feed,
    }
}

/// What was told, and how much: a property and its value, the kind of report and its state, or
/// between which states how long it took.
fn said(focus: Focus, observed: &Observed, language: Language) -> (String, String) {
    focus.catalog.with_value(|catalog| {
        let state = |id: &str| {
            let name = catalog.words.report_state.get(id);
            name.map_or_else(|| id.to_owned(), |name| name.get(language).to_owned())
        };
        let number = |unit: &str| {
            let v = observed.v.map_or_else(|| "–".to_owned(), |v| v.to_string());
            format!("{v} {}", format::unit(unit)).trim_end().to_owned()
        };
        if let Some(id) = &observed.property {
            let def = catalog.properties.iter().find(|def| def.id == *id);
            let name = def.map_or(id.as_str(), |def| def.name.get(language));
            return (name.to_owned(), number(def.map_or("1", |def| &def.unit)));
        }
        let entered = observed.state.as_deref().map(state).unwrap_or_default();
        if let Some(begin) = &observed.begin {
            return (
                format!("{} – {entered}", state(&begin.state)),
                number(&focus.unit()),
            );
        }
        let category = observed.category.as_deref().map(|id| {
            let of_feed = catalog.words.category.get(&observed.feed);
            let name = of_feed.and_then(|names| names.get(id));
            name.map_or_else(|| id.to_owned(), |name| name.get(language).to_owned())
        });
        (category.unwrap_or_default(), entered)
    })
}
