//! What admins and auditors ask for and do.

use egret_shared::people::{
    Approve, AuditRow, DeviceChange, DeviceRow, GatewayChange, GatewayRow, NewGateway, NewToken,
    NewUser, PairingRow, Secret, TokenRow, UserChange, UserRow, Verified,
};

use super::people::Whole;
use super::request::{Method, act, encoded, json, long, obtain, send};
use super::{ApiError, Page};

/// How many lines of the audit trail come at once: two screens.
const AUDIT_ROWS: u32 = 100;

/// Everybody who has an account.
pub(crate) async fn users() -> Result<Vec<UserRow>, ApiError> {
    let whole: Whole<UserRow> = json("/api/v1/admin/users").await?;
    Ok(whole.items)
}

/// Makes an account. `name_taken`, `weak_password`.
pub(crate) async fn new_user(user: &NewUser) -> Result<UserRow, ApiError> {
    send(Method::Post, "/api/v1/admin/users", user).await
}

/// Changes an account. `last_admin`, `weak_password`.
pub(crate) async fn change_user(id: &str, change: &UserChange) -> Result<UserRow, ApiError> {
    send(Method::Patch, &at("users", id, ""), change).await
}

/// Removes an account. `last_admin`.
pub(crate) async fn delete_user(id: &str) -> Result<(), ApiError> {
    act(Method::Delete, &at("users", id, "")).await
}

/// Ends every session of an account.
pub(crate) async fn sign_user_out(id: &str) -> Result<(), ApiError> {
    act(Method::Post, &at("users", id, "/sign-out")).await
}

/// API tokens.
pub(crate) async fn tokens() -> Result<Vec<TokenRow>, ApiError> {
    let whole: Whole<TokenRow> = json("/api/v1/admin/tokens").await?;
    Ok(whole.items)
}

/// Makes a token.
pub(crate) async fn new_token(token: &NewToken) -> Result<Secret, ApiError> {
    send(Method::Post, "/api/v1/admin/tokens", token).await
}

/// Ends a token.
pub(crate) async fn delete_token(id: &str) -> Result<(), ApiError> {
    act(Method::Delete, &at("tokens", id, "")).await
}

/// Walls that wait to be let in.
pub(crate) async fn pairings() -> Result<Vec<PairingRow>, ApiError> {
    let whole: Whole<PairingRow> = json("/api/v1/admin/pairings").await?;
    Ok(whole.items)
}

/// Lets a wall in.
pub(crate) async fn approve(code: &str, approve: &Approve) -> Result<DeviceRow, ApiError> {
    send(Method::Post, &at("pairings", code, ""), approve).await
}

/// Refuses a wall.
pub(crate) async fn refuse(code: &str) -> Result<(), ApiError> {
    act(Method::Delete, &at("pairings", code, "")).await
}

/// Walls.
pub(crate) async fn devices() -> Result<Vec<DeviceRow>, ApiError> {
    let whole: Whole<DeviceRow> = json("/api/v1/admin/devices").await?;
    Ok(whole.items)
}

/// Changes a wall.
pub(crate) async fn change_device(id: &str, change: &DeviceChange) -> Result<DeviceRow, ApiError> {
    send(Method::Patch, &at("devices", id, ""), change).await
}

/// Revokes a wall.
pub(crate) async fn delete_device(id: &str) -> Result<(), ApiError> {
    act(Method::Delete, &at("devices", id, "")).await
}

/// Gateways.
pub(crate) async fn gateways() -> Result<Vec<GatewayRow>, ApiError> {
    let whole: Whole<GatewayRow> = json("/api/v1/admin/gateways").await?;
    Ok(whole.items)
}

/// Makes a gateway's credential. `name_taken`.
pub(crate) async fn new_gateway(gateway: &NewGateway) -> Result<Secret, ApiError> {
    send(Method::Post, "/api/v1/admin/gateways", gateway).await
}

/// Changes a gateway.
pub(crate) async fn change_gateway(
    id: &str,
    change: &GatewayChange,
) -> Result<GatewayRow, ApiError> {
    send(Method::Patch, &at("gateways", id, ""), change).await
}

/// Gives a gateway a new secret; the old one ends.
pub(crate) async fn new_gateway_secret(id: &str) -> Result<Secret, ApiError> {
    obtain(Method::Post, &at("gateways", id, "/secret")).await
}

/// Removes a gateway.
pub(crate) async fn delete_gateway(id: &str) -> Result<(), ApiError> {
    act(Method::Delete, &at("gateways", id, "")).await
}

/// Which lines of the audit trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditQuery {
    /// Name and value of each filter; empty values are left out.
    pub(crate) filters: Vec<(&'static str, String)>,
}

impl AuditQuery {
    /// The filters as a query, each with `&` before it.
    fn text(&self) -> String {
        let set = self.filters.iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> = set
            .map(|(name, value)| format!("&{name}={}", encoded(value)))
            .collect();
        parts.concat()
    }
}

/// Lines of the audit trail, from `cursor` on to older ones.
pub(crate) async fn audit(
    query: &AuditQuery,
    cursor: Option<&str>,
) -> Result<Page<AuditRow>, ApiError> {
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={}", encoded(cursor)));
    let filters = query.text();
    json(&format!(
        "/api/v1/audit?limit={AUDIT_ROWS}{filters}{cursor}"
    ))
    .await
}

/// Whether the audit trail is whole.
pub(crate) async fn verify() -> Result<Verified, ApiError> {
    long("/api/v1/audit/verify").await
}

fn at(kind: &str, id: &str, what: &str) -> String {
    format!("/api/v1/admin/{kind}/{}{what}", encoded(id))
}
