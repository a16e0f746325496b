//! `/incident/:id`: one incident with all that is known of it, all that was done, and all that can
//! be done next.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use egret_shared::catalog::Catalog;
use egret_shared::id::IncidentId;

use crate::i18n::Key;
use crate::i18n::case::Case as Word;
use crate::page::case::{Folder, played};
use crate::screen::screen;
use crate::widget::keys::letter_of;

/// The page.
#[component]
pub(crate) fn Incident() -> impl IntoView {
    let screen = screen();
    let params = use_params_map();
    let wanted = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    move || {
        let id = IncidentId::new(wanted.get());
        match screen.store.catalog.get() {
            Some(catalog) => page(&catalog, &id),
            None => view! {
                <div class="nowhere">
                    <p>{screen.word(Key::Loading)}</p>
                </div>
            }
            .into_any(),
        }
    }
}

fn page(catalog: &Arc<Catalog>, id: &IncidentId) -> AnyView {
    let screen = screen();
    let folder = Folder::open(catalog, id);
    listen_to_letters(folder);
    let title = folder.title();
    let name = move || {
        let title = title.get().map(|title| screen.text(&title));
        title.unwrap_or_else(|| screen.word(Word::IncidentWord).to_owned())
    };
    view! {
        <div class="incident" tabindex="0" role="region" aria-label=name>
            <div class="back">
                <A href="/desk">{move || screen.word(Word::BackToDesk)}</A>
                {played()}
            </div>
            {folder.view(false)}
        </div>
    }
    .into_any()
}

/// One key does what a button does.
fn listen_to_letters(folder: Folder) {
    let handle = window_event_listener(ev::keydown, move |event| {
        let act = letter_of(&event)
            .filter(|_| !folder.is_writing())
            .and_then(|key| folder.act_of(&key));
        if let Some(act) = act {
            event.prevent_default();
            folder.begin(act);
        }
    });
    on_cleanup(move || handle.remove());
}
