//! Egret's screens: one picture of the city, in a browser, for weeks.
//!
//! Data moves one way: [`socket`] takes frames from the server, [`store`] moves snapshots forward
//! with the shared reducer and tells signals what changed, [`select`] turns a snapshot into what
//! a panel says, and [`panel`], [`map`], [`page`] and [`view`] show it. Nothing below writes back
//! but through the store's subscriptions. [`session`] stands at the gate: it finds out who is here
//! (a wall, by its own key, through [`device`]), and only then is a socket opened and anything of
//! the city held or shown. [`kiosk`] makes a page run by itself, and [`watch`] looks after it.
//!
//! There are two programs: every screen, and the wall alone, which leaves out every page that no
//! wall shows ([`view::wall`]) and so is there in half the time.

#![expect(
    unreachable_pub,
    reason = "`#[component]` makes the structs of properties `pub`; nothing outside can reach them"
)]

mod ahead;
mod api;
mod clock;
#[cfg(test)]
mod fixture;
mod format;
mod i18n;
mod lasting;

mod device;
mod kiosk;
mod session;
mod socket;
mod store;
mod watch;

mod screen;
mod select;

mod map;
mod page;
mod panel;
mod view;
mod widget;

use std::alloc::System;

use cap::Cap;
use wasm_bindgen::prelude::wasm_bindgen;

/// Counts what is held, which the size of WebAssembly's memory does not tell: it never shrinks.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// What the program holds. Bytes. For the tests that watch a wall for weeks.
#[wasm_bindgen(js_name = heldBytes)]
pub fn held_bytes() -> usize {
    MEMORY.allocated()
}

/// Starts every screen; once in a page.
pub fn start_all() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(|| view::app(view::whole::PARTS));
}

/// Starts the wall alone; once in a page. Whatever else somebody asks for there comes with the page
/// of every screen.
pub fn start_wall() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(|| view::app(view::wall::PARTS));
}
