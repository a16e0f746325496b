//! Sparkplug's payloads by hand, as an edge node of somebody else's writes and reads them.
//!
//! # Source
//! Sparkplug 3.0.0, `sparkplug_b.proto`: payload `timestamp` 1, `metrics` 2, `seq` 3; metric `name` 1,
//! `timestamp` 3, `datatype` 4, `int_value` 10, `double_value` 13, `boolean_value` 14,
//! `string_value` 15.

use egret_shared::time::TimeMs;

/// A metric's value; what is not here is nothing that the tests tell or hear.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of the datatype UInt8.
    Byte(u8),
    /// Of the datatype Double.
    Double(f64),
    /// Of the datatype Boolean.
    Boolean(bool),
    /// Of the datatype String.
    Text(String),
}

/// A metric with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its own time, in milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// Its value, of the datatype that it says.
    pub value: Value,
}

/// What is told or heard in one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    /// When it was published, in milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// Its number.
    pub seq: Option<u64>,
    /// What it says.
    pub metrics: Vec<Metric>,
}

/// The bytes of a message of a node or a device, whose values are all of the time `at`.
pub fn payload(seq: u8, at: TimeMs, metrics: &[(&str, Value)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    number(&mut bytes, 1, at.0.unsigned_abs());
    for (name, value) in metrics {
        let mut metric = Vec::new();
        text(&mut metric, 1, name.as_bytes());
        number(&mut metric, 4, datatype(value));
        match value {
            Value::Byte(v) => number(&mut metric, 10, u64::from(*v)),
            Value::Double(v) => {
                varint(&mut metric, (13 << 3) | 1);
                metric.extend(v.to_le_bytes());
            }
            Value::Boolean(v) => number(&mut metric, 14, u64::from(*v)),
            Value::Text(v) => text(&mut metric, 15, v.as_bytes()),
        }
        text(&mut bytes, 2, &metric);
    }
    number(&mut bytes, 3, u64::from(seq));
    bytes
}

/// What bytes say that are written in hexadecimal digits; `None` if that is not known here.
pub fn read(digits: &str) -> Option<Payload> {
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    let mut payload = Payload::default();
    for part in parts(&bytes)? {
        match part {
            (1, Part::Number(at)) => payload.timestamp = i64::try_from(at).ok(),
            (2, Part::Bytes(metric)) => payload.metrics.push(read_metric(metric)?),
            (3, Part::Number(seq)) => payload.seq = Some(seq),
            _ => return None,
        }
    }
    Some(payload)
}

fn read_metric(bytes: &[u8]) -> Option<Metric> {
    let (mut name, mut timestamp, mut said, mut found) = (None, None, None, None);
    let as_text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    for part in parts(bytes)? {
        match part {
            (1, Part::Bytes(text)) => name = as_text(text),
            (3, Part::Number(at)) => timestamp = i64::try_from(at).ok(),
            (4, Part::Number(datatype)) => said = Some(datatype),
            (10, Part::Number(v)) => found = Some(Value::Byte(u8::try_from(v).ok()?)),
            (13, Part::Eight(v)) => found = Some(Value::Double(f64::from_le_bytes(v))),
            (14, Part::Number(v)) => found = Some(Value::Boolean(v == 1)),
            (15, Part::Bytes(text)) => found = Some(Value::Text(as_text(text)?)),
            _ => return None,
        }
    }
    // A node drops a value of another datatype than it says.
    let value = found.filter(|value| said == Some(datatype(value)))?;
    Some(Metric {
        name: name?,
        timestamp,
        value,
    })
}

fn datatype(value: &Value) -> u64 {
    match value {
        Value::Byte(_) => 5,
        Value::Double(_) => 10,
        Value::Boolean(_) => 11,
        Value::Text(_) => 12,
    }
}

/// What a field holds.
enum Part<'b> {
    Number(u64),
    Eight([u8; 8]),
    Bytes(&'b [u8]),
}

fn parts(mut rest: &[u8]) -> Option<Vec<(u64, Part<'_>)>> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let key = varint_of(&mut rest)?;
        let part = match key & 7 {
            0 => Part::Number(varint_of(&mut rest)?),
            1 => Part::Eight(taken(&mut rest, 8)?.try_into().ok()?),
            2 => {
                let n_bytes = usize::try_from(varint_of(&mut rest)?).ok()?;
                Part::Bytes(taken(&mut rest, n_bytes)?)
            }
            _ => return None,
        };
        parts.push((key >> 3, part));
    }
    Some(parts)
}

fn taken<'b>(rest: &mut &'b [u8], n_bytes: usize) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(n_bytes)?;
    *rest = after;
    Some(taken)
}

fn varint_of(rest: &mut &[u8]) -> Option<u64> {
    let mut n = 0_u64;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        n |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(n);
        }
    }
    None
}

fn varint(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    bytes.push(n.to_le_bytes()[0]);
}

fn number(bytes: &mut Vec<u8>, field: u64, n: u64) {
    varint(bytes, field << 3);
    varint(bytes, n);
}

fn text(bytes: &mut Vec<u8>, field: u64, text: &[u8]) {
    varint(bytes, (field << 3) | 2);
    varint(bytes, text.len() as u64);
    bytes.extend(text);
}
