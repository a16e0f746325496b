//! The screen: context, keyboard, and either a way in or the routes of a program.

mod head;
mod help;
mod menu;
mod mode;
mod pace;
pub(crate) mod wall;
pub(crate) mod whole;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::components::Router;
use web_sys::KeyboardEvent;

use egret_shared::mode::Mode as CityMode;

use crate::i18n::{Key, Phrase};
use crate::kiosk::Kiosk;
use crate::screen::theme::theme;
use crate::screen::{Screen, screen};
use crate::session::{Gate, Session, session};
use crate::store::Store;
use crate::store::link::Link;
use crate::widget::keys::is_writing;

use head::{Egret, Head, LanguageKey};
use help::Help;
use mode::Announcement;

/// What one program shows and another does not.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    /// The pages, for whoever is inside; within a router.
    routes: fn() -> AnyView,
    /// The pages at the gate.
    gate: fn(Gate) -> AnyView,
}

/// The screen. Mounted once.
pub(crate) fn app(parts: Parts) -> impl IntoView {
    let store = Store::start();
    let screen = Screen::provide(store);
    let session = Session::start(store);
    let help = RwSignal::new(false);
    listen_to_keys(screen, help);
    let is_inside = Memo::new(move |_| session.gate.get() == Gate::Inside);
    move || {
        if is_inside.get() {
            inside(parts.routes, help)
        } else {
            entrance(parts.gate)
        }
    }
}

/// What somebody sees who is inside.
fn inside(routes: fn() -> AnyView, help: RwSignal<bool>) -> AnyView {
    let store = screen().store;
    Kiosk::provide();
    let lost = move || matches!(store.link.get(), Link::Lost | Link::Outdated);
    let emergency = move || store.mode.read().mode == CityMode::Emergency;
    view! {
        <Router>
            <div class="screen" class:lost=lost class:emergency=emergency>
                <Head help=help />
                <Announcement />
                <main>{routes()}</main>
                <Show when=move || help.get()>
                    <Help open=help />
                </Show>
            </div>
        </Router>
    }
    .into_any()
}

/// What stands before the city while nobody is inside.
fn entrance(page: fn(Gate) -> AnyView) -> AnyView {
    let (screen, session) = (screen(), session());
    let gate = Memo::new(move |_| session.gate.get());
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
            <main>{move || page(gate.get())}</main>
        </div>
    }
    .into_any()
}

/// A page of a few words.
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

fn is_wall() -> bool {
    let path = web_sys::window().and_then(|window| window.location().pathname().ok());
    path.is_some_and(|path| path.starts_with("/wall/"))
}

/// Keys that work everywhere but where somebody writes.
fn listen_to_keys(screen: Screen, help: RwSignal<bool>) {
    let theme = theme();
    let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "Escape" => help.set(false),
            _ if is_writing(&event) => {}
            "l" | "L" => screen.switch_language(),
            // Where cases are worked it is the letter of an act.
            "t" | "T" if is_wall() => theme.update(|theme| *theme = theme.other()),
            "?" => help.update(|open| *open = !*open),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}
