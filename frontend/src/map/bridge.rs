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
        hatches: &str,
        cell_px: f64,
        lon: f64,
        lat: f64,
        zoom: f64,
        moved: &Closure<Moved>,
        added: &Closure<dyn FnMut(WebGl2RenderingContext)>,
        draw: &Closure<dyn FnMut()>,
        themed: &Closure<dyn FnMut()>,
    ) -> Result<JsValue, JsValue>;

    /// Sets a number that a feature is painted by, and remembers it for a new context.
    #[wasm_bindgen(method, js_name = setState)]
    pub(super) fn set_state(this: &BaseMap, source: &str, id: &str, key: &str, value: f64);

    /// Which features a layer draws: an expression.
    #[wasm_bindgen(method, js_name = setFilter)]
    pub(super) fn set_filter(this: &BaseMap, layer: &str, filter: &str);

    /// The points of a source: GeoJSON.
    #[wasm_bindgen(method, js_name = setData)]
    pub(super) fn set_data(this: &BaseMap, source: &str, geojson: &str);

    /// The property `key` of what lies under a place, on top first, of these layers: a list of
    /// their names in JSON. CSS pixels.
    #[wasm_bindgen(method)]
    pub(super) fn under(this: &BaseMap, layers: &str, key: &str, x: f64, y: f64) -> Vec<String>;

    /// Whether a layer is drawn.
    #[wasm_bindgen(method, js_name = setVisible)]
    pub(super) fn set_visible(this: &BaseMap, layer: &str, is_visible: bool);

    /// Takes the paints of another style with the same layers, and the colours of its patterns.
    #[wasm_bindgen(method, js_name = repaintWith)]
    pub(super) fn repaint_with(this: &BaseMap, style: &str, hatches: &str);

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
