//! Where everything is open nobody is signed in, and four eyes need two people: somebody says whose
//! part they play.

use leptos::prelude::*;

use crate::i18n::case::Case as Word;
use crate::screen::screen;
use crate::session::session;

/// The longest name that the server takes. Characters.
const NAME_CHARS_MAX: usize = 32;

/// The field for it; nothing where people sign in.
pub(crate) fn played() -> AnyView {
    let (screen, session) = (screen(), session());
    let is_open = Memo::new(move |_| session.is_open());
    (move || {
        if !is_open.get() {
            return None;
        }
        let keep = move |event| {
            let name = event_target_value(&event);
            let name: String = name.trim().chars().take(NAME_CHARS_MAX).collect();
            session.play(&name);
        };
        Some(view! {
            <label class="played">
                <span>{move || screen.word(Word::PlayedAs)}</span>
                <input
                    type="text"
                    autocomplete="off"
                    maxlength=NAME_CHARS_MAX.to_string()
                    placeholder="open"
                    prop:value=move || session.played.get()
                    on:change=keep
                />
            </label>
        })
    })
    .into_any()
}
