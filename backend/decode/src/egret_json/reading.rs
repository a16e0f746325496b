//! Readings of `egret-json`.

use egret_shared::id::{AssetId, MessageId};
use egret_shared::rejection::{Reason, Rejection};

use super::{id_or, wire};
use crate::decoder::Element;
use crate::limits::VALUES_MAX;
use crate::reading::{Decoded, Reading, SentTime, SentValue};
use crate::refuse::{bounded, refusal, refusal_of_json};
use crate::scalar::Scalar;
use crate::sent_time::rfc3339;

/// The reading that `json` is; `named` is the asset that the topic names.
pub(super) fn read(json: &str, named: Option<&str>, private: bool) -> Element {
    let sent: wire::Reading<'_> =
        serde_json::from_str(json).map_err(|error| refusal_of_json(&error, json, private))?;
    let Some(asset) = id_or(&sent.asset, named, "/asset")? else {
        let detail = "/asset: nothing, and the topic names no asset either";
        return Err(refusal(Reason::BadShape, detail));
    };
    Ok(Decoded::Reading(Reading {
        asset: AssetId::new(asset),
        message: id_or(&sent.id, None, "/id")?.map(MessageId::new),
        at: time(&sent.at)?,
        position: sent.position.map(|wire::Degrees(lon, lat)| (lon, lat)),
        values: values(sent.values)?,
    }))
}

/// The time of an element, if it names one.
pub(super) fn time(at: &Scalar<'_>) -> Result<Option<SentTime>, Rejection> {
    match at {
        Scalar::Absent | Scalar::Null => Ok(None),
        Scalar::Text(text) => rfc3339(text, "/at").map(Some),
        other => {
            let detail = format!("/at: {} is no RFC 3339 time with offset", other.shown());
            Err(refusal(Reason::BadTime, detail))
        }
    }
}

fn values(sent: Option<wire::Values>) -> Result<Vec<SentValue>, Rejection> {
    let Some(wire::Values { kept, n_sent }) = sent else {
        let detail = "/values: nothing, expected an object of values by property";
        return Err(refusal(Reason::BadShape, detail));
    };
    if kept.is_empty() {
        return Err(refusal(Reason::NoValue, "/values: no value in it"));
    }
    if n_sent > VALUES_MAX {
        let detail = format!("/values: {n_sent} values in one reading, more than {VALUES_MAX}");
        return Err(refusal(Reason::TooMany, detail));
    }
    for value in &kept {
        bounded(value.property.as_str(), "/values")?;
        bounded(value.unit.as_deref().unwrap_or_default(), "/values")?;
    }
    Ok(kept)
}
