//! `js/map.mjs` as Rust sees it.

use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, WebGl2RenderingContext};

/// Hears where the map looks: longitude, latitude, zoom, width and height in CSS pixels, and
/// whether someone moved it by hand.
pub(super) type Moved = dyn FnMut(f64, f64, f64, f64, f64, bool);

#[wasm_bindgen(raw_module = "./js/map.mjs")]
extern "C" {
    /// An open base map.
    pub(super) type BaseMap;

    /// Opens a base map; see the module itself for what the functions are called with.
    #[wasm_bindgen(catch)]
    pub(super) async fn open(
        container: &HtmlElement,
        style: &str,
        lon: f64,
        lat: f64,
        zoom: f64,
        moved: &Closure<Moved>,
        added: &Closure<dyn FnMut(WebGl2RenderingContext)>,
        draw: &Closure<dyn FnMut()>,
    ) -> Result<JsValue, JsValue>;

    /// How far an area is on its way to the worst, 0 to 1; negative where nobody knows.
    #[wasm_bindgen(method, js_name = setShare)]
    pub(super) fn set_share(this: &BaseMap, code: &str, share: f64);

    /// Looks elsewhere at once.
    #[wasm_bindgen(method)]
    pub(super) fn jump(this: &BaseMap, lon: f64, lat: f64, zoom: f64);

    /// Glides to another view; jumps for those who want no motion.
    #[wasm_bindgen(method)]
    pub(super) fn fly(this: &BaseMap, lon: f64, lat: f64, zoom: f64);

    /// Draws one more frame.
    #[wasm_bindgen(method)]
    pub(super) fn repaint(this: &BaseMap);

    /// Names the canvas for screen readers.
    #[wasm_bindgen(method)]
    pub(super) fn label(this: &BaseMap, text: &str);

    /// Closes the map and frees its context.
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &BaseMap);
}
