//! How the picture fits its screen: which shape it has, and how large the unit must be to be read
//! from where people sit (`[screen]` of `scenes.toml`, or `?distance=8&width=5.5` in metres).

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use egret_shared::package::rule::Metres;
use egret_shared::package::scene::{ScreenDef, UNITS_WIDE};

use crate::lasting::{Known, Lasting};
use crate::select::layout::Shape;
use crate::store::Store;

/// The style's name for how much larger than drawn the unit is.
const ENLARGE: &str = "--enlarge";

/// The screen's shape that [`provide`] gave.
pub(crate) fn shape() -> Known<Shape> {
    expect_context()
}

/// Follows the screen's shape for as long as the page lives, for everything below; the unit follows it.
pub(super) fn provide(store: Store) {
    let size = RwSignal::new(size());
    let handle = window_event_listener(ev::resize, move |_| size.set(self::size()));
    on_cleanup(move || handle.remove());
    let shape = Lasting::new(Memo::new(move |_| {
        let (width, height) = size.get();
        Shape::of(width, height)
    }));
    let asked = asked();
    Effect::new(move || {
        let declared = store.catalog.read();
        let declared = declared.as_ref().and_then(|catalog| catalog.screen);
        let (width, height) = size.get();
        let units = shape.get().units(width, height);
        let asked = asked.map(|screen| screen.enlargement(units));
        let declared = declared.map(|screen| screen.enlargement(UNITS_WIDE));
        let factor = asked.or(declared).unwrap_or(1.0);
        enlarge(factor);
    });
    provide_context(shape);
}

/// Width and height of the page, CSS pixels.
fn size() -> (f64, f64) {
    let window = web_sys::window();
    let of =
        |side: fn(&web_sys::Window) -> Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
            let side = window.as_ref().and_then(|window| side(window).ok())?;
            side.as_f64().filter(|side| *side > 0.0)
        };
    let width = of(web_sys::Window::inner_width).unwrap_or(1_920.0);
    let height = of(web_sys::Window::inner_height).unwrap_or(1_080.0);
    (width, height)
}

/// What the address says of the screen: both lengths, or it says nothing.
fn asked() -> Option<ScreenDef> {
    let length = |name| metres(&super::query(name)?);
    Some(ScreenDef {
        distance: length("distance")?,
        width: length("width")?,
    })
}

/// A length in metres, with or without the unit.
fn metres(text: &str) -> Option<Metres> {
    let number = text.trim().trim_end_matches('m').parse::<f64>().ok()?;
    (number.is_finite() && number > 0.0).then_some(Metres(number))
}

fn enlarge(factor: f64) {
    let document = web_sys::window().and_then(|window| window.document());
    let root = document.and_then(|document| document.document_element());
    let root = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(root) = root {
        drop(root.style().set_property(ENLARGE, &format!("{factor:.4}")));
    }
}

/// The style's `--u`, by the same formula as in `tokens.css`. CSS pixels.
pub(crate) fn unit_px() -> f64 {
    let inner = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
        value.ok().and_then(|value| value.as_f64())
    };
    let window = web_sys::window();
    let width = window
        .as_ref()
        .and_then(|window| inner(window.inner_width()));
    let height = window
        .as_ref()
        .and_then(|window| inner(window.inner_height()));
    let (width, height) = (width.unwrap_or(1920.0), height.unwrap_or(1080.0));
    let document = window.as_ref().and_then(web_sys::Window::document);
    // An upright wall is a usual one on its side.
    let is_upright_wall = width <= height
        && document
            .as_ref()
            .is_some_and(|document| matches!(document.query_selector(".wall"), Ok(Some(_))));
    let (across, down) = if is_upright_wall {
        (1080.0, 1920.0)
    } else {
        (1920.0, 1080.0)
    };
    let root = document.and_then(|document| document.document_element());
    let root = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok());
    let enlarged = root.and_then(|root| root.style().get_property_value("--enlarge").ok());
    let factor = enlarged.and_then(|factor| factor.trim().parse::<f64>().ok());
    (width / across).min(height / down).max(0.62) * factor.unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_in_the_address_are_metres() {
        assert_eq!(metres("8"), Some(Metres(8.0)));
        assert_eq!(metres("5.5m"), Some(Metres(5.5)));
        for wrong in ["", "0", "-1", "far", "NaN"] {
            assert_eq!(metres(wrong), None, "{wrong}");
        }
    }
}
