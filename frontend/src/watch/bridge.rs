//! `js/watch.mjs` as Rust sees it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./js/watch.mjs")]
extern "C" {
    /// What scripts take, where the browser says so, else 0. Bytes.
    #[wasm_bindgen(js_name = heapBytes)]
    pub(super) fn heap_bytes() -> f64;

    /// What WebAssembly takes. Bytes.
    #[wasm_bindgen(js_name = wasmBytes)]
    pub(super) fn wasm_bytes(memory: &JsValue) -> f64;

    /// How many elements the document has.
    pub(super) fn nodes() -> f64;

    /// Keeps the display awake, now and whenever the page is seen again.
    #[wasm_bindgen(js_name = stayAwake)]
    pub(super) fn stay_awake();

    /// A fingerprint of the server's screens, as text.
    #[wasm_bindgen(catch)]
    pub(super) async fn site() -> Result<JsValue, JsValue>;

    /// Has the browser fetch every file of the page anew.
    #[wasm_bindgen(catch, js_name = fetchAnew)]
    pub(super) async fn fetch_anew() -> Result<JsValue, JsValue>;

    /// Keeps what is seen for the page that comes next.
    #[wasm_bindgen(catch, js_name = keepPicture)]
    pub(super) async fn keep_picture() -> Result<JsValue, JsValue>;

    /// Takes the kept picture of the page before away, once this one shows as much.
    #[wasm_bindgen(js_name = pictureIsThere)]
    pub(super) fn picture_is_there();
}
