//! What can go wrong, in words for a person and without secrets.

use thiserror::Error;

use crate::limits::SAID_CHARS_MAX;

/// Why there is no single sign-on, or why somebody is not signed in by it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OidcError {
    /// The settings cannot be used. The operator changes them.
    #[error("single sign-on: {0}")]
    Settings(String),
    /// The issuer does not answer, or not within the limits. Trying again later may help.
    #[error("the issuer {issuer} cannot be reached: {why}")]
    Unreachable {
        /// As in the settings.
        issuer: String,
        /// What happened, with the address that was asked.
        why: String,
    },
    /// The issuer answers, but what it says of itself cannot be used. The operator asks its
    /// operator.
    #[error("the issuer {issuer} cannot be used: {why}")]
    Unfit {
        /// As in the settings.
        issuer: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody was sent to the issuer with this state from this browser within ten minutes, or they
    /// have come back already. They begin again.
    #[error(
        "this sign-in was not begun in this browser, has been used, or took longer than 10 \
         minutes: begin again"
    )]
    BadState,
    /// The issuer refuses; what it says.
    #[error("the issuer refuses the sign-in: {0}")]
    Denied(String),
    /// The issuer's answer is not to be believed; why.
    #[error("the issuer's answer is refused: {0}")]
    Token(String),
    /// The issuer's answer is genuine, but does not say who somebody is; what is wrong.
    #[error("the issuer does not say who this is: {0}")]
    Claims(String),
}

/// A text from elsewhere, short and without what could break a line of a log.
pub(crate) fn said(text: &str) -> String {
    let mut chars = text.chars();
    let mut said = String::new();
    for char in chars.by_ref().take(SAID_CHARS_MAX) {
        said.push(if char.is_control() { ' ' } else { char });
    }
    if chars.next().is_some() {
        said.push('…');
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_cut_and_stays_in_one_line() {
        assert_eq!(said("no\r\nentry"), "no  entry");
        let long = said(&"白".repeat(SAID_CHARS_MAX + 1));
        assert_eq!(long, format!("{}…", "白".repeat(SAID_CHARS_MAX)));
    }
}
