//! Commands to what stands behind Sparkplug's edge nodes: where they go, and what is written for
//! them.
//!
//! `payload` of such a command is JSON as the standard itself prints its payloads: metrics with their
//! names, datatypes and values. So it stands in the package, so it is shown before it goes, and so
//! the journal has it. Over the line goes protobuf, which `egret_decode` makes of it. The datatype is
//! declared and not learnt from a birth: what is in the journal has to be all that is sent, after a
//! restart too, when no birth has been heard yet.
//!
//! # Source
//! Sparkplug 3.0.0, sections 4.1 (topics), 6.4.16 (data types), 6.4.23 (NCMD) and 6.4.24 (DCMD).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::command::is_level;
use crate::time::TimeMs;

/// Sparkplug's own first level of topics.
pub const NAMESPACE: &str = "spBv1.0";

/// What stands in a command's topic for the parts of an asset that is named `GROUP:NODE:DEVICE`, or
/// `GROUP:NODE`; and at which level of the topic, counted from 0.
pub const PARTS: [(&str, usize); 3] = [("{group}", 1), ("{node}", 3), ("{device}", 4)];

/// What stands between the parts of an asset's id.
pub const BETWEEN: char = ':';

/// The largest whole number that is said here: 2^53 - 1, for arguments of orders are numbers as JSON
/// has them, of which those above have gaps.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// Whether `topic` is one of Sparkplug's, whatever comes by it.
pub fn is_ours(topic: &str) -> bool {
    let rest = topic.strip_prefix(NAMESPACE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a topic, a filter or a template of one is of commands to nodes or devices:
/// `spBv1.0/GROUP/NCMD/NODE` or `spBv1.0/GROUP/DCMD/NODE/DEVICE`.
pub fn is_command(topic: &str) -> bool {
    let levels: Vec<&str> = topic.split('/').take(6).collect();
    let is_one = matches!(
        *levels.as_slice(),
        [NAMESPACE, _, "NCMD", _] | [NAMESPACE, _, "DCMD", _, _]
    );
    is_one && levels.iter().all(|level| !level.is_empty())
}

/// Whether a level of a template stands for a part of an asset's id.
pub fn is_part(level: &str) -> bool {
    PARTS.iter().any(|(part, _)| *part == level)
}

/// The topic for `asset`, by a template in which parts of its id stand: each is the level that it
/// stands for, and levels that are written out are what the part has to be. `None` if the id is not
/// of as many parts, or of others.
pub(super) fn topic_for(template: &str, asset: &str) -> Option<String> {
    let mut parts = asset.split(BETWEEN);
    let mut topic = Vec::new();
    for (place, level) in template.split('/').enumerate() {
        // What is no part says whose topic it is, and what kind of message.
        if PARTS.iter().all(|(_, of)| *of != place) {
            topic.push(level);
            continue;
        }
        let part = parts.next().filter(|part| is_level(part))?;
        if !is_part(level) && level != part {
            return None;
        }
        topic.push(part);
    }
    parts.next().is_none().then(|| topic.join("/"))
}

/// What a node or a device is told.
///
/// # Shape
/// `{"metrics":[{"name":"Outputs/Run","dataType":"Boolean","value":true}]}`. In the package a value
/// may be `"{name}"`. The payload's own timestamp is when it is handed over to go
/// out, and stands nowhere before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// What is to become of which metric.
    pub metrics: Vec<WrittenMetric>,
}

/// What one metric is to become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WrittenMetric {
    /// Its name, as births have it.
    pub name: String,
    /// When that was ordered, in milliseconds since the Unix epoch: the same however often it is
    /// sent. Egret writes it; absent in the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// What kind of value it takes, as births have it.
    pub data_type: Datatype,
    /// The value.
    pub value: Value,
}

/// Kinds of values that can be told: all that are one number, one truth or one text.
///
/// # Source
/// Sparkplug 3.0.0, section 6.4.16, "Data types", and their names in `sparkplug_b.proto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Datatype {
    /// 8 bits with a sign.
    Int8,
    /// 16 bits with a sign.
    Int16,
    /// 32 bits with a sign.
    Int32,
    /// 64 bits with a sign.
    Int64,
    /// 8 bits.
    UInt8,
    /// 16 bits.
    UInt16,
    /// 32 bits.
    UInt32,
    /// 64 bits.
    UInt64,
    /// A floating-point number of 32 bits.
    Float,
    /// One of 64 bits.
    Double,
    /// On or off.
    Boolean,
    /// A text.
    String,
    /// Milliseconds since the Unix epoch.
    DateTime,
    /// A text, which means the same as [`Self::String`].
    Text,
}

/// A value, as its datatype takes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// A whole number within the datatype's bounds.
    Whole(i64),
    /// A number within them.
    Real(f64),
    /// On or off.
    Truth(bool),
    /// A text.
    Text(String),
}

/// Why something that was written cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsayable {
    /// It is not written as [`Written`].
    #[error("it is not written as Sparkplug's payloads are: {0}")]
    Shape(String),
    /// A value is none of its datatype.
    #[error("metric \"{name}\": {value} is no {datatype:?}")]
    Value {
        /// The metric.
        name: String,
        /// What stands there, as JSON.
        value: String,
        /// What it was to be.
        datatype: Datatype,
    },
}

impl Datatype {
    /// Its number.
    ///
    /// # Source
    /// Sparkplug 3.0.0, section 6.4.16: the enumeration `DataType`.
    pub const fn code(self) -> u32 {
        match self {
            Self::Int8 => 1,
            Self::Int16 => 2,
            Self::Int32 => 3,
            Self::Int64 => 4,
            Self::UInt8 => 5,
            Self::UInt16 => 6,
            Self::UInt32 => 7,
            Self::UInt64 => 8,
            Self::Float => 9,
            Self::Double => 10,
            Self::Boolean => 11,
            Self::String => 12,
            Self::DateTime => 13,
            Self::Text => 14,
        }
    }

    /// Whether it takes whole numbers alone.
    pub const fn is_whole(self) -> bool {
        match self {
            Self::Int8
            | Self::Int16
            | Self::Int32
            | Self::Int64
            | Self::UInt8
            | Self::UInt16
            | Self::UInt32
            | Self::UInt64
            | Self::DateTime => true,
            Self::Float | Self::Double | Self::Boolean | Self::String | Self::Text => false,
        }
    }

    /// Whether it takes any text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Text)
    }

    /// The least and the most that it takes, of numbers that are exact here; `None` if it takes none.
    pub fn bounds(self) -> Option<[f64; 2]> {
        let signed = |bits: i32| {
            let beyond = 2_f64.powi(bits - 1);
            [-beyond, beyond - 1.0]
        };
        let unsigned = |bits: i32| [0.0, 2_f64.powi(bits) - 1.0];
        Some(match self {
            Self::Int8 => signed(8),
            Self::Int16 => signed(16),
            Self::Int32 => signed(32),
            Self::Int64 => [-WHOLE_MAX, WHOLE_MAX],
            Self::UInt8 => unsigned(8),
            Self::UInt16 => unsigned(16),
            Self::UInt32 => unsigned(32),
            Self::UInt64 | Self::DateTime => [0.0, WHOLE_MAX],
            Self::Float => [f64::from(f32::MIN), f64::from(f32::MAX)],
            Self::Double => [f64::MIN, f64::MAX],
            Self::Boolean | Self::String | Self::Text => return None,
        })
    }

    /// What it makes of a value: a number may be a text of digits, as options of choices are. `None`
    /// if the value is none of its own: nothing is rounded but what a [`Self::Float`] has no digits for,
    /// and nothing cut off.
    pub fn take(self, value: &Value) -> Option<Taken> {
        let Some([least, most]) = self.bounds() else {
            return match self {
                Self::Boolean => value.as_bool().map(Taken::Truth),
                _ => value.as_str().map(|text| Taken::Text(text.to_owned())),
            };
        };
        let v = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }?;
        if !(least..=most).contains(&v) {
            return None;
        }
        if !self.is_whole() {
            return Some(Taken::Real(v));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is within the bounds of an i64; that it is whole is asked next"
        )]
        let whole = v as i64;
        (v.fract() == 0.0).then_some(Taken::Whole(whole))
    }
}

impl WrittenMetric {
    /// Its value, as its datatype takes it.
    ///
    /// # Errors
    /// [`Unsayable::Value`].
    pub fn taken(&self) -> Result<Taken, Unsayable> {
        let taken = self.data_type.take(&self.value);
        taken.ok_or_else(|| Unsayable::Value {
            name: self.name.clone(),
            value: self.value.to_string(),
            datatype: self.data_type,
        })
    }
}

impl Written {
    /// Reads what the journal has.
    ///
    /// # Errors
    /// [`Unsayable::Shape`].
    pub fn read(text: &str) -> Result<Self, Unsayable> {
        serde_json::from_str(text).map_err(|error| Unsayable::Shape(error.to_string()))
    }

    /// What the journal has of a command's payload that is filled in: with the time of the order in
    /// every metric, and all of it as the datatypes take it.
    ///
    /// # Errors
    /// [`Unsayable`]: what `egret check` has let through never is.
    pub fn ordered(filled: Value, at: TimeMs) -> Result<Self, Unsayable> {
        let read = serde_json::from_value(filled);
        let mut written: Self = read.map_err(|error| Unsayable::Shape(error.to_string()))?;
        for metric in &mut written.metrics {
            metric.taken()?;
            metric.timestamp = u64::try_from(at.0).ok();
        }
        Ok(written)
    }

    /// As it is kept, and shown to people.
    ///
    /// # Errors
    /// [`Unsayable::Shape`]; never, for it is JSON.
    pub fn text(&self) -> Result<String, Unsayable> {
        serde_json::to_string(self).map_err(|error| Unsayable::Shape(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_of_nodes_and_devices_are_told_from_all_else() {
        for command in [
            "spBv1.0/g/NCMD/n",
            "spBv1.0/g/DCMD/n/d",
            "spBv1.0/+/DCMD/+/+",
            "spBv1.0/{group}/NCMD/{node}",
        ] {
            assert!(is_ours(command) && is_command(command), "{command}");
        }
        for other in [
            "spBv1.0/g/NCMD/n/d",
            "spBv1.0/g/DCMD/n",
            "spBv1.0/g/DDATA/n/d",
            "spBv1.0//NCMD/n",
            "spBv1.0/g/DCMD/n/d/e",
            "spBv1.0/STATE/egret",
            "spBv1.0",
        ] {
            assert!(is_ours(other) && !is_command(other), "{other}");
        }
        assert!(!is_ours("spBv1.0x/g/NCMD/n") && !is_ours("vendor/g/NCMD/n"));
    }

    #[test]
    fn the_parts_of_an_assets_id_are_the_levels_of_its_topic() {
        let device = "spBv1.0/{group}/DCMD/{node}/{device}";
        let topic = |template: &str, asset: &str| topic_for(template, asset);
        assert_eq!(
            topic(device, "Plant 1:n1:pump").as_deref(),
            Some("spBv1.0/Plant 1/DCMD/n1/pump")
        );
        assert_eq!(
            topic("spBv1.0/{group}/NCMD/{node}", "g:n").as_deref(),
            Some("spBv1.0/g/NCMD/n")
        );
        // A node is no device, and what has more parts is nobody that is known.
        for asset in [
            "g:n", "g", "", "g:n:d:e", "g::d", "g:n/m:d", "g:+:d", ":n:d",
        ] {
            assert_eq!(topic(device, asset), None, "{asset}");
        }
        // What is written out is the same for every asset that is told.
        let of_one = "spBv1.0/g/DCMD/n1/{device}";
        assert_eq!(
            topic(of_one, "g:n1:d").as_deref(),
            Some("spBv1.0/g/DCMD/n1/d")
        );
        for asset in ["g:n2:d", "h:n1:d", "g:n1"] {
            assert_eq!(topic(of_one, asset), None, "{asset}");
        }
        let whole = "spBv1.0/g/DCMD/n1/d";
        assert_eq!(topic(whole, "g:n1:d").as_deref(), Some(whole));
        assert_eq!(topic(whole, "g:n1:e"), None);
    }

    #[test]
    fn a_datatype_takes_what_it_can_hold_and_rounds_nothing() {
        for (datatype, good, bad) in [
            (Datatype::Int8, [json!(-128), json!("127")], json!(128)),
            (Datatype::UInt8, [json!(0), json!(255.0)], json!(-1)),
            (Datatype::Int16, [json!(-32_768), json!(32_767)], json!(0.5)),
            (Datatype::UInt16, [json!(0), json!(65_535)], json!(65_536)),
            (
                Datatype::Int32,
                [json!(i32::MIN), json!(i32::MAX)],
                json!(2_147_483_648_i64),
            ),
            (Datatype::UInt32, [json!(0), json!(u32::MAX)], json!("-1")),
            (
                Datatype::Int64,
                [json!(-9_007_199_254_740_991_i64), json!(1)],
                json!(9_007_199_254_740_992_i64),
            ),
            (Datatype::UInt64, [json!(0), json!("7")], json!("seven")),
            (Datatype::DateTime, [json!(0), json!(1)], json!(true)),
            (Datatype::Float, [json!(0.1), json!("-3.5")], json!(1e39)),
            (Datatype::Double, [json!(0.1), json!(1e300)], json!("NaN")),
            (Datatype::Boolean, [json!(true), json!(false)], json!(1)),
            (Datatype::String, [json!("a"), json!("")], json!(1)),
            (Datatype::Text, [json!("a"), json!("1")], Value::Null),
        ] {
            for value in good {
                assert!(datatype.take(&value).is_some(), "{datatype:?} {value}");
            }
            assert_eq!(datatype.take(&bad), None, "{datatype:?} {bad}");
        }
        assert_eq!(Datatype::Int8.take(&json!(-1)), Some(Taken::Whole(-1)));
    }

    #[test]
    fn what_is_ordered_has_the_time_of_the_order_and_is_read_again_as_it_is() {
        let filled = json!({ "metrics": [
            { "name": "Run", "dataType": "Boolean", "value": true },
            { "name": "Speed", "dataType": "UInt8", "value": 80 },
        ] });
        let text = Written::ordered(filled, TimeMs(7)).unwrap().text().unwrap();
        let expected = r#"{"metrics":[{"name":"Run","timestamp":7,"dataType":"Boolean","value":true},{"name":"Speed","timestamp":7,"dataType":"UInt8","value":80}]}"#;
        assert_eq!(text, expected);
        assert_eq!(Written::read(&text).unwrap().text().unwrap(), text);
        let beyond = json!({ "metrics": [{ "name": "S", "dataType": "UInt8", "value": 256 }] });
        let refused = Written::ordered(beyond, TimeMs(7)).unwrap_err();
        assert_eq!(refused.to_string(), "metric \"S\": 256 is no UInt8");
        assert!(matches!(Written::read("{}"), Err(Unsayable::Shape(_))));
    }
}
