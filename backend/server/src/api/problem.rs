//! Errors as RFC 9457 problem details.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::folding::Stopped;
use crate::journal::JournalError;

/// What went wrong with a request, for a person and for a program.
///
/// # Source
/// RFC 9457, with `type` absent, which means `about:blank`: the status says what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Problem {
    /// The status' own words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A sentence with the value and the place.
    detail: String,
    /// What was refused, where a request had several parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<serde_json::Value>,
}

impl Problem {
    /// `status`, because of `detail`.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            rejected: None,
        }
    }

    /// There is no such thing.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The request cannot be understood.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The grant does not reach so far.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "your grant does not reach so far")
    }

    /// The work on the request ended before it was done.
    pub(super) fn given_up(error: &tokio::task::JoinError) -> Self {
        tracing::error!(%error, "the work on a request ended before it was done");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request was given up; see the log",
        )
    }

    /// With the parts that were refused.
    pub(super) fn with_rejected(self, rejected: serde_json::Value) -> Self {
        Self {
            rejected: Some(rejected),
            ..self
        }
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, stopped.to_string())
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        tracing::error!(%error, "a request could not be answered from the store");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the store cannot be read; see the log",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, Json(self)).into_response()
    }
}

/// The answer to paths that are none.
pub(super) async fn not_found(uri: axum::http::Uri) -> Problem {
    Problem::missing(format!("{uri} is not part of the API"))
}

/// The answer to methods that a path does not have.
pub(super) async fn no_method(method: axum::http::Method, uri: axum::http::Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{uri} cannot be asked to {method}"),
    )
}
