//! What actuators answer: to which order, and whether they did it.

use egret_city::entry::Entry;
use egret_mqtt::taker::Outcome;
use egret_mqtt::taker::Refusal;
use egret_shared::actuation::{ActuationTurn, SAID_CHARS_MAX, Turn};
use egret_shared::id::{ActuationId, AssetId};
use egret_shared::package::command::{AckDef, asset_in, fits};
use egret_shared::package::feed::FeedDef;
use egret_shared::rejection::{Reason, Rejection, Stage};
use serde_json::Value;

use super::{Gathering, Intake, Origin};

/// Longest id of an order that is looked for, in bytes; ours have 32.
const ID_BYTES_MAX: usize = 64;

impl Intake {
    /// Takes a message to the topic of a feed's replies.
    pub(super) fn reply(
        &self,
        gathering: &mut Gathering,
        feed: &FeedDef,
        origin: Origin<'_>,
        payload: &[u8],
    ) -> Outcome {
        match read(feed, origin, payload) {
            Ok(turn) => {
                gathering.put(Entry::Actuation(Box::new(turn)));
                Outcome::Kept
            }
            Err(rejection) => {
                self.refuse(gathering, Some(feed), origin, payload, &rejection);
                Outcome::Refused(Refusal::Payload)
            }
        }
    }
}

fn read(feed: &FeedDef, origin: Origin<'_>, payload: &[u8]) -> Result<ActuationTurn, Rejection> {
    let mut acks = feed.commands.iter().filter_map(|command| {
        let ack = &command.ack;
        let reply = ack
            .reply
            .as_deref()
            .filter(|reply| fits(reply, origin.topic))?;
        Some((ack, reply))
    });
    let (ack, reply) = acks.next().ok_or_else(|| {
        let detail = format!("no command of feed \"{}\" is answered here", feed.id);
        Rejection::new(Stage::Source, Reason::UnknownFeed, detail)
    })?;
    let correlation = origin.beside.map(|beside| &*beside.correlation);
    let correlation = correlation.filter(|correlation| !correlation.is_empty());
    // Whoever has correlation data may answer with nothing else.
    let needs_json = correlation.is_none() || (ack.refused.is_some() && !payload.is_empty());
    let body: Value = if needs_json {
        serde_json::from_slice(payload).map_err(|error| {
            Rejection::new(Stage::Decode, Reason::BadJson, format!("a reply: {error}"))
        })?
    } else {
        Value::Null
    };
    let id = match correlation {
        Some(correlation) => std::str::from_utf8(correlation).ok(),
        None => ack.id.as_deref().and_then(|id| body.pointer(id)?.as_str()),
    };
    let id = id.filter(|id| (1..=ID_BYTES_MAX).contains(&id.len()) && id.is_ascii());
    let id = id.ok_or_else(|| no_id(ack))?;
    let refused = ack.refused.as_deref();
    let refused = refused.and_then(|pointer| said(body.pointer(pointer)?));
    Ok(ActuationTurn {
        id: ActuationId::new(id),
        at: origin.received_at,
        turn: Turn::Answered {
            feed: feed.id.clone(),
            asset: asset_in(reply, origin.topic).map(AssetId::new),
            refused,
        },
    })
}

fn no_id(ack: &AckDef) -> Rejection {
    let place = match &ack.id {
        Some(id) => format!("as correlation data or at {id}"),
        None => "as correlation data".to_owned(),
    };
    let detail = format!("a reply says {place} which order it answers");
    Rejection::new(Stage::Decode, Reason::BadId, detail)
}

/// Why an actuator refuses, if that is what a value says.
fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let plain = text.chars().filter(|c| !c.is_control());
    Some(plain.take(SAID_CHARS_MAX).collect())
}
