//! What handlers take from a request. As axum's own, but a fault is answered with a [`Problem`].

use axum::body::{Bytes, HttpBody as _};
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use http_body_util::Limited;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::limits::{FORM_BYTES, HTTP_BODY_BYTES};

/// The query string.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

/// The variable parts of the path.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

/// The body, no longer than the router allows.
#[derive(Debug)]
pub(super) struct Body(pub(super) Bytes);

/// A small body of JSON: a form. What a browser sends of itself is no JSON, so it needs the type.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if request.body().size_hint().lower() > FORM_BYTES as u64 {
            let detail = format!("{FORM_BYTES} bytes are allowed");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let request = request.map(|body| axum::body::Body::new(Limited::new(body, FORM_BYTES)));
        let form = axum::Json::<T>::from_request(request, state).await;
        // serde names the field, but may repeat a value: a password must not come back.
        let form = form.map_err(|fault| match fault {
            JsonRejection::JsonDataError(error) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, place(&error.body_text()))
            }
            other => Problem::new(other.status(), other.body_text()),
        })?;
        Ok(Self(form.0))
    }
}

/// What serde says up to the value: the field's path.
fn place(text: &str) -> String {
    let known = ["unknown field", "missing field"];
    match text.split_once(": ") {
        Some((_, rest)) if known.iter().any(|known| rest.contains(known)) => text.to_owned(),
        _ => match text.split_once(": invalid") {
            Some((place, _)) => format!("{place}: not of the kind it must be"),
            None => text.to_owned(),
        },
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        let query = query.map_err(|fault| Problem::new(fault.status(), fault.body_text()))?;
        Ok(Self(query.0))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        let path = path.map_err(|fault| Problem::new(fault.status(), fault.body_text()))?;
        Ok(Self(path.0))
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // Before the body is asked for: one who says `Expect: 100-continue` need not send it.
        let declared_bytes = request.body().size_hint().lower();
        if declared_bytes > HTTP_BODY_BYTES as u64 {
            let detail =
                format!("the body has {declared_bytes} bytes, {HTTP_BODY_BYTES} are allowed");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let body = Bytes::from_request(request, state).await;
        body.map(Self)
            .map_err(|fault| Problem::new(fault.status(), fault.body_text()))
    }
}
