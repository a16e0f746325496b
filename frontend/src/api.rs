//! What is asked for over HTTP: the catalogue, history, areas, an asset; and below, who is here
//! ([`people`]), what walls say ([`wall`]), casework ([`case`]), orders to actuators ([`order`]), what
//! stewards do ([`register`]), what admins do ([`admin`]), and how notifications do ([`notices`]).

pub(crate) mod admin;
pub(crate) mod case;
pub(crate) mod error;
pub(crate) mod metric;
pub(crate) mod notices;
pub(crate) mod order;
pub(crate) mod people;
pub(crate) mod register;
mod request;
pub(crate) mod wall;

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use egret_shared::asset::AssetState;
use egret_shared::catalog::Catalog;
use egret_shared::flags::Flags;
use egret_shared::id::{AreaCode, AssetId, FeedId, MetricId};
use egret_shared::metric::{MetricKey, Typical};
use egret_shared::rejection::Reason;
use egret_shared::time::{Span, TimeMs};

use crate::store::forecast::Forecast;
use crate::store::trend::{STEP, Sample};

pub(crate) use error::ApiError;
use request::json;
pub(crate) use request::{encoded, on_signed_out};

/// A part of a list that the server gives by pages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Page<T> {
    /// Its rows, newest first.
    pub(crate) items: Vec<T>,
    /// Where the older ones begin; absent on the last page.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// The city package as screens need it.
///
/// # Errors
/// The caller asks again later.
pub(crate) async fn catalog() -> Result<Catalog, ApiError> {
    json("/api/v1/catalog").await
}

/// The past of metrics, as one answer tells it.
#[derive(Debug)]
pub(crate) struct Recent {
    /// What to ask for next; absent if nothing is known.
    pub(crate) known_at: Option<TimeMs>,
    /// Closed windows, oldest first, of every metric that is there.
    pub(crate) series: Vec<(MetricKey, Vec<Sample>)>,
}

/// The closed windows of metrics since `from`, or those that have become known since `known_since`.
///
/// # Errors
/// The caller draws without history.
pub(crate) async fn recent(
    keys: &[MetricKey],
    from: TimeMs,
    known_since: Option<TimeMs>,
) -> Result<Recent, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        from: TimeMs,
        #[serde(default)]
        known_at: Option<TimeMs>,
        items: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        metric: MetricId,
        area: AreaCode,
        minute: Vec<i64>,
        v: Vec<Option<f64>>,
        #[serde(default)]
        flags: Vec<Flags>,
        #[serde(default)]
        typical: Vec<Option<Typical>>,
    }
    let mut path = format!("/api/v1/recent?from={from}");
    if let Some(since) = known_since {
        write!(path, "&known_since={since}").ok();
    }
    for MetricKey { metric, area } in keys {
        let of = format!("{metric}@{area}");
        write!(path, "&of={}", encoded(&of)).ok();
    }
    let Answer {
        from,
        known_at,
        items,
    } = json(&path).await?;
    let series = items.into_iter().map(|item| {
        let windows = item.minute.into_iter().zip(item.v).enumerate();
        let samples = windows.map(|(n, (minute, v))| Sample {
            at: from.plus(Span(minute * STEP.ms())),
            v,
            flags: item.flags.get(n).copied().unwrap_or_default(),
            typical: item.typical.get(n).copied().flatten().map(Into::into),
            is_live: false,
        });
        let samples = samples.collect();
        let (metric, area) = (item.metric, item.area);
        (MetricKey { metric, area }, samples)
    });
    Ok(Recent {
        known_at,
        series: series.collect(),
    })
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
