//! What can go wrong with a question to the server.

use serde::Deserialize;

use egret_shared::actuation::Outgoing;
use egret_shared::case::Deed;
use egret_shared::text::Text;

/// A question that got no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The network refused, or the time was up.
    #[error("{path}: {reason}")]
    Network {
        /// What was asked for.
        path: String,
        /// The browser's words.
        reason: String,
    },
    /// Something on the way answered, and not the server itself: it would have said why.
    #[error("{path}: status {status}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
    },
    /// The server said what is wrong.
    #[error("{}", problem.detail)]
    Problem {
        /// The status.
        status: u16,
        /// What it said.
        problem: Box<Problem>,
    },
    /// The answer is not what it should be.
    #[error("{path}: {source}")]
    Shape {
        /// What was asked for.
        path: String,
        /// Where in the JSON, and why.
        source: serde_json::Error,
    },
}

/// What the server says of something that went wrong.
///
/// # Source
/// RFC 9457; what follows `detail` is Egret's own, see `docs/access.md` and `docs/protocol.md`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Problem {
    /// A sentence with the value and the place, in English.
    pub(crate) detail: String,
    /// A word for programs, where they have to tell problems apart.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// After how many seconds it is worth trying again.
    #[serde(default)]
    pub(crate) retry_after_s: Option<u32>,
    /// The detail in the languages of the screens.
    #[serde(default)]
    pub(crate) words: Option<Text>,
    /// The version of what has changed meanwhile.
    #[serde(default)]
    pub(crate) version: Option<u64>,
    /// What has happened to it since the version that was seen, oldest first.
    #[serde(default)]
    pub(crate) changed: Vec<Deed>,
    /// What confirms an order that is asked for twice.
    #[serde(default)]
    pub(crate) confirm: Option<String>,
    /// What such an order will send.
    #[serde(default)]
    pub(crate) message: Option<Outgoing>,
}

impl ApiError {
    /// What an answer with a bad status says, by its body.
    pub(crate) fn of_answer(path: &str, status: u16, body: &str) -> Self {
        match serde_json::from_str(body) {
            Ok(problem) => Self::Problem { status, problem },
            Err(_) => Self::Status {
                path: path.to_owned(),
                status,
            },
        }
    }

    /// The status, if there was an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Problem { status, .. } => Some(*status),
            Self::Network { .. } | Self::Shape { .. } => None,
        }
    }

    /// The server's word for it.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Problem { problem, .. } => problem.code.as_deref(),
            Self::Network { .. } | Self::Status { .. } | Self::Shape { .. } => None,
        }
    }

    /// What has changed meanwhile, and its version now, if that is what is wrong.
    pub(crate) fn changed(&self) -> Option<(u64, &[Deed])> {
        match self {
            Self::Problem {
                status: 409,
                problem,
            } => Some((problem.version?, &problem.changed)),
            _ => None,
        }
    }

    /// What confirms an order that has to be looked at once more, and what it will send.
    pub(crate) fn confirm(&self) -> Option<(&str, Option<&Outgoing>)> {
        match self {
            Self::Problem {
                status: 409,
                problem,
            } => Some((problem.confirm.as_deref()?, problem.message.as_ref())),
            _ => None,
        }
    }

    /// The server's words for it, in the languages of the screens.
    pub(crate) fn words(&self) -> Option<&Text> {
        match self {
            Self::Problem { problem, .. } => problem.words.as_ref(),
            Self::Network { .. } | Self::Status { .. } | Self::Shape { .. } => None,
        }
    }

    /// Whether nobody knows what came of the question: it may have been obeyed.
    pub(crate) fn is_uncertain(&self) -> bool {
        match self {
            // A change that was not done in time goes on.
            Self::Problem { status, .. } => *status >= 500 || *status == 408,
            Self::Network { .. } | Self::Status { .. } | Self::Shape { .. } => true,
        }
    }

    /// Whether the question was turned away before the server looked whether it has heard it before:
    /// whoever asked is not signed in any more, may not, or asks too often; or what is asked for is not
    /// there any more, or cannot be as it is said.
    pub(crate) fn is_at_the_door(&self) -> bool {
        matches!(self.status(), Some(400 | 401 | 403 | 404 | 422 | 429)) && !self.is_of_another()
    }

    /// Whether the server is still at an earlier question under the same key.
    pub(crate) fn is_of_an_earlier(&self) -> bool {
        self.code() == Some("in_flight")
    }

    /// Whether the key of the question is known to the server as that of another.
    pub(crate) fn is_of_another(&self) -> bool {
        self.code() == Some("key_taken")
    }

    /// After how many seconds it is worth trying again, if the server said so.
    pub(crate) fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Problem { problem, .. } => problem.retry_after_s,
            Self::Network { .. } | Self::Status { .. } | Self::Shape { .. } => None,
        }
    }

    /// Whether the server itself says that it knows no such thing. What stands between a wall and
    /// its server may say 404 of everything while the server is away.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Problem { status: 404, .. })
    }

    /// Whether it means that nobody is signed in any more. A wrong password or signature is
    /// answered with the same status.
    pub(crate) fn is_signed_out(&self) -> bool {
        self.status() == Some(401)
            && !matches!(self.code(), Some("bad_credentials" | "bad_signature"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_read_with_its_code_and_its_wait() {
        let body = r#"{"title":"Too Many Requests","status":429,"detail":"wait","code":"locked","retry_after_s":37}"#;
        let error = ApiError::of_answer("/x", 429, body);
        assert_eq!(error.status(), Some(429));
        assert_eq!(error.code(), Some("locked"));
        assert_eq!(error.retry_after_s(), Some(37));
        assert_eq!(error.to_string(), "wait");
    }

    #[test]
    fn a_change_meanwhile_comes_with_what_happened() {
        let body = r#"{"detail":"it has changed","code":"changed","version":7,
            "words":{"zh":"已变化","en":"changed"},
            "changed":[{"n":3,"at":"2026-06-22T06:05:00Z","by":null,"version":7,"what":"warned"}]}"#;
        let error = ApiError::of_answer("/x", 409, body);
        let (version, deeds) = error.changed().unwrap();
        assert_eq!((version, deeds.len()), (7, 1));
        assert_eq!(error.words().unwrap().zh, "已变化");
        assert!(!error.is_uncertain());
        assert!(
            ApiError::of_answer("/x", 409, r#"{"detail":"taken"}"#)
                .changed()
                .is_none()
        );
        assert!(ApiError::of_answer("/x", 502, "").is_uncertain());
    }

    #[test]
    fn what_is_turned_away_at_the_door_tells_nothing_of_what_was_told_before() {
        let at_the_door =
            |status, body: &str| ApiError::of_answer("/x", status, body).is_at_the_door();
        for status in [400, 401, 403, 404, 422, 429] {
            assert!(at_the_door(status, r#"{"detail":"no"}"#), "{status}");
        }
        // These come of a look at what the server knows by the key.
        assert!(!at_the_door(409, r#"{"detail":"busy","code":"busy"}"#));
        assert!(!at_the_door(
            422,
            r#"{"detail":"taken","code":"key_taken"}"#
        ));
    }

    #[test]
    fn only_the_server_itself_can_say_that_a_thing_is_unknown() {
        let ours = ApiError::of_answer("/x", 404, r#"{"detail":"no device x"}"#);
        assert!(ours.is_unknown());
        let proxy = ApiError::of_answer("/x", 404, "<html>not found</html>");
        assert!(!proxy.is_unknown());
        assert_eq!(proxy.status(), Some(404));
    }

    #[test]
    fn a_wrong_password_signs_nobody_out() {
        let wrong = ApiError::of_answer("/x", 401, r#"{"detail":"","code":"bad_credentials"}"#);
        assert!(!wrong.is_signed_out());
        assert!(ApiError::of_answer("/x", 401, r#"{"detail":"sign in"}"#).is_signed_out());
        assert!(ApiError::of_answer("/x", 401, "").is_signed_out());
    }
}
