//! What an id may look like.

use egret_decode::shown;
use egret_shared::id::ID_BYTES_MAX;
use egret_shared::rejection::{Reason, Rejection};

use crate::refuse::refusal;

/// Checks an id that only its sender reads again: not empty, not too long, nothing invisible.
///
/// # Errors
/// [`Reason::BadId`] with `what` it should be the id of.
pub(crate) fn check_word(text: &str, what: &str) -> Result<(), Rejection> {
    let fault = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > ID_BYTES_MAX {
        format!("has {} bytes, more than {ID_BYTES_MAX}", text.len())
    } else if text.chars().any(char::is_control) {
        "has a control character in it".to_owned()
    } else {
        return Ok(());
    };
    let detail = format!("the {what} {} {fault}", shown(text));
    Err(refusal(Reason::BadId, detail))
}

/// Checks an id that becomes a level of topics, channels and paths: a [`check_word`] without `/`,
/// `+` and `#`, which mean something there.
///
/// # Errors
/// [`Reason::BadId`] with `what` it should be the id of.
pub(crate) fn check_level(text: &str, what: &str) -> Result<(), Rejection> {
    check_word(text, what)?;
    match text.chars().find(|c| matches!(c, '/' | '+' | '#')) {
        None => Ok(()),
        Some(c) => {
            let detail = format!("the {what} {} has a '{c}' in it", shown(text));
            Err(refusal(Reason::BadId, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_id_is_a_level_of_a_topic_and_a_message_id_any_visible_text() {
        for good in [
            "M-1",
            "井盖 7",
            "urn:ngsi-ld:a:1",
            &"x".repeat(ID_BYTES_MAX),
        ] {
            assert_eq!(check_level(good, "asset"), Ok(()), "{good}");
        }
        for base64 in ["a/b", "a+b", "a#"] {
            assert_eq!(check_word(base64, "message id"), Ok(()));
            let refused = check_level(base64, "asset").unwrap_err();
            assert_eq!(refused.reason, Reason::BadId, "{base64}");
        }
        for bad in ["", "a\nb", "\u{7f}", &"x".repeat(ID_BYTES_MAX + 1)] {
            assert_eq!(
                check_word(bad, "message id").unwrap_err().reason,
                Reason::BadId
            );
        }
    }
}
