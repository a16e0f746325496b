//! Oneself: first start, signing in and out, password, sessions.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use egret_people::{Principal, Refused};
use egret_shared::people::{ChangePassword, FirstStart, Me, MeState, SessionRow, SignIn};
use std::sync::Arc;

use super::{blocking, opened, whole};
use crate::api::Context;
use crate::api::extract::{JsonBody, Path};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::auth::Caller;
use crate::auth::admit::Asked;
use crate::auth::cookies::Cookie;
use crate::clock;

/// `GET /api/v1/me`: the one answer that everybody gets.
pub(in crate::api) async fn me(State(context): State<Context>, asked: Asked) -> Json<Me> {
    let access = &context.access;
    let principal = asked
        .caller
        .as_ref()
        .and_then(|caller| caller.principal.as_ref());
    let state = if access.open {
        MeState::Open
    } else if principal.is_some() {
        MeState::SignedIn
    } else if access.people.has_account() {
        MeState::Anonymous
    } else {
        MeState::FirstStart
    };
    Json(Me {
        state,
        who: principal.map(|principal| principal.who()),
        oidc: context.oidc_name(),
    })
}

/// `POST /api/v1/first-start`.
pub(in crate::api) async fn first_start(
    State(context): State<Context>,
    asked: Asked,
    JsonBody(form): JsonBody<FirstStart>,
) -> Result<Response, Problem> {
    let (people, visit) = (context.access.people.clone(), asked.visit.clone());
    let session = blocking(move || people.first_start(&visit, &form, clock::now())).await?;
    Ok(opened(&context, &asked, &session))
}

/// `POST /api/v1/sign-in`.
pub(in crate::api) async fn sign_in(
    State(context): State<Context>,
    asked: Asked,
    JsonBody(form): JsonBody<SignIn>,
) -> Result<Response, Problem> {
    let (people, visit) = (context.access.people.clone(), asked.visit.clone());
    let known = asked.known.clone();
    let session =
        blocking(move || people.sign_in(&visit, &form, known.as_deref(), clock::now())).await?;
    Ok(opened(&context, &asked, &session))
}

/// `POST /api/v1/sign-out`.
pub(in crate::api) async fn sign_out(
    State(context): State<Context>,
    asked: Asked,
    caller: Caller,
) -> Result<Response, Problem> {
    let principal = person(&caller)?;
    let (people, visit) = (context.access.people.clone(), asked.visit.clone());
    blocking(move || {
        people.sign_out(&principal, &visit, clock::now())?;
        Ok(())
    })
    .await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = Cookie::Session.forget(asked.is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /api/v1/me/password`.
pub(in crate::api) async fn change_password(
    State(context): State<Context>,
    caller: Caller,
    JsonBody(form): JsonBody<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let principal = person(&caller)?;
    let (people, visit) = (context.access.people.clone(), caller.visit.clone());
    let changed = tokio::task::spawn_blocking(move || {
        people.change_password(&principal, &visit, &form, clock::now())
    });
    match changed.await.map_err(|error| Problem::given_up(&error))? {
        Ok(()) => {}
        // Not 401: whoever mistypes the old password is still signed in.
        Err(Refused::BadCredentials) => {
            let refused = Refused::BadCredentials;
            let problem = Problem::new(StatusCode::FORBIDDEN, refused.to_string());
            return Err(problem.with_code(refused.code()));
        }
        Err(refused) => return Err(refused.into()),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/v1/me/sessions`.
pub(in crate::api) async fn sessions(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Page<SessionRow>>, Problem> {
    let principal = person(&caller)?;
    Ok(whole(
        context.access.people.sessions(&principal, clock::now()),
    ))
}

/// `DELETE /api/v1/me/sessions/{id}`.
pub(in crate::api) async fn end_session(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let principal = person(&caller)?;
    let (people, visit) = (context.access.people.clone(), caller.visit.clone());
    blocking(move || people.end_session(&principal, &visit, &id, clock::now())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody, where nobody in particular will not do.
fn person(caller: &Caller) -> Result<Arc<Principal>, Problem> {
    caller.principal.clone().ok_or_else(|| {
        Problem::missing("everything is open on this server: nobody in particular is signed in")
    })
}
