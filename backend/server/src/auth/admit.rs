//! The door: every request passes here before any handler sees it.
//!
//! Closed unless opened: what is not listed in [`FREE`] needs somebody who is signed in.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use egret_listen::Secure;
use egret_people::{Actor, Line, Principal, Visit};
use egret_shared::people::Outcome;

use super::cookies::Cookie;
use super::headers::{self, Foreign};
use super::pace::Whose;
use super::refusals::Refusals;
use super::{Access, Caller};
use crate::api::Context;
use crate::api::problem::{Problem, SIGNED_OUT};
use crate::clock;

/// Paths of the API that anybody may ask for: to sign in, and to see whether the server lives.
const FREE: [&str; 12] = [
    "/api/v1/me",
    "/api/v1/first-start",
    "/api/v1/sign-in",
    "/api/v1/oidc/",
    "/api/v1/pair",
    "/api/v1/pair/",
    "/api/v1/device/",
    "/healthz",
    "/readyz",
    // Who it is, CONNECT says.
    "/mqtt",
    // Who sends a request says who it is in its body; whoever does not is refused there.
    "/open311/v2/requests.json",
    "/open311/v2/requests.xml",
];

/// What stays open while there is no account: the page that makes the first.
const FREE_AT_FIRST: [&str; 4] = ["/api/v1/me", "/api/v1/first-start", "/healthz", "/readyz"];

/// What somebody may do who has to change the password first.
const FREE_BEFORE_CHANGE: [&str; 3] = ["/api/v1/me", "/api/v1/me/password", "/api/v1/sign-out"];

/// The word for requests that come from somebody else's page.
const FOREIGN_PAGE: &str = "foreign_page";

/// How a request came, and by whom: in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// From where, and with what.
    pub visit: Visit,
    /// Whether nobody on the way can read along.
    pub is_secure: bool,
    /// Who, if anybody is signed in.
    pub caller: Option<Caller>,
    /// The value of the cookie of a known browser.
    pub known: Option<String>,
}

/// Who a request shows itself to be.
enum Shown {
    Nobody,
    /// By a token, which no browser sends of itself.
    Token(Arc<Principal>),
    /// By the session's cookie; with the secret that takes its place, if it is time.
    Session(Arc<Principal>, Option<Changed>),
    /// By something that is nobody's, or no longer.
    Unknown,
}

impl Shown {
    fn whose(&self, visit: &Visit) -> Whose {
        match self {
            Self::Token(principal) | Self::Session(principal, _) => Whose::of(principal),
            Self::Nobody | Self::Unknown => Whose::Address(visit.network()),
        }
    }
}

/// A session's new secret.
struct Changed {
    value: String,
    seconds: i64,
}

/// Lets a request through to its handler, or answers it.
pub(crate) async fn admit(
    State(context): State<Context>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_secure = request.extensions().get::<Secure>().is_some_and(|s| s.0);
    let is_page = !is_guarded(&request);
    let visit = visit(peer, request.headers());
    let mut changed = None;
    let mut response = match judge(&context.access, &request, &visit, is_secure) {
        Ok((caller, secret)) => {
            changed = secret;
            let known = Cookie::Known.read(request.headers(), is_secure);
            let asked = Asked {
                known: known.map(str::to_owned),
                visit,
                is_secure,
                caller,
            };
            request.extensions_mut().insert(asked);
            next.run(request).await
        }
        Err(problem) => {
            note_foreign(&context, &visit, &request, &problem);
            problem.into_response()
        }
    };
    headers::protect(response.headers_mut(), is_page, is_secure);
    let cookie = changed
        .filter(|_| !response.headers().contains_key(header::SET_COOKIE))
        .and_then(|to| Cookie::Session.set(&to.value, to.seconds, is_secure));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Notes what a handler refuses somebody. Behind what runs a request to its end, and not at the door:
/// whoever hangs up before the answer has tried it all the same.
pub(crate) async fn note_denied(
    State(context): State<Context>,
    request: Request,
    next: Next,
) -> Response {
    let asked = request.extensions().get::<Asked>();
    let caller = asked.and_then(|asked| asked.caller.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    if let Some(caller) = caller
        && response.status() == StatusCode::FORBIDDEN
    {
        note_refused(&context, &caller, method.as_str(), &path);
    }
    response
}

/// Who asks, if they may ask at all.
fn judge(
    access: &Access,
    request: &Request,
    visit: &Visit,
    is_secure: bool,
) -> Result<(Option<Caller>, Option<Changed>), Problem> {
    let (headers, uri) = (request.headers(), request.uri());
    let path = uri.path();
    if !headers::names_one_host(request) {
        return Err(Problem::bad("the request must name one host, once"));
    }
    let is_socket = path == "/ws" || path == "/mqtt";
    if is_socket {
        headers::from_our_origin(headers, uri, is_secure).map_err(foreign)?;
    }
    if access.open {
        headers::to_loopback(headers, uri).map_err(foreign)?;
        if !headers::is_safe(request.method()) {
            headers::from_our_origin(headers, uri, is_secure).map_err(foreign)?;
        }
        return Ok((Some(access.anybody(visit.clone())), None));
    }
    let is_guarded = is_guarded(request);
    if is_guarded && !access.people.has_account() && !is_any(path, &FREE_AT_FIRST) {
        let detail = "this server has no account yet: open its page to make the first";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail).with_code("first_start"));
    }
    let shown = show(access, headers, visit, is_secure);
    access
        .pace
        .ask(shown.whose(visit), clock::now())
        .map_err(too_fast)?;
    let (principal, changed) = match shown {
        Shown::Token(principal) => (Some(principal), None),
        Shown::Session(principal, changed) => {
            if !headers::is_safe(request.method()) {
                headers::from_our_page(headers, uri, is_secure).map_err(foreign)?;
            }
            (Some(principal), changed)
        }
        Shown::Unknown if is_guarded && !is_any(path, &FREE) => return Err(Problem::signed_out()),
        Shown::Nobody | Shown::Unknown => (None, None),
    };
    let Some(principal) = principal else {
        // Signing somebody in from a foreign page is an attack, too.
        if !headers::is_safe(request.method()) {
            headers::from_our_origin(headers, uri, is_secure).map_err(foreign)?;
        }
        if is_guarded && !is_any(path, &FREE) {
            return Err(Problem::signed_out());
        }
        return Ok((None, None));
    };
    if principal.must_change_password && is_guarded && !FREE_BEFORE_CHANGE.contains(&path) {
        let detail = "the password has to be changed first: POST /api/v1/me/password";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail).with_code("change_password"));
    }
    Ok((Some(access.caller(principal, visit.clone())), changed))
}

fn show(access: &Access, headers: &HeaderMap, visit: &Visit, is_secure: bool) -> Shown {
    let now = clock::now();
    if let Some(bearer) = headers.get(header::AUTHORIZATION) {
        let secret = bearer.to_str().ok().and_then(|text| {
            let (scheme, secret) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        });
        let found = secret.and_then(|secret| access.people.by_token(secret, now));
        return found.map_or(Shown::Unknown, Shown::Token);
    }
    let Some(secret) = Cookie::Session.read(headers, is_secure) else {
        return Shown::Nobody;
    };
    let Some(found) = access.people.by_session(secret, visit, now) else {
        return Shown::Unknown;
    };
    let changed = found.rotated.map(|secret| Changed {
        value: secret.as_str().to_owned(),
        seconds: found.ends_at.since(now).ms() / 1_000,
    });
    Shown::Session(found.principal, changed)
}

/// From where a request comes, and with what.
fn visit(peer: SocketAddr, headers: &HeaderMap) -> Visit {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    let address = match peer.ip() {
        IpAddr::V6(v6) => v6.to_canonical(),
        v4 @ IpAddr::V4(_) => v4,
    };
    Visit::new(address, agent.unwrap_or_default())
}

/// Whether a request is for more than the browser part's own files: whatever has a route is.
fn is_guarded(request: &Request) -> bool {
    let has_route = request.extensions().get::<MatchedPath>().is_some();
    has_route || request.uri().path().starts_with("/api/")
}

/// Whether a path is one of `paths`, or lies under one that ends with a slash.
fn is_any(path: &str, paths: &[&str]) -> bool {
    let fits = |known: &&str| path == *known || (known.ends_with('/') && path.starts_with(*known));
    paths.iter().any(fits)
}

fn foreign(foreign: Foreign) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, foreign.to_string()).with_code(FOREIGN_PAGE)
}

/// The answer to somebody who asks faster than they may.
pub(crate) fn too_fast(retry_after_s: u64) -> Problem {
    let detail = "too many requests: ask more slowly";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
        .with_code("too_fast")
        .with_retry_after(retry_after_s)
}

/// Notes that somebody was refused something.
fn note_refused(context: &Context, caller: &Caller, method: &str, path: &str) {
    let now = clock::now();
    let who = caller.principal.as_ref().map_or("", |who| who.id.as_str());
    let what = format!("{who} {method} {path}");
    if let Some(n_before) = context.refusals.count(caller.visit.network(), &what, now) {
        let detail = Refusals::detail(n_before);
        let line = caller.line(now, (method, path), Outcome::Denied, detail);
        context.note(line);
    }
}

/// Notes that a request was turned away at the door, for where it came from or for a token that is
/// nobody's. That a session has ended is no attempt at anything.
fn note_foreign(context: &Context, visit: &Visit, request: &Request, problem: &Problem) {
    let is_token = request.headers().contains_key(header::AUTHORIZATION);
    let kind = match problem.code() {
        Some(FOREIGN_PAGE) => FOREIGN_PAGE,
        Some(SIGNED_OUT) if is_token => SIGNED_OUT,
        _ => return,
    };
    let now = clock::now();
    if let Some(n_before) = context.refusals.count(visit.network(), kind, now) {
        let actor = Actor::anonymous(visit, "");
        let line = Line::new(&actor, request.method().as_str(), request.uri().path(), now)
            .outcome(Outcome::Denied)
            .detail(format!(
                "{} {}",
                problem.detail(),
                Refusals::detail(n_before)
            ));
        context.note(line);
    }
}

impl FromRequestParts<Context> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Context) -> Result<Self, Problem> {
        // Only a route beside the door would lack it.
        parts
            .extensions
            .get()
            .cloned()
            .ok_or_else(Problem::signed_out)
    }
}

impl FromRequestParts<Context> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let asked = Asked::from_request_parts(parts, context).await?;
        asked.caller.ok_or_else(Problem::signed_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_free_as_a_whole_and_not_by_its_beginning() {
        assert!(is_any("/api/v1/me", &FREE));
        assert!(!is_any("/api/v1/me/sessions", &FREE));
        assert!(!is_any("/api/v1/metrics/x", &FREE));
        assert!(is_any("/api/v1/pair/1/qr.svg", &FREE));
        assert!(!is_any("/api/v1/pairs", &FREE));
    }
}
