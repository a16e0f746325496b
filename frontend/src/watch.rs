//! A wall that runs for weeks looks after itself: it measures what it takes against a budget, loads
//! itself anew at a quiet moment if that is exceeded or its server has other screens, and keeps the
//! display awake.
//!
//! A page is loaded anew only when the server has just answered for every file of it, and with the
//! picture kept until the new page has its own: a wall is never blank.

mod bridge;
pub(crate) mod budget;

use std::cell::{Cell, RefCell};

use leptos::prelude::*;

use egret_shared::message::ClientMessage;
use egret_shared::time::Span;
use egret_shared::wall::Reload;

use crate::clock;
use crate::kiosk::Kiosk;
use crate::session::place;
use crate::socket::backoff::Backoff;
use crate::store::Store;
use crate::store::link::Link;

use budget::{Held, Watcher};

/// A moment is quiet if no incident that takes walls over has come within this.
const NEWS: Span = Span(60_000);

/// Between two reloads because of a budget: what grows back faster than this is no leak that a reload
/// would help against. Milliseconds.
const RELOADED_EVERY_MS: f64 = 30.0 * 60_000.0;

/// Under which name the browser remembers when that was.
const RELOADED_AT: &str = "egret.watch";

/// The longest wait between two tries to fetch the new page. Milliseconds.
const LONGEST_MS: f64 = 15_000.0;

/// How often a reload that is due looks whether its moment has come. Milliseconds.
const LOOK_MS: i32 = 500;

/// A scene has begun if that is no longer ago than this. Milliseconds.
const BEGUN_MS: f64 = 1_500.0;

thread_local! {
    static SCENE_BEGAN_MS: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
    static RENEWS: Cell<bool> = const { Cell::new(false) };
    static SITE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Watches over the page for as long as the caller's owner lives.
pub(crate) fn start(kiosk: Kiosk, store: Store) {
    bridge::picture_is_there();
    let lives = StoredValue::new(());
    leptos::task::spawn_local(async move {
        let mut watcher = Watcher::default();
        while lives.try_get_value().is_some() {
            // The catalogue says how often; what comes before it is over in seconds.
            let Some(catalog) = store.catalog.get_untracked() else {
                clock::sleep(LOOK_MS).await;
                continue;
            };
            let settings = catalog.watch;
            let wait = i32::try_from(settings.check_every.ms()).unwrap_or(i32::MAX);
            clock::sleep(wait).await;
            if !kiosk.still_runs() {
                continue;
            }
            let now_ms = clock::monotonic_ms();
            let Some(excess) = watcher.look(measured(), settings.memory_budget, now_ms) else {
                continue;
            };
            if has_reloaded_of_late() {
                leptos::logging::warn!("over its budget again: {excess:?}");
                continue;
            }
            quiet_moment(kiosk, store, lives).await;
            kiosk.say(|wall| ClientMessage::Reloads {
                wall,
                cause: excess.cause,
                held: excess.held,
                budget: excess.budget,
            });
            remember_reload();
            renew().await;
        }
    });
    // Other screens on the server are noticed whenever it has started anew.
    Effect::new(move |before: Option<Option<u64>>| {
        let generation = store.connected().get().generation;
        if before.flatten() != generation && generation.is_some() {
            leptos::task::spawn_local(look_at_site(kiosk, store, lives));
        }
        generation
    });
    Effect::new(move || {
        if kiosk.runs() {
            bridge::stay_awake();
        }
    });
}

/// A scene has just begun: nobody has read anything of it yet.
pub(crate) fn scene_began() {
    SCENE_BEGAN_MS.set(clock::monotonic_ms());
}

fn measured() -> Held {
    let wasm_bytes = bridge::wasm_bytes(&wasm_bindgen::memory());
    Held {
        memory_bytes: whole(bridge::heap_bytes() + wasm_bytes),
        nodes: whole(bridge::nodes()),
        gpu_bytes: crate::map::gpu::held_bytes(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates at both ends, and a browser counts far below 2^53"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

/// Waits until nobody would miss the picture: the server is there, nothing has taken the wall over or
/// is about to, and where scenes turn, one has just begun.
async fn quiet_moment(kiosk: Kiosk, store: Store, lives: StoredValue<()>) {
    while lives.try_get_value().is_some() {
        let is_between = !untrack(|| kiosk.turns() && !kiosk.held())
            || clock::monotonic_ms() - SCENE_BEGAN_MS.get() < BEGUN_MS;
        let is_live = store.link.get_untracked() == Link::Live;
        if is_between && is_live && !kiosk.is_taken() && !kiosk.has_news(NEWS) {
            return;
        }
        clock::sleep(LOOK_MS).await;
    }
}

/// Sees whether the server's screens are still those that this page is made of.
async fn look_at_site(kiosk: Kiosk, store: Store, lives: StoredValue<()>) {
    let Ok(site) = bridge::site().await else {
        // It will have started anew once more before it answers, or be asked at its next start.
        return;
    };
    let site = site.as_string().unwrap_or_default();
    let known = SITE.with_borrow_mut(|known| known.get_or_insert_with(|| site.clone()).clone());
    if known != site && kiosk.still_runs() {
        quiet_moment(kiosk, store, lives).await;
        renew().await;
    }
}

/// Loads the page anew, as soon as the server answers for all of it; the picture stays meanwhile, and
/// until the new page has one of its own.
pub(crate) async fn renew() {
    if RENEWS.replace(true) {
        return;
    }
    let mut backoff = Backoff::up_to(LONGEST_MS);
    while let Err(error) = bridge::fetch_anew().await {
        leptos::logging::log!("the new page has not come yet: {error:?}");
        clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
    }
    if place::is_wall()
        && let Err(error) = bridge::keep_picture().await
    {
        leptos::logging::warn!("the picture could not be kept: {error:?}");
    }
    place::reload();
}

/// Whether the page is about to be loaded anew.
pub(crate) fn is_renewing() -> bool {
    RENEWS.get()
}

fn has_reloaded_of_late() -> bool {
    let at = place::remembered(RELOADED_AT).and_then(|text| text.parse::<f64>().ok());
    let now_ms = js_sys::Date::now();
    at.is_some_and(|at| (0.0..RELOADED_EVERY_MS).contains(&(now_ms - at)))
}

fn remember_reload() {
    place::remember(RELOADED_AT, &js_sys::Date::now().to_string());
}

/// What was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    /// Which budget.
    pub(crate) cause: Reload,
    /// How much is taken.
    pub(crate) held: u64,
    /// How much may be.
    pub(crate) budget: u64,
}
