//! The table twin of the warnings on the map.

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;

use super::label::until_text;
use super::{Notice, Warned, written};
use crate::format;
use crate::i18n::map::MapWord;
use crate::i18n::{Key, level_key};
use crate::screen::{Screen, screen};

/// A row for each warning in each place; nothing while there is none.
#[component]
pub(in crate::panel::map) fn WarningTwin(
    warned: Signal<Arc<[Warned]>>,
    catalog: Arc<Catalog>,
) -> impl IntoView {
    let screen = screen();
    let rows = move || {
        let warned = warned.get();
        let written = written(&warned);
        let more = warned.len() - written.len();
        let rows = written.iter().flat_map(|warned| {
            let mut areas = catalog.areas.iter();
            let area = areas.find(|area| warned.is_area() && area.code.as_str() == warned.id);
            let area = area.map(|area| screen.text(&area.name)).unwrap_or_default();
            let row = move |notice| row(screen, notice, area.clone());
            warned.notices.iter().map(row).collect::<Vec<_>>()
        });
        let more = (more > 0).then(|| {
            let more = format!("+{more} {}", screen.word(MapWord::MorePlaces));
            view! { <tr><th scope="row" colspan="6">{more}</th></tr> }
        });
        (rows.collect_view(), more)
    };
    view! {
        <Show when=move || !warned.read().is_empty()>
            <table class="unseen warned-twin">
                <caption>{move || screen.word(MapWord::Warnings)}</caption>
                <thead>
                    <tr>
                        <th scope="col">{move || screen.word(MapWord::Warning)}</th>
                        <th scope="col">{move || screen.word(Key::Level)}</th>
                        <th scope="col">{move || screen.word(Key::Area)}</th>
                        <th scope="col">{move || screen.word(MapWord::From)}</th>
                        <th scope="col">{move || screen.word(MapWord::Until)}</th>
                        <th scope="col">{move || screen.word(MapWord::IssuedBy)}</th>
                    </tr>
                </thead>
                <tbody>{rows.clone()}</tbody>
            </table>
        </Show>
    }
}

fn row(screen: Screen, notice: &Notice, area: String) -> impl IntoView + use<> {
    let text = screen.text(&notice.text);
    let text = match notice.headline.as_str() {
        "" => text,
        headline => format!("{headline} · {text}"),
    };
    let until = notice.until.map(|until| until_text(screen, until));
    let until = until.unwrap_or_else(|| screen.word(MapWord::NoEnd).to_owned());
    let by = notice.by.as_ref().map(|by| screen.text(by));
    view! {
        <tr>
            <th scope="row">{text}</th>
            <td>{screen.word(level_key(notice.level))}</td>
            <td>{area}</td>
            <td>
                <time>{format::stamp_short(notice.at, screen.zone_ms.get())}</time>
            </td>
            <td>
                <time>{until}</time>
            </td>
            <td>{by}</td>
        </tr>
    }
}
