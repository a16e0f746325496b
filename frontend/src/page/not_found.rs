//! For addresses that lead nowhere.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::i18n::Key;
use crate::screen::screen;

/// Says so, and shows the way back.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! { <Nowhere key=Key::NotFound /> }
}

/// Says what is not there, and shows the way back.
#[component]
pub(crate) fn Nowhere(key: Key) -> impl IntoView {
    let screen = screen();
    view! {
        <div class="nowhere">
            <p>{move || screen.word(key)}</p>
            <A href="/">{move || screen.word(Key::BackToWall)}</A>
        </div>
    }
}
