//! `/`: leads everybody to the first thing they may see.

use leptos::prelude::*;
use leptos_router::components::{A, Redirect};

use egret_shared::access::Right;

use crate::i18n::Key;
use crate::i18n::access::Access;
use crate::screen::screen;
use crate::session::{session, way};

/// The page.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let first = Memo::new(move |_| {
        let catalog = screen.store.catalog.read();
        let scenes = catalog.as_ref().map(|catalog| &catalog.scenes)?;
        Some(scenes.first().map(|scene| format!("/wall/{}", scene.id)))
    });
    move || {
        if !session.has(Right::See) {
            return if session.has(Right::Audit) {
                view! { <Redirect path="/admin/audit" /> }.into_any()
            } else {
                said(Access::NoGrants)
            };
        }
        match first.get() {
            Some(Some(scene)) => view! { <Redirect path=scene /> }.into_any(),
            Some(None) => said(Access::NoGrants),
            None => view! {
                <div class="nowhere">
                    <p>{screen.word(Key::Connecting)}</p>
                </div>
            }
            .into_any(),
        }
    }
}

fn said(word: Access) -> AnyView {
    let screen = screen();
    view! {
        <div class="nowhere">
            <p>{move || screen.word(word)}</p>
            <A href=way::ME>{move || screen.word(Access::MyPage)}</A>
        </div>
    }
    .into_any()
}
