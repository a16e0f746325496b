//! The menu of somebody who is signed in: their own page, administration, signing out.

use leptos::prelude::*;
use leptos_router::components::A;
use web_sys::wasm_bindgen::JsCast as _;

use egret_shared::access::Right;

use crate::i18n::access::Access;
use crate::i18n::case::Desk;
use crate::page::me::SignOut;
use crate::screen::screen;
use crate::session::{session, way};
use crate::widget::figure::next_id;

/// The menu; nothing for a wall and where everything is open.
#[component]
pub(crate) fn Menu() -> impl IntoView {
    let (screen, session) = (screen(), session());
    let name = Memo::new(move |_| session.person().map(|who| who.display));
    let manages = move || session.has(Right::Administer) || session.has(Right::Audit);
    let sees = move || session.has(Right::See);
    let is_open = RwSignal::new(false);
    let node = NodeRef::<leptos::html::Div>::new();
    let left = move |event: web_sys::FocusEvent| {
        let to = event.related_target();
        let to = to.and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        // Taking the menu away moves the focus, too, and then there is nothing left to close.
        let node = node.try_get_untracked().flatten();
        if !node.is_some_and(|node| node.contains(to.as_ref())) {
            is_open.try_set(false);
        }
    };
    let key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            is_open.set(false);
        }
    };
    let id = StoredValue::new(next_id());
    move || {
        let name = name.get()?;
        let label = name.clone();
        Some(view! {
            <div class="menu" node_ref=node on:focusout=left on:keydown=key>
                <button
                    type="button"
                    aria-expanded=move || is_open.get().to_string()
                    aria-controls=move || is_open.get().then(|| id.get_value())
                    aria-label=move || format!("{label} · {}", screen.word(Access::Menu))
                    on:click=move |_| is_open.update(|open| *open = !*open)
                >
                    {name}
                </button>
                <Show when=move || is_open.get()>
                    <div class="menu-items" id=id.get_value()>
                        <A href=way::ME on:click=move |_| is_open.set(false)>
                            {move || screen.word(Access::MyPage)}
                        </A>
                        <Show when=sees>
                            <A href="/desk" on:click=move |_| is_open.set(false)>
                                {move || screen.word(Desk::Title)}
                            </A>
                        </Show>
                        <Show when=manages>
                            <A href="/admin" on:click=move |_| is_open.set(false)>
                                {move || screen.word(Access::AdminPage)}
                            </A>
                        </Show>
                        <SignOut />
                    </div>
                </Show>
            </div>
        })
    }
}
