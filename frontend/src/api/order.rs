//! Orders to actuators over HTTP: what an asset can be told, giving an order, what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use egret_shared::actuation::{Actuation, ActuationState, Argument, Offer};
use egret_shared::id::{AssetId, CommandId, FeedId};

use super::ApiError;
use super::case::played;
use super::people::Whole;
use super::request::{encoded, json, send_once};

/// Which orders are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Which {
    /// Of this feed.
    pub(crate) feed: Option<FeedId>,
    /// To this asset.
    pub(crate) asset: Option<AssetId>,
    /// That stand so.
    pub(crate) state: Option<ActuationState>,
}

impl Which {
    /// Whether not all are.
    pub(crate) fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

/// An order, as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Wanted {
    /// The feed of the actuator.
    pub(crate) feed: FeedId,
    /// The actuator.
    pub(crate) asset: AssetId,
    /// What it is to do.
    pub(crate) command: CommandId,
    /// What is said with it.
    pub(crate) parameters: BTreeMap<SmolStr, Argument>,
    /// Why.
    pub(crate) reason: String,
}

/// What an asset can be told.
///
/// # Errors
/// Unknown, if there is no such asset or it may not be seen.
pub(crate) async fn offers(feed: &FeedId, asset: &AssetId) -> Result<Vec<Offer>, ApiError> {
    let (feed, asset) = (encoded(feed.as_str()), encoded(asset.as_str()));
    let whole: Whole<Offer> = json(&format!("/api/v1/assets/{feed}/{asset}/commands")).await?;
    Ok(whole.items)
}

/// The newest `limit` orders, the newest first.
///
/// # Errors
/// The caller says so.
pub(crate) async fn orders(which: &Which, limit: usize) -> Result<Vec<Actuation>, ApiError> {
    let mut path = format!("/api/v1/commands?limit={limit}");
    let parts = [
        ("feed", which.feed.as_ref().map(FeedId::as_str)),
        ("asset", which.asset.as_ref().map(AssetId::as_str)),
        ("state", which.state.map(ActuationState::as_str)),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            path.extend(["&", name, "=", &encoded(value)]);
        }
    }
    let whole: Whole<Actuation> = json(&path).await?;
    Ok(whole.items)
}

/// Assets of a feed that stand or were seen somewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Assets {
    /// Their ids: 1,000 at most.
    pub(crate) ids: Vec<AssetId>,
    /// Whether there are more.
    pub(crate) are_some: bool,
}

/// The assets of a feed.
///
/// # Errors
/// The caller offers none.
pub(crate) async fn assets(feed: &FeedId) -> Result<Assets, ApiError> {
    #[derive(Deserialize)]
    struct Mark {
        asset: AssetId,
    }
    #[derive(Deserialize)]
    struct Marks {
        items: Vec<Mark>,
        next: Option<String>,
    }
    let feed = encoded(feed.as_str());
    let marks: Marks = json(&format!("/api/v1/assets?feed={feed}&limit=1000")).await?;
    Ok(Assets {
        ids: marks.items.into_iter().map(|mark| mark.asset).collect(),
        are_some: marks.next.is_some(),
    })
}

/// Gives an order under `key`: told again under the same, it is the same order.
///
/// # Errors
/// 409 with what confirms it, where it has to be looked at once more; 403, 409 `busy`, 422.
pub(crate) async fn give(
    key: &str,
    wanted: &Wanted,
    confirm: Option<&str>,
) -> Result<Actuation, ApiError> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        wanted: &'a Wanted,
        #[serde(skip_serializing_if = "Option::is_none")]
        confirm: Option<&'a str>,
        #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
        played: Option<String>,
    }
    let body = Body {
        wanted,
        confirm,
        played: played(),
    };
    send_once("/api/v1/commands", key, &body).await
}

/// Where the page about an asset is.
pub(crate) fn asset_href(feed: &FeedId, asset: &AssetId) -> String {
    let (feed, asset) = (encoded(feed.as_str()), encoded(asset.as_str()));
    format!("/asset/{feed}/{asset}")
}
