//! `[[feed.commands]]`: what a feed's assets can be told to do, and how they say that they did.
//!
//! The order itself is an [`crate::actuation`]. What is asked with it is checked by
//! [`CommandDef::check`], the same in the browser, which says so before anything is sent, and at the
//! door.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::sparkplug;
use crate::access::Right;
use crate::actuation::{Argument, Flaw};
use crate::id::{CommandId, PropertyId};
use crate::text::Text;
use crate::time::Span;

/// What stands for the asset's id in topics and payloads.
pub const ASSET: &str = "{asset}";

/// What a payload can have filled in beside a command's own parameters: the order's id, the asset's,
/// when it was ordered and when it expires, both in milliseconds since the Unix epoch.
pub const FILLED: [&str; 4] = ["id", "asset", "at_ms", "expires_at_ms"];

/// One `[[feed.commands]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandDef {
    /// Its id, within the feed.
    pub id: CommandId,
    /// What people call it: "Run pumps".
    pub name: Text,
    /// The topic that the actuator listens to; a level of it may be `{asset}`, and of Sparkplug's
    /// those that are [`sparkplug::PARTS`].
    pub topic: String,
    /// JSON in which each text that is `"{name}"` is the value of that name, and each that has one in
    /// it is filled in. Names are the parameters' ids and [`FILLED`]. To a topic of Sparkplug's it is
    /// [`sparkplug::Written`].
    pub payload: String,
    /// 0 or 1. Not 2: the order has an id, by which an actuator drops what comes twice. By Sparkplug
    /// always 0.
    #[serde(default = "qos_default")]
    pub qos: u8,
    /// After so long without an answer it has expired: from then on it is not published any more.
    pub expires: Span,
    /// Whether it is asked for a second time, deliberately, before it is ordered.
    #[serde(default = "confirm_default")]
    pub confirm: bool,
    /// Which right it needs over the asset.
    #[serde(default)]
    pub right: CommandRight,
    /// How the actuator says that it did it.
    pub ack: AckDef,
    /// What is to be said with it, in this order.
    #[serde(default)]
    pub parameters: Vec<ParameterDef>,
}

fn qos_default() -> u8 {
    1
}

fn confirm_default() -> bool {
    true
}

/// Which right a command needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommandRight {
    /// Those who dispatch: they may also order machines.
    #[default]
    Actuate,
    /// Whoever works incidents: for what does no harm, as a text on a sign.
    Work,
}

impl CommandRight {
    /// The right itself.
    pub const fn right(self) -> Right {
        match self {
            Self::Actuate => Right::Actuate,
            Self::Work => Right::Work,
        }
    }
}

/// `ack` of a command: by a message to `reply`, or by a `property` that comes to be `is`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AckDef {
    /// The topic of replies; a level of it may be `{asset}`. An MQTT 5 actuator is told it as the
    /// response topic, and answers with the order's id as correlation data.
    #[serde(default)]
    pub reply: Option<String>,
    /// JSON Pointer to the order's id in a reply that comes without correlation data.
    #[serde(default)]
    pub id: Option<String>,
    /// JSON Pointer to why the actuator refuses: what stands there, unless it is nothing, false or
    /// an empty text.
    #[serde(default)]
    pub refused: Option<String>,
    /// The property of the asset that tells.
    #[serde(default)]
    pub property: Option<PropertyId>,
    /// What it comes to be: a number in the property's unit, or `"{parameter}"`, of which on is 1 and
    /// off is 0.
    #[serde(default)]
    pub is: Option<Wish>,
    /// How far from it still counts, in the property's unit.
    #[serde(default)]
    pub tolerance: f64,
}

/// What a property is to come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wish {
    /// Always this.
    Number(f64),
    /// `"{parameter}"`.
    Parameter(String),
}

/// One `[[feed.commands.parameters]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterDef {
    /// Its id.
    pub id: SmolStr,
    /// Its name.
    pub name: Text,
    /// What kind of value it has.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// Of a number: its UCUM unit; absent, it is a bare number.
    #[serde(default)]
    pub unit: Option<String>,
    /// Of a number: the least and the most.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
    /// Of a number: whether it has no fraction. Many devices take whole numbers alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// Of a choice: what there is to choose from.
    #[serde(default)]
    pub options: Vec<OptionDef>,
}

/// Kinds of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// On or off.
    Switch,
    /// A number within its range.
    Number,
    /// One of its options.
    Choice,
}

/// One of the options of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionDef {
    /// What the actuator is told.
    pub value: SmolStr,
    /// What people call it.
    pub name: Text,
}

impl CommandDef {
    /// Whether `given` is all that the command wants to know, and all of it can be.
    ///
    /// # Errors
    /// The first flaw, which names its parameter.
    pub fn check(&self, given: &BTreeMap<SmolStr, Argument>) -> Result<(), Flaw> {
        let is_known = |name: &SmolStr| self.parameters.iter().any(|one| one.id == *name);
        if let Some(name) = given.keys().find(|name| !is_known(name)) {
            return Err(Flaw::Unknown(name.clone()));
        }
        for parameter in &self.parameters {
            let argument = given.get(&parameter.id);
            let argument = argument.ok_or_else(|| Flaw::Missing(parameter.id.clone()))?;
            parameter.check(argument)?;
        }
        Ok(())
    }

    /// Whether an asset with this id can be told, and answer: where topics name it, it is a level of
    /// them.
    pub fn reaches(&self, asset: &str) -> bool {
        let mut topics = std::iter::once(&self.topic).chain(&self.ack.reply);
        topics.all(|template| topic_for(template, asset).is_some())
    }

    /// The topic filter that its actuators listen to.
    pub fn filter(&self) -> String {
        filter_of(&self.topic)
    }

    /// The topic filter of its replies, if there are any.
    pub fn reply_filter(&self) -> Option<String> {
        self.ack.reply.as_deref().map(filter_of)
    }
}

impl ParameterDef {
    /// Whether `argument` can be said for it.
    ///
    /// # Errors
    /// The flaw, which names it.
    pub fn check(&self, argument: &Argument) -> Result<(), Flaw> {
        let id = || self.id.clone();
        match (self.kind, argument) {
            (ParameterKind::Switch, Argument::Switch(_)) => Ok(()),
            (ParameterKind::Switch, _) => Err(Flaw::NoSwitch(id())),
            (ParameterKind::Number, Argument::Number(v)) => {
                let fits = |[least, most]: [f64; 2]| (least..=most).contains(v);
                match self.range {
                    _ if !v.is_finite() => Err(Flaw::NoNumber(id())),
                    Some(range) if !fits(range) => {
                        let unit = self.unit.clone().unwrap_or_default();
                        Err(Flaw::OutOfRange(id(), *v, range, unit))
                    }
                    _ if self.whole && v.fract() != 0.0 => Err(Flaw::NotWhole(id())),
                    _ => Ok(()),
                }
            }
            (ParameterKind::Number, _) => Err(Flaw::NoNumber(id())),
            (ParameterKind::Choice, Argument::Word(word))
                if self.options.iter().any(|one| one.value == *word) =>
            {
                Ok(())
            }
            (ParameterKind::Choice, _) => {
                let options = self.options.iter().map(|one| one.value.clone());
                Err(Flaw::NoOption(id(), options.collect()))
            }
        }
    }
}

/// The topic filter of a topic with `{asset}`, or parts of its id, in it.
fn filter_of(template: &str) -> String {
    let levels = template.split('/');
    let is_open = |level: &str| level == ASSET || sparkplug::is_part(level);
    let levels = levels.map(|level| if is_open(level) { "+" } else { level });
    levels.collect::<Vec<_>>().join("/")
}

/// Whether a text can be a level of a topic: with several of them, or a wildcard, it would reach
/// others.
pub(super) fn is_level(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '+', '#', '\0'])
}

/// The topic for `asset`; `None` if its id cannot be a level of a topic, or has not the parts that
/// stand in one of Sparkplug's.
pub fn topic_for(template: &str, asset: &str) -> Option<String> {
    let is_named = template.split('/').any(|level| level == ASSET);
    if sparkplug::is_command(template) && !is_named {
        return sparkplug::topic_for(template, asset);
    }
    (is_level(asset) || !is_named).then(|| {
        let levels = template.split('/');
        let levels = levels.map(|level| if level == ASSET { asset } else { level });
        levels.collect::<Vec<_>>().join("/")
    })
}

/// Whether `topic` is the template's, of whatever asset.
pub fn fits(template: &str, topic: &str) -> bool {
    let (mut wanted, mut levels) = (template.split('/'), topic.split('/'));
    loop {
        match (wanted.next(), levels.next()) {
            (None, None) => return true,
            (Some(wanted), Some(level)) if wanted == ASSET || wanted == level => {}
            _ => return false,
        }
    }
}

/// The asset that `topic` is about, by the template that it fits; `None` if the template does not name
/// it.
pub fn asset_in<'t>(template: &str, topic: &'t str) -> Option<&'t str> {
    let mut levels = template.split('/').zip(topic.split('/'));
    levels
        .find(|(wanted, _)| *wanted == ASSET)
        .map(|(_, level)| level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(range: Option<[f64; 2]>) -> ParameterDef {
        ParameterDef {
            id: "flow".into(),
            name: Text::new("流量", "Flow"),
            kind: ParameterKind::Number,
            unit: Some("m3/s".to_owned()),
            range,
            whole: false,
            options: Vec::new(),
        }
    }

    #[test]
    fn a_number_is_within_its_range_and_a_refusal_names_it() {
        let flow = number(Some([0.5, 4.0]));
        for v in [0.5, 4.0] {
            assert_eq!(flow.check(&Argument::Number(v)), Ok(()));
        }
        for v in [0.4, 4.1] {
            let flaw = flow.check(&Argument::Number(v)).unwrap_err();
            assert!(flaw.text().en.contains("flow"), "{flaw:?}");
            assert!(flaw.text().en.contains("0.5 to 4 m3/s"), "{flaw:?}");
        }
        for wrong in [Argument::Switch(true), Argument::Number(f64::NAN)] {
            assert!(matches!(flow.check(&wrong), Err(Flaw::NoNumber(_))));
        }
        assert_eq!(number(None).check(&Argument::Number(1e9)), Ok(()));
    }

    #[test]
    fn a_number_that_is_whole_has_no_fraction() {
        let whole = ParameterDef {
            whole: true,
            ..number(Some([-1.0, 4.0]))
        };
        assert_eq!(whole.check(&Argument::Number(-1.0)), Ok(()));
        let flaw = whole.check(&Argument::Number(2.5)).unwrap_err();
        assert_eq!(flaw, Flaw::NotWhole("flow".into()));
        assert!(flaw.text().en.contains("flow"), "{flaw:?}");
    }

    #[test]
    fn a_topic_fits_a_template_level_by_level() {
        assert!(fits("a/{asset}/set", "a/P-1/set") && fits("a/set", "a/set"));
        for other in ["a/P-1", "a/P-1/set/x", "b/P-1/set", "a/P/1/set"] {
            assert!(!fits("a/{asset}/set", other), "{other}");
        }
    }

    #[test]
    fn topics_are_of_one_asset_and_filters_of_all() {
        assert_eq!(filter_of("a/{asset}/set"), "a/+/set");
        let device = "spBv1.0/{group}/DCMD/{node}/{device}";
        assert_eq!(filter_of(device), "spBv1.0/+/DCMD/+/+");
        assert_eq!(topic_for(device, "g:n:d").unwrap(), "spBv1.0/g/DCMD/n/d");
        assert_eq!(topic_for("a/{asset}/set", "P-1").unwrap(), "a/P-1/set");
        assert_eq!(asset_in("a/{asset}/set", "a/P-1/set"), Some("P-1"));
        assert_eq!(asset_in("a/set", "a/set"), None);
        // An id of several levels, or a wildcard, would reach other actuators.
        for id in ["P/1", "+", "#", ""] {
            assert_eq!(topic_for("a/{asset}/set", id), None, "{id}");
        }
        assert_eq!(topic_for("a/set", "P/1").unwrap(), "a/set");
    }
}
