//! `Idempotency-Key`: a request that is told again is done once, and answered alike.
//!
//! The first answer to a key is remembered for [`ANSWERS_FOR`](crate::limits::ANSWERS_FOR), together
//! with a fingerprint of what was asked. Asked the same again, it is given again, and nothing of the
//! body is taken; asked something else by the same key is a fault. The body is not held for that:
//! its fingerprint is made while the handler reads it.
//!
//! Answers are kept in memory. What outlives a restart is the journal's own memory of messages: from
//! the key each message without an id or time of its own gets an id ([`Named`]), so that a request
//! that is taken in again counts once, as it does by the senders' own ids and times.
//!
//! # Source
//! draft-ietf-httpapi-idempotency-key-header-07.

mod answers;
mod watched;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use egret_shared::text::Text;
use http_body_util::BodyExt as _;
use serde_json::json;
use xxhash_rust::xxh3::Xxh3;

pub(crate) use self::answers::Answers;
use self::answers::{Answer, Begun, Turn};
use self::watched::Watched;
use super::Context;
use super::problem::Problem;
use crate::auth::admit::Asked;
use crate::clock;
use crate::limits::ANSWER_BYTES;

/// The header with the key.
const KEY: &str = "idempotency-key";

/// The header of an answer that is given again.
const AGAIN: &str = "idempotent-replayed";

/// The longest key, in bytes; a UUID has 36.
const KEY_BYTES_MAX: usize = 255;

/// What the messages of a request are called: the same whenever its sender tells it again.
#[derive(Clone, Debug)]
pub(super) struct Named(pub(super) String);

/// Does a request with a key once.
pub(super) async fn once(State(context): State<Context>, request: Request, next: Next) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    match key_of(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => match keyed(&context, key, request, next).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}

/// Names what a request with a key tells, and works on one of a key at a time; for a handler that
/// remembers by that name itself what it has done, better than a fingerprint could: what confirms an
/// order, say, is no part of it.
pub(super) async fn named(
    State(context): State<Context>,
    mut request: Request,
    next: Next,
) -> Response {
    if *request.method() != Method::POST {
        return next.run(request).await;
    }
    match named_by(&context, &mut request) {
        // Let go of when the answer is there, and forgotten.
        Ok(_turn) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn named_by(context: &Context, request: &mut Request) -> Result<Option<Turn>, Problem> {
    let Some(key) = key_of(request.headers())? else {
        return Ok(None);
    };
    let who = sender(request)?;
    let turn = match context.answers.begin(&who, &key, clock::now()) {
        Begun::First(turn) => Some(turn),
        Begun::Running => return Err(in_flight()),
        // Something else was told by this key: the name is another's.
        Begun::Answered(_) => return Err(key_taken()),
    };
    let name = format!("{:032x}", name_of(&who, &key));
    request.extensions_mut().insert(Named(name));
    Ok(turn)
}

/// Who sends a request, by a name that nobody else has.
fn sender(request: &Request) -> Result<String, Problem> {
    let asked = request.extensions().get::<Asked>();
    let caller = asked.and_then(|asked| asked.caller.as_ref());
    let Some(caller) = caller else {
        let detail = "a request with an Idempotency-Key says who it is by Authorization";
        return Err(Problem::bad(detail).with_code("signed_out"));
    };
    let actor = caller.actor();
    Ok(format!("{}:{}", actor.kind.as_str(), actor.id))
}

fn in_flight() -> Problem {
    let words = Text::new(
        "使用此 Idempotency-Key 的上一次请求仍在处理",
        "the first request with this Idempotency-Key is still being worked on",
    );
    Problem::new(StatusCode::CONFLICT, words.en.clone())
        .with_code("in_flight")
        .with_more(json!({ "words": words }))
}

/// That a key stands for something else.
pub(super) fn key_taken() -> Problem {
    let words = Text::new(
        "此 Idempotency-Key 已用于另一请求，每次请求须用各自的键",
        "this Idempotency-Key belongs to another request: each needs one of its own",
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words.en.clone())
        .with_code("key_taken")
        .with_more(json!({ "words": words }))
}

async fn keyed(
    context: &Context,
    key: String,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let who = sender(&request)?;
    let begun = context.answers.begin(&who, &key, clock::now());
    let print = of_head(&request);
    let turn = match begun {
        Begun::First(turn) => turn,
        Begun::Running => return Err(in_flight()),
        Begun::Answered(answer) => return again(&answer, print, request.into_body()).await,
    };
    let name = format!("{:032x}", name_of(&who, &key));
    request.extensions_mut().insert(Named(name));
    let (parts, body) = request.into_parts();
    let (body, watch) = Watched::new(body, print);
    let request = Request::from_parts(parts, Body::new(body));
    let response = next.run(request).await;
    let status = response.status();
    let is_final = status.is_success()
        || matches!(
            status,
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY
        );
    let Some(fingerprint) = watch.fingerprint().filter(|_| is_final) else {
        // Nothing was decided, or not by all that was asked: to be tried again.
        return Ok(response);
    };
    let (parts, body) = response.into_parts();
    let bytes = body.size_hint().exact();
    if bytes.is_none_or(|bytes| bytes > ANSWER_BYTES as u64) {
        return Ok(Response::from_parts(parts, body));
    }
    let body = body.collect().await.map_err(|error| {
        tracing::error!(%error, "an answer could not be kept for when it is asked for again");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer was lost")
    })?;
    let body: Bytes = body.to_bytes();
    let kind = parts.headers.get(header::CONTENT_TYPE).cloned();
    let answer = Answer {
        fingerprint,
        status,
        kind,
        body: body.clone(),
    };
    turn.finish(answer, clock::now());
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The first answer once more, if the same is asked as then.
async fn again(answer: &Answer, print: Xxh3, body: Body) -> Result<Response, Problem> {
    let (mut body, watch) = Watched::new(body, print);
    while let Some(frame) = body.frame().await {
        if let Err(error) = frame {
            return Err(Problem::bad(format!("the body broke off: {error}")));
        }
    }
    if watch.fingerprint() != Some(answer.fingerprint) {
        return Err(key_taken());
    }
    let mut response = (answer.status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Some(kind) = &answer.kind {
        headers.insert(header::CONTENT_TYPE, kind.clone());
    }
    headers.insert(AGAIN, HeaderValue::from_static("true"));
    Ok(response)
}

/// The key of a request: a text in quotes as in the draft, or as most write it, without.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let key = inner.unwrap_or(text);
    let is_key = (1..=KEY_BYTES_MAX).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"');
    if !is_key || values.next().is_some() {
        let detail = format!(
            "Idempotency-Key: one, of 1 to {KEY_BYTES_MAX} visible ASCII characters, such as a UUID"
        );
        return Err(Problem::bad(detail));
    }
    Ok(Some(key.to_owned()))
}

/// The beginning of a request's fingerprint: everything that says what its body means.
fn of_head(request: &Request) -> Xxh3 {
    let mut print = Xxh3::new();
    let mut put = |part: &[u8]| {
        print.update(&(part.len() as u64).to_le_bytes());
        print.update(part);
    };
    put(request.method().as_str().as_bytes());
    put(request.uri().to_string().as_bytes());
    for (name, value) in request.headers() {
        let is_meant = *name == header::CONTENT_TYPE || name.as_str().starts_with("ce-");
        if is_meant {
            put(name.as_str().as_bytes());
            put(value.as_bytes());
        }
    }
    print
}

/// What somebody's request with a key is called, which nobody else's is.
fn name_of(who: &str, key: &str) -> u128 {
    let mut name = Xxh3::new();
    name.update(&(who.len() as u64).to_le_bytes());
    name.update(who.as_bytes());
    name.update(key.as_bytes());
    name.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[&'static str]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(KEY, HeaderValue::from_static(value));
        }
        key_of(&headers)
    }

    #[test]
    fn a_key_may_stand_in_quotes() {
        assert_eq!(key(&[]).unwrap(), None);
        assert_eq!(key(&["\"a-1\""]).unwrap().as_deref(), Some("a-1"));
        assert_eq!(key(&["a-1"]).unwrap().as_deref(), Some("a-1"));
        for wrong in [&[""][..], &["\"\""], &["a b"], &["a\"b"], &["a", "a"]] {
            assert!(key(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_two_senders_share_a_name() {
        assert_ne!(name_of("token:1", "k"), name_of("token:2", "k"));
        assert_ne!(name_of("token:1", "1k"), name_of("token:11", "k"));
        assert_eq!(name_of("token:1", "k"), name_of("token:1", "k"));
    }
}
