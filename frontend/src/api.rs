//! What is asked for over HTTP: the catalogue, history, areas, an asset, the quarantine.

pub(crate) mod metric;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

use egret_shared::asset::AssetState;
use egret_shared::catalog::Catalog;
use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::metric::{MetricKey, Typical};
use egret_shared::time::TimeMs;

use crate::store::forecast::Forecast;
use crate::store::trend::Sample;

/// How long an answer may take. Milliseconds: history over a slow intranet, with room.
const PATIENCE_MS: u32 = 10_000;

/// How long the server may take to say that it lives. Milliseconds: a dead network must not
/// delay the next try by more than the wall may be late.
const PROBE_MS: u32 = 1_000;

/// A question that got no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The network refused, or the time was up.
    #[error("{path}: {reason}")]
    Network {
        /// What was asked for.
        path: String,
        /// The browser's words.
        reason: String,
    },
    /// The server answered with another status than 200.
    #[error("{path}: status {status}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
    },
    /// The answer is not what it should be.
    #[error("{path}: {source}")]
    Shape {
        /// What was asked for.
        path: String,
        /// Where in the JSON, and why.
        source: serde_json::Error,
    },
}

/// The city package as screens need it.
///
/// # Errors
/// The caller asks again later.
pub(crate) async fn catalog() -> Result<Catalog, ApiError> {
    json("/api/v1/catalog").await
}

/// A metric's values since `from`, one a minute, oldest first.
///
/// # Errors
/// The caller goes on with live points alone.
pub(crate) async fn history(key: &MetricKey, from: TimeMs) -> Result<Vec<Sample>, ApiError> {
    #[derive(Deserialize)]
    struct Point {
        end: TimeMs,
        v: Option<f64>,
        #[serde(default)]
        flags: Flags,
        #[serde(default)]
        typical: Option<Typical>,
    }
    #[derive(Deserialize)]
    struct History {
        points: Vec<Point>,
    }
    let MetricKey { metric, area } = key;
    let path = format!("/api/v1/metrics/{metric}?area={area}&from={from}&step=60s");
    let history: History = json(&path).await?;
    let sample = |point: Point| Sample {
        at: point.end,
        v: point.v,
        flags: point.flags,
        typical: point.typical.map(Into::into),
    };
    Ok(history.points.into_iter().map(sample).collect())
}

/// What the next `hours` may bring, or why nobody can say.
///
/// # Errors
/// The caller shows none.
pub(crate) async fn forecast(key: &MetricKey, hours: u32) -> Result<Forecast, ApiError> {
    let MetricKey { metric, area } = key;
    json(&format!(
        "/api/v1/metrics/{metric}/forecast?area={area}&hours={hours}"
    ))
    .await
}

/// An asset with its newest values.
///
/// # Errors
/// The caller says that nothing is known.
pub(crate) async fn asset(feed: &FeedId, asset: &AssetId) -> Result<AssetState, ApiError> {
    let encoded = js_sys::encode_uri_component(asset.as_str());
    json(&format!("/api/v1/assets/{feed}/{encoded}")).await
}

/// The areas' polygons.
///
/// # Errors
/// The map then shows no areas.
pub(crate) async fn areas() -> Result<Value, ApiError> {
    json("/api/v1/areas.geojson").await
}

/// A file of the base map.
///
/// # Errors
/// The map then does without.
pub(crate) async fn map_file(file: &str) -> Result<Value, ApiError> {
    json(&format!("/map/{file}")).await
}

/// A refused message, as the quarantine keeps it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Refused {
    /// When it arrived.
    pub(crate) received_at: TimeMs,
    /// The feed it was taken for, if one was found.
    pub(crate) feed: Option<FeedId>,
    /// The MQTT topic or HTTP path.
    pub(crate) topic: String,
    /// The stage that refused it.
    pub(crate) stage: String,
    /// Why, as a word.
    pub(crate) reason: String,
    /// Why, as a sentence.
    pub(crate) detail: String,
    /// The payload or its head; absent if it is kept sealed.
    #[serde(default)]
    pub(crate) raw: Option<String>,
}

/// The newest refused messages.
///
/// # Errors
/// The caller says so.
pub(crate) async fn quarantine() -> Result<Vec<Refused>, ApiError> {
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Refused>,
    }
    let page: Page = json("/api/v1/quarantine?limit=50").await?;
    Ok(page.items)
}

/// Whether there is a server at all. Asked before a socket is tried: browsers slow down pages
/// whose sockets keep failing, but not those that ask.
pub(crate) async fn answers() -> bool {
    fetch("/healthz", PROBE_MS).await.is_ok()
}

async fn json<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    let network = |reason: &JsValue| ApiError::Network {
        path: path.to_owned(),
        reason: format!("{reason:?}"),
    };
    let response = fetch(path, PATIENCE_MS)
        .await
        .map_err(|reason| network(&reason))?;
    if !response.ok() {
        return Err(ApiError::Status {
            path: path.to_owned(),
            status: response.status(),
        });
    }
    let promise = response.text().map_err(|reason| network(&reason))?;
    let text = JsFuture::from(promise)
        .await
        .map_err(|reason| network(&reason))?;
    let text = text.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|source| ApiError::Shape {
        path: path.to_owned(),
        source,
    })
}

async fn fetch(path: &str, patience_ms: u32) -> Result<Response, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let init = RequestInit::new();
    init.set_signal(Some(&AbortSignal::timeout_with_u32(patience_ms)));
    let promise = window.fetch_with_str_and_init(path, &init);
    JsFuture::from(promise).await?.dyn_into()
}
