//! One metric's value and time.

use std::borrow::Cow;

use egret_shared::flags::Flags;
use egret_shared::rejection::{Reason, Rejection};

use super::sessions::Known;
use crate::names::{Meaning, Names};
use crate::protobuf::sparkplug_b::{Metric, Value};
use crate::protobuf::{decimal, finite};
use crate::reading::{SentTime, SentValue};
use crate::refuse::refusal;
use crate::scalar::Scalar;

/// The metric that tells which birth of a node a message is of.
pub(super) const BD_SEQ: &str = "bdSeq";

/// Beginnings of names by which hosts command: no measurements.
const CONTROLS: [&str; 2] = ["Node Control/", "Device Control/"];

/// What a well-known property says of a value that is good.
///
/// # Source
/// Sparkplug 3.0.0, section 6.4.9, "Quality codes": 0 is bad, 192 good, 500 stale.
const QUALITY: (&str, u32) = ("Quality", 192);

/// Kinds of values.
///
/// # Source
/// Sparkplug 3.0.0, section 6.4.16, "Data types".
mod kind {
    pub(super) const INT_8: u32 = 1;
    pub(super) const INT_16: u32 = 2;
    pub(super) const INT_32: u32 = 3;
    pub(super) const INT_64: u32 = 4;
    pub(super) const UINT_64: u32 = 8;
    pub(super) const DATE_TIME: u32 = 13;
}

/// Whether a value of this kind and form can be read only by someone who knows its kind.
pub(super) fn needs_kind(metric: &Metric) -> bool {
    matches!(metric.value, Some(Value::Int(_) | Value::Long(_)))
}

/// The bits of a whole number.
pub(super) fn bits(metric: &Metric) -> Option<u64> {
    match metric.value {
        Some(Value::Int(bits)) => Some(u64::from(bits)),
        Some(Value::Long(bits)) => Some(bits),
        _ => None,
    }
}

/// The metric's value; `None` if it has none, or one that the feed passes over.
///
/// # Errors
/// A value that the feed lists and that is no number.
pub(super) fn value(
    names: &Names,
    metric: &Metric,
    known: &Known,
) -> Result<Option<SentValue>, Rejection> {
    let name = known.name.as_str();
    let is_control = CONTROLS.iter().any(|control| name.starts_with(control));
    if name == BD_SEQ || is_control || metric.is_null == Some(true) {
        return Ok(None);
    }
    let Some(said) = &metric.value else {
        return Ok(None);
    };
    if !names.are_listed() && !is_measurement(said, known.datatype) {
        return Ok(None);
    }
    let Some(Meaning { property, unit }) = names.meaning(name, "/name")? else {
        return Ok(None);
    };
    Ok(Some(SentValue {
        property,
        v: number(said, known.datatype)?,
        unit,
        flags: flags(metric),
    }))
}

/// Whether it is a number that measures something, if nobody says that it does.
fn is_measurement(said: &Value, datatype: Option<u32>) -> bool {
    match said {
        Value::Float(_) | Value::Double(_) => true,
        Value::Int(_) | Value::Long(_) => datatype != Some(kind::DATE_TIME),
        _ => false,
    }
}

fn number(said: &Value, datatype: Option<u32>) -> Result<f64, Rejection> {
    match said {
        Value::Int(bits) => whole(u64::from(*bits), datatype),
        Value::Long(bits) => whole(*bits, datatype),
        Value::Float(v) => decimal(*v, "/float_value"),
        Value::Double(v) => finite(*v, "/double_value"),
        Value::Boolean(is_true) => Ok(f64::from(u8::from(*is_true))),
        Value::String(text) => Scalar::Text(Cow::Borrowed(text)).number("/string_value"),
        Value::Bytes(_) => Err(no_number("bytes or an array")),
        Value::DataSet(_) => Err(no_number("a data set")),
        Value::Template(_) => Err(no_number("a template")),
        Value::Extension(_) => Err(no_number("an extension")),
    }
}

fn no_number(what: &str) -> Rejection {
    refusal(
        Reason::BadShape,
        format!("/value: {what}, expected a number"),
    )
}

/// The number that has these bits. Signed ones are as wide as their kind, whether or not their
/// sender has stretched them to what carries them.
fn whole(bits: u64, datatype: Option<u32>) -> Result<f64, Rejection> {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    match datatype {
        Some(kind::INT_8) => Ok(f64::from(i8::from_le_bytes([a]))),
        Some(kind::INT_16) => Ok(f64::from(i16::from_le_bytes([a, b]))),
        Some(kind::INT_32) => Ok(f64::from(i32::from_le_bytes([a, b, c, d]))),
        Some(kind::INT_64) => Ok(i64::from_le_bytes(bits.to_le_bytes()) as f64),
        Some(kind::INT_64..=kind::UINT_64 | kind::DATE_TIME) => Ok(bits as f64),
        other => {
            let kind = other.map_or_else(|| "none".to_owned(), |kind| kind.to_string());
            let detail = format!("/datatype: {kind}, which no whole number has");
            Err(refusal(Reason::BadShape, detail))
        }
    }
}

/// What the sender says of the value's quality.
fn flags(metric: &Metric) -> Flags {
    let said = metric
        .properties
        .iter()
        .flat_map(|said| said.keys.iter().zip(&said.values));
    let mut qualities = said.filter(|(key, _)| *key == QUALITY.0);
    let is_good = qualities.all(|(_, value)| value.int_value.is_none_or(|code| code == QUALITY.1));
    if is_good { Flags::NONE } else { Flags::DOUBTED }
}

/// When the value was so: by its own word, or, if it is new, by the message's.
///
/// # Errors
/// [`Reason::BadTime`] for a time that is none, and for a stored value without its own.
pub(super) fn time(metric: &Metric, sent: Option<u64>) -> Result<Option<SentTime>, Rejection> {
    let own = metric.timestamp.filter(|ms| *ms != 0);
    if own.is_none() && metric.is_historical == Some(true) {
        let detail = "/timestamp: nothing, and a stored value has to say of when it is";
        return Err(refusal(Reason::BadTime, detail));
    }
    let Some(ms) = own.or(sent).filter(|ms| *ms != 0) else {
        return Ok(None);
    };
    let us = i64::try_from(ms).ok().and_then(|ms| ms.checked_mul(1_000));
    us.map(|us| Some(SentTime { us, fine: false }))
        .ok_or_else(|| {
            let detail = format!("/timestamp: {ms} is no time in milliseconds since the epoch");
            refusal(Reason::BadTime, detail)
        })
}
