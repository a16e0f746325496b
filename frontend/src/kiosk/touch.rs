//! Hands on the wall: keys and touches, and a pointer that nobody moves is not shown.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::KeyboardEvent;

use super::Kiosk;
use crate::clock;
use crate::widget::keys::{is_pressing, letter_of};

/// A pointer that has not moved for this long is hidden. Milliseconds.
const STILL_MS: f64 = 5_000.0;

/// How often it is seen whether it has. Milliseconds.
const LOOK_MS: i32 = 500;

/// The class of the document without a pointer.
const STILL: &str = "still";

/// Listens for as long as the caller's owner lives.
pub(super) fn listen(kiosk: Kiosk) {
    let keys = window_event_listener(ev::keydown, move |event| press(kiosk, &event));
    let touches = window_event_listener(ev::pointerdown, move |event| touch(kiosk, &event));
    let wheels = window_event_listener(ev::wheel, move |event| touch(kiosk, &event));
    let moved_ms = StoredValue::new(clock::monotonic_ms());
    let moves = window_event_listener(ev::pointermove, move |_| {
        moved_ms.set_value(clock::monotonic_ms());
        show_pointer(true);
    });
    on_cleanup(move || {
        keys.remove();
        touches.remove();
        wheels.remove();
        moves.remove();
        show_pointer(true);
    });
    leptos::task::spawn_local(async move {
        // Ends with the owner, whose value this is.
        while let Some(moved) = moved_ms.try_get_value() {
            let is_still = clock::monotonic_ms() - moved > STILL_MS;
            if is_still && kiosk.still_runs() {
                show_pointer(false);
            }
            clock::sleep(LOOK_MS).await;
        }
    });
}

fn touch(kiosk: Kiosk, event: &web_sys::Event) {
    if kiosk.still_runs() && !is_for_pace(event) {
        kiosk.touched();
    }
}

/// Whether a hand is on the button that holds the wall: what that does is its own.
fn is_for_pace(event: &web_sys::Event) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.closest(".pace"), Ok(Some(_))))
}

/// What a key does. Arrows belong to what has the focus, such as the map; else they turn the scene,
/// which [`crate::page::wall`] does.
fn press(kiosk: Kiosk, event: &KeyboardEvent) {
    if !kiosk.still_runs() || is_for_pace(event) {
        return;
    }
    match letter_of(event).as_deref() {
        None => {}
        Some("Escape") if kiosk.is_taken() => kiosk.give_back(),
        Some(" ") if !is_pressing(event) && kiosk.turns() => {
            event.prevent_default();
            kiosk.toggle_hold();
        }
        Some(_) => kiosk.touched(),
    }
}

fn show_pointer(is_shown: bool) {
    let document = web_sys::window().and_then(|window| window.document());
    let Some(root) = document.and_then(|document| document.document_element()) else {
        return;
    };
    let list = root.class_list();
    if list.contains(STILL) == is_shown {
        let changed = if is_shown {
            list.remove_1(STILL)
        } else {
            list.add_1(STILL)
        };
        // A browser that lets no class be set shows the pointer.
        drop(changed);
    }
}
