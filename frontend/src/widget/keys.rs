//! Which keys are commands, and which go into what somebody writes.

use web_sys::KeyboardEvent;
use web_sys::wasm_bindgen::JsCast as _;

/// The tag of the element that a key goes to.
fn tag_of(event: &KeyboardEvent) -> Option<String> {
    let target = event.target()?;
    let element = target.dyn_into::<web_sys::Element>().ok()?;
    Some(element.tag_name())
}

/// Whether a key goes into a field.
pub(crate) fn is_writing(event: &KeyboardEvent) -> bool {
    let tag = tag_of(event);
    matches!(tag.as_deref(), Some("INPUT" | "SELECT" | "TEXTAREA"))
}

/// Whether a key goes to something that it works by itself.
pub(crate) fn is_pressing(event: &KeyboardEvent) -> bool {
    let tag = tag_of(event);
    matches!(tag.as_deref(), Some("BUTTON" | "A" | "SUMMARY"))
}

/// The key, if it is pressed alone and does not go into a field.
pub(crate) fn letter_of(event: &KeyboardEvent) -> Option<String> {
    let is_plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
    (is_plain && !is_writing(event)).then(|| event.key())
}
