//! Errors as RFC 9457 problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use egret_people::Refused;

use crate::folding::Stopped;
use crate::journal::JournalError;
use crate::limits::HTTP_TIMEOUT;

/// The word for requests of nobody who is known.
pub(crate) const SIGNED_OUT: &str = "signed_out";

/// What went wrong with a request, for a person and for a program.
///
/// # Source
/// RFC 9457, with `type` absent, which means `about:blank`: the status says what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Problem {
    /// The status' own words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A sentence with the value and the place.
    detail: String,
    /// A stable word, where a program has to tell problems of one status apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// After how many seconds another try is worth it.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// What else a program needs: further members of the object.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    more: Option<Box<serde_json::Value>>,
}

impl Problem {
    /// `status`, because of `detail`.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code: None,
            retry_after_s: None,
            more: None,
        }
    }

    /// What it says.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Its word for programs.
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// With a word for programs.
    pub(crate) fn with_code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// With further members: an object.
    pub(crate) fn with_more(self, more: serde_json::Value) -> Self {
        Self {
            more: Some(Box::new(more)),
            ..self
        }
    }

    /// With the time after which another try is worth it.
    pub(crate) fn with_retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// There is no such thing.
    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The request cannot be understood.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The grant does not reach so far.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "your grant does not reach so far")
    }

    /// Nobody is behind the request, or nobody any more.
    pub(crate) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "nobody is signed in").with_code(SIGNED_OUT)
    }

    /// The request was not done in time. What may change something `goes_on` all the same.
    pub(crate) fn too_long(goes_on: bool) -> Self {
        let end = if goes_on {
            ", and still being worked on: see what has come of it before it is told again"
        } else {
            ""
        };
        let detail = format!("not done within {} s{end}", HTTP_TIMEOUT.as_secs());
        Self::new(StatusCode::REQUEST_TIMEOUT, detail)
    }

    /// The work on the request ended before it was done.
    pub(crate) fn given_up(error: &tokio::task::JoinError) -> Self {
        tracing::error!(%error, "the work on a request ended before it was done");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request was given up; see the log",
        )
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let code = refused.code();
        let status = match &refused {
            Refused::BadCredentials | Refused::BadSignature => StatusCode::UNAUTHORIZED,
            Refused::Locked { .. } | Refused::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Refused::BadCode => StatusCode::FORBIDDEN,
            Refused::WeakPassword(_) | Refused::Invalid(_) => StatusCode::BAD_REQUEST,
            Refused::NameTaken(_) | Refused::LastAdmin => StatusCode::CONFLICT,
            Refused::Missing(_) => StatusCode::NOT_FOUND,
            Refused::Store(error) => {
                tracing::error!(%error, "people could not be read or kept");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let retry_after_s = match &refused {
            Refused::Locked { retry_after_s } => Some(*retry_after_s),
            _ => None,
        };
        let problem = match &refused {
            Refused::Store(_) => Self::new(status, "people cannot be read or kept; see the log"),
            refused => Self::new(status, refused.to_string()),
        };
        Self {
            retry_after_s,
            ..problem.with_code(code)
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
        let retry_after_s = self.retry_after_s;
        let mut response = (status, kind, Json(self)).into_response();
        if let Some(seconds) = retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        response
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
