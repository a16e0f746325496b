//! What hosts tell nodes and devices, as it goes over the line: NCMD and DCMD.
//!
//! An order to an actuator is kept as text ([`Written`]); here it becomes the protobuf that nodes
//! read. Metrics go by their names, which nodes know whatever has been heard of them: the aliases of
//! a birth end with it, and an order may be older than the birth in force.
//!
//! # Source
//! Sparkplug 3.0.0, section 6.4, under NCMD and DCMD: the timestamp is when it is published, and
//! there is no `seq`.

use egret_shared::package::sparkplug::{Datatype, Taken, Unsayable, Written, WrittenMetric};
use egret_shared::time::TimeMs;
use prost::Message;

use crate::protobuf::sparkplug_b::{Metric, Payload, Value};

/// The payload of a command that is kept as `text`, published at `now`: to
/// `spBv1.0/GROUP/NCMD/NODE` or `spBv1.0/GROUP/DCMD/NODE/DEVICE`, at QoS 0, not retained.
///
/// # Errors
/// [`Unsayable`] for a text that is none of a command's: it cannot be sent, now or later.
pub fn command_payload(text: &str, now: TimeMs) -> Result<Vec<u8>, Unsayable> {
    let written = Written::read(text)?;
    let metrics = written.metrics.iter().map(metric);
    Ok(published(metrics.collect::<Result<Vec<_>, _>>()?, now))
}

/// What is told by these metrics, published at `now`.
pub(super) fn published(metrics: Vec<Metric>, now: TimeMs) -> Vec<u8> {
    let payload = Payload {
        timestamp: u64::try_from(now.0).ok(),
        metrics,
        ..Payload::default()
    };
    payload.encode_to_vec()
}

fn metric(written: &WrittenMetric) -> Result<Metric, Unsayable> {
    let datatype = written.data_type;
    Ok(Metric {
        name: Some(written.name.clone()),
        timestamp: written.timestamp,
        datatype: Some(datatype.code()),
        value: Some(value(datatype, written.taken()?)),
        ..Metric::default()
    })
}

/// A value in the field that its datatype has for it.
///
/// # Source
/// Sparkplug 3.0.0, section 6.4.17, "Datatype details": signed numbers stand in fields for unsigned
/// ones. How short ones do is left open there; they are stretched to 32 bits with their sign, as by the
/// Java encoder of the reference implementation, Eclipse Tahu.
fn value(datatype: Datatype, taken: Taken) -> Value {
    match taken {
        Taken::Whole(v) => match datatype {
            Datatype::Int64 | Datatype::UInt64 | Datatype::DateTime => {
                Value::Long(u64::from_le_bytes(v.to_le_bytes()))
            }
            _ => Value::Int(low_half(v)),
        },
        Taken::Real(v) if datatype == Datatype::Float => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is within the bounds of an f32, and becomes the nearest"
            )]
            let short = v as f32;
            Value::Float(short)
        }
        Taken::Real(v) => Value::Double(v),
        Taken::Truth(is_true) => Value::Boolean(is_true),
        Taken::Text(text) => Value::String(text),
    }
}

/// The lower 32 bits, in two's complement.
fn low_half(v: i64) -> u32 {
    let [b0, b1, b2, b3, ..] = v.to_le_bytes();
    u32::from_le_bytes([b0, b1, b2, b3])
}
