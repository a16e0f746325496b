//! A dialog over the page: the focus goes into it, stays in it, and goes back where it was.

use leptos::html;
use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast as _;

use crate::i18n::Phrase;
use crate::i18n::admin::Admin;
use crate::screen::screen;
use crate::widget::form::{Form, button};

/// A dialog that is open for as long as it is there. Escape asks `close` to take it away.
pub(crate) fn dialog(
    title: impl Fn() -> String + Send + Sync + 'static,
    close: Callback<()>,
    content: AnyView,
) -> AnyView {
    dialog_of(Signal::derive(title), close, content)
}

fn dialog_of(title: Signal<String>, close: Callback<()>, content: AnyView) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    let before = StoredValue::new_local(document().active_element());
    node.on_load(|node| {
        if let Err(error) = node.show_modal() {
            leptos::logging::error!("a dialog does not open: {error:?}");
        }
    });
    on_cleanup(move || {
        let before = before.try_get_value().flatten();
        let before = before.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(before) = before.filter(|element| element.is_connected()) {
            // After the dialog has left the page: until then nothing else can have the focus.
            request_animation_frame(move || drop(before.focus()));
        }
    });
    let id = crate::widget::figure::next_id();
    let labelled = id.clone();
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-labelledby=labelled
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                close.run(());
            }
            on:close=move |_| {
                // A browser lets a second Escape close it unasked.
                close.run(());
                request_animation_frame(move || open_again(node));
            }
        >
            <h2 id=id>{move || title.get()}</h2>
            {content}
        </dialog>
    }
    .into_any()
}

/// A dialog that may not go yet is not gone.
fn open_again(node: NodeRef<html::Dialog>) {
    let node = node.try_get_untracked().flatten();
    let Some(node) = node.filter(|node| node.is_connected() && !node.open()) else {
        return;
    };
    if let Err(error) = node.show_modal() {
        leptos::logging::error!("a dialog does not open again: {error:?}");
    }
}

/// Asks whether something that cannot be undone is meant.
pub(crate) fn confirm(
    title: impl Fn() -> String + Send + Sync + 'static,
    about: impl Into<Phrase>,
    word: impl Into<Phrase>,
    form: Form,
    close: Callback<()>,
    act: impl Fn() + 'static,
) -> AnyView {
    dialog(title, close, confirm_content(about, word, form, close, act))
}

/// What such a dialog holds.
pub(crate) fn confirm_content(
    about: impl Into<Phrase>,
    word: impl Into<Phrase>,
    form: Form,
    close: Callback<()>,
    act: impl Fn() + 'static,
) -> AnyView {
    said(
        about.into(),
        form,
        close,
        form.button("danger-button", word, act),
    )
}

fn said(about: Phrase, form: Form, close: Callback<()>, act: AnyView) -> AnyView {
    let screen = screen();
    view! {
        <p>{move || screen.phrase(about)}</p>
        {form.failure()}
        {row(close, act)}
    }
    .into_any()
}

/// The buttons at a form's end.
pub(crate) fn buttons(form: Form, word: impl Into<Phrase>, close: Callback<()>) -> AnyView {
    row(close, form.submit(word))
}

fn row(close: Callback<()>, act: AnyView) -> AnyView {
    let cancel = button("", Admin::Cancel, move || close.run(()));
    view! { <div class="dialog-buttons">{cancel} {act}</div> }.into_any()
}
