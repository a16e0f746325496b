//! Alerts and incidents out on the embedded endpoint: retained JSON under `egret/v1/out/…`.
//!
//! One more follower of the `city` channel, so that it tells what screens are told. Everything is told
//! again after a start; whoever has a lasting session hears only of what has changed meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;

use egret_mqtt::{Handle, Notice};
use egret_shared::alert::{Alert, AlertState};
use egret_shared::channel::Channel;
use egret_shared::delta::{CityDelta, Delta};
use egret_shared::id::IncidentId;
use egret_shared::incident::Incident;
use egret_shared::message::{DeltaFrame, ServerMessage, SnapshotFrame};
use egret_shared::snapshot::Snapshot;
use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::auth::gate::Told;
use crate::auth::sight::Sight;
use crate::folding::CityHandle;

/// Publishes what changes until `shutdown`.
///
/// `everything` is the sight of one who sees all of it: who may hear what is decided at delivery. Where everything `is_open`, alerts name their incidents.
pub(crate) async fn run(
    city: CityHandle,
    everything: Arc<Sight>,
    endpoint: Handle,
    is_open: bool,
    shutdown: CancellationToken,
) {
    let Ok(Ok(log)) = city.open(Channel::City, everything).await else {
        return;
    };
    let wake = Arc::new(Notify::new());
    log.follow(&wake);
    let mut held = None;
    loop {
        if let Some((message, seq)) = log.message(held) {
            held = Some(seq);
            tell(&endpoint, is_open, message);
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = wake.notified() => {}
        }
    }
}

fn tell(endpoint: &Handle, is_open: bool, message: ServerMessage) {
    match message {
        ServerMessage::Delta(DeltaFrame {
            changes: Delta::City(changes),
            ..
        }) => {
            tell_changes(endpoint, is_open, &changes);
        }
        ServerMessage::Snapshot(SnapshotFrame {
            state: Snapshot::City(city),
            ..
        }) => {
            let mut changes = CityDelta::default();
            changes.alerts.put.extend(city.alerts.iter().cloned());
            changes.incidents.put.extend(city.incidents.iter().cloned());
            tell_changes(endpoint, is_open, &changes);
            let alerts = changes.alerts.put.iter().map(|alert| key(&alert.key));
            let incidents = changes.incidents.put.iter();
            let there: BTreeSet<_> = alerts
                .chain(incidents.map(|incident| key(&incident.id)))
                .collect();
            endpoint.forget_told(|key| !there.contains(key));
        }
        _ => {}
    }
}

fn tell_changes(endpoint: &Handle, is_open: bool, changes: &CityDelta) {
    for alert in changes
        .alerts
        .put
        .iter()
        .filter(|alert| alert.state != AlertState::Pending)
    {
        let area = alert.areas.last().map_or("none", |area| area.as_str());
        let label = Told::Alert(Box::new(alert.clone()));
        // One payload for all: who may see the alert need not see the incident that it is part of.
        let alert = &Alert {
            incident: alert.incident.clone().filter(|_| is_open),
            ..alert.clone()
        };
        let topic = format!("egret/v1/out/alerts/{area}");
        publish(endpoint, (&key(&alert.key), &topic), alert, label);
    }
    for incident in &changes.incidents.put {
        // Whoever may see it need not see the incidents that it is a part of.
        let other = |id: &Option<IncidentId>| id.clone().filter(|_| is_open);
        let incident = &Incident {
            parent: other(&incident.parent),
            merged_into: other(&incident.merged_into),
            ..incident.clone()
        };
        let topic = format!("egret/v1/out/incidents/{}", incident.id);
        let label = Told::Incident(Box::new(incident.clone()));
        publish(endpoint, (&key(&incident.id), &topic), incident, label);
    }
    let alerts = changes.alerts.gone.iter().map(key);
    let gone: BTreeSet<_> = alerts
        .chain(changes.incidents.gone.iter().map(key))
        .collect();
    if !gone.is_empty() {
        endpoint.forget_told(|key| gone.contains(key));
    }
}

/// What a notice is about: JSON, in which an alert's key is an object and an incident's id is none.
fn key(of: &impl Serialize) -> String {
    serde_json::to_string(of).unwrap_or_default()
}

fn publish(endpoint: &Handle, (key, topic): (&str, &str), told: &impl Serialize, label: Told) {
    match serde_json::to_vec(told) {
        Ok(payload) => endpoint.tell(Notice {
            key,
            topic,
            payload: payload.into(),
            label: Some(Arc::new(label)),
        }),
        Err(error) => tracing::error!(%error, topic, "a notice could not be written"),
    }
}
