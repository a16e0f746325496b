//! `js/device.mjs` as Rust sees it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./js/device.mjs")]
extern "C" {
    /// What this browser knows of itself as a wall.
    pub(super) type Wall;

    /// Whether this browser can be a wall here.
    pub(super) fn able() -> bool;

    /// This browser's [`Wall`], or undefined.
    #[wasm_bindgen(catch)]
    pub(super) async fn load() -> Result<JsValue, JsValue>;

    /// A new [`Wall`] with a first key.
    #[wasm_bindgen(catch)]
    pub(super) async fn make() -> Result<JsValue, JsValue>;

    /// The pairing's id, later the device's; empty before it asked.
    #[wasm_bindgen(method)]
    pub(super) fn id(this: &Wall) -> String;

    /// Whether an admin has let it in.
    #[wasm_bindgen(method)]
    pub(super) fn paired(this: &Wall) -> bool;

    /// How many keys there are.
    #[wasm_bindgen(method)]
    pub(super) fn count(this: &Wall) -> u32;

    /// The public half of the key at a place, the newest at 0.
    #[wasm_bindgen(method, js_name = publicKey)]
    pub(super) fn public_key(this: &Wall, place: u32) -> String;

    /// It has asked, and this is its id.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn named(this: &Wall, id: &str) -> Result<JsValue, JsValue>;

    /// An admin has let it in.
    #[wasm_bindgen(method, catch, js_name = letIn)]
    pub(super) async fn let_in(this: &Wall) -> Result<JsValue, JsValue>;

    /// Makes a key before the others.
    #[wasm_bindgen(method, catch, js_name = addKey)]
    pub(super) async fn add_key(this: &Wall) -> Result<JsValue, JsValue>;

    /// Keeps the keys from `from` to `to`, both included, and no others.
    #[wasm_bindgen(method, catch, js_name = keepKeys)]
    pub(super) async fn keep_keys(this: &Wall, from: u32, to: u32) -> Result<JsValue, JsValue>;

    /// Deletes all of it.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn forget(this: &Wall) -> Result<JsValue, JsValue>;

    /// A signature over the text, in base64url.
    #[wasm_bindgen(method, catch)]
    pub(super) async fn sign(this: &Wall, place: u32, text: &str) -> Result<JsValue, JsValue>;
}
