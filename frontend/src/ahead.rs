//! What was asked while this program was still being loaded, by `js/ahead.mjs`: who is here, the
//! catalogue, a connection. Each can be taken once, and may not be there.

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::WebSocket;

use egret_shared::time::TimeMs;

#[wasm_bindgen(raw_module = "./js/ahead.mjs")]
extern "C" {
    /// An answer as it came.
    type Answer;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> u16;

    #[wasm_bindgen(method, getter)]
    fn text(this: &Answer) -> String;

    /// A connection, and what has come by it.
    type Held;

    #[wasm_bindgen(method, getter)]
    fn socket(this: &Held) -> WebSocket;

    #[wasm_bindgen(method, getter)]
    fn messages(this: &Held) -> Array;

    #[wasm_bindgen(js_name = answer)]
    fn asked(path: &str, patience_ms: u32) -> Option<Promise>;

    #[wasm_bindgen(js_name = take)]
    fn held() -> Option<Held>;

    /// Nothing will be taken any more.
    #[wasm_bindgen(js_name = letGo)]
    pub(crate) fn let_go();
}

/// A connection that stands already.
pub(crate) struct Connected {
    /// It; nobody listens to it yet.
    pub(crate) socket: WebSocket,
    /// What it has brought, oldest first, and when each came by the browser's clock.
    pub(crate) messages: Vec<(JsValue, TimeMs)>,
}

/// The status and body of an answer that was asked for ahead, if it comes within `patience_ms`.
pub(crate) async fn answer(path: &str, patience_ms: u32) -> Option<(u16, String)> {
    let answer = JsFuture::from(asked(path, patience_ms)?).await.ok()?;
    let answer: Answer = (!answer.is_undefined()).then_some(answer)?.unchecked_into();
    Some((answer.status(), answer.text()))
}

/// The connection that was opened ahead.
pub(crate) fn connection() -> Option<Connected> {
    let held = held()?;
    let messages = held.messages();
    let messages = messages.iter().filter_map(|message| {
        let of = |key: &str| Reflect::get(&message, &key.into()).ok();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds since 1970, of which a double holds more than there will be"
        )]
        let at = TimeMs(of("at")?.as_f64()? as i64);
        Some((of("data")?, at))
    });
    Some(Connected {
        messages: messages.collect(),
        socket: held.socket(),
    })
}
