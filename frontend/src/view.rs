//! The whole screen: context, keyboard, routes.

mod head;
mod help;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::components::{Redirect, Route, Router, Routes};
use leptos_router::path;
use web_sys::KeyboardEvent;

use crate::page::{data::Data, metric::Metric, not_found::NotFound, wall::Wall};
use crate::screen::Screen;
use crate::socket;
use crate::store::Store;
use crate::store::link::Link;

use head::Head;
use help::Help;

/// The screen. Mounted once.
#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::start();
    socket::start(store);
    let screen = Screen::provide(store);
    let help = RwSignal::new(false);
    listen_to_keys(screen, help);
    let lost = move || matches!(store.link.get(), Link::Lost | Link::Outdated);
    view! {
        <Router>
            <div class="screen" class:lost=lost>
                <Head help=help />
                <main>
                    <Routes fallback=|| view! { <NotFound /> }>
                        <Route path=path!("/") view=|| view! { <Redirect path="/wall/overview" /> } />
                        <Route path=path!("/wall/:scene") view=Wall />
                        <Route path=path!("/metric/:id") view=Metric />
                        <Route path=path!("/data") view=Data />
                    </Routes>
                </main>
                <Show when=move || help.get()>
                    <Help open=help />
                </Show>
            </div>
        </Router>
    }
}

/// Keys that work everywhere but in text fields.
fn listen_to_keys(screen: Screen, help: RwSignal<bool>) {
    let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "l" | "L" => screen.switch_language(),
            "?" => help.update(|open| *open = !*open),
            "Escape" => help.set(false),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}
