//! A secret that is shown once, with a button that copies it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::Reflect;

use crate::i18n::admin::Admin;
use crate::screen::screen;
use crate::widget::form::button;

/// Name and value of each thing to be kept, with the words that this is the only time.
pub(crate) fn made(rows: Vec<(Admin, String)>, close: Callback<()>) -> AnyView {
    let screen = screen();
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, value)| secret(name, value))
        .collect();
    view! {
        <div class="secrets">
            <p class="warning" role="status">
                {move || screen.word(Admin::SecretOnce)}
            </p>
            {rows}
            <div class="dialog-buttons">
                {button("main-button", Admin::Done, move || close.run(()))}
            </div>
        </div>
    }
    .into_any()
}

fn secret(name: Admin, value: String) -> impl IntoView {
    let screen = screen();
    let node = NodeRef::<html::Input>::new();
    let said = RwSignal::new(None::<Admin>);
    let id = crate::widget::figure::next_id();
    let label_for = id.clone();
    let text = value.clone();
    let copy = move || {
        let (text, node) = (text.clone(), node.get_untracked());
        leptos::task::spawn_local(async move {
            let select = || {
                if let Some(node) = node {
                    node.select();
                }
            };
            let word = if copied(&text, select).await {
                Admin::Copied
            } else {
                Admin::CopyFailed
            };
            said.try_set(Some(word));
        });
    };
    view! {
        <div class="field">
            <label for=label_for>{move || screen.word(name)}</label>
            <div class="field-line">
                <input id=id type="text" class="code" readonly node_ref=node prop:value=value />
                {button("", Admin::Copy, copy)}
            </div>
            <p class="field-about" role="status">
                {move || said.get().map(|word| screen.word(word))}
            </p>
        </div>
    }
}

/// Copies by the clipboard, or where there is none as a person would: what `select` selects; where
/// that does nothing, the text stays selected.
pub(crate) async fn copied(text: &str, select: impl FnOnce()) -> bool {
    if copied_by_clipboard(text).await {
        return true;
    }
    select();
    copied_by_hand()
}

/// Copies by the clipboard, which browsers have only under TLS and on a loopback address.
async fn copied_by_clipboard(text: &str) -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    let navigator = window.navigator();
    let has_one = Reflect::get(&navigator, &"clipboard".into())
        .is_ok_and(|clipboard| !clipboard.is_undefined());
    has_one
        && JsFuture::from(navigator.clipboard().write_text(text))
            .await
            .is_ok()
}

/// Copies what is selected.
fn copied_by_hand() -> bool {
    let command = Reflect::get(&document(), &"execCommand".into());
    let command = command.map(web_sys::js_sys::Function::from);
    let done = command.and_then(|command| command.call1(&document(), &"copy".into()));
    done.is_ok_and(|done| done.is_truthy())
}
