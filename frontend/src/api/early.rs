//! `js/early.mjs` as Rust sees it: what was asked before the program was there.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./js/early.mjs")]
extern "C" {
    /// The answer that is on its way, or nothing if nobody asked or somebody has taken it.
    pub(super) fn take(path: &str) -> Option<Promise>;
}
