//! What the keyboard does.

use leptos::prelude::*;

use crate::i18n::Key;
use crate::screen::screen;

const KEYS: [(&str, Key); 4] = [
    ("L", Key::HelpLanguage),
    ("Tab", Key::HelpPlaces),
    ("← ↑ ↓ →  + −", Key::HelpMap),
    ("?", Key::HelpHelp),
];

/// The help, over everything; Escape closes it.
#[component]
pub(crate) fn Help(open: RwSignal<bool>) -> impl IntoView {
    let screen = screen();
    let rows = KEYS.map(|(keys, what)| {
        view! {
            <dt>
                <kbd>{keys}</kbd>
            </dt>
            <dd>{move || screen.word(what)}</dd>
        }
    });
    view! {
        <div class="help" role="dialog" aria-modal="true" aria-label=move || screen.word(Key::Help)>
            <h2>{move || screen.word(Key::Help)}</h2>
            <dl>{rows}</dl>
            <button type="button" on:click=move |_| open.set(false)>
                {move || screen.word(Key::Close)}
            </button>
        </div>
    }
}
