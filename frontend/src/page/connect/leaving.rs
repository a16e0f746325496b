//! Nobody loses by a slip what is not connected yet: the browser asks before it closes the page,
//! and the page before it follows one of its own links.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::wasm_bindgen::JsCast as _;
use web_sys::wasm_bindgen::closure::Closure;

use crate::i18n::connect::Connect as Word;
use crate::widget::dialog::confirm;
use crate::widget::form::Form;

use super::bench::Bench;

/// Listens while the page is there; the question, while it is open.
pub(super) fn guard(bench: Bench) -> AnyView {
    let wanted = RwSignal::new(None::<String>);
    let closing = window_event_listener(ev::beforeunload, move |event| {
        if bench.is_unsaved.try_get_untracked() == Some(true) {
            event.prevent_default();
        }
    });
    on_cleanup(move || closing.remove());
    watch_links(bench, wanted);
    let navigate = StoredValue::new(use_navigate());
    let question = move || {
        wanted.get().map(|href| {
            let leave = move || {
                bench.forget();
                wanted.set(None);
                navigate.with_value(|navigate| navigate(&href, NavigateOptions::default()));
            };
            let stay = Callback::new(move |()| wanted.set(None));
            let title = move || bench.word(Word::LeaveTitle).to_owned();
            confirm(title, Word::LeaveAsk, Word::Leave, Form::new(), stay, leave)
        })
    };
    question.into_any()
}

/// Holds up clicks on links of this page, before the router hears of them.
fn watch_links(bench: Bench, wanted: RwSignal<Option<String>>) {
    let hold = Closure::<dyn Fn(web_sys::MouseEvent)>::new(move |event: web_sys::MouseEvent| {
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        let is_unsaved = bench.is_unsaved.try_get_untracked() == Some(true);
        if let Some(href) = link_of(&event).filter(|_| is_plain && is_unsaved) {
            event.prevent_default();
            event.stop_propagation();
            wanted.try_set(Some(href));
        }
    });
    let target = document();
    let listener = hold.as_ref().unchecked_ref::<web_sys::js_sys::Function>();
    let added = target.add_event_listener_with_callback_and_bool("click", listener, true);
    if let Err(error) = added {
        leptos::logging::warn!("links are not held up: {error:?}");
    }
    let hold = StoredValue::new_local(Some(hold));
    on_cleanup(move || {
        let hold = hold.try_update_value(Option::take).flatten();
        let Some(hold) = hold else {
            return;
        };
        let listener = hold.as_ref().unchecked_ref::<web_sys::js_sys::Function>();
        let removed =
            document().remove_event_listener_with_callback_and_bool("click", listener, true);
        if let Err(error) = removed {
            leptos::logging::warn!("links are still held up: {error:?}");
        }
    });
}

/// The path that a click leads to, if it is on a link within the page's own site.
fn link_of(event: &web_sys::MouseEvent) -> Option<String> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let link = element.closest("a[href]").ok().flatten()?;
    let href = link.get_attribute("href")?;
    (href.starts_with('/') && !href.starts_with("//")).then_some(href)
}
