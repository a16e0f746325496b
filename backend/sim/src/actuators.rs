//! Pumps that do what they are told: the simulator's end of the city's orders.
//!
//! The plan stays what it is, a function of its seed; what was ordered lies over what it says of a
//! station, from the order until the station is left to itself again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egret_package::Package;
use egret_shared::package::command::{asset_in, fits, topic_for};
use egret_shared::package::feed::FeedDef;
use rumqttc::{AsyncClient, Event, EventLoop, Packet, Publish, QoS};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::clock;

/// The feed whose assets are played.
const FEED: &str = "pump";

/// The command that sets them running or stops them, and the one that leaves them to themselves.
const RUN: &str = "run";
const AUTO: &str = "auto";

/// How many pumps run at a station that was told to run.
const RUNNING: f64 = 4.0;

/// What a pump moves, m³/s.
const EACH: f64 = 4.2;

/// From one attempt to connect to the next.
const RETRY: Duration = Duration::from_millis(500);

/// What stations were told: to run, or to stand still. Cheap to clone; clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordered(Arc<Mutex<BTreeMap<String, bool>>>);

impl Ordered {
    /// What was told to `asset`, if it is not left to itself.
    fn of(&self, asset: &str) -> Option<bool> {
        let ordered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ordered.get(asset).copied()
    }

    fn set(&self, asset: &str, run: Option<bool>) {
        let mut ordered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match run {
            Some(run) => ordered.insert(asset.to_owned(), run),
            None => ordered.remove(asset),
        };
    }

    /// What a station says that was told something; `None` if `payload` is to go out as it is.
    pub(crate) fn over(&self, feed: &str, topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let asset = topic.rsplit('/').next().filter(|_| feed == FEED)?;
        let run = self.of(asset)?;
        // What is spoilt on purpose stays so.
        let mut said: Value = serde_json::from_slice(payload).ok()?;
        let values = said.get_mut("values")?.as_object_mut()?;
        for (property, v) in measured(run) {
            *values.get_mut(property)?.get_mut("v")? = v.into();
        }
        Some(said.to_string().into_bytes())
    }
}

/// What a station measures that was told to run, or to stand still.
fn measured(run: bool) -> [(&'static str, f64); 2] {
    let running = if run { RUNNING } else { 0.0 };
    [("pumps_running", running), ("pump_flow", running * EACH)]
}

/// What stations take orders by: the feed that is played, if it takes those that are known here.
pub(crate) fn feed(package: &Package) -> Option<FeedDef> {
    let feed = package.feed(&FEED.into())?;
    let takes = |id: &str| feed.command(&id.into()).is_some();
    (takes(RUN) && takes(AUTO)).then(|| feed.clone())
}

/// Takes orders and answers them on a connection of its own, until `stop`.
pub(crate) async fn run(
    feed: FeedDef,
    (client, mut events): (AsyncClient, EventLoop),
    ordered: Ordered,
    stop: CancellationToken,
) {
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                for command in &feed.commands {
                    let asked = client.try_subscribe(command.filter(), QoS::AtLeastOnce);
                    if let Err(error) = asked {
                        tracing::warn!(%error, "the simulator's pumps hear no orders");
                    }
                }
            }
            Ok(Event::Incoming(Packet::Publish(order))) => {
                for (topic, payload) in answers(&feed, &ordered, &order) {
                    let sent = client.try_publish(topic, QoS::AtLeastOnce, false, payload);
                    if let Err(error) = sent {
                        tracing::warn!(%error, "the simulator's pumps cannot answer");
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "the simulator's pumps have no connection");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
            }
        }
    }
}

/// Does what an order says; the answer, and what the station measures from now on.
fn answers(feed: &FeedDef, ordered: &Ordered, order: &Publish) -> Vec<(String, String)> {
    let command = feed.commands.iter();
    let Some(command) = command.clone().find(|one| fits(&one.topic, &order.topic)) else {
        return Vec::new();
    };
    let Some(asset) = asset_in(&command.topic, &order.topic) else {
        return Vec::new();
    };
    let told: Value = serde_json::from_slice(&order.payload).unwrap_or_default();
    let said = |key: &str| told.get(key).and_then(Value::as_bool);
    let (run, auto) = (said("run"), said("auto"));
    let refused = (run.is_none() && auto != Some(true)).then_some("not understood");
    if refused.is_none() {
        ordered.set(asset, run);
    }
    let answer = json!({ "order": told.get("order"), "refused": refused });
    let reply = command.ack.reply.as_deref();
    let reply = reply.and_then(|reply| topic_for(reply, asset));
    let mut out: Vec<_> = reply
        .map(|topic| (topic, answer.to_string()))
        .into_iter()
        .collect();
    if let Some(run) = run.filter(|_| refused.is_none())
        && let Some(topic) = feed.topic.as_deref()
    {
        let values = measured(run).map(|(property, v)| (property.to_owned(), json!({ "v": v })));
        let values: serde_json::Map<String, Value> = values.into_iter().collect();
        let reading = json!({ "at": clock::now(), "values": values });
        out.push((topic.replace('+', asset), reading.to_string()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed_of(payload: &str) -> FeedDef {
        let parts = [
            "id = 'pump'\nname = { zh = 'x', en = 'x' }\ndepartment = 'd'\ndomain = 'd'",
            "asset_class = 'p'\ntopic = 'egret/v1/pump/+'\nformat = 'egret-json'",
            "[[commands]]\nid = 'run'\nname = { zh = 'x', en = 'x' }\nexpires = '2m'",
            "topic = 'egret/v1/pump/{asset}/command'",
            payload,
            "ack = { reply = 'egret/v1/pump/{asset}/answer', id = '/order' }",
        ];
        toml::from_str(&parts.join("\n")).unwrap()
    }

    #[test]
    fn a_pump_does_what_it_is_told_and_says_so_until_it_is_left_to_itself() {
        let feed = feed_of("payload = '{}'");
        let ordered = Ordered::default();
        let tell = |payload: Value| {
            let topic = "egret/v1/pump/PS-01/command";
            let order = Publish::new(topic, QoS::AtLeastOnce, payload.to_string());
            answers(&feed, &ordered, &order)
        };
        let said =
            br#"{"values":{"pumps_running":{"v":1,"u":"1"},"pump_flow":{"v":4,"u":"m3/s"}}}"#;
        let over = |asset: &str| {
            let topic = format!("egret/v1/pump/{asset}");
            let said = ordered.over("pump", &topic, said)?;
            let said: Value = serde_json::from_slice(&said).unwrap();
            said["values"]["pumps_running"]["v"].as_f64()
        };
        assert_eq!(over("PS-01"), None);
        let told = tell(json!({ "order": "a", "run": true }));
        assert_eq!(told[0].0, "egret/v1/pump/PS-01/answer");
        assert_eq!(told[0].1, r#"{"order":"a","refused":null}"#);
        assert_eq!(told[1].0, "egret/v1/pump/PS-01");
        assert_eq!((over("PS-01"), over("PS-02")), (Some(RUNNING), None));
        tell(json!({ "order": "b", "run": false }));
        assert_eq!(over("PS-01"), Some(0.0));
        let told = tell(json!({ "order": "c" }));
        assert_eq!(
            told,
            [(
                told[0].0.clone(),
                r#"{"order":"c","refused":"not understood"}"#.into()
            )]
        );
        assert_eq!(over("PS-01"), Some(0.0));
        tell(json!({ "order": "d", "auto": true }));
        assert_eq!(over("PS-01"), None);
    }
}
