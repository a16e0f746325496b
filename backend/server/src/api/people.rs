//! People and what else signs in: REST over [`egret_people`]. What is here only translates.

pub(super) mod admin;
pub(super) mod audit;
pub(super) mod device;
pub(super) mod me;
pub(super) mod notices;
pub(super) mod oidc;

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use egret_people::{Opened, Refused};
use egret_shared::access::Right;
use egret_shared::people::{Me, MeState};
use serde::Serialize;

use super::Context;
use super::page::Page;
use super::problem::Problem;
use crate::auth::Caller;
use crate::auth::admit::Asked;
use crate::auth::cookies::Cookie;
use crate::clock;

/// Runs what hashes or writes off the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Problem::given_up(&error))??)
}

/// All of a short list.
fn whole<T: Serialize>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page { items, next: None })
}

/// Only those who manage people.
fn administer(caller: &Caller) -> Result<(), Problem> {
    if caller.has_whole(Right::Administer) {
        Ok(())
    } else {
        Err(Problem::forbidden())
    }
}

/// The answer to somebody who has just signed in.
fn opened(context: &Context, asked: &Asked, opened: &Opened) -> Response {
    let me = Me {
        state: MeState::SignedIn,
        who: Some(opened.principal.who()),
        oidc: context.oidc_name(),
    };
    let mut response = Json(me).into_response();
    put_cookies(response.headers_mut(), asked, opened);
    response
}

/// Sets the cookies of a session that has begun.
pub(super) fn put_cookies(headers: &mut HeaderMap, asked: &Asked, opened: &Opened) {
    let seconds = opened.ends_at.since(clock::now()).ms() / 1_000;
    let session = Cookie::Session.set(opened.secret.as_str(), seconds, asked.is_secure);
    let known = opened.known.as_deref();
    let known = known.and_then(|known| Cookie::remember(known, asked.is_secure));
    for cookie in session.into_iter().chain(known) {
        headers.append(header::SET_COOKIE, cookie);
    }
}
