//! What is asked for over HTTP: the catalogue, history, areas, an asset; and below, who is here
//! ([`people`]), what walls say ([`wall`]), casework ([`case`]), orders to actuators ([`order`]), what
//! stewards do ([`register`]), and what admins do ([`admin`]).

pub(crate) mod admin;
pub(crate) mod case;
pub(crate) mod error;
pub(crate) mod metric;
pub(crate) mod order;
pub(crate) mod people;
pub(crate) mod register;
mod request;
pub(crate) mod wall;

use serde::Deserialize;
use serde_json::Value;

use egret_shared::asset::AssetState;
use egret_shared::catalog::Catalog;
use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::metric::{MetricKey, Typical};
use egret_shared::rejection::Reason;
use egret_shared::time::TimeMs;

use crate::store::forecast::Forecast;
use crate::store::trend::Sample;

pub(crate) use error::ApiError;
use request::json;
pub(crate) use request::{encoded, on_signed_out};

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
    let asset = encoded(asset.as_str());
    json(&format!("/api/v1/assets/{feed}/{asset}")).await
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
    /// Serial number.
    pub(crate) id: i64,
    /// When it arrived.
    pub(crate) received_at: TimeMs,
    /// The feed it was taken for, if one was found.
    pub(crate) feed: Option<FeedId>,
    /// The MQTT topic or HTTP path.
    pub(crate) topic: String,
    /// The stage that refused it.
    pub(crate) stage: String,
    /// Why.
    pub(crate) reason: Reason,
    /// Why, as a sentence.
    pub(crate) detail: String,
    /// The payload or its head; absent if it is kept sealed.
    #[serde(default)]
    pub(crate) raw: Option<String>,
}
