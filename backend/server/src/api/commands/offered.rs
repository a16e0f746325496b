//! What an actuator can be told, and by whom.

use axum::Json;
use axum::extract::State;
use egret_shared::actuation::Offer;
use egret_shared::id::{AssetId, FeedId};

use super::super::Context;
use super::super::extract::Path;
use super::super::page::Page;
use super::super::problem::Problem;
use super::area;
use crate::auth::Caller;

/// `GET /api/v1/assets/{feed}/{asset}/commands`: every command that can reach the asset, and whether
/// whoever asks may give it there. What is for devices does not
/// reach nodes, where ids tell the two apart.
pub(in crate::api) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Path((feed, asset)): Path<(String, String)>,
) -> Result<Json<Page<Offer>>, Problem> {
    let (feed, asset) = (FeedId::new(feed), AssetId::new(asset));
    let area = area(&context, &caller, (&feed, &asset)).await?;
    let commands = context.package.feed(&feed).map(|feed| &*feed.commands);
    let commands = commands.unwrap_or_default().iter();
    let reaching = commands.filter(|command| command.reaches(asset.as_str()));
    let offers = reaching.map(|command| Offer {
        may: caller.may_actuate(command.right.right(), &feed, area.as_ref()),
        command: caller.command(&feed, command.clone()),
    });
    let items = offers.collect();
    Ok(Json(Page { items, next: None }))
}
