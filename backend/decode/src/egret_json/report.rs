//! Reports of `egret-json`, and what is taken out of them first.
//!
//! Reports are few (a large city has some thousands a day), so a report is read into a tree:
//! that is what lets the fields that identify a person be taken out wherever they are, before
//! anything else looks at it. Refusals of feeds with such fields repeat no text.

use egret_shared::id::{MessageId, ReportId};
use egret_shared::rejection::{Reason, Rejection};
use serde::Deserialize;
use smol_str::SmolStr;

use super::reading::time;
use super::{id_or, wire};
use crate::decoder::Element;
use crate::pointer::Pointer;
use crate::reading::{Decoded, RawReport};
use crate::refuse::{bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::strict::{Tree, taken};
use crate::told::cut;

/// The report that `json` is; `named` is the report that the topic names.
pub(super) fn read(json: &str, named: Option<&str>, personal: &[Pointer]) -> Element {
    let private = !personal.is_empty();
    let refused = |error| refusal_of_json(&error, json, private);
    let Tree(mut tree) = serde_json::from_str(json).map_err(refused)?;
    let personal = personal
        .iter()
        .filter_map(|pointer| taken(&mut tree, pointer))
        .collect();
    let sent = wire::Report::deserialize(&tree).map_err(refused)?;
    let Some(report) = id_or(&sent.report, named, "/report")? else {
        let detail = "/report: nothing, and the topic names no report either";
        return Err(refusal(Reason::BadShape, detail));
    };
    Ok(Decoded::Report(RawReport {
        report: Some(ReportId::new(report)),
        message: id_or(&sent.id, None, "/id")?.map(MessageId::new),
        at: time(&sent.at)?,
        position: sent.position.map(|wire::Degrees(lon, lat)| (lon, lat)),
        state: word(&sent.state, "/state")?,
        category: word(&sent.category, "/category")?,
        text: free_text(&sent.text)?,
        personal,
        issued: None,
    }))
}

/// A short word, if there is one.
fn word(scalar: &Scalar<'_>, place: &str) -> Result<Option<SmolStr>, Rejection> {
    match scalar {
        _ if scalar.is_silent() => Ok(None),
        Scalar::Text(text) => bounded(text.trim(), place).map(|text| Some(SmolStr::new(text))),
        other => Err(other.unfit(place, "a text")),
    }
}

/// The report's own words, cut off at [`crate::limits::TEXT_BYTES_MAX`] with an ellipsis that shows
/// it.
fn free_text(scalar: &Scalar<'_>) -> Result<Option<String>, Rejection> {
    match scalar {
        _ if scalar.is_silent() => Ok(None),
        Scalar::Text(text) => Ok(Some(cut(text))),
        other => Err(other.unfit("/text", "a text")),
    }
}
