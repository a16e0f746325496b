//! The whole screen: context, keyboard, and either a way in or the routes.

mod entrance;
mod head;
mod help;
mod menu;
mod mode;
mod pace;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use web_sys::KeyboardEvent;

use egret_shared::mode::Mode as CityMode;

use crate::kiosk::Kiosk;
use crate::page::admin::Admin;
use crate::page::{
    data::Data,
    desk::Desk,
    home::{Home, seeing},
    incident::Incident,
    me::Me,
    metric::Metric,
    not_found::NotFound,
    wall::Wall,
};
use crate::screen::{Screen, screen};
use crate::session::{Gate, Session};
use crate::store::Store;
use crate::store::link::Link;
use crate::widget::keys::is_writing;

use entrance::Entrance;
use head::Head;
use help::Help;
use mode::Announcement;

/// The screen. Mounted once.
#[component]
pub(crate) fn App() -> impl IntoView {
    let store = Store::start();
    let screen = Screen::provide(store);
    let session = Session::start(store);
    let help = RwSignal::new(false);
    listen_to_keys(screen, help);
    let is_inside = Memo::new(move |_| session.gate.get() == Gate::Inside);
    move || {
        if is_inside.get() {
            view! { <Inside help=help /> }.into_any()
        } else {
            view! { <Entrance /> }.into_any()
        }
    }
}

/// What somebody sees who is inside.
#[component]
fn Inside(help: RwSignal<bool>) -> impl IntoView {
    let store = screen().store;
    Kiosk::provide();
    let lost = move || matches!(store.link.get(), Link::Lost | Link::Outdated);
    let emergency = move || store.mode.read().mode == CityMode::Emergency;
    view! {
        <Router>
            <div class="screen" class:lost=lost class:emergency=emergency>
                <Head help=help />
                <Announcement />
                <main>
                    <Routes fallback=|| view! { <NotFound /> }>
                        <Route path=path!("/") view=Home />
                        <Route
                            path=path!("/wall/:scene")
                            view=|| seeing(|| view! { <Wall /> }.into_any())/>
                        <Route
                            path=path!("/metric/:id")
                            view=|| seeing(|| view! { <Metric /> }.into_any())/>
                        <Route
                            path=path!("/incident/:id")
                            view=|| seeing(|| view! { <Incident /> }.into_any())/>
                        <Route path=path!("/desk") view=|| seeing(|| view! { <Desk /> }.into_any())/>
                        <Route path=path!("/data") view=|| seeing(|| view! { <Data /> }.into_any())/>
                        <Route path=path!("/me") view=Me />
                        <Route path=path!("/admin") view=Admin />
                        <Route path=path!("/admin/:part") view=Admin />
                    </Routes>
                </main>
                <Show when=move || help.get()>
                    <Help open=help />
                </Show>
            </div>
        </Router>
    }
}

/// Keys that work everywhere but where somebody writes.
fn listen_to_keys(screen: Screen, help: RwSignal<bool>) {
    let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "Escape" => help.set(false),
            _ if is_writing(&event) => {}
            "l" | "L" => screen.switch_language(),
            "?" => help.update(|open| *open = !*open),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}
