//! One question to the server and its answer. What changes something carries the header that a
//! foreign page cannot send.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use super::ApiError;
use crate::ahead;

/// How long an answer may take. Milliseconds: history over a slow intranet, with room.
const PATIENCE_MS: u32 = 10_000;

/// How long the server may take to say that it lives. Milliseconds: a dead network must not
/// delay the next try by more than the wall may be late.
const PROBE_MS: u32 = 1_000;

/// How long an answer may take that the server works out of everything it has. Milliseconds.
const LONG_PATIENCE_MS: u32 = 120_000;

/// How long an answer may take that waits until a whole city has been folded anew. Milliseconds: a
/// day of a large one, with room.
const FOLD_PATIENCE_MS: u32 = 900_000;

/// The header that a request with a cookie needs to change something.
const PROOF: &str = "X-Egret";

thread_local! {
    static SIGNED_OUT: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Calls `listener` whenever an answer says that nobody is signed in any more.
pub(crate) fn on_signed_out(listener: impl Fn() + 'static) {
    SIGNED_OUT.set(Some(Rc::new(listener)));
}

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Asks for JSON.
pub(super) async fn json<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(path, &ask(Method::Get, path, None, PATIENCE_MS).await?)
}

/// Asks for JSON, and not for long.
pub(super) async fn probe<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(path, &ask(Method::Get, path, None, PROBE_MS).await?)
}

/// Asks for JSON that takes the server a while.
pub(super) async fn long<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    read(path, &ask(Method::Get, path, None, LONG_PATIENCE_MS).await?)
}

/// Does what needs no words, and reads the answer.
pub(super) async fn obtain<T: DeserializeOwned>(method: Method, path: &str) -> Result<T, ApiError> {
    read(path, &ask(method, path, None, PATIENCE_MS).await?)
}

/// Sends JSON, and reads the answer's.
pub(super) async fn send<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    let text = ask(method, path, Some(write(path, body)?), PATIENCE_MS).await?;
    read(path, &text)
}

/// Sends JSON under a key by which the server knows it again if it is sent twice, and reads the
/// answer's.
pub(super) async fn send_once<T: DeserializeOwned>(
    path: &str,
    key: &str,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    let body = Body {
        media: "application/json",
        content: JsValue::from_str(&write(path, body)?),
        key: Some(key.to_owned()),
    };
    let text = ask_with(Method::Post, path, Some(body), PATIENCE_MS).await?;
    read(path, &text)
}

/// Does what needs no words and may take as long as the city's past, and reads the answer.
pub(super) async fn obtain_slowly<T: DeserializeOwned>(
    method: Method,
    path: &str,
) -> Result<T, ApiError> {
    read(path, &ask(method, path, None, FOLD_PATIENCE_MS).await?)
}

/// Sends JSON where the answer takes the server a while, and reads the answer's.
pub(super) async fn send_long<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    let text = ask(method, path, Some(write(path, body)?), LONG_PATIENCE_MS).await?;
    read(path, &text)
}

/// Sends JSON where the answer may take as long as the city's past, and reads the answer's.
pub(super) async fn send_slowly<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, ApiError> {
    let text = ask(method, path, Some(write(path, body)?), FOLD_PATIENCE_MS).await?;
    read(path, &text)
}

/// Sends JSON where the answer says no more than that it is done.
pub(super) async fn tell(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<(), ApiError> {
    ask(method, path, Some(write(path, body)?), PATIENCE_MS).await?;
    Ok(())
}

/// Does what needs no words; what the answer says is left unread.
pub(super) async fn act(method: Method, path: &str) -> Result<(), ApiError> {
    ask(method, path, None, PATIENCE_MS).await?;
    Ok(())
}

/// Sends a file as it is, and reads the answer's JSON.
pub(super) async fn upload<T: DeserializeOwned>(
    path: &str,
    file: &web_sys::File,
) -> Result<T, ApiError> {
    let body = Body {
        media: "application/octet-stream",
        content: file.into(),
        key: None,
    };
    read(
        path,
        &ask_with(Method::Post, path, Some(body), LONG_PATIENCE_MS).await?,
    )
}

/// The text as a part of a path or query.
pub(crate) fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

fn write(path: &str, body: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(body).map_err(|source| shape(path, source))
}

fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|source| shape(path, source))
}

fn shape(path: &str, source: serde_json::Error) -> ApiError {
    ApiError::Shape {
        path: path.to_owned(),
        source,
    }
}

/// What is sent.
struct Body {
    media: &'static str,
    content: JsValue,
    /// By which the server knows it again.
    key: Option<String>,
}

/// The body of the answer to JSON, if the answer is good.
async fn ask(
    method: Method,
    path: &str,
    json: Option<String>,
    patience_ms: u32,
) -> Result<String, ApiError> {
    let body = json.map(|json| Body {
        media: "application/json",
        content: JsValue::from_str(&json),
        key: None,
    });
    ask_with(method, path, body, patience_ms).await
}

/// The body of the answer, if the answer is good.
async fn ask_with(
    method: Method,
    path: &str,
    body: Option<Body>,
    patience_ms: u32,
) -> Result<String, ApiError> {
    let (status, text) = fetch(method, path, body, patience_ms)
        .await
        .map_err(|reason| ApiError::Network {
            path: path.to_owned(),
            reason: reason_text(&reason),
        })?;
    if (200..300).contains(&status) {
        return Ok(text);
    }
    let error = ApiError::of_answer(path, status, &text);
    if error.is_signed_out() {
        let listener = SIGNED_OUT.with_borrow(Clone::clone);
        if let Some(listener) = listener {
            listener();
        }
    }
    Err(error)
}

async fn fetch(
    method: Method,
    path: &str,
    body: Option<Body>,
    patience_ms: u32,
) -> Result<(u16, String), JsValue> {
    if method == Method::Get
        && let Some(answer) = ahead::answer(path, patience_ms).await
    {
        return Ok(answer);
    }
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let init = RequestInit::new();
    init.set_method(method.as_str());
    init.set_signal(Some(&AbortSignal::timeout_with_u32(patience_ms)));
    if method != Method::Get {
        let headers = Headers::new()?;
        headers.set(PROOF, "1")?;
        if let Some(body) = body {
            headers.set("Content-Type", body.media)?;
            if let Some(key) = &body.key {
                headers.set("Idempotency-Key", key)?;
            }
            init.set_body(&body.content);
        }
        init.set_headers(&headers);
    }
    let response: Response = JsFuture::from(window.fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}

/// What the browser says of a failure, without its stack.
fn reason_text(reason: &JsValue) -> String {
    match reason.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => format!("{reason:?}"),
    }
}
