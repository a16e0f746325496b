//! Refusals of this stage: sentences that name the value and the place.
//!
//! A sender's text is never repeated in full: it may be a megabyte, and it may be a secret.

use egret_shared::rejection::{Reason, Rejection, Stage};
use serde_json::error::Category;

use crate::limits::{SHOWN_BYTES_MAX, WORD_BYTES_MAX};

/// A refusal for `reason`.
pub(crate) fn refusal(reason: Reason, detail: impl Into<String>) -> Rejection {
    Rejection::new(Stage::Decode, reason, detail)
}

/// The beginning of `text` in at most `bytes_max` bytes, at a character's border.
pub(crate) fn beginning(text: &str, bytes_max: usize) -> &str {
    let end = text.floor_char_boundary(bytes_max);
    text.get(..end).unwrap_or_default()
}

/// `text` in quotes as a refusal shows it: its beginning, control characters escaped.
pub fn shown(text: &str) -> String {
    let start = beginning(text, SHOWN_BYTES_MAX);
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{start:?}{more}")
}

/// A refusal of `json` as the parser saw it, with line and column, and with the text there.
///
/// With `private`, none of the sender's text is repeated: it may name a person.
pub(crate) fn refusal_of_json(error: &serde_json::Error, json: &str, private: bool) -> Rejection {
    let reason = match error.classify() {
        Category::Data => Reason::BadShape,
        Category::Syntax | Category::Eof | Category::Io => Reason::BadJson,
    };
    let said = error.to_string();
    let said = said
        .rsplit_once(" at line ")
        .map_or(&*said, |(said, _)| said);
    let said = if private {
        "not as the format says"
    } else {
        beginning(said, 2 * SHOWN_BYTES_MAX)
    };
    let (line, column) = (error.line(), error.column());
    let place = match line {
        0 => String::new(),
        _ => format!(", line {line}, column {column}"),
    };
    let near = (!private).then(|| near(json, line, column)).flatten();
    refusal(reason, format!("{said}{place}{}", near.unwrap_or_default()))
}

/// `refused`, said of what stands at `place`, a JSON Pointer.
pub(crate) fn at_place(mut refused: Rejection, place: &str) -> Rejection {
    let colon = if refused.detail.starts_with('/') {
        ""
    } else {
        ": "
    };
    refused.detail = format!("{place}{colon}{}", refused.detail);
    refused
}

/// `refused`, said of the element `index` of the array at `base`, a JSON Pointer.
pub(crate) fn at_element(refused: Rejection, base: &str, index: usize) -> Rejection {
    at_place(refused, &format!("{base}/{index}"))
}

/// The text around a line and column, which count from 1, the column in bytes.
fn near(json: &str, line: usize, column: usize) -> Option<String> {
    let line = json
        .as_bytes()
        .split(|byte| *byte == b'\n')
        .nth(line.checked_sub(1)?)?;
    let until = column.min(line.len());
    let from = until.saturating_sub(SHOWN_BYTES_MAX / 2);
    let until = (from + SHOWN_BYTES_MAX).min(line.len());
    line.get(from..until)
        .filter(|text| !text.is_empty())
        .map(|text| format!(", near {:?}", String::from_utf8_lossy(text)))
}

/// `word`, if it is short enough to be kept.
///
/// # Errors
/// [`Reason::BadId`] with the place and the beginning of the word.
pub(crate) fn bounded<'a>(word: &'a str, place: &str) -> Result<&'a str, Rejection> {
    if word.len() <= WORD_BYTES_MAX {
        return Ok(word);
    }
    let (shown, n_bytes) = (shown(word), word.len());
    Err(refusal(
        Reason::BadId,
        format!("{place}: {shown} has {n_bytes} bytes, more than {WORD_BYTES_MAX}"),
    ))
}
