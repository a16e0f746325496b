//! Commands to what stands behind Sparkplug's nodes: where they go and what they tell.
//!
//! A node that gets a value of another datatype than its own drops it and says nothing, so that the
//! order would expire with nobody knowing why. Whatever can be said with a command has therefore to be
//! a value of the datatype that is declared, from the least to the most of its range.

use egret_shared::package::command::{ASSET, OptionDef, ParameterDef, ParameterKind, Wish};
use egret_shared::package::feed::{Format, Place};
use egret_shared::package::sparkplug::{
    BETWEEN, Datatype, NAMESPACE, PARTS, Written, WrittenMetric, is_command, is_ours, is_part,
};
use serde_json::Value;

use super::{One, topics};
use crate::problem::Problem;

/// Levels of a topic that may name an asset, counted from 0: the group, the node and the device.
const NAMING: [usize; 3] = [1, 3, 4];

/// The largest whole number up to which a `Float` holds each: 2^24.
const FLOAT_WHOLE_MAX: f64 = 16_777_216.0;

/// The names that are filled in with a time.
const TIMES: [&str; 2] = ["at_ms", "expires_at_ms"];

impl One<'_, '_> {
    /// Whether it is told in Sparkplug's way.
    pub(super) fn is_sparkplug(&self) -> bool {
        is_ours(&self.command.topic) && self.entry.def.format == Format::SparkplugB
    }

    /// What of a command to one of Sparkplug's topics is not as Sparkplug has it, but for its payload
    /// and how it is acknowledged.
    pub(super) fn check_sparkplug(&self, problems: &mut Vec<Problem>) {
        if let Err(message) = self.topic_of_sparkplug() {
            problems.push(self.at("topic", message));
        }
        if self.command.qos == 1 && self.is_sparkplug() {
            let message = "qos 1: Sparkplug 3.0.0 has commands published at QoS 0 alone: qos = 0";
            problems.push(self.at("qos", message));
        }
    }

    /// Whether the topic is of commands, and names the feed's assets as they are named.
    fn topic_of_sparkplug(&self) -> Result<(), String> {
        let (feed, topic) = (&self.entry.def, &self.command.topic);
        if feed.format != Format::SparkplugB {
            let format = feed.format.as_str();
            return Err(format!(
                "topic \"{topic}\" is Sparkplug's, and this feed's format is {format}"
            ));
        }
        if topic.contains(['+', '#']) {
            // They were told of already.
            return Ok(());
        }
        if !is_command(topic) {
            return Err(format!(
                "topic \"{topic}\": commands of Sparkplug go to {NAMESPACE}/GROUP/NCMD/NODE or \
                 {NAMESPACE}/GROUP/DCMD/NODE/DEVICE"
            ));
        }
        let levels: Vec<&str> = topic.split('/').collect();
        let asset = feed.map.as_ref().and_then(|map| map.asset.as_ref());
        match asset {
            Some(Place::Topic { topic: level }) => named_by_level(&levels, *level)?,
            // The rest is told of where it stands.
            Some(Place::Pointer { .. }) => return Ok(()),
            None => named_by_parts(&levels)?,
        }
        reaches_some(&levels, feed.topic.as_deref().unwrap_or_default())
    }

    /// Whether the payload is what Sparkplug's payloads are, and every value of its datatype.
    pub(super) fn check_metrics(&self, problems: &mut Vec<Problem>) {
        let written: Written = match serde_json::from_str(&self.command.payload) {
            Ok(written) => written,
            Err(error) => {
                let what = "payload is not as Sparkplug writes it";
                return problems.push(self.within_payload(&error, what));
            }
        };
        if written.metrics.is_empty() {
            problems.push(self.at("payload", "payload has no metrics: it would tell nothing"));
        }
        for (number, metric) in written.metrics.iter().enumerate() {
            let name = &metric.name;
            let mut before = written.metrics.iter().take(number);
            let message = if name.is_empty() || name.contains(['{', '}']) {
                format!("metric \"{name}\": a name as births have it, with nothing to fill in")
            } else if before.any(|one| one.name == *name) {
                format!("metric \"{name}\" stands here a second time")
            } else if metric.timestamp.is_some() {
                format!("metric \"{name}\": its timestamp is the order's, which Egret writes")
            } else {
                self.check_value(metric, problems);
                continue;
            };
            problems.push(self.at("payload", message));
        }
        if let Some(metric) = self.rounded(&written) {
            let name = &metric.name;
            let message = format!(
                "metric \"{name}\" is a Float, which has some seven digits of what it is to become: \
                 give a tolerance"
            );
            problems.push(self.at("ack", message));
        }
    }

    /// The metric that is told what acknowledges the order, if it can come back as another number: it
    /// goes as a `Float`, and has to be the very same.
    fn rounded<'w>(&self, written: &'w Written) -> Option<&'w WrittenMetric> {
        let ack = &self.command.ack;
        let Some(Wish::Parameter(said)) = &ack.is else {
            return None;
        };
        let id = said.strip_prefix('{')?.strip_suffix('}')?;
        let mut parameters = self.command.parameters.iter();
        let parameter = parameters.find(|one| one.id == id)?;
        let is_held = |[from, to]: [f64; 2]| from >= -FLOAT_WHOLE_MAX && to <= FLOAT_WHOLE_MAX;
        let is_exact = parameter.whole && parameter.range.is_some_and(is_held);
        if ack.tolerance != 0.0 || parameter.kind != ParameterKind::Number || is_exact {
            return None;
        }
        let mut metrics = written.metrics.iter();
        metrics.find(|metric| {
            metric.data_type == Datatype::Float && metric.value.as_str() == Some(said.as_str())
        })
    }

    fn check_value(&self, metric: &WrittenMetric, problems: &mut Vec<Problem>) {
        let datatype = metric.data_type;
        let text = metric.value.as_str();
        let only = text.and_then(|text| text.strip_prefix('{')?.strip_suffix('}'));
        let only = only.filter(|only| !only.contains(['{', '}']));
        let mut parameters = self.command.parameters.iter().enumerate();
        let parameter = parameters.find(|(_, one)| only == Some(one.id.as_str()));
        if let Some((number, parameter)) = parameter {
            if let Err((key, message)) = fits(metric, parameter) {
                let id = &parameter.id;
                let message = format!("parameter \"{id}\": {message}");
                problems.push(self.at(&format!("parameters/{number}/{key}"), message));
            }
            return;
        }
        let is_good = match (only, text) {
            (Some(name), _) if TIMES.contains(&name) => {
                // A time of today, which is more than 32 bits are.
                datatype.take(&Value::from(1_u64 << 40)).is_some() && datatype != Datatype::Float
            }
            (Some("id" | "asset"), _) => datatype.is_text(),
            // That it is not filled in was told of.
            (Some(_), _) => true,
            (None, Some(text)) if text.contains('{') => datatype.is_text(),
            (None, _) => datatype.take(&metric.value).is_some(),
        };
        if !is_good {
            let (name, value) = (&metric.name, &metric.value);
            let message = format!("metric \"{name}\": {value} is no {datatype:?}");
            problems.push(self.at("payload", message));
        }
    }
}

/// A topic of a feed whose assets are named by one level of their own topics.
fn named_by_level(levels: &[&str], level: usize) -> Result<(), String> {
    // What has no such level, as messages of nodes have none for a device, is named by the node.
    let place = if level < levels.len() { level } else { 3 };
    if !NAMING.contains(&place) {
        return Err(format!(
            "level {level} of this feed's topics is its assets' name, and no command goes by that: \
             asset = {{ topic = 4 }} is the device's, or leave it out"
        ));
    }
    for (number, written) in levels.iter().enumerate() {
        if (*written == ASSET) != (number == place) || is_part(written) {
            return Err(format!(
                "level {place} of this feed's topics is its assets' name: {ASSET} stands there, and \
                 the other levels are written out"
            ));
        }
    }
    Ok(())
}

/// A topic of a feed whose assets are named `GROUP:NODE:DEVICE` or `GROUP:NODE`.
fn named_by_parts(levels: &[&str]) -> Result<(), String> {
    for (number, level) in levels.iter().enumerate() {
        let part = PARTS.iter().find(|(part, _)| part == level);
        if *level == ASSET || part.is_some_and(|(_, place)| *place != number) {
            return Err(format!(
                "this feed's assets are named GROUP:NODE:DEVICE, those of nodes GROUP:NODE: \
                 {NAMESPACE}/{{group}}/DCMD/{{node}}/{{device}} or {NAMESPACE}/{{group}}/NCMD/{{node}}"
            ));
        }
        if level.contains(BETWEEN) {
            return Err(format!(
                "level \"{level}\" has a colon, at which ids of assets are parted: only assets that \
                 one level names, as by asset = {{ topic = 4 }}, can be told something there"
            ));
        }
    }
    Ok(())
}

/// Whether a command with these levels is for any asset of a feed: what is written out in its `topic`
/// is so of all of them, and a command with something else there is offered to none.
fn reaches_some(levels: &[&str], topic: &str) -> Result<(), String> {
    for place in NAMING {
        let own = topics::written(topic, place);
        let Some((own, level)) = own.zip(levels.get(place).copied()) else {
            continue;
        };
        if level != own && level != ASSET && !is_part(level) {
            return Err(format!(
                "level \"{level}\" is \"{own}\" in this feed's topic \"{topic}\": none of its assets \
                 could be told"
            ));
        }
    }
    Ok(())
}

/// Whether whatever can be said for a parameter is a value of the metric's datatype.
///
/// # Errors
/// The key of the parameter that is wrong, and a sentence.
fn fits(metric: &WrittenMetric, parameter: &ParameterDef) -> Result<(), (String, String)> {
    let (name, datatype) = (&metric.name, metric.data_type);
    let says = |key: &str, what: &str| {
        let message = format!("metric \"{name}\" is declared {datatype:?}, {what}");
        Err((key.to_owned(), message))
    };
    match parameter.kind {
        ParameterKind::Switch if datatype == Datatype::Boolean => Ok(()),
        ParameterKind::Switch => says("type", "and a switch is a Boolean"),
        ParameterKind::Choice => {
            let takes = |option: &OptionDef| datatype.take(&Value::from(option.value.as_str()));
            let mut options = parameter.options.iter().enumerate();
            match options.find(|(_, option)| takes(option).is_none()) {
                Some((number, option)) => {
                    let what = format!("which \"{}\" is none of", option.value);
                    says(&format!("options/{number}/value"), &what)
                }
                None => Ok(()),
            }
        }
        ParameterKind::Number => {
            let Some([least, most]) = datatype.bounds() else {
                return says("type", "which no number is");
            };
            if datatype.is_whole() && !parameter.whole {
                return says("type", "which takes whole numbers alone: whole = true");
            }
            match parameter.range {
                // It takes whatever a number can be.
                None if datatype == Datatype::Double => Ok(()),
                None => {
                    let what = format!("from {least} to {most}: a range within that is needed");
                    says("type", &what)
                }
                Some([from, to]) if from < least || to > most => {
                    let what = format!("from {least} to {most}, and the range goes beyond");
                    says("range", &what)
                }
                Some(_) => Ok(()),
            }
        }
    }
}
