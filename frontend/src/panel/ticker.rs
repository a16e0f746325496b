//! `ticker`: the newest events, newest first; a new one fades in.

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::event::Event;
use egret_shared::level::Level;
use egret_shared::package::scene::PanelDef;

use crate::i18n::{self, Key};
use crate::screen::screen;
use crate::select::Truth;
use crate::widget::figure::Said;
use crate::widget::frame::{Frame, Words, both, title_of};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;

/// The most rows that are built: twice what the tallest panel of a wall shows.
const ROWS_MAX: usize = 40;

/// The panel.
pub(crate) fn panel(def: &PanelDef, _catalog: &Catalog) -> AnyView {
    let store = screen().store;
    let newest = move || {
        let events = store.events.read();
        events
            .iter()
            .rev()
            .take(ROWS_MAX)
            .cloned()
            .collect::<Vec<_>>()
    };
    let nothing = Signal::derive(move || {
        if store.has_city.get() {
            Key::NoEvents
        } else {
            Key::Loading
        }
    });
    view! {
        <Frame title=title_of(def, &both(Key::Ticker)) kind="ticker">
            <Show when=move || store.events.read().is_empty()>
                <Words key=nothing />
            </Show>
            <ol class="ticker">
                <For each=newest key=|event| event.id let:event>
                    {line(event)}
                </For>
            </ol>
        </Frame>
    }
    .into_any()
}

fn line(event: Event) -> impl IntoView {
    let screen = screen();
    let at = event.at;
    // News of something getting better is told without alarm.
    let level = if i18n::is_relief(event.kind) {
        Level::Normal
    } else {
        event.level
    };
    let (source, text) = (event.source, event.text);
    let truth = Signal::stored(Truth::of_count(1, 1, Some(at), at));
    view! {
        <li class=level_class(level)>
            <time>{move || screen.clock(at)}</time>
            <LevelMark level=level />
            <span class="ticker-source">{move || screen.text(&source)}</span>
            <span class="ticker-text">
                <Said of="event" truth=truth basis=Basis::One>
                    {move || screen.text(&text)}
                </Said>
            </span>
        </li>
    }
}
