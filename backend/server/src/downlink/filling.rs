//! From a command as the package declares it, and what was said with it, to what is sent.

use std::collections::BTreeMap;

use egret_package::{Package, units};
use egret_shared::actuation::{Argument, Outgoing, Wanted};
use egret_shared::id::{ActuationId, AssetId};
use egret_shared::package::command::{CommandDef, Wish, topic_for};
use egret_shared::package::sparkplug::{Written, is_command};
use egret_shared::time::TimeMs;
use serde_json::Value;
use smol_str::SmolStr;

/// What an order is filled in with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filling<'a> {
    /// Its id.
    pub id: &'a ActuationId,
    /// The actuator.
    pub asset: &'a AssetId,
    /// When it was ordered.
    pub at: TimeMs,
    /// When it expires.
    pub expires_at: TimeMs,
    /// What was said with it; checked.
    pub parameters: &'a BTreeMap<SmolStr, Argument>,
}

impl Filling<'_> {
    /// What is sent; `None` if the asset is none that the topic can name.
    pub(crate) fn message(&self, command: &CommandDef) -> Option<Outgoing> {
        let asset = self.asset.as_str();
        let reply = command.ack.reply.as_deref();
        let reply = reply.map(|reply| topic_for(reply, asset));
        // The package was checked: the text is JSON.
        let payload: Value = serde_json::from_str(&command.payload).ok()?;
        let topic = topic_for(&command.topic, asset)?;
        let payload = self.fill(payload);
        let payload = if is_command(&topic) {
            // And that every value is one of its datatype.
            let written = Written::ordered(payload, self.at).and_then(|written| written.text());
            written.ok()?
        } else {
            payload.to_string()
        };
        Some(Outgoing {
            topic,
            payload,
            qos: command.qos,
            reply: match reply {
                Some(reply) => Some(reply?),
                None => None,
            },
        })
    }

    /// The value that acknowledges it, in the unit of its property; `None` if a reply does.
    pub(crate) fn wanted(&self, command: &CommandDef, package: &Package) -> Option<Wanted> {
        let property = command.ack.property.clone()?;
        let v = match command.ack.is.as_ref()? {
            Wish::Number(v) => *v,
            Wish::Parameter(written) => {
                let name = written.trim_start_matches('{').trim_end_matches('}');
                match self.parameters.get(name)? {
                    Argument::Switch(on) => f64::from(u8::from(*on)),
                    Argument::Number(v) => {
                        let mut parameters = command.parameters.iter();
                        let parameter = parameters.find(|one| one.id == name)?;
                        let own = &package.property(&property)?.unit;
                        let unit = parameter.unit.as_deref().unwrap_or(own);
                        units::convert(unit, own)?.apply(*v)
                    }
                    Argument::Word(_) => return None,
                }
            }
        };
        Some(Wanted {
            property,
            v,
            tolerance: command.ack.tolerance,
        })
    }

    fn fill(&self, payload: Value) -> Value {
        match payload {
            Value::String(text) => self.fill_text(&text),
            Value::Array(parts) => parts.into_iter().map(|part| self.fill(part)).collect(),
            Value::Object(parts) => {
                let filled = parts.into_iter().map(|(key, part)| (key, self.fill(part)));
                Value::Object(filled.collect())
            }
            plain => plain,
        }
    }

    /// A text that is one name is the value of that name; any other has its names filled in.
    fn fill_text(&self, text: &str) -> Value {
        let only = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
        if let Some(value) = only.and_then(|name| self.value(name)) {
            return value;
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, opened)) = rest.split_once('{') {
            filled.push_str(before);
            let named = opened.split_once('}');
            let named = named.and_then(|(name, after)| Some((self.value(name)?, after)));
            if let Some((value, after)) = named {
                match value {
                    Value::String(text) => filled.push_str(&text),
                    value => filled.push_str(&value.to_string()),
                }
                rest = after;
            } else {
                filled.push('{');
                rest = opened;
            }
        }
        filled.push_str(rest);
        Value::String(filled)
    }

    fn value(&self, name: &str) -> Option<Value> {
        Some(match name {
            "id" => Value::from(self.id.as_str()),
            "asset" => Value::from(self.asset.as_str()),
            "at_ms" => Value::from(self.at.0),
            "expires_at_ms" => Value::from(self.expires_at.0),
            name => match self.parameters.get(name)? {
                Argument::Switch(on) => Value::from(*on),
                Argument::Number(v) => number(*v),
                Argument::Word(word) => Value::from(word.as_str()),
            },
        })
    }
}

/// A whole number without a decimal point: many devices read nothing else as one.
fn number(v: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number below 2^53 is an i64"
    )]
    let whole = v as i64;
    let is_whole = v.fract() == 0.0 && v.abs() < 9_007_199_254_740_992.0;
    if is_whole {
        Value::from(whole)
    } else {
        Value::from(v)
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::package::command::{AckDef, CommandRight};
    use egret_shared::text::Text;
    use egret_shared::time::Span;

    use super::*;

    fn command(topic: &str, payload: &str) -> CommandDef {
        CommandDef {
            id: "c".into(),
            name: Text::new("指令", "Command"),
            topic: topic.to_owned(),
            payload: payload.to_owned(),
            qos: 1,
            expires: Span(60_000),
            confirm: false,
            right: CommandRight::default(),
            ack: AckDef {
                reply: Some("p/{asset}/reply".to_owned()),
                ..AckDef::default()
            },
            parameters: Vec::new(),
        }
    }

    fn sent(asset: &str, command: &CommandDef) -> Option<Outgoing> {
        let parameters: BTreeMap<SmolStr, Argument> = [
            ("on".into(), Argument::Switch(true)),
            ("flow".into(), Argument::Number(1.25)),
            ("n".into(), Argument::Number(2.0)),
            ("mode".into(), Argument::Word("a\"b".into())),
        ]
        .into();
        let filling = Filling {
            id: &"00ff".into(),
            asset: &asset.into(),
            at: TimeMs(1),
            expires_at: TimeMs(2),
            parameters: &parameters,
        };
        filling.message(command)
    }

    #[test]
    fn a_name_alone_keeps_its_type_and_within_a_text_it_is_text() {
        let template = r#"{"on":"{on}","flow":"{flow}","n":"{n}","mode":"{mode}",
            "said":["{asset}/{n} {no} {","at {at_ms}"],"until":"{expires_at_ms}"}"#;
        let message = sent("P-1", &command("p/{asset}/set", template)).unwrap();
        let payload: Value = serde_json::from_str(&message.payload).unwrap();
        let expected = serde_json::json!({
            "on": true, "flow": 1.25, "n": 2, "mode": "a\"b",
            "said": ["P-1/2 {no} {", "at 1"], "until": 2,
        });
        assert_eq!(payload, expected);
        assert!(message.payload.contains("\"n\":2,"), "{}", message.payload);
        assert_eq!(message.topic, "p/P-1/set");
        assert_eq!(message.reply.as_deref(), Some("p/P-1/reply"));
    }

    #[test]
    fn what_a_sparkplug_device_is_told_has_the_time_of_the_order_and_its_datatypes() {
        let template = r#"{"metrics":[
            {"name":"Run","dataType":"Boolean","value":"{on}"},
            {"name":"Speed","dataType":"UInt8","value":"{n}"},
            {"name":"Order","dataType":"String","value":"{id}"}]}"#;
        let mut command = command("spBv1.0/{group}/DCMD/{node}/{device}", template);
        command.ack.reply = None;
        let message = sent("g:n:d", &command).unwrap();
        assert_eq!(message.topic, "spBv1.0/g/DCMD/n/d");
        let payload: Value = serde_json::from_str(&message.payload).unwrap();
        let expected = serde_json::json!({ "metrics": [
            { "name": "Run", "timestamp": 1, "dataType": "Boolean", "value": true },
            { "name": "Speed", "timestamp": 1, "dataType": "UInt8", "value": 2 },
            { "name": "Order", "timestamp": 1, "dataType": "String", "value": "00ff" },
        ] });
        assert_eq!(payload, expected);
        // A node is no device, and 1.25 no whole number.
        assert_eq!(sent("g:n", &command), None);
        command.payload = command.payload.replace("{n}", "{flow}");
        assert_eq!(sent("g:n:d", &command), None);
    }

    #[test]
    fn an_id_that_is_no_level_of_a_topic_is_sent_nothing() {
        assert_eq!(sent("P/1", &command("p/{asset}/set", "{}")), None);
        // Neither if only the answer could not be told apart.
        assert_eq!(sent("#", &command("p/set", "{}")), None);
    }
}
