//! The head line: which city, which scene, whether it is live, and what time it is there.

use leptos::html::Nav;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;
use web_sys::wasm_bindgen::JsCast as _;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

use egret_shared::access::Right;
use egret_shared::level::Level;
use egret_shared::mode::Mode as CityMode;

use crate::i18n::Key;
use crate::i18n::case::Desk;
use crate::i18n::panel::Panel;
use crate::panel::feeds::every_feed;
use crate::screen::theme::{Theme, theme};
use crate::screen::{Screen, screen};
use crate::select;
use crate::session::session;
use crate::store::link::Link;
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::Basis;
use crate::{format, i18n};

use super::menu::Menu;
use super::pace::Pace;

/// The head line.
#[component]
pub(crate) fn Head(help: RwSignal<bool>) -> impl IntoView {
    let screen = screen();
    let now = screen.store.now;
    let clock = Memo::new(move |_| screen.clock(now.get()));
    let date =
        Memo::new(move |_| format::date(now.get(), screen.zone_ms.get(), screen.language.get()));
    let session = session();
    let sees = move || session.has(Right::See);
    view! {
        <header class="head">
            <h1 class="unseen">{move || screen.word(Key::Product)}</h1>
            <A href="/" attr:class="brand">
                <Egret />
                <b>{move || city_name(screen)}</b>
                <span>{move || screen.word(Key::Product)}</span>
            </A>
            <Show when=sees fallback=|| view! { <span class="tabs"></span> }>
                <Tabs />
                <Pace />
                <Mode />
                <Liveness />
            </Show>
            <div class="when">
                <span class="date">{move || date.get()}</span>
                <time class="clock">{move || clock.get()}</time>
            </div>
            <div class="head-keys">
                <ThemeKey />
                <LanguageKey />
                <button
                    type="button"
                    aria-label=move || screen.word(Key::Help)
                    aria-expanded=move || help.get().to_string()
                    on:click=move |_| help.update(|open| *open = !*open)
                >
                    "?"
                </button>
                <Menu />
            </div>
        </header>
    }
}

/// The button that switches the language.
#[component]
pub(super) fn LanguageKey() -> impl IntoView {
    let screen = screen();
    view! {
        <button
            type="button"
            lang=move || i18n::language_tag(i18n::other(screen.language.get()))
            aria-label=move || {
                // The visible word stands in the name, for those who speak to the page.
                format!("{} · {}", screen.word(Key::Language), screen.word(Key::SwitchLanguage))
            }
            on:click=move |_| screen.switch_language()
        >
            {move || screen.word(Key::Language)}
        </button>
    }
}

/// The button that switches between dark and light: half of a disc filled.
#[component]
pub(super) fn ThemeKey() -> impl IntoView {
    let (screen, theme) = (screen(), theme());
    view! {
        <button
            type="button"
            class="theme-key"
            aria-label=move || {
                let now = match theme.get() {
                    Theme::Dark => Panel::ThemeDark,
                    Theme::Light => Panel::ThemeLight,
                };
                format!("{} · {}", screen.word(now), screen.word(Panel::SwitchTheme))
            }
            on:click=move |_| theme.update(|theme| *theme = theme.other())
        >
            <svg viewBox="0 0 20 20" aria-hidden="true">
                <path d="M10 2a8 8 0 1 0 0 16a8 8 0 1 0 0-16zM10 4v12a6 6 0 0 1 0-12z" />
            </svg>
        </button>
    }
}

fn city_name(screen: Screen) -> String {
    let catalog = screen.store.catalog.read();
    catalog
        .as_ref()
        .map_or_else(String::new, |catalog| screen.text(&catalog.city.name))
}

/// The mark: an egret over water.
#[component]
pub(super) fn Egret() -> impl IntoView {
    view! {
        <svg class="egret" viewBox="0 0 40 32" aria-hidden="true">
            <path d="M2 19.500c6 2 10.500-.500 14-5.500c3-4.300 6.800-7.600 12.500-9c3.500-.900 6.500-.300 8 2.300l5 .900l-5.400 1.300c-1 6.200-5 11.700-12.600 14.300c-8 2.700-16.500 1-21.500-4.300z" />
            <path d="M6 27.500h22" class="water" />
        </svg>
    }
}

#[component]
fn Tabs() -> impl IntoView {
    let (screen, session) = (screen(), session());
    // Nobody sits at a wall.
    let works = move || session.person().is_some() || session.is_open();
    let scenes = move || {
        let catalog = screen.store.catalog.get();
        catalog.map(|catalog| {
            let tab = |scene: &egret_shared::package::scene::SceneDef| {
                let name = scene.name.clone();
                let href = format!("/wall/{}", scene.id);
                view! { <A href=href>{move || screen.text(&name)}</A> }
            };
            catalog.scenes.iter().map(tab).collect_view()
        })
    };
    let tabs = NodeRef::<Nav>::new();
    keep_in_sight(tabs);
    view! {
        <nav class="tabs" node_ref=tabs aria-label=move || screen.word(Key::Scenes)>
            {scenes}
            <Show when=works>
                <A href="/desk">{move || screen.word(Desk::Title)}</A>
            </Show>
            <A href="/data">{move || screen.word(Key::Sources)}</A>
        </nav>
    }
}

/// Keeps the tab of the page in sight where there are more than fit.
fn keep_in_sight(tabs: NodeRef<Nav>) {
    let screen = screen();
    let path = use_location().pathname;
    Effect::new(move || {
        // Read, not only tracked: a memo that nobody has read yet tells of no change.
        path.with(|_| ());
        screen.language.track();
        screen.store.catalog.track();
        // The tabs of this moment are laid out by the next frame.
        request_animation_frame(move || show_current(tabs));
    });
    // What stands beside the row comes later and takes of its room.
    let watched = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
    tabs.on_load(move |row| {
        let resized = Closure::<dyn FnMut()>::new(move || show_current(tabs));
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&row);
            watched.set_value(Some((observer, resized)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = watched.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

/// Scrolls the row so that the current tab is in its middle.
fn show_current(tabs: NodeRef<Nav>) {
    let row = tabs.try_get_untracked().flatten();
    let current = row.as_ref().and_then(|row| {
        let found = row.query_selector("[aria-current]").ok().flatten()?;
        found.dyn_into::<HtmlElement>().ok()
    });
    if let (Some(row), Some(current)) = (row, current) {
        let middle = current.offset_left() + current.offset_width() / 2;
        row.set_scroll_left(middle - row.client_width() / 2);
    }
}

/// Whether the city is calm or not, and whether it is a real one.
#[component]
fn Mode() -> impl IntoView {
    let screen = screen();
    let store = screen.store;
    let worst = Memo::new(move |_| select::worst(&store.cases.read()));
    let level = Memo::new(move |_| match worst.get().0 {
        level @ (Level::Orange | Level::Red) => level,
        _ => Level::Normal,
    });
    let text = move || {
        let (_, incidents, alerts) = worst.get();
        let [of_incidents, of_alerts] = match level.get() {
            Level::Red => [Key::RedInForce, Key::RedAlerts],
            Level::Orange => [Key::OrangeInForce, Key::OrangeAlerts],
            _ => return screen.word(Key::NormalMode).to_owned(),
        };
        // The counts are named: a desk lists no alerts that are no incident's.
        match (incidents, alerts) {
            (0, _) => format!("{} {alerts}", screen.word(of_alerts)),
            (_, 0) => format!("{} {incidents}", screen.word(of_incidents)),
            _ => format!(
                "{} {incidents} · {} {alerts}",
                screen.word(of_incidents),
                screen.word(Key::AlertsBeside)
            ),
        }
    };
    let truth = every_feed(screen);
    let simulated = move || {
        let catalog = store.catalog.read();
        catalog
            .as_ref()
            .is_some_and(|catalog| catalog.city.simulated)
    };
    view! {
        <div class="chips">
            <Show when=move || store.mode.read().mode == CityMode::Emergency>
                <span class="chip emergency">{move || screen.word(Desk::Emergency)}</span>
            </Show>
            <Show when=simulated>
                <span class="chip simulated">{move || screen.word(Key::Simulated)}</span>
            </Show>
            <Show when=move || store.has_city.get()>
                <span class=move || format!("chip mode {}", level_class(level.get()))>
                    <LevelMark level=level />
                    <Said of="cases" truth=truth basis=Basis::Feeds>
                        {text}
                    </Said>
                </span>
            </Show>
        </div>
    }
}

/// Whether the picture is live, in words; a screen reader hears of changes, not of every tenth.
#[component]
fn Liveness() -> impl IntoView {
    let screen = screen();
    let store = screen.store;
    let link = store.link;
    let key = move || match link.get() {
        Link::Connecting => Key::Connecting,
        Link::Live => Key::Live,
        Link::Lost => Key::Lost,
        Link::Outdated => Key::Outdated,
    };
    let age = move || {
        let heard_at = store.heard_at.get()?;
        let age_ms = store.now.get().since(heard_at).ms();
        match link.get() {
            Link::Live => Some(format::delay(age_ms, screen.language.get())),
            Link::Lost => Some(format::age(age_ms, screen.language.get())),
            Link::Connecting | Link::Outdated => None,
        }
    };
    let class = move || match link.get() {
        Link::Connecting => "liveness connecting",
        Link::Live => "liveness live",
        Link::Lost | Link::Outdated => "liveness dead",
    };
    view! {
        <div class=class>
            <i aria-hidden="true"></i>
            <span role="status" aria-live="assertive">{move || screen.word(key())}</span>
            <span class="delay">{age}</span>
        </div>
    }
}
