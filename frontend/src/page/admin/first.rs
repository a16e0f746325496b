//! `/admin` itself: leads to the first part that one may see.

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::i18n::admin::Admin as Word;
use crate::screen::screen;
use crate::session::session;

/// The page.
#[component]
pub(crate) fn First() -> impl IntoView {
    let (screen, session) = (screen(), session());
    move || match super::parts(session).next() {
        Some((href, _)) => view! { <Redirect path=href /> }.into_any(),
        None => view! { <p class="words">{screen.word(Word::NotAllowed)}</p> }.into_any(),
    }
}
