//! Managing people, tokens, walls and gateways.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use egret_people::{Actor, People, Refused};
use egret_shared::people::{
    Approve, DeviceChange, DeviceRow, GatewayChange, GatewayRow, NewGateway, NewToken, NewUser,
    PairingRow, Secret, TokenRow, UserChange, UserRow,
};

use super::{administer, blocking, whole};
use crate::api::Context;
use crate::api::extract::{JsonBody, Path};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::clock;

type Rows<T> = Result<Json<Page<T>>, Problem>;

/// Lets an admin do `work`.
async fn by_admin<T: Send + 'static>(
    context: &Context,
    caller: &Caller,
    work: impl FnOnce(&People, &Actor) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    administer(caller)?;
    let (people, actor) = (context.access.people.clone(), caller.actor());
    blocking(move || work(&people, &actor)).await
}

/// `GET /api/v1/admin/users`.
pub(in crate::api) async fn users(State(context): State<Context>, caller: Caller) -> Rows<UserRow> {
    administer(&caller)?;
    Ok(whole(context.access.people.users(clock::now())))
}

/// `POST /api/v1/admin/users`.
pub(in crate::api) async fn add_user(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(user): JsonBody<NewUser>,
) -> Result<Json<UserRow>, Problem> {
    check_grants(&context, &user.grants)?;
    let add = move |people: &People, by: &Actor| people.add_user(by, &user, clock::now());
    by_admin(&context, &caller, add).await.map(Json)
}

/// `PATCH /api/v1/admin/users/{id}`.
pub(in crate::api) async fn change_user(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<UserChange>,
) -> Result<Json<UserRow>, Problem> {
    check_grants(&context, change.grants.as_deref().unwrap_or_default())?;
    let work =
        move |people: &People, by: &Actor| people.change_user(by, &id, &change, clock::now());
    by_admin(&context, &caller, work).await.map(Json)
}

/// `DELETE /api/v1/admin/users/{id}`.
pub(in crate::api) async fn remove_user(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.remove_user(by, &id, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/admin/users/{id}/sign-out`.
pub(in crate::api) async fn sign_out_user(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.sign_out_user(by, &id, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/admin/tokens`.
pub(in crate::api) async fn tokens(
    State(context): State<Context>,
    caller: Caller,
) -> Rows<TokenRow> {
    administer(&caller)?;
    Ok(whole(context.access.people.tokens()))
}

/// `POST /api/v1/admin/tokens`.
pub(in crate::api) async fn add_token(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(token): JsonBody<NewToken>,
) -> Result<Json<Secret>, Problem> {
    check_grants(&context, &token.grants)?;
    let add = move |people: &People, by: &Actor| people.add_token(by, &token, clock::now());
    by_admin(&context, &caller, add).await.map(Json)
}

/// `DELETE /api/v1/admin/tokens/{id}`.
pub(in crate::api) async fn remove_token(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.remove_token(by, &id, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/admin/pairings`.
pub(in crate::api) async fn pairings(
    State(context): State<Context>,
    caller: Caller,
) -> Rows<PairingRow> {
    administer(&caller)?;
    Ok(whole(context.access.people.pairings(clock::now())))
}

/// `POST /api/v1/admin/pairings/{code}`.
pub(in crate::api) async fn approve(
    State(context): State<Context>,
    caller: Caller,
    Path(code): Path<String>,
    JsonBody(approve): JsonBody<Approve>,
) -> Result<Json<DeviceRow>, Problem> {
    check_grants(&context, &approve.grants)?;
    let work = move |people: &People, by: &Actor| people.approve(by, &code, &approve, clock::now());
    by_admin(&context, &caller, work).await.map(Json)
}

/// `DELETE /api/v1/admin/pairings/{code}`.
pub(in crate::api) async fn refuse(
    State(context): State<Context>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.refuse_pairing(by, &code, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/admin/devices`.
pub(in crate::api) async fn devices(
    State(context): State<Context>,
    caller: Caller,
) -> Rows<DeviceRow> {
    administer(&caller)?;
    Ok(whole(context.access.people.devices()))
}

/// `PATCH /api/v1/admin/devices/{id}`.
pub(in crate::api) async fn change_device(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<DeviceChange>,
) -> Result<Json<DeviceRow>, Problem> {
    check_grants(&context, change.grants.as_deref().unwrap_or_default())?;
    let work =
        move |people: &People, by: &Actor| people.change_device(by, &id, &change, clock::now());
    by_admin(&context, &caller, work).await.map(Json)
}

/// `DELETE /api/v1/admin/devices/{id}`.
pub(in crate::api) async fn remove_device(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.remove_device(by, &id, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/admin/gateways`.
pub(in crate::api) async fn gateways(
    State(context): State<Context>,
    caller: Caller,
) -> Rows<GatewayRow> {
    administer(&caller)?;
    Ok(whole(context.access.people.gateways()))
}

/// `POST /api/v1/admin/gateways`.
pub(in crate::api) async fn add_gateway(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(gateway): JsonBody<NewGateway>,
) -> Result<Json<Secret>, Problem> {
    check_feeds(&context, &gateway.feeds)?;
    let add = move |people: &People, by: &Actor| people.add_gateway(by, &gateway, clock::now());
    by_admin(&context, &caller, add).await.map(Json)
}

/// `PATCH /api/v1/admin/gateways/{id}`.
pub(in crate::api) async fn change_gateway(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<GatewayChange>,
) -> Result<Json<GatewayRow>, Problem> {
    check_feeds(&context, change.feeds.as_deref().unwrap_or_default())?;
    let work =
        move |people: &People, by: &Actor| people.change_gateway(by, &id, &change, clock::now());
    by_admin(&context, &caller, work).await.map(Json)
}

/// `DELETE /api/v1/admin/gateways/{id}`.
pub(in crate::api) async fn remove_gateway(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let work = move |people: &People, by: &Actor| people.remove_gateway(by, &id, clock::now());
    by_admin(&context, &caller, work).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/admin/gateways/{id}/secret`.
pub(in crate::api) async fn renew_gateway(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Secret>, Problem> {
    let work = move |people: &People, by: &Actor| people.renew_gateway(by, &id, clock::now());
    by_admin(&context, &caller, work).await.map(Json)
}

/// Grants name areas and departments that the city has: a slip of the pen must not hide everything.
fn check_grants(context: &Context, grants: &[egret_shared::access::Grant]) -> Result<(), Problem> {
    let package = &context.package;
    let areas = grants.iter().flat_map(|grant| grant.areas.named());
    for area in areas {
        if package.area_tree().index_of(area).is_none() {
            return Err(invalid(format!("grants: there is no area \"{area}\"")));
        }
    }
    let departments = grants.iter().flat_map(|grant| grant.departments.named());
    for department in departments {
        if package.department(department).is_none() {
            return Err(invalid(format!(
                "grants: there is no department \"{department}\""
            )));
        }
    }
    Ok(())
}

fn check_feeds(context: &Context, feeds: &[egret_shared::id::FeedId]) -> Result<(), Problem> {
    let unknown = feeds
        .iter()
        .find(|feed| context.package.feed(feed).is_none());
    match unknown {
        Some(feed) => Err(invalid(format!("feeds: there is no feed \"{feed}\""))),
        None => Ok(()),
    }
}

fn invalid(detail: String) -> Problem {
    Refused::Invalid(detail).into()
}
