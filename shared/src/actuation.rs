//! An order to an actuator 指令 and what becomes of it: to a pump, a gate, a sign.
//!
//! The order is an entry of the journal with everything that is to be sent, so that it is the same
//! whatever package is in force when it goes out. What becomes of it are [`ActuationTurn`]s, entries
//! too, and time.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::alert::AlertKey;
use crate::id::{ActuationId, AssetId, CommandId, FeedId, PropertyId, RuleId};
use crate::incident::Person;
use crate::package::command::CommandDef;
use crate::text::Text;
use crate::time::TimeMs;

/// Longest reason for an order, in characters: three sentences.
pub const ORDER_REASON_CHARS_MAX: usize = 200;

/// What is told of why an actuator refuses, in characters at most; the rest is cut off.
pub const SAID_CHARS_MAX: usize = 200;

/// The value of a parameter; in JSON `true`, `1.5` or `"auto"`.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// On or off.
    Switch(bool),
    /// A number in the parameter's unit.
    Number(f64),
    /// One of the options of a choice.
    Word(SmolStr),
}

/// [`Argument`] as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Plain {
    Switch(bool),
    Number(f64),
    Word(SmolStr),
}

/// [`Argument`] as the journal has it, which must be told what follows.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Switch(bool),
    Number(f64),
    Word(SmolStr),
}

impl Serialize for Argument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_text = serializer.is_human_readable();
        match self.clone() {
            Self::Switch(on) if is_text => Plain::Switch(on).serialize(serializer),
            Self::Number(v) if is_text => Plain::Number(v).serialize(serializer),
            Self::Word(word) if is_text => Plain::Word(word).serialize(serializer),
            Self::Switch(on) => Tagged::Switch(on).serialize(serializer),
            Self::Number(v) => Tagged::Number(v).serialize(serializer),
            Self::Word(word) => Tagged::Word(word).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Plain::deserialize(deserializer).map(|plain| match plain {
                Plain::Switch(on) => Self::Switch(on),
                Plain::Number(v) => Self::Number(v),
                Plain::Word(word) => Self::Word(word),
            });
        }
        Tagged::deserialize(deserializer).map(|tagged| match tagged {
            Tagged::Switch(on) => Self::Switch(on),
            Tagged::Number(v) => Self::Number(v),
            Tagged::Word(word) => Self::Word(word),
        })
    }
}

/// A command that an actuator takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is, and what is to be said with it; how it goes out is told to few.
    pub command: CommandDef,
    /// Whether whoever asked may give it to this actuator.
    pub may: bool,
}

/// What is wrong with the parameters of an order; each names the parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// The command has no such parameter.
    Unknown(SmolStr),
    /// It is not said.
    Missing(SmolStr),
    /// It is on or off.
    NoSwitch(SmolStr),
    /// It is a number.
    NoNumber(SmolStr),
    /// It is beyond its range: what was said, the least and the most, and their unit.
    OutOfRange(SmolStr, f64, [f64; 2], String),
    /// It is none of these.
    NoOption(SmolStr, Vec<SmolStr>),
    /// It is a whole number.
    NotWhole(SmolStr),
}

impl Flaw {
    /// The parameter that it is about.
    pub fn parameter(&self) -> &str {
        match self {
            Self::Unknown(id)
            | Self::Missing(id)
            | Self::NoSwitch(id)
            | Self::NoNumber(id)
            | Self::NotWhole(id)
            | Self::OutOfRange(id, ..)
            | Self::NoOption(id, _) => id,
        }
    }

    /// What is wrong, in words.
    pub fn text(&self) -> Text {
        match self {
            Self::Unknown(id) => Text::new(
                format!("该指令没有参数“{id}”"),
                format!("parameter \"{id}\": the command has none of this name"),
            ),
            Self::Missing(id) => Text::new(
                format!("请填写参数“{id}”"),
                format!("parameter \"{id}\" is not said"),
            ),
            Self::NoSwitch(id) => Text::new(
                format!("参数“{id}”须为开（true）或关（false）"),
                format!("parameter \"{id}\" is true for on, or false for off"),
            ),
            Self::NoNumber(id) => Text::new(
                format!("参数“{id}”须为数字"),
                format!("parameter \"{id}\" is a number"),
            ),
            Self::NotWhole(id) => Text::new(
                format!("参数“{id}”须为整数"),
                format!("parameter \"{id}\" is a whole number"),
            ),
            Self::OutOfRange(id, v, [least, most], unit) => {
                let unit = if unit.is_empty() {
                    String::new()
                } else {
                    format!(" {unit}")
                };
                Text::new(
                    format!("参数“{id}”为 {v}，允许 {least} 至 {most}{unit}"),
                    format!("parameter \"{id}\" is {v}; {least} to {most}{unit} are allowed"),
                )
            }
            Self::NoOption(id, options) => {
                let options = options.join(", ");
                Text::new(
                    format!("参数“{id}”须为其中之一：{options}"),
                    format!("parameter \"{id}\" is one of {options}"),
                )
            }
        }
    }
}

/// An order, ready to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActuationOrder {
    /// Its id, which the actuator is told.
    pub id: ActuationId,
    /// The feed of the actuator.
    pub feed: FeedId,
    /// The actuator.
    pub asset: AssetId,
    /// What it is to do.
    pub command: CommandId,
    /// What was said with it.
    pub parameters: BTreeMap<SmolStr, Argument>,
    /// Why.
    pub reason: String,
    /// From when on it is not sent any more.
    pub expires_at: TimeMs,
    /// What is sent.
    pub message: Outgoing,
    /// The value that acknowledges it, if it is acknowledged by one.
    pub wanted: Option<Wanted>,
}

/// An order that a rule gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleOrder {
    /// The rule.
    pub rule: RuleId,
    /// The alert that it gives it by.
    pub alert: AlertKey,
    /// The order.
    pub order: ActuationOrder,
}

/// What the ids of rules begin with where they are told beside those of people.
pub const RULE_PREFIX: &str = "rule/";

/// A rule as whoever gave an order.
pub fn rule_person(rule: &RuleId) -> Person {
    Person {
        id: format!("{RULE_PREFIX}{rule}").into(),
        name: rule.to_string(),
    }
}

/// A rule as whoever gave an order, told to those who may not know of the rule.
pub fn some_rule() -> Person {
    Person {
        id: RULE_PREFIX.into(),
        name: String::new(),
    }
}

/// The rule that gave an order, if no person did; empty for those who may not know of it.
pub fn rule_of(person: &Person) -> Option<&str> {
    person.id.strip_prefix(RULE_PREFIX)
}

/// What is sent to an actuator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// To which topic.
    pub topic: String,
    /// What, as people can read it. To a node or a device of Sparkplug it goes as the protobuf of that,
    /// with the time at which it goes ([`crate::package::sparkplug::Written`]).
    pub payload: String,
    /// 0 or 1.
    pub qos: u8,
    /// Where the answer goes, if one is awaited.
    pub reply: Option<String>,
}

/// A value that a property is to come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// The property of the actuator.
    pub property: PropertyId,
    /// In its own unit.
    pub v: f64,
    /// How far from it still counts.
    pub tolerance: f64,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActuationState {
    /// 待发送: nobody has taken it yet: the actuator, or the broker on the way to it, is not there.
    Waiting,
    /// 已发送: it is with the actuator's connection or its broker.
    Sent,
    /// 已确认: the actuator says that it did it, or is as it was to be.
    Acknowledged,
    /// 已拒绝: the actuator says that it does not.
    Refused,
    /// 已过期: nothing was heard in time.
    Expired,
}

impl ActuationState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sent,
        Self::Acknowledged,
        Self::Refused,
        Self::Expired,
    ];

    /// The state's word, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Acknowledged => "acknowledged",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Whether something may still come of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent)
    }
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Actuation {
    /// Its id.
    pub id: ActuationId,
    /// Its place in the journal.
    pub seq: u64,
    /// The feed of the actuator.
    pub feed: FeedId,
    /// The actuator.
    pub asset: AssetId,
    /// What it is to do.
    pub command: CommandId,
    /// What was said with it.
    pub parameters: BTreeMap<SmolStr, Argument>,
    /// Who ordered it.
    pub by: Person,
    /// Why; empty for those who may not work there, or may not know of the rule that gave it.
    pub reason: String,
    /// When it was ordered.
    pub at: TimeMs,
    /// When it expires.
    pub expires_at: TimeMs,
    /// Where it stands.
    pub state: ActuationState,
    /// When it was first handed over to be sent.
    pub sent_at: Option<TimeMs>,
    /// By which ways it went: `mqtt` is the embedded endpoint, others are brokers by their address.
    pub ways: Vec<SmolStr>,
    /// When it was acknowledged, refused or found to have expired.
    pub ended_at: Option<TimeMs>,
    /// Why the actuator refuses, in its own words.
    pub said: Option<String>,
    /// When the actuator answered an order that had expired.
    pub late_at: Option<TimeMs>,
}

/// What became of an order, as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActuationTurn {
    /// Of which.
    pub id: ActuationId,
    /// When.
    pub at: TimeMs,
    /// What.
    pub turn: Turn,
}

/// What may become of an order by others than time. New ones go to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// It was taken on this way.
    Sent(SmolStr),
    /// The actuator has answered.
    Answered {
        /// By a topic of this feed,
        feed: FeedId,
        /// and of this asset, where topics name assets.
        asset: Option<AssetId>,
        /// Why it refuses; absent if it does not.
        refused: Option<String>,
    },
    /// It is a rule's, and was not taken by the city at work when it came. Under another package a
    /// city may have taken it: it goes nowhere.
    Withdrawn,
}

/// Why an order is not taken. Nothing has changed then. New ones go to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActuationRefusal {
    /// So many orders are under way in the city.
    TooMany(u32),
    /// So many orders are under way to this actuator.
    Busy(u32),
    /// It is a rule's, and its alert is over or kept quiet by now.
    Over,
}

impl ActuationRefusal {
    /// Why, in words.
    pub fn text(&self) -> Text {
        match self {
            Self::TooMany(max) => Text::new(
                format!("全市已有 {max} 条指令未完成，请稍候"),
                format!("{max} orders are under way in the city; wait until some have ended"),
            ),
            Self::Busy(max) => Text::new(
                format!("该部件已有 {max} 条指令未完成，请稍候"),
                format!("{max} orders are under way to this asset; wait until they have ended"),
            ),
            Self::Over => Text::new(
                "告警已结束或已静默，不再下发",
                "its alert is over or kept quiet by now",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_plain_in_json_and_comes_back_from_either_form() {
        for (argument, text) in [
            (Argument::Switch(true), "true"),
            (Argument::Number(1.5), "1.5"),
            (Argument::Word("auto".into()), "\"auto\""),
        ] {
            assert_eq!(serde_json::to_string(&argument).unwrap(), text);
            assert_eq!(serde_json::from_str::<Argument>(text).unwrap(), argument);
            let bytes = postcard::to_stdvec(&argument).unwrap();
            let read: Argument = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(read, argument);
        }
        // A whole number is a number, too.
        let whole: Argument = serde_json::from_str("2").unwrap();
        assert_eq!(whole, Argument::Number(2.0));
    }
}
