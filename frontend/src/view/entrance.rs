//! What stands before the city while nobody is inside: the pages on which one comes in.

use leptos::prelude::*;

use crate::i18n::access::Access;
use crate::i18n::{Key, Phrase};
use crate::page::me::MustChange;
use crate::page::pair::Pair;
use crate::page::sign_in::SignIn;
use crate::page::start::Start;
use crate::screen::screen;
use crate::session::{Gate, session};

use super::head::{Egret, LanguageKey};

/// The page for whoever is at the gate.
#[component]
pub(crate) fn Entrance() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let gate = Memo::new(move |_| session.gate.get());
    let page = move || match gate.get() {
        Gate::Asking => words(Key::Connecting),
        Gate::Entering => words(Access::WallEntering),
        Gate::Start => view! { <Start /> }.into_any(),
        Gate::SignIn => view! { <SignIn /> }.into_any(),
        Gate::Pair => view! { <Pair /> }.into_any(),
        Gate::Password => view! { <MustChange /> }.into_any(),
        Gate::Inside => ().into_any(),
    };
    view! {
        <div class="screen entrance">
            <header class="head">
                <div class="brand">
                    <Egret />
                    <b>{move || screen.word(Key::Product)}</b>
                </div>
                <div class="head-keys">
                    <LanguageKey />
                </div>
            </header>
            <main>{page}</main>
        </div>
    }
}

fn words(word: impl Into<Phrase>) -> AnyView {
    let word = word.into();
    let screen = screen();
    view! {
        <div class="nowhere">
            <p role="status">{move || screen.phrase(word)}</p>
        </div>
    }
    .into_any()
}
