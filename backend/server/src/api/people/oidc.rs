//! Signing in by the city's single sign-on: there and back again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use egret_people::{Actor, External, Line};
use egret_shared::people::Outcome;
use serde::Deserialize;

use super::{blocking, put_cookies};
use crate::api::Context;
use crate::api::extract::Query;
use crate::api::problem::Problem;
use crate::auth::admit::{Asked, too_fast};
use crate::auth::cookies::Cookie;
use crate::auth::pace::Whose;
use crate::auth::sso::Sso;
use crate::clock;

/// How long somebody may take to sign in there.
const FLOW_S: i64 = 600;

/// Where somebody ends who could not be signed in: the page says so in their language.
const FAILED: &str = "/sign-in?error=sso";

#[derive(Debug, Deserialize)]
pub(in crate::api) struct StartQuery {
    back: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::api) struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `GET /api/v1/oidc/start?back=/path`.
pub(in crate::api) async fn start(
    State(context): State<Context>,
    asked: Asked,
    Query(query): Query<StartQuery>,
) -> Result<Response, Problem> {
    let sso = sso(&context)?;
    let whose = Whose::SignOn(asked.visit.network());
    context
        .access
        .pace
        .ask(whose, clock::now())
        .map_err(too_fast)?;
    let back = query.back.filter(|back| is_ours(back));
    let back = back.unwrap_or_else(|| "/".to_owned());
    let begun = match sso.oidc.start(sso.redirect.clone(), back).await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::warn!(%error, "the single sign-on cannot be asked");
            return go(FAILED);
        }
    };
    let mut response = go(begun.url.as_str())?;
    if let Some(cookie) = Cookie::Flow.set(&begun.state, FLOW_S, asked.is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /api/v1/oidc/callback`.
pub(in crate::api) async fn callback(
    State(context): State<Context>,
    asked: Asked,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Problem> {
    let sso = sso(&context)?;
    let flow = Cookie::Flow.read(&headers, asked.is_secure);
    let mut response = match finish(&context, &sso, &asked, flow, &query).await {
        Ok(response) => response,
        Err(why) => {
            let actor = Actor::anonymous(&asked.visit, "");
            let line = Line::new(&actor, "sign_in.oidc", sso.oidc.name(), clock::now())
                .outcome(Outcome::Denied)
                .detail(why);
            let (people, visit) = (context.access.people.clone(), asked.visit.clone());
            blocking(move || Ok(people.note_denied(&visit, line)?)).await?;
            go(FAILED)?
        }
    };
    if let Some(cookie) = Cookie::Flow.forget(asked.is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs in whoever the issuer says it is; or why not.
async fn finish(
    context: &Context,
    sso: &Sso,
    asked: &Asked,
    flow: Option<&str>,
    query: &CallbackQuery,
) -> Result<Response, String> {
    let flow = flow.ok_or("the browser brings no flow")?;
    let state = query.state.as_deref().ok_or("the answer has no state")?;
    if let Some(error) = &query.error {
        let why = query.error_description.as_deref();
        return Err(sso.oidc.denied(flow, state, error, why).to_string());
    }
    let code = query.code.as_deref().ok_or("the answer has no code")?;
    let signed = sso.oidc.finish(flow, state, code).await;
    let signed = signed.map_err(|error| error.to_string())?;
    let grants = sso.grants(&signed.groups);
    let (people, visit) = (context.access.people.clone(), asked.visit.clone());
    let back = signed.back.clone();
    let session = blocking(move || {
        let external = External {
            issuer: signed.issuer,
            subject: signed.subject,
            name: signed.name,
            display: signed.display,
            grants,
        };
        people.sign_in_external(&visit, &external, clock::now())
    })
    .await
    .map_err(|problem| problem.detail().to_owned())?;
    let mut response = go(&back).map_err(|problem| problem.detail().to_owned())?;
    put_cookies(response.headers_mut(), asked, &session);
    Ok(response)
}

fn sso(context: &Context) -> Result<Arc<Sso>, Problem> {
    let missing = || Problem::missing("this server has no single sign-on");
    context.sso.clone().ok_or_else(missing)
}

/// Sends the browser there.
fn go(to: &str) -> Result<Response, Problem> {
    let to = HeaderValue::from_str(to)
        .map_err(|error| Problem::bad(format!("{to} is no address: {error}")))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}

/// Whether a path stays on this server, whatever a browser makes of it.
fn is_ours(back: &str) -> bool {
    back.starts_with('/')
        && !back.starts_with("//")
        && !back.contains('\\')
        && !back.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_on_to_another_host() {
        assert!(is_ours("/wall/overview?lang=zh"));
        for back in [
            "",
            "wall",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
        ] {
            assert!(!is_ours(back), "{back:?}");
        }
    }
}
