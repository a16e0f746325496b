//! Who is here, and how one comes in and leaves.

use serde::Deserialize;

use egret_shared::id::{FeedId, ReportId};
use egret_shared::people::{ChangePassword, FirstStart, Me, Personal, Reason, SessionRow, SignIn};

use super::ApiError;
use super::request::{Method, act, encoded, json, probe, send, tell};

/// A list that comes whole.
#[derive(Deserialize)]
pub(super) struct Whole<T> {
    pub(super) items: Vec<T>,
}

/// Who is here. Also says whether there is a server at all: asked before a socket is tried, for
/// browsers slow down pages whose sockets keep failing, but not those that ask.
///
/// # Errors
/// The caller asks again.
pub(crate) async fn me() -> Result<Me, ApiError> {
    probe("/api/v1/me").await
}

/// Makes the first admin.
///
/// # Errors
/// `bad_code`, `weak_password`.
pub(crate) async fn first_start(first: &FirstStart) -> Result<Me, ApiError> {
    send(Method::Post, "/api/v1/first-start", first).await
}

/// Signs in.
///
/// # Errors
/// `bad_credentials`; `locked`, with the time to wait.
pub(crate) async fn sign_in(sign_in: &SignIn) -> Result<Me, ApiError> {
    send(Method::Post, "/api/v1/sign-in", sign_in).await
}

/// Signs out.
///
/// # Errors
/// The caller says so: the session goes on.
pub(crate) async fn sign_out() -> Result<(), ApiError> {
    act(Method::Post, "/api/v1/sign-out").await
}

/// Changes the own password.
///
/// # Errors
/// `bad_credentials`, `weak_password`.
pub(crate) async fn change_password(change: &ChangePassword) -> Result<(), ApiError> {
    tell(Method::Post, "/api/v1/me/password", change).await
}

/// The own sessions.
///
/// # Errors
/// The caller says so.
pub(crate) async fn sessions() -> Result<Vec<SessionRow>, ApiError> {
    let whole: Whole<SessionRow> = json("/api/v1/me/sessions").await?;
    Ok(whole.items)
}

/// Ends one of the own sessions.
///
/// # Errors
/// The caller says so.
pub(crate) async fn end_session(id: &str) -> Result<(), ApiError> {
    let id = encoded(id);
    act(Method::Delete, &format!("/api/v1/me/sessions/{id}")).await
}

/// Whom a report tells of, masked.
///
/// # Errors
/// Unknown, if nothing is kept; the caller says so.
pub(crate) async fn personal(feed: &FeedId, report: &ReportId) -> Result<Personal, ApiError> {
    json(&personal_path(feed, report)).await
}

/// Whom a report tells of, in clear, for a reason that the audit trail keeps.
///
/// # Errors
/// The caller says so.
pub(crate) async fn personal_shown(
    feed: &FeedId,
    report: &ReportId,
    reason: String,
) -> Result<Personal, ApiError> {
    send(
        Method::Post,
        &personal_path(feed, report),
        &Reason { reason },
    )
    .await
}

fn personal_path(feed: &FeedId, report: &ReportId) -> String {
    let (feed, report) = (encoded(feed.as_str()), encoded(report.as_str()));
    format!("/api/v1/reports/{feed}/{report}/personal")
}

/// Where the browser goes to sign in by the city's single sign-on, and come back to `back`.
pub(crate) fn oidc_href(back: &str) -> String {
    format!("/api/v1/oidc/start?back={}", encoded(back))
}
