//! `[[feed.commands]]`: what assets can be told to do.
//!
//! Who listens to a topic of commands does what it says, so that a topic must be a command's and
//! nothing else's: neither a feed's, whose gateways publish to it, nor another feed's command's. What
//! goes to Sparkplug's topics is told in Sparkplug's way ([`sparkplug`]).

mod sparkplug;

use std::collections::BTreeSet;

use egret_shared::package::command::{
    ASSET, AckDef, CommandDef, FILLED, ParameterDef, ParameterKind, Wish,
};
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::package::sparkplug::{NAMESPACE, PARTS, is_ours, is_part};
use egret_shared::time::Span;
use serde_json::Value;

use super::pointers::pointer;
use super::{Known, known_unit, topics};
use crate::problem::Problem;
use crate::spans::{Entry, List};
use crate::wording;

/// The longest time in which a command may still go out: what was ordered yesterday is no order.
const EXPIRES_MAX: Span = Span(86_400_000);

/// The shortest: time passes in the journal by the second.
const EXPIRES_LEAST: Span = Span(1_000);

/// The longest payload before it is filled in, in bytes: a command is a sentence, no file.
const PAYLOAD_BYTES_MAX: usize = 4_096;

/// What topics of the server's own begin with.
const OWN: &str = "egret/v1/out/";

/// Checks the commands of one feed.
pub(crate) fn check(entry: &Entry<'_, FeedDef>, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    if feed.report && !feed.commands.is_empty() {
        problems.push(entry.problem(
            "commands",
            "reports have no assets that could take commands",
        ));
    }
    let mut ids = BTreeSet::new();
    for (number, command) in feed.commands.iter().enumerate() {
        let path = format!("commands/{number}");
        let id = command.id.as_str();
        if !is_word(id) {
            problems.push(entry.problem(&format!("{path}/id"), no_word(id)));
        } else if !ids.insert(id) {
            let message = format!("command \"{id}\" stands here a second time: choose another id");
            problems.push(entry.problem(&format!("{path}/id"), message));
        }
        let one = One {
            entry,
            path: &path,
            command,
        };
        one.check(known, problems);
    }
}

fn is_word(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    !id.is_empty() && id.len() <= 64 && id.chars().all(is_plain)
}

fn no_word(id: &str) -> String {
    format!("id \"{id}\": 1 to 64 of a-z, 0-9, _ and -")
}

/// One command of a feed.
struct One<'e, 'a> {
    entry: &'e Entry<'a, FeedDef>,
    path: &'e str,
    command: &'e CommandDef,
}

impl One<'_, '_> {
    fn at(&self, key: &str, message: impl AsRef<str>) -> Problem {
        let id = &self.command.id;
        let message = format!("command \"{id}\": {}", message.as_ref());
        self.entry.problem(&format!("{}/{key}", self.path), message)
    }

    fn check(&self, known: &Known<'_>, problems: &mut Vec<Problem>) {
        let command = self.command;
        self.check_topic("topic", &command.topic, problems);
        if is_ours(&command.topic) {
            self.check_sparkplug(problems);
        }
        if command.qos > 1 {
            let message = format!("qos {} is not possible: 0 or 1", command.qos);
            problems.push(self.at("qos", message));
        }
        let expires = command.expires;
        if !(EXPIRES_LEAST..=EXPIRES_MAX).contains(&expires) {
            let message = format!("expires {expires}: {EXPIRES_LEAST} to {EXPIRES_MAX}");
            problems.push(self.at("expires", message));
        }
        let mut ids = BTreeSet::new();
        for (number, parameter) in command.parameters.iter().enumerate() {
            let path = format!("parameters/{number}");
            let id = parameter.id.as_str();
            if !is_word(id) {
                problems.push(self.at(&format!("{path}/id"), no_word(id)));
            } else if FILLED.contains(&id) {
                let message = format!("\"{id}\" is filled in by Egret: choose another id");
                problems.push(self.at(&format!("{path}/id"), message));
            } else if !ids.insert(id) {
                let message = format!("parameter \"{id}\" stands here a second time");
                problems.push(self.at(&format!("{path}/id"), message));
            }
            self.check_parameter(&path, parameter, problems);
        }
        self.check_payload(problems);
        self.check_ack(&command.ack, known, problems);
    }

    fn check_topic(&self, key: &str, topic: &str, problems: &mut Vec<Problem>) {
        let has_parts = key == "topic" && is_ours(topic);
        let filter = topic.split('/').map(|level| match level {
            ASSET => "+",
            level if has_parts && is_part(level) => "+",
            level => level,
        });
        let filter = filter.collect::<Vec<_>>().join("/");
        if topic.contains(['+', '#']) {
            let message = format!("topic \"{topic}\" is of one asset: {ASSET} in place of + or #");
            problems.push(self.at(key, message));
        } else if filter.contains(['{', '}']) {
            let message =
                format!("topic \"{topic}\": {ASSET} as a level is filled in, and no more");
            problems.push(self.at(key, message));
        } else if topic.starts_with(OWN) {
            let message = format!("topic \"{topic}\" begins with {OWN}, which is Egret's own");
            problems.push(self.at(key, message));
        } else if let Err(message) = topics::filter(&filter) {
            problems.push(self.at(key, message));
        }
    }

    fn check_parameter(&self, path: &str, def: &ParameterDef, problems: &mut Vec<Problem>) {
        let is_number = def.kind == ParameterKind::Number;
        for (key, is_there) in [
            ("unit", def.unit.is_some()),
            ("range", def.range.is_some()),
            ("whole", def.whole),
        ] {
            if is_there && !is_number {
                let message = format!("{key} is for numbers");
                problems.push(self.at(&format!("{path}/{key}"), message));
            }
        }
        if let Some(unit) = def.unit.as_deref().filter(|_| is_number) {
            let place = format!("{}/{path}/unit", self.path);
            known_unit(self.entry, &place, unit, problems);
        }
        let holds_any = |[least, most]: [f64; 2]| {
            let is_some = least.is_finite() && most.is_finite() && least < most;
            is_some && (!def.whole || least.ceil() <= most.floor())
        };
        if let Some([least, most]) = def.range
            && !holds_any([least, most])
        {
            let message = format!("range [{least}, {most}] has nothing in it");
            problems.push(self.at(&format!("{path}/range"), message));
        }
        let place = format!("{path}/options");
        if def.kind != ParameterKind::Choice {
            if !def.options.is_empty() {
                problems.push(self.at(&place, "options are for choices"));
            }
            return;
        }
        if def.options.len() < 2 {
            problems.push(self.at(&place, "a choice needs two options at least"));
        }
        let mut values = BTreeSet::new();
        for (number, option) in def.options.iter().enumerate() {
            if !values.insert(&option.value) {
                let message = format!("option \"{}\" stands here a second time", option.value);
                problems.push(self.at(&format!("{place}/{number}/value"), message));
            }
        }
    }

    /// The payload is JSON, knows what it has filled in, and says all that was said.
    fn check_payload(&self, problems: &mut Vec<Problem>) {
        let command = self.command;
        let text = &command.payload;
        if text.len() > PAYLOAD_BYTES_MAX {
            let message = format!("{} bytes, {PAYLOAD_BYTES_MAX} are allowed", text.len());
            return problems.push(self.at("payload", message));
        }
        let payload: Value = match serde_json::from_str(text) {
            Ok(payload) => payload,
            Err(error) => {
                return problems.push(self.within_payload(&error, "payload is no JSON"));
            }
        };
        let mut used = BTreeSet::new();
        names_in(&payload, &mut used);
        let own = command.parameters.iter().map(|one| one.id.as_str());
        let known: BTreeSet<&str> = own.clone().chain(FILLED).collect();
        for name in used.iter().filter(|name| !known.contains(name.as_str())) {
            let all: Vec<&str> = known.iter().copied().collect();
            let message = format!("{{{name}}} is not filled in; {{{}}} are", all.join("}, {"));
            problems.push(self.at("payload", message));
        }
        for (number, id) in own.enumerate().filter(|(_, id)| !used.contains(*id)) {
            let message = format!("parameter \"{id}\" is not in the payload: write \"{{{id}}}\"");
            problems.push(self.at(&format!("parameters/{number}/id"), message));
        }
        // Wildcards were to be the asset, and are told of already.
        let topic = &command.topic;
        let mut names = PARTS.iter().map(|(part, _)| *part).chain([ASSET]);
        let is_named = self.is_sparkplug() || names.any(|name| topic.contains(name));
        let says_asset = is_named || used.contains("asset");
        if !says_asset && !topic.contains(['+', '#']) {
            let message =
                format!("neither topic nor payload says {ASSET}: every asset would do it");
            problems.push(self.at("topic", message));
        }
        if self.is_sparkplug() {
            self.check_metrics(problems);
        }
    }

    /// A problem at the place within the payload that an error tells.
    fn within_payload(&self, error: &serde_json::Error, what: &str) -> Problem {
        let path = format!("{}/payload", self.path);
        let place = (error.line().max(1), error.column().max(1));
        let told = error.to_string();
        // The place is told as the file's.
        let told = told.split(" at line").next().unwrap_or_default();
        let told = wording::of(told, None);
        let message = format!("command \"{}\": {what}: {told}", self.command.id);
        self.entry.problem_inside(&path, place, message)
    }

    fn check_ack(&self, ack: &AckDef, known: &Known<'_>, problems: &mut Vec<Problem>) {
        let written = |key: &str| self.entry.has(&format!("{}/ack/{key}", self.path));
        let (reply, property) = (&ack.reply, &ack.property);
        match (reply, property) {
            (None, None) | (Some(_), Some(_)) => {
                let message = "ack is by reply = \"a topic\", or by property and is";
                return problems.push(self.at("ack", message));
            }
            (Some(_), None) if self.is_sparkplug() => {
                let message = "Sparkplug has no answers to commands: ack by property and is";
                return problems.push(self.at("ack/reply", message));
            }
            (Some(reply), None) => {
                self.check_topic("ack/reply", reply, problems);
                for (key, text) in [("id", &ack.id), ("refused", &ack.refused)] {
                    if let Some(text) = text {
                        let place = format!("{}/ack/{key}", self.path);
                        pointer(self.entry, &place, text, problems);
                    }
                }
            }
            (None, Some(property)) => self.check_wish(ack, property.as_str(), known, problems),
        }
        let others: &[&str] = if reply.is_some() {
            &["is", "tolerance"]
        } else {
            &["id", "refused"]
        };
        for key in others.iter().filter(|key| written(key)) {
            let of = if reply.is_some() { "property" } else { "reply" };
            let message = format!("{key} belongs to {of}, which is not there");
            problems.push(self.at(&format!("ack/{key}"), message));
        }
    }

    fn check_wish(
        &self,
        ack: &AckDef,
        property: &str,
        known: &Known<'_>,
        problems: &mut Vec<Problem>,
    ) {
        let place = format!("{}/ack/property", self.path);
        known
            .properties
            .refer(self.entry, &place, property, problems);
        if !ack.tolerance.is_finite() || ack.tolerance < 0.0 {
            let message = format!("tolerance {} is less than nothing", ack.tolerance);
            problems.push(self.at("ack/tolerance", message));
        }
        let Some(Wish::Parameter(written)) = &ack.is else {
            if ack.is.is_none() {
                problems.push(self.at("ack", "ack by a property needs is"));
            }
            return;
        };
        let parameters = &self.command.parameters;
        let name = written.strip_prefix('{').and_then(|n| n.strip_suffix('}'));
        let parameter = name.and_then(|name| parameters.iter().find(|one| one.id == name));
        let Some(parameter) = parameter else {
            let message =
                format!("is = \"{written}\": a number, or \"{{parameter}}\" of this command");
            return problems.push(self.at("ack/is", message));
        };
        if parameter.kind == ParameterKind::Choice {
            let message = format!("is = \"{written}\": no value can be one of several words");
            problems.push(self.at("ack/is", message));
        }
        let own = known.property_defs.get(property);
        if let (Some(unit), Some(own)) = (&parameter.unit, own)
            && crate::units::convert(unit, &own.unit).is_none()
        {
            let own = &own.unit;
            let message = format!(
                "is = \"{written}\": \"{unit}\" does not convert to the property's \"{own}\""
            );
            problems.push(self.at("ack/is", message));
        }
    }
}

/// The names in braces that a payload has in its texts.
fn names_in(payload: &Value, names: &mut BTreeSet<String>) {
    match payload {
        Value::String(text) => {
            let openings = text.split('{').skip(1);
            let words = openings.filter_map(|rest| rest.split_once('}'));
            names.extend(words.map(|(word, _)| word.to_owned()));
        }
        Value::Array(parts) => parts.iter().for_each(|part| names_in(part, names)),
        Value::Object(parts) => parts.values().for_each(|part| names_in(part, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A topic that commands go to, or replies come by.
struct Used<'d> {
    path: String,
    filter: String,
    feed: &'d FeedDef,
    /// Of replies, how they are read.
    reply: Option<&'d AckDef>,
}

/// Refuses topics of commands and replies that are anything else as well.
pub(crate) fn check_topics(feeds: &List<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let mut before: Vec<Used<'_>> = Vec::new();
    for entry in &feeds.entries {
        let feed = &entry.def;
        for (number, command) in feed.commands.iter().enumerate() {
            let topic = Used {
                path: format!("commands/{number}/topic"),
                filter: filter_in(feed, command),
                feed,
                reply: None,
            };
            let reply = command.reply_filter().map(|filter| Used {
                path: format!("commands/{number}/ack/reply"),
                filter,
                feed,
                reply: Some(&command.ack),
            });
            for used in std::iter::once(topic).chain(reply) {
                if let Some(message) = clash(&used, &before, feeds) {
                    problems.push(entry.problem(&used.path, message));
                }
                before.push(used);
            }
        }
    }
}

/// The topic filter of a command: a Sparkplug feed whose messages are of one group has assets of that
/// group alone.
fn filter_in(feed: &FeedDef, command: &CommandDef) -> String {
    let filter = command.filter();
    let group = feed.topic.as_deref();
    let group = group.and_then(|topic| topics::written(topic, 1));
    match (filter.split_once("/+/"), group) {
        (Some((NAMESPACE, rest)), Some(group)) => format!("{NAMESPACE}/{group}/{rest}"),
        _ => filter,
    }
}

fn clash(used: &Used<'_>, before: &[Used<'_>], feeds: &List<'_, FeedDef>) -> Option<String> {
    let filter = &used.filter;
    // What hosts say is no reading of Sparkplug's, though it comes by the feed's own filter; and that a
    // topic of Sparkplug's is not of what hosts say is told of already.
    let is_of_hosts = used.reply.is_none() && is_ours(filter);
    let own = feeds.entries.iter().find_map(|entry| {
        let topic = entry.def.topic.as_deref()?;
        let is_read = !(is_of_hosts && entry.def.format == Format::SparkplugB);
        let meets = is_read && topics::meet(topic, filter);
        meets.then(|| {
            format!(
                "the readings of feed \"{}\" come by \"{topic}\"",
                entry.def.id
            )
        })
    });
    let other = || {
        let mut met = before
            .iter()
            .filter(|one| topics::meet(&one.filter, filter));
        met.find_map(|one| {
            let is_own = one.feed.id == used.feed.id;
            let what = match (one.reply, used.reply) {
                (None, None) if is_own => return None,
                (Some(ack), Some(own)) if is_own => {
                    let is_read_alike = ack.id == own.id && ack.refused == own.refused;
                    return (!is_read_alike).then(|| {
                        "replies by one topic are read in one way: the same id and refused"
                            .to_owned()
                    });
                }
                (None, _) => "commands",
                (Some(_), _) => "replies",
            };
            Some(format!(
                "{what} of feed \"{}\" use \"{}\"",
                one.feed.id, one.filter
            ))
        })
    };
    let why = own.or_else(other)?;
    Some(format!(
        "topic \"{filter}\" must be this command's alone: {why}"
    ))
}
