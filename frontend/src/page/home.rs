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
        let found = if session.has(Right::See) {
            first.get()
        } else if session.has(Right::Audit) {
            Some(Some("/admin/audit".to_owned()))
        } else {
            Some(None)
        };
        match found {
            Some(Some(path)) => view! { <Redirect path=path /> }.into_any(),
            Some(None) => nothing_granted(),
            None => view! {
                <div class="nowhere">
                    <p>{screen.word(Key::Connecting)}</p>
                </div>
            }
            .into_any(),
        }
    }
}

/// What only those see who see something of the city.
pub(crate) fn seeing(page: fn() -> AnyView) -> AnyView {
    let session = session();
    let sees = Memo::new(move |_| session.has(Right::See));
    (move || {
        if sees.get() {
            page()
        } else {
            nothing_granted()
        }
    })
    .into_any()
}

fn nothing_granted() -> AnyView {
    let screen = screen();
    view! {
        <div class="nowhere">
            <p>{move || screen.word(Access::NoGrants)}</p>
            <A href=way::ME>{move || screen.word(Access::MyPage)}</A>
        </div>
    }
    .into_any()
}
